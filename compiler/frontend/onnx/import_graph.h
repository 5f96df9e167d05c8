#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/frontend/onnx/model.h"
#include "compiler/graph/tensor.h"

namespace systole {

using ImportValueId = std::int32_t;
inline constexpr ImportValueId kNoValue = -1;

/// The scales of integers that stand in the file for real numbers, zero points 0: one, or one for
/// each index of an axis.
struct ImportScales {
  std::size_t axis = 0;
  std::vector<double> scales;
};

/// Keys or values of earlier tokens, as a state of the chip.
struct ImportCache {
  OnnxShape shape;                 ///< as a run leaves it, in the file's axes
  std::vector<std::size_t> order;  ///< of these axes in memory: images, heads, tokens, features
};

/// A tensor of the file.
struct ImportValue {
  std::string name;
  OnnxType type = OnnxType::Undefined;
  std::optional<OnnxShape> shape;        ///< empty: nobody could say
  std::optional<OnnxConstant> constant;  ///< its numbers, where they do not depend on inputs
  std::optional<Quantization> quantization = {};          ///< as int8, where the file rounds it so
  std::optional<OnnxType> stored = {};                    ///< the file's own type of what it rounds
  std::optional<ImportScales> scales = {};                ///< of a constant that was stored as int8
  bool is_stored_input = false;                           ///< files of it hold what is stored
  std::optional<std::vector<std::int64_t>> indices = {};  ///< of an input that looks rows up
  std::optional<ImportCache> cache = {};                  ///< of an input that is a state
};

/// An operator of the file, or one that a pass put in place of some (domain `systole`).
struct ImportNode {
  std::string name;  ///< never empty
  std::string op;
  std::string domain;
  std::vector<ImportValueId> inputs;  ///< kNoValue where one is left out
  std::vector<ImportValueId> outputs;
  std::map<std::string, OnnxAttribute, std::less<>> attributes;
  std::optional<Quantization> before = {};  ///< of what a fused function gets, if the file says it
  /// What its bodies read from around them, by name.
  std::map<std::string, ImportValueId, std::less<>> captured = {};

  /// kNoValue where it is left out or not there.
  [[nodiscard]] ImportValueId input(std::size_t index) const {
    return index < inputs.size() ? inputs[index] : kNoValue;
  }
  [[nodiscard]] bool is(std::string_view wanted) const { return domain.empty() && op == wanted; }
  /// As messages and reports call it: com.microsoft.Attention.
  [[nodiscard]] std::string full_op() const { return domain.empty() ? op : domain + "." + op; }

  [[nodiscard]] const OnnxAttribute* attribute(std::string_view key) const;
  [[nodiscard]] std::int64_t integer(std::string_view key, std::int64_t otherwise) const;
  [[nodiscard]] float number(std::string_view key, float otherwise) const;
  [[nodiscard]] std::string text(std::string_view key, std::string_view otherwise) const;
  [[nodiscard]] std::optional<std::vector<std::int64_t>> integers(std::string_view key) const;

  void set(std::string_view key, std::int64_t value);
  void set(std::string_view key, float value);
  void set(std::string_view key, std::vector<std::int64_t> values);
};

/// A file whose names are resolved: nodes in an order in which they can run. Passes rewrite it.
struct ImportGraph {
  std::string file;
  std::string name;
  std::int64_t opset = 1;  ///< of ONNX's own operators
  std::vector<ImportValue> values;
  std::vector<ImportNode> nodes;
  std::vector<ImportValueId> inputs;  ///< without those that have numbers in the file
  std::vector<ImportValueId> outputs;
  std::int64_t spelled_out = 0;  ///< operators of the file that others stand for
  std::int64_t computed = 0;     ///< nodes that are constants

  /// Of kNoValue one of which nothing is known.
  [[nodiscard]] const ImportValue& value(ImportValueId id) const {
    return id == kNoValue ? none_ : values[static_cast<std::size_t>(id)];
  }
  [[nodiscard]] ImportValue& value(ImportValueId id) {
    if (id == kNoValue) {
      none_ = {};
      return none_;
    }
    return values[static_cast<std::size_t>(id)];
  }
  /// Null for kNoValue and for what is no constant.
  [[nodiscard]] const OnnxConstant* constant(ImportValueId id) const;
  /// The single number of a constant of one element.
  [[nodiscard]] std::optional<float> scalar(ImportValueId id) const;
  [[nodiscard]] bool is_output(ImportValueId id) const;
  /// Whether it is a state as a run leaves it.
  [[nodiscard]] bool is_cache(ImportValueId id) const;

  ImportValueId add_value(ImportValue value);
  ImportValueId add_constant(std::string called, OnnxConstant constant);
  /// Whoever reads value v, outputs of the graph included, reads by[v] instead.
  void replace(const std::vector<ImportValueId>& by);

 private:
  ImportValue none_;
};

/// Who makes and who reads each value of a graph, as long as nobody changes it.
class ImportUses {
 public:
  explicit ImportUses(const ImportGraph& graph);

  /// Index of the node, or -1: an input or a constant.
  [[nodiscard]] std::ptrdiff_t producer(ImportValueId value) const {
    return value == kNoValue ? -1 : producers_[static_cast<std::size_t>(value)];
  }
  /// How often nodes read it, and once more if it is an output of the graph, or rounded to int8: as
  /// long as this is 1, a node and its reader may become one.
  [[nodiscard]] std::int64_t count(ImportValueId value) const {
    return counts_[static_cast<std::size_t>(value)];
  }
  [[nodiscard]] const std::vector<std::size_t>& readers(ImportValueId value) const {
    return readers_[static_cast<std::size_t>(value)];
  }

 private:
  std::vector<std::ptrdiff_t> producers_;
  std::vector<std::int64_t> counts_;
  std::vector<std::vector<std::size_t>> readers_;
};

/// Sizes of axes by the names that the file gives them.
using AxisSizes = std::map<std::string, std::int64_t, std::less<>>;

struct ImportOptions {
  AxisSizes dims;
  std::int64_t batch = 0;  ///< of the first axis of inputs where the file leaves it open; 0: 1
};

/// Resolves names, sorts the nodes, binds the sizes of inputs. Throws WorkloadError: names that
/// nobody makes or two make, cycles, axes without a size, sizes that no axis asks for.
[[nodiscard]] ImportGraph import_graph(const OnnxModel& model, const ImportOptions& options);

/// What the bodies of a node read from around it, each name once or more.
[[nodiscard]] std::vector<std::string> outer_names(const OnnxNode& node);

/// Drops the nodes whose values nobody reads.
void remove_unused(ImportGraph& graph);

}  // namespace systole
