#pragma once

#include <cstdint>
#include <functional>

namespace systole {

/// Of an image.
struct Pixel {
  std::int64_t row = 0;
  std::int64_t col = 0;
};

/// Where a pixel of an output comes from: a pixel of the same image of an input.
struct PixelSource {
  std::int32_t input = 0;
  Pixel at;
};

/// Pixels, all their channels each, from anywhere in the same image.
struct CopyWork {
  std::function<PixelSource(const Pixel& out)> source;
};

}  // namespace systole
