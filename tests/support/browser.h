#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace systole {

/// Opens an HTML file in headless Chromium at a window of that width, lets its scripts run and
/// returns the document as it then is; nothing where no Chromium is installed. The page's errors
/// stand in the attribute `data-errors` of its root element where the page was made by
/// with_probe().
[[nodiscard]] std::optional<std::string> document_in_browser(const std::filesystem::path& page,
                                                             int width);

/// The page with two scripts of the test's own: one in front of all others that collects errors,
/// and `probe` behind them.
[[nodiscard]] std::string with_probe(std::string page, const std::string& probe);

}  // namespace systole
