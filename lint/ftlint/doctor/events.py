"""TensorBoard event files, read without TensorBoard: scalars by tag and step.

Source: the TFRecord form (length, its checksum, the data, their checksum) around messages in
protobuf's wire format: Event (step = 2, summary = 5), Summary (value = 1), Value (tag = 1,
simple_value = 2, tensor = 8). What transformers' TensorBoardCallback writes are simple values,
`train/loss`, `eval/loss`. A file that is being written ends anywhere: what is whole counts.
"""

from __future__ import annotations

import struct
from functools import lru_cache

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Fields = Iterator[tuple[int, int | bytes]]

PREFIX = "events.out.tfevents."
NAMES = {"train/": "", "eval/": "eval_"}
"""Prefixes of tags, and those of the names under which the trainer logs the same."""
POLYNOMIAL = 0x82F63B78
"""Of the checksum, Castagnoli's CRC-32."""


def entries(data: bytes) -> list[dict[str, Any]]:
    """Return the scalars as the trainer's own log has them, an entry a step and kind."""
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for record in records(data):
        try:
            step, scalars = _event(record)
        except (ValueError, IndexError, struct.error):
            continue
        for tag, value in scalars:
            for prefix, kind in NAMES.items():
                if tag.startswith(prefix):
                    one = found.setdefault((step, kind), {"step": step})
                    one[f"{kind}{tag[len(prefix) :]}"] = value
    return [found[key] for key in sorted(found)]


def records(data: bytes) -> Iterator[bytes]:
    """Yield what a file holds, up to the first record that is cut off or damaged."""
    at = 0
    while at + 12 <= len(data):
        head = data[at : at + 8]
        length, checked = struct.unpack("<QI", data[at : at + 12])
        if _masked(head) != checked or at + 16 + length > len(data):
            return
        body = data[at + 12 : at + 12 + length]
        if _masked(body) != struct.unpack_from("<I", data, at + 12 + length)[0]:
            return
        yield body
        at += 16 + length


def _event(record: bytes) -> tuple[int, list[tuple[str, float]]]:
    step, scalars = 0, []
    for field, value in _fields(record):
        if field == 2 and isinstance(value, int):
            step = value
        elif field == 5 and isinstance(value, bytes):
            scalars += [
                found for one, inner in _fields(value)
                if one == 1 and isinstance(inner, bytes) and (found := _scalar(inner)) is not None
            ]  # fmt: skip
    return step, scalars


def _scalar(message: bytes) -> tuple[str, float] | None:
    tag, number = "", None
    for field, value in _fields(message):
        if not isinstance(value, bytes):
            continue
        if field == 1:
            tag = value.decode("utf-8", "replace")
        elif field == 2 and len(value) == 4:
            number = struct.unpack("<f", value)[0]
        elif field == 8:
            number = _of_tensor(value)
    return (tag, number) if tag and number is not None else None


def _of_tensor(message: bytes) -> float | None:
    """Return the one number of a TensorProto: as its float_val, or as its content."""
    for field, value in _fields(message):
        if field in (4, 5) and isinstance(value, bytes) and len(value) == 4:
            return float(struct.unpack("<f", value)[0])
    return None


def _fields(message: bytes) -> Fields:
    """Yield number and value of each field: an integer, or bytes for all that has a length."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        length = {1: 8, 5: 4}.get(kind)
        if kind == 2:
            length, at = _varint(message, at)
        if length is None or at + length > len(message):
            raise ValueError(kind)
        yield key >> 3, message[at : at + length]
        at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
        if shift > 63:
            raise ValueError(shift)


def _masked(data: bytes) -> int:
    checksum = 0xFFFFFFFF
    table = _table()
    for byte in data:
        checksum = (checksum >> 8) ^ table[(checksum ^ byte) & 255]
    checksum ^= 0xFFFFFFFF
    return (((checksum >> 15) | (checksum << 17)) + 0xA282EAD8) & 0xFFFFFFFF


@lru_cache(1)
def _table() -> tuple[int, ...]:
    found = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (POLYNOMIAL if byte & 1 else 0)
        found.append(byte)
    return tuple(found)
