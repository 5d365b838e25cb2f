"""What is offered at a finding does what it says, and nothing is offered that does not."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.server.client import CAPABILITIES, Client, applied
from tests.server.conftest import BASE, write
from tests.server.test_diagnostics import EXAMPLES, ROOT

if TYPE_CHECKING:
    from pathlib import Path

TYPO = BASE + "warmup_ratoi: 0.1  # 한국어 😀\n"
ON_LINE, IN_FILE = "on this line", "in this file"


def one_of(found: list[dict[str, Any]], code: str) -> dict[str, Any]:
    return next(one for one in found if one["code"] == code)


def test_a_safe_fix_is_preferred(editor: Client) -> None:
    found = one_of(editor.open("fix.yaml", TYPO), "FT101")
    offered = editor.actions("fix.yaml", found)
    first = offered[0]
    assert first["isPreferred"]
    assert first["kind"] == "quickfix"
    assert first["diagnostics"] == [found]
    text = editor.applied("fix.yaml", first)
    assert text == TYPO.replace("ratoi", "ratio")
    edits = first["edit"]["changes"][editor.uri("fix.yaml")]
    assert [one["newText"] for one in edits] == ["io"]  # no more than there is to change
    assert editor.write_anew("fix.yaml", text) == []


def test_an_unsafe_fix_is_marked(editor: Client) -> None:
    found = one_of(editor.open("unsafe.yaml", BASE + "max_steps: 0\n"), "FT202")
    offered = editor.actions("unsafe.yaml", found)[0]
    assert offered["title"].endswith(" (unsafe: changes the run)")
    assert "isPreferred" not in offered
    assert editor.applied("unsafe.yaml", offered) == BASE + "max_steps: -1\n"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_is_ignored_is_gone(editor: Client, end: str) -> None:
    text = TYPO.replace("\n", end)
    name = f"ignore{len(end)}.yaml"
    found = one_of(editor.open(name, text), "FT101")
    offered = {one["title"]: one for one in editor.actions(name, found)}
    line = editor.applied(name, offered[f"Ignore FT101 {ON_LINE}"])
    assert line == text.replace("😀", "😀  # ftlint: ignore[FT101]")
    assert editor.write_anew(name, line) == []
    editor.write_anew(name, text)
    offered = {one["title"]: one for one in editor.actions(name, found)}
    whole = editor.applied(name, offered[f"Ignore FT101 {IN_FILE}"])
    assert whole == f"# ftlint: ignore-file[FT101]{end}{text}"
    assert editor.write_anew(name, whole) == []


def test_a_comment_that_is_there_takes_another_code(editor: Client) -> None:
    text = BASE + "val_size: 0.1  # ftlint: ignore[FT101] why\neval_dataset: faq\n"
    found = one_of(editor.open("more.yaml", text), "FT402")
    offered = {one["title"]: one for one in editor.actions("more.yaml", found)}
    line = editor.applied("more.yaml", offered[f"Ignore FT402 {ON_LINE}"])
    assert "# ftlint: ignore[FT101, FT402] why\n" in line


def test_a_comment_stands_above_where_a_line_goes_on(editor: Client) -> None:
    script = "llamafactory-cli train \\\n  --model_name_or_path m --template qwen \\\n"
    script = f"#!/bin/bash\n{script}  --stage sft --learnig_rate 1e-4 --output_dir o\n"
    write(editor.folder, "above.sh", script)
    found = one_of(editor.open("above.sh", script, "shellscript"), "FT101")
    titles = [one["title"] for one in editor.actions("above.sh", found)]
    assert f"Ignore FT101 {IN_FILE}" in titles
    for one in editor.actions("above.sh", found, ["quickfix"]):
        text = editor.applied("above.sh", one)
        after = editor.write_anew("above.sh", text)
        assert "FT101" not in {each["code"] for each in after}, one["title"]
        editor.write_anew("above.sh", script)


def test_json_has_no_comments(editor: Client) -> None:
    text = '{\n "model_name_or_path": "m", "stage": "sft", "template": "qwen",\n "stagee": "x"\n}\n'
    found = one_of(editor.open("none.json", text, "json"), "FT101")
    titles = [one["title"] for one in editor.actions("none.json", found)]
    assert not any(title.startswith("Ignore") for title in titles)


@pytest.mark.parametrize(
    ("name", "text", "head"),
    [
        ("ftlint.toml", "gpus = 2", "per-file-ignores"),
        ("ftlint.toml", "", "per-file-ignores"),
        ("pyproject.toml", "[tool.ftlint]\ngpus = 2\n", "tool.ftlint.per-file-ignores"),
    ],
)
def test_a_setting_ignores_what_no_comment_can(
    folder: Path, name: str, text: str, head: str
) -> None:
    write(folder, name, text)
    bad = '{"model_name_or_path": "m", "stage": "sft", "template": "qwen", "stagee": "x"}'
    with Client(folder) as editor:
        found = one_of(editor.open("configs/a.json", bad, "json"), "FT101")
        title = f"Ignore FT101 in this file, in {name}"
        offered = {one["title"]: one for one in editor.actions("configs/a.json", found)}
        [(uri, edits)] = offered[title]["edit"]["changes"].items()
        assert uri == editor.uri(name)
        after = applied(text, edits)
        assert after.endswith(f'[{head}]\n"configs/a.json" = ["FT101"]\n')
        editor.begin(name, after, "toml")
        editor.settled()
        left = editor.diagnostics[editor.uri("configs/a.json")]["diagnostics"]
        assert "FT101" not in {one["code"] for one in left}
        assert title not in {one["title"] for one in editor.actions("configs/a.json", found)}


def test_all_is_fixed_at_once(editor: Client) -> None:
    text = BASE + "warmup_ratoi: 0.1\nsave_stesp: 100\n# end\n"
    found = editor.open("all.yaml", text)
    only = editor.actions("all.yaml", found[0], ["source.fixAll"])
    assert [one["kind"] for one in only] == ["source.fixAll.ftlint"]
    assert "edit" not in only[0]  # made when it is chosen
    fixed = editor.applied("all.yaml", only[0])
    assert fixed == text.replace("ratoi", "ratio").replace("stesp", "steps")
    assert editor.actions("all.yaml", found[0], ["refactor"]) == []
    assert editor.actions("all.yaml", found[0], ["quickfix"])
    editor.write_anew("all.yaml", text + "# more\n")
    assert "edit" not in editor.ask("codeAction/resolve", only[0])  # it was for another text


def test_a_client_that_does_not_ask_twice_has_the_edit_at_once(folder: Path) -> None:
    actions = {**CAPABILITIES["textDocument"]["codeAction"]}
    del actions["resolveSupport"]
    able = {"textDocument": {"codeAction": actions}}
    with Client(folder, capabilities=able) as editor:
        found = editor.open("a.yaml", TYPO)
        only = editor.actions("a.yaml", found[0], ["source"])
        assert editor.applied("a.yaml", only[0]) == TYPO.replace("ratoi", "ratio")


def test_every_action_on_the_examples_holds(editor: Client) -> None:
    """Each fix takes its finding away, and so does each comment."""
    made = 0
    for name in EXAMPLES:
        text = (ROOT / "examples" / name).read_text("utf-8")
        before = editor.open(name, text)
        for one in before[:4]:
            for action in editor.actions(name, one, ["quickfix"]):
                after = editor.write_anew(name, editor.applied(name, action))
                gone = [(each["code"], each["message"]) for each in after]
                assert (one["code"], one["message"]) not in gone, (name, action["title"])
                editor.write_anew(name, text)
                made += 1
        editor.close(name)
    assert made > 20


def test_what_a_baseline_does_not_know_can_be_ignored(folder: Path) -> None:
    """What it knows is said where a text with the comment is judged, and is nothing new there."""
    write(folder, "ftlint.toml", 'baseline = "known.json"\n')
    known = BASE + "warmup_ratoi: 0.1\n"
    write(folder, "a.yaml", known)
    subprocess.run([sys.executable, "-m", "ftlint", "check", "--write-baseline", "."], cwd=folder,
                   check=True)  # fmt: skip
    with Client(folder) as editor:
        found = editor.open("a.yaml", known + "max_stepps: 5\n")
        assert [one["code"] for one in found] == ["FT101"]
        titles = [one["title"] for one in editor.actions("a.yaml", found[0])]
        assert f"Ignore FT101 {ON_LINE}" in titles
