#pragma once

#include <optional>
#include <string>

#include "compiler/frontend/onnx/import_graph.h"

namespace systole {

/// What is wrong with the attributes of one of ONNX's own operators: one that it has not, or that
/// is not modelled, one of another type, or a word that it does not know. Empty where nothing is,
/// and for operators of other domains.
[[nodiscard]] std::optional<std::string> attribute_fault(const ImportNode& node);

}  // namespace systole
