#include "tests/prove/operand_patterns.h"

#include <bit>
#include <cmath>
#include <limits>

#include "arch/diag/check.h"

namespace systole::testing {

namespace {

struct FloatFormat {
  int exponent_bits;
  int mantissa_bits;
  int bias;
  bool has_infinity;  ///< else the one NaN is all ones, and the rest of that exponent are numbers
};

FloatFormat format_of(DataType type) {
  switch (type) {
    case DataType::Fp8E4M3:
      return {4, 3, 7, false};
    case DataType::Fp8E5M2:
      return {5, 2, 15, true};
    case DataType::Fp16:
      return {5, 10, 15, true};
    case DataType::Bf16:
      return {8, 7, 127, true};
    case DataType::Int4:
    case DataType::Int8:
    case DataType::Int16:
    case DataType::Int32:
    case DataType::Fp32:
      break;
  }
  SYSTOLE_CHECK(false, "{} is no floating operand", name_of(type));
}

double float_value(std::uint32_t bits, const FloatFormat& format) {
  const std::uint32_t mantissas = 1U << static_cast<unsigned>(format.mantissa_bits);
  const std::uint32_t exponents = 1U << static_cast<unsigned>(format.exponent_bits);
  const std::uint32_t mantissa = bits % mantissas;
  const std::uint32_t exponent = bits / mantissas % exponents;
  const double sign = bits / mantissas / exponents == 0 ? 1.0 : -1.0;
  if (exponent == exponents - 1 && format.has_infinity) {
    return mantissa == 0 ? sign * std::numeric_limits<double>::infinity()
                         : std::numeric_limits<double>::quiet_NaN();
  }
  if (exponent == exponents - 1 && mantissa == mantissas - 1) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const double fraction = static_cast<double>(mantissa) / mantissas;
  return exponent == 0
             ? sign * std::ldexp(fraction, 1 - format.bias)
             : sign * std::ldexp(1.0 + fraction, static_cast<int>(exponent) - format.bias);
}

}  // namespace

double value_of(std::uint32_t bits, DataType type) {
  if (is_float(type)) {
    return float_value(bits, format_of(type));
  }
  const double range = std::ldexp(1.0, static_cast<int>(bits_of(type)));
  return bits < range / 2 ? bits : bits - range;
}

std::uint32_t lane_of(std::uint32_t bits, DataType type) {
  const double value = value_of(bits, type);
  return is_float(type) ? std::bit_cast<std::uint32_t>(static_cast<float>(value))
                        : static_cast<std::uint32_t>(static_cast<std::int64_t>(value));
}

std::uint32_t random_bits(CaseRandom& random, DataType type) {
  const std::int64_t patterns = std::int64_t{1} << static_cast<unsigned>(bits_of(type));
  if (!is_float(type)) {
    const std::int64_t pattern =
        random.once_in(4) ? patterns / 2 - random.in(0, 1) : random.in(0, patterns - 1);
    return static_cast<std::uint32_t>(pattern);
  }
  if (random.once_in(200)) {
    return static_cast<std::uint32_t>(random.in(0, patterns - 1));
  }
  // Exponents from 4 below to 4 above that of 1.
  const FloatFormat format = format_of(type);
  const std::int64_t mantissas = std::int64_t{1} << static_cast<unsigned>(format.mantissa_bits);
  const std::int64_t exponent = format.bias + random.in(-4, 4);
  const std::int64_t sign = random.in(0, 1) * (patterns / 2);
  return static_cast<std::uint32_t>(sign + exponent * mantissas + random.in(0, mantissas - 1));
}

}  // namespace systole::testing
