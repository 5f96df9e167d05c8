#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace systole {

/// The candidate that `written` was probably meant to be: the fewest insertions, deletions,
/// replacements and swaps of neighbours away, at most a third of its letters (at least one). Empty
/// when none is that near.
[[nodiscard]] std::string_view nearest_name(std::string_view written,
                                            const std::vector<std::string_view>& candidates);

/// ` (did you mean 'rows'?)`, or nothing.
[[nodiscard]] std::string suggestion(std::string_view written,
                                     const std::vector<std::string_view>& candidates);

/// `one of a, b, c`; a single name stands alone.
[[nodiscard]] std::string one_of(const std::vector<std::string_view>& names);

}  // namespace systole
