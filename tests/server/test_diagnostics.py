"""What an editor is shown is what the command says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ftlint.report.json_ import url
from tests.moments import PATIENCE
from tests.server.client import Client
from tests.server.conftest import BASE, write

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(
    path.relative_to(ROOT / "examples").as_posix()
    for path in (ROOT / "examples").glob("[bg]*/**/*.yaml")
)
SEVERITIES = {"error": 1, "warning": 2, "info": 3}


def by_command(folder: Path, *names: str) -> dict[str, list[Any]]:
    """Return what the command says of files, by name."""
    done = subprocess.run(
        [sys.executable, "-m", "ftlint", "check", "--output-format", "json", *names], cwd=folder,
        capture_output=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    found: dict[str, list[Any]] = {name: [] for name in names}
    for one in json.loads(done.stdout)["diagnostics"]:
        found[one["path"]].append(one)
    return found


@pytest.fixture(scope="module")
def examples() -> Iterator[Client]:
    with Client(ROOT / "examples") as client:
        yield client


def test_the_examples_are_judged_as_by_the_command(examples: Client) -> None:
    assert len(EXAMPLES) > 5
    several = 0
    for name, said in by_command(ROOT / "examples", *EXAMPLES).items():
        text = (ROOT / "examples" / name).read_text("utf-8")
        shown = examples.open(name, text)
        several += len(shown)
        ours = [(one["code"], one["message"], one["severity"], one["range"]["start"])
                for one in shown]  # fmt: skip
        theirs = [
            (one["code"], one["message"], SEVERITIES[one["severity"]],
             {"line": one["start"]["line"] - 1, "character": one["start"]["column"] - 1})
            for one in said
        ]  # fmt: skip
        assert ours == theirs, name
    assert several > 10


def test_what_a_safe_fix_takes_out_is_greyed_out(editor: Client) -> None:
    text = BASE + "max_steps: 120\nsave_steps: 500\n"
    found = {one["code"]: one for one in editor.open("needless.yaml", text)}
    assert found["FT201"]["tags"] == [1]
    assert "tags" not in found["FT621"]


def test_what_a_finding_brings(editor: Client) -> None:
    text = BASE.replace("bf16: true", "fp16: true") + "evaluation_strategy: steps\nval_size: 0.1\n"
    text += "eval_dataset: faq\npref_beta: 0.2\n"
    found = {one["code"]: one for one in editor.open("brings.yaml", text)}
    removed = found["FT102"]
    assert removed["tags"] == [2]
    assert removed["source"] == "ftlint"
    assert removed["codeDescription"]["href"] == url("FT102")
    dead = next(one for one in found.values() if one["range"]["start"]["line"] == 14)
    assert dead["tags"] == [1]
    assert "tags" not in found["FT402"]
    both = found["FT402"]
    assert [one["message"] for one in both["relatedInformation"]]
    where = both["relatedInformation"][0]["location"]
    assert where["uri"] == editor.uri("brings.yaml")
    assert where["range"]["start"] == {"line": 13, "character": 0}


def test_a_client_is_sent_what_it_can_show(folder: Path) -> None:
    with Client(folder, capabilities={}) as editor:
        found = editor.open("a.yaml", BASE + "evaluation_strategy: steps\nval_size: 0.1\n"
                            "eval_dataset: faq\n")  # fmt: skip
        assert found
        for one in found:
            assert one.keys() == {"range", "severity", "code", "source", "message"}


def test_json_and_scripts(editor: Client) -> None:
    config = '{"model_name_or_path": "m", "stage": "sft", "template": "qwen", "learnig_rate": 1}'
    found = {one["code"] for one in editor.open("a.json", config, "json")}
    assert "FT101" in found
    script = "#!/bin/bash\nllamafactory-cli train \\\n  --model_name_or_path m --stage sft \\\n"
    script += "  --template qwen --learnig_rate 1e-4 --output_dir o\n"
    write(editor.folder, "run.sh", script)
    found_there = editor.open("run.sh", script, "shellscript")
    shown = [one for one in found_there if one["code"] == "FT101"]
    assert [one["range"]["start"]["line"] for one in shown] == [3]
    assert "learnig_rate" in shown[0]["message"]


def test_a_config_is_judged_as_scripts_start_it(folder: Path) -> None:
    write(folder, "c.yaml", BASE)
    write(folder, "go.sh", "#!/bin/bash\n\nllamafactory-cli train c.yaml learnig_rate=1\n")
    with Client(folder) as editor:
        found = [one for one in editor.open("c.yaml", BASE) if one["code"] == "FT101"]
        place = found[0]["relatedInformation"][-1]["location"]
        assert place["uri"] == editor.uri("go.sh")
        assert place["range"]["start"]["line"] == 2


def test_what_is_no_config_is_not_judged(editor: Client) -> None:
    for name, text, language in (
        ("docker-compose.yaml", "services:\n  web:\n    image: nginx\n", "yaml"),
        ("data/dataset_info.json", '{"faq": {}}', "json"),
        ("package.json", '{"name": "x", "version": "1"}', "json"),
        ("notes.sh", "echo hello\n", "shellscript"),
        ("empty.yaml", "", "yaml"),
    ):
        assert editor.open(name, text, language) == []
        editor.close(name)


def test_what_cannot_be_read_is_said(editor: Client) -> None:
    text = BASE + "a: [\n"
    assert [one["code"] for one in editor.open("broken.yaml", text)] == ["FT001"]
    half = BASE + "run_name: '\ud83d'\n"  # half of a character, as while it is typed
    assert editor.write_anew("broken.yaml", half) == []


def test_closing_takes_the_findings_away(editor: Client) -> None:
    assert editor.open("closed.yaml", BASE + "learnig_rate: 1\n")
    editor.close("closed.yaml")
    editor.ask("textDocument/hover", editor.at("closed.yaml", 0, 0))
    assert editor.diagnostics[editor.uri("closed.yaml")]["diagnostics"] == []


def test_what_settings_leave_out_is_left_out(folder: Path) -> None:
    write(folder, "ftlint.toml", 'exclude = ["third_party"]\nignore = ["FT101"]\n')
    bad = BASE + "learnig_rate: 1\n"
    with Client(folder) as editor:
        assert editor.open("a.yaml", bad) == []
        assert editor.open("b.yaml", BASE + "val_size: 0.1\neval_dataset: faq\n")
        document = {"uri": editor.uri("third_party/x/a.yaml"), "languageId": "yaml", "version": 1}
        editor.notify("textDocument/didOpen", {
            "textDocument": {**document, "text": BASE + "val_size: 0.1\neval_dataset: faq\n"},
        })  # fmt: skip
        assert editor.ask("textDocument/hover", editor.at("third_party/x/a.yaml", 1, 1)) is None
        assert editor.uri("third_party/x/a.yaml") not in editor.diagnostics


def test_what_a_baseline_knows_is_not_shown(folder: Path) -> None:
    bad = BASE + "learnig_rate: 1\n"
    write(folder, "ftlint.toml", 'baseline = "known.json"\n')
    write(folder, "configs/a.yaml", bad)
    subprocess.run([sys.executable, "-m", "ftlint", "check", "--write-baseline", "."], cwd=folder,
                   check=False, capture_output=True, timeout=PATIENCE)  # fmt: skip
    with Client(folder) as editor:
        assert editor.open("configs/a.yaml", bad) == []
        found = editor.write_anew("configs/a.yaml", bad + "stagee: 1\n")
        assert [one["range"]["start"]["line"] for one in found] == [12]
