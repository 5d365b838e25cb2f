"""What is made of names that LLaMA Factory does not know: told, mended or left to their owner."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from ftlint.engine import lint
from ftlint.fixes.apply import fix
from ftlint.rules.forks import foreign_keys
from ftlint.syntax.source import of_text
from ftlint.target.keys import Catalogue
from ftlint.target.releases import resolve_target
from ftschemas import compiled
from tests.cli.calls import invoke
from tests.rules.configs import HEAD
from tests.rules.guessing import fixed, found, options

if TYPE_CHECKING:
    from pathlib import Path


FORK = "tent_generation_len: 5\nemft_alpha: 0.3\n"


VARIABLES = """WANDB_API_KEY WANDB_PROJECT HF_TOKEN MASTER_ADDR MASTER_PORT CUDA_VISIBLE_DEVICES
NCCL_P2P_DISABLE FORCE_TORCHRUN USE_MCA OMP_NUM_THREADS MY_OWN_NAME SEED
cuda_visible_devices wandb_project nccl_debug force_torchrun nproc_per_node Cuda_Visible_Devices
CUDA_VISIBLE_DEVICfES https_proxy""".split()


@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize("target", ["0.9.2", "0.9.3", "0.9.5"])
def test_a_variable_is_told_and_left(name: str, target: str) -> None:
    text = f"{name}: topsecret123\n"
    (told,) = found(text, target).values()
    assert (told.code, told.severity, told.key) == ("FT123", "error", name)
    assert (told.fix, "topsecret123" in told.message) == (None, False)
    assert fixed(text, target, unsafe=True) == text


def test_a_variable_that_spells_a_key_in_capitals_names_it_in_words_alone() -> None:
    for name in ("SEED", "LEARNING_RATE", "HF_HUB_TOKEN"):
        told = found(f"{name}: 1\n")[name]
        assert told.message.endswith(f": keys are lower case: write `{name.lower()}`.")
        assert (told.code, told.fix) == ("FT123", None)
    assert "lower case" not in found("MASTER_ADDR: a\n")["MASTER_ADDR"].message


@pytest.mark.parametrize(
    ("name", "proper"),
    [
        ("wandb_project", "WANDB_PROJECT"),
        ("Cuda_Visible_Devices", "CUDA_VISIBLE_DEVICES"),
    ],
)
def test_a_variable_in_other_letters_is_told_in_those_that_count(name: str, proper: str) -> None:
    told = found(f"{name}: a\n")[name]
    assert told.message.endswith(f"set it in the environment, as `{proper}`.")
    assert found("WANDB_MODE: a\n", "0.9.5", "ALLOW_EXTRA_ARGS")["WANDB_MODE"].code == "FT566"


@pytest.mark.parametrize("key", ["hf_token", "WANDB_API_KEY", "push_to_hub_token", "hub_tokn"])
def test_secrets_are_neither_moved_nor_shown(tmp_path: Path, key: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(f"{HEAD}{key}: topsecret123\n", "utf-8")
    for report in ("text", "json", "concise", "sarif", "github", "gitlab", "junit"):
        said = invoke("--isolated", "--no-cache", "--output-format", report, path)
        assert key in said.out
        assert "topsecret123" not in said.out + said.err
    invoke("--isolated", "--no-cache", "--unsafe-fixes", path)
    assert path.read_text("utf-8").endswith(f"{key}: topsecret123\n")


def test_a_forks_own_keys_are_left_alone() -> None:
    text = f"use_emft_loss: true\nlearning_rate_enc: 1.0e-4\n{FORK}"
    told = found(text)
    assert {one.code for one in told.values()} == {"FT101"}
    assert not any("meant" in one.message or one.fix for one in told.values())
    assert fixed(text, unsafe=True) == text
    assert fixed("use_emft_loss: true\n", unsafe=True) == "use_emft_loss: true\n"


def test_beside_a_forks_keys_a_slip_and_a_habit_are_no_safe_repair() -> None:
    text = f"learnig_rate: 1.0e-4\nmax_samplse: 5\nnum_epochs: 3\n{FORK}"
    assert fixed(text) == text
    after = fixed(text, unsafe=True)
    assert after == f"learning_rate: 1.0e-4\nmax_samples: 5\nnum_train_epochs: 3\n{FORK}"
    renamed = f"evaluation_strategy: 'no'\n{FORK}"  # every release knows what became of it
    assert fixed(renamed) == f"eval_strategy: 'no'\n{FORK}"


def test_two_slips_do_not_make_a_fork() -> None:
    others = "gradient_acumulation_step: 2\nWANDB_MODE: x\nmoe_grouped_gemm: true\n"
    text = f"{others}logging_stpes: 5\nmax_samplse: 5\nr: 8\n"
    assert fixed(text) == f"{others}logging_steps: 5\nmax_samples: 5\nlora_rank: 8\n"


def test_no_edit_removes_what_may_be_anothers() -> None:
    for key in ("tokenizer", "device_map", "global_batch_size", "grpo_beta", "num_gpus"):
        told = found(f"{key}: 1\n")[key]
        assert (told.code, told.fix) == ("FT101", None)
    assert fixed("load_in_8bit: false\n") == ""
    assert fixed(f"load_in_8bit: false\n{FORK}", unsafe=True) == f"load_in_8bit: false\n{FORK}"


def test_of_two_keys_with_two_values_no_edit_chooses() -> None:
    text = "evaluation_strategy: steps\neval_strategy: epoch\nval_size: 0.1\neval_steps: 5\n"
    assert "keep one" in found(text)["evaluation_strategy"].message
    assert fixed(text, unsafe=True).startswith("evaluation_strategy: steps\neval_strategy: epoch")
    same = "flash_attention: true\nflash_attn: fa2\n"
    assert fixed(same) == "flash_attn: fa2\n"


MEGATRON = """tensor_model_parallel_size: 2
pipeline_model_parallel_size: 2
sequence_parallel: true
moe_grouped_gemm: true
"""


def test_megatron_keys_have_one_cause() -> None:
    (told,) = found(MEGATRON).values()
    assert (told.code, told.key, told.fix) == ("FT4171", "tensor_model_parallel_size", None)
    assert "and 3 more" in told.message
    assert "add `--fact env=USE_MCA=1`" in told.message
    (told,) = found(MEGATRON, "0.9.5", "FORCE_TORCHRUN").values()
    assert (told.code, told.key, told.fix) == ("FT124", "tensor_model_parallel_size", None)
    assert (
        "`USE_MCA=1` in the environment (tell ftlint with `--fact env=USE_MCA=1`)" in told.message
    )
    assert len(told.message) <= 160
    assert "0.9.4" in found(MEGATRON, "0.9.3")["tensor_model_parallel_size"].message
    assert found(MEGATRON, "0.9.5", "USE_MCA") == {}
    assert list(found(MEGATRON + "num_epochs: 3\n")) == ["tensor_model_parallel_size", "num_epochs"]
    assert fixed(MEGATRON, unsafe=True) == MEGATRON


@pytest.mark.parametrize(
    ("key", "value", "target", "says"),
    [
        ("template", "qwen3_vl", "0.9.3", "new in LLaMA Factory 0.9.4"),
        ("template", "qwen3_5", "0.9.4", "new in LLaMA Factory 0.9.5"),
        ("template", "gemma2", "0.9.3", "new in LLaMA Factory 0.9.4"),
        ("template", "baichuan2", "0.9.5", "last accepted by LLaMA Factory 0.9.4"),
        ("template", "qwen3-vl", "0.9.3", "did you mean `qwen3_vl` (new in"),
        ("template", "gpt", "0.9.3", "did you mean `gpt_oss` (new in"),
        ("template", "llama3_web", "0.9.5", "lists the 121 values"),
        ("template", "vanilla", "0.9.5", "no equivalent"),
        ("finetuning_type", "oft", "0.9.3", "new in LLaMA Factory 0.9.4"),
        ("stage", "grpo", "0.9.5", "no equivalent"),
        ("optim", "apollo_adamw", "0.9.1", "new in transformers 4."),
    ],
)
def test_a_value_of_another_release_is_told_and_left(
    key: str, value: str, target: str, says: str
) -> None:
    text = "".join(line for line in HEAD.splitlines(True) if not line.startswith(key))
    source = of_text("c.yaml", f"{text}{key}: {value}\n")
    (told,) = (one for one in lint(source, options(target)).diagnostics if one.key == key)
    assert (told.code, told.severity, told.fix) == ("FT106", "error", None)
    assert says in told.message
    assert fix(source, options(target), unsafe=True).source.text == source.text


def test_a_slip_in_a_value() -> None:
    assert fixed("lr_scheduler_type: cosin\n", unsafe=True) == "lr_scheduler_type: cosine\n"
    assert fixed("lr_scheduler_type: cosin\n") == "lr_scheduler_type: cosin\n"
    assert fixed("lr_scheduler_type: Cosine\n") == "lr_scheduler_type: cosine\n"
    told = found(f"lr_scheduler_type: cosin\n{FORK}")["lr_scheduler_type"]
    assert told.fix is not None
    assert told.fix.applicability == "unsafe"


@pytest.mark.parametrize(
    ("written", "after"),
    [
        ("cache_path: a/b", "tokenized_path: a/b"),
        ("train_last_turn_only: true", "mask_history: true"),
        ("new_normal_tokens: a,b", "add_tokens: a,b"), ("neft_alpha: 5", "neftune_noise_alpha: 5"),
        ("max_seq_length: 512", "cutoff_len: 512"), ("r: 8", "lora_rank: 8"),
        ("target_modules: all-linear", "lora_target: all"),
        ("tuner_type: full", "finetuning_type: full"),
        ("num_epochs: 3", "num_train_epochs: 3"), ("max_shard_size: 5GB", "export_size: 5"),
        ("micro_batch_size: 2", "per_device_train_batch_size: 2"),
    ],
)  # fmt: skip
def test_habits_that_say_the_same_are_mended(written: str, after: str) -> None:
    if written.startswith("max_shard"):
        text = f"model_name_or_path: a/b\ntemplate: qwen\nexport_dir: out\n{written}\n"
        assert fix(of_text("c.yaml", text), options()).source.text.endswith(f"\n{after}\n")
    elif after.startswith("finetuning_type"):
        text = HEAD.replace("finetuning_type: lora\n", "")
        assert after in fix(of_text("c.yaml", f"{text}{written}\n"), options()).source.text
    else:
        assert fixed(f"{written}\n") == f"{after}\n"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("evals_per_epoch: 4", "eval_steps"), ("deepspeed_stage: 3", "deepspeed"),
        ("lora_scale: 2.0", "lora_alpha"), ("loss_type: nll", "pref_loss"),
        ("max_seq_lenght: 512", "cutoff_len"), ("quantization: nf4", "quantization_bit"),
        ("warmup: true", "warmup_steps"), ("precision: bf16-mixed", "infer_dtype"),
    ],
)  # fmt: skip
def test_what_says_another_thing_is_named_and_not_written(written: str, meant: str) -> None:
    (told,) = found(f"{written}\n").values()
    assert f"`{meant}`" in told.message
    assert told.fix is None
    assert fixed(f"{written}\n", unsafe=True) == f"{written}\n"


def test_a_dataset_is_never_taken_for_another(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    rows = json.dumps([{"instruction": "q", "input": "", "output": "a"}] * 9)
    names = ["kid-v2_test", "gsm8k_demo", "alpaca_2", "chats"]
    (data / "dataset_info.json").write_text(
        json.dumps({one: {"file_name": f"{one}.json"} for one in names}), "utf-8"
    )
    for one in names:
        (data / f"{one}.json").write_text(rows, "utf-8")
    path = tmp_path / "c.yaml"

    def judged(name: str) -> tuple[str, str]:
        text = HEAD.replace("dataset: alpaca\n", f"dataset: {name}\ndataset_dir: {data}\n")
        path.write_text(text, "utf-8")
        said = invoke("--isolated", "--no-cache", "--output-format", "json", path).out
        (told,) = (one for one in json.loads(said)["diagnostics"] if one["code"] == "FT701")
        invoke("--isolated", "--no-cache", "--unsafe-fixes", path)
        return told["message"], path.read_text("utf-8").partition("dataset: ")[2].split("\n")[0]

    for name in ("kid-v2", "kid-v2_train", "gsm8k", "gsm8k_train", "alpaca_3", "alpaca"):
        message, after = judged(name)
        assert (after, "did you mean" in message, "it defines kid-v2_test" in message) == (
            name,
            False,
            True,
        )
    message, after = judged("chast")
    assert (after, "did you mean `chats`?" in message) == ("chats", True)


def test_a_missing_file_is_never_taken_for_what_it_is_not(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    table = {"own": {"file_name": "mydataset.json"}, "other": {"file_name": "mydatasets.json"}}
    (data / "dataset_info.json").write_text(json.dumps(table), "utf-8")
    (data / "mydatasets.json").write_text('[{"instruction": "q", "output": "a"}]', "utf-8")
    (data / "mydataset_test.json").write_text("[]", "utf-8")
    path = tmp_path / "c.yaml"
    path.write_text(HEAD.replace("dataset: alpaca", f"dataset: own\ndataset_dir: {data}"), "utf-8")

    def message() -> str:
        said = invoke("--isolated", "--no-cache", "--output-format", "json", path).out
        (told,) = (one for one in json.loads(said)["diagnostics"] if one["code"] == "FT703")
        return str(told["message"])

    assert "meant" not in message()
    (data / "mydataset.jsonl").write_text("", "utf-8")
    assert "did you mean `mydataset.jsonl`?" in message()


def test_foreign_keys_are_those_that_nothing_explains() -> None:
    class Seen:
        catalogue = Catalogue(resolve_target("0.9.5"), "train")
        entries = dict.fromkeys(
            """learning_rate learnig_rate max_seq_length WANDB_MODE image_resolution export_dir
            moe_grouped_gemm emft_alpha grpo_beta max_seq_lenght""".split()
        )

    assert list(foreign_keys(Seen)) == ["emft_alpha", "grpo_beta"]  # type: ignore[arg-type]


def test_beside_unknown_keys_a_fix_is_told_and_why_it_is_not_written() -> None:
    text = "foo_bar: 1\nbuffer_size: 64\n"
    judged = lint(of_text("c.yaml", HEAD + text), options()).diagnostics
    (told,) = [one.fix for one in judged if one.code == "FT541"]
    assert told is not None
    assert (told.applicability, told.edits) == ("display", ())
    assert told.message == (
        "remove `buffer_size`; not written: the file has unknown keys (`foo_bar`)"
    )


def test_what_was_removed_is_told_once_and_short() -> None:
    told = 0
    for version in ("0.9.5", "0.9.4", "0.9.3"):
        for name in sorted({*compiled.KEYS, *compiled.REMOVED}):
            for value in ("true", "1", "foo"):
                one = found(f"{name}: {value}\n", version).get(name)
                if one is None or one.code != "FT102":
                    continue
                told += 1
                assert len(one.message) <= 160, one.message
                assert len(re.findall(r"removed|renamed|last in", one.message)) == 1, one.message
    assert told > 100


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("load_in_4bit: true\n", "rename `load_in_4bit: true` to `quantization_bit: 4`"),
        ("lr: 1.0e-4\n", "rename `lr` to `learning_rate`"),
    ],
)
def test_a_fix_that_renames_names_the_value_where_it_changes(text: str, says: str) -> None:
    (told,) = found(text).values()
    assert told.fix is not None
    assert told.fix.message == says


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("save_total: 3\n", "save_total_limit: 3\n"),
        ("neftune: 5\n", "neftune_noise_alpha: 5\n"),
        ("neftune: true\n", "neftune: true\n"),
        ("gradient_clip: 1.0\n", "gradient_clip: 1.0\n"),
    ],
)
def test_a_shorter_name_is_written_in_full_where_it_means_the_same(text: str, after: str) -> None:
    assert fixed(text) == after


def test_a_bare_no_is_told_with_its_key() -> None:
    judged = lint(of_text("c.yaml", HEAD + "save_strategy: off\n"), options()).diagnostics
    (told,) = [one.message for one in judged if one.code == "FT007"]
    assert told == (
        'Unquoted `off` is parsed as `false`, but `save_strategy` expects a string: write `"no"`.'
    )
