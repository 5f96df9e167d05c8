#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/frontend/onnx/import_graph.h"
#include "compiler/frontend/onnx/infer_values.h"

namespace systole {

namespace onnx_inference {

using Integers = std::vector<std::int64_t>;

inline constexpr std::int64_t kMaxElements = std::int64_t{1} << 40;
inline constexpr std::size_t kMaxRank = 12;
/// Constants of more elements are made when somebody asks for them.
inline constexpr std::int64_t kMostAtOnce = 1 << 16;

/// Of a constant that is larger than what it is made of.
inline constexpr std::int64_t kMostGrown = 1 << 26;

/// A contradiction in a node.
struct Contradiction : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class... Args>
[[noreturn]] void contradict(fmt::format_string<Args...> format, Args&&... args) {
  throw Contradiction(fmt::format(format, std::forward<Args>(args)...));
}

/// Elements from one index of an axis to the next, in the order of the file.
[[nodiscard]] Integers strides_of(const OnnxShape& shape);
/// Strides by which a tensor of `shape` is read along the axes of `out`; 0 where it repeats.
[[nodiscard]] Integers broadcast_strides(const OnnxShape& shape, const OnnxShape& out);

/// Calls `visit(offset)` for every element of `shape` in order; `strides` lead through a source.
template <class Visit>
void walk(const OnnxShape& shape, const Integers& strides, std::int64_t start, const Visit& visit) {
  if (std::any_of(shape.begin(), shape.end(), [](std::int64_t size) { return size == 0; })) {
    return;
  }
  Integers index(shape.size(), 0);
  std::int64_t offset = start;
  while (true) {
    visit(offset);
    std::size_t axis = shape.size();
    while (axis-- > 0) {
      offset += strides[axis];
      if (++index[axis] < shape[axis]) {
        break;
      }
      offset -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
    if (axis == static_cast<std::size_t>(-1)) {
      return;
    }
  }
}

/// The elements of a constant that strides lead to, as a tensor of `shape`.
[[nodiscard]] OnnxConstant strided(const OnnxConstant& source, OnnxShape shape, Integers strides,
                                   std::int64_t start);
/// The integer towards zero; what does not fit ends at 2^62, a NaN at 0.
[[nodiscard]] std::int64_t whole(double value);
[[nodiscard]] OnnxConstant converted(const OnnxConstant& from, OnnxType to);
[[nodiscard]] std::size_t checked_axis(std::int64_t axis, std::size_t rank);

/// A node, what is known of its inputs, and where what follows for its outputs is written.
class Inference {
 public:
  Inference(ImportGraph& graph, ImportNode& node) : graph_(graph), node_(node) {}

  [[nodiscard]] const ImportNode& node() const { return node_; }
  [[nodiscard]] ImportNode& node() { return node_; }
  [[nodiscard]] std::int64_t opset() const { return graph_.opset; }
  [[nodiscard]] std::size_t inputs() const { return node_.inputs.size(); }
  [[nodiscard]] bool has(std::size_t index) const { return node_.input(index) != kNoValue; }

  [[nodiscard]] const OnnxShape& shape(std::size_t index) const {
    return *input_value(index).shape;
  }
  [[nodiscard]] OnnxType type(std::size_t index) const { return input_value(index).type; }
  [[nodiscard]] const OnnxConstant* constant(std::size_t index) const {
    return graph_.constant(node_.input(index));
  }
  [[nodiscard]] bool all_constant() const {
    return std::all_of(node_.inputs.begin(), node_.inputs.end(), [&](ImportValueId input) {
      return input == kNoValue || graph_.constant(input) != nullptr;
    });
  }

  /// Numbers of an attribute or, in later versions, of an input; empty where neither is there.
  /// Throws Contradiction where the input is no constant.
  [[nodiscard]] std::optional<Integers> integers(std::string_view key, std::size_t index) const {
    if (auto found = node_.integers(key)) {
      return found;
    }
    if (!has(index)) {
      return std::nullopt;
    }
    const OnnxConstant* found = constant(index);
    if (found == nullptr) {
      contradict("expected {} that do not depend on inputs, got such that do", key);
    }
    if (!is_integral(found->type()) || found->elements() > kMostAtOnce) {
      contradict("expected integers as {}, got {} {}", key, found->elements(),
                 name_of(found->type()));
    }
    return found->integers();
  }

  [[nodiscard]] Integers required(std::string_view key, std::size_t index) const {
    auto found = integers(key, index);
    if (!found) {
      contradict("expected {}, got none", key);
    }
    return *std::move(found);
  }

  void set(OnnxType type, OnnxShape shape, std::size_t output = 0) {
    if (output >= node_.outputs.size()) {
      return;
    }
    std::int64_t elements = 1;
    for (const std::int64_t size : shape) {
      if (size < 0 || (size > 0 && elements > kMaxElements / size)) {
        contradict("expected a result of at most 2^40 elements, got {}", text_of(shape));
      }
      elements *= std::max<std::int64_t>(size, 1);
    }
    if (shape.size() > kMaxRank) {
      contradict("expected a result of at most {} axes, got {}", kMaxRank, shape.size());
    }
    ImportValue& value = graph_.value(node_.outputs[output]);
    value.type = type;
    value.shape = std::move(shape);
  }
  void set(OnnxConstant constant, std::size_t output = 0) {
    if (!is_floating(constant.type()) && !is_integral(constant.type())) {
      contradict("expected numbers, got {}", name_of(constant.type()));
    }
    set(constant.type(), constant.shape(), output);
    if (output < node_.outputs.size()) {
      graph_.value(node_.outputs[output]).constant = std::move(constant);
    }
  }
  /// Type and shape of an input, numbers from `make(constant)`.
  template <class Make>
  void set_from(std::size_t index, OnnxShape to, const Make& make) {
    const OnnxConstant* found = constant(index);
    if (found != nullptr) {
      set(make(*found));
      graph_.value(node_.outputs.front()).type = type(index);
    } else {
      set(type(index), std::move(to));
    }
  }

 private:
  [[nodiscard]] const ImportValue& input_value(std::size_t index) const {
    if (!has(index)) {
      contradict("expected an input {}, got none", index);
    }
    return graph_.value(node_.input(index));
  }

  ImportGraph& graph_;
  ImportNode& node_;
};

/// Of `count` inputs from one on, as they broadcast.
[[nodiscard]] OnnxShape common_shape(const Inference& in, std::size_t first, std::size_t count);

/// `values` of a tensor of `shape` as one of `out`.
template <class Value>
std::vector<Value> broadcast(const std::vector<Value>& values, const OnnxShape& shape,
                             const OnnxShape& out) {
  std::vector<Value> result;
  result.reserve(static_cast<std::size_t>(elements_of(out)));
  walk(out, broadcast_strides(shape, out), 0,
       [&](std::int64_t offset) { result.push_back(values[static_cast<std::size_t>(offset)]); });
  return result;
}

/// What follows for the outputs of an operator.
struct InferRule {
  std::string_view op;
  void (*infer)(Inference& in);
};

// By family, in a file each.
[[nodiscard]] std::span<const InferRule> constant_shapes();
[[nodiscard]] std::span<const InferRule> element_shapes();
[[nodiscard]] std::span<const InferRule> image_shapes();
[[nodiscard]] std::span<const InferRule> movement_shapes();
[[nodiscard]] std::span<const InferRule> product_shapes();
[[nodiscard]] std::span<const InferRule> quantised_shapes();
[[nodiscard]] std::span<const InferRule> row_shapes();

}  // namespace onnx_inference

}  // namespace systole
