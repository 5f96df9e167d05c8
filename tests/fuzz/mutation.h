#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace systole::fuzz {

/// Random choices that are the same on every machine for one seed (splitmix64).
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  [[nodiscard]] std::uint64_t next();
  /// 0..count-1; `count` is at least 1.
  [[nodiscard]] std::size_t below(std::size_t count) { return next() % count; }
  [[nodiscard]] bool one_in(std::size_t count) { return below(count) == 0; }
  template <class T>
  [[nodiscard]] const T& of(const std::vector<T>& list) {
    return list[below(list.size())];
  }

 private:
  std::uint64_t state_;
};

/// A value that readers of numbers, quantities and names do not expect.
[[nodiscard]] std::string odd_value(Dice& dice);

/// `text` with one to three changes: values replaced by odd ones or by others of the text, lines
/// dropped, doubled, swapped or moved to another indentation, bytes changed, the end cut off.
[[nodiscard]] std::string mutated(std::string text, Dice& dice);

}  // namespace systole::fuzz
