#include "sim/matrix/top_lines.h"

#include <algorithm>

namespace systole {

TopLines::TopLines(std::size_t rows, std::size_t cols)
    : cols_(cols),
      lines_(rows + cols),
      values_(lines_ * cols, 0),
      tags_(lines_ * cols, kNoTag),
      lanes_in_(lines_, 0) {}

void TopLines::step() {
  now_ = now_ + 1 == lines_ ? 0 : now_ + 1;
  // The line that the lane of the last column may enter from now on has passed the last row.
  const std::size_t fresh = (now_ + cols_ - 1) % lines_;
  if (lanes_in_[fresh] > 0) {
    std::fill_n(tags_.begin() + static_cast<std::ptrdiff_t>(fresh * cols_), cols_, kNoTag);
    lanes_in_[fresh] = 0;
  }
}

void TopLines::enter(std::span<const std::uint32_t> lanes, std::uint32_t tag) {
  for (std::size_t c = 0; c < cols_; ++c) {
    const std::size_t line = (now_ + c) % lines_;
    values_[line * cols_ + c] = lanes[c];
    tags_[line * cols_ + c] = tag;
    ++lanes_in_[line];
  }
}

}  // namespace systole
