#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "compiler/ops/copy.h"

namespace systole {

/// Where pixels of tensors come from that are joined along their rows or columns: a source of
/// CopyWork that also says which rows of an input a band has, without a look at every pixel. Of
/// hundreds of inputs, as steps of a sequence are, that is most of what a plan asks for.
class JoinedPixels {
 public:
  JoinedPixels(const std::vector<std::int64_t>& sizes, bool by_columns) : by_columns_(by_columns) {
    for (const std::int64_t size : sizes) {
      ends_.push_back((ends_.empty() ? 0 : ends_.back()) + size);
    }
  }

  PixelSource operator()(const Pixel& out) const {
    PixelSource source{.input = 0, .at = out};
    std::int64_t& index = by_columns_ ? source.at.col : source.at.row;
    const auto input = static_cast<std::size_t>(
        std::upper_bound(ends_.begin(), ends_.end(), index) - ends_.begin());
    source.input = static_cast<std::int32_t>(input);
    index -= first_of(input);
    return source;
  }

  /// The first row of the input that rows first..last of the result have, and the last; the latter
  /// is the smaller one where they have none.
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> rows_of(std::size_t input, std::int64_t first,
                                                              std::int64_t last) const {
    if (by_columns_) {
      return {first, last};
    }
    return {std::max<std::int64_t>(first - first_of(input), 0),
            std::min(last, ends_[input] - 1) - first_of(input)};
  }

 private:
  [[nodiscard]] std::int64_t first_of(std::size_t input) const {
    return input == 0 ? 0 : ends_[input - 1];
  }

  std::vector<std::int64_t> ends_;  ///< by input: one behind its last row or column in the result
  bool by_columns_;
};

}  // namespace systole
