#include "compiler/lowering/check_operands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/diag/error.h"

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

}  // namespace

void check_operands(const ChipSpec& chip, const Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (!has_weights(node)) {
      continue;
    }
    const DataType activation = graph.operand_type(node);
    const DataType weight = graph.tensor(node.inputs.at(kWeightsInput)).type.element;
    const std::optional<MacKind> kind = mac_kind(activation, weight);
    if (!kind || !chip.matrix.supports(*kind)) {
      throw WorkloadError(
          node.location, node.name,
          fmt::format("expected operands that the matrix unit of {} multiplies ({}), got {}x{}",
                      chip.name, kinds_of(chip.matrix), name_of(activation), name_of(weight)));
    }
  }
}

}  // namespace systole
