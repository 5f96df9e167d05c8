#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace systole {

/// A self-contained HTML page: opens from a disk, without a network; light and dark. `data` stands
/// in it as JSON, so that the page is an archive too; `script` draws it behind what all pages
/// share (page_assets.h).
[[nodiscard]] std::string page(std::string_view title, const nlohmann::ordered_json& data,
                               std::string_view script);

}  // namespace systole
