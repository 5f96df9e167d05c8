#include "app/worker_server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/exit_code.h"
#include "app/output.h"

namespace systole {

namespace {

using WorkerMain = int (*)(int, char**);

constexpr std::size_t kLongestCommand = 65536;

/// What comes with a packet, in its order.
enum Descriptor : std::uint8_t { Directory, Output, Error, Status, DescriptorCount };
using Descriptors = std::array<int, DescriptorCount>;

struct WorkerCommand {
  std::string words;  ///< each ended by a zero byte
  Descriptors descriptors{};
};

/// The descriptors of a message, if they are as many as a command has.
std::optional<Descriptors> descriptors_of(msghdr& message) {
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  Descriptors found{};
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(sizeof(found)) || (message.msg_flags & MSG_TRUNC) != 0) {
    return std::nullopt;
  }
  std::memcpy(found.data(), CMSG_DATA(header), sizeof(found));
  return found;
}

enum class Received : std::uint8_t { Command, Nonsense, End, Failure };

Received receive(WorkerCommand& command) {
  std::array<char, kLongestCommand> text{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(Descriptors))> control{};
  iovec part{text.data(), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t length = 0;
  do {
    length = ::recvmsg(STDIN_FILENO, &message, MSG_CMSG_CLOEXEC);
  } while (length < 0 && errno == EINTR);
  if (length <= 0) {
    return length == 0 ? Received::End : Received::Failure;
  }
  command.words.assign(text.data(), static_cast<std::size_t>(length));
  const auto descriptors = descriptors_of(message);
  if (!descriptors) {
    return Received::Nonsense;
  }
  command.descriptors = *descriptors;
  return Received::Command;
}

/// In a process of its own, which ends with its parent.
[[noreturn]] void carry_out(WorkerCommand& command, pid_t parent, WorkerMain work) {
  const Descriptors& given = command.descriptors;
  const int nothing = ::open("/dev/null", O_RDONLY);
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != parent ||
      ::fchdir(given[Directory]) != 0 || ::dup2(nothing, STDIN_FILENO) != STDIN_FILENO ||
      ::dup2(given[Output], STDOUT_FILENO) < 0 || ::dup2(given[Error], STDERR_FILENO) < 0) {
    ::_exit(static_cast<int>(ExitCode::InternalError));
  }
  for (const int descriptor : given) {
    ::close(descriptor);
  }
  std::vector<char*> words;
  for (std::size_t at = 0; at < command.words.size(); at = command.words.find('\0', at) + 1) {
    words.push_back(command.words.data() + at);
  }
  const int count = static_cast<int>(words.size());
  words.push_back(nullptr);
  std::exit(work(count, words.data()));  // NOLINT(concurrency-mt-unsafe): the only thread
}

/// Ends the worker when nobody waits for its status any more.
void watch(pid_t worker, int status) {
  const int process = static_cast<int>(::syscall(SYS_pidfd_open, worker, 0));
  if (process < 0) {
    return;  // waited for, whoever reads
  }
  std::array<pollfd, 2> events{pollfd{process, POLLIN, 0}, pollfd{status, 0, 0}};
  while (::poll(events.data(), events.size(), -1) < 0 && errno == EINTR) {
  }
  if ((events[1].revents & POLLERR) != 0) {
    ::kill(worker, SIGKILL);
  }
  ::close(process);
}

/// In a process between the server and the worker, which waits for it.
[[noreturn]] void mind(WorkerCommand& command, pid_t parent, WorkerMain work) {
  ::close(STDIN_FILENO);  // the socket, which without the server takes no more
  (void)std::signal(SIGCHLD, SIG_DFL);
  (void)std::signal(SIGPIPE, SIG_IGN);  // of a status that nobody reads
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != parent) {
    ::_exit(1);
  }
  const pid_t self = ::getpid();
  const pid_t worker = ::fork();
  if (worker == 0) {
    (void)std::signal(SIGPIPE, SIG_DFL);
    carry_out(command, self, work);
  }
  int status = W_EXITCODE(static_cast<int>(ExitCode::InternalError), 0);
  if (worker > 0) {
    watch(worker, command.descriptors[Status]);
    while (::waitpid(worker, &status, 0) < 0 && errno == EINTR) {
    }
  }
  (void)!::write(command.descriptors[Status], &status, sizeof(status));
  ::_exit(0);
}

}  // namespace

int serve_workers(WorkerMain work) {
  (void)std::signal(SIGCHLD, SIG_IGN);  // nobody waits for the processes between
  const pid_t self = ::getpid();
  WorkerCommand command;
  while (true) {
    switch (receive(command)) {
      case Received::End:
        while (::wait(nullptr) > 0 || errno == EINTR) {
        }
        return static_cast<int>(ExitCode::Ok);
      case Received::Failure:
        write_standard_error(
            "systole: --worker-server: expected a socket of packets as standard input\n");
        return static_cast<int>(ExitCode::UserError);
      case Received::Nonsense:
        continue;
      case Received::Command:
        break;
    }
    if (::fork() == 0) {
      mind(command, self, work);
    }
    for (const int descriptor : command.descriptors) {
      ::close(descriptor);
    }
  }
}

}  // namespace systole
