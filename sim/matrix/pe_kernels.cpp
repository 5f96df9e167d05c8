#include "sim/matrix/pe_kernels.h"

#include <bit>

#include "arch/isa/float_format.h"

// Compiled with -ffp-contract=off (sim/CMakeLists.txt): a fused multiply-add would round only once.
// `ivdep`: lane c depends on no other lane, and an output is either an input or apart from it.

namespace systole {

namespace {

[[gnu::always_inline]] inline std::uint32_t select(std::uint32_t mask, std::uint32_t one,
                                                   std::uint32_t other) {
  return (one & mask) | (other & ~mask);
}

[[gnu::always_inline]] inline std::uint32_t float_sum(std::uint32_t sum, std::uint32_t a,
                                                      std::uint32_t b) {
  const float product = std::bit_cast<float>(a) * std::bit_cast<float>(b);
  return std::bit_cast<std::uint32_t>(std::bit_cast<float>(sum) + product);
}

[[gnu::always_inline]] inline bool take(const TakeRow& row, std::size_t cols) {
  std::uint32_t missing = 0;
#pragma GCC ivdep
  for (std::size_t c = 0; c < cols; ++c) {
    const std::uint32_t takes = row.takes[c];
    missing |= takes & ~row.full[c];
    row.active[c] = select(takes, row.shadow[c], row.active[c]);
    row.full[c] &= ~takes;
  }
  return missing == 0;
}

[[gnu::always_inline]] inline bool keep_passing(const KeepRow& row, std::size_t cols) {
  std::uint32_t overwritten = 0;
#pragma GCC ivdep
  for (std::size_t c = 0; c < cols; ++c) {
    const std::uint32_t keeps = row.tags[c] == row.row ? ~0U : 0U;
    overwritten |= keeps & row.full[c];
    row.shadow[c] = select(keeps, row.values[c], row.shadow[c]);
    row.full[c] |= keeps;
  }
  return overwritten == 0;
}

[[gnu::always_inline]] inline bool shift_outputs(const OutputRow& row, std::size_t cols) {
  std::uint32_t lost = 0;
#pragma GCC ivdep
  for (std::size_t c = 0; c < cols; ++c) {
    const std::uint32_t copies = row.copies[c];
    const std::uint32_t held = row.held[c];
    const std::uint32_t comes = row.above_moving[c];
    lost |= (copies & held) | ((copies | held) & comes);
    const std::uint32_t sum = select(row.is_float[c], with_canonical_nan(row.sums[c]), row.sums[c]);
    row.values[c] = select(copies, sum, select(held, row.values[c], row.above_values[c]));
    row.held[c] = held | copies;
    row.moving[c] = comes & ~(held | copies);
  }
  return lost == 0;
}

[[gnu::always_inline]] inline void add_integers(const MacRow& row, std::size_t cols) {
#pragma GCC ivdep
  for (std::size_t c = 0; c < cols; ++c) {
    const std::uint32_t product = row.left[c] * (row.other[c] & row.other_mask[c]);
    row.sum_out[c] = (row.sum_in[c] & row.keep[c]) + (product & row.adds[c]);
  }
}

[[gnu::always_inline]] inline void add_floats(const MacRow& row, std::size_t cols) {
#pragma GCC ivdep
  for (std::size_t c = 0; c < cols; ++c) {
    const std::uint32_t kept = row.sum_in[c] & row.keep[c];
    row.sum_out[c] = select(row.adds[c], float_sum(kept, row.left[c], row.other[c]), kept);
  }
}

[[gnu::always_inline]] inline void add_both(const MacRow& row, std::size_t cols) {
#pragma GCC ivdep
  for (std::size_t c = 0; c < cols; ++c) {
    const std::uint32_t kept = row.sum_in[c] & row.keep[c];
    const std::uint32_t integer = kept + row.left[c] * (row.other[c] & row.other_mask[c]);
    const std::uint32_t sum =
        select(row.is_float[c], float_sum(kept, row.left[c], row.other[c]), integer);
    row.sum_out[c] = select(row.adds[c], sum, kept);
  }
}

}  // namespace

// One source, compiled for three instruction sets; the loader picks.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
[[gnu::target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")]]
#endif
RowHazard
step_row(const RowStep& step) {
  RowHazard hazard = RowHazard::None;
  if (step.output != nullptr && !shift_outputs(*step.output, step.cols)) {
    hazard = RowHazard::OutputLost;
  }
  if (step.take != nullptr && !take(*step.take, step.cols)) {
    hazard = RowHazard::NothingToTake;
  }
  if (step.mac != nullptr) {
    switch (step.mix) {
      case SumMix::Integers:
        add_integers(*step.mac, step.cols);
        break;
      case SumMix::Floats:
        add_floats(*step.mac, step.cols);
        break;
      case SumMix::Both:
        add_both(*step.mac, step.cols);
        break;
    }
  }
  if (step.keep != nullptr && !keep_passing(*step.keep, step.cols)) {
    hazard = RowHazard::ShadowOverwrite;
  }
  return hazard;
}

}  // namespace systole
