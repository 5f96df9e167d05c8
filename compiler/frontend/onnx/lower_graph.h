#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "compiler/frontend/onnx/import_graph.h"
#include "compiler/frontend/onnx/infer_values.h"
#include "compiler/frontend/onnx/layout.h"
#include "compiler/frontend/quantized_network.h"
#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"

namespace systole {

/// Makes the numbers of a parameter, as real numbers in the order of memory.
using ParameterNumbers = std::function<std::vector<float>()>;

/// How files hold an input: integers that stand for real numbers.
struct StoredInput {
  OnnxType type = OnnxType::Int8;
  Quantization quantization;  ///< as int8
};

/// How files hold a state: maybe of fewer tokens, and in another order.
struct StoredCache {
  OnnxShape given;     ///< of files
  OnnxShape held;      ///< the same with all tokens
  std::size_t tokens;  ///< the axis of these
  FileOrder order;     ///< of what is held
};

/// A graph that compilers take, and how its tensors came about.
struct LoweredGraph {
  Graph graph;
  std::map<GraphTensorId, ParameterNumbers> parameters;
  FileOrders file_orders;
  std::map<std::string, OnnxType, std::less<>> whole_inputs;  ///< of whole numbers, by name
  /// Inputs that files hold as stored numbers, by name.
  std::map<std::string, StoredInput, std::less<>> stored_inputs;
  std::set<std::string, std::less<>> indices;  ///< inputs that say which rows are looked up
  std::map<std::string, StoredCache, std::less<>> caches;  ///< states, by name
  std::vector<std::string> constant_outputs;               ///< that nobody has to compute
  QuantizationChoice quantization;                         ///< what the file says of it
  std::vector<ImportRefusal> refusals;  ///< where there are some, the graph is of no use
};

/// Puts the operators of a cleaned-up graph in place of those of the file, all tensors of `type`.
/// Images lie with their channels last; where the file wants another order, weights are reordered,
/// and where those cannot be, the node is refused.
[[nodiscard]] LoweredGraph lower_graph(const ImportGraph& graph, DataType type);

/// Names of the operators of files that lower_graph knows, in alphabetical order; passes turn some
/// others into these.
[[nodiscard]] std::vector<std::string> lowered_operators();

}  // namespace systole
