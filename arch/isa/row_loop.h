#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "arch/isa/data_type.h"
#include "arch/isa/operand.h"

namespace systole {

/// What a vector instruction does to a real number; docs/numerics.md has the arithmetic.
enum class RealFunction : std::uint8_t {
  None,
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
inline constexpr auto kEnumNames<RealFunction> = std::to_array<EnumName<RealFunction>>({
    {RealFunction::None, "none"},
    {RealFunction::Sigmoid, "sigmoid"},
    {RealFunction::Tanh, "tanh"},
    {RealFunction::Gelu, "gelu"},
    {RealFunction::GeluTanh, "gelu_tanh"},
    {RealFunction::Silu, "silu"},
    {RealFunction::HardSwish, "hard_swish"},
    {RealFunction::HardSigmoid, "hard_sigmoid"},
    {RealFunction::LeakyRelu, "leaky_relu"},
    {RealFunction::Elu, "elu"},
    {RealFunction::Softplus, "softplus"},
    {RealFunction::Exp, "exp"},
    {RealFunction::Log, "log"},
    {RealFunction::Sqrt, "sqrt"},
    {RealFunction::Rsqrt, "rsqrt"},
    {RealFunction::Reciprocal, "reciprocal"},
});

// The body of a row loop is a list of stages. Each makes one value, in binary32: a row of numbers,
// or a single number for the row; the stages behind it name it by its place in the list. Where a
// row meets a single number, each element of the row meets it.

/// Elements of the unified buffer: scale * (x - zero_point); of floating types scale is 1 and
/// zero_point 0, as x itself is meant. `single`: one element a row.
struct LoadStage {
  Operand from;
  std::int64_t pitch = 0;  ///< bytes from row to row; 0: every row reads the same
  DataType type = DataType::Int8;
  std::int32_t zero_point = 0;
  float scale = 1;
  bool single = false;

  bool operator==(const LoadStage&) const = default;
};

/// A single number.
struct NumberStage {
  float value = 0;

  bool operator==(const NumberStage&) const = default;
};

/// Larger, smaller: the first of equal ones, and a NaN.
enum class PairKind : std::uint8_t { Add, Subtract, Multiply, Divide, Larger, Smaller };

template <>
inline constexpr auto kEnumNames<PairKind> = std::to_array<EnumName<PairKind>>({
    {PairKind::Add, "add"},
    {PairKind::Subtract, "subtract"},
    {PairKind::Multiply, "multiply"},
    {PairKind::Divide, "divide"},
    {PairKind::Larger, "larger"},
    {PairKind::Smaller, "smaller"},
});

/// Of two values, element by element.
struct PairStage {
  PairKind kind = PairKind::Add;
  std::int32_t a = 0;
  std::int32_t b = 0;

  bool operator==(const PairStage&) const = default;
};

struct FunctionStage {
  RealFunction function = RealFunction::None;
  std::int32_t of = 0;

  bool operator==(const FunctionStage&) const = default;
};

enum class ReduceKind : std::uint8_t { Sum, Largest };

template <>
inline constexpr auto kEnumNames<ReduceKind> = std::to_array<EnumName<ReduceKind>>({
    {ReduceKind::Sum, "sum"},
    {ReduceKind::Largest, "largest"},
});

/// A row becomes a single number: ((0 + x_0) + x_1) + ..., or the largest, the first of equal ones,
/// and a NaN.
struct ReduceStage {
  ReduceKind kind = ReduceKind::Sum;
  std::int32_t of = 0;

  bool operator==(const ReduceStage&) const = default;
};

/// Keeps the elements 0 .. (first + r) % period + offset of row r; the others become -infinity.
struct MaskStage {
  std::int32_t of = 0;
  std::int64_t first = 0;
  std::int64_t period = 1;
  std::int64_t offset = 0;

  bool operator==(const MaskStage&) const = default;
};

using Stage =
    std::variant<LoadStage, NumberStage, PairStage, FunctionStage, ReduceStage, MaskStage>;

/// For each stage the pass that it belongs to. In a pass a row streams through the lanes once; what
/// reduces it ends the pass, and the first stage behind that does not reduce begins the next. A row
/// of numbers lasts as long as its pass, a single number as long as its row of the loop.
[[nodiscard]] std::vector<std::int32_t> passes_of(const std::vector<Stage>& stages);

/// The stages whose values are single numbers. Stages that name none before them count as rows.
[[nodiscard]] std::vector<bool> singles_of(const std::vector<Stage>& stages);

}  // namespace systole
