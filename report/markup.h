#pragma once

#include <string>
#include <string_view>

namespace systole {

/// Text as content, or as an attribute in double quotes, of an element of HTML or SVG.
[[nodiscard]] std::string escaped_markup(std::string_view text);

}  // namespace systole
