"""`ftlint doctor` on folders as runs leave them, whole, cut off and broken."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftlint.doctor.cause import CAUSES
from ftlint.doctor.history import History, read
from ftlint.doctor.reading import NoRun
from tests.cli.calls import invoke

if TYPE_CHECKING:
    from collections.abc import Iterable


def state(steps: int = 40, *, ended: bool = True, evaluated: str = "eval_loss") -> dict[str, Any]:
    """Return a trainer_state.json as transformers writes it."""
    history: list[dict[str, Any]] = []
    for step in range(2, steps + 1, 2):
        history.append({"epoch": step / 20, "loss": 2 / step, "learning_rate": 1e-4, "step": step})
        if step % 10 == 0:
            history.append({"epoch": step / 20, evaluated: 1 + step / 100, "step": step})
    if ended:
        history.append({"epoch": steps / 20, "step": steps, "train_runtime": 9.0, "train_loss": 1})
    return {
        "global_step": steps, "max_steps": 40, "epoch": steps / 20, "log_history": history,
        "num_train_epochs": 2, "stateful_callbacks": {"TrainerControl": {"args": {}}},
    }  # fmt: skip


def keep(folder: Path, found: object, name: str = "trainer_state.json") -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(found), "utf-8")
    return folder


def log(folder: Path, *lines: dict[str, Any]) -> Path:
    """Write a trainer_log.jsonl as LLaMA Factory does."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "trainer_log.jsonl").write_text(text, "utf-8")
    return folder


def trained(steps: Iterable[int], total: int, loss: float | None = None) -> list[dict[str, Any]]:
    """Return its lines of training losses; they fall with the steps unless one is given."""
    return [
        {
            "current_steps": at, "total_steps": total, "loss": 2 / at if loss is None else loss,
            "lr": 1e-4, "epoch": at / 20, "percentage": 100 * at / total,
            "elapsed_time": "0:00:01", "remaining_time": "0:00:01",
        }
        for at in steps
    ]  # fmt: skip


def evaluated(batches: int, **of_the_epoch: float) -> list[dict[str, Any]]:
    """Return its lines of an evaluation on its own; transformers 5 adds an epoch to the last."""
    shown = {"percentage": 0.0, "elapsed_time": "0:00:00", "remaining_time": "0:00:00"}
    steps = [
        {"current_steps": at, "total_steps": batches, **shown} for at in range(5, batches + 1, 5)
    ]
    end = {"current_steps": 0, "total_steps": batches, "eval_loss": 1.2, **of_the_epoch, **shown}
    return [*steps, end]


def history(folder: Path) -> History:
    found = read(str(folder))
    assert isinstance(found, History), found
    return found


def test_a_whole_run(tmp_path: Path) -> None:
    done = invoke("doctor", keep(tmp_path, state()))
    assert (done.status, done.err) == (1, "")
    lines = done.out.splitlines()
    assert lines[0] == f"{tmp_path}: 40 of 40 steps, 2.00 epochs (trainer_state.json)"
    assert "warning over-fitting" in lines
    told = json.loads(invoke("doctor", tmp_path, "--output-format", "json").out)
    assert told["best"] == {"step": 10, "loss": 1.1}
    assert [sign["name"] for sign in told["signs"]] == ["over-fitting"]
    assert (told["done_steps"], len(told["training"]), told["ended"]) == (40, 20, True)
    shorter = invoke("doctor", tmp_path, "--patience", "1")
    assert "`early_stopping_steps: 1` would have stopped at step 20 (evaluation 2)" in shorter.out


def test_a_run_that_was_killed(tmp_path: Path) -> None:
    """What it logged after its last checkpoint is in LLaMA Factory's own log; a line is cut off."""
    keep(tmp_path, state(20, ended=False), "checkpoint-20/trainer_state.json")
    keep(tmp_path, state(10, ended=False), "checkpoint-10/trainer_state.json")
    lines = [
        {"current_steps": step, "total_steps": 40, "loss": 0.1, "epoch": step / 20}
        for step in range(2, 31, 2)
    ]
    lines.append({"current_steps": 30, "total_steps": 40, "eval_loss": 1.3, "epoch": 1.5})
    text = "".join(json.dumps(line) + "\n" for line in lines) + '{"current_st'
    (tmp_path / "trainer_log.jsonl").write_text(text, "utf-8")
    found = history(tmp_path)
    assert (found.done, found.planned, found.ended, found.epochs) == (30, 40, False, 1.5)
    assert found.sources == ("checkpoint-20/trainer_state.json", "trainer_log.jsonl")
    assert [one.step for one in found.training] == list(range(2, 31, 2))
    assert [one.step for one in found.evaluation] == [10, 20, 30]
    assert f"resume_from_checkpoint: {tmp_path}/checkpoint-20" in invoke("doctor", tmp_path).out
    (tmp_path / "checkpoint-20" / "trainer_state.json").unlink()
    assert history(tmp_path).sources == ("checkpoint-10/trainer_state.json", "trainer_log.jsonl")


def test_of_several_sets_the_first_is_drawn(tmp_path: Path) -> None:
    found = history(keep(tmp_path, state(evaluated="eval_faq_loss")))
    assert (found.evaluated_on, len(found.evaluation)) == ("faq", 4)
    assert "o evaluation loss on faq" in invoke("doctor", tmp_path).out


def test_the_patience_of_the_run_counts(tmp_path: Path) -> None:
    args = {"early_stopping_patience": 2, "early_stopping_threshold": 0.0}
    found = {**state(30), "stateful_callbacks": {"EarlyStoppingCallback": {"args": args}}}
    done = invoke("doctor", keep(tmp_path, found))
    assert "early stopping ended the run after 2 evaluations without a new best" in done.out
    for entry in found["log_history"]:
        entry.update({"eval_loss": 10 / entry["step"]} if "eval_loss" in entry else {})
    better = invoke("doctor", keep(tmp_path, found)).out
    assert "info ended-early" in better.splitlines()


def by_accuracy(waited: int, losses: list[float], accuracies: list[float]) -> dict[str, Any]:
    """Return the state of a run that went by its accuracy, with early_stopping_steps: 3."""
    found = state(10 * len(losses))
    evaluations = [entry for entry in found["log_history"] if "eval_loss" in entry]
    for entry, loss, accuracy in zip(evaluations, losses, accuracies, strict=True):
        entry.update(eval_loss=loss, eval_accuracy=accuracy)
    found["max_steps"] = 70
    stopping = {
        "args": {"early_stopping_patience": 3, "early_stopping_threshold": 0.0},
        "attributes": {"early_stopping_patience_counter": waited},
    }
    return {
        **found, "best_metric": max(accuracies),
        "stateful_callbacks": {"EarlyStoppingCallback": stopping},
    }  # fmt: skip


def test_early_stopping_goes_by_the_metric_of_the_run(tmp_path: Path) -> None:
    falling, rising = [1.0, 0.8, 0.6, 0.4], [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6]
    flat = [0.5, 0.5, 0.5, 0.5]
    stopped = invoke("doctor", keep(tmp_path, by_accuracy(3, falling, flat)))
    assert stopped.status == 0
    assert "early stopping ended the run after 3 evaluations without a new best" in stopped.out
    assert "under-training" not in stopped.out
    better = [number / 10 for number in range(1, 8)]
    whole = invoke("doctor", keep(tmp_path, by_accuracy(0, rising, better)))
    assert whole.status == 0
    assert "early-stopping" not in whole.out
    assert "info over-fitting" in whole.out.splitlines()
    assert "by another metric: use that model, or set `metric_for_best_model" in whole.out
    lost = by_accuracy(0, rising[:4], better[:4])  # ended by other means
    assert "info ended-early" in invoke("doctor", keep(tmp_path, lost)).out.splitlines()


@pytest.mark.parametrize(
    ("metric", "other"), [("loss", False), ("eval_loss", False), ("eval_accuracy", True)]
)
def test_the_config_names_the_metric(tmp_path: Path, metric: str, other: bool) -> None:
    keep(tmp_path, state())
    config = tmp_path / "c.yaml"
    config.write_text(f"{CONFIG}metric_for_best_model: {metric}\n", "utf-8")
    out = invoke("doctor", tmp_path, config, "--isolated", "--dataset-size", "40").out
    assert ("the run selects its best model by another metric" in out) is other


def test_nothing_is_made_of_the_losses_of_ppo(tmp_path: Path) -> None:
    """Its trainer logs a reward beside each loss, as LLaMA Factory's ppo/trainer.py does."""
    found = state()
    found["log_history"] = [
        {"loss": 1 / step, "reward": 0.1, "learning_rate": 1e-5, "epoch": 0.1, "step": step}
        for step in range(1, 41)
    ]
    done = invoke("doctor", keep(tmp_path, found))
    assert "info" not in done.out
    assert done.out.endswith(
        "With `stage: ppo` the losses do not show overfitting or underfitting.\n"
    )


CONFIG = """model_name_or_path: m
stage: sft
do_train: true
template: qwen
dataset: faq
output_dir: out
per_device_train_batch_size: 2
gradient_accumulation_steps: 1
num_train_epochs: 2
"""


def test_the_plan_of_the_config_is_held_against_the_run(tmp_path: Path) -> None:
    keep(tmp_path, state())
    config = tmp_path / "c.yaml"
    config.write_text(CONFIG, "utf-8")
    same = invoke("doctor", tmp_path, config, "--isolated", "--dataset-size", "40")
    assert "other-plan" not in same.out
    other = invoke("doctor", tmp_path, config, "--isolated", "--dataset-size", "80")
    assert f"{config} plans 80 steps on 1 GPU, but the run planned 40" in other.out
    two = ("--dataset-size", "80", "--gpus", "2")
    assert "other-plan" not in invoke("doctor", tmp_path, config, "--isolated", *two).out
    config.write_text(f"{CONFIG}max_steps: 1\n", "utf-8")
    one = invoke("doctor", tmp_path, config, "--isolated", "--dataset-size", "1")
    assert f"{config} plans 1 step on 1 GPU, but the run planned 40" in one.out
    folder = invoke("doctor", tmp_path, "--plan", tmp_path, "--isolated")
    assert (folder.status, folder.out) == (2, "")
    assert f"{tmp_path}: CONFIG must be the config of the run, not a folder" in folder.err
    none = invoke("doctor", tmp_path, tmp_path / "none.yaml", "--isolated")
    assert (none.status, none.out) == (2, "")


def test_the_rate_of_the_config_is_held_against_the_run(tmp_path: Path) -> None:
    keep(tmp_path, state())
    config = tmp_path / "c.yaml"
    for text, said in (
        ("", "reached 0.0001, but the config leaves `learning_rate` at its default, 5e-05"),
        ("learning_rate: 2e-5\n", "reached 0.0001, but the config sets `learning_rate: 2e-05`"),
    ):
        config.write_text(f"{CONFIG}{text}", "utf-8")
        assert said in invoke("doctor", tmp_path, config, "--isolated", "--dataset-size", "40").out


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "neither trainer_state.json nor trainer_log.jsonl is there"), ("{", "not JSON"),
        ("[]", "not a JSON object"), ("[" * 100_000, "not JSON"), ("\0", "not JSON"),
    ],
)  # fmt: skip
def test_what_is_no_run_is_said(tmp_path: Path, text: str | None, reason: str) -> None:
    if text is not None:
        (tmp_path / "trainer_state.json").write_text(text, "utf-8")
    done = invoke("doctor", tmp_path)
    assert (done.status, done.out) == (2, "")
    assert reason in done.err
    assert invoke("doctor", tmp_path / "none").err.endswith("no such folder\n")


NAMES = [
    "log_history", "loss", "step", "eval_loss", "eval_\x1b_loss", "epoch", "global_step",
    "max_steps", "stateful_callbacks", "EarlyStoppingCallback", "best_metric", "grad_norm",
    "train_runtime",
]  # fmt: skip
LINES = ["current_steps", "total_steps", "loss", "eval_loss", "reward", "epoch"]
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
    ),
    max_leaves=30,
)


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
@settings(deadline=None, derandomize=True, max_examples=150)
def test_any_state_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, found: dict[str, Any]
) -> None:
    folder = keep(tmp_path_factory.getbasetemp() / "any", found)
    assert isinstance(read(str(folder)), (History, NoRun))
    done = invoke("doctor", folder)
    assert done.status in (0, 1), done.err
    assert all(line.isprintable() for line in done.out.splitlines())
    told = invoke("doctor", folder, "--output-format", "json").out
    assert json.loads(told)["version"] == 1
    assert "NaN" not in told


VALUES = st.none() | st.booleans() | st.floats() | st.integers(-1, 5) | st.text(max_size=2)


@given(
    st.dictionaries(st.sampled_from(NAMES), JSON),
    st.lists(st.dictionaries(st.sampled_from(LINES), VALUES), max_size=8),
)
@settings(deadline=None, derandomize=True, max_examples=150)
def test_any_log_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, found: dict[str, Any], lines: list[dict[str, Any]]
) -> None:
    folder = log(keep(tmp_path_factory.getbasetemp() / "any-log", found), *lines)
    done = invoke("doctor", folder, "--output-format", "json")
    assert done.status in (0, 1), done.err
    (folder / "trainer_state.json").unlink()
    done = invoke("doctor", folder)
    assert done.status in (0, 1, 2), done.err


def test_every_sign_and_field_is_explained(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    page = (root / "docs" / "cli.md").read_text("utf-8").partition("## What doctor checks")[2]
    sources = [root / "lint/ftlint/cli/doctor.py", *(root / "lint/ftlint/doctor").glob("*.py")]
    source = "".join(one.read_text("utf-8") for one in sources)
    names = re.findall(r'Symptom\(\s*"([a-z-]+)"', source)
    names += [f"ended-by-{cause.name}" for cause in CAUSES]
    assert len(names) >= 40
    rows = "".join(line.split("|")[1] for line in page.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`([a-z-]+)`", rows)) == set(names)
    told = json.loads(invoke("doctor", keep(tmp_path, state()), "--output-format", "json").out)
    listed = page.partition("`{")[2].partition("}`")[0]
    assert re.split(r",\s+", listed) == list(told)


def test_half_a_checkpoint_is_passed_over(tmp_path: Path) -> None:
    """A run that is killed while it writes leaves half a file."""
    keep(tmp_path, state(20, ended=False), "checkpoint-20/trainer_state.json")
    keep(tmp_path, state(10, ended=False), "checkpoint-10/trainer_state.json")
    for half in ("", '{"global_step": 2'):
        (tmp_path / "checkpoint-20" / "trainer_state.json").write_text(half, "utf-8")
        assert history(tmp_path).done == 10
        assert f"resume_from_checkpoint: {tmp_path}/checkpoint-10`\n" in (
            invoke("doctor", tmp_path).out
        )
    (tmp_path / "checkpoint-10" / "trainer_state.json").unlink()
    assert "checkpoint-20/trainer_state.json: not JSON" in invoke("doctor", tmp_path).err


def test_what_was_logged_again_after_a_resume_counts(tmp_path: Path) -> None:
    keep(tmp_path, state(10, ended=False), "checkpoint-10/trainer_state.json")
    logged = [(12, 9.0), (14, 9.0), (16, 9.0), (12, 0.5), (14, 0.4)]
    lines = [{"current_steps": at, "total_steps": 40, "loss": loss} for at, loss in logged]
    (tmp_path / "trainer_log.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    found = history(tmp_path)
    assert found.done == 14
    assert [(one.step, one.value) for one in found.training[-2:]] == [(12, 0.5), (14, 0.4)]


def test_of_two_runs_in_a_folder_the_further_one_counts(tmp_path: Path) -> None:
    keep(tmp_path, state(10))
    longer = {**state(20, ended=False), "max_steps": 80}
    keep(tmp_path, longer, "checkpoint-20/trainer_state.json")
    found = history(tmp_path)
    assert (found.done, found.planned, found.ended) == (20, 80, False)
    assert f"resume_from_checkpoint: {tmp_path}/checkpoint-20`\n" in invoke("doctor", tmp_path).out


def test_of_a_checkpoint_the_folder_above_tells_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path, state(20, ended=False), "checkpoint-20/trainer_state.json")
    monkeypatch.chdir(tmp_path / "checkpoint-20")
    for folder in (".", str(tmp_path / "checkpoint-20")):
        out = invoke("doctor", folder).out
        assert "20 of 40 planned steps were done (50%) when this checkpoint was written" in out
        assert "not-finished" not in out


def test_a_run_that_is_resumed_for_longer_is_read_on(tmp_path: Path) -> None:
    lines = [{"current_steps": at, "total_steps": 80, "loss": 0.1} for at in (42, 44, 46)]
    log = "\n".join(map(json.dumps, lines))
    for name, ended in (("trainer_state.json", True), ("checkpoint-40/trainer_state.json", False)):
        folder = keep(tmp_path / name[:2], state(ended=ended), name)
        (folder / "trainer_log.jsonl").write_text(log, "utf-8")
        found = history(folder)
        assert (found.done, found.planned, found.ended) == (46, 80, False)
        assert "46 of 80 planned steps were done" in invoke("doctor", folder).out


def test_a_run_that_was_cut_off_is_not_told_to_train_longer(tmp_path: Path) -> None:
    found = state(30, ended=False, evaluated="eval_loss")
    for entry in found["log_history"]:
        if "eval_loss" in entry:
            entry["eval_loss"] = 10 / entry["step"]
    names = invoke("doctor", keep(tmp_path, found)).out.splitlines()
    assert "warning not-finished" in names
    assert "warning under-training" not in names


def test_losses_of_any_size(tmp_path: Path) -> None:
    found = state()
    found["epoch"] = found["max_steps"] = 1e308
    sizes = (1e308, -1e308, 1e300, 5e-324)
    for entry, size in zip(found["log_history"], sizes * 10, strict=False):
        entry.update({name: size for name in ("loss", "eval_loss") if name in entry})
    done = invoke("doctor", keep(tmp_path, found))
    assert done.status in (0, 1), done.err


def test_a_time_with_each_loss_ends_no_run(tmp_path: Path) -> None:
    """As transformers 5 logs it with `include_num_input_tokens_seen`."""
    found = state(20, ended=False)
    for one in found["log_history"]:
        one |= {"train_runtime": 1.5} if "loss" in one else {}
    keep(tmp_path, found, "checkpoint-20/trainer_state.json")
    assert not history(tmp_path / "checkpoint-20").ended
    assert "info checkpoint" in invoke("doctor", tmp_path / "checkpoint-20").out.splitlines()


def test_a_run_that_is_gone_is_no_run_that_improves(tmp_path: Path) -> None:
    """With `logging_nan_inf_filter` transformers logs 0 for losses that are NaN."""
    found = state()
    entries = [entry for entry in found["log_history"] if "eval_loss" not in entry]
    for entry in entries[:-1]:
        entry["grad_norm"] = 1.0
        if entry["step"] > 20:
            entry.update(loss=0.0, grad_norm=math.nan)
    done = invoke("doctor", keep(tmp_path / "state", {**found, "log_history": entries}))
    assert done.status == 1
    assert "from step 22 on the loss or its gradient is NaN or infinite (the trainer" in done.out
    assert "under-training" not in done.out
    lines = [*trained(range(2, 21, 2), 40, 1.0), *trained(range(22, 31, 2), 40, 0.0)]
    cut = invoke("doctor", log(tmp_path / "log", *lines)).out
    assert "from step 22 on the loss or its gradient is NaN or infinite" in cut
    assert "start again, or from a checkpoint before it diverged" in cut
    assert len(history(tmp_path / "log").training) == 10


@pytest.mark.parametrize("more", [{}, {"epoch": 0}])
@pytest.mark.parametrize("batches", [3, 23])
def test_an_evaluation_on_its_own_is_no_training(
    tmp_path: Path, batches: int, more: dict[str, float]
) -> None:
    alone = log(tmp_path / "alone", *evaluated(batches, **more))
    done = invoke("doctor", alone)
    assert (done.status, done.out) == (2, "")
    assert "no training run: trainer_log.jsonl has only an evaluation or a" in done.err
    training = trained(range(2, 31, 2), 40)
    killed = log(tmp_path / "killed", *training, *evaluated(batches, **more))
    found = history(killed)
    assert (found.done, found.planned, len(found.training), found.evaluation) == (30, 40, 15, ())
    keep(killed, state(20, ended=False), "checkpoint-20/trainer_state.json")
    found = history(killed)
    assert (found.done, found.planned, len(found.evaluation)) == (30, 40, 2)


def test_a_prediction_into_the_folder_of_an_ended_run(tmp_path: Path) -> None:
    training = trained(range(2, 41, 2), 40)
    ended = history(log(keep(tmp_path, state()), *training))
    predicted = [line for line in evaluated(203) if line["current_steps"]]  # no line for its end
    assert history(log(tmp_path, *training, *predicted)) == ended


def test_an_evaluation_before_training_is_part_of_it(tmp_path: Path) -> None:
    """`eval_on_start`; and an evaluation on its own came before."""
    start = {"current_steps": 0, "total_steps": 40, "eval_loss": 3.0, "epoch": 0}
    folder = log(tmp_path, *evaluated(23, epoch=0), start, start, *trained([2, 4], 40))
    assert [(one.step, one.value) for one in history(folder).evaluation] == [(0, 3.0)]


def test_a_newer_run_in_the_folder_of_one_that_ended(tmp_path: Path) -> None:
    """Restarted, with the log kept or deleted, or resumed from a checkpoint."""
    old, steps = trained(range(2, 41, 2), 40), range(2, 11, 2)
    attempts = (trained(steps, 40, 3.0), trained(steps, 80, 3.0), trained(range(22, 31, 2), 80))
    for number, newer in enumerate(attempts):
        for kept in (old, []):
            folder = keep(tmp_path / f"{number}{len(kept)}", state())
            keep(folder, state(20, ended=False), "checkpoint-20/trainer_state.json")
            keep(folder, state(ended=False), "checkpoint-40/trainer_state.json")
            found = history(log(folder, *kept, *newer))
            assert (found.done, found.ended) == (newer[-1]["current_steps"], False)
            assert found.planned == newer[0]["total_steps"]
            resumed = number == 2
            steps_of_it = [one.step for one in found.training]
            assert steps_of_it == [*(range(2, 21, 2) if resumed else ()), *(
                line["current_steps"] for line in newer
            )]  # fmt: skip
            assert {one.value for one in found.training} == {3.0} or resumed
            assert found.resumable == (f"{folder}/checkpoint-20" if resumed else None)


def test_a_checkpoint_of_an_earlier_run(tmp_path: Path) -> None:
    """`overwrite_output_dir` deletes the log, and leaves the checkpoints."""
    keep(tmp_path, state(20, ended=False), "checkpoint-20/trainer_state.json")
    found = history(log(tmp_path, *trained(range(2, 11, 2), 40, 3.0)))
    assert (found.done, found.resumable, found.evaluation) == (10, None, ())
    assert "there is no checkpoint to resume from" in invoke("doctor", tmp_path).out
    less_logged = history(log(tmp_path, *trained(range(2, 21, 2), 40)))  # killed at step 21
    assert less_logged.resumable == f"{tmp_path}/checkpoint-20"


def test_evaluations_whose_loss_is_not_told(tmp_path: Path) -> None:
    """LLaMA Factory's log leaves the losses of several sets out, the trainer's has them."""
    several = {"current_steps": 10, "total_steps": 40, "epoch": 0.5, "percentage": 25.0}
    lines = [*trained(range(2, 11, 2), 40), several, several, *trained(range(12, 17, 2), 40)]
    assert "there were evaluations, but their losses" in invoke("doctor", log(tmp_path, *lines)).out
    keep(
        tmp_path,
        state(10, ended=False, evaluated="eval_faq_loss"),
        "checkpoint-10/trainer_state.json",
    )
    assert "not-evaluated" not in invoke("doctor", tmp_path).out
    generated = keep(tmp_path / "generated", state(evaluated="eval_rouge-l"))
    assert "there were evaluations, but their losses" in invoke("doctor", generated).out
    alone = [*trained(range(2, 41, 2), 40), {**several, "current_steps": 40, "epoch": 2.0}]
    for more in ([], trained([42, 44], 80)):  # summed up, and resumed for longer
        ended = invoke("doctor", log(tmp_path / "ended", *alone, *more)).out
        assert "nothing was evaluated during training" in ended


def of_reward(folder: Path, *names: str) -> Path:
    """Write the names of files that LLaMA Factory leaves in a checkpoint of stage rm or ppo."""
    folder.mkdir(parents=True)
    for name in ("value_head.safetensors", *names):
        (folder / name).touch()
    return folder


def test_a_run_of_ppo_starts_again_from_its_checkpoint(tmp_path: Path) -> None:
    """LLaMA Factory resumes none, and its checkpoints of ppo hold the model alone."""
    lines = [{**line, "reward": 0.5} for line in trained(range(2, 31, 2), 40)]
    for name, key in (("adapter_config.json", "adapter"), ("config.json", "model")):
        folder = log(tmp_path / key, *lines)
        newest = of_reward(folder / "checkpoint-20", name)
        assert f"cannot resume: start again with `{key}_name_or_path: {newest}`\n" in (
            invoke("doctor", folder).out
        )


def test_what_stage_rm_is_told_llama_factory_takes(tmp_path: Path) -> None:
    """It refuses load_best_model_at_end, and does not resume a whole model."""
    for name in ("adapter_config.json", "config.json"):
        folder = tmp_path / name
        newest = of_reward(folder / "checkpoint-20", name)
        killed = state(20, ended=False)
        keep(folder, killed, "checkpoint-20/trainer_state.json")
        out = invoke("doctor", folder).out
        if name == "config.json":
            assert f"start again with `model_name_or_path: {newest}" in out
        else:
            assert f"`resume_from_checkpoint` and `adapter_name_or_path: {newest}" in out
        told = invoke("doctor", keep(folder, state()), "--patience", "2").out
        assert "load_best_model_at_end" not in told
        assert told.count("metric_for_best_model: eval_loss") == 2


@pytest.mark.parametrize(("stage", "refused"), [("rm", True), ("sft", False)])
def test_the_config_names_the_stage(tmp_path: Path, stage: str, refused: bool) -> None:
    keep(tmp_path, state())
    config = tmp_path / "c.yaml"
    config.write_text(CONFIG.replace("stage: sft", f"stage: {stage}"), "utf-8")
    out = invoke("doctor", tmp_path, config, "--isolated", "--dataset-size", "40").out
    assert ("load_best_model_at_end" not in out) is refused


def test_a_run_that_has_just_begun(tmp_path: Path) -> None:
    done = invoke("doctor", log(tmp_path))
    assert (done.status, done.out) == (2, "")
    assert "trainer_log.jsonl has no complete line yet: a new run logs after" in done.err


def test_a_run_that_ended_needs_no_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(json.dumps(state()))
    monkeypatch.setattr("ftlint.doctor.reading.MAX_BYTES", size)
    log(keep(tmp_path, state()), *trained(range(2, 41, 2), 40, 0.123456789))
    (tmp_path / "trainer_log.jsonl").open("a").write(" " * size)
    assert history(tmp_path).ended
    keep(tmp_path, state(30, ended=False))
    assert "trainer_log.jsonl: too large for a log" in invoke("doctor", tmp_path).err


@pytest.mark.parametrize("loss", [math.inf, -math.inf])
def test_a_page_marks_no_lowest_evaluation_that_is_not_finite(tmp_path: Path, loss: float) -> None:
    found = state()
    for one in found["log_history"]:
        if "eval_loss" in one:
            one["eval_loss"] = loss
    result = invoke("doctor", str(keep(tmp_path / "run", found)), "--output-format", "html")
    assert (result.status, result.err) == (1, "")
    assert '"lowest"' not in result.out
