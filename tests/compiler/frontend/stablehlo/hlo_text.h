#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/frontend/onnx/infer_values.h"
#include "compiler/frontend/stablehlo/translate_module.h"

namespace systole {

/// The graph of a module's text, every argument an input.
inline ImportGraph graph_of(const std::string& text) {
  const HloModule module = parse_hlo_module(text, "m.mlir");
  HloTranslation made = translate_hlo_module(
      module, [](std::size_t) -> std::optional<OnnxConstant> { return std::nullopt; });
  static_cast<void>(infer_values(made.graph));
  return std::move(made.graph);
}

/// A function of %x and %y, tensors of `type`, that gives %r.
inline std::string hlo_function(const std::string& type, const std::string& lines) {
  return "func.func @main(%x: " + type + ", %y: " + type + ") -> " + type + " {\n" + lines +
         "  return %r : " + type + "\n}\n";
}

inline std::vector<std::string> ops_of(const ImportGraph& graph) {
  std::vector<std::string> ops;
  for (const ImportNode& node : graph.nodes) {
    ops.push_back(node.full_op());
  }
  return ops;
}

}  // namespace systole
