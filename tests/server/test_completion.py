"""What is offered while somebody writes, and what comes of taking it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.server.client import Client, applied
from tests.server.conftest import BASE, write

if TYPE_CHECKING:
    from pathlib import Path


def at_mark(text: str) -> tuple[str, int, int]:
    """Return a text without its `|`, and where that stood, in units of UTF-16."""
    before, _, behind = text.partition("|")
    line = before.rpartition("\n")[2]
    return before + behind, before.count("\n"), len(line.encode("utf-16-le")) // 2


def offered(editor: Client, name: str, text: str, language: str = "yaml") -> dict[str, Any]:
    """Return what is offered at the `|` of a text, by label, in the order in which it is shown."""
    text, line, character = at_mark(text)
    if editor.uri(name) in editor.versions:
        editor.write_anew(name, text)
    else:
        editor.open(name, text, language)
    found = editor.ask("textDocument/completion", editor.at(name, line, character))
    return {one["label"]: one for one in sorted(found, key=lambda one: one["sortText"])}


def taken(editor: Client, name: str, text: str, label: str, language: str = "yaml") -> str:
    """Return the text in which one item was taken at the `|`."""
    item = offered(editor, name, text, language)[label]
    return applied(at_mark(text)[0], [item["textEdit"]])


@pytest.mark.parametrize(
    ("written", "becomes"),
    [
        ("warm|", "warmup_ratio: "),
        ("warm|up_steps", "warmup_ratio: "),
        ("|", "warmup_ratio: "),
        ("warm|: 0.1", "warmup_ratio: 0.1"),
        ("warmup_r|atoi: 0.1 # 😀", "warmup_ratio: 0.1 # 😀"),
        ("'warm|': 0.1", "'warmup_ratio': 0.1"),
    ],
)
def test_a_key_takes_the_place_of_its_word(editor: Client, written: str, becomes: str) -> None:
    text = f"# 한국어 😀\n{BASE}{written}\n# end\n"
    found = taken(editor, "key.yaml", text, "warmup_ratio")
    assert found == f"# 한국어 😀\n{BASE}{becomes}\n# end\n"


def test_keys_that_are_there_are_not_offered(editor: Client) -> None:
    found = offered(editor, "there.yaml", BASE + "|\n")
    assert not {"stage", "dataset", "template"} & set(found)
    assert {"lora_rank", "warmup_ratio", "eval_steps", "deepspeed"} <= set(found)
    assert "stage" in offered(editor, "there.yaml", BASE.replace("stage: sft", "sta|ge: sft"))


def test_keys_follow_stage_and_method(editor: Client) -> None:
    def detail(text: str, key: str) -> str:
        return str(offered(editor, "stage.yaml", text + "|\n")[key]["detail"])

    ignored = "ignored by this run"
    dpo = BASE.replace("stage: sft", "stage: dpo")
    full = BASE.replace("finetuning_type: lora", "finetuning_type: full")
    assert detail(BASE, "pref_beta") == ignored
    assert detail(dpo, "pref_beta") == "default 0.1"
    assert detail(BASE, "lora_rank") == "default 8"
    assert detail(full, "lora_rank") == ignored
    found = [*offered(editor, "stage.yaml", BASE + "|\n")]
    assert found.index("lora_rank") < found.index("pref_beta")


def test_keys_follow_target_and_command(folder: Path) -> None:
    write(folder, "old/ftlint.toml", 'target = "0.9.3"\n')
    with Client(folder) as editor:
        assert "oft_rank" in offered(editor, "a.yaml", BASE + "|\n")
        assert "oft_rank" not in offered(editor, "old/a.yaml", BASE + "|\n")
        export = "model_name_or_path: m\nadapter_name_or_path: a\ntemplate: qwen\nexport_dir: e\n"
        found = offered(editor, "e.yaml", export + "|\n")
        assert "export_size" in found
        assert "learning_rate" not in found


def test_an_item_tells_what_its_key_does(editor: Client) -> None:
    item = offered(editor, "tells.yaml", BASE + "|\n")["lora_rank"]
    told = editor.ask("completionItem/resolve", item)
    assert told["documentation"]["value"].startswith("`lora_rank`: integer, default `8`")
    assert told["textEdit"] == item["textEdit"]


@pytest.mark.parametrize(
    ("written", "label", "becomes"),
    [
        ("lr_scheduler_type: |", "cosine", "lr_scheduler_type: cosine"),
        ("lr_scheduler_type:|", "cosine", "lr_scheduler_type: cosine"),
        ("lr_scheduler_type: lin|ear # x", "cosine", "lr_scheduler_type: cosine # x"),
        ("lr_scheduler_type: 'lin|ear'", "cosine", "lr_scheduler_type: 'cosine'"),
        ("packing: |", "true", "packing: true"),
        ("save_strategy: |", "no", 'save_strategy: "no"'),
        ("save_strategy: 'e|'", "no", "save_strategy: 'no'"),
        ("eval_dataset: fa|", "chats", "eval_dataset: chats"),
        ("eval_dataset: faq,|", "chats", "eval_dataset: faq,chats"),
        ("eval_dataset: faq, c|x", "chats", "eval_dataset: faq, chats"),
        ("eval_dataset: [faq, |]", "chats", "eval_dataset: [faq, chats]"),
        ("eval_dataset:\n- faq\n- c|", "chats", "eval_dataset:\n- faq\n- chats"),
        ("eval_dataset:\n  - |", "chats", "eval_dataset:\n  - chats"),
    ],
)
def test_a_value_takes_the_place_of_its_word(
    editor: Client, written: str, label: str, becomes: str
) -> None:
    found = taken(editor, "value.yaml", f"{BASE}{written}\n# end\n", label)
    assert found == f"{BASE}{becomes}\n# end\n"


def test_datasets_are_those_that_are_defined(editor: Client) -> None:
    found = offered(editor, "data.yaml", BASE + "eval_dataset: |\n")
    assert {name: one.get("detail") for name, one in found.items()} == {
        "faq": "faq.json", "chats": "team/chats",
    }  # fmt: skip
    assert set(offered(editor, "data.yaml", BASE + "eval_dataset: faq,|\n")) == {"chats"}


def test_a_dataset_that_is_not_saved_yet(folder: Path) -> None:
    with Client(folder) as editor:
        table = {"unsaved": {"file_name": "faq.json"}}
        editor.open("data/dataset_info.json", json.dumps(table), "json")
        assert set(offered(editor, "a.yaml", BASE + "eval_dataset: |\n")) == {"unsaved"}


def test_templates_of_the_model_come_first(editor: Client) -> None:
    found = [*offered(editor, "template.yaml", BASE.replace("template: qwen3", "template: |"))]
    assert found[0] == "qwen3"
    assert "llama3" in found
    llama = BASE.replace("Qwen/Qwen3-8B", "meta-llama/Meta-Llama-3-8B-Instruct")
    found = [*offered(editor, "template.yaml", llama.replace("template: qwen3", "template: |"))]
    assert found[0] == "llama3"


def test_deepspeed_files_of_the_project(folder: Path) -> None:
    write(folder, "ds/z3.json", '{"zero_optimization": {"stage": 3}}')
    write(folder, "ds/other.json", '{"a": 1}')
    with Client(folder) as editor:
        assert set(offered(editor, "configs/a.yaml", BASE + "deepspeed: |\n")) == {"ds/z3.json"}


@pytest.mark.parametrize(
    "text",
    ["# sta|", "logging_dir: x # |", "nokey: |", "default_system: |-\n  sta|", "run_name: 'a|'"],
)
def test_nothing_is_offered_where_nothing_is_known(editor: Client, text: str) -> None:
    at = text.rindex("|")
    marked = f"{BASE}{text[:at].replace('|', '¦')}|{text[at + 1 :]}\n".replace("¦-", "|-")
    head, _, tail = marked.rpartition("|")
    line = head.rpartition("\n")[2]
    editor.open(f"nothing{len(text)}.yaml", head + tail)
    where = editor.at(f"nothing{len(text)}.yaml", head.count("\n"), len(line))
    assert editor.ask("textDocument/completion", where) == []


@pytest.mark.parametrize(
    ("written", "label", "becomes"),
    [
        ('"warm|"', "warmup_ratio", '"warmup_ratio"'),
        ("|", "warmup_ratio", '"warmup_ratio": '),
        ('"warm|": 1', "warmup_ratio", '"warmup_ratio": 1'),
        ('"lr_scheduler_type": |', "cosine", '"lr_scheduler_type": "cosine"'),
        ('"lr_scheduler_type": "l|x",', "cosine", '"lr_scheduler_type": "cosine",'),
        ('"packing": |', "true", '"packing": true'),
    ],
)
def test_json(editor: Client, written: str, label: str, becomes: str) -> None:
    pairs = ['"model_name_or_path": "m"', '"stage": "sft"', '"template": "qwen"']
    for gap in ("\n  ", "", " "):  # a line for each, or one for all
        head = f"{{{gap}{f',{gap}'.join(pairs)},{gap}"
        found = taken(editor, "c.json", f"{head}{written}{gap[:1]}}}\n", label, "json")
        assert found == f"{head}{becomes}{gap[:1]}}}\n"


@pytest.mark.parametrize(
    "text",
    [
        '{"stage": "s|ft", "x": 1}', '{"x": {"s|": 1}, "stage": "sft"}', '{"stage": "sft"| }',
        '{"lr_scheduler_type": "a"| }', '{"lr_scheduler_type":| "a"}', '{"x": [["|"]]}', "|{}",
    ],
)  # fmt: skip
def test_json_where_another_thing_stands(editor: Client, text: str) -> None:
    """The key beside, or one inside a mapping, is not the one that is written."""
    found = offered(editor, "d.json", text, "json")
    assert "warmup_ratio" not in found
    assert "cosine" not in found


def test_lists_in_json(editor: Client) -> None:
    head = BASE.replace(": ", '": "').replace("\n", '", "')
    text = f'{{"{head}eval_dataset": ["faq", "|"]}}'
    assert set(offered(editor, "l.json", text, "json")) == {"chats"}
