#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace systole {

/// Throws UserError when `file` cannot be written: asked before the work, so that minutes of
/// simulation are not lost to a mistyped directory. Creates nothing.
void check_output(const std::string& file);

/// The same for a file that cannot be written in place: `systole: OPTION: expected a regular file,
/// got 'FILE'` as well.
void check_regular_output(std::string_view option, const std::string& file);

/// A temporary file beside `file`, `.systole-XXXXXX` and `suffix`, which takes its name in the end
/// or goes away. Each function throws UserError `systole: cannot write 'FILE': REASON`. Only a
/// program that is killed leaves the temporary file behind.
class Replacement {
 public:
  explicit Replacement(const std::string& file, std::string_view suffix = "");
  ~Replacement();
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;

  [[nodiscard]] const std::string& name() const { return temporary_; }
  void write(std::string_view text);
  /// The temporary file is whole: it becomes `file`, with the permissions of what it replaces.
  void commit();

 private:
  void close_and_remove();
  [[noreturn]] void fail(int error);

  std::string file_;
  std::string target_;  ///< behind symbolic links
  std::string temporary_;
  int descriptor_ = -1;
};

/// A file written piece by piece, whole or not at all, as a Replacement; an interruption (SIGINT,
/// SIGTERM, SIGHUP) waits until it is whole or gone. What is no regular file (a device, a pipe) is
/// written in place. Throws UserError as a Replacement does.
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
  class SpecialFile;

  std::unique_ptr<SignalsHeld> held_;
  std::unique_ptr<SpecialFile> special_;  ///< one of the two
  std::unique_ptr<Replacement> replacement_;
};

/// Writes `text` to `file` as an OutputFile.
void write_file(const std::string& file, std::string_view text);

/// Writes `text` to standard output, up to the last byte. Throws UserError. A reader that went away
/// ends the program by SIGPIPE, unless the caller ignores that signal.
void write_standard_output(std::string_view text);

}  // namespace systole
