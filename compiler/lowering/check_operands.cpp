#include "compiler/lowering/check_operands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/diag/error.h"
#include "compiler/allocation/lifetimes.h"
#include "compiler/graph/kept_work.h"
#include "compiler/mapping/tile_source.h"

namespace systole {

namespace {

std::string kinds_of(const MatrixUnitSpec& matrix) {
  std::vector<std::string_view> names;
  for (const auto& [kind, name] : kEnumNames<MacKind>) {
    if (matrix.supports(kind)) {
      names.push_back(name);
    }
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

/// Elements that become what the array multiplies on their way into it.
void check_conversion(const ChipSpec& chip, const Graph& graph, const Node& node) {
  if (node.inputs.size() <= kRightInput) {
    return;
  }
  const DataType stored = graph.tensor(node.inputs[kRightInput]).type.element;
  if (stored == right_type(graph, node) || chip.weight_fifo.converts(stored)) {
    return;
  }
  std::vector<std::string_view> names;
  for (const auto& [type, name] : kEnumNames<DataType>) {
    if (chip.weight_fifo.converts(type)) {
      names.push_back(name);
    }
  }
  throw WorkloadError(
      node.location, node.name,
      fmt::format("expected {} of a type that {} converts on its way into the array "
                  "(weight_fifo.convert: {}), got {}",
                  has_weights(node) ? "weights" : "a right operand", chip.name,
                  names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")),
                  name_of(stored)));
}

/// Tiles that are parts of a tensor: whether the chip has a way to take them from where it is.
void check_tiles(const ChipSpec& chip, const Graph& graph, const Node& node) {
  const auto kept = kept_work(node);
  const Work& work = *kept;
  const auto* matmul = std::get_if<MatmulWork>(&work);
  if (matmul == nullptr) {
    return;
  }
  if (matmul->image && chip.matrix.dataflow == Dataflow::OutputStationary) {
    throw WorkloadError(node.location, node.name,
                        fmt::format("expected convolutions by weights that do not change on the "
                                    "output stationary array of {}, got one by a tensor",
                                    chip.name));
  }
  if (matmul->a.col != 1 && !chip.weight_fifo.transpose) {
    throw WorkloadError(node.location, node.name,
                        fmt::format("expected a left operand that is not transposed ({} has no "
                                    "weight_fifo.transpose), got transpose_a",
                                    chip.name));
  }
  if (matmul->b.col != 1 && !chip.weight_fifo.transpose) {
    throw WorkloadError(node.location, node.name,
                        fmt::format("expected a right operand that is not transposed ({} has no "
                                    "weight_fifo.transpose), got transpose_b",
                                    chip.name));
  }
  const TensorLives lives = tensor_lives(graph);
  const GraphTensorId root = lives.root(node.inputs[kRightInput]);
  if (!chip.weight_fifo.from_buffer && !has_home_in_dram(chip, graph, lives, root)) {
    throw WorkloadError(node.location, node.name,
                        fmt::format("expected a right operand in DRAM, where {} takes its tiles "
                                    "from, got '{}' in host memory (--io device)",
                                    chip.name, graph.tensor(root).name));
  }
}

}  // namespace

void check_operands(const ChipSpec& chip, const Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (!gemm_shape(graph, node)) {
      continue;
    }
    const DataType activation = graph.operand_type(node);
    check_conversion(chip, graph, node);
    const DataType weight = right_type(graph, node);
    const std::optional<MacKind> kind = mac_kind(activation, weight);
    if (!kind || !chip.matrix.supports(*kind)) {
      throw WorkloadError(
          node.location, node.name,
          fmt::format("expected operands that the matrix unit of {} multiplies ({}), got {}x{}",
                      chip.name, kinds_of(chip.matrix), name_of(activation), name_of(weight)));
    }
    check_tiles(chip, graph, node);
  }
}

}  // namespace systole
