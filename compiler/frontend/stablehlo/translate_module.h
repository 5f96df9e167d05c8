#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/frontend/onnx/import_graph.h"
#include "compiler/frontend/stablehlo/module.h"

namespace systole {

/// What an operation of the module was refused for; without a reason nobody knows it.
struct HloRefusal {
  std::string op;
  std::string reason;
  HloPlace place;
};

/// The numbers of arguments that are weights; nothing for those that are inputs.
using HloWeights = std::function<std::optional<OnnxConstant>(std::size_t argument)>;

/// Where a node of the graph comes from.
struct HloOrigin {
  std::string op;
  HloPlace place;
};

/// A module as a graph of ONNX's operators, its values inferred.
struct HloTranslation {
  ImportGraph graph;
  std::map<std::string, HloOrigin, std::less<>> origins;  ///< by node
  std::vector<HloRefusal> refusals;  ///< where there are some, the graph is of no use
  std::int64_t operations = 0;       ///< that were translated, those of loops as often as they run
};

/// Translates the entry of a module. Functions are put in the place of their calls, loops unrolled:
/// up to 4,096 turns each, 200,000 operations in all. Throws WorkloadError with line and column:
/// values that nobody makes, functions that call themselves, more operations than that.
[[nodiscard]] HloTranslation translate_hlo_module(const HloModule& module,
                                                  const HloWeights& weights);

/// Names of the operations that are translated, without their dialect, in alphabetical order.
[[nodiscard]] std::vector<std::string> translated_operations();

/// What an argument is called: by its location, where it has one, else by its name.
[[nodiscard]] std::string name_of(const HloArgument& argument, std::size_t index);

}  // namespace systole
