#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/frontend/onnx/passes/passes.h"
#include "compiler/frontend/onnx/passes/pattern.h"

namespace systole {

namespace {

/// Whether `value` is x squared.
bool is_square(const Pattern& pattern, ImportValueId value, ImportValueId x) {
  const ImportNode* node = pattern.maker(value);
  if (node == nullptr || node->input(0) != x) {
    return false;
  }
  return (node->is("Pow") && pattern.graph().scalar(node->input(1)) == 2.0F) ||
         (node->is("Mul") && node->input(1) == x);
}

/// epsilon, if `value` is sqrt(mean of the squares of d along the last axis + epsilon).
std::optional<float> root_of_mean_square(const Pattern& pattern, ImportValueId value,
                                         ImportValueId d) {
  const ImportNode* root = pattern.maker(value, "Sqrt");
  const ImportNode* sum = root == nullptr ? nullptr : pattern.maker(root->input(0), "Add");
  if (sum == nullptr) {
    return std::nullopt;
  }
  for (const std::size_t side : kSides) {
    const auto epsilon = pattern.graph().scalar(sum->input(side));
    const ImportNode* mean = pattern.maker(sum->input(1 - side), "ReduceMean");
    if (epsilon && mean != nullptr && pattern.reduces_last(*mean) &&
        is_square(pattern, mean->input(0), d)) {
      return epsilon;
    }
  }
  return std::nullopt;
}

/// x, if `value` is x less its mean along the last axis.
ImportValueId centred(const Pattern& pattern, ImportValueId value) {
  const ImportNode* node = pattern.maker(value, "Sub");
  const ImportNode* mean = node == nullptr ? nullptr : pattern.maker(node->input(1), "ReduceMean");
  return mean != nullptr && mean->input(0) == node->input(0) && pattern.reduces_last(*mean)
             ? node->input(0)
             : kNoValue;
}

struct Normalised {
  ImportValueId d = kNoValue;
  float epsilon = 0;
};

/// d / root, or d * (1 / root).
std::optional<Normalised> normalised(const Pattern& pattern, const ImportNode& node) {
  for (const std::size_t side : kSides) {
    const ImportValueId d = node.input(side);
    const ImportValueId other = node.input(1 - side);
    std::optional<float> epsilon;
    if (node.is("Div") && side == 0) {
      epsilon = root_of_mean_square(pattern, other, d);
    } else if (node.is("Mul")) {
      const ImportNode* inverse = pattern.maker(other, "Reciprocal");
      const ImportNode* quotient = pattern.maker(other, "Div");
      if (inverse != nullptr) {
        epsilon = root_of_mean_square(pattern, inverse->input(0), d);
      } else if (quotient != nullptr && pattern.graph().scalar(quotient->input(0)) == 1.0F) {
        epsilon = root_of_mean_square(pattern, quotient->input(1), d);
      }
    }
    if (epsilon) {
      return Normalised{.d = d, .epsilon = *epsilon};
    }
  }
  return std::nullopt;
}

/// The constant of as many numbers as there are features, if the only reader of `value` is `op`
/// with one; that reader's index is left in `reader`.
ImportValueId by_feature(const Pattern& pattern, ImportValueId value, std::string_view op,
                         std::ptrdiff_t& reader) {
  reader = pattern.only_reader(value);
  if (reader < 0) {
    return kNoValue;
  }
  const ImportGraph& graph = pattern.graph();
  const ImportNode& node = graph.nodes[static_cast<std::size_t>(reader)];
  const std::int64_t features = graph.value(value).shape->back();
  for (const std::size_t side : kSides) {
    const OnnxConstant* constant = graph.constant(node.input(side));
    if (node.is(op) && constant != nullptr && node.input(1 - side) == value &&
        constant->elements() == features && constant->shape().back() == features) {
      return node.input(side);
    }
  }
  return kNoValue;
}

bool recognise(ImportGraph& graph, const Pattern& pattern, ImportNode& node) {
  const auto found = normalised(pattern, node);
  if (!found || !graph.value(found->d).shape || graph.value(found->d).shape->empty()) {
    return false;
  }
  const ImportValueId x = centred(pattern, found->d);
  const std::int64_t features = graph.value(found->d).shape->back();
  std::ptrdiff_t reader = -1;
  ImportValueId output = node.outputs.front();
  ImportValueId weights = by_feature(pattern, output, "Mul", reader);
  std::vector<std::ptrdiff_t> taken;
  if (weights != kNoValue) {
    output = graph.nodes[static_cast<std::size_t>(reader)].outputs.front();
    taken.push_back(reader);
  } else {
    weights = graph.add_constant(
        node.name + ".weight",
        OnnxConstant::of_floats({features},
                                std::vector<float>(static_cast<std::size_t>(features), 1.0F)));
  }
  ImportValueId biases = kNoValue;
  if (x != kNoValue) {
    biases = by_feature(pattern, output, "Add", reader);
  }
  if (biases != kNoValue) {
    output = graph.nodes[static_cast<std::size_t>(reader)].outputs.front();
    taken.push_back(reader);
  }
  for (const std::ptrdiff_t index : taken) {
    graph.nodes[static_cast<std::size_t>(index)].outputs.clear();
  }
  node.op = x == kNoValue ? "RmsNorm" : "LayerNorm";
  node.domain = "systole";
  node.inputs = {x == kNoValue ? found->d : x, weights};
  if (biases != kNoValue) {
    node.inputs.push_back(biases);
  }
  node.outputs = {output};
  node.attributes.clear();
  node.set("epsilon", found->epsilon);
  return true;
}

}  // namespace

std::int64_t recognise_normalisation(ImportGraph& graph) {
  std::int64_t recognised = 0;
  const Pattern pattern(graph);
  for (ImportNode& node : graph.nodes) {
    if (!node.outputs.empty()) {
      recognised += recognise(graph, pattern, node) ? 1 : 0;
    }
  }
  std::erase_if(graph.nodes, [](const ImportNode& node) { return node.outputs.empty(); });
  remove_unused(graph);
  return recognised;
}

}  // namespace systole
