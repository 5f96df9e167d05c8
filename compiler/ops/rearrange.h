#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// An axis of a rearranged image: where its index j leads, to pixel indices[j] * stride of the
/// input, or, where that is kFilled, to none.
struct MapAxis {
  static constexpr std::int64_t kFilled = -1;

  std::vector<std::int64_t> indices;
  std::int64_t stride = 1;

  bool operator==(const MapAxis&) const = default;
};

/// `0..4*1 0..3*5`: the axes of the output, the last fastest, each a list of indices and a stride.
/// A list has numbers, runs first..last and first..last/step (either way), and `-` where nothing is
/// read, `-x3` three times, with commas between.
struct PixelMap {
  std::vector<MapAxis> axes;
  std::string error;  ///< `expected ..., got ...`; empty: none
};
[[nodiscard]] PixelMap parse_pixel_map(std::string_view text);
[[nodiscard]] std::string text_of(const std::vector<MapAxis>& axes);

/// Copies pixels, all their channels each, within the same image of the batch: transposes, parts,
/// repetitions, borders. Pixel i of the output, numbered through its axes, is pixel sum(indices *
/// stride) of the input, numbered through its rows and columns; those of several inputs are
/// numbered one behind the other. Pixels of which an axis leads nowhere are `fill`. The output is
/// an image: its rows are as few of the first axes as leave at most 65536 columns, at least one.
struct Rearrange {
  std::string map;
  double fill = 0;
  std::int64_t period = 1;    ///< columns as far apart are copied together; changes no number
  std::vector<MapAxis> axes;  ///< once they are known, as what follows
  std::shared_ptr<const std::vector<PixelSource>> sources;
  std::int64_t cols = 1;  ///< of the output

  static std::vector<OpEntry> entries();
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
  void gradient(Backward& backward) const;
};

}  // namespace systole
