#include "report/labelled.h"

#include <fmt/format.h>

#include "report/format.h"

namespace systole {

std::string labelled(std::string_view label, std::string_view text) {
  return fmt::format("  {:<{}}{}\n", label, kLabelWidth, text);
}

std::string labelled_lines(std::string_view label, std::string_view text, std::size_t width) {
  return labelled(label, wrapped(text, width, kLabelWidth + 2));
}

std::string labelled(std::string_view label, std::string_view text, const TextOptions& options) {
  return labelled_lines(label, text, options.width);
}

}  // namespace systole
