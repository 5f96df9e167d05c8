#include "report/page/page.h"

#include <fmt/format.h>

#include "report/markup.h"
#include "report/page/page_assets.h"

namespace systole {

namespace {

/// JSON inside a script element: nothing in it may end the element, so `<` is written as a code.
std::string embedded(const nlohmann::ordered_json& json) {
  std::string result;
  for (const char c : json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)) {
    if (c == '<') {
      result += "\\u003c";
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace

std::string page(std::string_view title, const nlohmann::ordered_json& data,
                 std::string_view script) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n<main id=\"page\"></main>\n"
      "<script type=\"application/json\" id=\"data\">{}</script>\n"
      "<script>{}</script>\n<script>\n{}{}</script>\n</body>\n</html>\n",
      escaped_markup(title), kPageStyle, embedded(data), kD3Script, kPageScript, script);
}

}  // namespace systole
