#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "compiler/frontend/onnx/import_graph.h"

namespace systole {

/// Of an operator that takes its two inputs in either order.
inline constexpr std::array<std::size_t, 2> kSides{0, 1};
/// Axes of [batch, heads, tokens, features], in any order.
inline constexpr std::size_t kByHead = 4;

/// What passes ask when they look for operators that exporters spell out. Nodes may be rewritten
/// meanwhile as long as their outputs stay.
class Pattern {
 public:
  explicit Pattern(const ImportGraph& graph) : graph_(graph), uses_(graph) {}

  [[nodiscard]] const ImportGraph& graph() const { return graph_; }
  [[nodiscard]] const ImportUses& uses() const { return uses_; }
  /// Null for inputs and constants.
  [[nodiscard]] const ImportNode* maker(ImportValueId value) const;
  /// The same where it is this operator of ONNX.
  [[nodiscard]] const ImportNode* maker(ImportValueId value, std::string_view op) const;
  [[nodiscard]] bool is_read_once(ImportValueId value) const { return uses_.count(value) == 1; }
  /// The index of the only node that reads a value that is no output, else -1.
  [[nodiscard]] std::ptrdiff_t only_reader(ImportValueId value) const;
  [[nodiscard]] bool is_clip(const ImportNode& node, float low, float high) const;
  /// Whether a node reduces the last axis of its input alone, and keeps it.
  [[nodiscard]] bool reduces_last(const ImportNode& node) const;

 private:
  const ImportGraph& graph_;
  ImportUses uses_;
};

}  // namespace systole
