"""`ftlint rule`: what it says agrees with what rules do; a new rule from nothing to its finding."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import ftlint
from ftlint.cli.prose import prose
from ftlint.rulebook.registry import BUILT_IN
from tests.cli.calls import HEAD, invoke
from tests.docs.pages import ROOT
from tests.rules.examples import FOLDER, WITHOUT, judge, load, spans

if TYPE_CHECKING:
    from collections.abc import Callable

FILLED = {
    "TODO what is wrong, in one line": "our GPUs hold rank 64",
    "TODO the reason: the remedy.": "is above 64, which our GPUs hold: lower it.",
    "TODO the reason your team has for it, and what to write.": "Measured in March.",
}

ELSEWHERE = {
    "FT103": ("0.9.0", "ray_run_name: lora\n"),
    "FT4110": (
        "0.9.5",
        "do_train: true\noutput_dir: out\ndataset: identity\nmodel_name_or_path: "
        "Qwen/Qwen2.5-7B-Instruct\nlora_target: q_porj\n",
    ),
    "FT701": ("0.9.5", "do_train: true\noutput_dir: out\ndataset: idenity\n"),
}
"""Rules whose example is offered no fix, and what is offered one: release and config."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def begun(code: str = "ACME001") -> Path:
    done = invoke("rule", "new", code, "rank-above-64")
    assert (done.status, done.err) == (0, "")
    (path,) = Path().glob("*.yaml")
    return path


def filled(change: Callable[[str], str] = str) -> Path:
    path = begun()
    text = path.read_text("utf-8")
    for todo, said in FILLED.items():
        assert todo in text
        text = text.replace(todo, said)
    path.write_text(change(text), "utf-8")
    return path


# What is told agrees with what is done


@pytest.mark.parametrize("code", [code for code in BUILT_IN.rules if code not in WITHOUT])
def test_fixable_agrees_with_what_the_examples_are_offered(code: str) -> None:
    example = load(code)
    found = judge(example, spans(example.about.bad)[0]).diagnostics
    offered = {one.fix.applicability for one in found if one.code == code and one.fix}
    told = json.loads(invoke("rule", code, "--output-format", "json").out)
    assert told["fixable"] == bool(offered) or code in ELSEWHERE
    assert offered <= {*told["applicability"], "display"}


@pytest.mark.parametrize("code", ELSEWHERE)
def test_a_fix_that_depends_on_the_file_is_offered_in_one(code: str) -> None:
    release, text = ELSEWHERE[code]
    Path("data").mkdir()
    Path("data/dataset_info.json").write_text('{"identity": {"file_name": "a.json"}}', "utf-8")
    head = HEAD.partition("\n")[2] if "model_name_or_path" in text else HEAD
    Path("c.yaml").write_text(head + text, "utf-8")
    done = invoke("--isolated", "--target", release, "--output-format", "json", "c.yaml")
    (found,) = [one for one in json.loads(done.out)["diagnostics"] if one["code"] == code]
    assert found["fix"]["applicability"] in BUILT_IN[code].applicabilities


def test_every_code_that_the_source_names_is_a_rule() -> None:
    source = Path(ftlint.__file__).parent
    named = {
        code
        for path in source.rglob("*.py")
        for code in re.findall(r"\bFT[0-9]{3}\b", path.read_text("utf-8"))
    }
    assert len(named) > 50
    assert named <= BUILT_IN.rules.keys()


@pytest.mark.parametrize("code", BUILT_IN.rules)
def test_no_markdown_is_left_on_a_terminal(code: str) -> None:
    for colour in (False, True):
        text = "\n".join(prose(BUILT_IN.about(code).why, colour))
        assert "](" not in text
        assert "**" not in text
        assert not (colour and "`" in text)


def test_prose_keeps_lists_and_paragraphs() -> None:
    text = "One **of** [two](x.md).\n\n- `a` is\n  long\n- b\n\n| a | b |\n| - | - |"
    assert list(prose(text, colour=False)) == [
        "One of two.", "", "- `a` is long", "- b", "", "| a | b |", "| - | - |",
    ]  # fmt: skip
    assert "- \x1b[36ma\x1b[0m is long" in list(prose(text, colour=True))


def test_colour_does_not_run_on_over_the_end_of_a_line() -> None:
    lines = list(prose(" ".join(["word"] * 20) + " `" + "x y " * 30 + "z`", colour=True))
    assert len(lines) > 2
    for line in lines:
        assert line.count("\x1b[36m") == line.count("\x1b[0m")


# Policies


def test_a_policy_is_explained_and_listed() -> None:
    path = filled()
    Path("ftlint.toml").write_text('policies = ["ACME*.yaml"]\n', "utf-8")
    for word in ("ACME001", "rank-above-64"):
        text = invoke("rule", word).out
        assert text.startswith("ACME001 rank-above-64  (warning, train)\nour GPUs hold rank 64\n")
        assert "Measured in March." in text
        assert "lora_rank: 128" in text
    told = json.loads(invoke("rule", "ACME001", "--output-format", "json").out)
    assert (told["why"], told["fixable"]) == ("Measured in March.\n", False)
    assert "ACME001  warning  rank-above-64" in invoke("rule", "--all").out
    away = Path("away")
    away.mkdir()
    assert invoke("rule", "--config", "ftlint.toml", "ACME001").status == 0
    path.write_text("code: [", "utf-8")
    assert invoke("rule", "FT101").status == 0  # settings that cannot be used do not matter
    broken = invoke("rule", "ACME001")
    assert broken.status == 2
    assert path.name in broken.err


def test_a_report_tells_of_policies_what_their_files_say() -> None:
    filled()
    Path("ftlint.toml").write_text('policies = ["ACME*.yaml"]\n', "utf-8")
    Path("c.json").write_text(json.dumps({
        "model_name_or_path": "m", "template": "qwen", "stage": "sft", "lora_rank": 256,
    }), "utf-8")  # fmt: skip
    log = json.loads(invoke("--output-format", "sarif", "c.json").out)
    (rule,) = [one for one in log["runs"][0]["tool"]["driver"]["rules"] if one["id"] == "ACME001"]
    assert rule["shortDescription"] == {"text": "our GPUs hold rank 64"}
    assert rule["fullDescription"] == {"text": "Measured in March."}
    assert rule["help"]["text"] == "Measured in March. ftlint rule ACME001"
    assert rule["help"]["markdown"].startswith("Measured in March.\n\n**Bad**\n")
    assert "helpUri" not in rule
    told = json.loads(invoke("--output-format", "json", "c.json").out)
    assert [one["url"] for one in told["diagnostics"] if one["code"] == "ACME001"] == [None]


# Writing one


def test_a_new_file_says_what_is_to_be_done_and_passes_once_that_is_done() -> None:
    path = begun()
    done = invoke("rule", "test", path)
    assert done.status == 1
    assert [line.strip() for line in done.out.splitlines()] == [
        f"{path}: ACME001 rank-above-64: failed",
        "summary: still says TODO",
        "why: still says TODO",
        "message: still says TODO",
        "1 rule, 1 failed.",
    ]
    path.unlink()
    done = invoke("rule", "test", filled())
    assert (done.status, done.out) == (
        0, f"{path}: ACME001 rank-above-64: ok\n1 rule: every example holds.\n",
    )  # fmt: skip


def test_a_file_that_is_there_is_left_alone() -> None:
    path = begun()
    path.write_text("mine", "utf-8")
    again = invoke("rule", "new", "ACME001", "rank-above-64")
    assert (again.status, path.read_text("utf-8")) == (2, "mine")
    assert "File exists" in again.err


def test_a_policy_owes_no_source() -> None:
    """A team's rule holds because the team says so; ours because LLaMA Factory does."""
    path = begun("ACME001")
    assert "source:" not in path.read_text("utf-8")
    path.unlink()
    assert "source: TODO" in begun("FT2").read_text("utf-8")


def test_a_rule_of_our_own_takes_the_next_code_of_its_family() -> None:
    path = begun("FT2")
    last = max(code for code in BUILT_IN.rules if code.startswith("FT2"))
    assert path.name == f"FT{int(last[2:]) + 1}-rank-above-64.yaml"
    assert "since: " in path.read_text("utf-8")
    taken = invoke("rule", "new", "FT201", "rank-above-64")
    assert taken.status == 2
    assert "FT201 is taken by epochs-ignored" in taken.err


@pytest.mark.parametrize("name", ["epochs-ignored", "bare-no"])
def test_a_name_of_another_rule_is_refused(name: str) -> None:
    """`bare-no` is a name of before, which comments and settings still have."""
    done = invoke("rule", "new", "ACME001", name)
    assert (done.status, list(Path().iterdir())) == (2, [])
    assert f"{name} is a name of FT" in done.err


def test_a_file_called_by_another_code_is_told() -> None:
    path = filled()
    other = path.rename("ACME002-rank-above-64.yaml")
    done = invoke("rule", "test", other)
    assert done.status == 1
    assert "code: the file is called ACME002" in done.out
    free = other.rename("ranks.yaml")
    assert invoke("rule", "test", free).status == 0


@pytest.mark.parametrize("arguments", [["acme1", "x"], ["ACME001", "Not a name"], ["ACME001"]])
def test_what_is_no_code_or_name_is_refused(arguments: list[str]) -> None:
    done = invoke("rule", "new", *arguments)
    assert (done.status, list(Path().iterdir())) == (2, [])


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("«128»", "«64»", "bad: ACME001 does not fire; what is said: line 3: FT640"),
        ("«128»", "128", "bad: marks no span"),
        ("«128»", "«128", "bad: a « without its »"),
        ("lora_rank: «128»", "«lora_rank»: 128", "is shown at line 8, column 12 (`128`)"),
        ("  lora_rank: 64", "  lora_rank: 65", "good: line 8: ACME001"),
        ("  lora_rank: 64", "  lora_rnak: 64", "good: line 8: FT101"),
        ("base: sft-lora ", "base: lora ", "base: lora is not one of sft-lora"),
        ("base: sft-lora ", "# ", "bad: not recognized as a config"),
        ("`lora_rank: {lora_rank}`", "{lora_rnak}", "a placeholder is not filled: {lora_rnak}"),
        ("severity: warning", "severity: fatal", "severity: should be one of error"),
        ("at: lora_rank", "att: lora_rank", "unknown key att"),
        (
            "why: |", "fix: {applicability: unsafe, message: m, delete: [lora_alpha]}\nwhy: |",
            "fix: unsafe is declared, and not offered",
        ),
        (
            "why: |",
            'fix: {applicability: unsafe, message: m, replace: {lora_rank: "256"}}\nwhy: |',
            "fix: the rule still fires after it",
        ),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_told(old: str, new: str, complaint: str) -> None:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    done = invoke("rule", "test", filled(change))
    assert done.status == 1
    assert complaint in done.out


def test_every_rule_of_a_list_is_tested() -> None:
    import yaml

    rule = yaml.safe_load(filled().read_text("utf-8"))
    bad = {**rule, "code": "ACME002", "bad": rule["good"].replace("64", "«64»")}
    Path("all.json").write_text(json.dumps([rule, bad, 7]), "utf-8")
    done = invoke("rule", "test", "all.json")
    assert done.status == 1
    assert [line for line in done.out.splitlines() if not line.startswith(" ")] == [
        "all.json: ACME001 rank-above-64: ok", "all.json: ACME002 rank-above-64: failed",
        "all.json: ? ?: failed", "3 rules, 2 failed.",
    ]  # fmt: skip


def test_our_own_rule_files_hold_whether_they_are_data_or_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)  # some name data of its examples
    files = [path for path in sorted(FOLDER.glob("*.yaml")) if path.name[:5] not in WITHOUT]
    done = invoke("rule", "test", *files)
    assert (done.status, done.out.splitlines()[-1]) == (
        0, f"{len(files)} rules: every example holds.",
    ), [line for line in done.out.splitlines() if not line.endswith(": ok")]  # fmt: skip


def test_a_changed_rule_of_our_own_is_tested_as_it_is_in_the_file() -> None:
    text = (FOLDER / "FT613-one-row-held-out.yaml").read_text("utf-8")
    Path("a.yaml").write_text(text.replace("const: 1}", "const: 2}"), "utf-8")
    done = invoke("rule", "test", "a.yaml")
    assert done.status == 1
    assert "bad: FT613 does not fire" in done.out


@pytest.mark.parametrize("name", ["nowhere.yaml", "."])
def test_a_file_that_cannot_be_read_is_wrong_usage(name: str) -> None:
    assert invoke("rule", "test", name).status == 2
