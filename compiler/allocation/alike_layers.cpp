#include "compiler/allocation/alike_layers.h"

#include <tuple>

#include "compiler/graph/hold.h"
#include "compiler/graph/kept_work.h"

namespace systole {

namespace {

auto members(const MatrixWalk& walk) {
  return std::tie(walk.image, walk.head, walk.row, walk.col, walk.sharing, walk.images_axis,
                  walk.rows_axis, walk.cols_axis);
}

auto members(const Kernel& kernel) {
  return std::tie(kernel.rows, kernel.cols, kernel.stride_rows, kernel.stride_cols,
                  kernel.dilation_rows, kernel.dilation_cols, kernel.pad_top, kernel.pad_bottom,
                  kernel.pad_left, kernel.pad_right);
}

bool same_image(const ImageOperand& a, const ImageOperand& b) {
  return members(a.kernel) == members(b.kernel) && a.in == b.in && a.out == b.out &&
         a.is_correlated == b.is_correlated;
}

bool same_products(const MatmulWork& a, const MatmulWork& b) {
  const auto sizes = [](const MatmulWork& of) {
    return std::tie(of.images, of.heads, of.m, of.k, of.n, of.k_part);
  };
  return sizes(a) == sizes(b) && members(a.a) == members(b.a) && members(a.b) == members(b.b) &&
         members(a.c) == members(b.c) && a.image.has_value() == b.image.has_value() &&
         (!a.image || same_image(*a.image, *b.image));
}

bool same_products(const ProductWork& a, const ProductWork& b) {
  return members(a.kernel) == members(b.kernel) && a.groups == b.groups &&
         a.weights.bias == b.weights.bias && a.weights.batch_norm == b.weights.batch_norm &&
         a.activation.kind == b.activation.kind;
}

/// Whether layers, whose operands and results are of the same types, cost the same in every way.
/// Of what moves pixels from anywhere nobody knows.
bool same_costs(const Work& a, const Work& b) {
  if (const auto* products = std::get_if<MatmulWork>(&a)) {
    const auto* others = std::get_if<MatmulWork>(&b);
    return others != nullptr && same_products(*products, *others);
  }
  if (const auto* products = std::get_if<ProductWork>(&a)) {
    const auto* others = std::get_if<ProductWork>(&b);
    return others != nullptr && same_products(*products, *others);
  }
  const auto* rows = std::get_if<RowWork>(&a);
  const auto* other_rows = std::get_if<RowWork>(&b);
  return rows != nullptr && other_rows != nullptr &&
         passes_of(rows->pieces.front().stages).back() ==
             passes_of(other_rows->pieces.front().stages).back();
}

}  // namespace

std::int32_t AlikeLayers::first_of(std::int32_t layer) {
  const Node& node = graph_.node(layer);
  const auto work = kept_work(node);
  std::vector<std::int32_t>& firsts = firsts_[types_of(node)];
  for (const std::int32_t other : firsts) {
    if (same_costs(*work, *kept_work(graph_.node(other)))) {
      return other;
    }
  }
  firsts.push_back(layer);
  return layer;
}

/// Of operands, weights and output, as numbers.
AlikeLayers::Types AlikeLayers::types_of(const Node& node) const {
  Types types{node.added ? 1 : 0, node.fused ? 1 : 0, is_hold(graph_, node) ? 1 : 0};
  const auto add = [&](GraphTensorId tensor) {
    const TensorType& type = graph_.tensor(tensor).type;
    types.push_back(static_cast<std::int64_t>(type.element));
    types.push_back(static_cast<std::int64_t>(type.extents.size()));
    types.insert(types.end(), type.extents.begin(), type.extents.end());
  };
  for (std::size_t input = 0; input < graph_.operand_count(node); ++input) {
    add(graph_.operand(node, input));
  }
  for (const GraphTensorId input : node.inputs) {
    if (graph_.is_parameter(input)) {
      const GraphTensor& parameter = graph_.tensor(input);
      add(input);
      types.push_back(parameter.stored.exist() ? parameter.stored.group : -1);
      types.push_back(static_cast<std::int64_t>(parameter.blocks.block.size()));
      types.insert(types.end(), parameter.blocks.block.begin(), parameter.blocks.block.end());
    }
  }
  add(node.output());
  return types;
}

}  // namespace systole
