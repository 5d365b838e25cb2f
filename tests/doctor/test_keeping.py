"""Which checkpoint to keep, and what `--prune` deletes: what it listed, and nothing else, ever."""

from __future__ import annotations

import json
import random
import re
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftlint.doctor.history import History, Loss, read
from ftlint.doctor.keeping import keeping
from ftlint.doctor.pruning import delete
from tests.cli.calls import invoke

from .test_command import history, keep
from .test_signs import history as of_losses

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LOSSES = [2.0, 1.5, 1.505, 1.6, 1.7, 1.8]


def run_of(folder: Path, evaluation: Sequence[float] = LOSSES, saved: Sequence[int] = ()) -> Path:
    """Write a run that ended, evaluated every ten steps, with checkpoints of a few files each."""
    entries: list[dict[str, Any]] = [
        {"step": 10 * at, "epoch": float(at), "eval_loss": loss}
        for at, loss in enumerate(evaluation, 1)
    ]
    steps = 10 * len(evaluation)
    end = {"step": steps, "epoch": float(len(evaluation)), "train_runtime": 9.0}
    found = {"global_step": steps, "max_steps": steps, "epoch": len(evaluation)}
    for step in saved or range(10, steps + 1, 10):
        logged = [one for one in entries if one["step"] <= step]
        at = f"checkpoint-{step}"
        keep(
            folder,
            {**found, "global_step": step, "log_history": logged},
            f"{at}/trainer_state.json",
        )
        (folder / at / "model.safetensors").write_bytes(b"0" * 1000)
        (folder / at / "global_step").mkdir()
        (folder / at / "global_step" / "optimizer.pt").write_bytes(b"0" * 1000)
    return keep(folder, {**found, "log_history": [*entries, end]})


def checkpoints(folder: Path) -> list[int]:
    return sorted(int(one.name.partition("-")[2]) for one in folder.glob("checkpoint-*"))


def test_the_best_its_equals_and_the_rest(tmp_path: Path) -> None:
    found = keeping(history(run_of(tmp_path)))
    assert found is not None
    assert (found.best, found.last, found.equal, found.expendable) == (20, 60, (30,), (10, 40, 50))
    out = invoke("doctor", tmp_path).out
    assert "Keep checkpoint-20 (evaluation loss 1.5); checkpoint-60 is the last.\n" in out
    assert "  Equal within noise: checkpoint-30.\n" in out
    assert "  Can go: checkpoint-10, checkpoint-40, checkpoint-50 (`--prune`).\n" in out
    told = json.loads(invoke("doctor", tmp_path, "--output-format", "json").out)["keep"]
    assert (told["best"], told["expendable"]) == (20, [10, 40, 50])


def test_a_steep_rise_of_few_evaluations_is_no_noise(tmp_path: Path) -> None:
    """How it bends is told by more of them; what is not of the form assumed is none."""
    found = keeping(history(run_of(tmp_path, [1.2, 1.0, 1.3, 1.7, 2.2])))
    assert found is not None
    assert (found.best, found.equal, found.expendable) == (20, (), (10, 30, 40))


def test_only_what_exists_is_named(tmp_path: Path) -> None:
    run_of(tmp_path, saved=[40, 50, 60])
    out = invoke("doctor", tmp_path).out
    assert "Keep checkpoint-40 (evaluation loss 1.6)" in out
    assert "checkpoint-20" not in out
    between = of_losses([2.0, 1.5, 1.6], checkpoints=(150, 250))
    found = keeping(between)
    assert found is not None
    assert (found.best, found.estimated) == (250, True)
    assert found.loss is not None
    assert abs(found.loss - 1.55) < 1e-9
    assert keeping(of_losses(LOSSES)) is None
    assert keeping(of_losses([], checkpoints=(100,))) is None
    (tmp_path / "checkpoint-99").write_text("a file", "utf-8")
    assert history(tmp_path).checkpoints == (40, 50, 60)


def test_the_metric_of_the_run_chooses() -> None:
    run = of_losses(LOSSES, checkpoints=(100, 300, 600), other_metric=True, chosen=300)
    found = keeping(run)
    assert found is not None
    assert (found.best, found.loss, found.expendable) == (300, None, ())
    assert keeping(run._replace(chosen=200)) is None


def test_random_runs_name_what_is_there() -> None:
    draw, kept = random.Random(4), 0
    for _ in range(300):
        count = draw.randrange(1, 12)
        steps = sorted(draw.sample(range(50, 1250, 50), draw.randrange(1, 8)))
        run: History = of_losses(
            [draw.uniform(1, 2) for _ in range(count)], checkpoints=tuple(steps)
        )
        found = keeping(run)
        if found is not None:
            kept += 1
            parts = [{found.best}, set(found.equal), set(found.expendable)]
            assert found.best in steps
            assert set.union(*parts) <= set(steps)
            assert sum(map(len, parts)) == len(set.union(*parts))
            assert steps[-1] not in found.expendable
    assert kept > 100


def test_prune_lists_and_asks(tmp_path: Path) -> None:
    run_of(tmp_path)
    listed = invoke("doctor", tmp_path, "--prune")  # standard input is no terminal
    assert checkpoints(tmp_path) == [10, 20, 30, 40, 50, 60]
    assert f"{tmp_path}/checkpoint-40  0.0 MB\n" in listed.out
    assert "--yes deletes without asking" in listed.err
    done = invoke("doctor", tmp_path, "--prune", "--yes")
    assert (done.status, checkpoints(tmp_path)) == (1, [20, 30, 60])  # it over-fitted
    assert "Deleted 3 (0.0 MB).\n" in done.out
    assert "no checkpoint to delete" in invoke("doctor", tmp_path, "--prune", "--yes").out


@pytest.mark.parametrize("form", ["json", "html"])
def test_a_report_for_programs_is_nothing_but_that(tmp_path: Path, form: str) -> None:
    run_of(tmp_path)
    command = ("doctor", tmp_path, "--prune", "--output-format", form)
    asked = invoke(*command)
    assert "Nothing deleted.\n" in asked.err
    done = invoke(*command, "--yes")
    assert done.out == asked.out
    assert f"{tmp_path}/checkpoint-40  0.0 MB\n" in done.err
    assert "Deleted 3 (0.0 MB).\n" in done.err
    assert checkpoints(tmp_path) == [20, 30, 60]
    again = invoke(*command, "--yes")
    assert "no checkpoint to delete" in again.err
    if form == "json":
        assert json.loads(again.out)["keep"]["expendable"] == []


def test_a_run_that_goes_on_is_left_alone(tmp_path: Path) -> None:
    run_of(tmp_path)
    (tmp_path / "trainer_state.json").unlink()
    done = invoke("doctor", tmp_path, "--prune", "--yes")
    assert done.status == 1
    assert "nothing deleted: the run has not ended" in done.err
    assert "this is a checkpoint" in (
        invoke("doctor", tmp_path / "checkpoint-40", "--prune", "--yes").err
    )
    assert checkpoints(tmp_path) == [10, 20, 30, 40, 50, 60]


def test_what_can_go_is_named_once_and_is_no_link(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run")
    shutil.copytree(run / "checkpoint-50", run / "checkpoint-0050")
    (run / "checkpoint-10").rename(tmp_path / "outside")
    (run / "checkpoint-10").symlink_to(tmp_path / "outside")
    assert "  Can go: checkpoint-40, checkpoint-50 (`--prune`).\n" in invoke("doctor", run).out
    told = json.loads(invoke("doctor", run, "--output-format", "json").out)
    assert told["keep"]["expendable"] == [40, 50]
    assert told["checkpoints"] == [10, 20, 30, 40, 50, 60]
    (run / "checkpoint-50").rename(run / "checkpoint-050")
    assert "  Can go: checkpoint-40 (`--prune`).\n" in invoke("doctor", run).out
    invoke("doctor", run, "--prune", "--yes")
    there = {one.name for one in run.glob("checkpoint-*")}
    assert there == {f"checkpoint-{step}" for step in ("0050", "050", 10, 20, 30, 60)}


@pytest.mark.parametrize("form", ["text", "html"])
def test_no_deletion_is_offered_that_is_refused(tmp_path: Path, form: str) -> None:
    run_of(tmp_path)
    assert "--prune" in invoke("doctor", tmp_path, "--output-format", form).out
    (tmp_path / "trainer_state.json").unlink()
    shown = invoke("doctor", tmp_path, "--output-format", form).out
    assert "Can go: checkpoint-10, checkpoint-40, checkpoint-50." in shown
    assert "--prune" not in shown


def test_why_a_run_with_all_its_steps_is_left_alone(tmp_path: Path) -> None:
    run_of(tmp_path)
    (tmp_path / "trainer_state.json").unlink()
    done = invoke("doctor", tmp_path, "--prune", "--yes")
    assert "all its steps are done, but neither its own trainer_state.json nor its results" in (
        done.err
    )
    shutil.rmtree(tmp_path / "checkpoint-60")
    cut = invoke("doctor", tmp_path, "--prune", "--yes")
    assert "it may still run, or resume from a checkpoint" in cut.err


SUMMARY = {"train_runtime": 9.0, "epoch": 6.0}
STOPPED = {"stateful_callbacks": {"EarlyStoppingCallback": {
    "args": {"early_stopping_patience": 3}, "attributes": {"early_stopping_patience_counter": 3},
}}}  # fmt: skip


@pytest.mark.parametrize("own", [{}, {"max_steps": 120, **STOPPED}])
def test_a_run_is_over_that_logged_no_summary(tmp_path: Path, own: dict[str, Any]) -> None:
    """Its trainer has written its own state, and no line of its log is of a later step."""
    run_of(tmp_path)
    state = json.loads((tmp_path / "trainer_state.json").read_text("utf-8"))
    keep(tmp_path, {**state, **own, "log_history": state["log_history"][:-1]})
    log(tmp_path, *({"current_steps": step, "total_steps": own.get("max_steps", 60), "loss": 1.0}
                    for step in range(10, 61, 10)))  # fmt: skip
    done = invoke("doctor", tmp_path, "--prune", "--yes")
    assert checkpoints(tmp_path) == [20, 30, 60], done.err


@pytest.mark.parametrize("name", ["all_results.json", "train_results.json"])
def test_results_tell_that_a_run_is_over(tmp_path: Path, name: str) -> None:
    run_of(tmp_path)
    (tmp_path / "trainer_state.json").unlink()
    (tmp_path / name).write_text(json.dumps({**SUMMARY, "epoch": 3.0}), "utf-8")
    done = invoke("doctor", tmp_path, "--prune", "--yes")
    assert "nothing deleted: the run has not ended" in done.err  # those are of an earlier run
    (tmp_path / name).write_text(json.dumps(SUMMARY), "utf-8")
    done = invoke("doctor", tmp_path, "--prune", "--yes")
    assert checkpoints(tmp_path) == [20, 30, 60], done.err


@pytest.mark.parametrize(
    ("own", "steps"),
    [
        ({"max_steps": 120}, (10, 20, 30, 40, 50, 60)),  # ended early, or copied from a checkpoint
        ({}, (10, 20, 30)),  # started again, with the same plan
        ({"max_steps": 120, **STOPPED}, (10, 20, 30)),
        ({}, (10, 20, 30, 40, 50, 60, 70)),  # resumed, to go further
    ],
)  # fmt: skip
def test_a_run_that_may_go_on_is_not_over(
    tmp_path: Path, own: dict[str, Any], steps: tuple[int, ...]
) -> None:
    run_of(tmp_path)
    state = json.loads((tmp_path / "trainer_state.json").read_text("utf-8"))
    keep(tmp_path, {**state, **own, "log_history": state["log_history"][:-1]})
    (tmp_path / "train_results.json").write_text(json.dumps(SUMMARY), "utf-8")
    plan = own.get("max_steps", 60 if max(steps) <= 60 else 120)
    log(tmp_path, *({"current_steps": step, "total_steps": plan, "loss": 1.0} for step in steps))
    done = invoke("doctor", tmp_path, "--prune", "--yes")
    assert "nothing deleted: the run has not ended" in done.err
    assert checkpoints(tmp_path) == [10, 20, 30, 40, 50, 60]


def log(folder: Path, *lines: dict[str, Any]) -> None:
    """Write LLaMA Factory's log."""
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    (folder / "trainer_log.jsonl").write_text(text, "utf-8")


def test_what_a_config_names_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "configs").mkdir()
    text = "stage: dpo\nadapter_name_or_path: saves/sft/checkpoint-40\n"
    (tmp_path / "configs" / "dpo.yaml").write_text(text, "utf-8")
    run = run_of(tmp_path / "saves" / "sft")
    monkeypatch.chdir(tmp_path)
    done = invoke("doctor", run, "--prune", "--yes")
    assert checkpoints(run) == [20, 30, 40, 60]
    assert "checkpoint-40 stays: " in done.err
    assert "dpo.yaml:2 names it" in done.err
    assert done.status == 1


def test_links_are_never_followed(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", saved=[20, 40, 60])
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("kept", "utf-8")
    (run / "checkpoint-50").symlink_to(outside)
    (run / "checkpoint-40" / "linked").symlink_to(outside)
    (run / "checkpoint-40" / "global_step" / "file").symlink_to(outside / "precious")
    done = invoke("doctor", run, "--prune", "--yes")
    assert "checkpoint-50" not in done.out.partition("Delete")[0].rpartition("(`--prune`)")[2]
    assert (run / "checkpoint-50").is_symlink()
    assert (outside / "precious").read_text("utf-8") == "kept"
    assert not (run / "checkpoint-40").exists()
    with pytest.raises(OSError, match=r"[Nn]ot a directory|[Tt]oo many"):
        delete(str(run), "checkpoint-50")
    for name in ("..", ".", "checkpoint-4/..", "checkpoint-", "data"):
        with pytest.raises(ValueError, match=name.replace(".", r"\.")):
            delete(str(run), name)


KILLED = """
import os, signal, sys

left = int(sys.argv.pop(1))

def kill(event, args):
    global left
    if event in ("os.remove", "os.rmdir"):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(kill)
from ftlint.__main__ import main
sys.exit(main())
"""
"""A process that kills itself as it deletes its next file or folder, after so many."""


def test_a_kill_at_any_moment_loses_nothing_that_was_not_listed(tmp_path: Path) -> None:
    """Killed before each file and folder that it deletes, it had listed what is gone by then."""
    for moment in range(100):
        run = run_of(tmp_path / f"{moment}", saved=[10, 20, 30, 40, 60])
        before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
        listed = tmp_path / f"{moment}.out"
        with listed.open("w") as out:
            process = subprocess.run(
                [sys.executable, "-c", KILLED, str(moment), "doctor", str(run), "--prune", "--yes"],
                stdout=out, check=False,
            )  # fmt: skip
        allowed = {line.partition("  ")[0] for line in listed.read_text("utf-8").splitlines()}
        gone = {path for path in before if not path.exists()}
        assert {str(run / path.relative_to(run).parts[0]) for path in gone} <= allowed
        assert all(path.read_bytes() == before[path] for path in before.keys() - gone)
        half = {run / path.relative_to(run).parts[0] for path in gone}
        assert not any((one / "trainer_state.json").exists() for one in half)
        kept = keeping(history(run))
        assert kept is not None
        assert (kept.best, kept.last) == (20, 60)
        if process.returncode != -signal.SIGKILL:
            break
    assert moment == 2 * 5  # two checkpoints of three files and two folders
    assert checkpoints(run) == [20, 30, 60]


@st.composite
def folders(draw: st.DrawFn) -> tuple[list[float], dict[int, str], bool, int | None]:
    """Draw evaluations, what is left of each checkpoint, whether the run ended, and its choice."""
    losses = draw(st.lists(st.floats(1.0, 2.0), min_size=1, max_size=9))
    steps = st.integers(1, 2 * len(losses)).map(lambda half: 5 * half)
    left = draw(st.dictionaries(steps, st.sampled_from(["whole", "half", "file", "link", "gone"])))
    return losses, left, draw(st.booleans()), draw(st.none() | steps)


@given(folders())
@settings(max_examples=60, deadline=None)
def test_every_checkpoint_that_is_named_is_there(
    tmp_path_factory: pytest.TempPathFactory,
    made: tuple[list[float], dict[int, str], bool, int | None],
) -> None:
    """In the folders of runs that were cut, cleaned and killed; half a checkpoint is none."""
    losses, left, ended, chosen = made
    folder = tmp_path_factory.mktemp("run")
    run_of(folder, losses, saved=sorted(left) or [0])
    for step, how in left.items():
        at = folder / f"checkpoint-{step}"
        if how in ("half", "file", "gone", "link"):
            (at / "trainer_state.json").unlink()
        if how in ("gone", "file", "link"):
            shutil.rmtree(at)
        if how == "file":
            at.touch()
        if how == "link":
            at.symlink_to(folder / "nowhere")
    if not left:
        shutil.rmtree(folder / "checkpoint-0")
    found = json.loads((folder / "trainer_state.json").read_text("utf-8"))
    if chosen is not None:  # by another metric than the loss
        found |= {"best_metric": 7.0, "best_model_checkpoint": f"elsewhere/checkpoint-{chosen}"}
    if ended or "whole" not in left.values():
        keep(folder, found)
    else:
        (folder / "trainer_state.json").unlink()
    out = invoke("doctor", folder).out
    there = {step for step, how in left.items() if how == "whole"}
    if not there:
        there = {step for step, how in left.items() if how == "half"}
    named = re.findall(r"(?:[Uu]se|Keep|within noise:|go:|,) checkpoint-([0-9]+)", out)
    named += re.findall(r"checkpoint-([0-9]+) is the last", out)
    named += re.findall(r"resume_from_checkpoint: \S*/checkpoint-([0-9]+)`", out)
    expendable = out.partition("Can go: ")[2]
    worse = {int(step) for step in re.findall(r"checkpoint-([0-9]+)", expendable)}
    assert {int(step) for step in named} - worse <= there
    assert worse <= {step for step, how in left.items() if how in ("whole", "half")}


def test_losses_as_they_are(tmp_path: Path) -> None:
    found = keeping(of_losses([1.0, -1.0, 2.0], checkpoints=(100, 200, 300)))
    assert found is not None
    assert found.best == 200
    assert isinstance(history(run_of(tmp_path)).evaluation[0], Loss)


def test_the_clock_of_a_run_that_ended_is_in_its_log(tmp_path: Path) -> None:
    run_of(tmp_path)
    lines = [
        {"current_steps": step, "total_steps": 60, "loss": 1.0, "elapsed_time": f"0:{minute:02}:00"}
        for step, minute in ((20, 1), (40, 3), (60, 6))
    ]  # fmt: skip
    log(tmp_path, *lines)
    found = read(str(tmp_path))
    assert isinstance(found, History)
    assert found.ended
    assert [one.value for one in found.series["elapsed_seconds"]] == [60.0, 180.0, 360.0]
