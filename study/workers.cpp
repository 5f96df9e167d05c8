#include "study/workers.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <new>
#include <optional>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch/diag/check.h"
#include "arch/diag/error.h"

namespace systole {

namespace {

constexpr int kDone = 0;
constexpr int kUserError = 2;
constexpr int kInternalError = 3;

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

/// In the child: it ends with its parent, however that ends.
void end_with(pid_t parent) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != parent) {
    ::_exit(kInternalError);
  }
}

/// In the child: never returns, runs no destructor of the parent's.
[[noreturn]] void work(const WorkerJob& job, int descriptor) {
  int code = kDone;
  std::string text;
  try {
    text = job();
  } catch (const UserError& error) {
    code = kUserError;
    text = error.what();
  } catch (const std::bad_alloc&) {
    code = kUserError;
    text = "out of memory";
  } catch (const std::exception& error) {
    code = kInternalError;
    text = error.what();
  }
  if (!write_all(descriptor, text)) {
    code = kInternalError;
  }
  ::_exit(code);
}

struct Worker {
  std::size_t job = 0;
  pid_t process = -1;
  int pipe = -1;
  std::string text;
};

/// Empty, with errno, where the system has no process or descriptor left.
std::optional<Worker> start(const WorkerJob& job, std::size_t index) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return std::nullopt;
  }
  const pid_t parent = ::getpid();
  const pid_t process = ::fork();
  if (process < 0) {
    const int error = errno;
    ::close(ends[0]);
    ::close(ends[1]);
    errno = error;
    return std::nullopt;
  }
  if (process == 0) {
    ::close(ends[0]);
    end_with(parent);
    work(job, ends[1]);
  }
  ::close(ends[1]);
  return Worker{.job = index, .process = process, .pipe = ends[0], .text = {}};
}

/// Those that run; an exception leaves none behind.
class Running {
 public:
  Running() = default;
  ~Running() {
    for (const Worker& worker : workers) {
      ::kill(worker.process, SIGKILL);
      ::close(worker.pipe);
      while (::waitpid(worker.process, nullptr, 0) < 0 && errno == EINTR) {
      }
    }
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  std::vector<Worker> workers;
};

/// True at the end of its text.
bool read_some(Worker& worker) {
  std::array<char, 65'536> buffer{};
  const ssize_t count = ::read(worker.pipe, buffer.data(), buffer.size());
  if (count > 0) {
    worker.text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return count == 0 || (count < 0 && errno != EINTR);
}

WorkerOutcome end(Worker worker) {
  ::close(worker.pipe);
  int status = 0;
  while (::waitpid(worker.process, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) {
    return {.text = {}, .error = fmt::format("its process ended by signal {}", WTERMSIG(status))};
  }
  switch (WEXITSTATUS(status)) {
    case kDone:
      return {.text = std::move(worker.text), .error = {}};
    case kUserError:
      return {.text = {}, .error = std::move(worker.text)};
    default:
      return {.text = {}, .error = fmt::format("internal error: {}", worker.text)};
  }
}

/// Waits until at least one of them has something to say.
void wait_for(std::vector<pollfd>& polled) {
  while (::poll(polled.data(), static_cast<nfds_t>(polled.size()), -1) < 0 && errno == EINTR) {
  }
}

}  // namespace

std::vector<WorkerOutcome> run_in_workers(const std::vector<WorkerJob>& jobs,
                                          std::size_t parallel) {
  SYSTOLE_CHECK(parallel > 0, "no worker at a time");
  std::vector<WorkerOutcome> outcomes(jobs.size());
  Running all;
  std::vector<Worker>& running = all.workers;
  std::size_t next = 0;
  while (next < jobs.size() || !running.empty()) {
    for (; next < jobs.size() && running.size() < parallel; ++next) {
      std::optional<Worker> worker = start(jobs[next], next);
      if (!worker && running.empty()) {
        throw UserError(fmt::format("systole: cannot start a process: {}",
                                    std::generic_category().message(errno)));
      }
      if (!worker) {
        break;  // until one of those that run has ended
      }
      running.push_back(std::move(*worker));
    }
    std::vector<pollfd> polled;
    for (const Worker& worker : running) {
      polled.push_back({.fd = worker.pipe, .events = POLLIN, .revents = 0});
    }
    wait_for(polled);
    for (std::size_t i = polled.size(); i-- > 0;) {
      if (polled[i].revents != 0 && read_some(running[i])) {
        const std::size_t job = running[i].job;
        outcomes[job] = end(std::move(running[i]));
        running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
  }
  return outcomes;
}

}  // namespace systole
