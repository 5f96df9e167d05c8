#include "compiler/frontend/random_stream.h"

namespace systole {

namespace {

constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15;
constexpr int kValuesPerWord = 4;

constexpr std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

/// FNV-1a, 64 bits.
constexpr std::uint64_t hash(std::string_view text) {
  std::uint64_t value = 0xCBF29CE484222325;
  for (const char character : text) {
    value = (value ^ static_cast<unsigned char>(character)) * 0x100000001B3;
  }
  return value;
}

constexpr std::int8_t int8_from(std::uint64_t bits) {
  return static_cast<std::int8_t>(static_cast<std::int64_t>(((bits & 0xFFFF) * 255) >> 16) - 127);
}

}  // namespace

RandomStream::RandomStream(std::uint64_t seed, std::string_view name)
    : key_(mix(mix(seed + kGolden) ^ hash(name))) {}

std::uint64_t RandomStream::word(std::uint64_t index) const {
  return mix(key_ + (index + 1) * kGolden);
}

void RandomStream::fill_int8(std::span<std::int8_t> values) const {
  const std::size_t whole = values.size() / kValuesPerWord;
  std::int8_t* out = values.data();
  for (std::size_t i = 0; i < whole; ++i, out += kValuesPerWord) {
    const std::uint64_t bits = word(i);
    out[0] = int8_from(bits);
    out[1] = int8_from(bits >> 16);
    out[2] = int8_from(bits >> 32);
    out[3] = int8_from(bits >> 48);
  }
  std::uint64_t bits = word(whole);
  for (std::size_t i = whole * kValuesPerWord; i < values.size(); ++i, bits >>= 16) {
    values[i] = int8_from(bits);
  }
}

std::int64_t RandomStream::symmetric(std::uint64_t index, std::int64_t limit) const {
  const auto range = static_cast<std::uint64_t>(2 * limit + 1);
  return static_cast<std::int64_t>(((word(index) >> 32) * range) >> 32) - limit;
}

}  // namespace systole
