#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "arch/diag/printable.h"
#include "compiler/frontend/stablehlo/parser.h"

namespace systole {

// --- tokens ---

HloParser::Deeper::Deeper(HloParser& parser) : parser_(parser) {
  if (++parser_.depth_ > kDeepest) {
    const HloToken token = parser_.peek();
    --parser_.depth_;
    parser_.fail(token, fmt::format("expected at most {} levels of nesting, got more", kDeepest));
  }
}

void HloParser::fail(const HloToken& token, std::string_view message) {
  throw WorkloadError(tokens_.place_of(token), path_, message);
}

void HloParser::fail_at(const HloToken& token, std::string_view expected) {
  fail(token, fmt::format("expected {}, got {}", expected,
                          token.kind == HloToken::Kind::End ? std::string("the end of the file")
                                                            : in_quotes(token.text)));
}

bool HloParser::take(std::string_view mark) {
  if (!next_is(mark)) {
    return false;
  }
  static_cast<void>(tokens_.next());
  return true;
}

HloToken HloParser::expect(std::string_view mark) {
  if (!next_is(mark)) {
    fail_at(peek(), fmt::format("'{}'", mark));
  }
  return tokens_.next();
}

HloToken HloParser::expect(HloToken::Kind kind, std::string_view what) {
  if (peek().kind != kind) {
    fail_at(peek(), what);
  }
  return tokens_.next();
}

void HloParser::list(std::string_view closing, const std::function<void()>& each) {
  while (!take(closing)) {
    each();
    if (!take(",") && !next_is(closing)) {
      fail_at(peek(), fmt::format("',' or '{}'", closing));
    }
  }
}

// --- the module ---

const HloFunction* HloModule::function(std::string_view wanted) const {
  const auto found = std::find_if(functions.begin(), functions.end(),
                                  [&](const HloFunction& each) { return each.name == wanted; });
  return found == functions.end() ? nullptr : &*found;
}

const HloFunction* HloModule::entry() const {
  const HloFunction* const main = function("main");
  if (main != nullptr) {
    return main;
  }
  const auto is_public = [](const HloFunction& each) { return !each.is_private; };
  const auto found = std::find_if(functions.begin(), functions.end(), is_public);
  const bool is_only = std::count_if(functions.begin(), functions.end(), is_public) == 1;
  return is_only ? &*found : nullptr;
}

HloModule HloParser::module() {
  HloModule made;
  made.file = file_;
  while (peek().kind != HloToken::Kind::End) {
    module_entry(made);
  }
  resolve_labels(made);
  return made;
}

/// What may stand outside of functions.
void HloParser::module_entry(HloModule& module) {
  const Deeper deeper(*this);
  const HloToken token = peek();
  if (token.kind == HloToken::Kind::Hash || token.kind == HloToken::Kind::Bang) {
    definition();
  } else if (token.is("{-#")) {
    file_metadata(module);
  } else if (token.is("func.func") || token.is("func")) {
    function(module);
  } else if (token.is("module") || token.is("builtin.module")) {
    static_cast<void>(tokens_.next());
    if (peek().kind == HloToken::Kind::Symbol) {
      module.name = std::string(tokens_.next().text);
    }
    if (take("attributes")) {
      Attributes ignored;
      expect("{");
      attributes(ignored);
    }
    expect("{");
    module_body(module, true);
    static_cast<void>(location());
  } else if (token.kind == HloToken::Kind::String) {
    HloOperation made = operation();
    if (made.name == "builtin.module" && made.regions.size() == 1) {
      for (HloOperation& each : made.regions.front().operations) {
        generic_function(module, std::move(each));
      }
      return;
    }
    generic_function(module, std::move(made));
  } else {
    fail_at(token, "a module or a function of StableHLO");
  }
}

void HloParser::module_body(HloModule& module, bool has_braces) {
  while (!(has_braces && take("}"))) {
    if (peek().kind == HloToken::Kind::End) {
      fail_at(peek(), "'}'");
    }
    module_entry(module);
  }
}

/// `#loc3 = loc("x"(#loc1))`, `#map = affine_map<...>`, `!type = ...`
void HloParser::definition() {
  const HloToken name = tokens_.next();
  expect("=");
  if (name.kind == HloToken::Kind::Bang) {
    static_cast<void>(type());
  } else if (next_is("loc")) {
    locations_.insert_or_assign("#" + std::string(name.text), location());
  } else {
    HloAttribute value = attribute();
    definitions_.insert_or_assign(std::string(name.text), std::move(value));
  }
}

/// `{-# dialect_resources: { builtin: { name: "0x..." } } #-}`
void HloParser::file_metadata(HloModule& module) {
  static_cast<void>(tokens_.next());
  std::vector<std::string> path;
  std::string name;
  while (!take("#-}")) {
    const HloToken token = tokens_.next();
    if (token.kind == HloToken::Kind::End) {
      fail_at(token, "'#-}'");
    }
    if (token.kind == HloToken::Kind::String && next_is(":")) {
      name = unquoted(token.text);
    } else if (token.kind == HloToken::Kind::Word) {
      name = std::string(token.text);
    } else if (token.kind == HloToken::Kind::String && path.size() == 2 &&
               path.front() == "dialect_resources") {
      module.resources.insert_or_assign(name, unquoted(token.text));
    } else if (token.is("{")) {
      path.push_back(name);
    } else if (token.is("}") && !path.empty()) {
      path.pop_back();
    }
  }
}

// --- functions ---

void HloParser::function(HloModule& module) {
  static_cast<void>(tokens_.next());
  HloFunction made;
  made.place = place_of(peek());
  while (peek().kind == HloToken::Kind::Word) {
    made.is_private = tokens_.next().text != "public" || made.is_private;
  }
  const HloToken name = expect(HloToken::Kind::Symbol, "the name of a function");
  made.name = std::string(name.text);
  path_ = "@" + printable(made.name);
  if (module.function(made.name) != nullptr) {
    fail(name, "expected each function once, got it again");
  }
  expect("(");
  list(")", [&] {
    HloArgument argument;
    argument.place = place_of(peek());
    if (peek().kind == HloToken::Kind::Value) {
      argument.name = std::string(tokens_.next().text);
      expect(":");
    }
    argument.type = type();
    if (take("{")) {
      attributes(argument.attributes);
    }
    argument.label = location();
    made.arguments.push_back(std::move(argument));
  });
  if (take("->")) {
    function_results(made);
  }
  if (take("attributes")) {
    Attributes ignored;
    expect("{");
    attributes(ignored);
  }
  if (next_is("{")) {
    made.body = region();
  } else {
    made.is_declared_only = true;
  }
  static_cast<void>(location());
  path_.clear();
  module.functions.push_back(std::move(made));
}

void HloParser::function_results(HloFunction& made) {
  if (!take("(")) {
    made.results.push_back({.type = type(), .attributes = {}});
    return;
  }
  list(")", [&] {
    HloResult& result = made.results.emplace_back(HloResult{.type = type(), .attributes = {}});
    if (take("{")) {
      attributes(result.attributes);
    }
  });
}

/// A function that was read as an operation.
void HloParser::generic_function(HloModule& module, HloOperation operation) {
  const SourceLocation where{
      .file = file_, .line = operation.place.line, .column = operation.place.column};
  if (operation.name != "func.func") {
    throw WorkloadError(where, "",
                        fmt::format("expected a function, got {}", in_quotes(operation.name)));
  }
  HloFunction made;
  made.place = operation.place;
  const HloAttribute* const name = operation.attribute("sym_name");
  if (name == nullptr || name->text.empty() || operation.regions.size() != 1) {
    throw WorkloadError(where, "", "expected a function with a name and a body, got none");
  }
  made.name = name->text;
  const HloAttribute* const visibility = operation.attribute("sym_visibility");
  made.is_private = visibility != nullptr && visibility->text == "private";
  if (module.function(made.name) != nullptr) {
    throw WorkloadError(where, "@" + printable(made.name),
                        "expected each function once, got it again");
  }
  made.body = std::move(operation.regions.front());
  for (const auto& [argument, type] : made.body.arguments) {
    made.arguments.push_back(
        {.name = argument, .label = {}, .type = type, .place = operation.place, .attributes = {}});
  }
  made.is_declared_only = made.body.operations.empty();
  module.functions.push_back(std::move(made));
}

/// Names that stand behind numbers of locations.
void HloParser::resolve_labels(HloModule& module) const {
  for (HloFunction& each : module.functions) {
    for (HloArgument& argument : each.arguments) {
      constexpr int kMostSteps = 8;
      for (int step = 0; step < kMostSteps && argument.label.starts_with("#"); ++step) {
        const auto found = locations_.find(argument.label);
        argument.label = found == locations_.end() ? std::string{} : found->second;
      }
    }
  }
}

HloModule parse_hlo_module(std::string_view text, const std::string& file) {
  return HloParser(text, file).module();
}

}  // namespace systole
