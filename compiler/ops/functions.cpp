#include "compiler/ops/functions.h"

#include <algorithm>
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

/// x times the probability that a standard normal number is below it.
/// Source: Hendrycks and Gimpel, Gaussian Error Linear Units (GELUs), arXiv:1606.08415.
double gelu(double x) {
  return x * std::erfc(-x / std::sqrt(2.0)) / 2;
}

/// Its approximation by the tangent, same source.
double gelu_tanh(double x) {
  constexpr double kLinear = 2 * 0.79788456080286535588;  // 2 sqrt(2 / pi)
  return x * sigmoid(kLinear * (x + 0.044715 * x * x * x));
}

double silu(double x) {
  return x * sigmoid(x);
}

/// Source: Howard et al., Searching for MobileNetV3, ICCV 2019, as the two below.
double hard_sigmoid(double x) {
  return std::clamp(x + 3, 0.0, 6.0) / 6;
}

double hard_swish(double x) {
  return x * std::clamp(x + 3, 0.0, 6.0) / 6;
}

double leaky_relu(double x) {
  constexpr double kSlope = 0.01;
  return x < 0 ? kSlope * x : x;
}

double elu(double x) {
  return x < 0 ? std::expm1(x) : x;
}

double softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

double exponential(double x) {
  return std::exp(x);
}

double logarithm(double x) {
  return std::log(x);
}

double square_root(double x) {
  return std::sqrt(x);
}

double inverse_root(double x) {
  return 1 / std::sqrt(x);
}

double reciprocal(double x) {
  return 1 / x;
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
      {.kind = ActivationKind::Gelu,
       .onnx = "Gelu",
       .real = gelu,
       .unit = RealFunction::Gelu,
       .before = kEightEitherWay},
      {.kind = ActivationKind::GeluTanh,
       .real = gelu_tanh,
       .unit = RealFunction::GeluTanh,
       .before = kEightEitherWay},
      {.kind = ActivationKind::Silu,
       .real = silu,
       .unit = RealFunction::Silu,
       .before = kEightEitherWay},
      {.kind = ActivationKind::HardSwish,
       .onnx = "HardSwish",
       .real = hard_swish,
       .unit = RealFunction::HardSwish,
       .before = kEightEitherWay},
      {.kind = ActivationKind::HardSigmoid,
       .onnx = "HardSigmoid",
       .real = hard_sigmoid,
       .unit = RealFunction::HardSigmoid,
       .output = kSigmoidOutput,
       .before = kEightEitherWay},
      {.kind = ActivationKind::LeakyRelu,
       .onnx = "LeakyRelu",
       .real = leaky_relu,
       .unit = RealFunction::LeakyRelu,
       .before = kEightEitherWay},
      {.kind = ActivationKind::Elu,
       .onnx = "Elu",
       .real = elu,
       .unit = RealFunction::Elu,
       .before = kEightEitherWay},
      {.kind = ActivationKind::Softplus,
       .onnx = "Softplus",
       .real = softplus,
       .unit = RealFunction::Softplus,
       .before = kEightEitherWay},
      {.kind = ActivationKind::Exp,
       .onnx = "Exp",
       .real = exponential,
       .unit = RealFunction::Exp,
       .before = kEightEitherWay},
      {.kind = ActivationKind::Log,
       .onnx = "Log",
       .real = logarithm,
       .unit = RealFunction::Log,
       .before = kEightEitherWay},
      {.kind = ActivationKind::Sqrt,
       .onnx = "Sqrt",
       .real = square_root,
       .unit = RealFunction::Sqrt,
       .before = kEightEitherWay},
      {.kind = ActivationKind::Rsqrt,
       .real = inverse_root,
       .unit = RealFunction::Rsqrt,
       .before = kEightEitherWay},
      {.kind = ActivationKind::Reciprocal,
       .onnx = "Reciprocal",
       .real = reciprocal,
       .unit = RealFunction::Reciprocal,
       .before = kEightEitherWay},
  }};
  return kFunctions;
}

const NumberFunction& function_of(ActivationKind kind) {
  return number_functions()[static_cast<std::size_t>(kind)];
}

}  // namespace systole
