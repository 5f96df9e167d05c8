#include "tests/support_array/fold_oracle.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>

namespace systole::testing {

namespace {

float canonical(float value) {
  return std::isnan(value) ? std::bit_cast<float>(0x7fc00000U) : value;
}

std::uint32_t multiply_add(bool floating, std::uint32_t sum, std::uint32_t a, std::uint32_t b) {
  if (!floating) {
    return sum + a * b;
  }
  const float product = canonical(std::bit_cast<float>(a) * std::bit_cast<float>(b));
  return std::bit_cast<std::uint32_t>(canonical(std::bit_cast<float>(sum) + product));
}

Lanes zeros(std::size_t rows, int cols) {
  return Lanes(rows, std::vector<std::uint32_t>(static_cast<std::size_t>(cols), 0));
}

/// Sums down the rows of the tile: one row of results per step.
Lanes stationary_results(const ArrayConfig& config, const ArrayFold& fold, const Lanes& tile) {
  Lanes results = zeros(fold.left.size(), config.cols);
  for (std::size_t t = 0; t < results.size(); ++t) {
    for (std::size_t c = 0; c < results[t].size(); ++c) {
      for (std::size_t r = 0; r < tile.size(); ++r) {
        results[t][c] = multiply_add(config.floating, results[t][c], fold.left[t][r], tile[r][c]);
      }
    }
  }
  return results;
}

void add_steps(const ArrayConfig& config, const ArrayFold& fold, Lanes& sums) {
  for (std::size_t t = 0; t < fold.left.size(); ++t) {
    for (std::size_t r = 0; r < sums.size(); ++r) {
      for (std::size_t c = 0; c < sums[r].size(); ++c) {
        sums[r][c] = multiply_add(config.floating, sums[r][c], fold.left[t][r], fold.top[t][c]);
      }
    }
  }
}

std::vector<FoldOutcome> stationary_times(const ArrayConfig& config,
                                          std::span<const ArrayFold> folds) {
  std::vector<FoldOutcome> times;
  std::int64_t shadow_free = 0;
  std::int64_t before_end = 0;
  std::int64_t before_completion = 0;
  for (const ArrayFold& fold : folds) {
    FoldOutcome now;
    now.start = config.overlap_none ? before_completion : before_end;
    if (!fold.tile.empty()) {
      now.load_start = config.overlap_none ? before_completion : shadow_free;
      now.start = std::max(now.start, *now.load_start + config.rows);
      shadow_free = now.start;
    }
    now.end = now.start + static_cast<std::int64_t>(fold.left.size()) * phases_per_step(fold);
    now.completion = now.end + config.rows + config.cols - 2;
    before_end = now.end;
    before_completion = now.completion;
    times.push_back(now);
  }
  return times;
}

std::vector<FoldOutcome> output_stationary_times(const ArrayConfig& config,
                                                 std::span<const ArrayFold> folds) {
  std::vector<FoldOutcome> times;
  std::int64_t drain_before = std::numeric_limits<std::int32_t>::min();
  std::int64_t before = 0;  // end, or completion where folds do not overlap
  for (const ArrayFold& fold : folds) {
    FoldOutcome now;
    const std::int64_t phases = static_cast<std::int64_t>(fold.left.size()) * phases_per_step(fold);
    now.start = before;
    now.end = now.start + phases;
    now.completion = config.rows + config.cols - 2;
    if (fold.drains) {
      now.end = std::max(now.end, drain_before + config.rows);
      now.start = phases == 1 ? now.end - 1 : now.start;
      now.completion += config.rows;
      drain_before = now.end;
    }
    now.completion += now.end;
    before = config.overlap_none ? now.completion : now.end;
    times.push_back(now);
  }
  return times;
}

/// The value of an 8-bit or 16-bit float with these field widths, exactly, as a binary32 pattern.
/// E4M3 has no infinity: only the largest fraction of its top exponent is a NaN.
std::uint32_t widened(std::uint32_t bits, int exponent_bits, int fraction_bits, bool has_infinity) {
  const std::uint32_t sign = bits >> (exponent_bits + fraction_bits) & 1U;
  const std::uint32_t top = (1U << exponent_bits) - 1;
  const std::uint32_t exponent = bits >> fraction_bits & top;
  const std::uint32_t fraction = bits & ((1U << fraction_bits) - 1);
  float value = 0;
  if (exponent == top && (has_infinity ? fraction != 0 : fraction == (1U << fraction_bits) - 1)) {
    return 0x7fc00000;
  }
  if (exponent == top && has_infinity) {
    value = std::numeric_limits<float>::infinity();
  } else {
    const std::uint32_t significand = fraction | (exponent == 0 ? 0U : 1U << fraction_bits);
    const int scale = static_cast<int>(std::max(exponent, 1U)) - static_cast<int>(top / 2);
    value = std::ldexp(static_cast<float>(significand), scale - fraction_bits);
  }
  return std::bit_cast<std::uint32_t>(sign != 0 ? -value : value);
}

/// A two's complement integer of `bits` bits, sign-extended; its ends one time in eight each.
std::uint32_t random_integer(int bits, RandomBits& random) {
  const std::uint32_t lowest = ~0U << (bits - 1);
  switch (random() % 8) {
    case 0:
      return lowest;
    case 1:
      return ~lowest;
    default:
      return lowest + (random() & ((1U << bits) - 1));
  }
}

/// Any pattern one time in sixteen, else an exponent near that of 1.
std::uint32_t random_float(int exponent_bits, int fraction_bits, bool has_infinity,
                           RandomBits& random) {
  std::uint32_t bits = random();
  if (!random.one_in(16)) {
    const std::uint32_t near = (1U << (exponent_bits - 1)) - 3 + random() % 5;
    const std::uint32_t field = ((1U << exponent_bits) - 1) << fraction_bits;
    bits = (bits & ~field) | near << fraction_bits;
  }
  return widened(bits, exponent_bits, fraction_bits, has_infinity);
}

}  // namespace

std::vector<Lanes> expected_results(const ArrayConfig& config, std::span<const ArrayFold> folds) {
  std::vector<Lanes> results;
  const Lanes* tile = nullptr;
  Lanes sums = zeros(static_cast<std::size_t>(config.rows), config.cols);
  for (const ArrayFold& fold : folds) {
    if (config.dataflow != ArrayDataflow::OutputStationary) {
      tile = fold.tile.empty() ? tile : &fold.tile;
      results.push_back(stationary_results(config, fold, *tile));
      continue;
    }
    if (fold.clears) {
      sums = zeros(sums.size(), config.cols);
    }
    add_steps(config, fold, sums);
    results.push_back(fold.drains ? sums : Lanes{});
  }
  return results;
}

std::vector<FoldOutcome> expected_times(const ArrayConfig& config,
                                        std::span<const ArrayFold> folds) {
  return config.dataflow == ArrayDataflow::OutputStationary ? output_stationary_times(config, folds)
                                                            : stationary_times(config, folds);
}

std::uint32_t random_lane(OperandKind kind, RandomBits& random) {
  switch (kind) {
    case OperandKind::Int4:
      return random_integer(4, random);
    case OperandKind::Int8:
      return random_integer(8, random);
    case OperandKind::Int16:
      return random_integer(16, random);
    case OperandKind::Bfloat16:
      return random_float(8, 7, true, random);
    case OperandKind::Float16:
      return random_float(5, 10, true, random);
    case OperandKind::Float8E4M3:
      return random_float(4, 3, false, random);
    case OperandKind::Float8E5M2:
      return random_float(5, 2, true, random);
  }
  return 0;
}

Lanes random_lanes(int rows, int cols, OperandKind kind, RandomBits& random) {
  Lanes lanes = zeros(static_cast<std::size_t>(rows), cols);
  for (std::vector<std::uint32_t>& row : lanes) {
    for (std::uint32_t& lane : row) {
      lane = random_lane(kind, random);
    }
  }
  return lanes;
}

ArrayFold random_fold(const ArrayConfig& config, int steps, OperandKind left, OperandKind other,
                      RandomBits& random) {
  ArrayFold fold;
  fold.left = random_lanes(steps, config.rows, left, random);
  if (config.dataflow == ArrayDataflow::OutputStationary) {
    fold.top = random_lanes(steps, config.cols, other, random);
  } else {
    fold.tile = random_lanes(config.rows, config.cols, other, random);
  }
  fold.sliced_left = is_sliced(left);
  fold.sliced_other = is_sliced(other);
  return fold;
}

}  // namespace systole::testing
