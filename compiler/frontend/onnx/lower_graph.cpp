#include "compiler/frontend/onnx/lower_graph.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <set>
#include <utility>

#include "compiler/frontend/onnx/lower/families.h"
#include "compiler/frontend/onnx/lower/lowering.h"
#include "compiler/frontend/onnx/spell/spelling.h"

namespace systole {

const LowerRule* lower_rule_of(std::string_view full_op) {
  for (const auto rules :
       {element_rules(), image_rules(), movement_rules(), product_rules(), row_rules()}) {
    const auto found = std::find_if(rules.begin(), rules.end(),
                                    [&](const LowerRule& rule) { return rule.op == full_op; });
    if (found != rules.end()) {
      return &*found;
    }
  }
  return nullptr;
}

LoweredGraph lower_graph(const ImportGraph& graph, DataType type) {
  // Images come with their channels last; where that does not do, another order may, and where none
  // does, tensors are copied into the order that is needed.
  std::optional<LoweredGraph> best;
  std::exception_ptr error;
  for (const bool moves : {false, true}) {
    for (const InputOrder order :
         {InputOrder::Images, InputOrder::Rows, InputOrder::Plain, InputOrder::Single}) {
      try {
        LoweredGraph lowered = Lowering(graph, type, {.inputs = order, .moves = moves}).run();
        if (lowered.refusals.empty()) {
          return lowered;
        }
        if (!best || lowered.refusals.size() < best->refusals.size()) {
          best = std::move(lowered);
        }
      } catch (const WorkloadError&) {
        error = error ? error : std::current_exception();
      }
    }
  }
  if (!best) {
    std::rethrow_exception(error);
  }
  return *std::move(best);
}

std::vector<std::string> lowered_operators() {
  std::set<std::string> names;
  for (const auto rules :
       {element_rules(), image_rules(), movement_rules(), product_rules(), row_rules()}) {
    for (const LowerRule& rule : rules) {
      if (!rule.op.starts_with("systole.")) {
        names.emplace(rule.op);
      }
    }
  }
  for (std::string& name : onnx_spelling::spelled_operators()) {
    names.insert(std::move(name));
  }
  for (const NumberFunction& function : number_functions()) {
    if (!function.onnx.empty()) {
      names.emplace(function.onnx);
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace systole
