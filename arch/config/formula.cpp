#include "arch/config/formula.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>

#include <fmt/format.h>
#include <muParser.h>

#include "arch/config/number_text.h"
#include "arch/config/text_file.h"
#include "arch/diag/check.h"

namespace systole {

namespace {

constexpr std::size_t kLongest = 2000;
constexpr const char* kNameCharacters =
    "0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.";
/// A formula as muParser takes it: `4 MiB` becomes `(4*MiB)`, since its own operators behind a
/// value cannot share their names with the constants that `GB / s` needs.
struct PlainFormula {
  std::string text;
  std::vector<std::size_t> places;  ///< of each character in what was written

  void add(std::string_view piece, std::size_t place) {
    text += piece;
    places.insert(places.end(), piece.size(), place);
  }
};

bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}

bool is_name_letter(char letter) {
  return std::string_view(kNameCharacters).find(letter) != std::string_view::npos;
}

/// Behind the name, or the number, that begins at `at`.
std::size_t end_of_word(const std::string& text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_name_letter(text[end])) {
    const bool has_exponent_sign = is_digit(text[at]) && (text[end] == 'e' || text[end] == 'E') &&
                                   end + 1 < text.size() &&
                                   (text[end + 1] == '-' || text[end + 1] == '+');
    end += has_exponent_sign ? 2 : 1;
  }
  return end;
}

double rounded_down(double number) {
  return std::floor(number);
}

double rounded_up(double number) {
  return std::ceil(number);
}

PlainFormula as_it_is(const std::string& text) {
  PlainFormula formula;
  for (std::size_t at = 0; at < text.size(); ++at) {
    formula.add(text.substr(at, 1), at);
  }
  return formula;
}

PlainFormula plain(const std::string& text) {
  PlainFormula formula;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_name_letter(text[at])) {
      formula.add(text.substr(at, 1), at);
      ++at;
      continue;
    }
    const std::size_t end = end_of_word(text, at);
    const std::string word = text.substr(at, end - at);
    const std::size_t next = std::min(text.find_first_not_of(' ', end), text.size());
    const std::size_t next_end = next < text.size() ? end_of_word(text, next) : next;
    const std::string unit = text.substr(next, next_end - next);
    const bool has_unit = is_digit(word.front()) && next > end &&
                          std::any_of(formula_units().begin(), formula_units().end(),
                                      [&](const FormulaUnit& known) { return known.name == unit; });
    if (has_unit) {
      formula.add("(" + word + "*", at);
      formula.add(unit + ")", next);
      at = next_end;
    } else {
      formula.add(word, at);
      at = end;
    }
  }
  return formula;
}

[[noreturn]] void fail(const std::string& text, std::string_view why) {
  throw FormulaFault{fmt::format("expected a formula, got {}: {}", in_quotes(text), why)};
}

/// `=` alone would assign.
void refuse_assignment(const std::string& text) {
  for (std::size_t at = text.find('='); at != std::string::npos; at = text.find('=', at + 1)) {
    const bool compares =
        (at > 0 && std::string_view("<>!=").find(text[at - 1]) != std::string_view::npos) ||
        (at + 1 < text.size() && text[at + 1] == '=');
    if (!compares) {
      fail(text, fmt::format("'=' at character {} (equality is '==')", at + 1));
    }
  }
}

std::string reason_of(const mu::Parser::exception_type& error, const PlainFormula& formula,
                      const std::string& text) {
  const auto at = static_cast<std::size_t>(std::max(0, error.GetPos()));
  if (error.GetCode() == mu::ecUNEXPECTED_EOF || at >= formula.places.size()) {
    return "it ends too early";
  }
  const std::size_t place = formula.places[at];
  return fmt::format("{} at character {} does not fit", in_quotes(text.substr(place)), place + 1);
}

}  // namespace

struct Formula::Parser {
  mu::Parser parser;
  std::vector<std::string> names;
  std::deque<double> numbers;  ///< muParser keeps pointers to them

  static double* add_name(const char* name, void* self) {
    auto* parser = static_cast<Parser*>(self);
    parser->names.emplace_back(name);
    return &parser->numbers.emplace_back(1.0);
  }
};

Formula::Formula(std::string text, Units units)
    : text_(std::move(text)), parser_(std::make_unique<Parser>()) {
  if (text_.size() > kLongest) {
    throw FormulaFault{
        fmt::format("expected a formula of at most {} characters, got {}", kLongest, text_.size())};
  }
  refuse_assignment(text_);
  const PlainFormula formula = units == Units::Known ? plain(text_) : as_it_is(text_);
  try {
    mu::Parser& parser = parser_->parser;
    parser.DefineNameChars(kNameCharacters);
    parser.ClearConst();
    if (units == Units::Known) {
      for (const FormulaUnit& unit : formula_units()) {
        parser.DefineConst(std::string(unit.name), unit.factor);
      }
    }
    parser.DefineFun("floor", rounded_down);
    parser.DefineFun("ceil", rounded_up);
    parser.SetVarFactory(&Parser::add_name, parser_.get());
    parser.SetExpr(formula.text);
    static_cast<void>(parser.Eval());
    if (parser.GetNumResults() != 1) {
      fail(text_, "there are several, with commas between");
    }
  } catch (const mu::Parser::exception_type& error) {
    fail(text_, reason_of(error, formula, text_));
  }
}

Formula::~Formula() = default;
Formula::Formula(Formula&&) noexcept = default;
Formula& Formula::operator=(Formula&&) noexcept = default;

const std::vector<std::string>& Formula::names() const {
  return parser_->names;
}

double Formula::value(const std::vector<double>& numbers) const {
  SYSTOLE_CHECK(numbers.size() == parser_->names.size(), "{} numbers for {} names", numbers.size(),
                parser_->names.size());
  std::copy(numbers.begin(), numbers.end(), parser_->numbers.begin());
  return parser_->parser.Eval();
}

}  // namespace systole
