"""DeepSpeed configs: files and mappings, what contradicts the config, what replaces it, names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ftlint.engine import lint
from ftlint.project.options import Options
from ftlint.rules.deepspeed.form import FILLED
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target
from ftschemas import compiled
from tests.stating import stating

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """model_name_or_path: Qwen/Qwen2.5-7B-Instruct
stage: sft
do_train: true
finetuning_type: full
dataset: x
template: qwen
output_dir: saves/run
logging_steps: 10
per_device_train_batch_size: 1
gradient_accumulation_steps: 8
learning_rate: 1.0e-5
bf16: true
"""
SOUND: dict[str, Any] = {
    "train_batch_size": "auto",
    "train_micro_batch_size_per_gpu": "auto",
    "gradient_accumulation_steps": "auto",
    "gradient_clipping": "auto",
    "bf16": {"enabled": "auto"},
    "zero_optimization": {"stage": 2},
}


def _scheduler(kind: str, **parameters: object) -> dict[str, Any]:
    filled = {"warmup_max_lr": "auto", "warmup_num_steps": "auto"}
    return {"scheduler": {"type": kind, "params": {**filled, **parameters}}}


def _found(
    folder: Path, content: object, more: str = "", gpus: int | None = 2, head: str = HEAD
) -> list[tuple[str, str | None, str]]:
    text = content if isinstance(content, str) else json.dumps(content, indent=2)
    (folder / "ds.json").write_text(text, "utf-8")
    options = Options(resolve_target("0.9.5"), stating(gpus, gpus and 1))
    source = of_text("c.yaml", f"{head}deepspeed: ds.json\n{more}")
    found = lint(source, options).diagnostics
    return [(one.code, one.key, one.message) for one in found if one.severity != "info"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("stage", [0, 1, 2, 3])
def test_a_sound_file_is_clean(folder: Path, stage: int) -> None:
    assert _found(folder, {**SOUND, "zero_optimization": {"stage": stage}}) == []


@pytest.mark.parametrize(
    ("change", "more", "code", "key", "says"),
    [
        (
            {"train_batch_size": 64},
            "",
            "FT4120",
            "per_device_train_batch_size",
            "micro-batch 1 × 8 accumulation steps × 2 GPUs = 16",
        ),
        ({"train_batch_size": "16"}, "", "FT4120", "per_device_train_batch_size", '"16"'),
        ({"gradient_accumulation_steps": "8"}, "", "FT483", "gradient_accumulation_steps", '"8"'),
        (
            {"train_micro_batch_size_per_gpu": 2},
            "",
            "FT483",
            "per_device_train_batch_size",
            "line 3",
        ),
        ({"gradient_clipping": 0.5}, "max_grad_norm: 1.0\n", "FT483", "max_grad_norm", "0.5"),
        ({"gradient_clipping": 0.5}, "", "FT483", "deepspeed", "`max_grad_norm: 1.0`"),
        ({"bf16": {"enabled": False}}, "", "FT483", "bf16", "`bf16: true`"),
        ({"bf16": {"enabled": "true"}}, "", "FT483", "bf16", '"true"'),
        ({"fp16": {"enabled": True}}, "", "FT483", "deepspeed", "`fp16: false`"),
        (
            {"optimizer": {"type": "AdamW", "params": {"lr": 1e-4}}},
            "",
            "FT484",
            "learning_rate",
            "1.0e-5",
        ),
        (
            {"optimizer": {"type": "AdamW", "params": {"lr": "auto", "betas": [0.9, 0.95]}}},
            "",
            "FT484",
            "deepspeed",
            "0.999",
        ),
        (
            _scheduler("WarmupLR", warmup_num_steps=50),
            "warmup_steps: 100\n",
            "FT4121",
            "warmup_steps",
            "50",
        ),
        (
            _scheduler("WarmupLR", warmup_max_lr=1e-4),
            "",
            "FT4121",
            "learning_rate",
            "warmup_max_lr",
        ),
        (
            _scheduler("WarmupDecayLR", total_num_steps=50),
            "max_steps: 90\n",
            "FT4121",
            "max_steps",
            "90",
        ),
        (
            _scheduler("WarmupLR"),
            "lr_scheduler_type: cosine\n",
            "FT586",
            "lr_scheduler_type",
            "scheduler: WarmupLR",
        ),
        (
            {"optimizer": {"type": "AdamW", "params": {"lr": "auto"}}},
            "optim: adafactor\n",
            "FT586",
            "optim",
            "AdamW",
        ),
        ({"optimizer": {"type": "AdamW", "params": {}}}, "", "FT587", "learning_rate", "0.001"),
        (
            {"optimizer": {"type": "AdamW", "params": {"lr": "auto"}}},
            "adam_beta2: 0.95\n",
            "FT587",
            "adam_beta2",
            "betas",
        ),
        ({"zero_optimization": {"stage": 5}}, "", "FT4123", "deepspeed", "0, 1, 2, 3"),
        (
            {"zero_optimization": {"stage": 2, "overlap_com": True}},
            "",
            "FT4122",
            "deepspeed",
            "`overlap_comm`",
        ),
        (
            {"zero_optimization": {"stage": 3, "offload_param": {"device": "disk"}}},
            "",
            "FT4123",
            "deepspeed",
            '"nvme"',
        ),
        (
            {"zero_optimization": {"stage": 2, "offload_optimizer": {"pin_memory": "auto"}}},
            "",
            "FT4126",
            "deepspeed",
            "pin_memory",
        ),
        (
            _scheduler("WarmupLR", total_num_steps="auto"),
            "",
            "FT4124",
            "deepspeed",
            "`WarmupDecayLR`",
        ),
        (
            _scheduler("WarmupDecayLR"),
            "lr_scheduler_type: linear\n",
            "FT4124",
            "deepspeed",
            "needs `total_num_steps`",
        ),
        ({"gradient_cliping": 0.5}, "", "FT588", "deepspeed", "`gradient_clipping`"),
        ({"fp16": {"enabled": "auto", "loss_scal": 0}}, "", "FT588", "deepspeed", "`loss_scale`"),
    ],
)
def test_one_fault_is_one_finding(
    folder: Path, change: dict[str, Any], more: str, code: str, key: str, says: str
) -> None:
    content = {**SOUND, **change}
    if "gradient_cliping" in change:
        del content["gradient_clipping"]
    ((found, at, message),) = _found(folder, content, more)
    assert (found, at) == (code, key)
    assert says in message
    assert "$" not in message
    assert "`ds.json`" in message


@pytest.mark.parametrize(
    ("change", "more"),
    [
        ({"train_batch_size": 16}, ""),
        ({"gradient_clipping": 1}, ""),
        ({"gradient_clipping": None}, ""),
        ({"bf16": {"enabled": 1}}, ""),
        (_scheduler("WarmupDecayLR", total_num_steps="auto"), "lr_scheduler_type: linear\n"),
        (_scheduler("WarmupLR"), ""),
        ({"optimizer": {"type": "AdamW", "params": {"lr": "auto"}}}, "optim: adamw_torch_fused\n"),
        (
            {"zero_optimization": {"stage": 2, "reduce_bucket_size": 5e8, "overlap_comm": "true"}},
            "",
        ),
        ({"zero_optimization": {"stage": 3, "mics_shard_size": 4}}, ""),
        ({"_comment": "mine", "comms_config": {"verbose": False}}, ""),
    ],
)
def test_what_trains_is_clean(folder: Path, change: dict[str, Any], more: str) -> None:
    assert _found(folder, {**SOUND, **change}, more) == []


def test_a_total_that_fits_some_number_of_gpus_is_told_only_where_that_is_known(
    folder: Path,
) -> None:
    assert _found(folder, {**SOUND, "train_batch_size": 64}, gpus=None) == []
    ((code, _, message),) = _found(folder, {**SOUND, "train_batch_size": 60}, gpus=None)
    assert code == "FT4120"
    assert "any number of GPUs" in message


def test_parts_without_which_deepspeed_does_not_start(folder: Path) -> None:
    assert [one[0] for one in _found(folder, {"zero_optimization": {"stage": 2}})] == ["FT4125"]
    without = {name: one for name, one in SOUND.items() if name != "gradient_accumulation_steps"}
    assert [one[0] for one in _found(folder, without)] == ["FT4128"]
    evaluated = HEAD.replace("do_train: true", "do_eval: true\nval_size: 0.1")
    assert "FT4127" in [one[0] for one in _found(folder, SOUND, head=evaluated)]
    third = {**SOUND, "zero_optimization": {"stage": 3}}
    assert "FT4127" not in [one[0] for one in _found(folder, third, head=evaluated)]


def test_a_file_that_is_not_json_is_told_with_its_line(folder: Path) -> None:
    ((code, key, message),) = _found(folder, '{"zero_optimization":\n {"stage": 2,}}')
    assert (code, key) == ("FT477", "deepspeed")
    assert "line 2" in message


@pytest.mark.parametrize("stage", [2, 3])
def test_a_pointer_in_its_place_is_not_broken(folder: Path, stage: int) -> None:
    """What the real file says is not known, so nothing else is said of it."""
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "ab" * 32 + "\nsize 788\n"
    (folder / "ds.json").write_text(pointer, "utf-8")
    head = HEAD + ("pure_bf16: true\n" if stage == 3 else "")
    found = lint(of_text("c.yaml", f"{head}deepspeed: ds.json\n"), Options(resolve_target("0.9.5")))
    ((severity, key, message),) = (
        (one.severity, one.key, one.message)
        for one in found.diagnostics
        if one.key == "deepspeed" or "ds.json" in one.message
    )
    assert (severity, key) == ("info", "deepspeed")
    assert message == (
        "ds.json is a Git LFS pointer, so what it sets is not judged: run `git lfs pull`."
    )


def test_a_key_that_stands_twice_is_told_at_the_one_that_counts(folder: Path) -> None:
    text = json.dumps(SOUND, indent=1)[:-2] + ',\n "gradient_clipping": 1.0\n}'
    ((code, _, message),) = _found(folder, text)
    assert code == "FT589"
    assert "line 12" in message


def test_a_key_of_two_sections_is_not_twice_in_one(folder: Path) -> None:
    zero = '"zero_optimization": {"stage": %d}'
    text = json.dumps(SOUND)[:-1] + f", {zero % 2}, {zero % 3}}}"
    found = [one for one in _found(folder, text) if one[0] == "FT589"]
    assert [message.partition("`")[2].partition("`")[0] for *_, message in found] == [
        "zero_optimization"
    ]


@pytest.mark.parametrize("head", [HEAD, HEAD.replace("do_train", "do_eval")])
def test_zero_optimization_of_another_kind_is_rejected(folder: Path, head: str) -> None:
    found = _found(folder, {**SOUND, "zero_optimization": True}, head=head)
    (message,) = (message for code, _, message in found if code == "FT4123")
    assert "`zero_optimization: true`" in message
    assert "rejects it at parse time (AttributeError)" in message


def test_a_parameter_that_a_scheduler_does_not_take_is_not_missed(folder: Path) -> None:
    for kind, codes in (("OneCycle", []), ("WarmupDecayLR", ["FT587"])):
        parameters = {"cycle_min_lr": 1e-6, "cycle_max_lr": 1e-5} if kind == "OneCycle" else {}
        content = {**SOUND, "scheduler": {"type": kind, "params": parameters}}
        found = _found(folder, content, "warmup_ratio: 0.1\n")
        assert [one[0] for one in found if one[0] == "FT587"] == codes


def test_in_a_mapping_the_key_itself_is_shown() -> None:
    text = f"{HEAD}deepspeed: {{train_batch_size: 60, zero_optimization: {{stag: 2}}}}\n"
    options = Options(resolve_target("0.9.5"), stating())
    shown = {
        one.code: text[one.start : one.end]
        for one in lint(of_text("c.yaml", text), options).diagnostics
    }
    assert shown["FT4122"] == "stag"
    assert shown["FT4120"] == "per_device_train_batch_size"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("examples/ds_z3_confg.json", "examples/ds_z3_config.json"),
        ("examples/ds-z3-config.json", "examples/ds_z3_config.json"),
        ("examples/ds_z1_config.json", None),
        ("examples/ds_z3_config.json", None),
        ("other/ds_z3_confg.json", None),
        ("examples/mine.json", None),
    ],
)
def test_a_misspelt_name_next_to_the_right_one(
    folder: Path, written: str, meant: str | None
) -> None:
    (folder / "examples").mkdir()
    for stage in (2, 3):
        content = {**SOUND, "zero_optimization": {"stage": stage}}
        (folder / "examples" / f"ds_z{stage}_config.json").write_text(json.dumps(content), "utf-8")
    options = Options(resolve_target("0.9.5"), stating())
    found = lint(of_text("c.yaml", f"{HEAD}deepspeed: {written}\n"), options).diagnostics
    told = [one.message for one in found if one.code == "FT128"]
    assert [f"`{meant}`" in one for one in told] == ([] if meant is None else [True])


def test_what_is_filled_in_is_a_field_of_the_schema() -> None:
    sections = compiled.DEEPSPEED["sections"]
    for path in FILLED:
        section, _, name = path.rpartition(".")
        if section in sections:
            assert name in sections[section][1]


@pytest.mark.parametrize(
    ("value", "opened"), [("0", False), ("0.0", False), ("[]", False), ("1", True), ("[a]", True)]
)
def test_what_is_read_as_no_deepspeed_is_no_file(value: str, opened: bool) -> None:
    source = of_text("c.yaml", f"{HEAD}deepspeed: {value}\n")
    codes = {one.code for one in lint(source, Options(resolve_target("0.9.5"))).diagnostics}
    assert ("FT108" in codes) is opened
