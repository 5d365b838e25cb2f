"""The practitioner's guide: each of its snippets and cases as a file, with verdict and numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ftlint.cli.steps import PlanRequest, steps
from ftlint.project.request import CliOptions
from ftlint.run.session import run

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "guide"


class Case(NamedTuple):
    """What a file must give: codes, and samples, samples a step, steps an epoch, total, epochs."""

    codes: tuple[str, ...] = ()
    samples: int = 0
    batch: int = 0
    per_epoch: int = 0
    total: int = 0
    epochs: float | None = None  # None: early stopping may end the run sooner


CASES = {
    # calculations of the guide
    "example-calculation": Case((), 10000, 16, 625, 1875, 3.0),
    "small": Case((), 500, 8, 63, 315, 5.0),
    "medium": Case((), 5000, 16, 313, 939, 3.0),
    "large": Case((), 50000, 32, 1563, 3126, 2.0),
    "support-final": Case((), 3000, 8, 375, 1500),
    "mistake-3": Case(("FT304",), 10000, 1, 10000, 20000, 2.0),
    "mistake-3-solved": Case((), 10000, 16, 625, 1250, 2.0),
    "prototype": Case((), 1000, 4, 250, 200, 0.8),
    # keys
    "epochs-default": Case((), 3000, 8, 375, 1125, 3.0),
    "epochs-2.5": Case((), 25000, 8, 3125, 7813, 2.50016),  # 7812.5 steps, rounded up
    "epochs-1.2": Case((), 25000, 8, 3125, 3750, 1.2),
    "max-steps": Case((), 3000, 8, 375, 1000, 8 / 3),
    "precedence-steps": Case(("FT201",), 3000, 8, 375, 500, 4 / 3),
    "precedence-epochs": Case((), 3000, 8, 375, 1125, 3.0),
    "by-epochs": Case((), 3000, 8, 375, 1125, 3.0),
    "by-steps": Case(("FT205",), 3000, 8, 375, 1000, 8 / 3),
    # sizes and methods in practice
    "small-faq": Case((), 500, 4, 125, 1000),
    "medium-business": Case((), 5000, 16, 313, 939, 3.0),
    "large-documents": Case((), 50000, 32, 1563, 3126, 2.0),
    "lora": Case((), 3000, 16, 188, 752, 4.0),
    "qlora": Case((), 3000, 16, 188, 564, 3.0),
    "full": Case((), 3000, 16, 188, 376, 2.0),
    # adjusting while training
    "early-stopping": Case((), 3000, 8, 375, 3750),
    "scheduler": Case((), 3000, 8, 375, 1875, 5.0),
    "best-checkpoint": Case((), 3000, 8, 375, 3000, 8.0),
    "plateau": Case((), 3000, 8, 375, 1875),
    "monitoring": Case((), 3000, 8, 375, 1125, 3.0),
    "phase-1": Case((), 25000, 8, 3125, 3125, 1.0),
    "phase-2": Case((), 25000, 8, 3125, 9375, 3.0),
    "stage-1": Case((), 50000, 8, 6250, 12500, 2.0),
    "stage-2": Case((), 100000, 8, 12500, 37500, 3.0),
    # cases
    "support-first-try": Case(("FT301",), 3000, 2, 1500, 15000, 10.0),
    "summary-a": Case(("FT302",), 25000, 8, 3125, 3125, 1.0),
    "summary-b": Case((), 25000, 8, 3125, 9375, 3.0),
    "summary-c": Case(("FT301",), 25000, 8, 3125, 25000, 8.0),
    "mistake-1": Case(("FT301",), 1000, 8, 125, 2500, 20.0),
    "mistake-1-solved": Case((), 1000, 8, 125, 625),
    "mistake-2": Case(("FT302",), 50000, 8, 6250, 6250, 1.0),
    "mistake-2-solved": Case((), 50000, 8, 6250, 18750, 3.0),
    # presets
    "preset-beginner": Case((), 3000, 8, 375, 1125, 3.0),  # too short to be stopped
    "preset-quick": Case((), 5000, 8, 625, 500, 0.8),
    "preset-production": Case((), 5000, 16, 313, 1565),
    "preset-research": Case((), 5000, 8, 625, 2000, 3.2),
    # snippets that LLaMA Factory refuses or ignores, as the guide writes them
    "as-written/qlora": Case(("FT106",)),
    "as-written/full": Case(("FT654",)),
    "as-written/small-faq": Case(("FT101",)),
    "as-written/early-stopping": Case(("FT404", "FT535", "FT101", "FT101")),
    "as-written/best-checkpoint": Case(("FT404",)),
    "as-written/support-final": Case(("FT101",)),
    "as-written/mistake-1-solved": Case(("FT101", "FT404")),
    "as-written/monitoring": Case(("FT535",)),
    "as-written/phase-2": Case(("FT468",)),
    "as-written/plateau": Case(("FT535", "FT101", "FT101", "FT101", "FT101")),
    "as-written/preset-beginner": Case(("FT101", "FT404")),
    "as-written/preset-production": Case(("FT101", "FT535", "FT468")),
    "as-written/preset-research": Case(("FT535",)),
    "as-written/no-epochs": Case(("FT008",)),
}


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def messages(name: str) -> list[tuple[str, str]]:
    request = CliOptions((f"examples/guide/{name}.yaml",), isolated=True)
    report, _ = run(request, bytes, lambda done, total: None)
    (result,) = report.results
    return [(one.code, one.message) for one in result.diagnostics]


def plan(name: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    asked = PlanRequest(CliOptions((f"examples/guide/{name}.yaml",), isolated=True), format="json")
    assert steps(asked) == 0
    (found,) = json.loads(capsys.readouterr().out)
    return dict(found)


def test_every_file_has_a_verdict() -> None:
    files = {path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.rglob("*.yaml")}
    assert files == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_verdict(name: str) -> None:
    """The guide's snippets leave the precision to their reader, and are advised of it."""
    advised = ("FT640", "FT642") if name.startswith("as-written/") else ()
    assert tuple(code for code, _ in messages(name) if code not in advised) == CASES[name].codes


@pytest.mark.parametrize("name", [name for name in CASES if "/" not in name])
def test_numbers(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    case, found = CASES[name], plan(name, capsys)
    assert found["samples"]["total"] == case.samples
    assert found["effective_batch_size"] == case.batch
    assert found["steps_per_epoch"] == case.per_epoch
    assert found["total_steps"] == case.total
    assert found["epochs"] == (case.epochs and pytest.approx(case.epochs))


def test_what_the_messages_propose() -> None:
    ((_, text),) = messages("mistake-1")
    assert "`num_train_epochs: 5` or fewer" in text
    assert "eval_strategy: epoch" in text
    assert "early_stopping_steps: 2" in text
    ((_, text),) = messages("mistake-2")
    assert "`num_train_epochs: 3` and `learning_rate: 5.0e-5`" in text
    ((_, text),) = messages("mistake-3")
    assert "`per_device_train_batch_size: 8`, `gradient_accumulation_steps: 2`" in text
    assert "takes 1,250" in text
    ((_, text),) = messages("support-first-try")
    assert "overfit" in text
    assert "3–5 epochs are usual for LoRA and 1,000 to 9,999 samples" in text
    ((_, text),) = messages("summary-a")
    assert "underfit" in text
    ((_, text),) = messages("precedence-steps")
    assert "`max_steps: 500` takes precedence. That is 1.33 epochs of 3,000 samples" in text


def test_what_max_steps_sees(capsys: pytest.CaptureFixture[str]) -> None:
    found = plan("prototype", capsys)
    assert (found["samples_seen"], found["limited_by"]) == (800, "max_steps")


def test_early_stopping_of_the_guide_ends_after_three_epochs_at_the_earliest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert plan("support-final", capsys)["bounds"]["executed_steps"] == [1125, 1500]
