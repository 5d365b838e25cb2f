"""From findings to a fixed file: rounds, order, what is withheld and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ftlint.fixes.apply import ONLY_NOW, Fixed, fix
from ftlint.syntax.source import of_text
from tests.fixes.documents import TRAINING_TEXT as HEAD
from tests.fixes.policies import options, rule

if TYPE_CHECKING:
    from ftschemas.rule import Rule


def run(text: str, *rules: Rule, unsafe: bool = False, **keywords: Any) -> Fixed:
    return fix(of_text("c.yaml", HEAD + text), options(*rules, **keywords), unsafe)


def body(fixed: Fixed) -> str:
    assert fixed.source.text.startswith(HEAD)
    return fixed.source.text[len(HEAD) :]


def delete(code: str, key: str, applicability: str = "safe", **data: Any) -> Rule:
    return rule(
        code,
        when={"config": {key: {}}},
        at=key,
        fix={"applicability": applicability, "message": f"remove {key}", "delete": [key]},
        **data,
    )


def test_a_file_without_findings_is_the_file() -> None:
    fixed = run("")
    assert fixed.source.text == HEAD
    assert (fixed.applied, fixed.withheld, fixed.converged) == ((), (), True)


def test_what_was_done_is_said() -> None:
    fixed = run(
        "lr: 1.0e-4  # small\npacking: false  # off\n", delete("FT990", "packing"), only=False
    )
    assert body(fixed) == "learning_rate: 1.0e-4  # small\n# off\n"
    assert [
        (one.code, one.key, one.line, one.applicability, one.message) for one in fixed.applied
    ] == [
        ("FT101", "lr", 8, "safe", "rename `lr` to `learning_rate`"),
        ("FT990", "packing", 9, "safe", "remove packing (it was: packing: false)"),
    ]
    assert [one.code for one in fixed.result.diagnostics if one.severity == "error"] == []


@pytest.mark.parametrize(
    ("unsafe", "left"), [(False, "seed: 1\nbf16: true\n"), (True, "bf16: true\n")]
)
def test_unsafe_fixes_wait_to_be_asked_for_and_displayed_ones_are_never_made(
    unsafe: bool, left: str
) -> None:
    rules = delete("FT990", "seed", "unsafe"), delete("FT991", "bf16", "display")
    assert body(run("seed: 1\nbf16: true\n", *rules, unsafe=unsafe)) == left


def test_the_same_fix_of_two_rules_is_made_once() -> None:
    fixed = run("seed: 1\n", delete("FT990", "seed"), delete("FT991", "seed"))
    assert body(fixed) == ""
    assert [one.code for one in fixed.applied] == ["FT990", "FT991"]


def test_of_two_fixes_for_one_key_the_safe_one_is_made_first() -> None:
    replaced = rule(
        "FT990",
        when={"config": {"seed": {"const": 1}}},
        at="seed",
        fix={"applicability": "unsafe", "message": "write 2", "replace": {"seed": "2"}},
    )
    fixed = run("seed: 1\n", replaced, delete("FT991", "seed"), unsafe=True)
    assert [one.code for one in fixed.applied] == ["FT991"]
    assert body(fixed) == ""


def test_fixes_that_touch_are_made_one_round_after_the_other() -> None:
    text = '{"model_name_or_path": "m", "stage": "sft", "do_train": true, "seed": 1, "bf16": true}'
    rules = delete("FT990", "seed"), delete("FT991", "bf16"), delete("FT992", "do_train")
    fixed = fix(of_text("c.yaml", text), options(*rules)._replace(command="train"))
    assert fixed.source.text == '{"model_name_or_path": "m", "stage": "sft"}'
    assert len(fixed.applied) == 3


def test_several_changes_of_one_fix_are_one() -> None:
    both = rule(
        "FT990",
        when={"config": {"seed": {}, "bf16": {}}},
        at="seed",
        fix={
            "applicability": "safe",
            "message": "m",
            "delete": ["bf16", "fp16"],
            "rename": {"seed": "data_seed"},
            "replace": {"template": "llama3"},
            "insert": {"optim": "{template}", "tf32": "true"},
        },
    )
    fixed = run("seed: 1  # s\nbf16: true\n", both)
    assert (
        fixed.source.text
        == HEAD.replace("qwen", "llama3") + "data_seed: 1  # s\ntf32: true\noptim: qwen\n"
    )
    assert len(fixed.applied) == 1


def test_an_insertion_for_what_is_there_is_a_replacement_if_there_is_one() -> None:
    one = rule(
        "FT990",
        when={"effective": {"dataloader_num_workers": {"const": 0}}},
        at="dataloader_num_workers",
        fix={
            "applicability": "safe",
            "message": "m",
            "insert": {"dataloader_num_workers": "1"},
            "replace": {"dataloader_num_workers": "1"},
        },
    )
    assert "\ndataloader_num_workers: 1\n" in run("", one).source.text
    assert body(run("dataloader_num_workers: 0\n", one)) == "dataloader_num_workers: 1\n"


def test_what_cannot_be_done_is_shown_with_the_reason() -> None:
    fixed = run("seed: &s 1\ndata_seed: *s\n", delete("FT990", "seed"))
    assert fixed.applied == ()
    (finding,) = fixed.result.diagnostics
    assert finding.fix is not None
    assert finding.fix.applicability == "display"
    assert finding.fix.edits == ()
    assert "by hand: *s elsewhere in the file" in finding.fix.message


def test_rules_that_undo_each_other_leave_the_file_alone_and_say_so() -> None:
    def turned(code: str, old: int, new: int) -> Rule:
        return rule(
            code,
            kind="converted",
            when={"config": {"seed": {"const": old}}},
            at="seed",
            fix={"applicability": "safe", "message": f"write {new}", "replace": {"seed": str(new)}},
        )

    fixed = run("seed: 1\n", turned("FT098", 1, 2), turned("FT099", 2, 1))
    assert not fixed.converged
    assert fixed.applied == ()
    assert body(fixed) == "seed: 1\n"


def test_misread_keys_come_first_so_that_nothing_is_taken_for_dead() -> None:
    text = "val_size: 0.1\nevaluation_strategy: steps\neval_steps: 500\n"
    fixed = run(text)
    assert body(fixed) == text.replace("evaluation_strategy", "eval_strategy")


def test_what_a_renamed_key_lets_show_is_no_reason_to_withhold() -> None:
    fixed = run("evaluation_strategy: steps\n")
    assert body(fixed) == "eval_strategy: steps\n"
    assert [one.code for one in fixed.result.diagnostics if one.severity == "error"] == ["FT404"]


def test_a_fix_that_would_bring_an_error_is_withheld() -> None:
    fixed = run("lr: 1.0e-4\n", delete("FT990", "dataset"), only=False)
    assert fixed.source.text == HEAD + "learning_rate: 1.0e-4\n"
    (withheld,) = fixed.withheld
    assert withheld.code == "FT990"
    assert withheld.reason.startswith("it would cause FT401: ")


def test_a_value_that_is_no_better_is_withheld() -> None:
    worse = rule(
        "FT990",
        severity="error",
        when={"config": {"stage": {"const": "sft"}}},
        at="stage",
        fix={"applicability": "safe", "message": "m", "replace": {"stage": "sftt"}},
    )
    fixed = run("", worse, only=False)
    assert body(fixed) == ""
    assert [one.code for one in fixed.withheld] == ["FT990"]


def test_a_suppressed_finding_is_not_fixed_nor_one_not_selected() -> None:
    text = "lr: 1.0e-4  # ftlint: ignore[FT101] read by our fork\n"
    assert body(run(text)) == text
    fixed = fix(of_text("c.yaml", HEAD + "lr: 1\n"), options()._replace(ignore=("FT1",)))
    assert body(fixed) == "lr: 1\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("finetuning_type: qlora\n", "finetuning_type: lora\nquantization_bit: 4\n"),
        (
            "finetuning_type: qlora\nquantization_bit: 8\n",
            "finetuning_type: lora\nquantization_bit: 8\n",
        ),
        ("adapter: qlora\n", "finetuning_type: lora\nquantization_bit: 4\n"),
        (
            "finetuning_type: lora\nearly_stopping_patience: 3\n",
            "finetuning_type: lora\nearly_stopping_steps: 3\n",
        ),
        ("finetuning_type: lora\nvisual_inputs: true  # x\n", "finetuning_type: lora\n# x\n"),
        (
            "finetuning_type: lora\nload_in_4bit: true\n",
            "finetuning_type: lora\nquantization_bit: 4\n",
        ),
        (
            "finetuning_type: lora\nsave_strategy: never\n",
            'finetuning_type: lora\nsave_strategy: "no"\n',
        ),
        (
            "finetuning_type: lora\nevaluation_strategy: no\neval_strategy: no\n",
            'finetuning_type: lora\neval_strategy: "no"\n',
        ),
        (
            "finetuning_type: lora\ninclude_inputs_for_metrics: true\n",
            "finetuning_type: lora\ninclude_for_metrics: [inputs]\n",
        ),
    ],
)
def test_words_of_other_times_and_trainers(before: str, after: str) -> None:
    head = HEAD.replace("finetuning_type: lora\n", "")
    fixed = fix(of_text("c.yaml", head + before), options()._replace(select=("FT0", "FT1")))
    assert fixed.source.text == head + after


OLD_NAME = "val_size: 0.1\nevaluation_strategy: steps\neval_steps: 500\n"


@pytest.mark.parametrize(
    ("target", "after"),
    [("0.9.5", "eval_strategy"), ("0.9.3", "eval_strategy"), ("0.9.1", "evaluation_strategy")],
)
def test_an_old_name_goes_with_the_target_that_refuses_it(target: str, after: str) -> None:
    fixed = run(OLD_NAME, target=target)
    assert body(fixed) == OLD_NAME.replace("evaluation_strategy", after)


def test_what_an_old_name_sets_is_no_dead_key() -> None:
    result = run(OLD_NAME.replace("steps\n", "epoch\n", 1), target="0.9.1", unsafe=True)
    assert body(result) == "val_size: 0.1\nevaluation_strategy: epoch\n"  # eval_steps is dead
    both = OLD_NAME + "eval_strategy: epoch\n"  # transformers 4.46 copies the old one over it
    assert body(run(both, target="0.9.1")) == both


FOR_UNSAFE = {
    "save when evaluated": (
        "val_size: 0.1\neval_strategy: epoch\nload_best_model_at_end: true\nsave_strategy: steps\n",
        "val_size: 0.1\neval_strategy: epoch\nload_best_model_at_end: true\nsave_strategy: epoch\n",
    ),
    "the strategy that is not written": (
        "val_size: 0.1\neval_strategy: epoch\nload_best_model_at_end: true\n",
        "save_strategy: epoch\nval_size: 0.1\neval_strategy: epoch\nload_best_model_at_end: true\n",
    ),
    "evaluate when saved, on the rows that are held out": (
        "val_size: 0.1\nsave_strategy: epoch\nload_best_model_at_end: true\n",
        "val_size: 0.1\neval_strategy: epoch\nsave_strategy: epoch\nload_best_model_at_end: true\n",
    ),
    "save at the next evaluation": (
        "val_size: 0.1\neval_strategy: steps\neval_steps: 100\nsave_steps: 250  # s\n"
        "load_best_model_at_end: true\n",
        "val_size: 0.1\neval_strategy: steps\neval_steps: 100\nsave_steps: 300  # s\n"
        "load_best_model_at_end: true\n",
    ),
    "shares save at every evaluation": (
        "val_size: 0.1\neval_strategy: steps\neval_steps: 0.2\nsave_steps: 0.3\n"
        "load_best_model_at_end: true\n",
        "val_size: 0.1\neval_strategy: steps\neval_steps: 0.2\nsave_steps: 0.2\n"
        "load_best_model_at_end: true\n",
    ),
    "evaluate at every checkpoint, where only that is written": (
        "val_size: 0.1\neval_strategy: steps\nlogging_steps: 7\nsave_steps: 100\n"
        "load_best_model_at_end: true\n",
        "val_size: 0.1\neval_strategy: steps\neval_steps: 100\nlogging_steps: 7\nsave_steps: 100\n"
        "load_best_model_at_end: true\n",
    ),
    "intervals longer than the run": (
        "# ftlint: dataset-size=1000, gpus=1\nper_device_train_batch_size: 100\n"
        "logging_steps: 500\nsave_steps: 500  # s\nval_size: 0.1\neval_strategy: steps\n"
        "eval_steps: 500   # e\n",
        "# ftlint: dataset-size=1000, gpus=1\nper_device_train_batch_size: 100\n"
        "logging_steps: 0.1\nsave_steps: 0.25  # s\nval_size: 0.1\neval_strategy: steps\n"
        "eval_steps: 0.25   # e\n",
    ),
}


@pytest.mark.parametrize("name", FOR_UNSAFE)
def test_what_changes_the_run_is_mended_when_it_is_asked_for(name: str) -> None:
    before, after = FOR_UNSAFE[name]
    head = HEAD.replace("finetuning_type: lora\n", "") if "finetuning_type" in before else HEAD
    source = of_text("c.yaml", head + before)
    assert fix(source, options()).source.text == head + before
    fixed = fix(source, options(), unsafe=True)
    assert fixed.source.text == head + after
    assert [one for one in fixed.result.diagnostics if one.severity == "error"] == []


TOLD = {
    "too many epochs": ("num_train_epochs: 20\nlearning_rate: 1.0e-4\n", 1000, "FT301"),
    "too many steps": (
        "per_device_train_batch_size: 8\nmax_steps: 5000\nlearning_rate: 1.0e-4\n", 1000, "FT301"
    ),
    "too few epochs, too low a rate": (
        "num_train_epochs: 1.0\nlearning_rate: 1.0e-5\n", 50000, "FT302"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_epochs_and_rates_are_told_and_never_written(name: str) -> None:
    lines, rows, code = TOLD[name]
    text = f"{HEAD}# ftlint: dataset-size={rows}, gpus=1\n{lines}"
    fixed = fix(of_text("c.yaml", text), options(), unsafe=True)
    assert fixed.source.text == text
    (finding,) = (one for one in fixed.result.diagnostics if one.code == code)
    assert finding.fix is not None
    assert finding.fix.applicability == "display"


def test_rows_that_nothing_trains_on_are_predicted_when_that_is_asked_for() -> None:
    text = HEAD.replace("do_train: true", "do_predict: true") + "predict_with_generate: true\n"
    assert fix(of_text("c.yaml", text), options()).source.text == text
    fixed = fix(of_text("c.yaml", text), options(), unsafe=True)
    assert fixed.source.text == text.replace("dataset: identity", "eval_dataset: identity")


@pytest.mark.parametrize("unsafe", [False, True])
@pytest.mark.parametrize("strategy", ["steps", "epoch"])
def test_training_data_never_become_evaluation_data(strategy: str, unsafe: bool) -> None:
    text = HEAD.replace("do_train: true\n", "") + f"eval_strategy: {strategy}\n"
    fixed = fix(of_text("c.yaml", text), options(), unsafe)
    assert fixed.source.text == text
    (error,) = (one for one in fixed.result.diagnostics if one.severity == "error")
    assert "do_train: true" in error.message


# What a repair makes useless was of use, or its author thinks so.
CASCADES = {
    "save_strategy: No\nsave_steps: 100\n": 'save_strategy: "no"\nsave_steps: 100\n',
    "logging_strategy: No\nlogging_steps: 7\n": 'logging_strategy: "no"\nlogging_steps: 7\n',
    "stage: cpt\npref_beta: 0.3\n": "stage: pt\npref_beta: 0.3\n",
    "evaluation_strategy: epoch\neval_steps: 50\nval_size: 0.1\n":
        "eval_strategy: epoch\neval_steps: 50\nval_size: 0.1\n",
}  # fmt: skip


@pytest.mark.parametrize("before", CASCADES)
def test_what_only_a_repair_made_useless_is_left_to_be_looked_at(before: str) -> None:
    head = HEAD.replace("stage: sft\n", "") if "stage" in before else HEAD
    fixed = fix(of_text("c.yaml", head + before), options())
    assert fixed.source.text == head + CASCADES[before]
    assert [one.reason for one in fixed.withheld] == [ONLY_NOW]
    again = fix(fixed.source, options())
    assert [one.key for one in again.applied] == [one.key for one in fixed.withheld]


def test_what_was_useless_before_goes_with_the_repairs() -> None:
    fixed = fix(of_text("c.yaml", HEAD + "lr: 1e-4\nkto_chosen_weight: 2.0\n"), options())
    assert fixed.source.text == HEAD + "learning_rate: 1e-4\n"


@pytest.mark.parametrize("unsafe", [False, True])
def test_beside_keys_of_another_program_nothing_is_taken_for_useless(unsafe: bool) -> None:
    text = HEAD + "distil_from_teacher: true\nref_model: a/teacher\nbuffer_size: 64\n"
    fixed = fix(of_text("c.yaml", text), options(), unsafe)
    assert fixed.source.text == text
    told = {one.code: one.fix for one in fixed.result.diagnostics if one.fix is not None}
    assert "FT541" in told
    assert "FT514" not in told  # a fork that distils may read its teacher from `ref_model`
    assert all("unknown keys (`distil_from_teacher`)" in one.message for one in told.values())
    without = text.replace("distil_from_teacher: true\n", "")
    assert fix(of_text("c.yaml", without), options()).source.text == HEAD


def test_a_secret_is_neither_moved_nor_shown() -> None:
    for line in ("push_to_hub_token: hf_abc\n", "hf_auth_token: hf_abc\n", "hf_token: hf_abc\n"):
        fixed = fix(of_text("c.yaml", HEAD + line), options(), unsafe=True)
        assert fixed.source.text == HEAD + line
        (finding,) = (one for one in fixed.result.diagnostics if one.severity != "info")
        assert finding.fix is None or "hf_abc" not in finding.fix.message
    both = HEAD + "swanlab_api_key: abc\n"
    fixed = fix(of_text("c.yaml", both), options(), unsafe=True)
    assert fixed.source.text == both
    removing = delete("FT990", "swanlab_api_key")
    fixed = run("swanlab_api_key: abc\n", removing)
    assert body(fixed) == ""
    assert all("abc" not in one.message for one in fixed.applied)


AREAS = {
    "image_resolution: 200704": ("image_max_pixels: 200704", "safe"),
    "image_resolution: 262144": ("image_max_pixels: 262144", "safe"),
    "image_resolution: 448": ("image_max_pixels: 200704", "unsafe"),
    "image_resolution: 3000": ("image_resolution: 3000", None),
    "image_resolution: 512x512": ("image_resolution: 512x512", None),
    "video_resolution: 16384": ("video_max_pixels: 16384", "safe"),
    "video_resolution: 65536": ("video_max_pixels: 65536", "safe"),
    "video_resolution: 128": ("video_max_pixels: 16384", "unsafe"),
    "video_resolution: 4096": ("video_resolution: 4096", None),
}


@pytest.mark.parametrize("line", AREAS)
def test_an_area_is_no_side_and_a_side_no_area(line: str) -> None:
    after, kind = AREAS[line]
    for unsafe in (False, True):
        fixed = fix(of_text("c.yaml", HEAD + line + "\n"), options(), unsafe)
        made = kind == "safe" or (unsafe and kind == "unsafe")
        assert fixed.source.text == HEAD + (after if made else line) + "\n"
        named = after.partition(":")[0] if kind else line.partition("_")[0] + "_max_pixels"
        before = fix(of_text("c.yaml", HEAD + line + "\n"), options()).result
        assert made or any(named in one.message for one in before.diagnostics)


@pytest.mark.parametrize("unsafe", [False, True])
@pytest.mark.parametrize(
    ("lines", "code", "says"),
    [
        ("max_length: 512\n", "FT127", "cutoff_len: 512"),
        ("cutoff_len: 1024\nmax_length: 512\n", "FT127", "cutoff_len: 1024"),
        ("overwrite_output_dir: true\nresume_from_checkpoint: true\n", "FT630", "overwrite"),
        ("val_size: 0.1\neval_dataset: identity\n", "FT402", "keep one"),
        ("max_steps: 0\n", "FT202", "exactly one step"),
    ],
)
def test_what_can_mean_two_things_is_told(lines: str, code: str, says: str, unsafe: bool) -> None:
    fixed = fix(of_text("c.yaml", HEAD + lines), options(), unsafe)
    assert fixed.source.text == HEAD + lines
    (finding,) = (one for one in fixed.result.diagnostics if one.code == code)
    assert says in finding.message


@pytest.mark.parametrize("key", ["adapter_name_or_path", "eval_dataset", "resume_from_checkpoint"])
def test_none_for_nothing_is_null(key: str) -> None:
    assert body(run(f"{key}: None  # off\n")) == f"{key}: null  # off\n"
    assert body(run(f'{key}: "None"\n')) == f'{key}: "None"\n'  # quoted, it is meant
    assert body(run("save_total_limit: none\n")) == "save_total_limit: null\n"
    assert body(run("run_name: None\n")) == "run_name: None\n"  # a name like any other


def test_a_wrong_value_that_a_misread_one_hid_is_no_harm_of_the_fix() -> None:
    head = HEAD.replace("lora", "qlora")
    fixed = fix(of_text("c.yaml", head + "quantization_type: 1\n"), options())
    assert (
        fixed.source.text
        == HEAD.replace("finetuning_type: lora\n", "finetuning_type: lora\nquantization_bit: 4\n")
        + "quantization_type: 1\n"
    )
    told = [one.key for one in fixed.result.diagnostics if one.severity != "info"]
    assert told == ["quantization_type"]
    assert not fixed.withheld


def test_a_share_written_as_a_count_goes_where_shares_go() -> None:
    assert body(run("warmup_steps: 0.1\n", target="0.9.3")) == "warmup_ratio: 0.1\n"
    assert body(run("warmup_steps: 0.1\n")) == "warmup_steps: 0.1\n"  # transformers 5 takes it


def test_a_stage_that_is_a_loss_takes_two_keys() -> None:
    text = HEAD.replace("stage: sft", "stage: orpo")
    fixed = fix(of_text("c.yaml", text), options())
    assert fixed.source.text == HEAD.replace("stage: sft", "stage: dpo").replace(
        "finetuning_type: lora\n", "finetuning_type: lora\npref_loss: orpo\n"
    )


def test_a_key_that_stands_twice_is_shown_and_left() -> None:
    text = HEAD + "learning_rate: 1.0e-4\nlearning_rate: 5.0e-5\n"
    fixed = fix(of_text("c.yaml", text), options(), unsafe=True)
    assert fixed.source.text == text
    (finding,) = [one for one in fixed.result.diagnostics if one.code == "FT003"]
    assert finding.fix is not None
    assert finding.fix.applicability == "display"
    assert finding.fix.message == (
        "keep one of `learning_rate: 1.0e-4` (line 8) and `learning_rate: 5.0e-5` (line 9)"
    )
    assert [text[one.start : one.end] for one in finding.fix.edits] == ["learning_rate: 1.0e-4\n"]


def test_conflict_markers_and_what_does_not_parse_are_left() -> None:
    for text in (HEAD + "<<<<<<< ours\nlr: 1\n=======\nlr: 2\n>>>>>>> theirs\n", HEAD + "a: [1\n"):
        fixed = fix(of_text("c.yaml", text), options(), unsafe=True)
        assert fixed.source.text == text
        assert fixed.applied == ()
        assert fixed.result.diagnostics
