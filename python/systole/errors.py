"""What goes wrong, as exceptions."""

from __future__ import annotations

import re

_PLACE = re.compile(
    r"^(?P<file>[^:\n]+):(?P<line>\d+):(?P<column>\d+): (?:(?P<path>[^ :]+): )?(?P<reason>.*)$", re.S
)
_OPTION = re.compile(r"^--set [^\n]*?: (?P<path>[a-z0-9_.]+): (?P<reason>expected .*)$", re.S)


class Error(Exception):
    """A run that did not end well. `message` is the one line that `systole` prints."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UserError(Error):
    """A mistake in a chip, a network or an option.

    Where a file is wrong, `file`, `line`, `column` say where, `path` which key
    (`matrix_unit.rows`), and `reason` what was expected; else they are None. A change of
    `Chip.replace` has a path and no file.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        place = _PLACE.match(message)
        found = place or _OPTION.match(message)
        self.file: str | None = place["file"] if place else None
        self.line: int | None = int(place["line"]) if place else None
        self.column: int | None = int(place["column"]) if place else None
        self.path: str | None = found["path"] if found else None
        self.reason: str = found["reason"] if found else message


class InternalError(Error):
    """A mistake of systole's own: please report it."""


class WorkerCrashed(InternalError):
    """The process of a run ended by a signal. Other runs, and this program, go on."""


def error_of(message: str) -> Error:
    """The exception for what a worker says."""
    if message.startswith("its process ended by signal"):
        return WorkerCrashed(message)
    if message.startswith("internal error"):
        return InternalError(message)
    return UserError(message)
