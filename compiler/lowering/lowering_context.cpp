#include "compiler/lowering/lowering_context.h"

#include <algorithm>

#include "compiler/graph/kept_work.h"
#include "compiler/mapping/group_packing.h"

namespace systole {

GemmShape LoweringContext::layer_gemm(std::int32_t layer) const {
  return *mapped_gemm(graph, graph.node(layer), layer_mapping(layer).packing());
}

namespace {

ConstantBytes constants_of(const LoweringContext& context, std::int32_t layer) {
  return constant_bytes(context.graph, context.graph.node(layer),
                        context.layer_mapping(layer).pixels);
}

}  // namespace

std::optional<Operand> bias_operand(const LoweringContext& context, std::int32_t layer) {
  const TensorId tensor = context.bias_ids[static_cast<std::size_t>(layer)];
  if (tensor == kNoTensor) {
    return {};
  }
  return Operand{.address = context.layer_plan(layer).constants, .tensor = tensor, .offset = 0};
}

Operand factor_operand(const LoweringContext& context, std::int32_t layer) {
  const ConstantBytes bytes = constants_of(context, layer);
  return {.address = context.layer_plan(layer).constants + bytes.bias,
          .tensor = context.factor_ids[static_cast<std::size_t>(layer)],
          .offset = 0};
}

Operand table_operand(const LoweringContext& context, std::int32_t layer) {
  const ConstantBytes bytes = constants_of(context, layer);
  return {.address = context.layer_plan(layer).constants + bytes.bias + bytes.factors,
          .tensor = context.table_ids[static_cast<std::size_t>(layer)],
          .offset = 0};
}

Operand feature_operand(const LoweringContext& context, std::int32_t layer, std::size_t input) {
  const Node& node = context.graph.node(layer);
  const ConstantBytes bytes = constant_bytes(context.graph, node);
  std::int64_t address =
      context.layer_plan(layer).constants + bytes.bias + bytes.factors + bytes.table;
  const std::size_t inputs = node.inputs.size();
  for (std::size_t i = context.graph.data_inputs(node).size(); i < std::min(input, inputs); ++i) {
    address += context.graph.tensor(node.inputs[i]).bytes();
  }
  if (input >= inputs) {
    const auto kept = kept_work(node);
    const Work& work = *kept;
    const auto& tables = std::get<RowWork>(work).tables;
    std::int64_t offset = 0;
    for (std::size_t i = inputs; i < input; ++i) {
      offset += bytes_of(DataType::Fp32, tables[i - inputs].positions * tables[i - inputs].cols);
    }
    return {.address = address + offset,
            .tensor = context.row_table_ids[static_cast<std::size_t>(layer)],
            .offset = offset};
  }
  return {.address = address,
          .tensor = context.tensor_ids[static_cast<std::size_t>(node.inputs[input])],
          .offset = 0};
}

Window make_window(const Kernel& kernel, const PlacedBand& input, const PlacedBand& output,
                   std::int64_t first_channel, std::int64_t channels, std::int32_t pad_value) {
  return {.source = input.at(first_channel),
          .image_pitch = input.image_pitch(),
          .row_pitch = input.row_pitch(),
          .pixel_pitch = input.pixel_pitch(),
          .in_rows = input.shape.rows,
          .in_cols = input.shape.cols,
          .first_in_row = input.part.row,
          .channels = channels,
          .kernel_rows = kernel.rows,
          .kernel_cols = kernel.cols,
          .stride_rows = kernel.stride_rows,
          .stride_cols = kernel.stride_cols,
          .dilation_rows = kernel.dilation_rows,
          .dilation_cols = kernel.dilation_cols,
          .pad_top = kernel.pad_top,
          .pad_left = kernel.pad_left,
          .out_rows = output.part.rows,
          .out_cols = output.shape.cols,
          .first_out_row = output.part.row,
          .pad_value = pad_value};
}

}  // namespace systole
