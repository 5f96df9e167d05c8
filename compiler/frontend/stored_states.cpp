#include "compiler/frontend/stored_states.h"

#include <fmt/format.h>

#include "arch/diag/error.h"

namespace systole {

void store_states(Graph& reals, const Graph& quantized, const StateChoice& choice) {
  const DataType type = reals.input_type();
  const bool converts = type == DataType::Bf16 || type == DataType::Fp16;
  for (const GraphTensorId state : reals.states) {
    const StateType wanted = choice(reals.tensor(state).name);
    const std::optional<DataType> element = element_type(wanted);
    if (!element || *element == type) {
      continue;
    }
    const auto store = [&](GraphTensorId tensor) {
      reals.tensor(tensor).type.element = *element;
      if (!is_float(*element)) {
        reals.tensor(tensor).quantization = quantized.tensor(tensor).quantization;
      }
    };
    store(state);
    for (const Node& node : reals.nodes) {
      const bool reads = node.inputs.size() > 1 && node.inputs[1] == state;
      if (reads && !converts) {
        throw WorkloadError(
            node.location, node.name,
            fmt::format("expected a network of bf16 or fp16 (--type) for a state that is stored as "
                        "{}, got {}",
                        name_of(wanted), name_of(type)));
      }
      if (reads && changes_state(node.op)) {
        store(node.output());
      }
    }
  }
}

}  // namespace systole
