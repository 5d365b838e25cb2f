"""TensorBoard's event files, as its writer makes them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from ftlint.doctor.events import _masked, entries, records
from tests.cli.calls import invoke

from .test_command import history, keep

if TYPE_CHECKING:
    from pathlib import Path


def field(number: int, value: bytes | int | float) -> bytes:
    if isinstance(value, int):
        return bytes([number << 3]) + varint(value)
    if isinstance(value, float):
        return bytes([number << 3 | 5]) + struct.pack("<f", value)
    return bytes([number << 3 | 2]) + varint(len(value)) + value


def varint(value: int) -> bytes:
    found = b""
    while value > 127:
        found, value = found + bytes([value & 127 | 128]), value >> 7
    return found + bytes([value])


def record(body: bytes) -> bytes:
    head = struct.pack("<Q", len(body))
    return (
        head + struct.pack("<I", _masked(head)) + body + struct.pack("<I", _masked(body))
    )  # fmt: skip


def event(step: int, tag: str, value: float, *, tensor: bool = False) -> bytes:
    held = field(8, field(1, 1) + field(5, struct.pack("<f", value))) if tensor else field(2, value)
    summary = field(1, field(1, tag.encode()) + held)
    return record(bytes([9]) + struct.pack("<d", 1.7e9) + field(2, step) + field(5, summary))


def file_of(steps: int, *, tensor: bool = False) -> bytes:
    parts = [record(bytes([9]) + struct.pack("<d", 1.7e9) + field(3, b"brain.Event:2"))]
    for step in range(1, steps + 1):
        parts.append(event(step, "train/loss", 2 / step, tensor=tensor))
        parts.append(event(step, "train/learning_rate", 1e-4))
        if step % 10 == 0:
            parts.append(event(step, "eval/loss", 1 + step / 50, tensor=tensor))
    return b"".join(parts)


def test_the_checksum_is_castagnolis() -> None:
    """Of RFC 3720, B.4: 32 zero bytes, and 32 of 0xff; masked as TFRecord masks it."""
    for data, crc in ((b"\0" * 32, 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43)):
        rotated = (crc >> 15 | crc << 17) & 0xFFFFFFFF
        assert _masked(data) == (rotated + 0xA282EAD8) & 0xFFFFFFFF


def test_a_run_that_only_tensorboard_saw(tmp_path: Path) -> None:
    for tensor in (False, True):
        run = tmp_path / f"{tensor}"
        (run / "runs" / "Nov29").mkdir(parents=True)
        name = run / "runs" / "Nov29" / "events.out.tfevents.1700000000.host.1.0"
        name.write_bytes(file_of(60, tensor=tensor))
        found = history(run)
        assert (found.done, len(found.training), len(found.evaluation)) == (60, 60, 6)
        assert found.sources == ("runs/Nov29/events.out.tfevents.1700000000.host.1.0",)
        assert [round(one.value, 3) for one in found.evaluation[:2]] == [1.2, 1.4]
        assert round(found.series["learning_rate"][0].value, 6) == 1e-4
        assert "warning over-fitting" in invoke("doctor", run).out.splitlines()
        keep(run, {"epoch": 3.0, "train_loss": 0.5, "train_runtime": 9.0}, "all_results.json")
        assert (history(run).ended, history(run).epochs) == (True, 3.0)


def test_a_summary_alone(tmp_path: Path) -> None:
    keep(tmp_path, {"epoch": 3.0, "train_loss": 0.5, "train_runtime": 9.0}, "all_results.json")
    found = history(tmp_path)
    assert (found.ended, found.epochs, found.sources) == (True, 3.0, ("all_results.json",))
    keep(tmp_path / "predicted", {"predict_rouge-1": 20.0}, "all_results.json")
    assert invoke("doctor", tmp_path / "predicted").status == 2


def test_what_is_cut_off_or_damaged_ends_there() -> None:
    whole = file_of(20)
    assert len(list(records(whole))) == 43
    assert len(entries(whole)) == 22
    for cut in (1, 5, 17, 30):
        assert len(list(records(whole[:-cut]))) == 42
    at = len(whole) // 2
    damaged = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
    assert 0 < len(list(records(damaged))) < 43


@given(st.binary(max_size=200))
@settings(deadline=None, derandomize=True)
def test_any_bytes_are_read(data: bytes) -> None:
    assert isinstance(entries(data), list)
    assert isinstance(entries(record(data)), list)
