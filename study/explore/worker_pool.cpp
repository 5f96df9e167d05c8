#include "study/explore/worker_pool.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <new>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch/diag/check.h"
#include "arch/diag/error.h"

namespace systole {

namespace {

using SteadyClock = std::chrono::steady_clock;

// What a worker's process says by its exit code.
constexpr int kDone = 0;
constexpr int kUserError = 2;
constexpr int kInternalError = 3;
constexpr int kNoMemory = 4;

struct Worker {
  std::size_t job = 0;
  pid_t process = -1;
  int pipe = -1;
  SteadyClock::time_point deadline;
  bool out_of_time = false;
  std::string text;
};

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno != EINTR) {
      return false;
    }
    text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  return true;
}

/// Bytes of address space that the process has.
std::int64_t address_space() {
  std::ifstream file("/proc/self/statm");
  std::int64_t pages = 0;
  file >> pages;
  return pages * ::sysconf(_SC_PAGESIZE);
}

void limit_memory(std::int64_t bytes) {
  if (bytes <= 0) {
    return;
  }
  const auto most = static_cast<rlim_t>(address_space() + bytes);
  const rlimit limit{.rlim_cur = most, .rlim_max = most};
  ::setrlimit(RLIMIT_AS, &limit);
}

/// In the child: never returns, runs no destructor of the parent's.
[[noreturn]] void work(const WorkerJob& job, int descriptor, const WorkerLimits& limits,
                       pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) {  // it went before it could be watched
    ::_exit(kInternalError);
  }
  const rlimit no_core{.rlim_cur = 0, .rlim_max = 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  limit_memory(limits.memory_bytes);
  int code = kDone;
  std::string text;
  try {
    text = job();
  } catch (const UserError& error) {
    code = kUserError;
    text = error.what();
  } catch (const std::bad_alloc&) {
    code = kNoMemory;
  } catch (const std::exception& error) {
    code = kInternalError;
    text = error.what();
  }
  if (!write_all(descriptor, text)) {
    code = kInternalError;
  }
  ::_exit(code);
}

/// True at the end of its text.
bool read_some(Worker& worker) {
  std::array<char, 65'536> buffer{};
  const ssize_t count = ::read(worker.pipe, buffer.data(), buffer.size());
  if (count > 0) {
    worker.text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return count == 0 || (count < 0 && errno != EINTR);
}

EndedWorker ended(Worker worker, const WorkerLimits& limits) {
  ::close(worker.pipe);
  int status = 0;
  while (::waitpid(worker.process, &status, 0) < 0 && errno == EINTR) {
  }
  if (worker.out_of_time) {
    return {worker.job, WorkerEnd::Time, fmt::format("more than {} s", limits.seconds)};
  }
  if (WIFSIGNALED(status)) {
    return {worker.job, WorkerEnd::Crash,
            fmt::format("its process ended by signal {}", WTERMSIG(status))};
  }
  switch (WEXITSTATUS(status)) {
    case kDone:
      return {worker.job, WorkerEnd::Done, std::move(worker.text)};
    case kUserError:
      return {worker.job, WorkerEnd::UserError, std::move(worker.text)};
    case kNoMemory:
      return {worker.job, WorkerEnd::Memory,
              limits.memory_bytes > 0 ? fmt::format("more than {} MiB", limits.memory_bytes >> 20)
                                      : "the machine has no memory left"};
    default:
      return {worker.job, WorkerEnd::Error, std::move(worker.text)};
  }
}

}  // namespace

struct WorkerPool::Workers {
  std::size_t parallel = 1;
  WorkerLimits limits;
  std::vector<Worker> running;

  void end_the_late(SteadyClock::time_point now) {
    for (Worker& worker : running) {
      if (limits.seconds > 0 && now >= worker.deadline && !worker.out_of_time) {
        worker.out_of_time = true;
        ::kill(worker.process, SIGKILL);
      }
    }
  }

  /// Until the next deadline, at most until `until`.
  [[nodiscard]] int milliseconds_to_wait(SteadyClock::time_point now,
                                         SteadyClock::time_point until) const {
    for (const Worker& worker : running) {
      if (limits.seconds > 0 && !worker.out_of_time) {
        until = std::min(until, worker.deadline);
      }
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  }
};

WorkerPool::WorkerPool(std::size_t parallel, WorkerLimits limits)
    : workers_(std::make_unique<Workers>(Workers{parallel, limits, {}})) {
  SYSTOLE_CHECK(parallel > 0, "no worker at a time");
}

WorkerPool::~WorkerPool() {
  for (const Worker& worker : workers_->running) {
    ::kill(worker.process, SIGKILL);
    ::close(worker.pipe);
    while (::waitpid(worker.process, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}

bool WorkerPool::has_room() const {
  return workers_->running.size() < workers_->parallel;
}

bool WorkerPool::is_idle() const {
  return workers_->running.empty();
}

bool WorkerPool::start(std::size_t number, const WorkerJob& job) {
  SYSTOLE_CHECK(has_room(), "{} workers run", workers_->running.size());
  std::array<int, 2> ends{-1, -1};
  const pid_t parent = ::getpid();
  const bool has_pipe = ::pipe2(ends.data(), O_CLOEXEC) == 0;
  const pid_t process = has_pipe ? ::fork() : -1;
  if (process < 0) {
    const int error = errno;
    if (has_pipe) {
      ::close(ends[0]);
      ::close(ends[1]);
    }
    if (is_idle()) {
      throw UserError(fmt::format("systole: cannot start a process: {}",
                                  std::generic_category().message(error)));
    }
    return false;
  }
  if (process == 0) {
    ::close(ends[0]);
    work(job, ends[1], workers_->limits, parent);
  }
  ::close(ends[1]);
  workers_->running.push_back(
      {.job = number,
       .process = process,
       .pipe = ends[0],
       .deadline = SteadyClock::now() + std::chrono::seconds(workers_->limits.seconds),
       .text = {}});
  return true;
}

std::optional<EndedWorker> WorkerPool::wait(std::chrono::milliseconds patience) {
  SYSTOLE_CHECK(!is_idle(), "no worker runs");
  std::vector<Worker>& running = workers_->running;
  const SteadyClock::time_point until = SteadyClock::now() + patience;
  while (true) {
    const SteadyClock::time_point now = SteadyClock::now();
    workers_->end_the_late(now);
    std::vector<pollfd> polled;
    for (const Worker& worker : running) {
      polled.push_back({.fd = worker.pipe, .events = POLLIN, .revents = 0});
    }
    const int ready = ::poll(polled.data(), static_cast<nfds_t>(polled.size()),
                             workers_->milliseconds_to_wait(now, until));
    for (std::size_t index = 0; ready > 0 && index < polled.size(); ++index) {
      if (polled[index].revents != 0 && read_some(running[index])) {
        Worker worker = std::move(running[index]);
        running.erase(running.begin() + static_cast<std::ptrdiff_t>(index));
        return ended(std::move(worker), workers_->limits);
      }
    }
    if (ready <= 0 && SteadyClock::now() >= until) {
      return std::nullopt;
    }
  }
}

}  // namespace systole
