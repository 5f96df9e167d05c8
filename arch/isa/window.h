#pragma once

#include <cstdint>

#include "arch/isa/operand.h"

namespace systole {

/// How a kernel slides over an activation tensor in the unified buffer: the implicit im2col.
///
/// Output position p decodes as image = p / (out_rows * out_cols), oy = first_out_row +
/// (p / out_cols) % out_rows, ox = p % out_cols. Reduction index k decodes as c = k % channels,
/// kx = (k / channels) % kernel_cols, ky = k / (channels * kernel_cols); of a longer reduction
/// k begins anew behind the last kernel element. The element is at
///   address + image * image_pitch + (iy - first_in_row) * row_pitch + ix * pixel_pitch + c * bytes
/// with iy = oy * stride_rows - pad_top + ky * dilation_rows (ix alike), or is `pad_value` when
/// iy is outside [0, in_rows) or ix outside [0, in_cols). Pitches are in bytes.
struct Window {
  Operand source;  ///< element (image 0, row first_in_row, column 0, channel 0 of this group)
  std::int64_t image_pitch = 0;
  std::int64_t row_pitch = 0;
  std::int64_t pixel_pitch = 0;
  std::int64_t in_rows = 1;  ///< height of the whole input image, not of the part in the buffer
  std::int64_t in_cols = 1;
  std::int64_t first_in_row = 0;  ///< first input row that lies in the buffer
  std::int64_t channels = 1;      ///< per kernel position
  std::int64_t kernel_rows = 1;
  std::int64_t kernel_cols = 1;
  std::int64_t stride_rows = 1;
  std::int64_t stride_cols = 1;
  std::int64_t dilation_rows = 1;
  std::int64_t dilation_cols = 1;
  std::int64_t pad_top = 0;
  std::int64_t pad_left = 0;
  std::int64_t out_rows = 1;  ///< output rows per image covered by this window
  std::int64_t out_cols = 1;
  std::int64_t first_out_row = 0;
  std::int32_t pad_value = 0;  ///< the zero point of the input

  bool operator==(const Window&) const = default;
};

}  // namespace systole
