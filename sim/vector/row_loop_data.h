#pragma once

#include <cstdint>
#include <vector>

#include "arch/isa/row_loop.h"
#include "sim/memory/accumulators.h"
#include "sim/memory/byte_memory.h"
#include "sim/memory/window_reader.h"
#include "sim/vector/vector_results.h"

namespace systole {

/// What a row loop computes, stage by stage, exactly as arch/isa/row_loop.h states it. Throws
/// InternalError when a read lies outside its memory, a scale is out of range, a divisor is not
/// positive or a number has no entry in a table. The stages name stages and operands that there are
/// (check_operands sees to it).
[[nodiscard]] VectorResults row_loop_results(const RowLoop& loop, const ByteMemory& buffer,
                                             const Accumulators& accumulators);

// What kernels of single bodies share with it.

/// Throws InternalError unless it is in 0..62.
void check_shift(std::int32_t shift);

/// In 32 bits.
[[nodiscard]] constexpr std::int32_t wrapping_sum(std::int32_t x, std::int32_t y) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(x) + static_cast<std::uint32_t>(y));
}

/// The patterns of the biases of a loop's columns; zeros where it has none.
[[nodiscard]] std::vector<std::int32_t> biases(const RowLoop& loop, const SumsStage& sums,
                                               const ByteMemory& buffer);

/// The factors of a loop's columns. Throws InternalError where a shift is out of range.
[[nodiscard]] std::vector<FixedPoint> factors(const RowLoop& loop, const ColumnScaleStage& scale,
                                              const ByteMemory& buffer);

/// The window that a stage walks over.
[[nodiscard]] Window window_of(const RowLoop& loop, const WindowStage& stage);

/// Calls `visit` with the channels under each kernel element inside the image.
template <class Visit>
void for_each_inside(const WindowReader& reader, const Window& window,
                     const WindowReader::Position& at, Visit visit) {
  for (std::int64_t ky = 0; ky < window.kernel_rows; ++ky) {
    for (std::int64_t kx = 0; kx < window.kernel_cols; ++kx) {
      const auto channels = reader.channels(at, ky, kx, 0, window.channels);
      if (!channels.empty()) {
        visit(channels);
      }
    }
  }
}

}  // namespace systole
