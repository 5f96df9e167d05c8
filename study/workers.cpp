#include "study/workers.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>

#include <fmt/format.h>
#include <poll.h>
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
    code = kInternalError;
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

Worker start(const WorkerJob& job, std::size_t index) {
  std::array<int, 2> ends{};
  SYSTOLE_CHECK(::pipe(ends.data()) == 0, "no pipe: {}", std::strerror(errno));
  const pid_t process = ::fork();
  SYSTOLE_CHECK(process >= 0, "no process: {}", std::strerror(errno));
  if (process == 0) {
    ::close(ends[0]);
    work(job, ends[1]);
  }
  ::close(ends[1]);
  return {.job = index, .process = process, .pipe = ends[0], .text = {}};
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
  std::vector<Worker> running;
  std::size_t next = 0;
  while (next < jobs.size() || !running.empty()) {
    for (; next < jobs.size() && running.size() < parallel; ++next) {
      running.push_back(start(jobs[next], next));
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
