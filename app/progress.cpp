#include "app/progress.h"

#include <chrono>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

namespace systole {

Progress::Progress(bool wanted) {
  if (wanted && ::isatty(STDERR_FILENO) == 1) {
    thread_ = std::thread([this] { show(); });
  }
}

Progress::~Progress() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Progress::stage(std::string_view name) {
  const std::lock_guard lock(mutex_);
  stage_ = name;
}

void Progress::show() {
  constexpr std::chrono::seconds kPeriod{1};
  std::unique_lock lock(mutex_);
  bool shown = false;
  for (int seconds = 1; !changed_.wait_for(lock, kPeriod, [this] { return done_; }); ++seconds) {
    fmt::print(stderr, "\r\x1b[Ksystole: {} ... {} s", stage_, seconds);
    std::fflush(stderr);
    shown = true;
  }
  if (shown) {
    fmt::print(stderr, "\r\x1b[K");
    std::fflush(stderr);
  }
}

}  // namespace systole
