"""Chips, networks, runs and studies."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

from . import program
from .errors import Error
from .records import Layers, Record, flat, frame

if TYPE_CHECKING:
    from .figures import Run
else:
    Run = Record

Value = Union[str, int, float, bool]


def _word(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class _Source:
    """A name, a file, or YAML of one's own, which becomes a file that goes with the object."""

    def __init__(self, source: str | os.PathLike[str]) -> None:
        self.name = os.fspath(source)

    @classmethod
    def of_text(cls, text: str, name: str) -> _Source:
        folder = tempfile.mkdtemp(prefix="systole-")
        file = Path(folder, name)
        file.write_text(text, encoding="utf-8")
        made = cls(file)
        weakref.finalize(made, shutil.rmtree, folder, ignore_errors=True)
        return made


class Chip:
    """A chip: a name of `systole.chips()`, a file, or YAML.

    >>> Chip("edge").replace({"matrix_unit.rows": 64, "clock": "700 MHz"})
    """

    def __init__(
        self, source: str | os.PathLike[str] | Chip, changes: Mapping[str, Value] | None = None
    ) -> None:
        if isinstance(source, Chip):
            self._source: _Source = source._source
            self._changes: dict[str, Value] = {**source._changes, **(changes or {})}
        else:
            self._source = _Source(source)
            self._changes = dict(changes or {})

    @classmethod
    def from_yaml(cls, text: str) -> Chip:
        """A chip of this text; docs/chips.md has the keys."""
        made = cls("")
        made._source = _Source.of_text(text, "chip.yaml")
        return made

    def replace(self, changes: Mapping[str, Value]) -> Chip:
        """The same chip with other values at some paths of its file, checked at once."""
        made = Chip(self, changes)
        made.describe()
        return made

    def words(self) -> list[str]:
        """What the command line has of it, behind the chip's name."""
        return [
            word for path, value in self._changes.items() for word in ("--set", f"{path}={_word(value)}")
        ]

    def describe(self) -> str:
        """Peaks, capacities, and every constant with its source, as `systole describe` has them."""
        return program.text_of("describe", self._source.name, *self.words())

    @property
    def name(self) -> str:
        return self.describe().split("\n", 1)[0]

    @property
    def changes(self) -> dict[str, Value]:
        return dict(self._changes)

    def __repr__(self) -> str:
        changes = f", {self._changes}" if self._changes else ""
        return f"Chip({self._source.name!r}{changes})"


class Network:
    """A network: a name of `systole.networks()`, a file, or YAML."""

    def __init__(self, source: str | os.PathLike[str] | Network) -> None:
        self._source: _Source = (
            source._source if isinstance(source, Network) else _Source(source)
        )

    @classmethod
    def from_yaml(cls, text: str) -> Network:
        """A network of this text; docs/workloads.md has the keys."""
        made = cls("")
        made._source = _Source.of_text(text, "network.yaml")
        return made

    def __repr__(self) -> str:
        return f"Network({self._source.name!r})"


@dataclass(frozen=True)
class Point:
    """A run to be made: what `systole run` takes."""

    chip: str | os.PathLike[str] | Chip
    network: str | os.PathLike[str] | Network
    batch: int | None = None
    type: str | None = None
    io: str | None = None
    seed: int | None = None
    check: bool = False
    deadline: str | None = None
    options: Sequence[str] = field(default=())  #: more words of the command line

    def words(self) -> list[str]:
        chip, network = Chip(self.chip), Network(self.network)
        words = ["run", chip._source.name, network._source.name, *chip.words()]
        for name in ("batch", "type", "io", "seed", "deadline"):
            value = getattr(self, name)
            if value is not None:
                words += [f"--{name}", str(value)]
        return words + ["--check"] * self.check + list(self.options)


class Result(Run):
    """A run: the JSON report (docs/report.md), with its keys as attributes: `total`, `energy`,
    `cost`, `dram`, `check`, ..."""

    __slots__ = ("point",)
    point: Point

    def __init__(self, values: Mapping[str, Any], point: Point | None = None) -> None:
        super().__init__(values)
        object.__setattr__(self, "point", point)

    def __reduce__(self) -> Any:
        return (type(self), (dict(self._values), self.point))

    @property
    def layers(self) -> Layers:
        return Layers(self._values["layers"])

    @property
    def seconds(self) -> float:
        return float(self._values["total"]["seconds"])

    def to_pandas(self) -> Any:
        """A DataFrame with a row a layer, nested figures as columns such as `roofline.cycles`."""
        return frame([flat(layer) for layer in self._values["layers"]])

    def save(self, file: str | os.PathLike[str]) -> None:
        """As JSON, which `systole diff` and `systole.load` read."""
        Path(file).write_text(json.dumps(self._values, indent=2) + "\n", encoding="utf-8")

    def __repr__(self) -> str:
        total = self._values["total"]
        return (
            f"Result({self._values['network']} on {self._values['chip']}, batch "
            f"{self._values['batch']}: {total['cycles']} cycles, {total['seconds']:.4g} s)"
        )


def run(
    chip: str | os.PathLike[str] | Chip,
    network: str | os.PathLike[str] | Network,
    batch: int | None = None,
    **options: Any,
) -> Result:
    """Simulates a network on a chip. `options` are those of `Point`."""
    outcome = run_many([Point(chip, network, batch, **options)])[0]
    assert isinstance(outcome, Result)
    return outcome


def run_many(
    points: Iterable[Point | Mapping[str, Any]], workers: int | None = None, errors: str = "raise"
) -> list[Result | Error]:
    """Simulates many points, `workers` at a time (default: one a core), each in a process of its
    own. With `errors="return"` a point that fails has its exception in its place."""
    if errors not in ("raise", "return"):
        raise ValueError(f"errors: expected 'raise' or 'return', got {errors!r}")
    asked = [point if isinstance(point, Point) else Point(**point) for point in points]
    commands = [[*point.words(), "--format", "json"] for point in asked]
    outcomes = program.execute(commands, workers or os.cpu_count() or 1)
    results: list[Result | Error] = []
    for point, outcome in zip(asked, outcomes):
        if isinstance(outcome, Error):
            if errors == "raise":
                raise outcome
            results.append(outcome)
        else:
            results.append(Result(json.loads(outcome), point))
    return results


def compare(
    network: str | os.PathLike[str] | Network,
    on: Sequence[str] = (),
    batch: int | Sequence[int] | None = None,
    options: Sequence[str] = (),
) -> Record:
    """A network on many devices, as `systole compare`; `rows` has one a device and batch."""
    words = ["compare", Network(network)._source.name]
    words += ["--on", ",".join(on)] if on else []
    if batch is not None:
        batches = [batch] if isinstance(batch, int) else batch
        words += ["--batch", ",".join(str(one) for one in batches)]
    return Record(program.json_of(*words, *options, "--format", "json"))


def load(file: str | os.PathLike[str]) -> Result:
    """A result that was saved, or written by `systole run --format json`."""
    values = json.loads(Path(file).read_text(encoding="utf-8"))
    if not isinstance(values, dict) or values.get("schema") != "systole.run/1":
        raise Error(f"{os.fspath(file)}: expected a run's report (JSON)")
    return Result(values)


class Study:
    """A study and its results so far: docs/studies.md."""

    def __init__(
        self, study: str | os.PathLike[str], store: str | os.PathLike[str] | None = None
    ) -> None:
        self._study = os.fspath(study)
        self._store = ["--store", os.fspath(store)] if store is not None else []

    def run(self, jobs: int | None = None) -> Study:
        """Explores what is not in the store yet."""
        more = ["--jobs", str(jobs)] if jobs else []
        program.text_of("study", "run", self._study, *self._store, *more)
        return self

    def show(self) -> Record:
        """The front, the best of each objective, which axis matters."""
        return Record(
            program.json_of("study", "show", self._study, *self._store, "--format", "json")
        )

    def points(self) -> list[Record]:
        """Every point with every figure."""
        rows = program.json_of("study", "export", self._study, *self._store, "--format", "json")
        return [Record(row) for row in rows]

    def to_pandas(self) -> Any:
        """A DataFrame with a row a point."""
        return frame([flat(point.to_dict()) for point in self.points()])

    def page(self, file: str | os.PathLike[str]) -> None:
        """Writes the HTML page."""
        program.text_of("study", "report", self._study, *self._store, "--output", os.fspath(file))

    def __repr__(self) -> str:
        return f"Study({self._study!r})"


_FOLDERS = {
    "chip": "configs/chips",
    "network": "workloads",
    "dram": "configs/dram",
    "controller": "configs/dram_controllers",
    "device": "configs/devices",
    "card": "configs/fpga_parts",
    "site": "configs/sites",
    "study": "configs/studies",
}


def names(kind: str) -> list[str]:
    """What ships: of `chip`, `network`, `dram`, `controller`, `device`, `card`, `site`, `study`."""
    if kind not in _FOLDERS:
        raise ValueError(f"kind: expected one of {', '.join(_FOLDERS)}, got {kind!r}")
    directories = program.text_of("--version").strip().rsplit(": ", 1)[1].split(", ")
    files = [file for each in directories for file in Path(each, _FOLDERS[kind]).glob("*.yaml")]
    return sorted({file.stem for file in files})


def chips() -> list[str]:
    return names("chip")


def networks() -> list[str]:
    return names("network")


def version() -> str:
    """Of the program that runs."""
    return program.text_of("--version").split()[1]
