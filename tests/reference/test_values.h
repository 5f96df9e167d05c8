#pragma once

#include <cstdint>
#include <vector>

namespace systole {

/// Reproducible bytes over the whole int8 range (splitmix64, Steele et al., OOPSLA 2014).
class TestValues {
 public:
  explicit TestValues(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
  }
  std::vector<std::int8_t> bytes(std::int64_t count) {
    std::vector<std::int8_t> values(static_cast<std::size_t>(count));
    for (std::int8_t& value : values) {
      value = static_cast<std::int8_t>(between(-128, 127));
    }
    return values;
  }

 private:
  std::uint64_t state_;
};

inline std::vector<std::int8_t> filled(std::int64_t count, std::int8_t value) {
  return std::vector<std::int8_t>(static_cast<std::size_t>(count), value);
}

}  // namespace systole
