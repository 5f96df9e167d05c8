#include "compiler/frontend/infer_quantization.h"

#include <algorithm>

#include <fmt/format.h>

namespace systole {

namespace {

constexpr Quantization kSigmoidOutput{.scale = 1.0 / 256, .zero_point = -128};
constexpr Quantization kTanhOutput{.scale = 1.0 / 128, .zero_point = 0};
constexpr Quantization kSoftmaxOutput{.scale = 1.0 / 256, .zero_point = -128};

Quantization behind(ActivationKind activation, const NetworkDefaults& defaults) {
  switch (activation) {
    case ActivationKind::None:
      return defaults.output;
    case ActivationKind::Relu:
    case ActivationKind::Relu6:
      return defaults.relu_output;
    case ActivationKind::Sigmoid:
      return kSigmoidOutput;
    case ActivationKind::Tanh:
      return kTanhOutput;
  }
  return defaults.output;
}

/// Inputs that agree need no rescaling; others meet in the network's default.
Quantization of_concat(const NetworkDefaults& defaults, const std::vector<Quantization>& inputs) {
  const bool agree = std::all_of(inputs.begin(), inputs.end(), [&](const Quantization& input) {
    return input == inputs.front();
  });
  return agree ? inputs.front() : defaults.output;
}

Quantization implied(const LayerDescription& layer, const NetworkDefaults& defaults,
                     const std::vector<Quantization>& inputs) {
  switch (layer.op) {
    case LayerOp::Conv2d:
    case LayerOp::Dense:
    case LayerOp::Add:
      return behind(layer.activation, defaults);
    case LayerOp::Sigmoid:
      return kSigmoidOutput;
    case LayerOp::Tanh:
      return kTanhOutput;
    case LayerOp::Softmax:
      return kSoftmaxOutput;
    case LayerOp::Concat:
      return of_concat(defaults, inputs);
    case LayerOp::Relu:
    case LayerOp::Relu6:
    case LayerOp::MaxPool:
    case LayerOp::AveragePool:
    case LayerOp::GlobalAveragePool:
    case LayerOp::Flatten:
      return inputs.front();
  }
  return defaults.output;
}

}  // namespace

Quantization infer_output(const LayerDescription& layer, const NetworkDefaults& defaults,
                          const std::vector<Quantization>& inputs) {
  return layer.output.over(implied(layer, defaults, inputs));
}

FusedActivation infer_activation(const LayerDescription& layer, const NetworkDefaults& defaults,
                                 const Quantization& input) {
  switch (layer.op) {
    case LayerOp::Relu:
      return {.kind = ActivationKind::Relu, .before = {}};
    case LayerOp::Relu6:
      return {.kind = ActivationKind::Relu6, .before = {}};
    case LayerOp::Sigmoid:
      return {.kind = ActivationKind::Sigmoid, .before = input};
    case LayerOp::Tanh:
      return {.kind = ActivationKind::Tanh, .before = input};
    default:
      break;
  }
  FusedActivation activation{.kind = layer.activation, .before = {}};
  if (layer.activation == ActivationKind::Sigmoid) {
    activation.before = layer.before.over(defaults.sigmoid_before);
  } else if (layer.activation == ActivationKind::Tanh) {
    activation.before = layer.before.over(defaults.tanh_before);
  }
  return activation;
}

void check_ratio(double ratio, const Node& node) {
  if (ratio >= 0x1p-32 && ratio < 0x1p30) {
    return;
  }
  throw WorkloadError(
      node.location, node.name,
      fmt::format("expected scales whose ratio (input, times weights, over output) lies in "
                  "2^-32..2^30, got {:g}",
                  ratio));
}

}  // namespace systole
