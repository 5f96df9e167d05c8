#pragma once

#include <string_view>

namespace systole {

/// `systole --worker-server`, which other programs start (python/systole/server.py): the only word.
inline constexpr std::string_view kWorkerServer = "--worker-server";

/// Runs commands for another process, each in a forked process of its own, because SystemC
/// elaborates once in a process; forked from this one they begin in a fraction of the time that a
/// program takes to start. Standard input is a socket of packets (AF_UNIX, SOCK_SEQPACKET). A
/// packet is the words of a command, each ended by a zero byte, and brings four descriptors: the
/// directory to work in, standard output, standard error, and a pipe. When the command has ended
/// its status as of waitpid(2), an int, goes down that pipe. A pipe without a reader ends its
/// command. `work(argc, argv)` carries out a command and returns its exit code. Ends with 0 when
/// nobody holds the other end of the socket and all commands have ended, with 2 and a line on
/// standard error where standard input is no such socket. All processes end when this one does.
[[nodiscard]] int serve_workers(int (*work)(int argc, char** argv));

}  // namespace systole
