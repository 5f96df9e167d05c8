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

/// P(a) + a p(a), the normal distribution and its density. P(|a|) is GELU(|a|) / |a|, taken no
/// nearer to 0 than 2^-10, where it is off by 4e-4.
constexpr std::string_view kGeluSlope =
    "0.5 + sign(a) * (gelu(max(abs(a), 0.0009765625)) / max(abs(a), 0.0009765625) - 0.5)"
    " + a * 0.3989422804014327 * exp(a * a * -0.5)";

/// s + a s (1 - s) u', s the sigmoid of u(a) = 2 sqrt(2 / pi) (a + 0.044715 a^3).
constexpr std::string_view kGeluTanhSlope =
    "sigmoid(1.5957691216057308 * a * (1 + 0.044715 * a * a))"
    " * (1 + a * (1 - sigmoid(1.5957691216057308 * a * (1 + 0.044715 * a * a)))"
    " * 1.5957691216057308 * (1 + 0.134145 * a * a))";

}  // namespace

const std::array<NumberFunction, kActivationCount>& number_functions() {
  static const std::array<NumberFunction, kActivationCount> kFunctions{{
      {.kind = ActivationKind::None},
      {.kind = ActivationKind::Relu,
       .onnx = "Relu",
       .low = 0,
       .slope = "positive(a)",
       .slope_of_result = true},
      {.kind = ActivationKind::Relu6,
       .onnx = "Clip",
       .low = 0,
       .high = kRelu6Limit,
       .slope = "positive(a) * positive(6 - a)",
       .slope_of_result = true},
      {.kind = ActivationKind::Sigmoid,
       .onnx = "Sigmoid",
       .real = sigmoid,
       .unit = RealFunction::Sigmoid,
       .slope = "a * (1 - a)",
       .slope_of_result = true,
       .output = kSigmoidOutput,
       .before = kEightEitherWay},
      {.kind = ActivationKind::Tanh,
       .onnx = "Tanh",
       .real = hyperbolic_tangent,
       .unit = RealFunction::Tanh,
       .slope = "1 - a * a",
       .slope_of_result = true,
       .output = kTanhOutput,
       .before = kFourEitherWay},
      {.kind = ActivationKind::Gelu,
       .onnx = "Gelu",
       .real = gelu,
       .unit = RealFunction::Gelu,
       .slope = kGeluSlope,
       .before = kEightEitherWay},
      {.kind = ActivationKind::GeluTanh,
       .real = gelu_tanh,
       .unit = RealFunction::GeluTanh,
       .slope = kGeluTanhSlope,
       .before = kEightEitherWay},
      {.kind = ActivationKind::Silu,
       .real = silu,
       .unit = RealFunction::Silu,
       .slope = "sigmoid(a) * (1 + a * (1 - sigmoid(a)))",
       .before = kEightEitherWay},
      {.kind = ActivationKind::HardSwish,
       .onnx = "HardSwish",
       .real = hard_swish,
       .unit = RealFunction::HardSwish,
       .slope = "where(positive(a - 3), 1, positive(a + 3) * (a / 3 + 0.5))",
       .before = kEightEitherWay},
      {.kind = ActivationKind::HardSigmoid,
       .onnx = "HardSigmoid",
       .real = hard_sigmoid,
       .unit = RealFunction::HardSigmoid,
       .slope = "positive(a) * positive(1 - a) / 6",
       .slope_of_result = true,
       .output = kSigmoidOutput,
       .before = kEightEitherWay},
      {.kind = ActivationKind::LeakyRelu,
       .onnx = "LeakyRelu",
       .real = leaky_relu,
       .unit = RealFunction::LeakyRelu,
       .slope = "0.01 + 0.99 * positive(a)",
       .slope_of_result = true,
       .before = kEightEitherWay},
      {.kind = ActivationKind::Elu,
       .onnx = "Elu",
       .real = elu,
       .unit = RealFunction::Elu,
       .slope = "min(a, 0) + 1",
       .slope_of_result = true,
       .before = kEightEitherWay},
      {.kind = ActivationKind::Softplus,
       .onnx = "Softplus",
       .real = softplus,
       .unit = RealFunction::Softplus,
       .slope = "sigmoid(a)",
       .before = kEightEitherWay},
      {.kind = ActivationKind::Exp,
       .onnx = "Exp",
       .real = exponential,
       .unit = RealFunction::Exp,
       .slope = "a",
       .slope_of_result = true,
       .before = kEightEitherWay},
      {.kind = ActivationKind::Log,
       .onnx = "Log",
       .real = logarithm,
       .unit = RealFunction::Log,
       .slope = "1 / a",
       .before = kEightEitherWay},
      {.kind = ActivationKind::Sqrt,
       .onnx = "Sqrt",
       .real = square_root,
       .unit = RealFunction::Sqrt,
       .slope = "0.5 / a",
       .slope_of_result = true,
       .before = kEightEitherWay},
      {.kind = ActivationKind::Rsqrt,
       .real = inverse_root,
       .unit = RealFunction::Rsqrt,
       .slope = "-0.5 * a * a * a",
       .slope_of_result = true,
       .before = kEightEitherWay},
      {.kind = ActivationKind::Reciprocal,
       .onnx = "Reciprocal",
       .real = reciprocal,
       .unit = RealFunction::Reciprocal,
       .slope = "0 - a * a",
       .slope_of_result = true,
       .before = kEightEitherWay},
  }};
  return kFunctions;
}

const NumberFunction& function_of(ActivationKind kind) {
  return number_functions()[static_cast<std::size_t>(kind)];
}

}  // namespace systole
