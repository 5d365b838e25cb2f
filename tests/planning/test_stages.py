"""Later stages against the configs beside them: what is told, and that nothing else is."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.cli.calls import invoke

if TYPE_CHECKING:
    from pathlib import Path

FIRST = """model_name_or_path: meta-llama/Llama-3.2-1B-Instruct
stage: sft
do_train: true
finetuning_type: lora
dataset: identity
template: llama3
output_dir: saves/sft/stage-1
learning_rate: 1.0e-4
"""
SECOND = FIRST.replace("stage-1", "stage-2") + "adapter_name_or_path: saves/sft/stage-1\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "first.yaml").write_text(FIRST, "utf-8")
    return tmp_path


def told(folder: Path, second: str = SECOND) -> list[str]:
    """Return the messages on the second stage of the two rules that compare stages."""
    (folder / "configs" / "second.yaml").write_text(second, "utf-8")
    done = invoke("--isolated", "--output-format", "jsonl", "configs/second.yaml")
    found = [json.loads(line) for line in done.out.splitlines()]
    return [one["message"] for one in found if one["code"] in ("FT308", "FT309")]


def test_a_later_stage_takes_a_lower_rate(folder: Path) -> None:
    (message,) = told(folder)
    assert message.startswith("`learning_rate: 1.0e-4` is not below 1.0e-4 of first.yaml, whose")
    assert told(folder, SECOND.replace("1.0e-4", "5.0e-5")) == []
    assert told(folder, SECOND.replace("1.0e-4", "2e-4")) != []
    assert told(folder, SECOND.replace("saves/sft/stage-1", "./saves//sft/stage-1/")) != []
    assert told(folder, SECOND.replace("sft/stage-1", "sft/stage-1/checkpoint-500")) != []


@pytest.mark.parametrize(
    "first",
    [
        FIRST.replace("learning_rate: 1.0e-4\n", ""), FIRST.replace("stage: sft", "stage: pt"),
        FIRST.replace("saves/sft/stage-1", "saves/other/1"),
        FIRST.replace("output_dir: saves", "output_dir: ${HOME}/saves"), "output_dir: [\n", "",
        FIRST.replace("finetuning_type: lora", "finetuning_type: full"),
        FIRST.replace("sft/stage-1", "sft/stage-1#2"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_not(folder: Path, first: str) -> None:
    (folder / "configs" / "first.yaml").write_text(first, "utf-8")
    assert told(folder) == []


def test_of_several_that_write_it_the_fastest_counts(folder: Path) -> None:
    (folder / "configs" / "a.yaml").write_text(FIRST.replace("1.0e-4", "1.0e-5"), "utf-8")
    assert told(folder, SECOND.replace("1.0e-4", "5.0e-5")) == []
    assert "first.yaml" in told(folder)[0]


@pytest.mark.parametrize(
    "first",
    [
        FIRST.replace("\n", "\r\n"), FIRST.replace("saves/sft/stage-1", '"saves/sft/stage-1"'),
        FIRST.replace("output_dir", "'output_dir'"), FIRST.replace("stage-1", "stage-1/  # here"),
    ],
)  # fmt: skip
def test_other_ways_to_write_it(folder: Path, first: str) -> None:
    (folder / "configs" / "first.yaml").write_bytes(first.encode())
    assert len(told(folder)) == 1


def test_a_neighbour_of_blanks_takes_no_time(folder: Path) -> None:
    hostile = "output_dir:" + " " * 50_000 + "'\n" + "stage: x" + " " * 10_000 + "'"
    (folder / "configs" / "z.yaml").write_text(hostile, "utf-8")
    assert len(told(folder)) == 1


def test_a_slip_in_the_folder_to_begin_with(folder: Path) -> None:
    slip = SECOND.replace("saves/sft/stage-1", "saves/sft/stage1")
    assert told(folder, slip) == [
        "`adapter_name_or_path: saves/sft/stage1` does not exist and no config in this folder"
        " writes it: did you mean saves/sft/stage-1, from first.yaml?"
    ]
    more = folder / "configs" / "more.json"
    for spoken in ('{"output_dir": "saves/sft/stage1"}', "x" * 70_000):
        more.write_text(spoken, "utf-8")
        assert told(folder, slip) == []
    more.unlink()
    for unread in (b'{"output_dir": "saves\\/sft\\/stage1"}\0', None):
        hidden = folder / "configs" / "hidden.YAML"
        hidden.unlink(missing_ok=True)
        hidden.symlink_to("nowhere") if unread is None else hidden.write_bytes(unread)
        assert told(folder, slip) == []
    hidden.unlink()
    (folder / "saves" / "sft" / "stage1").mkdir(parents=True)
    assert told(folder, slip) == []


@pytest.mark.parametrize(
    "begun",
    [
        "owner/adapter",
        "saves/sft/quite-another",
        "/saves/sft/stage1",
        "saves/a,saves/b",
        "saves/sft/stage-3",
        "saves/sft/sage",
        "saves/sfu/stage-1",
    ],
)
def test_other_beginnings_are_left_alone(folder: Path, begun: str) -> None:
    assert told(folder, SECOND.replace("saves/sft/stage-1", begun)) == []


def test_what_is_no_file_is_passed_over(folder: Path) -> None:
    (folder / "configs" / "a.yaml").mkdir()
    os.mkfifo(folder / "configs" / "b.yaml")
    (folder / "configs" / "c.yaml").write_bytes(b"\xff\xfe\x00output_dir: \xff\n" * 9)
    (folder / "configs" / "d.yaml").symlink_to("nowhere")
    assert len(told(folder)) == 1


def test_full_models_count_too(folder: Path) -> None:
    full = FIRST.replace("lora", "full").replace("stage-1", "stage-2")
    first = FIRST.replace("lora", "full")
    (folder / "configs" / "first.yaml").write_text(first, "utf-8")
    full = full.replace("meta-llama/Llama-3.2-1B-Instruct", "saves/sft/stage-1")
    assert len(told(folder, full)) == 1


def test_a_kept_result_knows_of_its_siblings(folder: Path) -> None:
    """What was found before counts no more when the config beside it has changed."""
    for number in range(20):
        (folder / "configs" / f"more-{number}.yaml").write_text(FIRST, "utf-8")
    assert len(told(folder)) == 1
    for name in [path.name for path in (folder / "configs").glob("*.yaml")]:
        if name != "second.yaml":
            text = FIRST.replace("1.0e-4", "2.0e-4")
            (folder / "configs" / name).write_text(text, "utf-8")
    assert told(folder) == []
