#include "report/time_parts.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "report/format.h"

namespace systole {

std::string words_of(TimePart part) {
  std::string name(name_of(part));
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

std::string beyond_text(const std::array<CoreCycles, kTimePartCount>& beyond) {
  const auto cycles = [&](TimePart part) { return beyond[static_cast<std::size_t>(part)]; };
  std::vector<TimePart> parts;
  for (const auto& [part, name] : kEnumNames<TimePart>) {
    if (cycles(part) > CoreCycles(0)) {
      parts.push_back(part);
    }
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [&](TimePart a, TimePart b) { return cycles(a) > cycles(b); });
  std::string text;
  for (const TimePart part : parts) {
    text += fmt::format("{}{} {}{}", text.empty() ? "" : ", ", grouped(cycles(part).count()),
                        words_of(part), is_inherent(part) ? " (inherent)" : "");
  }
  return text;
}

}  // namespace systole
