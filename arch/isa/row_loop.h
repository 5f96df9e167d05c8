#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "arch/isa/data_type.h"
#include "arch/isa/fixed_point.h"
#include "arch/isa/operand.h"
#include "arch/isa/shared.h"
#include "arch/isa/window.h"

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

/// Sizes of tables that stages look numbers up in, one for each of the 256 stored values of int8:
/// int8 results, or int32 exponentials of a softmax.
inline constexpr std::int64_t kLookupEntries = 256;
inline constexpr std::int64_t kLookupBytes = kLookupEntries * bytes_of(DataType::Int8);
inline constexpr std::int64_t kSoftmaxTableBytes = kLookupEntries * bytes_of(DataType::Int32);

// The body of a row loop is a list of stages. Each makes one value: a row of numbers, or a single
// number for the row; the stages behind it name it by its place in the list. Where a row meets a
// single number, each element of the row meets it. Numbers are reals, each operation in binary32
// and rounded once, to the nearest, ties to even; or integers of 64 bits that wrap around. Reals
// and integers do not meet. Stages that read the unified buffer name an operand of the loop.
inline constexpr std::int32_t kNoOperand = -1;

/// Elements of the unified buffer: the real scale * (x - zero_point), which of floating types is x
/// itself (scale 1, zero_point 0); or, of int8, the integer multiplier *
/// (x - zero_point). `single`: one element a row. `swapped`: of each row neighbours change places,
/// element c is number c ^ 1; a row has an even number of them.
struct LoadStage {
  std::int32_t operand = 0;
  std::int64_t pitch = 0;  ///< bytes from row to row; 0: every row reads the same
  DataType type = DataType::Int8;
  std::int32_t zero_point = 0;
  float scale = 1;
  bool integer = false;
  std::int64_t multiplier = 1;  ///< of integers
  bool single = false;
  bool swapped = false;

  bool operator==(const LoadStage&) const = default;
};

/// Sums of the matrix unit, row r of the loop those of accumulator entry `accumulator` + r, each
/// plus the bias of its column where there is one, `cols` little-endian numbers of the sums' type.
/// int32: an integer, which wraps around at 32 bits; fp32: a real.
struct SumsStage {
  std::int32_t bias = kNoOperand;
  DataType type = DataType::Int32;

  bool operator==(const SumsStage&) const = default;
};

enum class PoolKind : std::uint8_t { Max, Average };

template <>
inline constexpr auto kEnumNames<PoolKind> = std::to_array<EnumName<PoolKind>>({
    {PoolKind::Max, "max"},
    {PoolKind::Average, "average"},
});

/// A walk of `window` that reduces as it loads: row r is output position `first` + r of the loop,
/// window.channels columns; the window's source is the operand's. Elements are taken row by row of
/// the kernel; those outside the image are left out.
///  - int8: integers x - zero_point. Max: the largest, -128 - zero_point where there is none.
///    Average: round_half_away(s * multiplier / (n * 2^shift)), s their sum and `scale` the factor.
///  - floating types: reals x. Max: the largest, 0 of 0 and -0, and a NaN: the same in any order.
///    Average: s / n, s = ((0 + x_0) + x_1) + ..., one division.
/// n counts the elements inside the image, or the whole kernel when count_padding is set (padding
/// adds zero).
struct WindowStage {
  PoolKind kind = PoolKind::Max;
  std::int32_t operand = 0;
  DataType type = DataType::Int8;
  std::int32_t zero_point = 0;
  FixedPoint scale;  ///< of averages of int8
  bool count_padding = false;
  Window window;

  bool operator==(const WindowStage&) const = default;
};

/// A single real number.
struct NumberStage {
  float value = 0;

  bool operator==(const NumberStage&) const = default;
};

/// Larger, smaller: the first of equal ones, and a NaN. Integers are not divided.
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

/// Of reals.
struct FunctionStage {
  RealFunction function = RealFunction::None;
  std::int32_t of = 0;

  bool operator==(const FunctionStage&) const = default;
};

/// Of reals: the nearest number of a floating type, as a store has it (below). What is done with a
/// result that is never stored is done with the same number.
struct RoundStage {
  std::int32_t of = 0;
  DataType type = DataType::Bf16;

  bool operator==(const RoundStage&) const = default;
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

/// Of reals. Keeps the elements 0 .. (first + r) % period + offset of row r, `first` the loop's, of
/// these the last `kept` where it is not 0; the others become -infinity.
struct MaskStage {
  std::int32_t of = 0;
  std::int64_t period = 1;
  std::int64_t offset = 0;
  std::int64_t kept = 0;

  bool operator==(const MaskStage&) const = default;
};

inline constexpr std::int32_t kNoStage = -1;

/// Of integers: round_half_away(v * multiplier / 2^shift), or where a divisor is given
/// round_half_away(v * multiplier / (divisor * 2^shift)); the divisor is a single positive integer.
struct ScaleStage {
  std::int32_t of = 0;
  FixedPoint scale{.multiplier = 1, .shift = 0};
  std::int32_t divisor = kNoStage;

  bool operator==(const ScaleStage&) const = default;
};

/// Of a row of integers: as ScaleStage, by a factor of each column's own. `factors` are `cols`
/// pairs of little-endian int32, a multiplier and a shift.
struct ColumnScaleStage {
  std::int32_t of = 0;
  std::int32_t factors = 0;  ///< operand

  bool operator==(const ColumnScaleStage&) const = default;
};

/// Of a factor: an int32 multiplier and an int32 shift.
inline constexpr std::int64_t kColumnFactorBytes = 2 * bytes_of(DataType::Int32);

/// Of integers: `low` for what is below it, `high` for what is above.
struct ClampStage {
  std::int32_t of = 0;
  std::int64_t low = 0;
  std::int64_t high = 0;

  bool operator==(const ClampStage&) const = default;
};

/// Of integers first .. first + 255: entry v - first of a table of int8 or little-endian int32.
struct LookupStage {
  std::int32_t of = 0;
  std::int32_t table = 0;  ///< operand
  DataType type = DataType::Int8;
  std::int64_t first = 0;

  bool operator==(const LookupStage&) const = default;
};

using Stage = std::variant<LoadStage, SumsStage, WindowStage, NumberStage, PairStage, FunctionStage,
                           ReduceStage, MaskStage, ScaleStage, ClampStage, LookupStage, RoundStage,
                           ColumnScaleStage>;

/// What becomes of the last value of a row on its way to the buffer, element by element.
///  - int8: q = clamp(zero_point + v), v the integer, or round_half_away(steps * x) of a real x,
///    limited to what int64 holds (a NaN gives 0). low and high are whole numbers of -128..127, or
///    infinite, and the range of int8 limits q in any case.
///  - fp32, fp16, bf16, fp8: function(clamp(x)), x real, rounded to the nearest number of the type,
///    ties to even. What is too large becomes infinity, in fp8_e4m3 the largest number of its sign;
///    a NaN the quiet NaN of the type. zero_point is 0, steps 1.
/// clamp gives `low` for what is below, `high` for what is above; low = 0 is a ReLU of reals.
struct Store {
  std::int64_t pitch = 0;  ///< bytes from row to row
  DataType type = DataType::Int8;
  std::int32_t zero_point = 0;
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
  RealFunction function = RealFunction::None;  ///< of floating types alone
  float steps = 1;                             ///< of reals that become int8: how many 1.0 is

  bool operator==(const Store&) const = default;
};

/// What a loop costs for each row: by its stages, or a pass as a whole at the pace that the chip
/// has for a class of work (docs/timing.md).
enum class LoopClass : std::uint8_t { Stages, Activation, Elementwise, Pooling, Softmax };

template <>
inline constexpr auto kEnumNames<LoopClass> = std::to_array<EnumName<LoopClass>>({
    {LoopClass::Stages, "stages"},
    {LoopClass::Activation, "activation"},
    {LoopClass::Elementwise, "elementwise"},
    {LoopClass::Pooling, "pooling"},
    {LoopClass::Softmax, "softmax"},
});

/// What a row loop does with a row, wherever the row is.
struct RowBody {
  LoopClass cost = LoopClass::Stages;
  std::vector<Stage> stages;
  Store to;

  bool operator==(const RowBody&) const = default;
};

/// A body that any number of loops share.
using SharedBody = Shared<RowBody>;

/// The operands of a loop, which stages name by their number. Copies share them, so that a list
/// takes memory once however many loops have it.
class OperandList {
 public:
  OperandList() = default;
  OperandList(std::initializer_list<Operand> operands)
      : OperandList(std::vector<Operand>(operands)) {}
  OperandList(std::vector<Operand> operands)  // NOLINT(google-explicit-constructor): it is one
      : held_(std::move(operands)) {}

  [[nodiscard]] std::size_t size() const { return held_->size(); }
  [[nodiscard]] const Operand& operator[](std::size_t index) const { return (*held_)[index]; }
  [[nodiscard]] const Operand& back() const { return held_->back(); }
  [[nodiscard]] auto begin() const { return held_->begin(); }
  [[nodiscard]] auto end() const { return held_->end(); }

  /// To change it; other lists keep theirs.
  [[nodiscard]] Operand& edit(std::size_t index) { return held_.edit().at(index); }
  void push_back(const Operand& operand) { held_.edit().push_back(operand); }

  bool operator==(const OperandList&) const = default;

 private:
  Shared<std::vector<Operand>> held_;
};

/// Lets loops share bodies and operands that were seen not long ago.
class RecentLoops {
 public:
  void share(SharedBody& body) { bodies_.share(body); }
  void share(OperandList& operands) { operands_.share(operands); }

 private:
  static constexpr std::size_t kRemembered = 16;

  template <class Value>
  struct Recent {
    std::vector<Value> values;
    std::size_t next = 0;

    /// With an equal one that is still remembered; else it is from now on.
    void share(Value& value) {
      const auto found = std::find(values.begin(), values.end(), value);
      if (found != values.end()) {
        value = *found;
      } else if (values.size() < kRemembered) {
        values.push_back(value);
      } else {
        values[next] = value;
        next = (next + 1) % kRemembered;
      }
    }
  };

  Recent<SharedBody> bodies_;
  Recent<OperandList> operands_;
};

/// A loop over rows of `cols` numbers: what the last stage of the body makes of each goes to `out`,
/// a row of numbers or, where it is a single one, one.
struct RowLoop {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t first = 0;        ///< number of the first row where stages count them
  std::int64_t accumulator = 0;  ///< entry of the first row's sums
  OperandList operands;
  Operand out;
  SharedBody body;

  [[nodiscard]] const std::vector<Stage>& stages() const { return body->stages; }
  [[nodiscard]] const Operand& operand(std::int32_t index) const {
    return operands[static_cast<std::size_t>(index)];
  }
  bool operator==(const RowLoop&) const = default;
};

/// The sums that the loop takes out of the accumulators; nothing where it takes none.
[[nodiscard]] std::optional<DataType> sums_of(const RowBody& body);

/// For each stage the pass that it belongs to. In a pass a row streams through the lanes once; what
/// reduces it ends the pass, and the first stage behind that does not reduce begins the next. A row
/// of numbers lasts as long as its pass, a single number as long as its row of the loop.
[[nodiscard]] std::vector<std::int32_t> passes_of(const std::vector<Stage>& stages);

/// The stages whose values are single numbers. Stages that name none before them count as rows.
[[nodiscard]] std::vector<bool> singles_of(const std::vector<Stage>& stages);

/// Numbers of a row that the loop writes: one where the last stage makes a single one.
[[nodiscard]] std::int64_t result_cols(const RowLoop& loop);

}  // namespace systole
