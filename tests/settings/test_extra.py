"""Keys and values of a fork, which settings teach: known everywhere, and slips of them told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ftlint.project.reading import load
from ftlint.project.request import BadSettings
from tests.cli.calls import invoke

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """\
model_name_or_path: Qwen/Qwen2.5-0.5B
stage: sft
do_train: true
finetuning_type: lora
dataset: d
template: qwen
output_dir: saves/run
bf16: true
"""
SETTINGS = """\
extra-keys = ["use_akl_loss", "akl_mu", "akl_mode"]
extra-values = {stage = ["akl"], akl_mode = ["forward", "reverse"], template = ["qwen_akl"]}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ftlint.toml").write_text(SETTINGS, "utf-8")
    return tmp_path


def told(folder: Path, more: str, *arguments: str) -> list[dict[str, Any]]:
    """Return what is said of the config with other lines, which stand in place of its own."""
    lines = {line.partition(":")[0]: line for line in (CONFIG + more).splitlines()}
    (folder / "c.yaml").write_text("\n".join(lines.values()) + "\n", "utf-8")
    done = invoke("--no-cache", "--output-format", "json", *arguments, "c.yaml")
    assert done.status in (0, 1), done.err
    found: list[dict[str, Any]] = json.loads(done.out)["diagnostics"]
    return found


def brief(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(one["code"], one["key"]) for one in found if one["severity"] != "info"]


@pytest.mark.parametrize(
    "lines",
    [
        "use_akl_loss: true",
        "akl_mu: 0.5",
        "akl_mu: [1, 2]",
        "akl_mu: null",
        "akl_mode: reverse",
        "akl_mode: forward\nuse_akl_loss: {deep: 1}\nakl_mu: text",
        "stage: akl",
        "template: qwen_akl",
    ],
)
def test_what_the_settings_name_is_known(folder: Path, lines: str) -> None:
    assert brief(told(folder, lines)) == []
    assert brief(told(folder, lines, "--isolated")) != []


@pytest.mark.parametrize(
    ("line", "code", "meant"),
    [
        ("use_akl_los: true", "FT101", "`use_akl_loss`"),
        ("akl_mode: revers", "FT106", "`reverse`"),
        ("stage: akll", "FT106", "akl"),
        ("template: qwen_alk", "FT106", "`qwen_akl`"),
        ("learning_rat: 1.0e-4", "FT101", "`learning_rate`"),
        ("stage: dop", "FT106", "`dpo`"),
        ("nothing_like_it: 1", "FT101", "see `ftlint schema`"),
    ],
)
def test_slips_are_told(folder: Path, line: str, code: str, meant: str) -> None:
    found = [one for one in told(folder, line) if one["severity"] == "error"]
    assert [(one["code"], one["key"]) for one in found] == [(code, line.partition(":")[0])]
    assert meant in found[0]["message"]


def test_a_word_that_was_taught_for_one_key_is_none_of_another(folder: Path) -> None:
    assert brief(told(folder, "finetuning_type: akl")) == [("FT106", "finetuning_type")]


def test_no_fix_touches_a_key_of_the_fork(folder: Path) -> None:
    lines = "use_akl_loss: true\nakl_mode: forward\nlearning_rat: 1.0e-4"
    told(folder, lines, "--fix", "--unsafe-fixes")
    text = (folder / "c.yaml").read_text("utf-8")
    assert "use_akl_loss: true\nakl_mode: forward\nlearning_rate: 1.0e-4\n" in text


def test_beside_them_nothing_is_removed_that_the_fork_may_read(folder: Path) -> None:
    dead = "galore_rank: 32"
    (one,) = [one for one in told(folder, dead) if one["key"] == "galore_rank"]
    assert one["fix"]["applicability"] == "safe"
    (one,) = [one for one in told(folder, f"{dead}\nakl_mu: 1") if one["key"] == "galore_rank"]
    assert one["fix"]["applicability"] == "display"
    assert "`akl_mu`" in one["fix"]["message"]


def test_keys_that_forks_read_are_not_called_ignored_beside_them(folder: Path) -> None:
    ref = "ref_model: m"
    assert ("FT514", "ref_model") in brief(told(folder, ref))
    assert brief(told(folder, f"{ref}\nakl_mu: 1")) == []


def test_they_make_no_config_and_unmake_none(folder: Path) -> None:
    """A folder's file with many of them is a config by its other keys, and by these alone none."""
    keys = "".join(f"fork_{number}: 1\n" for number in range(30))
    names = ", ".join(f'"fork_{number}"' for number in range(30))
    (folder / "ftlint.toml").write_text(f"extra-keys = [{names}]\n", "utf-8")
    (folder / "few.yaml").write_text(f"model_name_or_path: m\ntemplate: qwen\n{keys}", "utf-8")
    (folder / "none.yaml").write_text(keys, "utf-8")
    done = invoke("--no-cache", "--output-format", "json", ".", "--show-files")
    shown = dict(line.split(": ", 1) for line in done.out.splitlines() if ": " in line)
    assert shown["few.yaml"].startswith("checked")
    assert "none.yaml" in shown
    assert not shown["none.yaml"].startswith("checked")


def test_other_settings_teach_nothing(folder: Path) -> None:
    """What counts for a file are its own settings, and results are kept by them."""
    inner = folder / "sub"
    inner.mkdir()
    (inner / "ftlint.toml").write_text("target = '0.9.5'\n", "utf-8")
    for path in (folder / "a.yaml", inner / "a.yaml"):
        path.write_text(CONFIG + "akl_mu: 1\n", "utf-8")
    done = invoke("--output-format", "jsonl", ".")
    found = [json.loads(line) for line in done.out.splitlines()]
    assert [(one["path"], one["key"]) for one in found if one["severity"] == "error"] == [
        ("sub/a.yaml", "akl_mu")
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("extra-keys = 'akl'", "extra-keys = 'akl' must be a list of keys"),
        ("extra-keys = [1]", "extra-keys = [1] must be a list of keys"),
        ("extra-values = ['akl']", "extra-values = ['akl'] must be a table of keys"),
        ("extra-values = {stage = 'akl'}", "must be a table of keys and the values"),
        ("extra-values = {stge = ['akl']}", "unknown key 'stge'; did you mean stage?"),
        (
            "extra-keys = ['akl_mode']\nextra-values = {akl_mod = ['x']}",
            "unknown key 'akl_mod'; did you mean akl_mode?",
        ),
        ("extra-values = {zzzzzzzz = ['x']}", "name a fork's own in `extra-keys`"),
        ("extra-key = ['akl']", "unknown setting 'extra-key'; did you mean extra-keys?"),
    ],
)
def test_slips_in_the_settings_are_told(folder: Path, text: str, message: str) -> None:
    path = folder / "ftlint.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(BadSettings) as raised:
        load(str(path))
    assert message in str(raised.value)
