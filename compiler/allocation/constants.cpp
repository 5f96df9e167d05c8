#include "compiler/allocation/constants.h"

#include "arch/isa/row_loop.h"
#include "compiler/graph/kept_work.h"
#include "compiler/lowering/quantize.h"

namespace systole {

namespace {

constexpr std::int64_t kBiasBytes = 4;

}  // namespace

bool needs_biases(const Graph& graph, const Node& node) {
  return has_weights(node) && (has_biases(node) || !is_float(graph.operand_type(node)));
}

ConstantBytes constant_bytes(const Graph& graph, const Node& node, std::int64_t pixels) {
  ConstantBytes bytes;
  if (needs_biases(graph, node)) {
    const GemmShape gemm = *gemm_shape(graph, node);
    bytes.bias = gemm.groups * gemm.n * pixels * kBiasBytes;
  }
  const auto kept = kept_work(node);
  const Work& work = *kept;
  if (const auto* rows = std::get_if<RowWork>(&work)) {
    for (const GraphTensorId input : node.inputs) {
      bytes.by_feature += graph.is_parameter(input) ? graph.tensor(input).bytes() : 0;
    }
    for (const RowTable& table : rows->tables) {
      bytes.by_feature += bytes_of(DataType::Fp32, table.positions * table.cols);
    }
  }
  if (is_float(graph.operand_type(node))) {
    return bytes;  // functions are computed
  }
  if (has_channel_scales(graph, node)) {
    bytes.factors = bytes.bias / kBiasBytes * kColumnFactorBytes;
  }
  if (std::holds_alternative<SoftmaxWork>(work)) {
    bytes.table = kSoftmaxTableBytes;
  } else if (uses_lookup(node.activation(), graph.operand_type(node))) {
    bytes.table = kLookupBytes;
  }
  return bytes;
}

}  // namespace systole
