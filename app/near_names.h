#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace systole {

/// Those of `names` that are a typing mistake away from `wanted`: at most three, nearest first,
/// names equally near in their given order. Near: edit distance of at most a third of the longer
/// name (at least 2), or one begins with the other.
[[nodiscard]] std::vector<std::string> near_names(std::string_view wanted,
                                                  const std::vector<std::string>& names);

}  // namespace systole
