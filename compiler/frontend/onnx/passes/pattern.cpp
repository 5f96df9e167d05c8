#include "compiler/frontend/onnx/passes/pattern.h"

#include <vector>

namespace systole {

const ImportNode* Pattern::maker(ImportValueId value) const {
  const std::ptrdiff_t index =
      value == kNoValue || graph_.constant(value) != nullptr ? -1 : uses_.producer(value);
  return index < 0 ? nullptr : &graph_.nodes[static_cast<std::size_t>(index)];
}

const ImportNode* Pattern::maker(ImportValueId value, std::string_view op) const {
  const ImportNode* node = maker(value);
  return node != nullptr && node->is(op) ? node : nullptr;
}

std::ptrdiff_t Pattern::only_reader(ImportValueId value) const {
  return uses_.count(value) == 1 && uses_.readers(value).size() == 1
             ? static_cast<std::ptrdiff_t>(uses_.readers(value).front())
             : -1;
}

bool Pattern::is_clip(const ImportNode& node, float low, float high) const {
  if (!node.is("Clip")) {
    return false;
  }
  const auto limit = [&](std::size_t input, std::string_view key) -> std::optional<float> {
    return node.input(input) != kNoValue    ? graph_.scalar(node.input(input))
           : node.attribute(key) != nullptr ? std::optional(node.number(key, 0))
                                            : std::nullopt;
  };
  return limit(1, "min") == low && limit(2, "max") == high;
}

bool Pattern::reduces_last(const ImportNode& node) const {
  const auto& shape = graph_.value(node.input(0)).shape;
  const auto axes = node.integers("axes");
  return shape && axes && node.integer("keepdims", 1) != 0 &&
         *axes == std::vector<std::int64_t>{static_cast<std::int64_t>(shape->size()) - 1};
}

}  // namespace systole
