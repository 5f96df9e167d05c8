#include "reference/kernels/real_type.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "arch/diag/check.h"
#include "reference/kernels/bf16.h"

namespace systole::reference {

namespace {

/// What the tables of docs/numerics.md say of a type.
struct Numbers {
  int bits = 0;           ///< of a significand, the leading one among them
  int least = 0;          ///< exponent of the smallest number
  int most = 0;           ///< exponent of the largest
  double largest = 0;     //
  std::uint32_t nan = 0;  ///< pattern
  int width = 0;          ///< bits of a pattern
  bool has_infinity = true;
};

Numbers numbers_of(DataType type) {
  switch (type) {
    case DataType::Fp8E4M3:
      return {.bits = 4,
              .least = -9,
              .most = 8,
              .largest = 448,
              .nan = 0x7fU,
              .width = 8,
              .has_infinity = false};
    case DataType::Fp8E5M2:
      return {.bits = 3, .least = -16, .most = 15, .largest = 57344, .nan = 0x7eU, .width = 8};
    case DataType::Fp16:
      return {.bits = 11, .least = -24, .most = 15, .largest = 65504, .nan = 0x7e00U, .width = 16};
    case DataType::Bf16:
    case DataType::Fp32:
    case DataType::Int4:
    case DataType::Int8:
    case DataType::Int16:
    case DataType::Int32:
      break;
  }
  SYSTOLE_CHECK(false, "{} is no narrow floating type", name_of(type));
}

/// Of the smallest number whose significand has all bits.
int least_normal(const Numbers& numbers) {
  return numbers.least + numbers.bits - 1;
}

}  // namespace

float nearest(DataType type, float value) {
  if (type == DataType::Fp32 || std::isnan(value)) {
    return value;
  }
  if (type == DataType::Bf16) {
    return bf16_nearest(value);
  }
  const Numbers numbers = numbers_of(type);
  const double beyond = std::copysign(
      numbers.has_infinity ? std::numeric_limits<double>::infinity() : numbers.largest, value);
  if (std::isinf(value)) {
    return static_cast<float>(beyond);
  }
  if (value == 0) {
    return value;
  }
  const int step = std::max(std::ilogb(value) - (numbers.bits - 1), numbers.least);
  const double rounded = std::ldexp(std::nearbyint(std::ldexp(value, -step)), step);
  return static_cast<float>(std::abs(rounded) > numbers.largest ? beyond : rounded);
}

std::uint32_t pattern_of(DataType type, float number) {
  if (type == DataType::Fp32) {
    constexpr std::uint32_t kNan = 0x7fc00000U;
    return std::isnan(number) ? kNan : std::bit_cast<std::uint32_t>(number);
  }
  if (type == DataType::Bf16) {
    return bf16_pattern(number);
  }
  const Numbers numbers = numbers_of(type);
  if (std::isnan(number)) {
    return numbers.nan;
  }
  const int fraction_bits = numbers.bits - 1;
  const std::uint32_t sign = std::signbit(number) ? 1U << (numbers.width - 1) : 0;
  const double size = std::abs(static_cast<double>(number));
  if (std::isinf(size)) {
    const int field = numbers.most - least_normal(numbers) + 2;
    return sign | static_cast<std::uint32_t>(field) << fraction_bits;
  }
  // Numbers of the same sign are numbered in their order, from 0 on: 2^fraction_bits for each
  // exponent.
  const int exponent =
      size == 0 ? least_normal(numbers) : std::max(std::ilogb(size), least_normal(numbers));
  const auto steps = static_cast<std::uint32_t>(std::ldexp(size, fraction_bits - exponent));
  const auto before = static_cast<std::uint32_t>(exponent - least_normal(numbers)) << fraction_bits;
  return sign | (before + steps);
}

float number_of(DataType type, std::uint32_t pattern) {
  if (type == DataType::Fp32 || type == DataType::Bf16) {
    return std::bit_cast<float>(type == DataType::Bf16 ? pattern << 16U : pattern);
  }
  const Numbers numbers = numbers_of(type);
  const int fraction_bits = numbers.bits - 1;
  const std::uint32_t size = pattern & ((1U << (numbers.width - 1)) - 1);
  const bool is_negative = pattern >> (numbers.width - 1) != 0;
  const auto field = static_cast<int>(size >> fraction_bits);
  const int first = std::max(field, 1) - 1 + least_normal(numbers);  // exponent
  const auto fraction = static_cast<double>(size & ((1U << fraction_bits) - 1));
  double value =
      std::ldexp(fraction + (field > 0 ? std::ldexp(1, fraction_bits) : 0), first - fraction_bits);
  if (value > numbers.largest) {
    value = numbers.has_infinity && fraction == 0 ? std::numeric_limits<double>::infinity()
                                                  : std::numeric_limits<double>::quiet_NaN();
  }
  return static_cast<float>(is_negative ? -value : value);
}

}  // namespace systole::reference
