"""Simulates neural networks on TPU-style accelerators, cycle by cycle.

>>> import systole
>>> result = systole.run("tpu_v1", "resnet50", batch=8)
>>> result.total.seconds, result.layers["conv1"].cycles, result.energy.joules
"""

import os
from pathlib import Path

# In the source tree `_core` is where it was built: beside $SYSTOLE_PROGRAM, else by the preset `release`.
_PROGRAM = os.environ.get("SYSTOLE_PROGRAM")
BUILD = (
    Path(_PROGRAM).resolve().parents[1]
    if _PROGRAM
    else Path(__file__).resolve().parents[2] / "build" / "release"
)
if not list(Path(__file__).parent.glob("_core.*.so")):
    __path__.append(str(BUILD / "python"))

from .errors import Error, InternalError, UserError, WorkerCrashed
from .model import (
    Chip,
    Network,
    Point,
    Result,
    Study,
    chips,
    compare,
    load,
    names,
    networks,
    run,
    run_many,
    version,
)
from .records import Layers, Record

__all__ = [
    "Chip",
    "Error",
    "InternalError",
    "Layers",
    "Network",
    "Point",
    "Record",
    "Result",
    "Study",
    "UserError",
    "WorkerCrashed",
    "chips",
    "compare",
    "load",
    "names",
    "networks",
    "run",
    "run_many",
    "version",
]
