#include "app/study_progress.h"

#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include "report/format.h"

namespace systole {

namespace {

using SteadyClock = std::chrono::steady_clock;

std::string time_left(double seconds) {
  constexpr double kMinute = 60;
  constexpr double kHour = 3600;
  if (seconds < 2 * kMinute) {
    return fmt::format("{:.0f} s", seconds);
  }
  return seconds < 2 * kHour ? fmt::format("{:.0f} min", seconds / kMinute)
                             : fmt::format("{:.1f} h", seconds / kHour);
}

}  // namespace

std::string progress_line(const ExploreProgress& progress, double seconds) {
  const std::int64_t fresh = progress.done - progress.known;
  std::string line = fmt::format("{}: {} of {} points", progress.stage, grouped(progress.done),
                                 grouped(progress.points));
  if (fresh > 0 && seconds > 0) {
    const double rate = static_cast<double>(fresh) / seconds;
    line += fmt::format(", {:.3g} a second, {} left", rate,
                        time_left(static_cast<double>(progress.points - progress.done) / rate));
  }
  auto add = [&line, separator = "; "](std::int64_t count, std::string_view what) mutable {
    if (count > 0) {
      line += fmt::format("{}{} {}", separator, grouped(count), what);
      separator = ", ";
    }
  };
  add(progress.known, "known before");
  add(progress.skipped, "skipped");
  add(progress.infeasible, "infeasible");
  add(progress.failed, "failed");
  add(static_cast<std::int64_t>(progress.front), "on the front");
  return line;
}

StudyProgress::StudyProgress(bool wanted)
    : wanted_(wanted),
      terminal_(::isatty(STDERR_FILENO) == 1),
      begin_(SteadyClock::now()),
      last_(begin_) {}

StudyProgress::~StudyProgress() {
  if (shown_ && terminal_) {
    fmt::print(stderr, "\r\x1b[K");
    std::fflush(stderr);
  }
}

void StudyProgress::show(const ExploreProgress& progress) {
  constexpr std::chrono::milliseconds kTerminalPeriod{200};
  constexpr std::chrono::seconds kLogPeriod{10};
  const SteadyClock::time_point now = SteadyClock::now();
  const bool is_due = terminal_ ? now - last_ >= kTerminalPeriod : now - last_ >= kLogPeriod;
  if (!wanted_ || !is_due) {
    return;
  }
  last_ = now;
  shown_ = true;
  const std::string line =
      progress_line(progress, std::chrono::duration<double>(now - begin_).count());
  fmt::print(stderr, "{}systole: {}{}", terminal_ ? "\r\x1b[K" : "", line, terminal_ ? "" : "\n");
  std::fflush(stderr);
}

}  // namespace systole
