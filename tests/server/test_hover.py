"""What is told of a key and of a finding at the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftlint.support.addresses import SITE
from tests.server.client import Client
from tests.server.conftest import BASE, write

if TYPE_CHECKING:
    from pathlib import Path


def told(editor: Client, name: str, line: int, character: int) -> str:
    found = editor.ask("textDocument/hover", editor.at(name, line, character))
    return "" if found is None else str(found["contents"]["value"])


def test_a_key_tells_what_it_does(editor: Client) -> None:
    editor.open("keys.yaml", BASE + "save_strategy: steps\n")
    stage = told(editor, "keys.yaml", 1, 2)
    assert stage.startswith("`stage`: string, default `sft`")
    assert "`dpo`, `kto`" in stage
    rate = told(editor, "keys.yaml", 8, 0)
    assert "default `5.0e-5`" in rate
    assert "transformers" in rate
    found = editor.ask("textDocument/hover", editor.at("keys.yaml", 1, 2))
    assert found["range"] == {
        "start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 5},
    }  # fmt: skip
    assert told(editor, "keys.yaml", 1, 8) == ""  # the value
    assert told(editor, "keys.yaml", 99, 0) == ""


def test_a_key_that_is_gone_tells_when_and_what_instead(editor: Client) -> None:
    editor.open("gone.yaml", BASE + "evaluation_strategy: 'no'\n")
    text = told(editor, "gone.yaml", 11, 3)
    assert "**FT102** removed-key (error)" in text
    assert "last in transformers 4.50" in text
    assert "Write `eval_strategy`." in text


def test_a_finding_tells_its_rule(editor: Client) -> None:
    editor.open("rule.yaml", BASE + "val_size: 0.1\neval_dataset: faq\n")
    text = told(editor, "rule.yaml", 11, 1)
    assert "**FT402** val-size-with-eval-dataset (error)" in text
    assert "Evaluation rows come either from" in text
    assert "ftlint rule FT402" in text
    assert "default `0.0`" in text  # and the key


def test_links_in_a_rule_lead_somewhere(editor: Client) -> None:
    editor.open("links.yaml", BASE + "nokey: 1\n")
    text = told(editor, "links.yaml", 11, 1)
    assert f"({SITE}rules/FT566/)" in text
    assert f"({SITE}rules/#rules-that-need-facts)" in text
    assert f"({SITE}settings/#keys-and-values-of-a-fork)" in text


def test_what_the_target_has_is_told(folder: Path) -> None:
    write(folder, "ftlint.toml", 'target = "0.9.3"\n')
    with Client(folder) as editor:
        editor.open("a.yaml", BASE + "oft_rank: 8\n")
        assert "new in LLaMA Factory 0.9.4" in told(editor, "a.yaml", 11, 1)
        assert "LLaMA Factory 0.9.3" in told(editor, "a.yaml", 1, 1)


def test_keys_in_json_and_flags_in_scripts(editor: Client) -> None:
    text = '{\n  "model_name_or_path": "m",\n  "stage": "sft",\n  "template": "qwen"\n}\n'
    editor.open("hover.json", text, "json")
    assert told(editor, "hover.json", 2, 5).endswith(")")
    assert "`stage`" in told(editor, "hover.json", 2, 5)
    script = "llamafactory-cli train --stage sft --model_name_or_path m --template qwen"
    write(editor.folder, "hover.sh", script)
    editor.open("hover.sh", script, "shellscript")
    assert "`stage`" in told(editor, "hover.sh", 0, 27)
    assert told(editor, "hover.sh", 0, 3) == ""


def test_what_looks_like_a_key_and_is_none(editor: Client) -> None:
    text = BASE + "default_system: |\n  stage: dpo\n# stage: dpo\n"
    editor.open("none.yaml", text)
    assert told(editor, "none.yaml", 12, 3) == ""
    assert told(editor, "none.yaml", 13, 3) == ""
