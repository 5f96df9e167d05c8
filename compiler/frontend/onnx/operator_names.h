#pragma once

#include <optional>

#include "compiler/frontend/onnx/import_graph.h"
#include "compiler/ops/functions.h"

namespace systole {

/// The function of one number that a node applies to its first input, among number_functions().
[[nodiscard]] std::optional<ActivationKind> number_function_of(const ImportGraph& graph,
                                                               const ImportNode& node);

}  // namespace systole
