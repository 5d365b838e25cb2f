"""What configs use is named: the configs are judged, those of this project and no others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ftlint.run import dependents
from tests.cli.calls import invoke

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """\
model_name_or_path: Qwen/Qwen2.5-0.5B
stage: {stage}
do_train: true
finetuning_type: lora
dataset: {dataset}
template: qwen
output_dir: saves/faq
logging_steps: 10
{more}
"""
ROW = {"instruction": "q", "input": "", "output": "a"}


def config(dataset: str = "faq", more: str = "", stage: str = "sft") -> str:
    return CONFIG.format(dataset=dataset, more=more, stage=stage)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository: two configs, of which one has DeepSpeed settings, and two datasets."""
    root = tmp_path / "project"
    info = {"faq": {"file_name": "faq.jsonl"}, "chat": {"file_name": "shards"}}
    lay(root, {
        ".git/HEAD": "ref: refs/heads/main\n",
        "configs/faq.yaml": config(),
        "configs/chat.yaml": config("chat", "deepspeed: ds/z2.json"),
        "data/dataset_info.json": json.dumps(info),
        "data/faq.jsonl": f"{json.dumps(ROW)}\n" * 9,
        "data/shards/one.json": json.dumps([ROW] * 9),
        "ds/z2.json": json.dumps({"zero_optimization": {"stage": 2}}),
    })  # fmt: skip
    monkeypatch.chdir(root)
    return root


def lay(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def users(*names: str) -> list[str]:
    """Return the configs that are judged for these files, with the file each uses."""
    done = invoke("--isolated", "--show-files", *names)
    assert done.status == 0
    return [line for line in done.out.splitlines() if ": it uses " in line]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("data/dataset_info.json", ["chat", "faq"]),
        ("data/faq.jsonl", ["faq"]),
        ("data/shards/one.json", ["chat"]),
        ("ds/z2.json", ["chat"]),
    ],
)
@pytest.mark.usefixtures("project")
def test_the_configs_that_use_a_file_are_judged(name: str, wanted: list[str]) -> None:
    assert users(name) == [
        f"configs/{one}.yaml: checked as train: it uses {name}" for one in wanted
    ]


@pytest.mark.parametrize("stage", ["pt", "sft", "rm", "ppo", "dpo", "kto"])
def test_they_are_found_in_every_stage(project: Path, stage: str) -> None:
    lay(project, {"configs/faq.yaml": config(stage=stage)})
    assert len(users("data/faq.jsonl")) == 1


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("data/dataset_info.json", '{"questions": {"file_name": "faq.jsonl"}}', "FT701"),
        ("data/faq.jsonl", '{"instruction": "q", "outp\n', "FT704"),
        ("ds/z2.json", '{"zero_optimization": {"stage": 2},', "FT477"),
        ("ds/z2.json", '\ufeff{"zero_optimization": {"stage": 2}}', "FT477"),
        ("ds/z2.json", '{"bf16": {"enabled": "auto"}}', "FT109"),
    ],
)
def test_a_change_that_breaks_them_is_found(project: Path, name: str, text: str, code: str) -> None:
    assert invoke("--isolated", "--select", code, name).status == 0
    lay(project, {name: text})
    done = invoke("--isolated", "--select", code, "--output-format", "concise", name)
    assert done.status == 1
    assert code in done.out


def test_a_config_that_is_named_as_well_is_judged_once(project: Path) -> None:
    lay(project, {"configs/faq.yaml": config() + "no_such_key: 1\n"})
    done = invoke("--isolated", "--output-format", "json", "data/faq.jsonl", "configs/faq.yaml")
    assert done.out.count('"FT101"') == 1


def test_what_nobody_named_is_not_repaired(project: Path) -> None:
    text = config() + "evaluation_strategy: steps\n"
    lay(project, {"configs/faq.yaml": text})
    assert invoke("--isolated", "--fix", "data/faq.jsonl").status == 1
    assert (project / "configs/faq.yaml").read_text("utf-8") == text


def test_without_a_project_nothing_is_searched(project: Path) -> None:
    (project / ".git" / "HEAD").unlink()
    (project / ".git").rmdir()
    assert users("data/faq.jsonl") == []
    (project / "ftlint.toml").write_text('target = "0.9.5"\n', encoding="utf-8")
    done = invoke("--show-files", "data/faq.jsonl")
    assert "configs/faq.yaml: checked as train: it uses data/faq.jsonl" in done.out


def test_nothing_outside_the_project_is_read(project: Path) -> None:
    outside = project.parent / "outside"
    lay(outside, {"c.yaml": config(), "sub/d.yaml": config()})
    (project / "configs" / "link.yaml").symlink_to(outside / "c.yaml")
    (project / "linked").symlink_to(outside / "sub")
    assert [line.partition(":")[0] for line in users("data/faq.jsonl")] == ["configs/faq.yaml"]


def test_other_json_has_no_users_and_a_search_that_is_cut_off_says_so(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(project, {"other.json": '{"a": 1}'})
    assert users("other.json") == []
    monkeypatch.setattr(dependents, "MOST", 2)
    done = invoke("--isolated", "data/faq.jsonl")
    assert "ftlint: data/faq.jsonl: only the first 2 YAML and JSON files" in done.err
    monkeypatch.setattr(dependents, "MOST", 100)
    monkeypatch.setattr(dependents, "MOST_EXAMINED", 1)
    done = invoke("--isolated", "data/dataset_info.json")
    assert "only the first 1 configs" in done.err
