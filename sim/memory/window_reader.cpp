#include "sim/memory/window_reader.h"

#include "arch/diag/check.h"

namespace systole {

WindowReader::Position WindowReader::position(std::int64_t index) const {
  const std::int64_t row = index / window_.out_cols;
  return {.image = row / window_.out_rows,
          .out_row = window_.first_out_row + row % window_.out_rows,
          .out_col = index % window_.out_cols};
}

std::span<const std::int8_t> WindowReader::channels(const Position& at, std::int64_t ky,
                                                    std::int64_t kx, std::int64_t channel,
                                                    std::int64_t count) const {
  const Window& w = window_;
  const std::int64_t iy = at.out_row * w.stride_rows - w.pad_top + ky * w.dilation_rows;
  const std::int64_t ix = at.out_col * w.stride_cols - w.pad_left + kx * w.dilation_cols;
  if (iy < 0 || iy >= w.in_rows || ix < 0 || ix >= w.in_cols) {
    return {};
  }
  SYSTOLE_CHECK(channel * bits_of(type_) % 8 == 0, "{} channels from {} on begin inside a byte",
                name_of(type_), channel);
  const std::int64_t address = w.source.address + at.image * w.image_pitch +
                               (iy - w.first_in_row) * w.row_pitch + ix * w.pixel_pitch +
                               bytes_of(type_, channel);
  return buffer_.at(address, bytes_of(type_, count));
}

}  // namespace systole
