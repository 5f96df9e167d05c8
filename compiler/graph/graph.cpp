#include "compiler/graph/graph.h"

namespace systole {

namespace {

const WeightInfo* weights_of(const Node& node) {
  if (const auto* conv = std::get_if<Conv2d>(&node.op)) {
    return &conv->weights;
  }
  if (const auto* dense = std::get_if<Dense>(&node.op)) {
    return &dense->weights;
  }
  return nullptr;
}

}  // namespace

std::optional<GemmShape> gemm_shape(const Graph& graph, const Node& node) {
  const WeightInfo* weights = weights_of(node);
  if (weights == nullptr) {
    return std::nullopt;
  }
  const Shape in = graph.tensor(node.inputs.front()).shape();
  const Shape out = graph.tensor(node.output()).shape();
  const auto* conv = std::get_if<Conv2d>(&node.op);
  if (conv == nullptr) {
    return GemmShape{.groups = 1, .m = out.pixels(), .k = in.channels, .n = out.channels};
  }
  return GemmShape{
      .groups = conv->groups,
      .m = out.pixels(),
      .k = conv->kernel.rows * conv->kernel.cols * (in.channels / conv->groups),
      .n = out.channels / conv->groups,
  };
}

std::int64_t macs_of(const Graph& graph, const Node& node) {
  const auto gemm = gemm_shape(graph, node);
  return gemm ? gemm->macs() : 0;
}

std::int64_t parameters_of(const Graph& graph, const Node& node) {
  const auto gemm = gemm_shape(graph, node);
  if (!gemm) {
    return 0;
  }
  const WeightInfo& weights = *weights_of(node);
  const std::int64_t per_channel = weights.batch_norm ? 2 : (weights.bias ? 1 : 0);
  return gemm->groups * gemm->n * (gemm->k + per_channel);
}

}  // namespace systole
