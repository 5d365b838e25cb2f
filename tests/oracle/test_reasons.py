"""FT705, FT707 and FT708 give the true reason: the run ends, and with their remedy it trains."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from tests.oracle.called import target_of
from tests.oracle.client import Trainer

from ftlint.engine import lint
from ftlint.project.options import Options
from ftlint.syntax.source import of_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.oracle

CONFIG: dict[str, Any] = {
    "model_name_or_path": "tiny", "stage": "sft", "do_train": True, "finetuning_type": "full",
    "dataset": "x", "template": "empty", "output_dir": "o", "report_to": "none", "use_cpu": True,
    "cutoff_len": 64, "save_strategy": "no", "per_device_train_batch_size": 4,
}  # fmt: skip


def talk(*roles: str, name: str = "from", text: str = "value") -> list[dict[str, str]]:
    return [{name: role, text: f"text {turn}"} for turn, role in enumerate(roles)]


SHARE = {"file_name": "x.json", "formatting": "sharegpt"}
CHAT = {"conversations": talk("human", "gpt")}
ROLES = {"role_tag": "role", "content_tag": "content", "user_tag": "user",
         "assistant_tag": "assistant"}  # fmt: skip
OPEN = {"messages": talk("user", "assistant", name="role", text="content")}
PLAIN = {"instruction": "q", "input": "", "output": "a"}
COLUMNS = {"prompt": "instruction", "query": "input", "response": "output"}


class Try(NamedTuple):
    """Rows and a definition, what is said of them, and the definition that its remedy makes."""

    about: str
    row: dict[str, Any]
    definition: dict[str, Any]
    says: str
    mended: dict[str, Any]


TRIES = (
    Try("labels under sft", {**CHAT, "label": True},
        {**SHARE, "columns": {"messages": "conversations", "kto_tag": "label"}},
        '`"kto_tag": "label"` makes two answers of each row',
        {**SHARE, "columns": {"messages": "conversations"}}),
    Try("labels of alpaca under sft", {**PLAIN, "label": True},
        {"file_name": "x.json", "columns": {**COLUMNS, "kto_tag": "label"}},
        '`"kto_tag": "label"` makes two answers of each row',
        {"file_name": "x.json", "columns": COLUMNS}),
    Try("other tags", CHAT,
        {**SHARE, "columns": {"messages": "conversations"},
         "tags": {"role_tag": "from", "content_tag": "value", "user_tag": "user",
                  "assistant_tag": "assistant"}},
        'set `"user_tag": "human", "assistant_tag": "gpt"` in tags',
        {**SHARE, "columns": {"messages": "conversations"},
         "tags": {"role_tag": "from", "content_tag": "value", "user_tag": "human",
                  "assistant_tag": "gpt"}}),
    Try("no tags", OPEN, {**SHARE, "columns": {"messages": "messages"}},
        'set `"tags": {"role_tag": "role", "content_tag": "content", "user_tag": "user", '
        '"assistant_tag": "assistant"}`',
        {**SHARE, "columns": {"messages": "messages"}, "tags": ROLES}),
    Try("no tags, openai", OPEN,
        {**SHARE, "formatting": "openai", "columns": {"messages": "messages"}},
        'set `"tags": {"role_tag": "role", "content_tag": "content", "user_tag": "user", '
        '"assistant_tag": "assistant"}`',
        {**SHARE, "formatting": "openai", "columns": {"messages": "messages"}, "tags": ROLES}),
    Try("no content tag", OPEN,
        {**SHARE, "columns": {"messages": "messages"},
         "tags": {**ROLES, "content_tag": "value"}},
        'set `"content_tag": "content"` in tags',
        {**SHARE, "columns": {"messages": "messages"}, "tags": ROLES}),
    Try("tags without content", OPEN,
        {**SHARE, "columns": {"messages": "messages"},
         "tags": {**ROLES, "content_tag": None}},
        'set `"content_tag": "content"` in tags',
        {**SHARE, "columns": {"messages": "messages"}, "tags": ROLES}),
    Try("few tags", OPEN,
        {**SHARE, "columns": {"messages": "messages"},
         "tags": {"role_tag": "role"}},
        'set `"content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"` in tags',
        {**SHARE, "columns": {"messages": "messages"}, "tags": ROLES}),
    Try("tags without content, openai", OPEN,
        {**SHARE, "formatting": "openai", "columns": {"messages": "messages"},
         "tags": {**ROLES, "content_tag": None}},
        'set `"content_tag": "content"` in tags',
        {**SHARE, "formatting": "openai", "columns": {"messages": "messages"}, "tags": ROLES}),
    Try("few tags, openai", OPEN,
        {**SHARE, "formatting": "openai", "columns": {"messages": "messages"},
         "tags": {"role_tag": "role"}},
        'set `"content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"` in tags',
        {**SHARE, "formatting": "openai", "columns": {"messages": "messages"}, "tags": ROLES}),
    Try("other columns", {"instruction": "q", "response": "a"}, {"file_name": "x.json"},
        'set `"columns": {"prompt": "instruction", "response": "response"}`',
        {"file_name": "x.json", "columns": {"prompt": "instruction", "response": "response"}}),
    Try("other columns of messages", {"dialogue": CHAT["conversations"]}, SHARE,
        'set `"columns": {"messages": "dialogue"}`',
        {**SHARE, "columns": {"messages": "dialogue"}}),
    Try("a system turn", {"messages": talk("system", "user", "assistant", name="role",
                                           text="content")},
        {**SHARE, "columns": {"messages": "messages"}, "tags": ROLES},
        'set `"system_tag": "system"` in tags',
        {**SHARE, "columns": {"messages": "messages"}, "tags": {**ROLES, "system_tag": "system"}}),
    Try("format", OPEN,
        {"file_name": "x.json", "format": "sharegpt", "columns": {"messages": "messages"},
         "tags": ROLES},
        'set `"formatting": "sharegpt"`',
        {**SHARE, "columns": {"messages": "messages"}, "tags": ROLES}),
    Try("an unknown role of openai", OPEN,
        {**SHARE, "formatting": "openai", "columns": {"messages": "messages"},
         "tags": {**ROLES, "user_tag": "human"}},
        'set `"user_tag": "user"` in tags',
        {**SHARE, "formatting": "openai", "columns": {"messages": "messages"}, "tags": ROLES}),
    Try("no response", PLAIN, {"file_name": "x.json", "columns": {"prompt": "instruction"}},
        'set `"response"` in columns',
        {"file_name": "x.json", "columns": {"prompt": "instruction", "response": "output"}}),
    Try("a number to ask", {**PLAIN, "input": 5}, {"file_name": "x.json"},
        "has a number as `input` in row 1",
        {"file_name": "x.json", "columns": {"prompt": "instruction", "response": "output"}}),
)  # fmt: skip

LABELLED = {**SHARE, "columns": {"messages": "conversations", "kto_tag": "label"}}
STAGED = (
    ("kto", CHAT, {**SHARE, "columns": {"messages": "conversations"}},
     'set `"kto_tag"` in columns', {**CHAT, "label": True}, LABELLED),
    ("kto", {**CHAT, "label": 1}, LABELLED, "`label` of row 1 is a number",
     {**CHAT, "label": False}, LABELLED),
    ("dpo", {**PLAIN, "chosen": "a", "rejected": None},
     {"file_name": "x.json", "ranking": True,
      "columns": {"prompt": "instruction", "chosen": "chosen", "rejected": "rejected"}},
     "`rejected` of row 1 is null",
     {**PLAIN, "chosen": "a", "rejected": "b"},
     {"file_name": "x.json", "ranking": True,
      "columns": {"prompt": "instruction", "chosen": "chosen", "rejected": "rejected"}}),
    ("sft", {"conversations": talk("human", "gpt", "human")}, SHARE,
     "row 1 ends with `from: human`", CHAT, SHARE),
    ("sft", {"conversations": talk("gpt", "human")}, SHARE,
     "row 1 has `from: gpt` as turn 1, where the user must stand", CHAT, SHARE),
)  # fmt: skip


@pytest.fixture(scope="module")
def trainer() -> Iterator[Trainer]:
    with Trainer("0.9.5") as running:
        yield running


@pytest.fixture(autouse=True)
def _in_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # what lies outside of it is not shown


def lay(folder: Path, row: dict[str, Any], definition: dict[str, Any]) -> dict[str, Any]:
    (folder / "x.json").write_text(json.dumps([row] * 8), encoding="utf-8")
    (folder / "dataset_info.json").write_text(json.dumps({"x": definition}), encoding="utf-8")
    return {**CONFIG, "dataset_dir": str(folder)}


def said(config: dict[str, Any]) -> list[tuple[str, str]]:
    text = "".join(f"{key}: {str(value).lower() if isinstance(value, bool) else value}\n"
                   for key, value in config.items())  # fmt: skip
    found = lint(of_text("config.yaml", text), Options(target_of("0.9.5"))).diagnostics
    return [(one.severity, one.message) for one in found if one.code.startswith("FT7")]


@pytest.mark.parametrize("tried", TRIES, ids=[one.about for one in TRIES])
def test_the_remedy_is_one(trainer: Trainer, tmp_path: Path, tried: Try) -> None:
    config = lay(tmp_path, tried.row, tried.definition)
    errors = [message for severity, message in said(config) if severity == "error"]
    assert len(errors) == 1
    assert tried.says in errors[0]
    assert trainer.train(config, steps=4).outcome != "trained"
    config = lay(tmp_path, tried.row, tried.mended)
    assert [message for severity, message in said(config) if severity == "error"] == []
    assert trainer.train(config, steps=4).outcome == "trained"


@pytest.mark.parametrize(("stage", "row", "definition", "says", "right", "mended"), STAGED)
def test_rows_that_the_stage_cannot_use(
    trainer: Trainer, tmp_path: Path, stage: str, row: dict[str, Any],
    definition: dict[str, Any], says: str, right: dict[str, Any], mended: dict[str, Any],
) -> None:  # fmt: skip
    config = {**lay(tmp_path, row, definition), "stage": stage}
    errors = [message for severity, message in said(config) if severity == "error"]
    assert len(errors) == 1
    assert says in errors[0]
    assert trainer.train(config, steps=2).outcome != "trained"
    config = {**lay(tmp_path, right, mended), "stage": stage}
    assert [message for severity, message in said(config) if severity == "error"] == []
    assert trainer.train(config, steps=2).outcome == "trained"
