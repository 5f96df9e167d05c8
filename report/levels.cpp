#include "report/levels.h"

#include <algorithm>

#include "arch/diag/check.h"

namespace systole {

Levels sum_of(std::vector<LevelChange> changes) {
  std::sort(changes.begin(), changes.end(),
            [](const LevelChange& a, const LevelChange& b) { return a.at < b.at; });
  Levels levels;
  std::int64_t level = 0;
  for (std::size_t i = 0; i < changes.size();) {
    const CoreCycles at = changes[i].at;
    const std::int64_t before = level;
    for (; i < changes.size() && changes[i].at == at; ++i) {
      level += changes[i].change;
    }
    if (level != before) {
      levels.push_back({.at = at, .level = level});
    }
  }
  return levels;
}

Levels peaks(const Levels& levels, CoreCycles elapsed, std::int64_t most) {
  SYSTOLE_CHECK(most >= 1, "at most {} entries", most);
  const std::int64_t width = std::max(std::int64_t{1}, ceil_div(elapsed.count(), most));
  Levels result;
  const auto show = [&](std::int64_t interval, std::int64_t level) {
    if (level != (result.empty() ? 0 : result.back().level)) {
      result.push_back({.at = CoreCycles(interval * width), .level = level});
    }
  };
  std::int64_t level = 0;  // when the interval begins
  for (std::size_t i = 0; i < levels.size();) {
    const std::int64_t interval = levels[i].at.count() / width;
    std::int64_t highest = levels[i].at.count() % width == 0 ? levels[i].level : level;
    for (; i < levels.size() && levels[i].at.count() / width == interval; ++i) {
      level = levels[i].level;
      highest = std::max(highest, level);
    }
    show(interval, highest);
    // Until the next change the level stays as it is.
    if (i == levels.size() || levels[i].at.count() / width > interval + 1) {
      show(interval + 1, level);
    }
  }
  return result;
}

}  // namespace systole
