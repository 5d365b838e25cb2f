"""A tuning on a machine that is made up: what is tried, kept, proven, and told when it fails."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.bench.made import LORA, result, step

from ftbench.report import tuning as report
from ftbench.runners.chosen_rows import order, steps_of
from ftbench.runners.configs import BadConfig
from ftbench.runners.interpreter import Interpreter
from ftbench.runners.job import Job
from ftbench.tuning import trial
from ftbench.tuning.candidate import Candidate
from ftbench.tuning.session import Session, Told, TuningFailed, TuningRequest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ftbench.runners import launch
    from ftbench.tuning.record import Tuned

CONFIG = """\
model_name_or_path: nobody/unknown-7b
stage: sft
do_train: true
finetuning_type: lora
dataset: rows
dataset_dir: {folder}
template: qwen
cutoff_len: 1024
output_dir: {folder}/saves
per_device_train_batch_size: 1
gradient_accumulation_steps: 8
num_train_epochs: 2.0
bf16: true
"""
LENGTHS = [64 + 8 * (at % 100) for at in range(400)]
GPU = 80 * (1 << 30)


class Machine:
    """Runs candidates at prices of its own. Its clock is that of the session."""

    def __init__(self, room: float = 40e9) -> None:
        self.room = room
        self.now = 0.0
        self.ran: list[tuple[str, Candidate]] = []
        self.steps: list[int] = []
        self.slower_in_proof: Callable[[Candidate], float] = lambda _: 1.0
        self.busy: Callable[[int], float] = lambda _: 1.0
        self.loss: Callable[[Candidate], float] = lambda _: 2.0
        self.crash: Callable[[str, Candidate], str | None] = lambda _purpose, _one: None

    def monotonic(self) -> float:
        return self.now

    def run(
        self, job: Job, candidate: Candidate, purpose: str, share: int, start: Any
    ) -> tuple[trial.Trial, Any]:
        """Return the trial of a candidate, as `ftbench.tuning.trial.run` does."""
        assert job.sample is not None
        assert share == 1
        self.ran.append((purpose, candidate))
        self.steps.append(steps_of(job.sample))
        made = self.result(job, candidate, purpose)
        wall = 8.0 + sum(one["seconds"] for one in made["steps"])
        self.now += wall
        return trial.trial_of(candidate, purpose, made, wall, job.sample, share), made

    def result(self, job: Job, candidate: Candidate, purpose: str) -> Any:
        sample: Any = job.sample
        rows = [LENGTHS[at] for at in order(LENGTHS, sample)]
        method = {**LORA, "averaged": "step"}
        kept = LENGTHS if job.count_lengths else None
        each = (0.5 if candidate.checkpointing else 1.5) * (0.6 if candidate.liger else 1.0) * 3e9
        peak = int(5e9 + candidate.batch * each)
        error = self.crash(purpose, candidate)
        if error is None and peak > self.room:
            error = "out_of_memory"
        if error is not None:
            told = {"kind": error, "message": f"{error} here", "remedy": "none"}
            return result([], method=method, lengths=kept, error=told, memory=memory(0))
        steps = []
        for at in range(steps_of(sample)):
            lengths = rows[at * 8 : at * 8 + 8]
            batches = [
                (candidate.batch, max(lengths[low : low + candidate.batch]))
                for low in range(0, 8, candidate.batch)
            ]
            price = (1.33 if candidate.checkpointing else 1.0) * (0.9 if candidate.liger else 1.0)
            parts = [max(0.2, 2e-4 * b * length) * price for b, length in batches]
            slower = self.slower_in_proof(candidate) if purpose in ("proof", "again") else 1.0
            parts = [one * slower * self.busy(len(self.ran)) for one in parts]
            steps.append(
                step(sum(parts) + 0.05, batches, each=parts, forward_backward=sum(parts),
                     gpu_seconds=None, loss=self.loss(candidate), gradient_norm=1.0)
            )  # fmt: skip
        return result(steps, method=method, lengths=kept, memory=memory(peak))


def memory(peak: int) -> dict[str, Any]:
    rank = {"rank": 0, "peak_allocated": peak, "peak_reserved": peak}
    return {**rank, "ranks": [rank]}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr("ftbench.tuning.session.time.monotonic", made.monotonic)
    monkeypatch.setattr(trial, "run", made.run)
    monkeypatch.delenv("PYTORCH_CUDA_ALLOC_CONF", raising=False)
    return made


class Heard:
    """What a tuning told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.records: list[Any] = []
        self.results: list[str] = []

    def told(self) -> Told:
        def result_(name: str, _: Any) -> None:
            self.results.append(name)

        return Told(self.lines.append, self.records.append, result_)


def begin(
    folder: Path, heard: Heard, more: str = "", config: str = CONFIG, **asked: Any
) -> Session:
    rows = [{"instruction": "a", "input": "", "output": "b"}] * len(LENGTHS)
    (folder / "rows.json").write_text(json.dumps(rows), "utf-8")
    (folder / "dataset_info.json").write_text('{"rows": {"file_name": "rows.json"}}', "utf-8")
    path = folder / "config.yaml"
    path.write_text(config.format(folder=folder) + more, "utf-8")
    packages = {"llamafactory": "0.9.5", "transformers": "5.6.0", "liger-kernel": "0.8.5"}
    job = Job(str(path), Interpreter("python", packages, 1))
    return Session(TuningRequest(job, **asked), heard.told())


def seconds_of_proof(found: Tuned) -> float:
    """Return what a step took in the proof of what was found."""
    assert found["after"] is not None
    candidate = found["after"]["trial"]["candidate"]
    proofs = [one["seconds"] for one in found["trials"]
              if one["purpose"] == "proof" and one["candidate"] == candidate]  # fmt: skip
    assert len(proofs) == 1
    assert proofs[0] is not None
    return proofs[0]


def never(_: Any) -> launch.ProcessEnd:
    raise AssertionError("the machine that is made up starts no process")


def test_the_fastest_of_what_was_tried_is_proven_and_told(tmp_path: Path, machine: Machine) -> None:
    heard = Heard()
    made = begin(tmp_path, heard)
    made.work(never)
    found = made.record(done=True)
    after = found["after"]
    assert after is not None
    proven = seconds_of_proof(found)
    tried = [one["seconds"] for one in found["trials"] if one["purpose"] == "search"]
    assert proven <= 1.02 * min(one for one in tried if one is not None)
    assert found["speedup"] > 2  # type: ignore[operator]
    assert found["before"]["steps"] == after["steps"] == 2 * 50  # type: ignore[index]
    assert found["spent"] <= found["budget"] == 300
    assert found["keys"]["per_device_train_batch_size"] * found["keys"].get(
        "gradient_accumulation_steps", 8
    ) == 8  # fmt: skip
    text = "\n".join(report.lines(found, ["-a\n", "+b\n"], None, ["line 3: a comment"]))
    assert "times as fast, the same 100 steps" in text
    assert "note: line 3: a comment" in text
    assert "line 3: a comment" in report.page(found, ["-a\n", "+b\n"], ["line 3: a comment"])
    assert "<table" in report.page(found, ["-a\n", "+b\n"])


def test_a_record_and_a_result_are_there_after_every_trial(
    tmp_path: Path, machine: Machine
) -> None:
    heard = Heard()
    made = begin(tmp_path, heard)
    made.work(never)
    assert [len(one["trials"]) for one in heard.records] == [*range(1, len(machine.ran) + 1)]
    assert not any(one["done"] for one in heard.records)
    assert len(heard.results) == len(machine.ran)
    json.dumps(heard.records)


def test_no_memory_is_survived_and_what_needs_more_is_not_tried(
    tmp_path: Path, machine: Machine
) -> None:
    machine.room = 10e9
    heard = Heard()
    made = begin(tmp_path, heard)
    made.work(never)
    found = made.record(done=True)
    assert any(one["why_not"] == "out of memory" for one in found["trials"])
    assert found["after"] is not None
    assert found["speedup"] > 1  # type: ignore[operator]
    assert seconds_of_proof(found)


def purposes(machine: Machine) -> list[str]:
    return [purpose for purpose, _ in machine.ran]


def test_what_is_written_and_what_is_best_are_timed_next_to_each_other(
    tmp_path: Path, machine: Machine
) -> None:
    made = begin(tmp_path, Heard())
    made.work(never)
    found = made.record(done=True)
    assert purposes(machine)[-2:] == ["again", "again"]
    assert [candidate for _, candidate in machine.ran[-2:]] == [
        made.known.written, Candidate(**found["after"]["trial"]["candidate"])  # type: ignore[index]
    ]  # fmt: skip
    before, after = found["before"], found["after"]
    assert before["trial"]["purpose"] == after["trial"]["purpose"] == "again"  # type: ignore[index]
    assert not any("busy" in note or "chance" in note for note in found["notes"])


@pytest.mark.parametrize("busy", [lambda run: 1 + (run == 1), lambda run: 0.5 + 0.5 * (run > 1)])
def test_a_machine_that_was_busy_for_a_while_is_no_gain_and_no_loss(
    tmp_path: Path, machine: Machine, busy: Callable[[int], float]
) -> None:
    quiet = begin(tmp_path, Heard())
    quiet.work(never)
    assert quiet.record(done=True)["speedup"] is not None
    machine.ran.clear()
    machine.busy = busy
    made = begin(tmp_path, Heard())
    made.work(never)
    found = made.record(done=True)
    assert found["speedup"] == pytest.approx(quiet.record(done=True)["speedup"], rel=0.01)
    assert purposes(machine)[-3:] == ["again"] * 3
    assert any("the machine was busy for a while" in note for note in found["notes"])


def test_one_timing_that_was_disturbed_does_not_count(tmp_path: Path, machine: Machine) -> None:
    machine.slower_in_proof = lambda one: 3.0 if one.batch > 1 or one.liger else 1.0

    def busy(_: int) -> float:
        return 3.0 if purposes(machine).count("again") == 1 else 1.0

    machine.busy = busy
    made = begin(tmp_path, Heard(), budget=600.0)
    made.work(never)
    found = made.record(done=True)
    again = [one["seconds"] or 0.0 for one in found["trials"] if one["purpose"] == "again"]
    assert again[0] > 2 * again[2]
    assert found["keys"] == {}
    assert any("the machine was busy for a while" in note for note in found["notes"])


def test_where_nothing_is_left_of_the_budget_it_is_said(tmp_path: Path, machine: Machine) -> None:
    made = begin(tmp_path, Heard(), budget=80.0)
    made.work(never)
    found = made.record(done=True)
    assert found["speedup"] is not None
    assert "again" not in purposes(machine)
    assert any("timed only at the beginning" in note for note in found["notes"])


@pytest.mark.parametrize(("slower", "is_chance"), [(1.07, True), (1.0, False)])
def test_a_gain_that_may_be_chance_is_said_to_be(
    tmp_path: Path, machine: Machine, slower: float, is_chance: bool
) -> None:
    two = CONFIG.replace("batch_size: 1", "batch_size: 2").replace("steps: 8", "steps: 4")
    machine.slower_in_proof = lambda one: slower if one.liger else 1.0
    made = begin(tmp_path, Heard(), "disable_gradient_checkpointing: true\n", config=two)
    made.work(never)
    found = made.record(done=True)
    assert found["keys"] == {"enable_liger_kernel": True}
    assert found["speedup"] == pytest.approx(1 / 0.9 / slower, rel=0.02)
    assert any("may be chance" in note for note in found["notes"]) == is_chance


@pytest.mark.parametrize("steps", [5, 8, 14, 18, 19])
def test_no_trial_takes_more_steps_than_the_run(
    tmp_path: Path, machine: Machine, steps: int
) -> None:
    made = begin(tmp_path, Heard(), f"max_steps: {steps}\n")
    made.work(never)
    found = made.record(done=True)
    assert max(machine.steps) <= steps
    assert seconds_of_proof(found)
    assert found["speedup"] > 2  # type: ignore[operator]
    assert found["before"]["steps"] == found["after"]["steps"] == steps  # type: ignore[index]


@pytest.mark.parametrize(("epochs", "steps"), [("0.06", 3), ("0.1", 5), ("0.16", 8)])
def test_a_run_may_turn_out_to_be_short(
    tmp_path: Path, machine: Machine, epochs: str, steps: int
) -> None:
    few = CONFIG.replace("dataset: rows", "dataset: on_the_hub").replace("2.0", epochs)
    made = begin(tmp_path, Heard(), config=few)
    made.work(never)
    found = made.record(done=True)
    assert found["before"]["steps"] == steps  # type: ignore[index]
    assert len(found["trials"]) == len(made.known.trials)
    assert max(machine.steps[1:]) <= max(steps, 4)
    if steps < 5:
        assert {purpose for purpose, _ in machine.ran} == {"written"}
        assert "3 optimizer steps, a proof at least 5" in report.ending(found)
        assert "left as written: nothing was tried" in report.verdict(found)
    else:
        assert seconds_of_proof(found)


def test_what_does_not_hold_when_it_is_proven_gives_way_to_the_next(
    tmp_path: Path, machine: Machine
) -> None:
    proven: list[Candidate] = []

    def once(purpose: str, one: Candidate) -> str | None:
        if purpose == "proof" and not proven:
            proven.append(one)
        return "out_of_memory" if purpose == "proof" and one in proven else None

    machine.crash = once
    made = begin(tmp_path, Heard())
    made.work(never)
    found = made.record(done=True)
    proofs = [one for one in found["trials"] if one["purpose"] == "proof"]
    assert [one["error"] is None for one in proofs[:2]] == [False, True]
    assert seconds_of_proof(found)
    assert found["after"]["trial"]["candidate"] != proven[0]._asdict()  # type: ignore[index]


def test_what_is_slower_than_it_seemed_is_held_against_the_next(
    tmp_path: Path, machine: Machine
) -> None:
    first: list[Candidate] = []

    def slower(one: Candidate) -> float:
        first.append(one)
        return 2.0 if one == first[0] else 1.0

    machine.slower_in_proof = slower
    made = begin(tmp_path, Heard(), budget=600.0)
    made.work(never)
    found = made.record(done=True)
    proofs = [one for one in found["trials"] if one["purpose"] == "proof"]
    assert len(proofs) > 1
    assert found["after"]["trial"]["candidate"] != first[0]._asdict()  # type: ignore[index]
    fastest = min(one["seconds"] or 0.0 for one in proofs)
    assert seconds_of_proof(found) <= 1.01 * fastest


def test_what_comes_near_the_best_is_proven_as_well(tmp_path: Path, machine: Machine) -> None:
    machine.slower_in_proof = lambda _: 0.8  # a proof goes on until everything is warm
    made = begin(tmp_path, Heard())
    made.work(never)
    trials = made.record(done=True)["trials"]
    tried = [one for one in trials if one["purpose"] == "search" and one["why_not"] is None]
    best = min(one["seconds"] or 9e9 for one in tried)
    near = [one["candidate"] for one in tried if (one["seconds"] or 9e9) <= 1.1 * best]
    proven = [one["candidate"] for one in trials if one["purpose"] == "proof"]
    assert len(proven) == min(3, len(near))
    assert all(one in near for one in proven)


def test_what_learns_something_else_is_not_taken(tmp_path: Path, machine: Machine) -> None:
    machine.loss = lambda one: 2.2 if one.liger else 2.0
    made = begin(tmp_path, Heard())
    made.work(never)
    found = made.record(done=True)
    liger = [one for one in found["trials"] if one["candidate"]["liger"]]
    assert liger
    assert all("differ" in str(one["why_not"]) for one in liger)
    assert not found["after"]["trial"]["candidate"]["liger"]  # type: ignore[index]


def test_the_budget_ends_the_search_but_not_before_a_proof(
    tmp_path: Path, machine: Machine
) -> None:
    made = begin(tmp_path, Heard(), budget=90.0)
    made.work(never)
    found = made.record(done=True)
    assert seconds_of_proof(found)
    assert found["spent"] <= 1.1 * 90
    assert "s left are too few for the next trial" in report.ending(found)
    assert report.ending(found) in [*report.lines(found, [])]


def test_a_search_with_time_left_says_that_nothing_is_left_to_try(
    tmp_path: Path, machine: Machine
) -> None:
    heard = Heard()
    made = begin(tmp_path, heard, budget=3000.0)
    made.work(never)
    assert heard.records[0]["ended"] is None
    found = made.record(done=True)
    assert report.ending(found) == (
        f"{machine.now:.0f} s of 3000 s spent: nothing is left to try that may be faster"
    )
    assert "nothing is left to try that may be faster." in report.page(found, [])


def test_losses_are_compared_without_what_is_drawn_at_random(
    tmp_path: Path, machine: Machine
) -> None:
    made = begin(tmp_path, Heard(), "lora_dropout: 0.1\n", budget=600.0)
    made.work(never)
    found = made.record(done=True)
    alike = [one for one in found["trials"] if one["purpose"] == "alike"]
    assert len(alike) == 2
    assert alike[1]["same"] is True
    assert all(one["same"] is None for one in found["trials"] if one["purpose"] != "alike")
    assert any("without dropout" in note for note in found["notes"])
    machine.loss = lambda one: float(one.batch)
    other = begin(tmp_path, Heard(), "lora_dropout: 0.1\n", budget=600.0)
    other.work(never)
    assert other.record(done=True)["keys"] == {}


def test_a_config_that_does_not_train_is_told(tmp_path: Path, machine: Machine) -> None:
    machine.crash = lambda purpose, _: "crash" if purpose == "written" else None
    heard = Heard()
    made = begin(tmp_path, heard)
    with pytest.raises(TuningFailed, match="crash here"):
        made.work(never)
    assert heard.results == ["01-written"]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("streaming: true\nmax_steps: 10\n", "`streaming`"),
        ("auto_find_batch_size: true\n", "`auto_find_batch_size`"),
        ("max_steps: 4\n", "it takes 4 optimizer steps, a proof at least 5"),
    ],
)
def test_what_cannot_be_tuned_is_said(tmp_path: Path, more: str, why: str) -> None:
    with pytest.raises(BadConfig, match=why):
        begin(tmp_path, Heard(), more)


def test_a_step_of_many_rows_is_several_of_a_trial(tmp_path: Path) -> None:
    many = CONFIG.replace("gradient_accumulation_steps: 8", "gradient_accumulation_steps: 128")
    with pytest.raises(BadConfig, match="1 optimizer step, a proof at least 2"):
        begin(tmp_path, Heard(), "max_steps: 1\n", config=many)
    known = begin(tmp_path, Heard(), "max_steps: 2\n", config=many).known
    assert (known.share, steps_of(known.sample(blocks=4, again=True))) == (4, 7)


def test_the_hf_runner_is_not_tuned(tmp_path: Path) -> None:
    made = begin(tmp_path, Heard())
    packages = {"transformers": "5.6.0"}
    job = made.request.job._replace(interpreter=Interpreter("python", packages, 1))
    with pytest.raises(BadConfig, match="LLaMA Factory's own training"):
        Session(TuningRequest(job), Heard().told())
