"""Which rows preprocessing keeps. tests/oracle holds the same rules against the real one."""

from __future__ import annotations

from typing import Any

import pytest

from ftlint.datasets.entries import Columns, DatasetEntry, Tags, columns_read
from ftlint.datasets.preprocessing import Unconvertible, keeps

PLAIN = DatasetEntry("a", "file", "a.json")
PAIR = PLAIN._replace(ranking=True, columns=Columns(chosen="chosen", rejected="rejected"))
TAGGED = PLAIN._replace(columns=Columns(kto_tag="ok"))
SHARE = PLAIN._replace(formatting="sharegpt")
OPEN = PLAIN._replace(
    formatting="openai",
    columns=Columns(messages="messages"),
    tags=Tags("role", "content", "user", "assistant", "tool", "call", "system"),
)


def talk(roles: str, key: str = "conversations", name: str = "from") -> dict[str, Any]:
    words = {"h": "human", "g": "gpt", "s": "system", "o": "observation", "f": "function_call",
             "x": "other", "u": "user", "a": "assistant", "t": "tool"}  # fmt: skip
    return {key: [{name: words[role], "value": "v"} for role in roles]}


@pytest.mark.parametrize(
    ("output", "kept"), [("o", True), ("", True), (None, False), (3, False), (["o"], False)]
)
def test_alpaca(output: object, kept: bool) -> None:
    row = {"instruction": "", "input": None, "output": output}
    assert keeps(row, PLAIN, "sft") is kept
    assert keeps(row, PLAIN, "ppo")
    assert keeps(row, PLAIN, "pt")
    assert not keeps(row, PLAIN, "dpo")


def test_kto_stops_at_a_row_without_a_response() -> None:
    with pytest.raises(Unconvertible):
        keeps({"instruction": "i", "output": None, "ok": None}, TAGGED, "kto")
    with pytest.raises(Unconvertible):
        keeps({**talk("h"), "ok": True}, TAGGED._replace(formatting="sharegpt"), "kto")


def test_history_is_in_pairs() -> None:
    entry = PLAIN._replace(columns=Columns(history="history"))
    assert keeps({"output": "o", "history": [["q", "a"], ["q", "a"]]}, entry, "sft")
    assert keeps({"output": "o", "history": None}, entry, "sft")
    with pytest.raises(Unconvertible):
        keeps({"output": "o", "history": [["q"]]}, entry, "sft")


@pytest.mark.parametrize(("tag", "kept"), [(True, True), (False, True), (1, False), (None, False)])
def test_kto(tag: object, kept: bool) -> None:
    row = {"instruction": "i", "output": "o", "ok": tag}
    assert keeps(row, TAGGED, "kto") is kept
    assert keeps(row, TAGGED, "sft") is not kept


@pytest.mark.parametrize(
    ("chosen", "rejected", "kept"), [("c", "r", True), ("c", None, False), ({}, "r", False)]
)
def test_pairs(chosen: object, rejected: object, kept: bool) -> None:
    row = {"instruction": "i", "chosen": chosen, "rejected": rejected}
    assert keeps(row, PAIR, "dpo") is keeps(row, PAIR, "rm") is kept


@pytest.mark.parametrize(
    ("roles", "kept"),
    [("hg", True), ("shg", True), ("hghg", True), ("of", True), ("hgof", True), ("", False),
     ("h", False), ("hgh", False), ("gh", False), ("hh", False), ("s", False), ("hsg", False),
     ("hx", False), ("ssg", False)],
)  # fmt: skip
def test_sharegpt(roles: str, kept: bool) -> None:
    assert keeps(talk(roles), SHARE, "sft") is kept


def test_sharegpt_pairs() -> None:
    answer = {"from": "gpt", "value": "v"}
    entry = PAIR._replace(formatting="sharegpt")
    assert keeps({**talk("h"), "chosen": answer, "rejected": answer}, entry, "dpo")
    assert keeps({**talk("hgh"), "chosen": answer, "rejected": answer}, entry, "dpo")
    assert not keeps({**talk("hg"), "chosen": answer, "rejected": answer}, entry, "dpo")
    assert not keeps({**talk("h"), "chosen": "x", "rejected": answer}, entry, "dpo")


def test_sharegpt_kto() -> None:
    entry = TAGGED._replace(formatting="sharegpt")
    assert keeps({**talk("hg"), "ok": True}, entry, "kto")
    assert not keeps({**talk("hg"), "ok": "true"}, entry, "kto")


@pytest.mark.parametrize(
    ("roles", "kept"),
    [("ua", True), ("sua", True), ("uatta", True), ("uat", True), ("ta", True), ("uu", False),
     ("u", False), ("au", False)],
)  # fmt: skip
def test_openai(roles: str, kept: bool) -> None:
    """Results of tools in a row are one turn, and those at the end are left out."""
    assert keeps(talk(roles, "messages", "role"), OPEN, "sft") is kept


def test_openai_tool_calls() -> None:
    messages = talk("ua", "messages", "role")
    messages["messages"][1]["tool_calls"] = [{"function": {}}]
    assert keeps(messages, OPEN, "sft")
    with pytest.raises(Unconvertible):
        keeps(talk("ux", "messages", "role"), OPEN, "sft")


@pytest.mark.parametrize("row", [{}, {"conversations": None}, {"conversations": "x"},
                                 {"conversations": [None]}])  # fmt: skip
def test_no_messages(row: dict[str, Any]) -> None:
    with pytest.raises(Unconvertible):
        keeps(row, SHARE, "sft")


def test_columns_that_must_be_there() -> None:
    assert columns_read(PLAIN) == ("instruction", "input", "output")
    assert columns_read(PAIR) == ("instruction", "input", "chosen", "rejected")
    assert columns_read(SHARE) == ("conversations",)
    assert columns_read(OPEN) == ("messages",)
