#pragma once

#include <cstdint>
#include <vector>

#include "compiler/graph/graph.h"

namespace systole {

/// A part of an NHWC tensor: some rows of one image, or all rows of some images; of some operators
/// also some columns of some rows of one image.
struct Band {
  std::int64_t image = 0;
  std::int64_t images = 1;
  std::int64_t row = 0;
  std::int64_t rows = 1;
  std::int64_t col = 0;
  std::int64_t cols = 0;  ///< 0: all, and the band is contiguous

  bool operator==(const Band&) const = default;
};

/// The whole tensor as one band.
[[nodiscard]] Band whole(const Shape& shape);

/// Elements of a tensor's band, and the index of its first one in the packed tensor.
[[nodiscard]] std::int64_t band_elements(const Shape& shape, const Band& band);
[[nodiscard]] std::int64_t band_offset(const Shape& shape, const Band& band);
[[nodiscard]] std::int64_t row_elements(const Shape& shape);

/// Cuts a tensor into bands of at most `images` images, or of at most `rows` rows of one image
/// when rows < shape.rows (then images must be 1).
[[nodiscard]] std::vector<Band> cut(const Shape& shape, std::int64_t images, std::int64_t rows);

/// The sizes (images, rows) of bands worth trying, from the whole tensor down to a single row, each
/// with more bands than the one before.
struct BandSize {
  std::int64_t images = 1;
  std::int64_t rows = 1;

  bool operator==(const BandSize&) const = default;
};
[[nodiscard]] std::vector<BandSize> band_sizes(const Shape& shape);

/// The same of what a node writes: all rows of its output, or some of them, image by image then.
[[nodiscard]] std::vector<Band> cut(const Graph& graph, const Node& node, const BandSize& size);
[[nodiscard]] std::vector<BandSize> band_sizes(const Graph& graph, const Node& node);

/// The bands of a size, those that cost the same named once: whole images, or the rows of the first
/// image for each of the others. Of a node whose bands cost by their size alone, all of a size.
struct BandRun {
  Band band;
  std::int64_t count = 1;
};
[[nodiscard]] std::vector<BandRun> band_runs(const Shape& shape, const BandSize& size);
[[nodiscard]] std::vector<BandRun> band_runs(const Graph& graph, const Node& node,
                                             const BandSize& size);

/// What of a product of two tensors makes a band of its output: images, heads, and rows of each
/// matrix.
struct MatmulPart {
  std::int64_t image = 0;
  std::int64_t images = 1;
  std::int64_t head = 0;
  std::int64_t heads = 1;
  std::int64_t row = 0;
  std::int64_t rows = 1;
};
[[nodiscard]] MatmulPart matmul_part(const MatmulWork& matmul, const Band& output);

/// The part of operand `input` (Graph::operand) that an output band of the node needs.
/// Whole output images need whole input images; of a part, rows that lie wholly in the padding are
/// left out, but at least one row remains. An operand of a product of two tensors is needed whole,
/// but for its axes that are axes of the band, too: images, heads, rows of the left one.
[[nodiscard]] Band input_band(const Graph& graph, const Node& node, std::size_t input,
                              const Band& output);

}  // namespace systole
