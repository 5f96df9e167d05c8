#include <algorithm>
#include <optional>
#include <vector>

#include "compiler/frontend/onnx/infer_values.h"
#include "compiler/frontend/onnx/passes/passes.h"
#include "compiler/frontend/onnx/passes/pattern.h"

namespace systole {

namespace {

/// From here down a score's share is 0: exp(-1e4) in every type.
constexpr float kHidden = -1e4F;
constexpr std::int64_t kMostNumbers = std::int64_t{1} << 24;  // of a mask that is looked at

enum class Hides { Nothing, Later, Other };

/// Which of the keys a mask of [..., queries, keys] hides; `is_seen` of its numbers.
template <class IsSeen>
Hides hides(const OnnxConstant& mask, std::int64_t queries, std::int64_t keys,
            const IsSeen& is_seen) {
  const OnnxShape& shape = mask.shape();
  const bool of_all = elements_of(shape) == 1;
  const bool fits = shape.size() >= 2 && shape.back() == keys &&
                    shape[shape.size() - 2] == queries && elements_of(shape) == queries * keys &&
                    elements_of(shape) <= kMostNumbers && queries <= keys;
  if (!of_all && !fits) {
    return Hides::Other;
  }
  const std::vector<float> numbers = mask.floats();
  bool all = true;
  bool earlier = true;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const auto seen = is_seen(numbers[i]);
    if (!seen) {
      return Hides::Other;
    }
    all = all && *seen;
    earlier = earlier && *seen == (at % keys <= at / keys + keys - queries);
  }
  return all ? Hides::Nothing : (earlier && !of_all ? Hides::Later : Hides::Other);
}

class MaskRecogniser {
 public:
  explicit MaskRecogniser(ImportGraph& graph) : graph_(graph), pattern_(graph) {}

  std::int64_t run() {
    std::int64_t recognised = 0;
    for (ImportNode& node : graph_.nodes) {
      recognised += is_softmax(node) && take(node) ? 1 : 0;
    }
    remove_unused(graph_);
    return recognised;
  }

 private:
  /// Of the last axis alone.
  [[nodiscard]] bool is_softmax(const ImportNode& node) const {
    if (node.full_op() == "systole.Softmax") {
      return node.integer("causal", 0) == 0;
    }
    const auto& shape = graph_.value(node.input(0)).shape;
    if (!node.is("Softmax") || !shape || shape->size() < 2) {
      return false;
    }
    const auto last = static_cast<std::int64_t>(shape->size()) - 1;
    const std::int64_t axis = node.integer("axis", graph_.opset < 13 ? 1 : -1);
    return axis == -1 || axis == last;
  }

  bool take(ImportNode& node) {
    const ImportValueId scores = node.input(0);
    const ImportNode* maker = pattern_.maker(scores);
    if (maker == nullptr || !pattern_.is_read_once(scores)) {
      return false;
    }
    for (const std::size_t side : kSides) {
      const auto hidden = hidden_by(*maker, side);
      const ImportValueId from = maker->input(maker->is("Where") ? 1 : side);
      if (hidden == Hides::Other || graph_.value(from).shape != graph_.value(scores).shape) {
        continue;
      }
      node.inputs = {from};
      if (hidden == Hides::Later) {
        node.op = "Softmax";
        node.domain = "systole";
        node.set("causal", std::int64_t{1});
      }
      return true;
    }
    return false;
  }

  /// What the node hides of the scores that it gets at `side`.
  [[nodiscard]] Hides hidden_by(const ImportNode& node, std::size_t side) const {
    const auto& shape = graph_.value(node.outputs.front()).shape;
    if (!shape || shape->size() < 2) {
      return Hides::Other;
    }
    const std::int64_t keys = shape->back();
    const std::int64_t queries = (*shape)[shape->size() - 2];
    if (node.is("Where") && side == 0) {
      const OnnxConstant* choice = graph_.constant(node.input(0));
      const auto otherwise = graph_.scalar(node.input(2));
      if (choice == nullptr || !otherwise || *otherwise > kHidden) {
        return Hides::Other;
      }
      return hides(*choice, queries, keys, [](float number) { return std::optional(number != 0); });
    }
    const OnnxConstant* mask = graph_.constant(node.input(1 - side));
    if (node.is("Add") && mask != nullptr && is_floating(mask->type())) {
      return hides(*mask, queries, keys, [](float number) -> std::optional<bool> {
        return number == 0 || number <= kHidden ? std::optional(number == 0) : std::nullopt;
      });
    }
    return Hides::Other;
  }

  ImportGraph& graph_;
  Pattern pattern_;
};

}  // namespace

std::int64_t recognise_masks(ImportGraph& graph) {
  return MaskRecogniser(graph).run();
}

}  // namespace systole
