"""The `systole` program, which does the work: each command in a process of its own.

SystemC elaborates once in a process, so nothing of the simulator lives in this one: a run that
crashes is an exception, and waiting for a process lets other threads go on.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Union

from .errors import Error, error_of

Outcome = Union[str, Error]


def program() -> str:
    """The `systole` that is used: $SYSTOLE_PROGRAM, else the one that this module was installed
    or built with, else the one on the path."""
    given = os.environ.get("SYSTOLE_PROGRAM")
    if given:
        return given
    here = Path(__file__).resolve()
    installed = [parent / "bin" / "systole" for parent in here.parents]
    built = here.parents[2] / "build" / "release" / "app" / "systole"
    for candidate in [*installed, built]:
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return str(candidate)
    found = shutil.which("systole")
    if found is None:
        raise Error("no program systole: expected it on the path or in SYSTOLE_PROGRAM")
    return found


def _outcome(words: Sequence[str]) -> Outcome:
    done = subprocess.run(
        [program(), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode < 0:
        return error_of(f"its process ended by signal {-done.returncode}")
    # 1: a check that failed, which the report says; 3: a mistake of systole's own.
    if done.returncode > 1:
        line = done.stderr.strip()
        return error_of(line if done.returncode == 2 else f"internal error: {line}")
    return done.stdout


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
