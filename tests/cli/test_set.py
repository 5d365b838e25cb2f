"""`--set KEY=VALUE`: what whoever starts a run sets over its config."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.calls import invoke, write

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """\
model_name_or_path: Qwen/Qwen2.5-0.5B
stage: sft
do_train: true
finetuning_type: lora
dataset: x
template: qwen
output_dir: out
logging_steps: 1
per_device_train_batch_size: 1
gradient_accumulation_steps: 8
num_train_epochs: 3.0
learning_rate: 1.0e-4
"""


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write(tmp_path / "c.yaml", CONFIG)


def check(*settings: str, more: tuple[str, ...] = (), file: str = "c.yaml") -> list[dict[str, Any]]:
    options = [word for one in settings for word in ("--set", one)]
    done = invoke("check", file, "--isolated", "--output-format", "jsonl", *options, *more)
    assert done.status in (0, 1), done.err
    return [json.loads(line) for line in done.out.splitlines()]


def told(*settings: str, more: tuple[str, ...] = ()) -> dict[str, str]:
    return {one["code"]: one["message"] for one in check(*settings, more=more)}


def test_nothing_is_said_of_what_is_set_to_what_the_file_says() -> None:
    before = check()
    assert check("learning_rate=1e-4", "num_train_epochs=3") == before


def test_a_wrong_key_and_a_wrong_type_name_the_argument() -> None:
    found = {one["code"]: one for one in check("learnig_rat=1e-4", "lora_rank=many")}
    assert found["FT101"]["key"] == "learnig_rat"
    assert "(`--set learnig_rat=1e-4`)" in found["FT101"]["message"]
    assert "(`--set lora_rank=many`)" in found["FT105"]["message"]
    for one in (found["FT101"], found["FT105"]):
        assert one["start"] == {"line": 1, "column": 1, "offset": 0}
        assert one["fix"] is None


def test_values_are_typed_as_omegaconf_does_even_where_the_file_is_read_by_pyyaml(
    config: Path,
) -> None:
    config.write_text(CONFIG.replace("1.0e-4", "1e-4"))
    old = ("--target", "0.9.3")
    assert "FT006" in told(more=old)
    assert "FT006" not in told("learning_rate=1e-4", more=old)


def test_max_steps_takes_precedence_and_nothing_of_the_file_is_removed(config: Path) -> None:
    (found,) = [one for one in check("max_steps=50") if one["code"] == "FT201"]
    assert (found["start"]["line"], found["key"]) == (11, "num_train_epochs")
    assert found["message"].endswith("(with `--set max_steps=50`)")
    assert found["fix"] is None
    assert invoke("check", "c.yaml", "--isolated", "--fix", "--set", "max_steps=50").status == 1
    assert config.read_text() == CONFIG


def test_a_fix_is_made_only_where_it_is_due_with_and_without(config: Path) -> None:
    text = f"{CONFIG}max_steps: 100\n"
    config.write_text(text)
    both = ("check", "c.yaml", "--isolated", "--fix", "--set")
    invoke(*both, "max_steps=-1")
    assert config.read_text() == text
    invoke(*both, "seed=7")
    assert config.read_text() == text.replace("num_train_epochs: 3.0\n", "")


def test_a_rename_to_a_key_that_is_set_is_left_alone(config: Path) -> None:
    text = CONFIG.replace("learning_rate", "learnig_rate")
    config.write_text(text)
    invoke("check", "c.yaml", "--isolated", "--fix", "--set", "learning_rate=2e-4")
    assert config.read_text() == text
    invoke("check", "c.yaml", "--isolated", "--fix", "--set", "seed=7")
    assert config.read_text() == CONFIG


def test_a_comment_that_is_of_use_without_is_not_called_unused(config: Path) -> None:
    line = "num_train_epochs: 3.0"
    config.write_text(f"{CONFIG}max_steps: 9\n".replace(line, f"{line}  # ftlint: ignore[FT201]"))
    assert not told().keys() & {"FT201", "FT901"}
    assert not told("max_steps=-1").keys() & {"FT201", "FT901"}


def test_a_list_over_a_mapping_crashes(config: Path) -> None:
    config.write_text(f"{CONFIG}mm_processor_kwargs: {{a: 1}}\n")
    message = told("mm_processor_kwargs=[1]")["FT4190"]
    assert "is set to a list, and is a mapping in the file" in message
    assert "FT4190" not in told("mm_processor_kwargs={b: 2}")
    assert "FT4190" not in told("mm_processor_kwargs.b=2")
    assert "FT4190" not in told("mm_processor_kwargs=null")


def test_secrets_are_not_shown() -> None:
    secret = "hf_AbCdEfGhIjKlMnOpQrStUvWx12"
    messages = " ".join(told(f"hub_tokn={secret}", "lora_rank=x", "max_steps=50").values())
    assert "`--set hub_tokn=" in messages.partition("(with ")[2]
    assert "hub_tokn" in messages
    assert secret not in messages
    broken = invoke("check", "c.yaml", "--set", f"hub_token=[{secret}")
    assert broken.status == 2
    assert secret not in broken.err


@pytest.mark.parametrize(
    ("argument", "target", "says"),
    [
        ("a=[1,", "0.9.5", "--set a=[1,: "),
        ("a=${", "0.9.5", "--set a=${: "),
        ("max_steps=5", "0.9.2", "0.9.2 takes no KEY=VALUE behind a config (0.9.3 and later do)"),
    ],
)
def test_what_no_release_takes_is_wrong_usage(argument: str, target: str, says: str) -> None:
    for command in ("check", "steps", "memory"):
        done = invoke(command, "c.yaml", "--isolated", "--target", target, "--set", argument)
        assert done.status == 2
        assert says in done.err


def test_steps_and_memory_count_with_it() -> None:
    of = ("c.yaml", "--isolated", "--output-format", "json")
    steps = ("steps", *of, "--dataset-size", "1000")
    (alone,) = json.loads(invoke(*steps).out)
    (over,) = json.loads(invoke(*steps, "--set", "max_steps=50").out)
    (more,) = json.loads(invoke(*steps, "--set", "per_device_train_batch_size=4").out)
    assert [one["total_steps"] for one in (alone, over, more)] == [375, 50, 96]
    peaks = [
        json.loads(invoke("memory", *of, "--set", f"cutoff_len={length}").out)[0]
        for length in (512, 4096)
    ]
    low, high = (one["training"]["parts"]["activations"] for one in peaks)
    assert low < high


def test_record_takes_the_dataset_that_is_set(tmp_path: Path) -> None:
    write(tmp_path / "data" / "dataset_info.json", '{"y": {"file_name": "y.json"}}')
    write(tmp_path / "data" / "y.json", '[{"instruction": "a", "input": "", "output": "b"}]')
    assert "y: 1 row in 1 file" not in invoke("record", "c.yaml", "--isolated").out
    done = invoke("record", "c.yaml", "--isolated", "--set", "dataset=y")
    assert "y: 1 row in 1 file" in done.out


def test_kept_results_are_those_of_what_is_set(tmp_path: Path) -> None:
    for number in range(30):
        write(tmp_path / "many" / f"{number}.yaml", CONFIG.replace("out", f"out{number}"))

    def codes(*more: str) -> set[str]:
        done = invoke("check", "many", "--isolated", "--output-format", "jsonl", *more)
        return {json.loads(line)["code"] for line in done.out.splitlines()}

    for _ in range(2):
        assert "FT201" not in codes()
        assert "FT201" in codes("--set", "max_steps=50")
