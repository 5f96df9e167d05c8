#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "compiler/ops/formula.h"
#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"

namespace systole {

namespace {

/// Stands for the gradient by the formula's result until the inputs get their letters.
constexpr char kResult = 'g';  // behind the inputs
static_assert(kResult == 'a' + kFormulaInputs);

/// A text, and whether it is a single number for a row.
struct Expression {
  std::string text;
  bool single = false;
};

bool is_sum(const std::string& text) {
  return text.find(' ') != std::string::npos;
}
std::string in_brackets(const std::string& text) {
  return is_sum(text) ? "(" + text + ")" : text;
}

Expression product(const Expression& a, const Expression& b) {
  const bool single = a.single && b.single;
  if (a.text == "1") {
    return {b.text, single};
  }
  if (b.text == "1") {
    return {a.text, single};
  }
  return {in_brackets(a.text) + " * " + in_brackets(b.text), single};
}

std::string_view slope_of(RealFunction function) {
  const auto& functions = number_functions();
  const auto* const found =
      std::find_if(functions.begin(), functions.end(),
                   [&](const NumberFunction& each) { return each.unit == function; });
  SYSTOLE_CHECK(found != functions.end(), "no derivative of {}", name_of(function));
  return found->slope;
}

bool slope_is_of_result(RealFunction function) {
  const auto& functions = number_functions();
  return std::any_of(functions.begin(), functions.end(), [&](const NumberFunction& each) {
    return each.unit == function && each.slope_of_result;
  });
}

/// Puts texts in place of single letters, those of functions' names left alone.
std::string with_letters(std::string_view text, const std::map<char, std::string>& letters) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 ||
                                 text[end] == '_' || text[end] == '.')) {
      ++end;
    }
    const std::string word(text.substr(i, std::max<std::size_t>(end - i, 1)));
    const auto letter = word.size() == 1 ? letters.find(word.front()) : letters.end();
    out += letter == letters.end() ? word : letter->second;
    i += word.size();
  }
  return out;
}

/// Goes through the terms of a formula from the last to the first: what the loss changes with each.
/// `from`: the term that the given gradient is by, the last one or what that is a function of.
class Slopes {
 public:
  Slopes(const RowFormula& formula, std::size_t from)
      : formula_(formula), single_(single_terms(formula)), slopes_(formula.terms.size()) {
    for (const FormulaTerm& term : formula.terms) {
      texts_.push_back(text_of(term));
    }
    slopes_[from] = Expression{std::string(1, kResult), static_cast<bool>(single_[from])};
    for (std::size_t i = formula.terms.size(); i-- > 0;) {
      if (slopes_[i]) {
        spread(i);
      }
    }
  }

  /// By an input; none where the result does not change with it.
  [[nodiscard]] std::optional<Expression> by_input(std::size_t input) const {
    for (std::size_t i = 0; i < formula_.terms.size(); ++i) {
      const FormulaTerm& term = formula_.terms[i];
      if (term.kind == Kind::Input && term.operand == static_cast<std::int32_t>(input)) {
        return slopes_[i];
      }
    }
    return std::nullopt;
  }

 private:
  using Kind = FormulaTerm::Kind;

  [[nodiscard]] const std::string& text(std::int32_t term) const {
    return texts_[static_cast<std::size_t>(term)];
  }
  [[nodiscard]] Expression value(std::int32_t term) const {
    return {text(term), static_cast<bool>(single_[static_cast<std::size_t>(term)])};
  }

  [[nodiscard]] std::string text_of(const FormulaTerm& term) const {
    const auto pair = [&](char sign) {
      return fmt::format("({} {} {})", text(term.a), sign, text(term.b));
    };
    switch (term.kind) {
      case Kind::Number:
        return fmt::format("{}", term.number);
      case Kind::Input:
        return std::string(1, static_cast<char>('a' + term.operand));
      case Kind::Parameter:
        return std::string(1, static_cast<char>('p' + term.operand));
      case Kind::Column:
        return "column";
      case Kind::Function:
        return fmt::format("{}({})", name_of(term.function), text(term.a));
      case Kind::Round:
        return fmt::format("round({})", text(term.a));
      case Kind::Reduce:
        return fmt::format("{}({})", term.reduce == ReduceKind::Sum ? "sum" : "largest",
                           text(term.a));
      case Kind::Pair:
        break;
    }
    switch (term.pair) {
      case PairKind::Add:
        return pair('+');
      case PairKind::Subtract:
        return pair('-');
      case PairKind::Multiply:
        return pair('*');
      case PairKind::Divide:
        return pair('/');
      case PairKind::Larger:
        return fmt::format("max({}, {})", text(term.a), text(term.b));
      case PairKind::Smaller:
        return fmt::format("min({}, {})", text(term.a), text(term.b));
    }
    return "";
  }

  /// Adds to what the loss changes with a term. `by_row`: the term that it comes from is a row.
  void give(std::int32_t to, Expression slope, bool by_row) {
    const auto index = static_cast<std::size_t>(to);
    if (single_[index] && by_row) {  // each element of the row changes with the number
      slope = slope.single ? product(slope, {fmt::format("{}", formula_.channels), true})
                           : Expression{"sum(" + slope.text + ")", true};
    }
    auto& known = slopes_[index];
    known = known ? Expression{fmt::format("({} + {})", known->text, slope.text),
                               known->single && slope.single}
                  : std::move(slope);
  }

  void spread(std::size_t index) {
    const FormulaTerm& term = formula_.terms[index];
    const Expression slope = *slopes_[index];
    const bool by_row = !single_[index];
    switch (term.kind) {
      case Kind::Number:
      case Kind::Input:
      case Kind::Parameter:
      case Kind::Column:
      case Kind::Round:  // flat
        return;
      case Kind::Pair:
        spread_pair(term, slope, by_row);
        return;
      case Kind::Function: {
        const bool of_result = slope_is_of_result(term.function);
        const std::string at = of_result ? texts_[index] : text(term.a);
        const std::string factor = with_letters(slope_of(term.function), {{'a', at}});
        give(term.a, product(slope, {"(" + factor + ")", single_[index]}), by_row);
        return;
      }
      case Kind::Reduce:
        if (term.reduce == ReduceKind::Sum) {
          give(term.a, slope, false);
        } else {
          const std::string others = fmt::format("positive({} - {})", texts_[index], text(term.a));
          give(term.a, product(slope, {"(1 - " + others + ")", false}), false);
        }
        return;
    }
  }

  void spread_pair(const FormulaTerm& term, const Expression& slope, bool by_row) {
    const Expression a = value(term.a);
    const Expression b = value(term.b);
    const auto minus = [](const Expression& x) { return product(x, {"(0 - 1)", true}); };
    const auto above = [&](const Expression& x, const Expression& y) {
      return Expression{fmt::format("positive({} - {})", x.text, y.text), x.single && y.single};
    };
    const auto not_above = [&](const Expression& x, const Expression& y) {
      return Expression{"(1 - " + above(x, y).text + ")", x.single && y.single};
    };
    switch (term.pair) {
      case PairKind::Add:
        give(term.a, slope, by_row);
        give(term.b, slope, by_row);
        return;
      case PairKind::Subtract:
        give(term.a, slope, by_row);
        give(term.b, minus(slope), by_row);
        return;
      case PairKind::Multiply:
        give(term.a, product(slope, b), by_row);
        give(term.b, product(slope, a), by_row);
        return;
      case PairKind::Divide:
        give(term.a, {in_brackets(slope.text) + " / " + b.text, slope.single && b.single}, by_row);
        give(term.b,
             minus({fmt::format("{} * {} / ({} * {})", in_brackets(slope.text), a.text, b.text,
                                b.text),
                    slope.single && a.single && b.single}),
             by_row);
        return;
      case PairKind::Larger:  // the first of equal ones
        give(term.a, product(slope, not_above(b, a)), by_row);
        give(term.b, product(slope, above(b, a)), by_row);
        return;
      case PairKind::Smaller:
        give(term.a, product(slope, not_above(a, b)), by_row);
        give(term.b, product(slope, above(a, b)), by_row);
        return;
    }
  }

  const RowFormula& formula_;
  std::vector<bool> single_;
  std::vector<std::string> texts_;
  std::vector<std::optional<Expression>> slopes_;
};

/// The letters that a text reads.
std::set<char> letters_of(const std::string& text) {
  std::set<char> found;
  for (char letter = 'a'; letter <= kResult; ++letter) {
    if (with_letters(text, {{letter, "?"}}) != text) {
      found.insert(letter);
    }
  }
  return found;
}

/// Whether a slope has more letters than a formula has inputs.
bool reads_too_much(const Slopes& slopes, std::size_t inputs) {
  for (std::size_t input = 0; input < inputs; ++input) {
    const auto slope = slopes.by_input(input);
    if (slope && letters_of(slope->text).size() > kFormulaInputs) {
      return true;
    }
  }
  return false;
}

}  // namespace

Op formula_of(std::string of, std::optional<DataType> element) {
  return RowFormula{.of = std::move(of), .positions = {}, .element = element, .terms = {}};
}

Op formula_with(FormulaForm form) {
  RowFormula formula{.of = std::move(form.of),
                     .positions = Extents(form.middles.size(), 1),
                     .element = form.element,
                     .columns = form.columns,
                     .terms = {}};
  std::copy(form.middles.begin(), form.middles.end(), formula.middles.begin());
  return formula;
}

Op update_of(std::string of) {
  return RowFormula{
      .of = std::move(of), .positions = {}, .element = {}, .updates = true, .terms = {}};
}

/// Parameters, one row for all pixels, become inputs.
GraphTensorId RowFormula::train(Forward& forward) const {
  std::vector<GraphTensorId> read;
  for (std::size_t input = 0; input < inputs; ++input) {
    read.push_back(forward.input(input));
  }
  RowFormula made = *this;
  if (!positions.empty()) {
    if (inputs + positions.size() > kFormulaInputs ||
        std::any_of(positions.begin(), positions.end(), [](std::int64_t n) { return n > 1; })) {
      forward.refuse(fmt::format(
          "expected a formula with parameters for a single position and at most {} operands to "
          "train, got another",
          kFormulaInputs));
    }
    std::map<char, std::string> letters;
    read.front() = forward.rows(read.front());
    for (std::size_t i = 0; i < positions.size(); ++i) {
      letters[static_cast<char>('p' + i)] = std::string(1, static_cast<char>('a' + inputs + i));
      read.push_back(forward.summand(inputs + i, {1, 1, channels}));
    }
    for (std::size_t input = 1; input < inputs; ++input) {
      read[input] = forward.rows(read[input]);
    }
    made.of = with_letters(of, letters);
    made.positions.clear();
  }
  return forward.add("formula", made, std::move(read));
}

/// The chain rule over the formula's terms, written down as another formula of the inputs and of
/// the gradient by the result. What all pixels share gets the sum over them: their mean on the
/// vector unit, times how many they are. Where that reads too many tensors at once and the result
/// is a function's, whose slope follows from it, the gradient by what it is a function of comes
/// first.
void RowFormula::gradient(Backward& backward) const {
  const bool elements =
      std::any_of(terms.begin(), terms.end(), [](const FormulaTerm& term) { return term.element; });
  if (elements || !positions.empty() || updates) {
    backward.refuse(
        "expected a formula without parameters and without elements of rows, got one with them");
  }
  GraphTensorId gradient = backward.gradient();
  std::size_t from = terms.size() - 1;
  const FormulaTerm& last = terms.back();
  if (reads_too_much(Slopes(*this, from), inputs) && last.kind == FormulaTerm::Kind::Function &&
      slope_is_of_result(last.function)) {
    from = static_cast<std::size_t>(last.a);
    const std::string slope = with_letters(slope_of(last.function), {{'a', "b"}});
    gradient = backward.add("inner_gradient", formula_of("a * (" + slope + ")"),
                            {gradient, backward.output()});
  }
  const Slopes slopes(*this, from);
  for (std::size_t input = 0; input < inputs; ++input) {
    if (!backward.wants(input)) {
      continue;
    }
    auto slope = slopes.by_input(input);
    if (!slope) {
      continue;
    }
    const Shape in = image_of(backward.type(backward.input(input)));
    if (slope->single && in.channels > 1) {
      // The same for all of a row: zeros of the row's width, and the number.
      slope->text =
          fmt::format("max(min({}, 0), 0) + {}", static_cast<char>('a' + input), slope->text);
    }
    std::map<char, std::string> letters;
    std::vector<GraphTensorId> read;
    for (const char letter : letters_of(slope->text)) {
      letters[letter] = std::string(1, static_cast<char>('a' + letters.size()));
      read.push_back(letter == kResult ? gradient
                                       : backward.input(static_cast<std::size_t>(letter - 'a')));
    }
    if (read.size() > kFormulaInputs) {
      backward.refuse(
          fmt::format("expected a formula whose gradient reads at most {} tensors, got "
                      "one that reads {}",
                      kFormulaInputs, read.size()));
    }
    const Shape out = image_of(backward.type(backward.output()));
    const std::int64_t pixels = out.rows * out.cols;
    const bool shared = in.rows * in.cols == 1 && pixels > 1;
    const std::string text = with_letters(slope->text, letters);
    if (!shared) {
      if (slope->text == std::string(1, kResult)) {
        backward.give(input, gradient);
      } else {
        backward.give(input, formula_of(text, backward.element(input)), std::move(read));
      }
      continue;
    }
    GraphTensorId whole = gradient;
    if (slope->text != std::string(1, kResult)) {
      whole = backward.add("gradient_by_pixel", formula_of(text, backward.type(gradient).element),
                           std::move(read));
    }
    const GraphTensorId mean = backward.mean("gradient_mean", whole);
    const Extents extents = backward.type(backward.input(input)).extents;
    backward.give(input, formula_of(fmt::format("a * {}", pixels), backward.element(input)),
                  {backward.view(mean, extents)});
  }
}

}  // namespace systole
