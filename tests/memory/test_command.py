"""`ftlint memory`, and what rules say of a run on a stated GPU."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ftlint.cli.commands import cli
from ftlint.memory.gpus import CONTEXT

KEYS: dict[str, Any] = {
    "model_name_or_path": "Qwen/Qwen2.5-7B-Instruct", "stage": "sft", "do_train": True,
    "finetuning_type": "lora", "lora_target": "all", "dataset": "faq", "template": "qwen",
    "output_dir": "out", "bf16": True, "cutoff_len": 2048, "per_device_train_batch_size": 4,
    "max_steps": 100, "logging_steps": 10,
}  # fmt: skip
AUTO = {"train_micro_batch_size_per_gpu": "auto"}
PARTS = ["weights", "adapters", "gradients", "optimizer", "activations", "logits", "buffers"]


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


def write(comment: str = "", **changed: Any) -> None:
    keys = {**KEYS, **changed}
    text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in keys.items())
    Path("c.yaml").write_text(comment + text, "utf-8")


def call(*arguments: str) -> Any:
    return CliRunner().invoke(cli, [*arguments])


def memory(*arguments: str) -> dict[str, Any]:
    done = call("memory", "c.yaml", "--output-format", "json", *arguments)
    assert done.exit_code in (0, 1), done.output
    (found,) = json.loads(done.stdout)
    assert done.exit_code == (1 if found["fits"] is False or found["refused"] else 0)
    return dict(found)


def codes(*arguments: str) -> list[str]:
    done = call("check", "c.yaml", "--output-format", "json", *arguments)
    return [
        one["code"] for one in json.loads(done.stdout)["diagnostics"] if one["code"][:4] == "FT80"
    ]


def test_a_comment_that_states_nothing_is_named() -> None:
    write("# ftlint: gpu=rtx-409\n")
    for command in ("memory", "steps"):
        done = call(command, "c.yaml")
        assert done.exit_code == 0, done.output
        assert "c.yaml:1: the comment states nothing: `rtx-409` is an unknown GPU" in done.stderr
    write("# ftlint: gpu=24g\n")
    assert "comment" not in call("memory", "c.yaml").stderr


def test_a_deepspeed_file_that_is_not_here_is_named() -> None:
    write(deepspeed="ds/z3.json")
    done = call("memory", "c.yaml", "--gpus", "2")
    assert "`deepspeed: ds/z3.json` cannot be read" in done.stdout


def test_a_start_of_a_script_is_named() -> None:
    write()
    flags = " ".join(f"--{key} {value}" for key, value in KEYS.items())
    lines = f"llamafactory-cli train c.yaml max_steps=7\nllamafactory-cli train {flags}\n"
    Path("run.sh").write_text(lines, "utf-8")
    heads = [one for one in call("memory", "run.sh").output.splitlines() if "LLaMA Factory" in one]
    assert [one.partition("  ")[0] for one in heads] == ["c.yaml run.sh:1", "run.sh:2"]
    found = json.loads(call("memory", "run.sh", "--output-format", "json").stdout)
    assert [one["launch"]["line"] for one in found] == [1, 2]
    assert memory()["launch"] is None


def test_a_config_that_cannot_be_read_is_named_in_a_folder_as_well() -> None:
    folder = Path("configs")
    folder.mkdir()
    write()
    text = Path("c.yaml").read_text("utf-8")
    (folder / "good.yaml").write_text(text, "utf-8")
    (folder / "broken.yaml").write_text(f"{text}more: [1\n", "utf-8")
    (folder / "other.yaml").write_text("services: [1\n", "utf-8")  # is none of LLaMA Factory
    (folder / "chat.yaml").write_text("infer_backend: hf\nmodel_name_or_path: [m\n", "utf-8")
    for command in ("memory", "steps"):
        done = call(command, "configs")
        assert done.exit_code == 2
        (said,) = (one for one in done.stderr.splitlines() if "configs" in one)
        assert said.startswith("ftlint: configs/broken.yaml: line 14: FT001 Invalid YAML")
    done = call("memory", "configs", "--output-format", "json")
    good, broken = json.loads(done.stdout)
    assert good["training"]
    assert (broken["path"], broken["reason"][:13]) == ("configs/broken.yaml", "line 14: FT00")
    assert done.exit_code == 2


def test_the_form_is_that_of_the_contract() -> None:
    write()
    found = memory()
    assert list(found["training"]["parts"]) == PARTS
    assert sum(found["training"]["parts"].values()) == found["training"]["allocated"]
    low, high = found["training"]["reserved"]
    assert 0.98 * found["training"]["allocated"] < low < high
    assert (found["gpu"], found["fits"], found["evaluation"], found["host"]) == (None,) * 4
    assert (found["largest_micro_batch"], found["world_size"]) == (None, 1)
    assert found["disk"]["export"] == pytest.approx(2 * 7.6156e9, rel=0.001)


def test_a_larger_method_batch_or_length_takes_more() -> None:
    write()
    base = memory()["training"]["allocated"]
    for changed in (
        {"per_device_train_batch_size": 8}, {"cutoff_len": 4096}, {"lora_rank": 64},
        {"disable_gradient_checkpointing": True}, {"finetuning_type": "full"}, {"use_dora": True},
        {"stage": "dpo"}, {"flash_attn": "disabled"}, {"gradient_accumulation_steps": 2},
    ):  # fmt: skip
        write(**changed)
        assert memory()["training"]["allocated"] > base, changed
    for changed in ({"enable_liger_kernel": True}, {"quantization_bit": 4}):
        write(**changed)
        assert memory()["training"]["allocated"] < base, changed


def test_an_evaluation_is_a_peak_of_its_own() -> None:
    write(eval_strategy="steps", eval_steps=10, val_size=0.1, enable_liger_kernel=True)
    found = memory()
    assert found["evaluation"]["allocated"] > found["training"]["allocated"]
    assert found["evaluation"]["parts"]["gradients"] == 0


def test_what_fits_is_the_largest_that_does() -> None:
    write()
    found = memory("--gpu", "h100-80g")
    assert found["fits"] is True
    for key, name in (
        ("largest_micro_batch", "per_device_train_batch_size"), ("largest_length", "cutoff_len")
    ):  # fmt: skip
        write(**{name: found[key]})
        assert memory("--gpu", "h100-80g")["fits"] is True
        write(**{name: found[key] + (64 if key == "largest_length" else 1)})
        assert memory("--gpu", "h100-80g")["fits"] is not True


@pytest.mark.parametrize("how", ["option", "comment", "settings"])
def test_a_gpu_is_stated_in_three_ways(how: str) -> None:
    write("# ftlint: gpu=24g\n" if how == "comment" else "", finetuning_type="full")
    if how == "settings":
        Path("ftlint.toml").write_text('gpu = "24g"\n', "utf-8")
    arguments = ("--gpu", "24g") if how == "option" else ()
    found = memory(*arguments)
    assert (found["gpu"], found["fits"], found["largest_micro_batch"]) == ("24g", False, 0)
    keys = {"finetuning_type": "lora", "enable_liger_kernel": True}
    assert found["remedy"] == {"keys": keys, "gpus": None}
    assert codes(*arguments) == ["FT803"]


def test_what_makes_it_fit_is_a_row_a_change() -> None:
    write(finetuning_type="full")
    lines = call("memory", "c.yaml", "--gpu", "24g").stdout.splitlines()
    place = next(at for at, line in enumerate(lines) if line.startswith("  sure to fit with"))
    assert lines[place].endswith(" finetuning_type: lora")
    assert lines[place + 1].strip() == "enable_liger_kernel: true"
    assert "sure to fit" not in call("memory", "c.yaml", "--gpu", "b300").stdout
    write(model_name_or_path="Qwen/Qwen2.5-72B-Instruct", finetuning_type="full")
    told = call("memory", "c.yaml", "--gpu", "12g", "--gpus", "1").stdout.splitlines()
    assert any(
        line.split() == "sure to fit with none of the changes tried".split() for line in told
    )


def test_the_command_line_speaks_first() -> None:
    write("# ftlint: gpu=24g\n", finetuning_type="full")
    assert memory("--gpu", "b200")["fits"] is True
    assert codes("--gpu", "b200") == []


def test_rows_of_unknown_length_are_advice_and_full_blocks_are_not() -> None:
    write(cutoff_len=8192)
    assert codes("--gpu", "24g") == ["FT804"]
    write(cutoff_len=8192, packing=True)
    assert codes("--gpu", "24g") == ["FT803"]
    write(cutoff_len=256, per_device_train_batch_size=1)
    assert codes("--gpu", "24g") == []


def test_of_a_run_that_the_target_refuses_that_is_said_first() -> None:
    write(val_size=0.1, eval_dataset="faq")
    refused = call("memory", "c.yaml", "--output-format", "json")
    reason = json.loads(call("steps", "c.yaml", "--output-format", "json").stdout)[0]["reason"]
    assert "rejects" in reason
    assert json.loads(refused.stdout)[0]["refused"] == reason
    _, told, *_ = call("memory", "c.yaml").stdout.splitlines()
    assert told == f"* no run comes of this config: {reason}"
    write()
    assert memory()["refused"] is None


def test_without_a_gpu_nothing_is_said() -> None:
    write(finetuning_type="full", cutoff_len=100_000)
    assert codes() == []


def test_a_number_is_refused() -> None:
    write()
    for command in ("memory", "check", "steps"):
        done = call(command, "c.yaml", "--gpu", "8")
        assert done.exit_code == 2
        assert "--gpus 8" in done.output
    Path("ftlint.toml").write_text('gpu = "8"\n', "utf-8")
    assert call("check", "c.yaml").exit_code == 2


def test_settings_with_an_unknown_gpu_are_refused_with_the_nearest() -> None:
    write()
    Path("ftlint.toml").write_text('gpu = "a100-80"\n', "utf-8")
    done = call("check", "c.yaml")
    assert done.exit_code == 2
    assert "gpu = 'a100-80' is an unknown GPU: did you mean `a100-80g`?" in done.output


@pytest.mark.parametrize(
    "changed",
    [
        {"model_name_or_path": "nobody/knows"}, {"use_galore": True}, {"stage": "ppo"},
        {"finetuning_type": "oft", "oft_rank": 8}, {"optim": "lomo"}, {"quantization_bit": 3},
        {"fsdp": "full_shard"}, {"lora_target": "w_pack"}, {"model_name_or_path": "${MODEL}"},
        {"model_name_or_path": "Qwen/Qwen2.5-7B-Instruct-AWQ"}, {"use_unsloth": True},
        {"finetuning_type": "full", "use_galore": True},  # not with the optimizer of the default
        {"finetuning_type": "full", "use_apollo": True, "optim": "adamw_torch",
         "apollo_target": "somewhere"},
        {"finetuning_type": "full", "use_badam": True, "badam_mode": "ratio"},
    ],
)  # fmt: skip
def test_what_is_not_known_is_said_and_never_guessed(changed: dict[str, Any]) -> None:
    write(**changed)
    done = call("memory", "c.yaml", "--output-format", "json", "--gpu", "24g")
    (found,) = json.loads(done.stdout)
    assert done.exit_code == 2
    assert found["reason"]
    assert "training" not in found
    assert codes("--gpu", "8g") == []


@pytest.mark.parametrize(
    "keys",
    [
        {"finetuning_type": "oft"},
        {"finetuning_type": "full", "use_galore": True, "optim": "adamw_torch"},
        {"finetuning_type": "full", "use_apollo": True, "optim": "adamw_torch",
         "apollo_target": "mlp", "pure_bf16": True, "bf16": False},
        {"finetuning_type": "full", "use_badam": True},
    ],
)  # fmt: skip
def test_methods_are_told_on_one_gpu_and_not_of_a_divided_model(keys: dict[str, Any]) -> None:
    write(**keys)
    told = memory()["training"]
    full = {"finetuning_type": "full"}
    write(**full)
    assert told["allocated"] < memory()["training"]["allocated"]
    zero = {"zero_optimization": {"stage": 3}, "train_batch_size": "auto"}
    Path("ds.json").write_text(json.dumps(zero), "utf-8")
    write(deepspeed="ds.json", **keys)
    done = call("memory", "c.yaml", "--output-format", "json", "--gpus", "8")
    assert "divided" in json.loads(done.stdout)[0]["reason"]


def test_dimensions_come_from_the_folder_the_hub_or_what_was_recorded() -> None:
    shape = {
        "model_type": "llama", "hidden_size": 64, "intermediate_size": 128, "vocab_size": 1000,
        "num_hidden_layers": 2, "num_attention_heads": 4,
    }  # fmt: skip
    folder = Path("models/small")
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(shape))
    write(model_name_or_path="models/small")
    local = memory()["training"]["parts"]["weights"]
    assert local < 1 << 20
    assert call("record", "c.yaml").exit_code == 2  # no dataset is here, but the model is
    recorded = json.loads(Path("ftlint-facts.json").read_text())["models"]
    assert recorded["models/small"]["config"] == shape
    (folder / "config.json").unlink()
    assert memory()["training"]["parts"]["weights"] == local
    snapshot = Path("hub/models--some--body/snapshots/abc")
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text(json.dumps(shape))
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text("abc")
    write(model_name_or_path="some/body")
    assert memory()["training"]["parts"]["weights"] == local


def test_several_gpus_hold_buckets_and_zero_divides() -> None:
    write()
    alone = memory()["training"]
    pair = memory("--gpus", "2")["training"]
    assert pair["parts"]["buffers"] > alone["parts"]["buffers"]
    write(finetuning_type="full", deepspeed={**AUTO, "zero_optimization": {"stage": 3}})
    two, eight = (memory("--gpus", number)["training"]["allocated"] for number in ("2", "8"))
    assert eight < two
    write(
        finetuning_type="full",
        deepspeed={
            **AUTO,
            "zero_optimization": {"stage": 2, "offload_optimizer": {"device": "cpu"}},
        },
    )
    found = memory("--gpus", "2")
    assert found["training"]["parts"]["optimizer"] == 0
    assert found["host"] > 8 * 7.6e9


def test_whether_it_fits_is_said_in_words_that_mean_one_thing() -> None:
    """`fits: null` is both: no GPU is stated, and it may not fit."""
    for gpu, keys, verdict, fits in (
        (None, {}, None, None),
        ("24g", {}, "may not fit", None),
        ("b200", {}, "fits", True),
        ("24g", {"finetuning_type": "full"}, "does not fit", False),
    ):
        changed: dict[str, Any] = {**keys}
        write(**changed)
        stated = () if gpu is None else ("--gpu", gpu)
        found = memory(*stated)
        assert (found["verdict"], found["fits"]) == (verdict, fits)
        steps = json.loads(call("steps", "c.yaml", "--output-format", "json", *stated).stdout)
        told = steps[0]["memory"]
        assert (told["verdict"], told["fits"]) == (verdict, fits)
        assert (f": {verdict}" in call("steps", "c.yaml", *stated).stdout) is (
            fits is not True and gpu is not None
        )
        assert (found["gpu"], found["gpu_memory"] is None) == (gpu, gpu is None)
    assert memory("--gpu", "24g")["gpu_memory"] == {"total": 24 << 30, "left": (24 << 30) - CONTEXT}


def test_steps_has_a_line() -> None:
    write()
    told = json.loads(call("steps", "c.yaml", "--output-format", "json", "--gpu", "24g").stdout)
    assert told[0]["memory"]["training"] == memory("--gpu", "24g")["training"]["allocated"]
    assert told[0]["memory"]["fits"] is None  # shorter rows may
    assert "memory per GPU" in call("steps", "c.yaml").stdout


def test_text_shows_each_part_and_the_verdict() -> None:
    write(eval_strategy="steps", eval_steps=10, val_size=0.1)
    done = call("memory", "c.yaml", "--gpu", "24g")
    assert done.exit_code == 0
    for word in ("weights", "logits", "allocated", "reserved", "may not fit", "a checkpoint"):
        assert word in done.stdout
    assert "left by CUDA's context                  23.4 GiB" in done.stdout


@pytest.mark.parametrize(
    ("changed", "fits"),
    [({}, None), ({"packing": True}, False), ({"finetuning_type": "full"}, False)],
)
def test_rows_of_unknown_length_decide_nothing(changed: dict[str, Any], fits: bool | None) -> None:
    """With rows of cutoff_len it does not fit: it may with shorter ones, or not with any."""
    write(**changed)
    assert memory("--gpu", "24g")["fits"] is fits


def test_rows_of_at_most_as_many_tokens_decide_nothing_either() -> None:
    """By their bytes no row has more; a row that was counted has as many."""
    Path("data").mkdir()
    rows = [{"instruction": "a" * 9000, "output": "b"}]
    Path("data/faq.json").write_text(json.dumps(rows), "utf-8")
    Path("data/dataset_info.json").write_text('{"faq": {"file_name": "faq.json"}}', "utf-8")
    write()
    found = memory("--gpu", "24g")
    assert any("a token for each byte" in one for one in found["assumptions"])
    assert found["fits"] is None


def rows(count: int) -> None:
    """Write a dataset of so many rows, and define it."""
    Path("data").mkdir(exist_ok=True)
    found = [{"instruction": "a", "input": "", "output": "b" * 9000}] * count
    Path("data/faq.json").write_text(json.dumps(found), "utf-8")
    Path("data/dataset_info.json").write_text('{"faq": {"file_name": "faq.json"}}', "utf-8")


def test_no_batch_has_more_rows_than_there_are() -> None:
    rows(20)
    few: dict[str, Any] = {"val_size": 5, "eval_strategy": "steps", "eval_steps": 10}
    large: dict[str, Any] = {"per_device_train_batch_size": 64, "per_device_eval_batch_size": 64}
    write(**few, per_device_train_batch_size=15, per_device_eval_batch_size=5)
    told = memory("--gpu", "h100-80g")
    write(**few, **large)
    found = memory("--gpu", "h100-80g")
    for phase in ("training", "evaluation"):
        assert found[phase] == told[phase]
    assert found["fits"] == told["fits"]
    for name, most in (("train", 15), ("eval", 5)):
        note = f"no batch has more than {most} rows (`per_device_{name}_batch_size: 64`)"
        assert note in found["assumptions"]
        assert note not in told["assumptions"]
    # Of several processes each is handed a whole batch, filled up from the first rows.
    pair = memory("--gpus", "2")["evaluation"]["parts"]["logits"]
    assert pair == pytest.approx(found["evaluation"]["parts"]["logits"] / 5 * 64)


def test_few_rows_to_evaluate_on_are_no_reason_that_a_run_does_not_fit() -> None:
    keys: dict[str, Any] = {
        "eval_strategy": "steps", "eval_steps": 10, "per_device_eval_batch_size": 2048,
        "model_name_or_path": "Qwen/Qwen2.5-0.5B-Instruct",
    }  # fmt: skip
    rows(20)
    write(val_size=5, **keys)
    assert memory("--gpu", "24g")["fits"] is True
    assert codes("--gpu", "24g") == []
    rows(4000)
    write(val_size=0.8, **keys)
    assert codes("--gpu", "24g") != []


def test_of_packed_rows_it_is_not_known_how_many_blocks_they_fill() -> None:
    write(packing=True, cutoff_len=8192, model_name_or_path="Qwen/Qwen2.5-0.5B-Instruct")
    assert codes("--gpu", "24g") == ["FT803"]  # nothing is known of the data: there are enough
    rows(20)
    assert codes("--gpu", "24g") == ["FT804"]  # one block would fit
    assert memory("--gpu", "24g")["fits"] is None


@pytest.mark.parametrize("key", ["cutoff_len", "per_device_train_batch_size"])
def test_a_number_that_is_none_is_named(key: str) -> None:
    changed: dict[str, Any] = {key: 0}
    write(**changed)
    (told,) = json.loads(call("memory", "c.yaml", "--output-format", "json").stdout)
    assert told["reason"] == f"`{key}: 0` is not an integer from 1 to 4,294,967,295"


def test_a_gpu_in_a_comment_that_is_none_is_reported() -> None:
    write("# ftlint: gpu=banana\n")
    done = json.loads(call("check", "c.yaml", "--output-format", "json").stdout)
    (found,) = (one for one in done["diagnostics"] if one["code"] == "FT903")
    assert "`banana` is an unknown GPU" in found["message"]
    write("# ftlint: gpu=24g\n")
    done = json.loads(call("check", "c.yaml", "--output-format", "json").stdout)
    assert not any(one["code"] == "FT903" for one in done["diagnostics"])


def test_what_zero_divides_is_known_only_with_its_config_and_the_number_of_gpus() -> None:
    write(finetuning_type="full", deepspeed="elsewhere/ds_z3.json")
    assert json.loads(call("memory", "c.yaml", "--output-format", "json").stdout)[0]["reason"]
    assert codes("--gpu", "24g") == []
    write(finetuning_type="full", deepspeed={"zero_optimization": {"stage": 3}})
    assert codes("--gpu", "8g") == []  # on enough of them it fits
    assert codes("--gpu", "8g", "--gpus", "2") == ["FT803"]


def test_the_linter_loads_none_of_it_unless_a_gpu_is_stated() -> None:
    write()
    program = (
        "import sys; from ftlint.engine import lint_bytes;"
        "from ftlint.project.options import Options;"
        "from ftlint.target.releases import resolve_target;"
        "lint_bytes('c.yaml', open('c.yaml', 'rb').read(), Options(resolve_target()));"
        "print([name for name in sys.modules if name.startswith('ftlint.memory')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
