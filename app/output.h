#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "app/output_place.h"
#include "app/temporary_file.h"

namespace systole {

/// Throws UserError when `file` cannot be written, or is one that was read: asked before the work,
/// and again when the work's files are read, so that minutes of simulation are not lost to a
/// mistyped name. Creates nothing.
void check_output(const std::string& file);

/// The same for a file that cannot be written in place: `systole: OPTION: expected a regular file,
/// got 'FILE'` as well.
void check_regular_output(std::string_view option, const std::string& file);

/// What an output may take the place of.
enum class Replaces : std::uint8_t {
  OtherFiles,  ///< than those that were read (arch/config/files_read.h)
  ReadFiles,   ///< those too: the command is there to change the file
};

/// A temporary file beside `file` which takes its name in the end or goes away
/// (app/temporary_file.h). Each function throws UserError `systole: cannot write 'FILE': REASON`.
class Replacement {
 public:
  explicit Replacement(const std::string& file, std::string_view suffix = "",
                       Replaces replaces = Replaces::OtherFiles);

  [[nodiscard]] const std::string& name() const { return temporary_->name(); }
  void write(std::string_view text);
  /// The temporary file is whole: it becomes `file`, with the permissions of what it replaces.
  void commit();

 private:
  [[noreturn]] void fail(int error);
  void check_replaced() const;

  std::string file_;
  std::string target_;  ///< behind symbolic links
  Replaces replaces_;
  std::unique_ptr<TemporaryFile> temporary_;
};

/// A file written piece by piece through a buffer, whole or not at all, as a Replacement. A device,
/// a pipe and an open file (`/dev/stdout`, `/dev/fd/N`) are written in place. Throws UserError as a
/// Replacement does.
class OutputFile {
 public:
  explicit OutputFile(const std::string& file, Replaces replaces = Replaces::OtherFiles);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view text);
  /// Nothing more will be written.
  void finish();

 private:
  class OpenFile;

  void flush();

  std::string buffer_;
  std::unique_ptr<OpenFile> open_;  ///< one of the two
  std::unique_ptr<Replacement> replacement_;
};

/// Writes `text` to `file` as an OutputFile.
void write_file(const std::string& file, std::string_view text,
                Replaces replaces = Replaces::OtherFiles);

/// Writes `text` to standard output, up to the last byte. Throws UserError. A reader that went away
/// ends the program by SIGPIPE, unless the caller ignores that signal.
void write_standard_output(std::string_view text);

/// Writes `text` to standard error as far as that goes: where nobody can be told, the exit code
/// still says how the program ended.
void write_standard_error(std::string_view text) noexcept;

/// Standard input, output and error are open from here on, so that no file takes their numbers:
/// those that were closed read as empty and cannot be written. Exceeding a limit on the size of
/// files is an error of that write instead of the end of the program.
void prepare_outputs();

}  // namespace systole
