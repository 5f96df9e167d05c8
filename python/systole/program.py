"""The commands of `systole`, which do the work.

What simulates nothing is answered in this process (`_core`). Whatever simulates has a process of its
own (`server`): a run that crashes is an exception, and waiting for it lets other threads go on.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Union

from . import BUILD, _core
from .errors import Error, error_of
from .server import Server

Outcome = Union[str, Error]


def program() -> str:
    """The `systole` that is used: $SYSTOLE_PROGRAM, else the one that this module was installed
    or built with, else the one on the path."""
    given = os.environ.get("SYSTOLE_PROGRAM")
    if given:
        return given
    here = Path(__file__).resolve()
    installed = [parent / "bin" / "systole" for parent in here.parents]
    for candidate in [*installed, BUILD / "app" / "systole"]:
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return str(candidate)
    found = shutil.which("systole")
    if found is None:
        raise Error("no program systole: expected it on the path or in SYSTOLE_PROGRAM")
    return found


@functools.lru_cache(maxsize=None)
def _server(path: str) -> Server:
    return Server(path)


def _ended(words: Sequence[str]) -> Any:
    """How a command ended: what simulates nothing needs no process."""
    path = program()
    return _core.answer(list(words), path) or _server(path).run(words)


def _outcome(words: Sequence[str]) -> Outcome:
    ended = _ended([os.fspath(word) for word in words])
    if ended.exit_code < 0:
        return error_of(f"its process ended by signal {-ended.exit_code}")
    # 1: a check that failed, which the report says; 3: a mistake of systole's own.
    if ended.exit_code > 1:
        line = ended.error.strip()
        return error_of(line if ended.exit_code == 2 else f"internal error: {line}")
    return str(ended.output)


def execute(commands: Sequence[Sequence[str]], workers: int = 1) -> list[Outcome]:
    """What each command prints, or the exception that tells why it does not; at most `workers`
    at a time."""
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        return list(pool.map(_outcome, commands))


def text_of(*words: str) -> str:
    """What one command prints; raises where it does not."""
    outcome = _outcome(words)
    if isinstance(outcome, Error):
        raise outcome
    return outcome


def json_of(*words: str) -> Any:
    return json.loads(text_of(*words))
