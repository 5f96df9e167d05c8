#include "compiler/tiling/rows_first.h"

#include <algorithm>
#include <variant>

#include "compiler/graph/kept_work.h"
#include "compiler/lowering/tiles.h"
#include "compiler/ops/work.h"

namespace systole {

bool may_pool_rows_first(const Graph& graph, const Node& node) {
  const auto kept = kept_work(node);
  const Work& work = *kept;
  const auto* pool = std::get_if<PoolWork>(&work);
  if (pool == nullptr || pool->kind != PoolKind::Max || pool->kernel.rows == 1 ||
      pool->kernel.cols == 1) {
    return false;
  }
  const GraphTensor& input = graph.tensor(node.inputs.front());
  const Shape image = input.shape();
  return image.rows > 1 && image.cols > 1 &&
         input.type.element == graph.tensor(node.output()).type.element;
}

Shape shape_of_maxima(const Graph& graph, const Node& node) {
  Shape shape = graph.tensor(node.inputs.front()).shape();
  shape.rows = graph.tensor(node.output()).shape().rows;
  return shape;
}

std::int64_t rows_at_once(const Graph& graph, const Node& node) {
  const Shape output = graph.tensor(node.output()).shape();
  return std::clamp<std::int64_t>(kPixelsPerInstruction / output.cols, 1, output.rows);
}

std::int64_t maxima_bytes(const Graph& graph, const Node& node, const BandSize& size) {
  return bytes_of(
      graph.tensor(node.output()).type.element,
      std::min(rows_at_once(graph, node), size.rows) * row_elements(shape_of_maxima(graph, node)));
}

}  // namespace systole
