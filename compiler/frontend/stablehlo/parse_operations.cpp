#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "arch/diag/printable.h"
#include "compiler/frontend/stablehlo/parser.h"

namespace systole {

const HloAttribute* HloOperation::attribute(std::string_view key) const {
  const auto found = attributes.find(key);
  return found == attributes.end() ? nullptr : &found->second;
}

std::string_view HloOperation::short_name() const {
  const std::size_t dot = name.find('.');
  return dot == std::string::npos ? std::string_view(name) : std::string_view(name).substr(dot + 1);
}

HloUse HloParser::use() {
  const HloToken token = expect(HloToken::Kind::Value, "a value, such as %0");
  return {.name = std::string(token.text), .part = token.part, .place = place_of(token)};
}

void HloParser::operands(HloOperation& made, std::string_view closing) {
  list(closing, [&] { made.operands.push_back(use()); });
}

/// `(types) -> types`, or the types of the results, which are those of the operands.
void HloParser::signature(HloOperation& made) {
  std::size_t results = 0;
  for (const auto& [name, count] : made.results) {
    results += static_cast<std::size_t>(count);
  }
  if (take("(")) {
    std::vector<HloType> types = types_in_parentheses();
    if (!take("->")) {  // (tensor<f32>) of a return
      made.result_types.assign(results, types.empty() ? HloType{} : types.back());
      return;
    }
    if (take("(")) {
      made.result_types = types_in_parentheses();
    } else {
      made.result_types.push_back(type());
    }
    return;
  }
  std::vector<HloType> types{type()};
  while (take(",")) {
    types.push_back(type());
  }
  if (take("->")) {  // chlo
    types = take("(") ? types_in_parentheses() : std::vector<HloType>{type()};
  }
  if (types.size() == results) {
    made.result_types = std::move(types);
  } else {
    made.result_types.assign(results, types.empty() ? HloType{} : types.back());
  }
}

HloOperation HloParser::operation() {
  const Deeper deeper(*this);
  HloOperation made{.name = {}, .place = place_of(peek())};
  if (peek().kind == HloToken::Kind::Value) {
    constexpr std::int64_t kMostResults = 4096;
    do {
      const HloToken result = expect(HloToken::Kind::Value, "a value, such as %0");
      std::int64_t count = 1;
      if (take(":")) {
        const HloToken number = peek();
        count = integer();
        if (count < 1 || count > kMostResults) {
          fail(number, fmt::format("expected 1..{} results, got {}", kMostResults, count));
        }
      }
      made.results.emplace_back(result.text, count);
    } while (take(","));
    expect("=");
  }
  made.place = place_of(peek());
  if (peek().kind == HloToken::Kind::String) {
    generic_operation(made);
  } else {
    pretty_operation(made);
  }
  static_cast<void>(location());
  std::int64_t results = 0;
  for (const auto& [name, count] : made.results) {
    results += count;
  }
  if (results != 0 && std::ssize(made.result_types) != results) {
    throw WorkloadError({.file = file_, .line = made.place.line, .column = made.place.column},
                        path_,
                        fmt::format("expected the types of {} results of {}, got {}", results,
                                    printable(made.name), made.result_types.size()));
  }
  return made;
}

void HloParser::generic_operation(HloOperation& made) {
  made.name = unquoted(tokens_.next().text);
  expect("(");
  operands(made, ")");
  if (next_is("[")) {
    fail(peek(), "expected structured control flow, got an operation that jumps to blocks");
  }
  if (take("<")) {
    expect("{");
    attributes(made.attributes);
    expect(">");
  }
  if (take("(")) {
    list(")", [&] { made.regions.push_back(region()); });
  }
  if (take("{")) {
    attributes(made.attributes);
  }
  expect(":");
  signature(made);
}

void HloParser::pretty_operation(HloOperation& made) {
  const HloToken name = expect(HloToken::Kind::Word, "an operation");
  made.name = std::string(name.text);
  for (const std::string_view own : {"call", "return", "constant"}) {
    if (made.name == own) {
      made.name = (own == "constant" ? "arith." : "func.") + made.name;
    }
  }
  const std::string_view kind = made.short_name();
  if (kind == "constant") {
    pretty_constant(made);
  } else if (kind == "convolution") {
    pretty_convolution(made);
  } else if (kind == "reduce") {
    pretty_reduce(made);
  } else if (kind == "slice") {
    pretty_slice(made);
  } else if (kind == "while") {
    pretty_while(made);
  } else {
    pretty_words(made);
  }
}

HloAttribute HloParser::word_attribute(HloAttribute::Kind kind) {
  const HloToken token = tokens_.next();
  HloAttribute made{.kind = kind, .place = place_of(token)};
  made.text = kind == HloAttribute::Kind::String ? unquoted(token.text) : std::string(token.text);
  return made;
}

/// An operand, `key = value`, `key = value x value`, a word or a symbol.
bool HloParser::pretty_word(HloOperation& made) {
  const HloToken token = peek();
  const auto set = [&](std::string key, HloAttribute value) {
    made.attributes.insert_or_assign(std::move(key), std::move(value));
  };
  switch (token.kind) {
    case HloToken::Kind::Value:
      made.operands.push_back(use());
      return true;
    case HloToken::Kind::Symbol:
      set("callee", word_attribute(HloAttribute::Kind::Symbol));
      return true;
    case HloToken::Kind::String:
      set("name", word_attribute(HloAttribute::Kind::String));
      return true;
    case HloToken::Kind::Word: {
      HloAttribute read = word_attribute(HloAttribute::Kind::Word);
      if (take("=")) {
        pretty_pair(made, read.text);
      } else if (made.short_name() == "compare") {
        set(made.attribute("comparison_direction") == nullptr ? "comparison_direction"
                                                              : "compare_type",
            std::move(read));
      } else {
        fail_at(token, "':' and the types of an operation");
      }
      return true;
    }
    default:
      return false;
  }
}

/// Operands, words and attributes, in any order: what most operations are written with.
void HloParser::pretty_words(HloOperation& made) {
  while (true) {
    const HloToken token = peek();
    if (token.is("loc")) {
      return;
    }
    if (pretty_word(made)) {
      continue;
    }
    if (take("{")) {
      attributes(made.attributes);
    } else if (take(":")) {
      signature(made);
      return;
    } else if (!take(",") && !take("(") && !take(")")) {
      const bool ends =
          made.results.empty() && (token.is("}") || token.kind == HloToken::Kind::Block);
      if (!ends) {
        fail_at(token, "':' and the types of an operation");
      }
      return;  // return
    }
  }
}

/// `contracting_dims = [1] x [0]` has a second part.
void HloParser::pretty_pair(HloOperation& made, const std::string& key) {
  const bool is_number = peek().kind == HloToken::Kind::Integer;
  made.attributes.insert_or_assign(key, is_number ? number_attribute(false) : attribute());
  if (take("x")) {
    made.attributes.insert_or_assign(key + " x", attribute());
  }
}

void HloParser::pretty_constant(HloOperation& made) {
  static_cast<void>(take("("));
  static_cast<void>(take(")"));
  if (take("{")) {
    attributes(made.attributes);
  }
  const HloToken token = peek();
  HloAttribute value = attribute();
  if (value.kind != HloAttribute::Kind::Dense && value.kind != HloAttribute::Kind::Resource) {
    fail(token, "expected numbers of a constant, dense<...>, got something else");
  }
  made.result_types.push_back(value.type);
  made.attributes.insert_or_assign("value", std::move(value));
}

void HloParser::pretty_convolution(HloOperation& made) {
  expect("(");
  operands(made, ")");
  do {
    const HloToken token = peek();
    const std::string word = key();
    expect("=");
    if (word == "dim_numbers") {
      made.attributes.insert_or_assign("dimension_numbers", convolution_axes());
    } else if (word == "window") {
      expect("{");
      attributes(made.attributes);
    } else {
      fail_at(token, "dim_numbers or window");
    }
  } while (take(","));
  if (take("{")) {
    attributes(made.attributes);
  }
  expect(":");
  signature(made);
}

/// `(%x init: %a), (%y init: %b) applies stablehlo.add across dimensions = [1] : ...`, or with a
/// reducer behind the types. Operands become those of the generic form: inputs, then initial
/// values.
void HloParser::pretty_reduce(HloOperation& made) {
  std::vector<HloUse> initial;
  do {
    expect("(");
    made.operands.push_back(use());
    expect("init");
    expect(":");
    initial.push_back(use());
    expect(")");
  } while (take(","));
  made.operands.insert(made.operands.end(), initial.begin(), initial.end());
  if (take("applies")) {
    HloAttribute applied{.kind = HloAttribute::Kind::Word, .place = place_of(peek())};
    applied.text = std::string(expect(HloToken::Kind::Word, "an operation").text);
    made.attributes.insert_or_assign("applies", std::move(applied));
  }
  expect("across");
  expect("dimensions");
  expect("=");
  made.attributes.insert_or_assign("dimensions", attribute());
  if (take("{")) {
    attributes(made.attributes);
  }
  expect(":");
  signature(made);
  if (made.attribute("applies") == nullptr) {
    pretty_reducer(made);
  }
}

/// `reducer(%a: tensor<f32>, %b: tensor<f32>) (%c: ..., %d: ...) {...}`: a pair for each input; the
/// arguments of the region are the firsts, then the seconds.
void HloParser::pretty_reducer(HloOperation& made) {
  expect("reducer");
  std::vector<std::pair<std::string, HloType>> firsts;
  std::vector<std::pair<std::string, HloType>> seconds;
  do {
    expect("(");
    std::size_t count = 0;
    list(")", [&] {
      const HloToken name = expect(HloToken::Kind::Value, "an argument, such as %arg1");
      expect(":");
      (count == 0 ? firsts : seconds).emplace_back(name.text, type());
      static_cast<void>(location());
      ++count;
    });
  } while (next_is("("));
  firsts.insert(firsts.end(), seconds.begin(), seconds.end());
  made.regions.push_back(region());
  made.regions.back().arguments = std::move(firsts);
}

/// `%x [0:8, 1:9:2] : ...`
void HloParser::pretty_slice(HloOperation& made) {
  if (next_is("(") || peek().kind != HloToken::Kind::Value) {
    pretty_words(made);
    return;
  }
  made.operands.push_back(use());
  std::array<HloAttribute, 3> by;
  expect("[");
  list("]", [&] {
    std::array<std::int64_t, 3> numbers{0, 0, 1};
    numbers[0] = integer();
    expect(":");
    numbers[1] = integer();
    if (take(":")) {
      numbers[2] = integer();
    }
    for (std::size_t i = 0; i < by.size(); ++i) {
      HloAttribute number{.kind = HloAttribute::Kind::Integer};
      number.integer = numbers[i];
      by[i].items.push_back(std::move(number));
    }
  });
  constexpr std::array<std::string_view, 3> kKeys{"start_indices", "limit_indices", "strides"};
  for (std::size_t i = 0; i < by.size(); ++i) {
    by[i].kind = HloAttribute::Kind::Array;
    made.attributes.insert_or_assign(std::string(kKeys[i]), std::move(by[i]));
  }
  if (take("{")) {
    attributes(made.attributes);
  }
  expect(":");
  signature(made);
}

/// `(%a = %0, %b = %1) : types cond {...} do {...}`
void HloParser::pretty_while(HloOperation& made) {
  std::vector<std::pair<std::string, HloType>> arguments;
  expect("(");
  list(")", [&] {
    const HloToken name = expect(HloToken::Kind::Value, "an argument, such as %iterArg");
    expect("=");
    made.operands.push_back(use());
    arguments.emplace_back(name.text, HloType{});
  });
  if (take(":")) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if (i > 0) {
        expect(",");
      }
      arguments[i].second = type();
      made.result_types.push_back(arguments[i].second);
    }
  }
  if (take("attributes")) {
    expect("{");
    attributes(made.attributes);
  }
  for (const std::string_view word : {"cond", "do"}) {
    expect(word);
    made.regions.push_back(region());
    made.regions.back().arguments = arguments;
  }
}

// --- regions ---

HloRegion HloParser::region() {
  const Deeper deeper(*this);
  HloRegion made;
  expect("{");
  region_body(made);
  return made;
}

void HloParser::region_body(HloRegion& made) {
  if (peek().kind == HloToken::Kind::Block) {
    static_cast<void>(tokens_.next());
    if (take("(")) {
      list(")", [&] {
        const HloToken name = expect(HloToken::Kind::Value, "an argument, such as %arg1");
        expect(":");
        made.arguments.emplace_back(name.text, type());
        static_cast<void>(location());
      });
    }
    expect(":");
  }
  while (!take("}")) {
    if (peek().kind == HloToken::Kind::End) {
      fail_at(peek(), "'}'");
    }
    if (peek().kind == HloToken::Kind::Block) {
      fail(peek(), "expected structured control flow, got a second block");
    }
    made.operations.push_back(operation());
  }
}

}  // namespace systole
