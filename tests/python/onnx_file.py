"""ONNX and .npy files of a layer each, written by hand: docs/onnx.md's commands run on them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

FLOAT = 1


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def _field(number: int, value: int | str | bytes) -> bytes:
    """A field of a protocol buffer: numbers as varints, all else with its length."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _numbers(count: int) -> bytes:
    return struct.pack(f"<{count}f", *((7 * i % 11 - 5) / 16 for i in range(count)))


def _product(extents: Sequence[int]) -> int:
    count = 1
    for extent in extents:
        count *= extent
    return count


def _value(name: str, extents: Sequence[int | str] | None) -> bytes:
    """ValueInfoProto; an extent that is a word is open. None: its shape is not said."""
    tensor = _field(1, FLOAT)
    if extents is not None:
        dims = b"".join(_field(1, _field(1 if isinstance(one, int) else 2, one)) for one in extents)
        tensor += _field(2, dims)
    return _field(1, name) + _field(2, _field(1, tensor))


def write_model(file: Path, name: str, extents: Sequence[int | str], op: str, weight: Sequence[int]) -> None:
    """A model of one node with a weight: `op` of an input and of that."""
    tensor = b"".join(_field(1, one) for one in weight) + _field(2, FLOAT) + _field(8, "weight")
    tensor += _field(9, _numbers(_product(weight)))
    node = _field(1, name) + _field(1, "weight") + _field(2, "y") + _field(3, "layer") + _field(4, op)
    graph = _field(1, node) + _field(2, file.stem) + _field(5, tensor)
    graph += _field(11, _value(name, extents)) + _field(12, _value("y", None))
    file.write_bytes(_field(1, 8) + _field(7, graph) + _field(8, _field(2, 13)))


def write_npy(file: Path, extents: Sequence[int]) -> None:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple(extents)}, }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    start = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header))
    file.write_bytes(start + header.encode() + _numbers(_product(extents)))
