#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace systole {

/// Length of the UTF-8 character that starts `text`, which is not empty; 0 where it is none.
[[nodiscard]] std::size_t character_length(std::string_view text);

/// Text that keeps to its line and changes no terminal: control characters and bytes that are no
/// UTF-8 are escaped (`\n`, `\x1b`). Nothing is cut.
[[nodiscard]] std::string escaped(std::string_view text);

/// Text for one line of a message: escaped, and cut at a character's end, at 60 characters.
[[nodiscard]] std::string printable(std::string_view text);

/// The same between quotes: `'128x'`. What the user wrote (a value, an option, a name) stands in a
/// message through this function alone.
[[nodiscard]] std::string in_quotes(std::string_view text);

/// The path of a file: escaped; its end says most, so a long one (over 255) loses its middle.
[[nodiscard]] std::string printable_path(std::string_view path);

/// The same between quotes.
[[nodiscard]] std::string path_in_quotes(std::string_view path);

}  // namespace systole
