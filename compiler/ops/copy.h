#pragma once

#include <cstdint>
#include <functional>
#include <optional>

namespace systole {

/// Of an image.
struct Pixel {
  std::int64_t row = 0;
  std::int64_t col = 0;
};

/// Where a pixel of an output comes from: a pixel of the same image of an input, its channels from
/// `channel` on, or nowhere.
struct PixelSource {
  std::int32_t input = 0;
  Pixel at;
  std::int64_t channel = 0;
  bool filled = false;  ///< all its channels are the number of the work
};

/// Rows of each image that are written over those of an input; with `cols`, so many columns from
/// `first_col` on of each of them: from row to row their sources are rows that ascend.
struct RowsOver {
  std::int32_t input = 0;
  std::int64_t first = 0;
  std::int64_t rows = 0;
  std::int64_t first_col = 0;
  std::int64_t cols = 0;
};

/// Pixels from anywhere in the same image, as many channels as the output has.
struct CopyWork {
  std::function<PixelSource(const Pixel& out)> source;
  double fill = 0;
  /// Columns of a row that stand as far apart come from pixels at one distance: they are copied
  /// together, then those beside them.
  std::int64_t period = 1;
  /// Where these alone are written: the output is that input, in the same memory.
  std::optional<RowsOver> over = std::nullopt;
  /// The input is a table in DRAM, from which each row comes by itself: whole rows alone, from the
  /// row that the first column's pixel says. Rows of the output are counted over all images.
  bool gathers = false;
};

}  // namespace systole
