#include "compiler/ops/formula_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <stdexcept>

#include <fmt/format.h>

#include "arch/diag/printable.h"

namespace systole {

namespace {

constexpr std::size_t kLongest = 1 << 16;
constexpr std::size_t kMostTerms = 1024;
constexpr int kDeepest = 200;

struct Wrong : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Recursive descent; values that stand in the text twice are one.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::vector<FormulaTerm> run() {
    if (text_.size() > kLongest) {
      throw Wrong(
          fmt::format("expected a formula of at most {} letters, got {}", kLongest, text_.size()));
    }
    const std::int32_t result = sum();
    if (!rest().empty()) {
      expected("an operator or the end");
    }
    // What the result is stands last.
    if (result + 1 != static_cast<std::int32_t>(terms_.size())) {
      const FormulaTerm again = term(result);
      terms_.push_back(again);
    }
    return std::move(terms_);
  }

 private:
  using Kind = FormulaTerm::Kind;

  [[noreturn]] void expected(std::string_view what) {
    const std::string_view found = rest().substr(0, 16);
    throw Wrong(fmt::format("expected {} at letter {} of the formula, got {}", what, at_ + 1,
                            found.empty() ? "its end" : in_quotes(found)));
  }

  std::string_view rest() {
    while (at_ < text_.size() && text_[at_] == ' ') {
      ++at_;
    }
    return text_.substr(at_);
  }
  bool take(char letter) {
    const bool found = !rest().empty() && text_[at_] == letter;
    at_ += found ? 1 : 0;
    return found;
  }
  void need(char letter) {
    if (!take(letter)) {
      expected(fmt::format("'{}'", letter));
    }
  }

  [[nodiscard]] const FormulaTerm& term(std::int32_t index) const {
    return terms_[static_cast<std::size_t>(index)];
  }
  std::int32_t add(const FormulaTerm& made) {
    const auto found = std::find(terms_.begin(), terms_.end(), made);
    if (found != terms_.end()) {
      return static_cast<std::int32_t>(found - terms_.begin());
    }
    if (terms_.size() == kMostTerms) {
      throw Wrong(fmt::format("expected a formula of at most {} values, got more", kMostTerms));
    }
    terms_.push_back(made);
    return static_cast<std::int32_t>(terms_.size()) - 1;
  }
  std::int32_t number(double value) { return add({.kind = Kind::Number, .number = value}); }
  std::int32_t pair(PairKind kind, std::int32_t a, std::int32_t b) {
    return add({.kind = Kind::Pair, .pair = kind, .a = a, .b = b});
  }
  std::int32_t round(std::int32_t x) { return add({.kind = Kind::Round, .a = x}); }

  std::int32_t sum() {
    std::int32_t value = product();
    while (true) {
      if (take('+')) {
        value = pair(PairKind::Add, value, product());
      } else if (take('-')) {
        value = pair(PairKind::Subtract, value, product());
      } else {
        return value;
      }
    }
  }

  std::int32_t product() {
    std::int32_t value = factor();
    while (true) {
      if (take('*')) {
        value = pair(PairKind::Multiply, value, factor());
      } else if (take('/')) {
        value = pair(PairKind::Divide, value, factor());
      } else {
        return value;
      }
    }
  }

  std::int32_t factor() {
    if (++depth_ > kDeepest) {
      throw Wrong(fmt::format("expected a formula of at most {} levels, got more", kDeepest));
    }
    const std::int32_t value = whole_factor();
    --depth_;
    return value;
  }

  std::int32_t whole_factor() {
    const std::string_view ahead = rest();
    const char letter = ahead.empty() ? '\0' : ahead.front();
    if (take('(')) {
      const std::int32_t value = sum();
      need(')');
      return value;
    }
    if ((letter >= '0' && letter <= '9') || letter == '-' || letter == '.') {
      return literal();
    }
    const std::string_view name = word();
    if (name == "column") {
      return add({.kind = Kind::Column});
    }
    if (name.size() == 1) {
      return operand(name.front());
    }
    return call(name);
  }

  std::int32_t literal() {
    const std::string_view ahead = rest();
    double value = 0;
    const auto [end, error] = std::from_chars(ahead.data(), ahead.data() + ahead.size(), value);
    if (error != std::errc() || !std::isfinite(value) ||
        !std::isfinite(static_cast<float>(value))) {
      if (ahead.front() == '-') {  // of something else
        ++at_;
        return pair(PairKind::Subtract, number(0), factor());
      }
      expected("a number");
    }
    at_ += static_cast<std::size_t>(end - ahead.data());
    return number(value);
  }

  std::string_view word() {
    const std::string_view ahead = rest();
    std::size_t size = 0;
    while (size < ahead.size() &&
           ((ahead[size] >= 'a' && ahead[size] <= 'z') || (size > 0 && ahead[size] == '_') ||
            (size > 0 && ahead[size] >= '0' && ahead[size] <= '9'))) {
      ++size;
    }
    if (size == 0) {
      expected("a number, an input, a function or '('");
    }
    at_ += size;
    return ahead.substr(0, size);
  }

  std::int32_t operand(char name) {
    const std::int32_t input = name - 'a';
    const std::int32_t parameter = name - 'p';
    if (input >= 0 && input < static_cast<std::int32_t>(kFormulaInputs)) {
      FormulaTerm load{.kind = Kind::Input, .operand = input};
      if (take('[')) {
        const std::string_view ahead = rest();
        std::int64_t element = 0;
        const auto [end, error] =
            std::from_chars(ahead.data(), ahead.data() + ahead.size(), element);
        if (error != std::errc() || element < 0) {
          expected("a number of an element");
        }
        at_ += static_cast<std::size_t>(end - ahead.data());
        need(']');
        load.element = element;
      }
      return add(load);
    }
    if (parameter >= 0 && parameter < static_cast<std::int32_t>(kFormulaParameters)) {
      return add({.kind = Kind::Parameter, .operand = parameter});
    }
    --at_;
    expected("a to d, an input, or p to s, a parameter");
  }

  std::int32_t positive(std::int32_t x) {
    constexpr double kLarge = 3e38;  // of every number that binary32 tells from 0 more than 1
    const std::int32_t steep = pair(PairKind::Multiply, x, number(kLarge));
    const std::int32_t scaled = pair(PairKind::Multiply, steep, number(kLarge));
    return pair(PairKind::Smaller, pair(PairKind::Larger, scaled, number(0)), number(1));
  }

  std::int32_t call(std::string_view name) {
    const auto at_name = at_ - name.size();
    need('(');
    const std::int32_t x = sum();
    const auto second = [&] {
      need(',');
      return sum();
    };
    std::int32_t value = -1;
    if (name == "max") {
      value = pair(PairKind::Larger, x, second());
    } else if (name == "min") {
      value = pair(PairKind::Smaller, x, second());
    } else if (name == "sum" || name == "largest") {
      value = add({.kind = Kind::Reduce,
                   .reduce = name == "sum" ? ReduceKind::Sum : ReduceKind::Largest,
                   .a = x});
    } else if (name == "round") {
      value = round(x);
    } else if (name == "where") {
      const std::int32_t chosen = second();
      value = where(x, chosen, second());
    } else {
      value = composed(name, x);
    }
    const auto function = value_named<RealFunction>(name);
    if (value < 0 && function && *function != RealFunction::None) {
      value = add({.kind = Kind::Function, .function = *function, .a = x});
    }
    if (value < 0) {
      at_ = at_name;
      expected("a function");
    }
    need(')');
    return value;
  }

  /// -1 where no function is called so.
  std::int32_t composed(std::string_view name, std::int32_t x) {
    if (name == "abs") {
      return pair(PairKind::Larger, x, pair(PairKind::Subtract, number(0), x));
    }
    if (name == "positive") {
      return positive(x);
    }
    if (name == "sign") {
      return pair(PairKind::Subtract, positive(x),
                  positive(pair(PairKind::Subtract, number(0), x)));
    }
    if (name == "floor" || name == "ceil") {
      const std::int32_t nearest = round(x);
      const bool down = name == "floor";
      const std::int32_t beyond = positive(down ? pair(PairKind::Subtract, nearest, x)
                                                : pair(PairKind::Subtract, x, nearest));
      return pair(down ? PairKind::Subtract : PairKind::Add, nearest, beyond);
    }
    return -1;
  }

  /// The smaller of x and an infinity, the larger of that and the smaller of y and another.
  std::int32_t where(std::int32_t c, std::int32_t x, std::int32_t y) {
    constexpr double kLarge = 3e38;
    const std::int32_t side =
        pair(PairKind::Subtract, pair(PairKind::Add, c, c), number(1));  // 1 or -1
    const std::int32_t limit =
        pair(PairKind::Multiply, pair(PairKind::Multiply, side, number(kLarge)), number(kLarge));
    const std::int32_t other = pair(PairKind::Subtract, number(0), limit);
    return pair(PairKind::Larger, pair(PairKind::Smaller, x, limit),
                pair(PairKind::Smaller, y, other));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::vector<FormulaTerm> terms_;
};

}  // namespace

FormulaTerms parse_formula(std::string_view text) {
  try {
    return {.terms = Parser(text).run(), .error = {}};
  } catch (const Wrong& wrong) {
    return {.terms = {}, .error = wrong.what()};
  }
}

}  // namespace systole
