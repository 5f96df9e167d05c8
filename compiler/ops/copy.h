#pragma once

#include <cstdint>
#include <functional>

namespace systole {

/// Of an image.
struct Pixel {
  std::int64_t row = 0;
  std::int64_t col = 0;
};

/// Where a pixel of an output comes from: a pixel of the same image of an input, or nowhere.
struct PixelSource {
  std::int32_t input = 0;
  Pixel at;
  bool filled = false;  ///< all its channels are the number of the work
};

/// Pixels, all their channels each, from anywhere in the same image.
struct CopyWork {
  std::function<PixelSource(const Pixel& out)> source;
  double fill = 0;
};

}  // namespace systole
