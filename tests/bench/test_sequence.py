"""The order of rows, held against the batches of runs that were made."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from ftbench.calibration import query, sequence
from ftbench.calibration.batches import Loop, in_order
from ftbench.calibration.lookup import rows_of_an_example
from ftbench.calibration.planned_run import PlannedRun
from ftbench.calibration.rows import about, lengths_of
from ftbench.calibration.sequence import (
    MIXING,
    MOST_KEPT,
    SPLITTING,
    epochs_of,
    kept_of,
    sequence_of,
)
from ftlint.steps.pcg64 import permutation

if TYPE_CHECKING:
    from ftbench.calibration.record import RowLengths

RAW = Path(__file__).resolve().parents[2] / "docs" / "benchmarks" / "raw"
FAMILIES = sorted({path.parent for path in RAW.glob("*/*/cal") if [*path.glob("*scheduled*")]})
PLAIN: dict[str, Any] = dict.fromkeys(MIXING) | {"val_size": 0.0, "seed": 42}


def load(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def counted(family: Path) -> tuple[RowLengths, int] | None:
    """Return what a calibration of today would keep of the rows of that family."""
    (path,) = family.glob("cal/*scheduled*")
    result = load(path)
    asked = query.of_result(result)
    if asked is None or not result["lengths"]:
        return None
    cutoff = int(asked.values["cutoff_len"])
    known: Any = {name: asked.values.get(name) for name in (*MIXING, *SPLITTING)}
    return {**known, **kept_of(result["lengths"], cutoff)}, cutoff


def test_each_batch_of_the_kept_runs_is_foreseen() -> None:
    """Of one process, all of them: 5,000 and more of padded rows, in runs of 20 to 350 batches."""
    batches = 0
    for family in FAMILIES:
        found = counted(family)
        for path in sorted(family.glob("held-?.json")):
            result = load(path)
            asked = query.of_result(result)
            if found is None or asked is None or not isinstance(asked.run, PlannedRun):
                continue
            cutoff = int(asked.values["cutoff_len"])
            if asked.run.world_size > 1 or asked.values.get("packing") or cutoff > found[1]:
                continue
            run, values = asked.run, asked.values
            loop = Loop(
                run.steps or 0, run.batch, run.accumulation, rows=run.rows,
                rows_each=rows_of_an_example(values),
            )  # fmt: skip
            epochs = epochs_of(values, sequence_of(values, found[0], cutoff), loop)
            taken = Counter(
                tuple(batch[:2]) for step in result["steps"] for batch in step["micro_batches"]
            )
            multiple = 1 if values.get("stage") == "pt" else 8
            if epochs:
                assert in_order(loop, epochs, multiple) == taken, path
                batches += sum(taken.values())
    assert batches > 5_000


def test_rows_that_are_held_out_leave_the_others_in_their_order() -> None:
    """The first run of a calibration holds out 64 rows, the second trains on all."""
    seen = 0
    for family in FAMILIES:
        found = counted(family)
        for path in family.glob("cal/*real*"):
            real = load(path)
            asked = query.of_result(real)
            if found is None or asked is None or asked.values.get("val_size") != 64:
                continue
            if len(real["lengths"]) == len(sequence_of(PLAIN, found[0], found[1])):
                continue  # the second one held them out as well
            cutoff = int(asked.values["cutoff_len"])
            assert list(sequence_of(asked.values, found[0], cutoff)) == real["lengths"]
            seen += 1
    assert seen > 5


@pytest.mark.parametrize("count", [0, 1, 3_000])
def test_what_is_kept_is_read_back(count: int) -> None:
    lengths = [random.Random(count).randint(0, 10**6) for _ in range(count)]
    kept: Any = {**PLAIN, **kept_of(lengths, 10**7)}
    assert list(sequence_of(PLAIN, kept, 10**7)) == lengths
    assert len(kept["sequence"]) <= 4 * count + 32


def test_other_rows_have_another_order() -> None:
    lengths = [10, 20, 30, 40] * 10
    kept: Any = {**PLAIN, **kept_of(lengths, 64)}
    assert sequence_of(PLAIN, kept, 64) == tuple(lengths)
    assert sequence_of(PLAIN | {"seed": 7}, kept, 64) == tuple(lengths)
    assert sequence_of(PLAIN | {"max_samples": 12}, kept, 64) == ()
    assert sequence_of(PLAIN | {"mix_strategy": "interleave_under"}, kept, 64) == ()
    assert sequence_of(PLAIN | {"val_size": 0.1, "seed": 7}, kept, 64) == ()
    held: Any = {**PLAIN, "val_size": 0.1, **kept_of(lengths, 64)}
    assert sequence_of(PLAIN, held, 64) == ()
    assert sequence_of(PLAIN | {"val_size": 0.1}, held, 64) == tuple(lengths)


@pytest.mark.parametrize(
    ("definition", "sampled"),
    [({"file_name": "rows.json"}, False), ({"file_name": "rows.json", "num_samples": 30}, True),
     (None, True)],
)  # fmt: skip
def test_rows_that_a_seed_takes_are_others_by_another_seed(
    tmp_path: Path, definition: object, sampled: bool
) -> None:
    """Of a definition that cannot be read nobody knows whether rows are taken at random."""
    table = {} if definition is None else {"faq": definition}
    (tmp_path / "dataset_info.json").write_text(json.dumps(table), "utf-8")
    values = {**PLAIN, "dataset": "faq", "dataset_dir": str(tmp_path)}
    lengths = [10, 20, 30]
    kept: Any = {**about(values, 64, packed=False), **kept_of(lengths, 64)}
    assert sequence_of(values, kept, 64) == tuple(lengths)
    assert bool(sequence_of(values | {"seed": 7}, kept, 64)) is not sampled


@pytest.mark.parametrize(
    ("template", "changed", "same"),
    [("qwen3", {"mask_history": True}, False), ("qwen", {"mask_history": True}, True),
     ("qwen3", {"preserve_thinking": True}, False), ("qwen", {"preserve_thinking": True}, True),
     ("qwen", {"split_special_tokens": True}, False), ("qwen", {"add_tokens": "a,b"}, False),
     ("qwen3", {"mask_history": False, "split_special_tokens": None}, True)],
)  # fmt: skip
def test_rows_that_are_written_otherwise_have_other_lengths(
    template: str, changed: dict[str, Any], same: bool
) -> None:
    """As LLaMA Factory 0.9.5 made them of conversations with thoughts and special tokens."""
    values = {**PLAIN, "dataset": "faq", "template": template, "stage": "sft"}
    counts = [(10, 1), (20, 2)]
    kept: Any = {**about(values, 64, packed=False), **kept_of([10, 20, 20], 64), "counts": counts}
    record: Any = SimpleNamespace(lengths=kept, key={"model": "m"})
    before = lengths_of(values, [record], "m", 64)
    found = lengths_of(values | changed, [record], "m", 64)
    assert before is not None
    assert before.sequence
    assert found is not None
    if same:
        assert found == before
    else:
        assert (found.pool, found.sequence) == (before.pool, ())
        assert found.doubts
        assert f"another `{next(iter(changed))}`" in found.notes[0]


@pytest.mark.parametrize(
    ("size", "seed"), [(-1, 42), (-0.5, 42), (1e-7, 42), (5, -1), (5, None), ("5", 42)]
)
def test_a_split_that_nobody_makes_gives_no_order(size: object, seed: object) -> None:
    """Below 0 numpy takes no seed and LLaMA Factory holds nothing out."""
    kept: Any = {**PLAIN, "seed": seed, **kept_of(list(range(40)), 64)}
    assert sequence_of(PLAIN | {"val_size": size, "seed": seed}, kept, 64) == ()


def test_only_the_rows_that_are_needed_are_put_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """The split of many rows takes half a second, and a family may have many calibrations."""
    values = {**PLAIN, "dataset": "faq", "val_size": 5}
    kept: Any = {**about(values | {"val_size": 0}, 64, packed=False), "counts": [(10, 40)]}
    many: Any = [
        SimpleNamespace(lengths=one, key={"model": "m"})
        for one in (kept, *[{**kept, **kept_of([10] * 40, 64), "sampled": False}] * 20)
    ]
    times = []

    def noted(seed: int, count: int) -> list[int]:
        times.append(count)
        return permutation(seed, count)

    monkeypatch.setattr(sequence, "permutation", noted)
    found = lengths_of(values, many, "m", 64)
    assert found is not None
    assert len(found.sequence) == 35
    assert times == [40]


def test_rows_that_were_cut_off_are_not_known_longer() -> None:
    kept: Any = {**PLAIN, **kept_of([10, 64, 30], 64)}
    assert sequence_of(PLAIN, kept, 128) == ()
    assert sequence_of(PLAIN, kept, 32) == (10, 32, 30)
    whole: Any = {**PLAIN, **kept_of([10, 63, 30], 64)}
    assert sequence_of(PLAIN, whole, 128) == (10, 63, 30)


@pytest.mark.parametrize("text", ["", "no text", "AAAA", "é", "eJwDAAAAAAE="])
def test_damaged_rows_are_none(text: str) -> None:
    kept: Any = {**PLAIN, "sequence": text, "sequence_cutoff": 64}
    assert sequence_of(PLAIN, kept, 64) == ()


def test_many_rows_are_left_to_chance() -> None:
    assert kept_of([1] * (MOST_KEPT + 1), 64) == {}
    lengths = [1] * 60_000
    once, twice = (Loop(steps, 1_000, rows=60_000) for steps in (60, 61))
    assert len(epochs_of(PLAIN, lengths, once)) == 1
    assert epochs_of(PLAIN, lengths, twice) == ()


def test_each_epoch_has_an_order_of_its_own() -> None:
    loop = Loop(5, 4, 2, rows=10)
    first, second, third = epochs_of(PLAIN, range(10), loop)
    assert sorted(first) == sorted(second) == sorted(third) == list(range(10))
    assert first != second != third
    still = epochs_of(PLAIN | {"disable_shuffling": True}, range(10), loop)
    assert still == (tuple(range(10)),) * 3
    assert epochs_of(PLAIN | {"group_by_length": True}, range(10), loop) == ()
    assert sum(in_order(loop, still).values()) == loop.micro_batches() == 8
    assert in_order(loop, still, 1) == {(4, 3): 3, (4, 7): 3, (2, 9): 2}


@pytest.mark.parametrize(
    ("rows", "batch", "accumulation", "steps", "drop_last", "micro_batches"),
    [(33, 5, 4, 20, False, 137), (33, 7, 4, 5, False, 24), (31, 6, 4, 20, True, 118),
     (33, 5, 4, 20, True, 137), (97, 4, 3, 20, False, 62), (97, 30, 4, 2, False, 8)],
)  # fmt: skip
def test_what_a_pass_over_a_stream_leaves_over_is_trained_in_vain(
    rows: int, batch: int, accumulation: int, steps: int, drop_last: bool, micro_batches: int
) -> None:
    """Counted in runs of LLaMA Factory 0.9.5 with `max_steps`; rows in order end with a step."""
    loop = Loop(steps, batch, accumulation, rows=rows, drop_last=drop_last, stream=True)
    assert loop.micro_batches() == micro_batches
    assert replace(loop, stream=False).micro_batches() <= micro_batches


@pytest.mark.parametrize(
    ("rows", "batch", "world", "drop_last", "found"),
    [(7, 2, 2, False, {(2, 32): 1, (2, 56): 1}), (7, 2, 2, True, {(2, 32): 1}),
     (1, 2, 4, False, {(2, 8): 1}), (5, 1, 4, False, {(1, 32): 1, (1, 40): 1})],
)  # fmt: skip
def test_the_last_batches_of_several_processes_are_filled_up(
    rows: int, batch: int, world: int, drop_last: bool, found: dict[tuple[int, int], int]
) -> None:
    """As BatchSamplerShard of accelerate 1.11 deals rows out, the slowest process of each step."""
    lengths = [8 * number for number in range(1, rows + 1)]
    loop = Loop(sum(found.values()), batch, 1, world, rows, drop_last)
    assert in_order(loop, [lengths]) == found
