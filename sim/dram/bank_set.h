#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "arch/dram_spec.h"

namespace systole {

/// A set of a channel's banks, one bit each, without memory of its own elsewhere.
class BankSet {
 public:
  static constexpr std::size_t kBitsPerWord = 64;

  /// For banks 0 to `banks` - 1; none is in the set.
  explicit BankSet(std::size_t banks) : size_((banks + kBitsPerWord - 1) / kBitsPerWord) {}

  [[nodiscard]] bool has(std::size_t bank) const {
    return (words_[bank / kBitsPerWord] >> bank % kBitsPerWord & 1U) != 0;
  }
  void put(std::size_t bank, bool in) {
    std::uint64_t& word = words_[bank / kBitsPerWord];
    const std::uint64_t bit = std::uint64_t{1} << bank % kBitsPerWord;
    word = (word & ~bit) | (in ? bit : 0);
  }
  void clear() { words_.fill(0); }
  [[nodiscard]] bool is_empty() const {
    std::uint64_t any = 0;
    for (std::size_t index = 0; index < size_; ++index) {
      any |= words_[index];
    }
    return any == 0;
  }
  /// Words that hold banks.
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Bit b of word w is bank kBitsPerWord * w + b.
  [[nodiscard]] std::uint64_t word(std::size_t index) const { return words_[index]; }

  BankSet& operator|=(const BankSet& other) {
    for (std::size_t index = 0; index < size_; ++index) {
      words_[index] |= other.words_[index];
    }
    return *this;
  }
  bool operator==(const BankSet&) const = default;

  /// Calls `visit(bank)` for every bank of the set but not of `without`, in ascending order.
  template <class Visit>
  void for_each(const BankSet* without, const Visit& visit) const {
    for (std::size_t index = 0; index < size_; ++index) {
      const std::uint64_t except = without == nullptr ? 0 : without->words_[index];
      const std::size_t first = index * kBitsPerWord;
      for (std::uint64_t bits = words_[index] & ~except; bits != 0; bits &= bits - 1) {
        visit(first + static_cast<unsigned>(std::countr_zero(bits)));
      }
    }
  }
  template <class Visit>
  void for_each(const Visit& visit) const {
    for_each(nullptr, visit);
  }

 private:
  static constexpr std::size_t kWords = kMostBanks / kBitsPerWord;

  std::size_t size_;
  std::array<std::uint64_t, kWords> words_{};
};

}  // namespace systole
