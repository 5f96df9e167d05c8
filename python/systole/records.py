"""Figures by name: what reports hold, with their keys as attributes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from .figures import Layer


class Figures(Mapping[str, Any]):
    """A JSON object: `figures.seconds` and `figures["seconds"]` are the same. Its keys are known to
    type checkers where a class of `systole.figures` says them."""

    __slots__ = ("_values",)
    _values: Mapping[str, Any]

    def __init__(self, values: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_values", values)

    def __getitem__(self, key: str) -> Any:
        return wrapped(self._values[key])

    if not TYPE_CHECKING:

        def __getattr__(self, key: str) -> Any:
            if key.startswith("__"):
                raise AttributeError(key)
            try:
                return wrapped(self._values[key])
            except KeyError:
                raise AttributeError(f"no {key!r}: there are {', '.join(self._values)}") from None

    def __setattr__(self, key: str, value: Any) -> None:
        raise AttributeError("figures of a result do not change")

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._values]

    def __reduce__(self) -> Any:
        return (type(self), (dict(self._values),))

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{key}={value if not isinstance(value, (dict, list)) else '...'}"
            for key, value in list(self._values.items())[:6]
        )
        return f"{type(self).__name__}({shown}{', ...' if len(self._values) > 6 else ''})"

    def to_dict(self) -> dict[str, Any]:
        """The same as plain dictionaries and lists."""
        return dict(self._values)


class Record(Figures):
    """One whose keys no class says."""

    __slots__ = ()
    if TYPE_CHECKING:

        def __getattr__(self, key: str) -> Any: ...


class Layers(Sequence["Layer"]):
    """Layers in the network's order: by index, by slice, or by name."""

    __slots__ = ("_layers", "_by_name")

    def __init__(self, layers: Sequence[Mapping[str, Any]]) -> None:
        self._layers: list[Any] = [Record(layer) for layer in layers]
        self._by_name: dict[str, Layer] = {}
        for layer in self._layers:
            self._by_name.setdefault(layer["name"], layer)

    @overload
    def __getitem__(self, key: int | str) -> Layer: ...
    @overload
    def __getitem__(self, key: slice) -> list[Layer]: ...
    def __getitem__(self, key: int | str | slice) -> Layer | list[Layer]:
        return self._by_name[key] if isinstance(key, str) else self._layers[key]

    def __len__(self) -> int:
        return len(self._layers)

    def __repr__(self) -> str:
        return f"Layers({len(self)}: {', '.join(list(self._by_name)[:5])}{', ...' if len(self) > 5 else ''})"


def wrapped(value: Any) -> Any:
    if isinstance(value, dict):
        return Record(value)
    return [wrapped(one) for one in value] if isinstance(value, list) else value


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested figures as one row: `roofline.cycles`."""
    row: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            row.update(flat(value, f"{prefix}{key}."))
        else:
            row[prefix + key] = value
    return row


def frame(rows: list[dict[str, Any]]) -> Any:
    """A pandas DataFrame."""
    try:
        import pandas  # type: ignore[import]
    except ImportError as error:
        raise ImportError("to_pandas needs pandas (Debian: python3-pandas)") from error
    return pandas.DataFrame(rows)
