"""What a config's local data say, conversation by conversation, as LLaMA Factory reads them.

Known: alpaca and sharegpt in JSON or JSONL, and texts for pt. Source: `data/parser.py` and
`data/converter.py` of LLaMA Factory 0.9.5.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.runners.errors import Unsupported, Untrainable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Turn(NamedTuple):
    """A prompt and its answer."""

    prompt: str
    answer: str


class Conversation(NamedTuple):
    """Turns, and what is said before them; an empty `system` leaves it to the template."""

    turns: list[Turn]
    system: str = ""


ELSEWHERE = ("hf_hub_url", "ms_hub_url", "om_hub_url", "script_url", "cloud_file_name", "subset",
             "folder", "num_samples", "ranking")  # fmt: skip
"""Keys of a definition by which LLaMA Factory reads other rows than those of the file."""
COLUMNS = ("prompt", "query", "response", "history", "messages", "system")


def documents(config: Mapping[str, Any], name: str) -> Iterator[Any]:
    """Yield the rows of a data set: texts for pt, conversations for sft."""
    root = Path(config.get("dataset_dir", "data"))
    info = json.loads((root / "dataset_info.json").read_text(encoding="utf-8"))
    if name not in info:
        raise Unsupported(f"dataset {name!r}: not in {root / 'dataset_info.json'}")
    entry = info[name]
    file = root / entry.get("file_name", "")
    columns = entry.get("columns", {})
    beyond = [key for key in ELSEWHERE if entry.get(key)] + [
        key for key in columns if key not in COLUMNS and columns[key]
    ]
    if file.suffix not in (".json", ".jsonl") or entry.get("split", "train") != "train" or beyond:
        also = f", without {', '.join(beyond)}" if beyond else ""
        raise Unsupported(f"dataset {name!r}: only local JSON and JSONL for pt and sft{also}")
    rows = _table(file)[: config.get("max_samples")]
    told = _text if config.get("stage", "sft") == "pt" else _conversation
    for row in rows:
        yield told(row, entry)


def _table(file: Path) -> list[dict[str, Any]]:
    """The rows of a file with all columns that any of them has, as tables have them."""
    text = file.read_text(encoding="utf-8")
    if text.lstrip().startswith("["):
        found = json.loads(text)
    else:  # lines end where JSON says, not where text in it may
        found = [json.loads(line) for line in text.split("\n") if line.strip()]
    if not all(isinstance(row, dict) for row in found):
        raise Untrainable(f"{file.name} is not a table of rows")
    names = dict.fromkeys(name for row in found for name in row)
    return [{**names, **row} for row in found]


def _conversation(row: Mapping[str, Any], entry: Mapping[str, Any]) -> Conversation:
    """Return a row's conversation: without turns where LLaMA Factory leaves the row out."""
    formatting = entry.get("formatting", "alpaca")
    columns = entry.get("columns", {})
    system = str(_read(row, columns["system"]) or "") if columns.get("system") else ""
    if formatting == "alpaca":
        return Conversation(_alpaca(row, columns), system)
    if formatting != "sharegpt":
        raise Unsupported(f"formatting {formatting}: known are alpaca and sharegpt")
    messages = _read(row, columns.get("messages", "conversations"))
    return _sharegpt(messages, entry.get("tags"), system)


def _text(row: Mapping[str, Any], entry: Mapping[str, Any]) -> str:
    """Return a document to pre-train on: what would be the first prompt."""
    if entry.get("formatting", "alpaca") != "alpaca":
        raise Unsupported("conversations in pre-training")
    before, prompt, _ = _parts(row, entry.get("columns", {}))
    return before[0].prompt if before else prompt


def _alpaca(row: Mapping[str, Any], columns: Mapping[str, Any]) -> list[Turn]:
    before, prompt, answer = _parts(row, columns)
    return [*before, Turn(prompt, answer)] if isinstance(answer, str) else []


def _parts(row: Mapping[str, Any], columns: Mapping[str, Any]) -> tuple[list[Turn], str, object]:
    """Return earlier turns, the prompt and the answer; columns that are named leave no defaults."""
    given = columns or {"prompt": "instruction", "query": "input", "response": "output"}
    asked = [_read(row, given[key]) for key in ("prompt", "query") if given.get(key)]
    before = _read(row, given["history"]) if given.get("history") else None
    turns = [Turn(*old) for old in before] if isinstance(before, list) else []
    answer = _read(row, given["response"]) if given.get("response") else None
    return turns, "\n".join(part for part in asked if part), answer


def _read(row: Mapping[str, Any], column: str) -> Any:
    if column not in row:
        raise Untrainable(f"no column {column!r}, which is read")
    return row[column]


def _sharegpt(messages: list[Any], tags: Mapping[str, Any] | None, system: str) -> Conversation:
    """Return what is said in turn; calls of functions are laid out by templates' own rules."""
    named: dict[str, Any] = {"role_tag": "from", "content_tag": "value"}
    roles: dict[str, Any] = {
        "user_tag": "human", "assistant_tag": "gpt", "observation_tag": "observation",
        "function_tag": "function_call", "system_tag": "system",
    }  # fmt: skip
    if tags is not None:
        named, roles = ({key: tags.get(key) for key in known} for known in (named, roles))
    said = [(one[named["role_tag"]], one[named["content_tag"]]) for one in messages]
    if said and roles["system_tag"] and said[0][0] == roles["system_tag"]:
        system, said = said[0][1], said[1:]
    if any(role in (roles["observation_tag"], roles["function_tag"]) for role, _ in said):
        raise Unsupported("calls of functions in a conversation")
    turns = [Turn(said[at][1], said[at + 1][1]) for at in range(0, len(said) - 1, 2)]
    in_turn = [role for role, _ in said] == [roles["user_tag"], roles["assistant_tag"]] * len(turns)
    return Conversation(turns if in_turn else [], system)
