#pragma once

#include <cstdint>
#include <random>

namespace systole::testing {

/// Random 32-bit words, the same on every machine for the same seed.
class RandomBits {
 public:
  explicit RandomBits(std::uint32_t seed) : engine_(seed) {}

  std::uint32_t operator()() { return static_cast<std::uint32_t>(engine_()); }

  /// An integer of low..high, both included; for ranges far below 2^32.
  int between(int low, int high) {
    return low + static_cast<int>((*this)() % static_cast<std::uint32_t>(high - low + 1));
  }

  bool one_in(std::uint32_t count) { return (*this)() % count == 0; }

 private:
  std::mt19937 engine_;
};

}  // namespace systole::testing
