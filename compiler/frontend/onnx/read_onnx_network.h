#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "compiler/frontend/onnx/import_graph.h"
#include "compiler/frontend/onnx/infer_values.h"
#include "compiler/frontend/quantized_network.h"
#include "compiler/frontend/read_network.h"
#include "compiler/graph/file_order.h"

namespace systole {

/// True of files that are read as ONNX models: their names end in .onnx.
[[nodiscard]] bool is_onnx_file(const std::string& file);

struct OnnxOptions : NetworkOptions {
  /// Types in place of `type`, best first, where the file's own numbers want one of them.
  std::vector<DataType> other_types;
  /// Where nobody asks for numbers, a floating network may be read as one of int8.
  bool times_of_int8 = false;
};

/// Reads an ONNX model (docs/onnx.md); one that rounds to int8 becomes an int8 network where `type`
/// is int8. Throws WorkloadError: one line, or, of nodes that cannot be
/// run, a line for each reason.
[[nodiscard]] Network read_onnx_network(const std::string& file, const OnnxOptions& options);

/// What became of the file, as text: what the passes recognised, what the rest became, and what is
/// missing, if something is.
[[nodiscard]] std::string explain_onnx(const std::string& file, const OnnxOptions& options);

/// A file whose names are resolved, whatever its format: what remains is the same for all.
struct ImportedFile {
  ImportGraph graph;
  std::string about;           ///< the file in a line
  bool in_primitives = false;  ///< softmax, means, limits and norms are spelled out
  /// The lines that say why it cannot be run, given at least one reason.
  std::function<std::string(const std::vector<ImportRefusal>&)> refused;
};

/// The same as read_onnx_network and explain_onnx, of such a file.
[[nodiscard]] Network network_of(const ImportedFile& file, const OnnxOptions& options);
[[nodiscard]] std::string explanation_of(const ImportedFile& file);
/// Why its nodes cannot be run.
[[nodiscard]] std::vector<ImportRefusal> refusals_of(const ImportedFile& file);

/// What the file of a network of reals says of its quantisation; of other files, nothing.
[[nodiscard]] QuantizationChoice file_quantization_of(const Network& network);

/// How files order the numbers of a network's tensors; of other networks than these, as memory.
[[nodiscard]] FileOrders file_orders_of(const Network& network);

}  // namespace systole
