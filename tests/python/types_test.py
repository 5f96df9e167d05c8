"""The types of the package: what checkers say of it, and whether reports are as they are typed."""

from __future__ import annotations

import collections.abc
import os
import subprocess
import sys
import tempfile
import types
import typing
import unittest
from keyword import iskeyword
from pathlib import Path

import systole
from systole import figures

PACKAGE = Path(systole.__file__).parent
RIGHT = """
import systole

result = systole.run("edge", "mlp0", batch=1)
seconds: float = result.total.seconds
stalled: int = result.layers["fc1"].stalls.memory
names: list[str] = [layer.name for layer in result.layers]
joules: float = result.energy.joules if result.energy else 0.0
anything = systole.compare("mlp0", on=["edge"]).rows
"""
WRONG = {
    "result.total.secnds": '"Total" has no attribute "secnds"',
    "result.layers[0].stalls.memroy": '"LayerStalls" has no attribute "memroy"',
    "result.energy.joules": 'of "Optional[Energy]" has no attribute "joules"',
    "len(result.total.cycles)": 'has incompatible type "int"',
}


def checked(*files: str | Path) -> str:
    """What mypy says."""
    with tempfile.TemporaryDirectory() as cache:
        command = ["mypy", "--strict", "--cache-dir", cache, *map(str, files)]
        environment = {**os.environ, "MYPYPATH": str(PACKAGE.parent)}
        return subprocess.run(command, env=environment, capture_output=True, text=True).stdout


def taken(key: str) -> bool:
    """No attribute can be called so."""
    return iskeyword(key) or hasattr(dict, key)


def misfits(value: object, wanted: object, path: str = "report") -> list[str]:
    """Where a value of a report is not of its type."""
    origin, inner = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (typing.Union, types.UnionType if sys.version_info >= (3, 10) else typing.Union):
        return min((misfits(value, one, path) for one in inner), key=len)
    if origin is typing.Literal:
        return [] if value in inner else [f"{path}: {value!r} is none of {inner}"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{path}: {value!r} is no list"]
        return [m for i, one in enumerate(value) for m in misfits(one, inner[0], f"{path}[{i}]")]
    if origin is collections.abc.Mapping:
        if not isinstance(value, dict):
            return [f"{path}: {value!r} is no object"]
        return [m for key, one in value.items() for m in misfits(one, inner[1], f"{path}.{key}")]
    if isinstance(wanted, type) and issubclass(wanted, figures.Figures):
        if not isinstance(value, dict):
            return [f"{path}: {value!r} is no {wanted.__name__}"]
        keys = typing.get_type_hints(wanted)
        named = {key: one for key, one in keys.items() if not key.startswith("_")}
        unknown = [f"{path}.{key}: no class says it" for key in value if key not in named and not taken(key)]
        return unknown + [
            m for key, one in named.items() if key in value for m in misfits(value[key], one, f"{path}.{key}")
        ]
    allowed = (int, float) if wanted is float else (wanted,)
    fits = isinstance(value, allowed) and (wanted is bool or not isinstance(value, bool))  # type: ignore[arg-type]
    return [] if fits else [f"{path}: {value!r} is no {wanted}"]


class Types(unittest.TestCase):
    def test_the_package_is_typed(self) -> None:
        self.assertIn("Success: no issues found", checked(PACKAGE))

    def test_what_is_right_passes(self) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
            file.write(RIGHT)
            file.flush()
            self.assertIn("Success: no issues found", checked(file.name))

    def test_what_is_wrong_is_found(self) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
            file.write(RIGHT + "".join(f"{line}\n" for line in WRONG))
            file.flush()
            said = checked(file.name)
        for complaint in WRONG.values():
            self.assertIn(complaint, said)
        self.assertIn(f"Found {len(WRONG)} errors", said)

    def test_reports_are_as_they_are_typed(self) -> None:
        points = [
            {"chip": "edge", "network": "mlp0", "batch": 1, "check": True},
            {"chip": "tpu_v1", "network": "mlp0", "deadline": "10 ms"},
        ]
        for result in systole.run_many(points):
            report = result.to_dict()  # type: ignore[union-attr]
            layers = report.pop("layers")
            self.assertEqual(misfits(report, figures.Run) + misfits(layers, typing.List[figures.Layer]), [])

    def test_a_misfit_is_found(self) -> None:
        self.assertEqual(
            misfits({"read_bytes": 1.5, "more": 1}, figures.LayerDram),
            ["report.more: no class says it", "report.read_bytes: 1.5 is no <class 'int'>"],
        )


if __name__ == "__main__":
    unittest.main()
