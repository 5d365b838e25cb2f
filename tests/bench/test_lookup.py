"""Which calibration answers for a config, what it says, and what it refuses; kept on disk."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.bench.kept import kept, question, record
from tests.bench.made import H100, result

from ftbench.calibration import key as keys
from ftbench.calibration import record as records
from ftbench.calibration import store
from ftbench.calibration.batches import Loop
from ftbench.calibration.forecast import Work, forecast
from ftbench.calibration.lookup import Answer, NoAnswer, _work, look_up
from ftbench.calibration.planned_run import PlannedRun
from ftbench.calibration.rows import Lengths, is_folder, lengths_of
from ftlint.support.disk import Disk

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["kept"]  # the folder for calibrations of each test


def test_an_answer(tmp_path: Path) -> None:
    store.add(record(tmp_path))
    found = look_up(question(tmp_path))
    assert isinstance(found, Answer)
    assert found.steps == 376
    assert found.forecast.low < found.forecast.seconds < found.forecast.high
    assert found.source == "calibrated 2026-11-22 on NVIDIA H100 80GB HBM3"
    assert sum(part.seconds for part in found.forecast.parts) == pytest.approx(
        found.forecast.seconds
    )
    half = look_up(question(tmp_path, num_train_epochs=1.0))
    assert isinstance(half, Answer)
    fixed = sum(seconds for name, seconds in found.forecast.parts if name in ("start-up", "data"))
    assert half.forecast.seconds - fixed == pytest.approx(
        (found.forecast.seconds - fixed) / 2, rel=0.05
    )


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"finetuning_type": "full"}, "method is full, calibrated was lora"),
        ({"quantization_bit": 4}, "quantization"),
        ({"disable_gradient_checkpointing": True}, "checkpointing is false"),
        ({"flash_attn": "fa2"}, "attention is fa2"),
        ({"enable_liger_kernel": True}, "liger is true, calibrated was false"),
        ({"model_name_or_path": "Qwen/Qwen2.5-7B"}, "model is qwen2.5-7b"),
        ({"bf16": False}, "dtype is fp32"),
        ({"deepspeed": {"zero_optimization": {"stage": 3}}}, "sharding"),
        ({"use_dora": True}, "special is use_dora, calibrated was none"),
        ({"use_asft_loss": True}, "special is use_asft_loss"),
        ({"use_dft_loss": True}, "special is use_dft_loss"),
        ({"stage": "dpo"}, "objective is pairs with a reference, calibrated was tokens"),
        ({"stage": "kto"}, "objective is labelled answers"),
        ({"stage": "rm"}, "objective is scored pairs"),
        ({"stage": "ppo"}, "`stage: ppo` has no forecast: the lengths of the answers"),
        ({"dataset": "other"}, "row lengths of other"),
        ({"dataset": ["other", 3]}, "row lengths of other, 3"),
        ({"template": "qwen"}, "row lengths of"),
    ],
)
def test_another_method_is_refused(tmp_path: Path, changed: dict[str, Any], reason: str) -> None:
    store.add(record(tmp_path))
    found = look_up(question(tmp_path, **changed))
    assert isinstance(found, NoAnswer)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("changed", "note"),
    [
        ({"lora_rank": 64}, "lora_rank 8, not 64: ± 4%"),
        ({"additional_target": "embed_tokens"}, "modules"),
        ({"lora_target": "q_proj,v_proj"}, "lora_targets"),
        ({"optim": "adafactor"}, "optimizer"),
        ({"cutoff_len": 4096}, "longer rows are not known"),
    ],
)
def test_a_small_difference_is_said_and_widens(
    tmp_path: Path, changed: dict[str, Any], note: str
) -> None:
    store.add(record(tmp_path))
    plain, other = look_up(question(tmp_path)), look_up(question(tmp_path, **changed))
    assert isinstance(plain, Answer)
    assert isinstance(other, Answer)
    assert any(note in one for one in other.forecast.assumptions)
    assert _width(other) > _width(plain)


def _width(found: Answer) -> float:
    return found.forecast.high - found.forecast.low


def test_a_packed_config_needs_no_lengths(tmp_path: Path) -> None:
    store.add(record(tmp_path, lengths=None))
    assert isinstance(look_up(question(tmp_path)), NoAnswer)
    packed = look_up(question(tmp_path, packing=True, max_steps=100))
    assert isinstance(packed, Answer)
    assert any("every batch is assumed to be full" in note for note in packed.forecast.assumptions)


@pytest.mark.parametrize(
    ("changed", "width"),
    [({"packing": True}, 256), ({"neat_packing": True}, 256),
     ({"packing": True, "cutoff_len": 100}, 104), ({"packing": True, "cutoff_len": 50}, 56),
     ({"stage": "pt", "cutoff_len": 50}, 50)],
)  # fmt: skip
def test_packed_rows_are_as_long_as_the_trainer_makes_them(
    tmp_path: Path, changed: dict[str, Any], width: int
) -> None:
    """As batches of LLaMA Factory 0.9.5 had them."""
    asked = question(tmp_path, **({"cutoff_len": 256, "max_steps": 9} | changed))
    assert isinstance(asked.run, PlannedRun)
    work, _ = _work(asked.values, asked.run, 9, record(tmp_path), Lengths(()), Disk())
    assert work.length == width


def test_other_cards(tmp_path: Path) -> None:
    store.add(record(tmp_path))
    asked: Any = question(tmp_path)
    same = look_up(asked._replace(gpu=H100))
    another = look_up(asked._replace(gpu={**H100, "uuid_hash": "ffff"}))
    capped = look_up(asked._replace(gpu={**H100, "uuid_hash": "ffff", "power_limit_w": 500.0}))
    assert isinstance(same, Answer)
    assert isinstance(another, Answer)
    assert isinstance(capped, Answer)
    assert _width(same) < _width(another) < _width(capped)
    other = look_up(asked._replace(gpu={**H100, "name": "NVIDIA L4"}))
    assert isinstance(other, NoAnswer)
    assert "NVIDIA L4" in other.reason


def test_the_nearest_calibration_answers_and_of_equals_the_newest(tmp_path: Path) -> None:
    old, new = record(tmp_path), record(tmp_path, "2026-11-23T10:00:00+00:00")
    far = record(tmp_path, "2026-11-24T10:00:00+00:00")
    far = replace(far, key={**far.key, "lora_rank": 64})
    for one in (new, old, far):
        store.add(one)
    found = look_up(question(tmp_path))
    assert isinstance(found, Answer)
    assert found.source.startswith("calibrated 2026-11-23")


# What comes beside the steps

EVALUATED = {
    "val_size": 0.1, "eval_strategy": "steps", "eval_steps": 50, "save_steps": 50, "max_steps": 200,
}  # fmt: skip


def parts(tmp_path: Path, **changed: Any) -> tuple[dict[str, float], str]:
    """Return the parts of an answer, and all that is said beside it."""
    found = look_up(question(tmp_path, **changed))
    assert isinstance(found, Answer), found
    return dict(found.forecast.parts), "; ".join(found.forecast.assumptions)


@pytest.fixture
def timed(tmp_path: Path) -> Path:
    """A calibration that timed an evaluation, a checkpoint and the preparing of rows."""
    made = record(tmp_path)
    assert made.lengths is not None
    store.add(replace(
        made, overheads=replace(made.overheads, evaluated_row=0.01, save=3.0, row=0.001),
        lengths={**made.lengths, "per_device_eval_batch_size": 8, "preprocessing_num_workers": 4},
    ))  # fmt: skip
    return tmp_path


def test_what_early_stopping_may_end_is_priced_to_its_end(timed: Path) -> None:
    whole, _ = parts(timed, **EVALUATED)
    stopped, told = parts(
        timed, **EVALUATED, early_stopping_steps=2, load_best_model_at_end=True,
        metric_for_best_model="eval_loss",
    )  # fmt: skip
    assert whole["evaluations"] > 0 < whole["checkpoints"]
    assert stopped == whole
    assert "early stopping may end the run" in told


def test_only_the_rest_of_a_resumed_run_is_priced(timed: Path) -> None:
    state = timed / "checkpoint-150" / "trainer_state.json"
    state.parent.mkdir()
    state.write_text('{"global_step": 150}', encoding="utf-8")
    whole, _ = parts(timed, **EVALUATED)
    rest, told = parts(timed, **EVALUATED, resume_from_checkpoint=str(state.parent))
    assert "checkpoint-150: 50 of 200 steps are left" in told
    assert "counted from the start" not in told
    found = {**EVALUATED, "output_dir": str(timed)}
    assert parts(timed, **found)[0] == rest
    assert parts(timed, **found, overwrite_output_dir=True)[0] == whole
    assert rest["optimizer"] == pytest.approx(whole["optimizer"] / 4)
    assert rest["micro-batches"] == pytest.approx(whole["micro-batches"] / 4, rel=0.1)
    assert rest["checkpoints"] == whole["checkpoints"] / 4
    state.write_text('{"global_step": 200}', encoding="utf-8")
    none, _ = parts(timed, **EVALUATED, resume_from_checkpoint=str(state.parent))
    assert none["micro-batches"] == none["checkpoints"] == 0 < none["start-up"]
    unread, told = parts(timed, **EVALUATED, resume_from_checkpoint="nowhere")
    assert unread == whole
    assert "counted from the start" in told


def test_predicting_at_the_end_is_one_more_evaluation(timed: Path) -> None:
    without, _ = parts(timed, **EVALUATED)
    beside, _ = parts(timed, **EVALUATED, do_predict=True)
    assert without["evaluations"] == pytest.approx(5 * 300 * 0.01, rel=0.1)
    assert beside["evaluations"] == pytest.approx(without["evaluations"] * 6 / 5)
    generated, told = parts(timed, **EVALUATED, predict_with_generate=True)
    assert generated["evaluations"] == 0
    assert "`predict_with_generate` is not timed" in told


def test_evaluated_rows_cost_by_their_batch_and_length(timed: Path) -> None:
    usual, _ = parts(timed, **EVALUATED)
    short, _ = parts(timed, **EVALUATED, cutoff_len=64)
    alone, _ = parts(timed, **EVALUATED, per_device_eval_batch_size=1)
    assert short["evaluations"] < 0.7 * usual["evaluations"]
    assert usual["evaluations"] != alone["evaluations"]


def test_evaluations_that_were_not_timed_are_shared_out(tmp_path: Path) -> None:
    """Between the GPUs; no rows to evaluate on are no reason to fail."""
    made = record(tmp_path)
    made = replace(made, overheads=replace(made.overheads, evaluated_row=None))
    work = Work(Loop(10, 4, world=1), 512, evaluations=2, evaluated_rows=640)
    one = dict(forecast(made, work).parts)["evaluations"]
    eight = replace(work, loop=replace(work.loop, world=8))
    assert dict(forecast(made, eight).parts)["evaluations"] == pytest.approx(one / 8)
    none = forecast(made, replace(work, evaluated_rows=0))
    assert any("not included" in note for note in none.assumptions)


def test_checkpoints_of_the_model_alone_are_smaller(timed: Path) -> None:
    whole, _ = parts(timed, **EVALUATED)
    alone, told = parts(timed, **EVALUATED, save_only_model=True)
    assert alone["checkpoints"] == pytest.approx(whole["checkpoints"] / 3)
    assert "by bytes a third is assumed" in told


def test_rows_are_prepared_by_so_many_processes(timed: Path) -> None:
    same, told = parts(timed, preprocessing_num_workers=4)
    assert "prepared by" not in told
    alone, told = parts(timed)
    assert alone["data"] == pytest.approx(4 * same["data"])
    assert "prepared by 4 processes when calibrating, not by 1" in told


@pytest.mark.parametrize(
    "changed", [{"disable_shuffling": True}, {"train_sampling_strategy": "group_by_length"}]
)
def test_another_order_of_rows_is_said(timed: Path, changed: dict[str, Any]) -> None:
    assert "is not simulated: batches are assumed to be shuffled" in parts(timed, **changed)[1]
    assert "not simulated" not in parts(timed, train_sampling_strategy="random")[1]


def test_rows_of_another_folder_are_others(timed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(timed)
    for name in ("here", "there"):
        (timed / name).mkdir()
    made = record(timed, "2026-11-24T10:00:00+00:00")
    assert made.lengths is not None
    made = replace(made, lengths={**made.lengths, "folder": str(timed / "here")})
    store.add(made)
    known = [made]
    here = look_up(question(timed, dataset_dir="here"), known)
    there = look_up(question(timed, dataset_dir="there"), known)
    assert isinstance(here, Answer)
    assert isinstance(there, Answer)
    assert _width(there) > _width(here)
    assert any(f"rows in {timed / 'here'}" in note for note in there.forecast.assumptions)


# Which calibration answers


def test_how_a_model_is_shared_out_is_told_by_content(tmp_path: Path) -> None:
    (tmp_path / "two.json").write_text('{"zero_optimization": {"stage": 2}}', encoding="utf-8")
    asked = question(tmp_path)

    def sharding(accelerate: str | None = None, nodes: int = 1, **changed: Any) -> Any:
        values = {**asked.values, **changed}
        ranks = keys.Ranks(2, nodes, accelerate)
        key = keys.make(values, "m", ranks, "llamafactory", asked.target)
        return key["sharding"], key["nodes"]

    written = {"zero_optimization": {"stage": 2}}
    assert sharding(deepspeed=str(tmp_path / "two.json")) == sharding(deepspeed=written)
    assert sharding(deepspeed=written) != sharding(deepspeed={"zero_optimization": {"stage": 3}})
    assert sharding(str(tmp_path / "two.json"))[0].startswith("accelerate ")
    assert sharding() == (None, 1)
    assert sharding(nodes=2) == (None, 2)


def test_without_a_gpu_the_other_cards_are_named(tmp_path: Path) -> None:
    store.add(record(tmp_path))
    assert "no GPU on this machine" not in parts(tmp_path)[1]
    store.add(record(tmp_path, "2026-11-21T10:00:00+00:00", gpu={**H100, "name": "NVIDIA A100"}))
    told = parts(tmp_path)[1]
    assert "assuming NVIDIA H100 80GB HBM3, also calibrated: NVIDIA A100" in told


def test_nothing_calibrated(tmp_path: Path) -> None:
    found = look_up(question(tmp_path))
    assert found == NoAnswer("nothing is calibrated on this machine: run `bench calibrate CONFIG`")


def test_a_calibration_that_gives_no_bounds_is_named(tmp_path: Path) -> None:
    made = record(tmp_path)
    missed = replace(made, check=replace(made.check, error=15.0))
    store.add(missed)
    found = look_up(question(tmp_path))
    assert found == NoAnswer(
        "the calibration of 2026-11-22 on NVIDIA H100 80GB HBM3 is not used: it gives no usable"
        " bounds for this run, as it missed the shape that it held out by 1500%: run `bench"
        " calibrate CONFIG` again on an idle machine"
    )
    store.add(replace(missed, when="2026-11-23T10:00:00+00:00"))
    again = look_up(question(tmp_path))
    assert isinstance(again, NoAnswer)
    assert again.reason.startswith("the calibration of 2026-11-23")
    assert "(2 calibrations in all)" in again.reason
    store.add(replace(made, when="2026-11-21T10:00:00+00:00"))
    older = look_up(question(tmp_path))
    assert isinstance(older, Answer)
    assert older.source.startswith("calibrated 2026-11-21")
    told = [one for one in older.forecast.assumptions if "is not used" in one]
    assert told == ["the calibration of 2026-11-23 on NVIDIA H100 80GB HBM3 is not used: it gives"
                    " no usable bounds for this run, as it missed the shape that it held out by"
                    " 1500%"]  # fmt: skip


def test_what_fits_another_config_is_not_said_of_one_that_gives_no_bounds(tmp_path: Path) -> None:
    made = record(tmp_path)
    store.add(replace(made, check=replace(made.check, error=15.0)))
    store.add(replace(made, key={**made.key, "method": "full"}))
    found = look_up(question(tmp_path))
    assert isinstance(found, NoAnswer)
    assert "is not used" in found.reason
    assert "method is full" not in found.reason


# The store


def test_store_appends_and_never_rewrites(tmp_path: Path, kept: Path) -> None:
    first = store.add(record(tmp_path))
    before = first.read_bytes()
    second = store.add(record(tmp_path, "2026-11-23T10:00:00+00:00"))
    assert first == second
    assert first.read_bytes().startswith(before)
    assert first.parent == kept / "a1b2c3"
    assert [one.when[8:10] for one in store.everything()] == ["23", "22"]


MALFORMED: dict[str, Any] = {
    "is not JSON": "{",
    "is not a calibration": "[]",
    f"has version {records.VERSION + 1}": {"version": records.VERSION + 1},
    "is not a whole calibration: when": {"when": None},
    "is not a whole calibration: gpu.name": {"gpu": {}},
    "is not a whole calibration: key": {"key": {}},
    "is not a whole calibration: law.per_token": {"law": {"start": 1.0}},
    "is not a whole calibration: law is": {"law": {"start": -1.0, "per_token": 0, "per_square": 0}},
    "is not a whole calibration: prices.step": {"prices": {}},
    "is not a whole calibration: points": {"points": []},
    "is not a whole calibration: points[0].seconds": {
        "points": [{"rows": 1, "length": 1, "seconds": 1}]
    },
    "is not a whole calibration: lengths is": {"lengths": {"counts": [], "cutoff_len": 1}},
    "is not a whole calibration: real": {"real": None},
    "is not a whole calibration: model is": {
        "model": {
            "source": "random:tiny",
            "layers": 10**15,
            "hidden": 32,
            "heads": 4,
            "kv_heads": 2,
            "head_dim": 8,
            "mlp": 64,
            "vocab": 2048,
            "gated": True,
            "tied": False,
            "experts": None,
            "parameters": 157856,
            "trainable": 8192,
        }
    },
}


@pytest.mark.parametrize("why", MALFORMED)
def test_a_line_that_cannot_be_used_spoils_no_other(tmp_path: Path, kept: Path, why: str) -> None:
    """Neither one that came before it nor one that is added after it."""
    path = store.add(record(tmp_path))
    given = MALFORMED[why]
    line = (
        given
        if isinstance(given, str)
        else json.dumps({**records.as_json(record(tmp_path)), **given})
    )
    with path.open("a", encoding="utf-8") as file:
        file.write(line)  # without a line end: half of it may be missing
    store.add(record(tmp_path, "2026-11-23T10:00:00+00:00"))
    assert [one.when[8:10] for one in store.everything()] == ["23", "22"]
    (told,) = store.left_out()
    assert f"line 2 {why}" in told
    with pytest.raises(store.UnusableCalibrations, match=re.escape(f"line 2 {why}")):
        store.read(path)
    assert isinstance(look_up(question(tmp_path)), Answer)
    path.write_text(line, encoding="utf-8")
    alone = look_up(question(tmp_path))
    assert isinstance(alone, NoAnswer)
    assert alone.reason.startswith("what was calibrated cannot be used (")
    assert "line 1" in alone.reason
    assert alone.reason.endswith(": run `bench calibrate CONFIG`")


def test_no_number_is_no_price(tmp_path: Path) -> None:
    path = store.add(record(tmp_path))
    text = path.read_text(encoding="utf-8")
    price = record(tmp_path).overheads.startup
    path.write_text(text.replace(f'"startup": {price!r}', '"startup": NaN'), encoding="utf-8")
    assert list(store.everything()) == []
    assert "is not JSON" in store.left_out()[0]


def test_an_imported_card_does_not_choose_its_folder(tmp_path: Path, kept: Path) -> None:
    """A name that is a path would lie outside."""
    path = store.add(record(tmp_path, gpu={**H100, "uuid_hash": "../../outside"}))
    assert path.parent.parent == kept


def test_export_and_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add(record(tmp_path))
    path = tmp_path / "exported.jsonl"
    store.export(list(store.everything()), path)
    monkeypatch.setenv("FTBENCH_CALIBRATION", str(tmp_path / "elsewhere"))
    assert store.import_file(path) == 1
    assert store.import_file(path) == 0
    assert isinstance(look_up(question(tmp_path)), Answer)


def test_an_export_tells_no_path(tmp_path: Path) -> None:
    """Whoever has the data in the same place is answered as before, others get a digest."""
    one = record(tmp_path)
    folder = str((tmp_path / "data").resolve())
    lengths: Any = {**(one.lengths or {}), "folder": folder}
    store.export([replace(one, lengths=lengths)], tmp_path / "shared")
    text = (tmp_path / "shared").read_text("utf-8")
    assert folder not in text
    (kept,) = store.read(tmp_path / "shared")
    assert kept.lengths is not None
    assert is_folder(kept.lengths["folder"], folder)
    assert not is_folder(kept.lengths["folder"], f"{folder}2")


def test_a_gpu_by_name(tmp_path: Path) -> None:
    other: Any = {**H100, "name": "NVIDIA H200", "uuid_hash": "b"}
    assert store.named("h200") == []
    for one in (record(tmp_path), record(tmp_path, gpu=other)):
        store.add(one)
    assert store.named("h200") == {"name": "NVIDIA H200", "uuid_hash": None, "power_limit_w": None}
    assert store.named("nvidia h200") == store.named("H200")
    both = ["NVIDIA H100 80GB HBM3", "NVIDIA H200"]
    assert store.named("nvidia") == both
    assert store.named("a100") == both


def test_rows_are_known_beyond_the_cut_off(tmp_path: Path) -> None:
    one = record(tmp_path)
    lengths: Any = {**(one.lengths or {}), "cutoff_len": 512, "counts": [(512, 10)],
                    "longer_cutoff": 1024, "longer_counts": [(700, 8), (1024, 2)]}  # fmt: skip
    known = replace(one, lengths=lengths)
    values = question(tmp_path).values
    at = {
        cutoff: lengths_of(values, [known], "llama-3-8b", cutoff)
        for cutoff in (512, 800, 1024, 2048)
    }
    assert at[512] is not None
    assert set(at[512].pool) == {512}
    assert at[800] is not None
    assert set(at[800].pool) == {700, 800}
    assert at[1024] is not None
    assert not at[1024].doubts
    assert at[2048] is not None
    assert at[2048].doubts


def test_peak_of_a_card(tmp_path: Path) -> None:
    store.add(record(tmp_path, peak={"tflops": 798.0, "dtype": "bfloat16"}))
    assert store.peak("a1b2c3") == 798.0
    assert store.peak("other") is None
    assert store.peak("a1b2c3", "float16") is None
    assert store.peak_of(result([])) == 798.0
    assert store.peak_of(result([], environment=None)) is None
