#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/frontend/onnx/constant.h"

namespace systole {

struct OnnxGraph;

/// A mistake in a file, at a path within it.
[[noreturn]] void fail_model(const std::string& file, std::string_view path,
                             std::string_view message);

/// One attribute of a node: whatever of these it has.
struct OnnxAttribute {
  enum class Kind : std::uint8_t {
    Float,
    Int,
    String,
    Tensor,
    Graph,
    Floats,
    Ints,
    Strings,
    Other
  };

  Kind kind = Kind::Other;
  float number = 0;
  std::int64_t integer = 0;
  std::string text;
  std::vector<float> numbers;
  std::vector<std::int64_t> integers;
  std::vector<std::string> texts;
  OnnxConstant tensor;
  std::shared_ptr<const OnnxGraph> graph;
};

struct OnnxNode {
  std::string name;                 ///< may be empty
  std::string op;                   ///< its type: Conv, Add, ...
  std::string domain;               ///< empty: ONNX's own
  std::vector<std::string> inputs;  ///< names of values; an empty one is left out
  std::vector<std::string> outputs;
  std::map<std::string, OnnxAttribute, std::less<>> attributes;
};

/// The declaration of an input or output.
struct OnnxValueInfo {
  /// A size, a name for it, or (both empty) anything.
  struct Axis {
    std::optional<std::int64_t> size;
    std::string name;
  };
  std::string name;
  bool is_tensor = false;
  OnnxType type = OnnxType::Undefined;
  std::optional<std::vector<Axis>> axes;  ///< empty: of any rank
};

struct OnnxGraph {
  std::string name;
  std::vector<OnnxNode> nodes;
  std::vector<OnnxValueInfo> inputs;
  std::vector<OnnxValueInfo> outputs;
  std::vector<std::pair<std::string, OnnxConstant>> initializers;
  std::int64_t sparse_initializers = 0;  ///< which are not read
};

/// An .onnx file as plain values: nothing resolved, nothing inferred.
struct OnnxModel {
  std::string file;
  std::string producer;
  std::map<std::string, std::int64_t, std::less<>> opsets;  ///< by domain
  std::int64_t functions = 0;                               ///< which are not read
  OnnxGraph graph;
};

/// Reads a file of ONNX's ModelProto (any IR version). Throws WorkloadError that names the file:
/// no model, a file cut short, sizes that contradict one another, external files that are missing,
/// too short or outside the file's folder. The bytes of external tensors are not read here.
[[nodiscard]] OnnxModel read_onnx_model(const std::string& file);
/// The same of the bytes of a file; external files start at the folder of `file`.
[[nodiscard]] OnnxModel parse_onnx_model(std::string_view bytes, const std::string& file);

}  // namespace systole
