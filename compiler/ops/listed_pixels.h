#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "compiler/ops/copy.h"

namespace systole {

/// Pixels from wherever a list says, row by row of the result: a source of CopyWork that also says
/// which rows of an input a band has. A plan asks for that again and again, and a look at every
/// pixel each time was most of what it takes to plan a training step.
class ListedPixels {
 public:
  ListedPixels(std::shared_ptr<const std::vector<PixelSource>> sources, std::int64_t cols)
      : sources_(std::move(sources)), cols_(cols) {
    auto rows = std::make_shared<Rows>();
    const std::size_t pixels = sources_ == nullptr ? 0 : sources_->size();  // before inference none
    for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
      const PixelSource& source = (*sources_)[pixel];
      if (source.filled) {
        continue;
      }
      const auto input = static_cast<std::size_t>(source.input);
      if (input >= rows->size()) {
        rows->resize(input + 1, std::vector<Range>(row_count()));
      }
      (*rows)[input][pixel / static_cast<std::size_t>(cols_)].include(
          {source.at.row, source.at.row});
    }
    rows_ = std::move(rows);
  }

  PixelSource operator()(const Pixel& out) const {
    return (*sources_)[static_cast<std::size_t>(out.row * cols_ + out.col)];
  }

  /// The first row of the input that rows first..last of the result have, and the last; the latter
  /// is the smaller one where they have none.
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> rows_of(std::size_t input, std::int64_t first,
                                                              std::int64_t last) const {
    Range all;
    if (input >= rows_->size()) {
      return all;
    }
    for (std::int64_t row = first; row <= last; ++row) {
      const Range& range = (*rows_)[input][static_cast<std::size_t>(row)];
      if (range.first <= range.second) {
        all.include(range);
      }
    }
    return all;
  }

 private:
  using Bounds = std::pair<std::int64_t, std::int64_t>;
  /// Both ends included; of nothing at first.
  struct Range : Bounds {
    Range() : Bounds(0, -1) {}

    void include(const Bounds& rows) {
      first = second < first ? rows.first : std::min(first, rows.first);
      second = std::max(second, rows.second);
    }
  };
  using Rows = std::vector<std::vector<Range>>;  // by input and row of the result

  [[nodiscard]] std::size_t row_count() const {
    return sources_->size() / static_cast<std::size_t>(cols_);
  }

  std::shared_ptr<const std::vector<PixelSource>> sources_;
  std::int64_t cols_;
  std::shared_ptr<const Rows> rows_;
};

}  // namespace systole
