#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "arch/isa/row_loop.h"

namespace systole {

/// A parameter of an operator that computes in rows: one fp32 number for each feature, or for each
/// feature of each position, which is that of the axis before the last.
struct RowParameter {
  std::string_view suffix;  ///< of its name, behind that of the layer: `.weight`
  std::int64_t features = 0;
  std::int64_t positions = 1;
  double middle = 0;  ///< what generated numbers lie around
};

/// A constant that the compiler makes, rows of fp32 numbers computed in double:
///  - the cosine or sine of (first + p) * base^(-a / cols) in row p and column a, `doubled`: of a /
///  2
///    in columns a, and sines of even columns negative;
///  - the number of its column;
///  - in row p, of one column, how steep head p of `positions` is in ALiBi: 2^(-8 (p + 1) / heads)
///    where these are a power of 2, else those of the power below, then every other one of twice
///    that. Source: Press et al., Train Short, Test Long, ICLR 2022.
struct RowTable {
  enum class Of : std::uint8_t { Cosine, Sine, Column, Slope };
  Of of = Of::Cosine;
  std::int64_t first = 0;
  std::int64_t positions = 1;  ///< rows, over and over
  std::int64_t each = 1;       ///< pixels, one behind the other, that share one of them
  std::int64_t cols = 1;
  double base = 10000;
  bool doubled = false;

  [[nodiscard]] std::vector<float> numbers() const;

  bool operator==(const RowTable&) const = default;
};

/// What a load of a recipe reads: the node's input of that index, parameters behind the others and
/// tables behind these, from a column on.
struct RowSource {
  std::int32_t input = 0;
  std::int64_t first_column = 0;

  bool operator==(const RowSource&) const = default;
};

/// Stages that make `cols` columns of each row of the output, from column `first` on.
struct RowPiece {
  std::vector<Stage> stages;
  std::vector<RowSource> sources;  ///< the operands that loads name
  std::int64_t first = 0;
  std::int64_t cols = 0;  ///< of the rows that stream, also where a single number comes out
};

/// An input in whose memory the rows of the output are; whether the stages read it, too.
struct RowsInPlace {
  std::int32_t input = 0;
  bool is_read = true;
};

/// What an operator does with each row of its inputs, as stages (arch/isa/row_loop.h). What else a
/// load needs, and where a mask begins, follows from the tensors. An input of one pixel where the
/// output has more is the same for all of an image. The last stage is the output.
struct RowWork {
  std::vector<RowPiece> pieces;
  std::vector<RowParameter> parameters;
  std::vector<RowTable> tables;
  std::optional<RowsInPlace> in_place = std::nullopt;
};

/// Writes a recipe down stage by stage; each function returns the value that it makes.
class RowRecipe {
 public:
  using Value = std::int32_t;

  Value load(std::int32_t input, std::int64_t first_column = 0);
  /// Neighbouring elements change places.
  Value load_swapped(std::int32_t input, std::int64_t first_column = 0);
  /// One element a row.
  Value load_single(std::int32_t input, std::int64_t column = 0);
  Value number(double value);
  Value pair(PairKind kind, Value a, Value b);
  Value add(Value a, Value b) { return pair(PairKind::Add, a, b); }
  Value subtract(Value a, Value b) { return pair(PairKind::Subtract, a, b); }
  Value multiply(Value a, Value b) { return pair(PairKind::Multiply, a, b); }
  Value divide(Value a, Value b) { return pair(PairKind::Divide, a, b); }
  Value function(RealFunction function, Value of);
  Value sum(Value of) { return append(ReduceStage{.kind = ReduceKind::Sum, .of = of}); }
  Value largest(Value of) { return append(ReduceStage{.kind = ReduceKind::Largest, .of = of}); }
  /// Of the `period` rows of a block, row i keeps i + offset + 1 elements; of these the last
  /// `window` where it is not 0.
  Value mask(Value of, std::int64_t period, std::int64_t offset, std::int64_t window = 0);

  [[nodiscard]] RowPiece take(std::int64_t cols, std::int64_t first = 0) && {
    return {
        .stages = std::move(stages_), .sources = std::move(sources_), .first = first, .cols = cols};
  }

 private:
  Value append(Stage stage);
  std::int32_t source(const RowSource& source);

  std::vector<Stage> stages_;
  std::vector<RowSource> sources_;
};

}  // namespace systole
