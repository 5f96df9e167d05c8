#pragma once

#include <string>
#include <string_view>

#include "report/text_options.h"

namespace systole {

/// Of what stands before a value in a text report.
inline constexpr std::size_t kLabelWidth = 17;
inline constexpr std::size_t kNameWidth = 40;  // of a tensor, a network, a chip
inline constexpr double kHundred = 100.0;      // per cent

/// `  label            text`
[[nodiscard]] std::string labelled(std::string_view label, std::string_view text);
/// The same on lines of at most `width` columns.
[[nodiscard]] std::string labelled_lines(std::string_view label, std::string_view text,
                                         std::size_t width = kReportWidth);
[[nodiscard]] std::string labelled(std::string_view label, std::string_view text,
                                   const TextOptions& options);

}  // namespace systole
