"""Simulates neural networks on TPU-style accelerators, cycle by cycle.

>>> import systole
>>> result = systole.run("tpu_v1", "resnet50", batch=8)
>>> result.total.seconds, result.layers["conv1"].cycles, result.energy.joules
"""

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
