#include "app/progress.h"

#include <chrono>
#include <csignal>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "app/output.h"

namespace systole {

Progress::Progress(bool wanted) {
  if (wanted && ::isatty(STDERR_FILENO) == 1) {
    start();
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

void Progress::start() {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are the main thread's
  try {
    thread_ = std::thread([this] { show(); });
  } catch (const std::system_error&) {  // no thread left: then there is no line
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
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
    write_standard_error(fmt::format("\r\x1b[Ksystole: {} ... {} s", stage_, seconds));
    shown = true;
  }
  if (shown) {
    write_standard_error("\r\x1b[K");
  }
}

}  // namespace systole
