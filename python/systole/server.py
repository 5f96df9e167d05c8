"""Processes of the `systole` program, forked from one that waits for work.

SystemC elaborates once in a process, so each simulation has a process of its own. A server that
was started once forks them (app/worker_server.h): they begin in a fraction of the time that a
program takes to start, and nothing of the interpreter, its threads and its memory, goes with them.
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass

_STATUS = struct.Struct("i")


@dataclass(frozen=True)
class Ended:
    """How a command ended: an exit code, or the negative number of a signal."""

    exit_code: int
    output: str
    error: str


class Server:
    """Starts with the first command, and anew where it is gone or the environment has changed."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._environment: dict[str, str] = {}
        self._processes: list[subprocess.Popen[bytes]] = []

    def run(self, words: Sequence[str]) -> Ended:
        """Carries out a command; other threads go on."""
        packet = b"".join(os.fsencode(word) + b"\0" for word in ("systole", *words))
        files = [os.memfd_create("output"), os.memfd_create("error")]
        told, status = os.pipe()
        try:
            try:
                self._send(packet, files, status)
            finally:
                os.close(status)
            ended = os.read(told, _STATUS.size)
            if len(ended) != _STATUS.size:
                return Ended(3, "", "systole: its process was lost before it ended")
            code = os.waitstatus_to_exitcode(_STATUS.unpack(ended)[0])
            return Ended(code, _text(files[0]), _text(files[1]))
        finally:
            for descriptor in (*files, told):
                os.close(descriptor)

    def _send(self, packet: bytes, files: list[int], status: int) -> None:
        directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
        try:
            with self._lock:
                if not self._serves():
                    self._start()
                try:
                    self._hand_over(packet, [directory, *files, status])
                except (BrokenPipeError, ConnectionResetError):
                    self._start()
                    self._hand_over(packet, [directory, *files, status])
        finally:
            os.close(directory)

    def _serves(self) -> bool:
        """Whether a server waits, in the environment of now."""
        started = self._socket is not None and self._processes[-1].poll() is None
        return started and self._environment == dict(os.environ)

    def _hand_over(self, packet: bytes, descriptors: list[int]) -> None:
        assert self._socket is not None
        socket.send_fds(self._socket, [packet], descriptors)

    def _start(self) -> None:
        """One server more. The one before ends when the commands that it runs have ended."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = dict(os.environ)
        with theirs:
            started = subprocess.Popen([self._program, "--worker-server"], stdin=theirs.fileno())
        if self._socket is not None:
            self._socket.close()
        self._socket, self._environment = ours, environment
        self._processes = [one for one in self._processes if one.poll() is None] + [started]

    def close(self) -> None:
        """The server ends, and what it still runs."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        for process in self._processes:
            process.kill()
            process.wait()
        self._processes = []


def _text(descriptor: int) -> str:
    size = os.lseek(descriptor, 0, os.SEEK_END)
    os.lseek(descriptor, 0, os.SEEK_SET)
    parts = []
    while size > 0:
        parts.append(os.read(descriptor, size))
        size -= len(parts[-1])
    return b"".join(parts).decode("utf-8", "replace")
