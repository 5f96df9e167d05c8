#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reference/kernels/dot_products.h"

namespace systole::reference {

/// In which order an array adds up the products of a weighted layer. The reduction axis is cut into
/// parts; of each, ((0 + p_0) + p_1) + ...; the parts are added from the first on. Sums that
/// stay in the array are one such chain over all parts instead.
struct SummationOrder {
  std::vector<std::int64_t> parts;  ///< lengths; together the whole reduction
  std::vector<bool> stays;          ///< by output element; empty: none
  /// Parts, some of them empty, where outputs side by side in a tile share its reduction with zeros
  /// between them and so are cut at different places: of a layer of one group by output position,
  /// position p has those of p modulo their number, of one of several by group; empty: `parts` for
  /// all.
  std::vector<std::vector<std::int64_t>> side_by_side;
};

/// Sums of products in binary32, each operation rounded to nearest even, in the given order.
/// Padding is zero. Weights as in RealParameters, results NHWC, without bias. Plain code.
[[nodiscard]] std::vector<float> ordered_sums(const ConvolutionGeometry& geometry,
                                              std::span<const float> input,
                                              std::span<const float> weights,
                                              const SummationOrder& order);

}  // namespace systole::reference
