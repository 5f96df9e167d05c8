#include "compiler/ops/functions.h"

#include <cmath>

namespace systole {

namespace {

constexpr double kRelu6Limit = 6.0;
constexpr Quantization kSigmoidOutput{.scale = 1.0 / 256, .zero_point = -128};
constexpr Quantization kTanhOutput{.scale = 1.0 / 128, .zero_point = 0};
constexpr Quantization kEightEitherWay{.scale = 8.0 / 128, .zero_point = 0};
constexpr Quantization kFourEitherWay{.scale = 4.0 / 128, .zero_point = 0};

double sigmoid(double x) {
  return 1.0 / (1.0 + std::exp(-x));
}

double hyperbolic_tangent(double x) {
  return std::tanh(x);
}

}  // namespace

const std::array<NumberFunction, kActivationCount>& number_functions() {
  static const std::array<NumberFunction, kActivationCount> kFunctions{{
      {.kind = ActivationKind::None},
      {.kind = ActivationKind::Relu, .onnx = "Relu", .low = 0},
      {.kind = ActivationKind::Relu6, .onnx = "Clip", .low = 0, .high = kRelu6Limit},
      {.kind = ActivationKind::Sigmoid,
       .onnx = "Sigmoid",
       .real = sigmoid,
       .unit = RealFunction::Sigmoid,
       .output = kSigmoidOutput,
       .before = kEightEitherWay},
      {.kind = ActivationKind::Tanh,
       .onnx = "Tanh",
       .real = hyperbolic_tangent,
       .unit = RealFunction::Tanh,
       .output = kTanhOutput,
       .before = kFourEitherWay},
  }};
  return kFunctions;
}

const NumberFunction& function_of(ActivationKind kind) {
  return number_functions()[static_cast<std::size_t>(kind)];
}

}  // namespace systole
