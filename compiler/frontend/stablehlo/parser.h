#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/frontend/stablehlo/module.h"
#include "compiler/frontend/stablehlo/tokens.h"

namespace systole {

/// Reads a module from top to bottom. Types and attributes are in parse_attributes.cpp, operations
/// in parse_operations.cpp, functions and the module in parse_module.cpp.
class HloParser {
 public:
  HloParser(std::string_view text, const std::string& file) : tokens_(text, file), file_(file) {}

  [[nodiscard]] HloModule module();

 private:
  /// What is nested deeper is refused: no text of a few bytes may use up the stack.
  static constexpr int kDeepest = 64;
  class Deeper;

  // --- tokens ---
  [[nodiscard]] const HloToken& peek() { return tokens_.peek(); }
  [[nodiscard]] bool next_is(std::string_view mark) { return peek().is(mark); }
  bool take(std::string_view mark);
  HloToken expect(std::string_view mark);
  HloToken expect(HloToken::Kind kind, std::string_view what);
  [[noreturn]] void fail(const HloToken& token, std::string_view message);
  [[noreturn]] void fail_at(const HloToken& token, std::string_view expected);
  [[nodiscard]] static HloPlace place_of(const HloToken& token) {
    return {.line = token.line, .column = token.column};
  }
  /// Calls `each` for what stands between commas, until `closing`.
  void list(std::string_view closing, const std::function<void()>& each);

  // --- types and attributes ---
  [[nodiscard]] HloType type();
  [[nodiscard]] HloType tensor_type(const HloToken& word);
  [[nodiscard]] std::vector<HloType> types_in_parentheses();
  [[nodiscard]] HloAttribute attribute();
  [[nodiscard]] HloAttribute attribute_value();
  [[nodiscard]] HloAttribute hash_attribute();
  [[nodiscard]] HloAttribute word_attribute();
  /// `typed`: a colon behind it says its type, not that of an operation.
  [[nodiscard]] HloAttribute number_attribute(bool typed = true);
  [[nodiscard]] HloAttribute array_attribute();
  [[nodiscard]] HloAttribute dense_attribute();
  [[nodiscard]] HloAttribute resource_attribute();
  /// `[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]` as three arrays.
  [[nodiscard]] HloAttribute convolution_axes();
  /// `key = value, ...` until `closing`.
  void entries(std::string_view closing, HloAttribute& into);
  [[nodiscard]] std::string key();
  [[nodiscard]] std::int64_t integer();
  [[nodiscard]] std::vector<std::int64_t> integers_in_brackets();
  struct Literal;
  void dense_elements(Literal& literal, std::size_t axis);
  [[nodiscard]] OnnxConstant hex_constant(const Literal& literal, const HloType& type);
  [[nodiscard]] OnnxConstant dense_constant(const Literal& literal, const HloType& type);
  /// What debug locations call something, where they do; nothing where none follows.
  std::string location();

  // --- operations ---
  using Attributes = std::map<std::string, HloAttribute, std::less<>>;
  void attributes(Attributes& into);  ///< with the opening brace read
  [[nodiscard]] HloRegion region();   ///< with its braces
  void region_body(HloRegion& made);
  [[nodiscard]] HloOperation operation();
  void generic_operation(HloOperation& made);
  void pretty_operation(HloOperation& made);
  void pretty_words(HloOperation& made);
  [[nodiscard]] bool pretty_word(HloOperation& made);  ///< whether there was one
  [[nodiscard]] HloAttribute word_attribute(HloAttribute::Kind kind);
  void pretty_pair(HloOperation& made, const std::string& key);
  void pretty_constant(HloOperation& made);
  void pretty_convolution(HloOperation& made);
  void pretty_reduce(HloOperation& made);
  void pretty_reducer(HloOperation& made);
  void pretty_slice(HloOperation& made);
  void pretty_while(HloOperation& made);
  [[nodiscard]] HloUse use();
  void operands(HloOperation& made, std::string_view closing);
  void signature(HloOperation& made);

  // --- functions ---
  void module_body(HloModule& module, bool has_braces);
  void module_entry(HloModule& module);
  void function(HloModule& module);
  void generic_function(HloModule& module, HloOperation operation);
  void function_results(HloFunction& made);
  void definition();
  void file_metadata(HloModule& module);
  void resolve_labels(HloModule& module) const;

  HloTokens tokens_;
  const std::string& file_;
  std::string path_;
  int depth_ = 0;
  std::map<std::string, std::string, std::less<>> locations_;     ///< #loc3 by name
  std::map<std::string, HloAttribute, std::less<>> definitions_;  ///< other #names
};

/// Counts how deep the parser is.
class HloParser::Deeper {
 public:
  explicit Deeper(HloParser& parser);
  ~Deeper() { --parser_.depth_; }
  Deeper(const Deeper&) = delete;
  Deeper& operator=(const Deeper&) = delete;

 private:
  HloParser& parser_;
};

}  // namespace systole
