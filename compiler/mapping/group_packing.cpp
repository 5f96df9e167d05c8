#include "compiler/mapping/group_packing.h"

#include <algorithm>

#include "arch/dataflow.h"
#include "compiler/graph/kept_work.h"
#include "compiler/lowering/tiles.h"
#include "compiler/mapping/gemm_cost.h"

namespace systole {

namespace {

GemmShape packed(GemmShape gemm, std::int64_t groups) {
  gemm.groups /= groups;
  gemm.k *= groups;
  gemm.n *= groups;
  return gemm;
}

std::int64_t extent(const GemmShape& gemm, Axis axis) {
  switch (axis) {
    case Axis::M:
      return gemm.m;
    case Axis::N:
      return gemm.n;
    case Axis::K:
      break;
  }
  return gemm.k;
}

/// In DRAM, padding among them where the chip has whole tiles.
std::int64_t weight_bytes(const ChipSpec& chip, const GemmShape& gemm, DataType type) {
  const std::int64_t tiles =
      gemm.groups * ceil_div(gemm.k, chip.matrix.rows) * ceil_div(gemm.n, chip.matrix.cols);
  return chip.weight_fifo.whole_tiles ? bytes_of(type, tiles * chip.matrix.macs_per_cycle())
                                      : bytes_of(type, gemm.groups * gemm.k * gemm.n);
}

std::int64_t score_of(const ChipSpec& chip, const GemmShape& gemm, DataType type,
                      const Weights& weights) {
  const DataflowRule& rule = rule_of(chip.matrix.dataflow);
  const std::int64_t folds = gemm.groups * ceil_div(extent(gemm, rule.rows), chip.matrix.rows) *
                             ceil_div(extent(gemm, rule.cols), chip.matrix.cols);
  const std::int64_t stream = extent(gemm, rule.time) * chip.matrix.pace(type, type).count();
  const CoreCycles array(folds * std::max(stream, chip.matrix.rows));
  const CoreCycles vector = chip.vector.pace_of(VectorClass::Activation) *
                            (gemm.groups * gemm.m * ceil_div(gemm.n, chip.vector.lanes));
  const std::int64_t bytes = weight_bytes(chip, gemm, type);
  const CoreCycles memory =
      dram_cycles(chip, Bytes(bytes), ceil_div(bytes, chip.dma.request.count()));
  return weights.score(std::max({array, vector, memory}), memory);
}

}  // namespace

std::int64_t groups_side_by_side(const ChipSpec& chip, const Graph& graph, const Node& node,
                                 const Weights& weights) {
  std::optional<GemmShape> gemm = gemm_shape(graph, node);
  const DataType type = graph.operand_type(node);
  if (!gemm || gemm->groups == 1 || is_float(type) || !may_pack(graph, node)) {
    return 1;
  }
  const Shape output = graph.tensor(node.output()).shape();
  gemm->m = output.rows * output.cols;
  std::int64_t best = 1;
  std::int64_t lowest = score_of(chip, *gemm, type, weights);
  for (const std::int64_t groups : group_choices(chip, graph, node)) {
    const std::int64_t score = score_of(chip, packed(*gemm, groups), type, weights);
    if (score < lowest) {
      best = groups;
      lowest = score;
    }
  }
  return best;
}

bool may_pack(const Graph& graph, const Node& node) {
  return has_weights(node) && !converted_elements(graph, node);
}

std::vector<std::int64_t> group_choices(const ChipSpec& chip, const Graph& graph,
                                        const Node& node) {
  std::vector<std::int64_t> choices{1};
  const std::optional<GemmShape> gemm = gemm_shape(graph, node);
  if (!gemm || !may_pack(graph, node)) {
    return choices;
  }
  // With more columns than the array has a tile might be of zeros alone.
  for (std::int64_t groups = 2; groups <= gemm->groups && groups * gemm->n <= chip.matrix.cols;
       ++groups) {
    if (gemm->groups % groups == 0) {
      choices.push_back(groups);
    }
  }
  return choices;
}

std::vector<std::int64_t> pixel_choices(const ChipSpec& chip, const Graph& graph,
                                        const Node& node) {
  std::vector<std::int64_t> choices{1};
  const std::optional<GemmShape> gemm = gemm_shape(graph, node);
  const auto kept = kept_work(node);
  const Work& work = *kept;
  const auto* product = std::get_if<ProductWork>(&work);
  if (!gemm || product == nullptr || gemm->groups > 1 || !may_pack(graph, node) ||
      (product->kernel.cols > 1 &&
       (product->kernel.dilation_cols > 1 || product->kernel.stride_cols > product->kernel.cols))) {
    return choices;
  }
  const std::int64_t cols = graph.tensor(node.output()).shape().cols;
  for (std::int64_t pixels = 2; pixels <= cols && pixels * gemm->n <= chip.matrix.cols; ++pixels) {
    if (cols % pixels == 0) {
      choices.push_back(pixels);
    }
  }
  return choices;
}

Kernel widened(Kernel kernel, std::int64_t pixels) {
  if (pixels > 1) {
    if (kernel.cols == 1) {
      kernel.cols = pixels;
      kernel.dilation_cols = kernel.stride_cols;
    } else {
      kernel.cols += (pixels - 1) * kernel.stride_cols;
    }
    kernel.stride_cols *= pixels;
  }
  return kernel;
}

std::optional<std::int64_t> column_under(const Kernel& kernel, std::int64_t pixels,
                                         std::int64_t wide_column, std::int64_t pixel) {
  if (pixels == 1) {
    return wide_column;
  }
  const std::int64_t column =
      kernel.cols == 1 ? wide_column - pixel : wide_column - pixel * kernel.stride_cols;
  return column >= 0 && column < kernel.cols ? std::optional(column) : std::nullopt;
}

std::optional<GemmShape> mapped_gemm(const Graph& graph, const Node& node, const Packing& packing) {
  const std::optional<GemmShape> gemm = gemm_shape(graph, node);
  if (!gemm || packing.pixels == 1) {
    return gemm ? std::optional(packed(*gemm, packing.groups)) : std::nullopt;
  }
  const Kernel kernel = std::get<ProductWork>(*kept_work(node)).kernel;
  GemmShape wide = *gemm;
  wide.m /= packing.pixels;
  wide.n *= packing.pixels;
  wide.k = gemm->k / kernel.positions() * widened(kernel, packing.pixels).positions();
  return wide;
}

std::optional<GemmShape> mapped_gemm(const ChipSpec& chip, const Graph& graph, const Node& node,
                                     const Weights& weights) {
  return mapped_gemm(graph, node, {.groups = groups_side_by_side(chip, graph, node, weights)});
}

}  // namespace systole
