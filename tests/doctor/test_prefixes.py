"""The count of what later evaluations refute counts that, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ftlint.doctor.history import History, Loss

from .prefixes import LEAST, main, prefixes, said_of

if TYPE_CHECKING:
    from pathlib import Path

RISING = [1.0, 0.9, 0.92, 0.96, 1.0, 1.04, 1.08, 1.12, 1.16, 1.2]


def run(evaluation: list[float]) -> History:
    steps = [10 * number for number in range(1, len(evaluation) + 1)]
    return History(
        "run", ("trainer_state.json",), planned=steps[-1], done=steps[-1], epochs=2.0, ended=True,
        evaluated_on=None, patience=None,
        training=tuple(Loss(step, 2 * 0.99**step) for step in range(1, steps[-1] + 1)),
        evaluation=tuple(map(Loss, steps, evaluation)),
    )  # fmt: skip


def test_a_prefix_is_the_run_as_it_was() -> None:
    found = list(prefixes(run(RISING)))
    assert [len(one.evaluation) for one in found] == [*range(LEAST, len(RISING))]
    for one in found:
        assert one.done == one.evaluation[-1].step == one.training[-1].step
        assert not one.ended
        assert (one.planned, one.epochs) == (100, 2.0 * one.done / 100)


def test_a_later_evaluation_that_is_lower_refutes() -> None:
    said = said_of(run(RISING))
    assert said
    assert all(one.lower < 0 for one in said)
    refuted = said_of(run([*RISING, 0.88]))
    assert [one.step for one in refuted] == [*(one.step for one in said), 10 * len(RISING)]
    assert all(0.02 < one.lower < 0.03 for one in refuted)


def test_a_folder_that_is_not_there_is_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["prefixes", str(tmp_path / "none")])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "no folder: " in capsys.readouterr().err
