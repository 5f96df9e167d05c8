#pragma once

#include <string>
#include <string_view>

namespace systole {

/// Reads one line of the program text from left to right. `#` where a token could begin starts a
/// comment, which reads as the end of the line.
class LineCursor {
 public:
  LineCursor(const std::string& file, std::string_view line, int number);

  /// Skips blanks; true when nothing but a comment is left.
  [[nodiscard]] bool at_end();
  /// The next character, or 0 at the end of the line.
  [[nodiscard]] char peek();
  /// Takes `character` if it comes next.
  bool take(char character);
  /// The characters up to a blank, bracket, `=` or the end of the line.
  std::string_view word();
  /// The characters up to a blank, `)` or the end of the line.
  std::string_view token();
  /// A quoted string with its escapes resolved.
  std::string quoted();

  /// The path of the field being read, for messages: `fold.window.row_pitch`.
  class Path {
   public:
    Path(LineCursor& cursor, std::string_view step);
    ~Path() { cursor_.path_.resize(length_); }
    Path(const Path&) = delete;
    Path& operator=(const Path&) = delete;

   private:
    LineCursor& cursor_;
    std::size_t length_;
  };

  /// `expected EXPECTED, got GOT` at the token read last.
  [[noreturn]] void fail(std::string_view expected, std::string_view got) const;
  /// The same, with what comes next as GOT.
  [[noreturn]] void fail_here(std::string_view expected);

 private:
  template <class Stops>
  std::string_view take_until(Stops stops);
  char escape();

  const std::string& file_;
  std::string_view line_;
  int number_;
  std::size_t position_ = 0;
  std::size_t start_ = 0;  ///< of the token read last
  std::string path_;
};

/// A token for a message: quoted, shortened, without control characters.
[[nodiscard]] std::string quote_for_message(std::string_view token);

}  // namespace systole
