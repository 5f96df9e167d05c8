#include "reference/kernels/source_slices.h"

#include <algorithm>

#include <dnnl.hpp>

#include "arch/diag/check.h"

namespace systole::reference {

namespace {

/// Integers up to here are float32 values.
constexpr std::int64_t kExactInFloat = std::int64_t{1} << 24;

}  // namespace

int machine_source_bits() {
  // The enumerators are bit sets that contain the sets of the lesser instruction sets.
  const auto have = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  const auto vnni = static_cast<unsigned>(dnnl::cpu_isa::avx512_core_vnni);
  return (have & vnni) == vnni ? kByteBits : kPairSafeBits;
}

WeightSums weight_sums(std::span<const std::int8_t> weights, std::int64_t groups, std::int64_t k,
                       std::int64_t n) {
  const std::int8_t* weight = weights.data();
  std::vector<std::int64_t> positive(static_cast<std::size_t>(groups * n));
  std::vector<std::int64_t> negative(positive.size());
  for (std::int64_t group = 0; group < groups; ++group) {
    std::int64_t* group_positive = positive.data() + group * n;
    std::int64_t* group_negative = negative.data() + group * n;
    for (std::int64_t row = 0; row < k; ++row, weight += n) {
      for (std::int64_t col = 0; col < n; ++col) {
        group_positive[col] += std::max(weight[col], std::int8_t{0});
        group_negative[col] -= std::min(weight[col], std::int8_t{0});
      }
    }
  }
  WeightSums sums;
  sums.columns.resize(positive.size());
  for (std::size_t col = 0; col < positive.size(); ++col) {
    sums.largest_partial = std::max({sums.largest_partial, positive[col], negative[col]});
    sums.columns[col] = static_cast<std::int32_t>(positive[col] - negative[col]);
  }
  return sums;
}

int slice_bits(std::int64_t largest_partial, int limit) {
  SYSTOLE_CHECK(largest_partial <= kExactInFloat, "weights sum up to {}", largest_partial);
  int bits = limit;
  while (((std::int64_t{1} << bits) - 1) * largest_partial > kExactInFloat) {
    --bits;
  }
  return bits;
}

std::vector<std::uint8_t> slice(std::span<const std::uint8_t> bytes, int first, int bits) {
  const unsigned mask = (1U << bits) - 1U;
  std::vector<std::uint8_t> out(bytes.size());
  std::transform(bytes.begin(), bytes.end(), out.begin(), [&](std::uint8_t byte) {
    return static_cast<std::uint8_t>((static_cast<unsigned>(byte) >> first) & mask);
  });
  return out;
}

}  // namespace systole::reference
