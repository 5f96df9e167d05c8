#include "sim/vector/scale_kernel.h"

#include <algorithm>

#include "arch/diag/check.h"
#include "sim/vector/fixed_point_arithmetic.h"

namespace systole {

namespace {

/// What 63 bits hold: an int32 sum times such a multiplier is at most 2^62, int8 less such a zero
/// point times it less than 2^47, and the half that rounds adds at most 2^61.
constexpr std::int64_t kLargestMultiplier = std::int64_t{1} << 31;
constexpr std::int32_t kLargestZeroPoint = 1 << 15;

bool fits(std::int64_t multiplier) {
  return -kLargestMultiplier <= multiplier && multiplier <= kLargestMultiplier;
}
bool fits_zero_point(std::int64_t zero_point) {
  return -kLargestZeroPoint <= zero_point && zero_point <= kLargestZeroPoint;
}
bool fits(const Addend& of) {
  return fits(of.multiplier) && fits_zero_point(of.zero_point);
}

/// One rule for every element, in 64 bits without a branch: |product| <= 2^62.
struct Narrow {
  Narrow(std::int32_t by, const Store& to)
      : shift(by),
        half(by == 0 ? 0 : std::int64_t{1} << (by - 1)),
        zero_point(to.zero_point),
        low(lowest(to)),
        high(highest(to)) {}

  [[gnu::always_inline]] std::int8_t operator()(std::int64_t product) const {
    return rounded(product, half, shift);
  }
  [[gnu::always_inline]] std::int8_t rounded(std::int64_t product, std::int64_t by_half,
                                             std::int64_t by) const {
    const std::int64_t sign = product >> 63;  // 0, or -1 for what is negative
    const std::int64_t magnitude = (product ^ sign) - sign;
    const std::int64_t value = (((magnitude + by_half) >> by) ^ sign) - sign;
    return static_cast<std::int8_t>(std::clamp(value + zero_point, low, high));
  }

  std::int64_t shift;
  std::int64_t half;
  std::int64_t zero_point;
  std::int64_t low;
  std::int64_t high;
};

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define SYSTOLE_FOR_THIS_MACHINE \
  [[gnu::target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")]]
#else
#define SYSTOLE_FOR_THIS_MACHINE
#endif

SYSTOLE_FOR_THIS_MACHINE
void scale_sums_in_64(const std::int32_t* values, std::size_t count, std::int64_t multiplier,
                      const Narrow& narrow, std::int8_t* out) {
  const Narrow rule = narrow;
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = rule(values[i] * multiplier);
  }
}

SYSTOLE_FOR_THIS_MACHINE
void scale_sums_by_column(const std::int32_t* values, std::size_t count,
                          const std::int64_t* multipliers, const std::int64_t* halves,
                          const std::int64_t* shifts, const Narrow& narrow, std::int8_t* out) {
  const Narrow rule = narrow;
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = rule.rounded(values[i] * multipliers[i], halves[i], shifts[i]);
  }
}

SYSTOLE_FOR_THIS_MACHINE
void scale_values_in_64(const std::int8_t* values, std::size_t count, std::int64_t in_zero_point,
                        std::int64_t multiplier, const Narrow& narrow, std::int8_t* out) {
  const Narrow rule = narrow;
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = rule((values[i] - in_zero_point) * multiplier);
  }
}

SYSTOLE_FOR_THIS_MACHINE
void add_in_64(const std::int8_t* a, const std::int8_t* b, std::size_t count, const Addend& of_a,
               const Addend& of_b, const Narrow& narrow, std::int8_t* out) {
  const Narrow rule = narrow;
  const Addend first = of_a;
  const Addend second = of_b;
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = rule((a[i] - first.zero_point) * first.multiplier +
                  (b[i] - second.zero_point) * second.multiplier);
  }
}

}  // namespace

void scale_sums(const std::int32_t* values, std::size_t count, const FixedPoint& scale,
                const Store& to, std::int8_t* out) {
  if (fits(scale.multiplier)) {
    scale_sums_in_64(values, count, scale.multiplier, Narrow(scale.shift, to), out);
    return;
  }
  std::transform(values, values + count, out,
                 [&](std::int32_t value) { return quantized(scaled(value, scale), to); });
}

ColumnScales::ColumnScales(const std::vector<FixedPoint>& scales) {
  for (const FixedPoint& scale : scales) {
    SYSTOLE_CHECK(fits(scale.multiplier), "a multiplier of {} for a column", scale.multiplier);
    multipliers.push_back(scale.multiplier);
    shifts.push_back(scale.shift);
    halves.push_back(scale.shift == 0 ? 0 : std::int64_t{1} << (scale.shift - 1));
  }
}

void scale_sums(const std::int32_t* values, const ColumnScales& scales, const Store& to,
                std::int8_t* out) {
  scale_sums_by_column(values, scales.multipliers.size(), scales.multipliers.data(),
                       scales.halves.data(), scales.shifts.data(), Narrow(0, to), out);
}

void scale_values(const std::int8_t* values, std::size_t count, std::int32_t in_zero_point,
                  const FixedPoint& scale, const Store& to, std::int8_t* out) {
  if (fits(scale.multiplier) && fits_zero_point(in_zero_point)) {
    scale_values_in_64(values, count, in_zero_point, scale.multiplier, Narrow(scale.shift, to),
                       out);
    return;
  }
  std::transform(values, values + count, out, [&](std::int8_t value) {
    return quantized(scaled(std::int64_t{value} - in_zero_point, scale), to);
  });
}

void add_scaled(const std::int8_t* a, const std::int8_t* b, std::size_t count, const Addend& of_a,
                const Addend& of_b, std::int32_t shift, const Store& to, std::int8_t* out) {
  if (fits(of_a) && fits(of_b)) {
    add_in_64(a, b, count, of_a, of_b, Narrow(shift, to), out);
    return;
  }
  std::transform(a, a + count, b, out, [&](std::int8_t x, std::int8_t y) {
    const WideInteger sum = static_cast<WideInteger>(x - of_a.zero_point) * of_a.multiplier +
                            static_cast<WideInteger>(y - of_b.zero_point) * of_b.multiplier;
    return quantized(shift_half_away(sum, shift), to);
  });
}

}  // namespace systole
