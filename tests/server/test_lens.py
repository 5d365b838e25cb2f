"""What a run comes to, above its config; and links to what it names."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from ftlint.server import uris
from tests.server.client import Client
from tests.server.conftest import BASE, write

if TYPE_CHECKING:
    from pathlib import Path


def lenses(editor: Client, name: str, text: str, language: str = "yaml") -> list[Any]:
    if editor.uri(name) in editor.versions:
        editor.write_anew(name, text)
    else:
        editor.open(name, text, language)
    params = {"textDocument": {"uri": editor.uri(name)}}
    found = editor.ask("textDocument/codeLens", params)
    return [(one["range"]["start"]["line"], one["command"]["title"]) for one in found]


def links(editor: Client, name: str, text: str) -> dict[str, str]:
    """Return what each link of a config covers, with the file that it leads to."""
    editor.open(name, text)
    found = editor.ask("textDocument/documentLink", {"textDocument": {"uri": editor.uri(name)}})
    lines = text.splitlines()
    covered = {}
    for one in found:
        start, end = one["range"]["start"], one["range"]["end"]
        assert start["line"] == end["line"]
        part = lines[start["line"]][start["character"] : end["character"]]
        path = uris.to_path(one["target"])
        assert path is not None
        covered[part] = os.path.relpath(path, editor.folder)
    return covered


def test_steps_of_a_run(editor: Client) -> None:
    text = BASE.replace("Qwen/Qwen3-8B", "team/own")  # of which no memory is told
    # 500 rows, 8 a step: 62.5, of which transformers makes 63 an epoch.
    batch = "gradient_accumulation_steps: 8\nper_device_train_batch_size: 1\n"
    assert lenses(editor, "steps.yaml", text + batch) == [(0, "= 189 steps")]
    assert lenses(editor, "steps.yaml", text + "max_steps: 1\n") == [(0, "= 1 step")]
    known = lenses(editor, "steps.yaml", BASE + batch)[0][1]
    assert known.startswith("= 189 steps · ")
    assert known.endswith(" GiB")


def test_memory_where_the_model_is_known(folder: Path) -> None:
    shape = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64,
        "num_hidden_layers": 2, "vocab_size": 320, "num_attention_heads": 4,
        "intermediate_size": 128, "num_key_value_heads": 4,
    }  # fmt: skip
    write(folder, "model/config.json", json.dumps(shape))
    with Client(folder) as editor:
        text = BASE.replace("Qwen/Qwen3-8B", "./model").replace("qwen3", "default")
        found = lenses(editor, "a.yaml", text)
        assert len(found) == 1
        steps, _, memory = found[0][1].partition(" · ")
        assert steps.endswith(" steps")
        assert memory.endswith("MiB")


def test_the_reason_where_there_are_no_steps(editor: Client) -> None:
    away = BASE.replace("dataset: faq", "dataset: chats")
    assert "(the rows of `chats` are not known)" in lenses(editor, "away.yaml", away)[0][1]
    wrong = BASE + "stage: dpo\n"
    title = lenses(editor, "wrong.yaml", wrong)[0][1]
    assert title.startswith("no steps: ")
    assert len(title) > 20
    export = "model_name_or_path: m\nadapter_name_or_path: a\ntemplate: qwen\nexport_dir: e\n"
    assert lenses(editor, "export.yaml", export) == []
    assert lenses(editor, "other.yaml", "services: {}\n") == []


def test_each_start_of_a_script(editor: Client) -> None:
    flags = "--stage sft --do_train --model_name_or_path m --dataset faq --template qwen"
    line = f"llamafactory-cli train {flags} --output_dir o --per_device_train_batch_size 5"
    text = f"#!/bin/bash\n{line} --num_train_epochs 1\n\n{line} --num_train_epochs 2\n"
    write(editor.folder, "two.sh", text)
    found = lenses(editor, "two.sh", text, "shellscript")
    assert [where for where, _ in found] == [1, 3]
    assert found[0][1].startswith("= 100 steps")
    assert found[1][1].startswith("= 200 steps")


def test_lenses_can_be_turned_off(folder: Path) -> None:
    with Client(folder, options={"lens": False}) as editor:
        assert lenses(editor, "a.yaml", BASE) == []


def test_links_lead_to_what_is_there(editor: Client) -> None:
    write(editor.folder, "ds/z2.json", '{"zero_optimization": {"stage": 2}}')
    write(editor.folder, "adapter/adapter_config.json", "{}")
    text = BASE.replace("dataset: faq", "dataset: faq,chats")
    text += "dataset_dir: data\ndeepspeed: 'ds/z2.json'\nadapter_name_or_path: adapter\n"
    assert links(editor, "configs/links.yaml", text) == {
        "faq": "data/faq.json",
        "data": "data/dataset_info.json",
        "ds/z2.json": "ds/z2.json",
        "adapter": "adapter/adapter_config.json",
    }


def test_no_link_leads_out_of_the_project(folder: Path, tmp_path: Path) -> None:
    write(tmp_path, "outside/ds.json", "{}")
    write(tmp_path, "outside/dataset_info.json", '{"faq": {"file_name": "faq.json"}}')
    write(tmp_path, "outside/faq.json", "[]")
    (folder / "ln").symlink_to(tmp_path / "outside")
    with Client(folder) as editor:
        for number, where in enumerate(("../outside", str(tmp_path / "outside"), "ln")):
            text = BASE + f"dataset_dir: {where}\ndeepspeed: {where}/ds.json\n"
            assert links(editor, f"{number}.yaml", text) == {}
