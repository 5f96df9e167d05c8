#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "arch/diag/error.h"

namespace systole {

/// A word of MLIR's text form.
struct HloToken {
  enum class Kind : std::uint8_t {
    End,
    Word,     ///< stablehlo.add, tensor, i32
    Value,    ///< %0, %arg1; `part` of %0#1
    Symbol,   ///< @main
    Hash,     ///< #stablehlo.dot
    Bang,     ///< !quant.uniform
    Block,    ///< ^bb0
    Integer,  ///< 12, -1, 0xFF
    Float,    ///< 1.0e-3
    String,   ///< with its quotes and escapes
    Mark      ///< ( ) { } [ ] < > , : :: = -> ? * + - / | {-# #-}
  };

  Kind kind = Kind::End;
  std::string_view text;  ///< as written; of names without the letter in front
  std::int64_t part = 0;
  int line = 1;
  int column = 1;

  [[nodiscard]] bool is(std::string_view wanted) const {
    return (kind == Kind::Mark || kind == Kind::Word) && text == wanted;
  }
};

/// Cuts a text into tokens, one at a time; blanks and comments are left out. Throws WorkloadError
/// at what is none.
class HloTokens {
 public:
  HloTokens(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  [[nodiscard]] const HloToken& peek();
  HloToken next();

  /// `?` or digits, then `x`, as often as they follow: the sizes in front of a type, which are no
  /// tokens of their own. Nothing may have been peeked at. -1 stands for `?`.
  [[nodiscard]] std::optional<std::int64_t> size();

  /// The place of the next letter.
  [[nodiscard]] SourceLocation here() const {
    return {.file = file_, .line = line_, .column = static_cast<int>(at_ - line_start_) + 1};
  }
  [[nodiscard]] SourceLocation place_of(const HloToken& token) const {
    return {.file = file_, .line = token.line, .column = token.column};
  }
  /// Skips what stands between brackets, the opening one of which was read: `closing` ends it.
  void skip_to(char opening, char closing);

 private:
  [[nodiscard]] HloToken read();
  void skip_blanks();
  void advance(std::size_t letters) { at_ += letters; }
  [[nodiscard]] char letter(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  [[nodiscard]] std::size_t word_length() const;
  [[nodiscard]] std::size_t name_length() const;
  [[nodiscard]] std::size_t string_length() const;
  /// Behind letters of a kind, the first of them `first` letters from here.
  template <class Is>
  [[nodiscard]] std::size_t run_end(std::size_t first, const Is& is) const;
  [[nodiscard]] HloToken number(HloToken token);
  [[nodiscard]] HloToken name(HloToken token, HloToken::Kind kind);

  std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  int line_ = 1;
  std::optional<HloToken> peeked_;
};

/// What the quotes of a string token hold: `\"`, `\\`, `\n`, `\t` and `\4A` are letters.
[[nodiscard]] std::string unquoted(std::string_view text);

}  // namespace systole
