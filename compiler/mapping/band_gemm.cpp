#include "compiler/mapping/band_gemm.h"

#include <variant>

#include "arch/units/units.h"
#include "compiler/graph/kept_work.h"

namespace systole {

BandGemm band_gemm(const Graph& graph, const Node& node, std::int64_t groups, const Band& band,
                   std::int64_t pixels) {
  const auto work = kept_work(node);
  if (const auto* matmul = std::get_if<MatmulWork>(work.get())) {
    const MatmulPart part = matmul_part(*matmul, band);
    // As many matrices as B has, each for all that share one.
    const std::int64_t heads = ceil_div(part.heads, matmul->b.sharing);
    const std::int64_t matrices = (matmul->b.image == 0 ? 1 : part.images) * heads;
    return {.groups = matrices,
            .positions = part.rows * ceil_div(part.images * part.heads, matrices)};
  }
  return {.groups = groups,
          .positions = band.images * band.rows * graph.tensor(node.output()).shape().cols / pixels};
}

TileGrid mapped_grid(const ChipSpec& chip, const Graph& graph, const Node& node,
                     const GemmShape& gemm, TileSource source) {
  TileGrid grid = tile_grid(chip, gemm, source);
  grid.whole = chip.weight_fifo.whole_tiles && has_weights(node);
  grid.converted = converted_elements(graph, node);
  return grid;
}

}  // namespace systole
