#pragma once

#include <string>
#include <string_view>

namespace systole {

/// Throws UserError when `file` cannot be written: asked before the work, so that minutes of
/// simulation are not lost to a mistyped directory. Creates nothing.
void check_output(const std::string& file);

/// Writes `text` to `file` whole or not at all: into a temporary file beside it that then takes
/// its name; on any error that file is removed and `file` is as before. What is no regular file
/// (a device, a pipe) is written in place. Throws UserError `systole: cannot write 'FILE': REASON`.
void write_file(const std::string& file, std::string_view text);

/// Writes `text` to standard output, up to the last byte. Throws UserError. A reader that went away
/// ends the program by SIGPIPE, unless the caller ignores that signal.
void write_standard_output(std::string_view text);

}  // namespace systole
