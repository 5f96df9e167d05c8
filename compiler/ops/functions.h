#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "arch/enum_names.h"
#include "arch/isa/instruction.h"
#include "compiler/graph/tensor.h"

namespace systole {

enum class ActivationKind : std::uint8_t {
  None,
  Relu,
  Relu6,
  Sigmoid,
  Tanh,
  Gelu,
  GeluTanh,
  Silu,
  HardSwish,
  HardSigmoid,
  LeakyRelu,
  Elu,
  Softplus,
  Exp,
  Log,
  Sqrt,
  Rsqrt,
  Reciprocal
};

template <>
inline constexpr auto kEnumNames<ActivationKind> = std::to_array<EnumName<ActivationKind>>({
    {ActivationKind::None, "none"},
    {ActivationKind::Relu, "relu"},
    {ActivationKind::Relu6, "relu6"},
    {ActivationKind::Sigmoid, "sigmoid"},
    {ActivationKind::Tanh, "tanh"},
    {ActivationKind::Gelu, "gelu"},
    {ActivationKind::GeluTanh, "gelu_tanh"},
    {ActivationKind::Silu, "silu"},
    {ActivationKind::HardSwish, "hard_swish"},
    {ActivationKind::HardSigmoid, "hard_sigmoid"},
    {ActivationKind::LeakyRelu, "leaky_relu"},
    {ActivationKind::Elu, "elu"},
    {ActivationKind::Softplus, "softplus"},
    {ActivationKind::Exp, "exp"},
    {ActivationKind::Log, "log"},
    {ActivationKind::Sqrt, "sqrt"},
    {ActivationKind::Rsqrt, "rsqrt"},
    {ActivationKind::Reciprocal, "reciprocal"},
});
inline constexpr std::size_t kActivationCount = kEnumNames<ActivationKind>.size();

/// A function of one number, and all that the compiler knows of it.
struct NumberFunction {
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  ActivationKind kind = ActivationKind::None;
  std::string_view onnx;
  /// A clamp of real numbers; infinite where there is none. In int8 it clamps stored values.
  double low = -kInfinity;
  double high = kInfinity;
  /// What a clamp does not say. In int8 it is a table of all 256 values, of results rounded half
  /// away from zero; the vector unit computes it on floating types (docs/numerics.md).
  double (*real)(double) = nullptr;
  RealFunction unit = RealFunction::None;
  /// Its derivative, a formula of `a`: the argument or, with `slope_of_result`, the result.
  std::string_view slope;
  bool slope_of_result = false;
  /// Of int8 results, where its values have limits; else the network's default holds.
  std::optional<Quantization> output;
  /// Of what int8 results are looked up for, behind a fused one; the network's default for it.
  Quantization before;

  [[nodiscard]] constexpr bool is_looked_up() const { return real != nullptr; }
  [[nodiscard]] constexpr std::string_view name() const { return name_of(kind); }
};

/// One row per kind, in their order.
[[nodiscard]] const std::array<NumberFunction, kActivationCount>& number_functions();
[[nodiscard]] const NumberFunction& function_of(ActivationKind kind);

/// An activation fused into the operator before it. In int8, ReLU and ReLU6 clamp in the output's
/// quantisation; what is looked up is first requantised to `before`.
struct FusedActivation {
  ActivationKind kind = ActivationKind::None;
  Quantization before;  ///< used by what is looked up

  [[nodiscard]] bool is_looked_up() const { return function_of(kind).is_looked_up(); }
};

}  // namespace systole
