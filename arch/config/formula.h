#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace systole {

/// What is wrong with a formula, without its place: `expected ..., got ...`.
struct FormulaFault {
  std::string message;
};

/// A formula over named numbers: `rows * columns <= 65536 && clock < 1 GHz`. Operators and
/// functions are those of muParser: + - * / ^, comparisons, && ||, `a ? b : c`, min, max, sqrt,
/// log2, floor, ceil and so on; a condition is true where it is not 0. Units stand behind
/// numbers (number_text.h). Names are letters, digits, `_` and `.`. Assignment is refused.
class Formula {
 public:
  enum class Units : std::uint8_t { Known, None };

  /// Throws FormulaFault. Without units, their names are free for numbers.
  explicit Formula(std::string text, Units units = Units::Known);
  ~Formula();
  Formula(Formula&&) noexcept;
  Formula& operator=(Formula&&) noexcept;

  [[nodiscard]] const std::string& text() const { return text_; }
  /// Names in the order in which they first appear.
  [[nodiscard]] const std::vector<std::string>& names() const;
  /// Of the numbers of names(), in that order. Not-a-number and infinity are possible.
  [[nodiscard]] double value(const std::vector<double>& numbers) const;

 private:
  struct Parser;
  std::string text_;
  std::unique_ptr<Parser> parser_;
};

}  // namespace systole
