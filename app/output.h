#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace systole {

/// Throws UserError when `file` cannot be written: asked before the work, so that minutes of
/// simulation are not lost to a mistyped directory. Creates nothing.
void check_output(const std::string& file);

/// A file written piece by piece, whole or not at all: a temporary file beside it takes its name at
/// the end; without that, or on any error, the temporary file is removed and `file` is as before.
/// An interruption (SIGINT, SIGTERM, SIGHUP) waits until the file is whole or gone. What is no
/// regular file (a device, a pipe) is written in place. Each function throws UserError `systole:
/// cannot write 'FILE': REASON`.
class OutputFile {
 public:
  explicit OutputFile(const std::string& file);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view text);
  /// Nothing more will be written.
  void finish();

 private:
  class SignalsHeld;

  [[noreturn]] void fail(int error);
  void close_and_remove();

  std::string file_;
  std::unique_ptr<SignalsHeld> held_;
  std::string target_;     ///< behind symbolic links
  std::string temporary_;  ///< empty where it is written in place
  int descriptor_ = -1;
};

/// Writes `text` to `file` as an OutputFile.
void write_file(const std::string& file, std::string_view text);

/// Writes `text` to standard output, up to the last byte. Throws UserError. A reader that went away
/// ends the program by SIGPIPE, unless the caller ignores that signal.
void write_standard_output(std::string_view text);

}  // namespace systole
