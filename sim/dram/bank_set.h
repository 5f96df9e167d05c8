#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace systole {

/// Banks as bits: bit b of word w is bank kBankSetBits * w + b.
using BankSet = std::vector<std::uint64_t>;
constexpr std::size_t kBankSetBits = 64;

[[nodiscard]] inline BankSet no_banks(std::size_t banks) {
  return BankSet((banks + kBankSetBits - 1) / kBankSetBits);
}

[[nodiscard]] inline bool has_bank(const BankSet& set, std::size_t bank) {
  return (set[bank / kBankSetBits] >> bank % kBankSetBits & 1U) != 0;
}

inline void put_bank(BankSet& set, std::size_t bank, bool in) {
  std::uint64_t& word = set[bank / kBankSetBits];
  const std::size_t bit = bank % kBankSetBits;
  word = (word & ~(std::uint64_t{1} << bit)) | (std::uint64_t{in} << bit);
}

/// Calls `visit(bank)` for every bank, in ascending order.
template <class Visit>
void for_each_bank(const BankSet& set, const Visit& visit) {
  for (std::size_t word = 0; word < set.size(); ++word) {
    for (std::uint64_t bits = set[word]; bits != 0; bits &= bits - 1) {
      visit(word * kBankSetBits + static_cast<std::size_t>(std::countr_zero(bits)));
    }
  }
}

}  // namespace systole
