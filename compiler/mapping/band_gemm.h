#pragma once

#include <cstdint>

#include "compiler/graph/graph.h"
#include "compiler/lowering/tiles.h"
#include "compiler/tiling/band.h"

namespace systole {

/// The products of a band of a layer as its tiles see them: right operands, each for so many output
/// positions. Matrices that share a right operand are one, as long as all of them.
struct BandGemm {
  std::int64_t groups = 1;
  std::int64_t positions = 0;

  bool operator==(const BandGemm&) const = default;
};

/// `groups`: of the whole layer as it is mapped; `pixels`: neighbouring positions that are one.
[[nodiscard]] BandGemm band_gemm(const Graph& graph, const Node& node, std::int64_t groups,
                                 const Band& band, std::int64_t pixels = 1);

/// How the tiles of a layer lie, `gemm` as it is mapped: cut to the array, from where they come,
/// padded or not, converted or not.
[[nodiscard]] TileGrid mapped_grid(const ChipSpec& chip, const Graph& graph, const Node& node,
                                   const GemmShape& gemm, TileSource source);

}  // namespace systole
