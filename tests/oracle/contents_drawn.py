"""Draws definitions and rows: right ones, and each with the slips that people make.

Every value is a word of its own (`w17`), so that what comes out of preprocessing tells which
columns were read.
"""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

STAGES = ("sft",) * 6 + ("dpo", "kto", "rm", "pt", "ppo")
ROLES = {"role_tag": "role", "content_tag": "content", "user_tag": "user",
         "assistant_tag": "assistant"}  # fmt: skip


class Case(NamedTuple):
    """One dataset, and the run that reads it."""

    definition: dict[str, Any]
    rows: list[dict[str, Any]]
    stage: str
    template: str


def drawn(count: int, seed: int) -> Iterator[Case]:
    """Yield cases, the same ones for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        yield _case(chance)


class _Words:
    def __init__(self) -> None:
        self.number = 0

    def __call__(self) -> str:
        self.number = (self.number + 1) % 100
        return f"w{self.number}"


def _case(chance: random.Random) -> Case:
    word, stage = _Words(), chance.choice(STAGES)
    template = chance.choice(("default", "llava"))
    formatting = chance.choice(("alpaca", "alpaca", "sharegpt", "openai"))
    paired = stage in ("dpo", "rm")
    make = _alpaca if formatting == "alpaca" else _talks
    rows, columns = make(chance, word, paired=paired, formatting=formatting)
    definition: dict[str, Any] = {"file_name": "x.json"}
    if formatting != "alpaca":
        definition["formatting"] = formatting
        if formatting == "openai":
            definition["tags"] = {**ROLES, "system_tag": "system"}
    if paired:
        definition["ranking"] = True
    if stage == "kto":
        columns["kto_tag"] = "label"
        for row in rows:
            row["label"] = chance.random() < 0.5
    _beside(chance, word, rows, columns, formatting, template)
    usual = columns in ({"prompt": "instruction", "query": "input", "response": "output"},
                        {"messages": "conversations"})  # fmt: skip
    if not usual or chance.random() < 0.5:
        definition["columns"] = columns
    for _ in range(chance.choice((0, 1, 1, 1, 2))):
        _spoil(chance, definition, rows)
    return Case(definition, rows, stage, template)


def _alpaca(
    chance: random.Random, word: _Words, *, paired: bool, formatting: str
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    rows = []
    for _ in range(chance.randint(1, 4)):
        row: dict[str, Any] = {"instruction": word(), "input": chance.choice(("", word())),
                               "output": word()}  # fmt: skip
        if paired:
            row |= {"chosen": word(), "rejected": word()}
            del row["output"]
        rows.append(row)
    columns = {"prompt": "instruction", "query": "input"}
    columns |= {"chosen": "chosen", "rejected": "rejected"} if paired else {"response": "output"}
    assert formatting == "alpaca"
    return rows, columns


def _talks(
    chance: random.Random, word: _Words, *, paired: bool, formatting: str
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    shares = formatting == "sharegpt"
    role, text = ("from", "value") if shares else ("role", "content")
    user, answerer = ("human", "gpt") if shares else ("user", "assistant")
    key = "conversations" if shares else "messages"
    system = chance.random() < 0.2
    rows = []
    for _ in range(chance.randint(1, 4)):
        talk = [{role: "system", text: word()}] if system else []
        for _ in range(chance.randint(1, 2)):
            talk += [{role: user, text: word()}, {role: answerer, text: word()}]
        row: dict[str, Any] = {key: talk}
        if paired:
            row["chosen"], row["rejected"] = talk.pop(), {role: answerer, text: word()}
        rows.append(row)
    columns = {"messages": key}
    columns |= {"chosen": "chosen", "rejected": "rejected"} if paired else {}
    return rows, columns


def _beside(
    chance: random.Random, word: _Words, rows: list[dict[str, Any]], columns: dict[str, Any],
    formatting: str, template: str,
) -> None:  # fmt: skip
    """Add a system prompt, a history, tools or images, named in the columns or forgotten."""
    for name in ("system", "history", "tools", "images"):
        if chance.random() > 0.25 or (name == "history" and formatting != "alpaca"):
            continue
        if name == "images" and template != "llava":  # rules on templates judge these
            continue
        if chance.random() < 0.6:
            columns[name] = name
        wrong = None if chance.random() < 0.6 else chance.choice((None, "no tools"))
        right = chance.random() < 0.7
        for row in rows:
            row[name] = _value(chance, word, name, row, formatting, wrong, right=right)


def _value(
    chance: random.Random, word: _Words, name: str, row: dict[str, Any], formatting: str,
    wrong: str | None, *, right: bool,
) -> object:  # fmt: skip
    if name == "system":
        return word()
    if name == "history":
        return [[word(), word()]]
    if name == "tools":
        tool = {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}}
        return json.dumps([tool]) if right else wrong or [tool]
    number = chance.randint(1, 2)
    marks = "<image> " * (number if right else chance.randint(0, 2))
    if formatting == "alpaca":
        row["instruction"] = marks + row["instruction"]
    else:
        talk = row["conversations" if formatting == "sharegpt" else "messages"]
        text = "value" if formatting == "sharegpt" else "content"
        asked = next(turn for turn in talk if turn.get("from", turn.get("role")) != "system")
        asked[text] = marks + asked[text]
    return ["i.png"] * number


def _spoil(chance: random.Random, definition: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Make one slip."""
    columns, tags = definition.get("columns"), definition.get("tags")
    renamed = {"prompt": "instruction", "response": "output", "query": "input",
               "messages": "conversations", "kto_tag": "label", "chosen": "chosn"}  # fmt: skip
    kind = chance.randrange(12)
    if kind <= 3 and isinstance(columns, dict) and columns:
        name = chance.choice(list(columns))
        value = columns.pop(name)
        if kind >= 1 and name in renamed:
            columns[renamed[name]] = value
    elif kind == 4 and isinstance(columns, dict):
        columns["weight"] = "weight"
    elif kind == 5 and isinstance(tags, dict):
        tags.pop(chance.choice(list(tags)))
    elif kind == 6:
        definition[chance.choice(("format", "Formatting"))] = definition.pop("formatting", "alpaca")
    elif kind == 7:
        definition["ranking"] = not definition.get("ranking", False)
    elif kind == 8:
        definition[chance.choice(("columns", "tags"))] = chance.choice((None, [], {}))
    elif kind == 9 and isinstance(columns, dict) and columns:
        columns[chance.choice(list(columns))] = chance.choice((["instruction"], 5, "", None))
    elif kind == 10:
        for row in rows:
            for name in ("instruction", "input"):
                if name in row:
                    row[name] = ""
    elif kind == 11:
        definition[chance.choice(("subset", "folder"))] = "part"
    definition.update(copy.deepcopy(definition))
