#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/frontend/onnx/passes/passes.h"

namespace systole {

namespace {

/// y = factor * x + shift, by channel; an empty one is all ones, or zeros.
struct ChannelScale {
  std::vector<float> factor;
  std::vector<float> shift;
};

/// The numbers of a constant that has one per channel (axis 1 of a tensor of `rank` axes), or one
/// for all.
std::optional<std::vector<float>> by_channel(const ImportGraph& graph, ImportValueId id,
                                             std::int64_t channels, std::size_t rank) {
  const OnnxConstant* constant = graph.constant(id);
  if (constant == nullptr || !is_floating(constant->type()) || constant->shape().size() > rank) {
    return std::nullopt;
  }
  if (constant->elements() == 1) {
    return std::vector<float>(static_cast<std::size_t>(channels), constant->floats().front());
  }
  const std::size_t added = rank - constant->shape().size();
  for (std::size_t axis = 0; axis < constant->shape().size(); ++axis) {
    const std::int64_t wanted = axis + added == 1 ? channels : 1;
    if (constant->shape()[axis] != wanted) {
      return std::nullopt;
    }
  }
  return constant->elements() == channels ? std::optional(constant->floats()) : std::nullopt;
}

std::optional<ChannelScale> batch_norm(const ImportGraph& graph, const ImportNode& node,
                                       std::int64_t channels) {
  std::vector<std::vector<float>> numbers;
  for (std::size_t i = 1; i < 5; ++i) {
    const OnnxConstant* constant = graph.constant(node.input(i));
    if (constant == nullptr || constant->elements() != channels) {
      return std::nullopt;
    }
    numbers.push_back(constant->floats());
  }
  if (node.integer("training_mode", 0) != 0 || node.integer("spatial", 1) == 0) {
    return std::nullopt;
  }
  const auto epsilon = static_cast<double>(node.number("epsilon", 1e-5F));
  ChannelScale scale;
  for (std::size_t channel = 0; channel < numbers[0].size(); ++channel) {
    const double factor = static_cast<double>(numbers[0][channel]) /
                          std::sqrt(static_cast<double>(numbers[3][channel]) + epsilon);
    scale.factor.push_back(static_cast<float>(factor));
    scale.shift.push_back(static_cast<float>(static_cast<double>(numbers[1][channel]) -
                                             static_cast<double>(numbers[2][channel]) * factor));
  }
  return scale;
}

/// What a node does to `input`, if it is that.
std::optional<ChannelScale> scale_of(const ImportGraph& graph, const ImportNode& node,
                                     ImportValueId input) {
  const OnnxShape& shape = *graph.value(input).shape;
  if (shape.size() < 2 || graph.value(node.outputs.front()).shape != shape) {
    return std::nullopt;
  }
  const std::int64_t channels = shape[1];
  if (node.is("BatchNormalization")) {
    return node.input(0) == input ? batch_norm(graph, node, channels) : std::nullopt;
  }
  const bool is_first = node.input(0) == input;
  if (node.inputs.size() != 2 || (!is_first && node.input(1) != input)) {
    return std::nullopt;
  }
  auto numbers = by_channel(graph, node.input(is_first ? 1 : 0), channels, shape.size());
  if (!numbers) {
    return std::nullopt;
  }
  const auto map = [&](const auto& function) {
    std::transform(numbers->begin(), numbers->end(), numbers->begin(), function);
    return *std::move(numbers);
  };
  if (node.is("Mul")) {
    return ChannelScale{.factor = *std::move(numbers), .shift = {}};
  }
  if (node.is("Div") && is_first) {
    return ChannelScale{.factor = map([](float x) { return 1 / x; }), .shift = {}};
  }
  if (node.is("Add")) {
    return ChannelScale{.factor = {}, .shift = *std::move(numbers)};
  }
  if (node.is("Sub") && is_first) {
    return ChannelScale{.factor = {}, .shift = map([](float x) { return -x; })};
  }
  return std::nullopt;
}

/// Weights times one number per output channel, their first axis.
OnnxConstant scaled(const OnnxConstant& weights, const std::vector<float>& factor) {
  const auto make = [weights, factor] {
    std::vector<float> numbers = weights.floats();
    const std::size_t per_channel = numbers.size() / factor.size();
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      numbers[i] *= factor[i / per_channel];
    }
    return OnnxConstant::of_floats(weights.shape(), numbers).bytes();
  };
  return OnnxConstant::deferred(OnnxType::Float, weights.shape(), make);
}

void fold(ImportGraph& graph, ImportNode& conv, const ChannelScale& scale) {
  const OnnxConstant weights = *graph.constant(conv.inputs[1]);
  const auto channels = static_cast<std::size_t>(weights.shape().front());
  if (!scale.factor.empty()) {
    conv.inputs[1] =
        graph.add_constant(graph.value(conv.inputs[1]).name, scaled(weights, scale.factor));
  }
  std::vector<float> biases(channels, 0.0F);
  if (conv.input(2) != kNoValue) {
    biases = graph.constant(conv.inputs[2])->floats();
  }
  for (std::size_t channel = 0; channel < channels; ++channel) {
    if (!scale.factor.empty()) {
      biases[channel] *= scale.factor[channel];
    }
    if (!scale.shift.empty()) {
      biases[channel] += scale.shift[channel];
    }
  }
  conv.inputs.resize(3, kNoValue);
  conv.inputs[2] = graph.add_constant(
      conv.name + ".bias", OnnxConstant::of_floats({static_cast<std::int64_t>(channels)}, biases));
}

/// The only reader of a value that is no output.
std::ptrdiff_t only_reader(const ImportUses& uses, ImportValueId value) {
  return uses.count(value) == 1 && uses.readers(value).size() == 1
             ? static_cast<std::ptrdiff_t>(uses.readers(value).front())
             : -1;
}

}  // namespace

std::int64_t fold_channel_scales(ImportGraph& graph) {
  std::int64_t folded = 0;
  const ImportUses uses(graph);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!graph.nodes[i].is("Conv") || graph.constant(graph.nodes[i].input(1)) == nullptr ||
        (graph.nodes[i].input(2) != kNoValue &&
         graph.constant(graph.nodes[i].input(2)) == nullptr)) {
      continue;
    }
    while (true) {
      ImportNode& conv = graph.nodes[i];
      const ImportValueId output = conv.outputs.front();
      const std::ptrdiff_t reader = only_reader(uses, output);
      if (reader < 0 || !graph.value(output).shape) {
        break;
      }
      ImportNode& next = graph.nodes[static_cast<std::size_t>(reader)];
      const auto scale = scale_of(graph, next, output);
      if (!scale) {
        break;
      }
      fold(graph, conv, *scale);
      conv.outputs.front() = next.outputs.front();
      next.outputs.clear();  // nobody reads it any more
      next.inputs.clear();
      next.op = "Folded";
      ++folded;
    }
  }
  std::erase_if(graph.nodes, [](const ImportNode& node) { return node.outputs.empty(); });
  return folded;
}

}  // namespace systole
