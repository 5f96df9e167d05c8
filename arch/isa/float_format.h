#pragma once

#include <bit>
#include <cstdint>

#include "arch/diag/check.h"
#include "arch/isa/data_type.h"

namespace systole {

/// A binary floating-point encoding: sign, exponent, fraction from the top bit down. Subnormal
/// where the exponent field is 0, else the fraction has a leading one.
///   value = (-1)^sign * 2^(max(exponent, 1) - bias) * (leading one + fraction / 2^fraction_bits)
/// Sources: IEEE 754-2019 for fp16 and fp32; OCP 8-bit Floating Point Specification (OFP8),
/// rev. 1.0 for E4M3 and E5M2.
struct FloatFormat {
  int exponent_bits = 8;
  int fraction_bits = 23;
  int bias = 127;
  /// Pattern of the largest finite value without its sign. Above it are infinity (if there is one,
  /// the next pattern) and NaNs.
  std::uint32_t largest = 0x7f7fffffU;
  bool has_infinity = true;

  [[nodiscard]] constexpr int sign_bit() const { return exponent_bits + fraction_bits; }
  /// The quiet NaN that arithmetic gives: positive, top bit of the fraction set; of E4M3 the only.
  [[nodiscard]] constexpr std::uint32_t nan() const {
    return has_infinity ? (largest + 1) | 1U << (fraction_bits - 1) : largest + 1;
  }
};

inline constexpr FloatFormat kBinary32{};

/// `type` is one of the floating types.
[[nodiscard]] constexpr FloatFormat float_format(DataType type) {
  switch (type) {
    case DataType::Fp8E4M3:
      return {.exponent_bits = 4,
              .fraction_bits = 3,
              .bias = 7,
              .largest = 0x7eU,
              .has_infinity = false};
    case DataType::Fp8E5M2:
      return {.exponent_bits = 5, .fraction_bits = 2, .bias = 15, .largest = 0x7bU};
    case DataType::Fp16:
      return {.exponent_bits = 5, .fraction_bits = 10, .bias = 15, .largest = 0x7bffU};
    case DataType::Bf16:
      return {.exponent_bits = 8, .fraction_bits = 7, .bias = 127, .largest = 0x7f7fU};
    case DataType::Fp32:
      return kBinary32;
    case DataType::Int4:
    case DataType::Int8:
    case DataType::Int16:
    case DataType::Int32:
      break;
  }
  SYSTOLE_CHECK(false, "{} is no floating type", name_of(type));
}

/// Binary32 pattern with every NaN replaced by the one quiet NaN, 0x7fc00000.
[[nodiscard]] constexpr std::uint32_t with_canonical_nan(std::uint32_t pattern) {
  constexpr std::uint32_t kAllButSign = 0x7fffffffU;
  return (pattern & kAllButSign) > kBinary32.largest + 1 ? kBinary32.nan() : pattern;
}

/// The binary32 number that `pattern` encodes: exact for every format here. All NaNs become the one
/// quiet NaN.
[[nodiscard]] constexpr float decoded(const FloatFormat& format, std::uint32_t pattern) {
  const std::uint32_t magnitude = pattern & ((1U << format.sign_bit()) - 1);
  if (magnitude > format.largest) {
    const bool is_infinity = format.has_infinity && magnitude == format.largest + 1;
    const std::uint32_t sign = pattern >> format.sign_bit() << kBinary32.sign_bit();
    return std::bit_cast<float>(is_infinity ? sign | (kBinary32.largest + 1) : kBinary32.nan());
  }
  // With the fields at their places in a binary32, the exponent is short of the difference of the
  // biases; a multiplication by that power of two also normalises subnormals.
  const auto power = static_cast<std::uint32_t>(2 * kBinary32.bias - format.bias);
  const float scale = std::bit_cast<float>(power << kBinary32.fraction_bits);
  const float value =
      std::bit_cast<float>(magnitude << (kBinary32.fraction_bits - format.fraction_bits)) * scale;
  return pattern >> format.sign_bit() == 0 ? value : -value;
}

/// The pattern of the nearest number of the format, ties to the even one; subnormals are kept, NaNs
/// become format.nan(). A value that rounds beyond the largest finite number becomes infinity where
/// there is one (IEEE 754; OFP8 without saturation for E5M2), and the largest number of its sign in
/// E4M3, infinity included (OFP8 with saturation): there only NaNs become NaN.
[[nodiscard]] constexpr std::uint32_t rounded(const FloatFormat& format, float value) {
  const auto pattern = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = pattern >> kBinary32.sign_bit() << format.sign_bit();
  const std::uint32_t magnitude = pattern & ((1U << kBinary32.sign_bit()) - 1);
  const std::uint32_t beyond = format.has_infinity ? format.largest + 1 : format.largest;
  if (magnitude > kBinary32.largest) {
    const bool is_infinity = magnitude == kBinary32.largest + 1;
    return is_infinity ? sign | beyond : format.nan();
  }
  constexpr std::uint32_t kLeadingOne = 1U << kBinary32.fraction_bits;
  const std::uint32_t fraction = magnitude & (kLeadingOne - 1);
  const auto field = static_cast<int>(magnitude >> kBinary32.fraction_bits);
  const std::uint32_t significand = field > 0 ? fraction | kLeadingOne : fraction;
  const int exponent = (field > 0 ? field : 1) - kBinary32.bias + format.bias;

  // Fractions have fewer bits there, and subnormals fewer still; from 25 bits on nothing is left.
  const int below_normal = exponent < 1 ? 1 - exponent : 0;
  const int dropped = kBinary32.fraction_bits - format.fraction_bits + below_normal;
  constexpr int kAll = kBinary32.fraction_bits + 2;
  const int shift = dropped < kAll ? dropped : kAll;
  const std::uint32_t kept = significand >> shift;
  const std::uint32_t rest = significand - (kept << shift);
  const std::uint32_t half = shift > 0 ? 1U << (shift - 1) : 1;
  const bool up = rest > half || (rest == half && (kept & 1U) != 0);

  // The leading one, and a carry out of the fraction, add to the exponent's field by themselves.
  const auto base = static_cast<std::uint32_t>(exponent < 1 ? 0 : exponent - 1);
  const std::uint64_t result =
      (std::uint64_t{base} << format.fraction_bits) + kept + (up ? 1U : 0U);
  return sign | (result > format.largest ? beyond : static_cast<std::uint32_t>(result));
}

}  // namespace systole
