#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/isa/row_loop.h"

namespace systole {

inline constexpr std::size_t kFormulaInputs = 6;      ///< a, b, c, d, e, f
inline constexpr std::size_t kFormulaParameters = 4;  ///< p, q, r, s

/// 1.5 * 2^23: numbers near it are whole ones in binary32, so that adding it rounds what lies
/// within 2^22 either way; larger numbers of a bf16 tensor are whole ones and stay.
inline constexpr double kRoundingNumber = 12582912;

/// A value of a formula, made of values before it in the list.
struct FormulaTerm {
  enum class Kind : std::uint8_t {
    Number,
    Input,
    Parameter,
    Column,
    Pair,
    Function,
    Round,
    Reduce
  };

  Kind kind = Kind::Number;
  double number = 0;
  std::int32_t operand = 0;  ///< of Input and Parameter: which
  /// Of Input: a single element of each row, this one; else the whole row.
  std::optional<std::int64_t> element;
  PairKind pair = PairKind::Add;
  RealFunction function = RealFunction::None;
  ReduceKind reduce = ReduceKind::Sum;
  std::int32_t a = 0;
  std::int32_t b = 0;

  bool operator==(const FormulaTerm&) const = default;
};

/// The values of a text, the last is its result; what stands in it twice is one value.
///  - numbers; a to f, the inputs; a[3], their element 3 of each row; p to s, the parameters;
///    `column`, the number of each element in its row;
///  - + - * / and brackets; max(x, y), min(x, y);
///  - every function of the vector unit by its name: exp(x), log(x), rsqrt(x), ...; round(x), to
///  the
///    nearest whole number, of two such the even one;
///  - sum(x) and largest(x) of a row, one number;
///  - what is made of these: abs(x); floor(x), ceil(x); positive(x), 1 above 0, else 0; sign(x);
///    where(c, x, y), x where c is 1, y where it is 0.
struct FormulaTerms {
  std::vector<FormulaTerm> terms;
  std::string error;  ///< `expected ..., got ...`; empty: none
};
[[nodiscard]] FormulaTerms parse_formula(std::string_view text);

}  // namespace systole
