#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/frontend/onnx/import_graph.h"

namespace systole {

/// Why a node cannot be part of a network.
struct ImportRefusal {
  std::string node;
  std::string op;
  std::string reason;  ///< `expected ..., got ...`
};

/// Gives every value the type and shape that follow from the inputs, and the numbers where those
/// do not depend on inputs: subgraphs that compute shapes vanish. Nodes that it does not know leave
/// their outputs unknown, quietly. Branches of If whose condition is known take its place. Returns
/// what contradicts itself.
[[nodiscard]] std::vector<ImportRefusal> infer_values(ImportGraph& graph);

/// The same of one node, which may not be one of the graph's, and is not spelled out. Returns what
/// contradicts itself.
[[nodiscard]] std::optional<std::string> infer_node(ImportGraph& graph, ImportNode& node);

/// Whether shapes of an operator's results are known, or those of the operators that it is spelled
/// out in.
[[nodiscard]] bool is_inferred(std::string_view op);

/// Both as ONNX broadcasts them; empty where it does not.
[[nodiscard]] std::optional<OnnxShape> broadcast_shape(const OnnxShape& a, const OnnxShape& b);

/// `axis` of a tensor of that rank, counted from the end where it is negative. Throws
/// std::out_of_range.
[[nodiscard]] std::size_t axis_of(std::int64_t axis, std::size_t rank);

/// Windows of Conv and pooling over the rows, columns, ... of an image, from a node's attributes.
struct ImportWindow {
  std::vector<std::int64_t> kernel, strides, dilations, pads_before, pads_after;
  bool ceil_mode = false;
  std::vector<std::int64_t> out;  ///< sizes of the output
};
[[nodiscard]] ImportWindow window_of(const ImportNode& node, const OnnxShape& image,
                                     const std::vector<std::int64_t>& kernel);

/// Of a ConvTranspose: an output element at index o is the sum of the inputs i and kernel elements
/// k with o + pad = i * stride + k * dilation.
struct TransposedWindow {
  std::vector<std::int64_t> kernel, strides, dilations, pads_before;
  std::vector<std::int64_t> out;  ///< sizes of the output
};
[[nodiscard]] TransposedWindow transposed_window_of(const ImportNode& node, const OnnxShape& image,
                                                    const OnnxShape& weights);

/// Axes of an Einsum by their letters.
struct Equation {
  std::vector<std::string> inputs;
  std::string output;
};
/// Empty for what it does not read, such as an ellipsis.
[[nodiscard]] std::optional<Equation> equation_of(std::string_view text, std::size_t inputs);
[[nodiscard]] std::optional<OnnxShape> einsum_shape(std::string_view text,
                                                    const std::vector<OnnxShape>& shapes);

}  // namespace systole
