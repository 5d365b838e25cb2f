"""A row of the data as a conversation: who says what, and which answers there are.

Source: LLaMA Factory `data/converter.py` (0.9.3 to 0.9.5).
"""

from __future__ import annotations

from ftlint.datasets.entries import ALPACA, OPENAI, SHAREGPT
from ftlint.tokens.chat import NotCounted
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ftlint.datasets.entries import Columns, DatasetEntry, Tags

USER, ASSISTANT, SYSTEM, FUNCTION, OBSERVATION = (
    "user", "assistant", "system", "function", "observation",
)  # fmt: skip
ODD, EVEN = (USER, OBSERVATION), (ASSISTANT, FUNCTION)
THINKING_OFF = "detailed thinking off"


class ChatMessage(NamedTuple):
    """One turn."""

    role: str
    content: str


class Conversation(NamedTuple):
    """What a row says: the turns before the answer, the answers, and what stands above it all."""

    prompt: tuple[ChatMessage, ...] = ()
    response: tuple[ChatMessage, ...] = ()
    system: str = ""
    tools: str = ""

    def fits(self, stage: str) -> bool:
        """Return whether preprocessing keeps it."""
        if len(self.prompt) % 2 != 1:
            return stage == "pt" and bool(self.prompt)
        if stage == "sft":
            return len(self.response) == 1
        return len(self.response) >= 2 if stage in ("rm", "kto") else True


def convert(row: Mapping[str, Any], entry: DatasetEntry) -> Conversation:
    """Return the conversation of a row. Raises NotCounted for one with media, or of other types."""
    columns = entry.columns
    if any(row.get(name) for name in (columns.images, columns.videos, columns.audios) if name):
        raise NotCounted("rows with images, videos or sound take tokens that only a model can tell")
    try:
        return _CONVERTERS[str(entry.formatting)](row, entry)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotCounted("a row cannot be converted") from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a turn is not a string")
    return value


def _optional(row: Mapping[str, Any], name: str | None) -> str:
    value = row.get(name) if name else ""
    return value if value is not None else ""


def _alpaca(row: Mapping[str, Any], entry: DatasetEntry) -> Conversation:
    columns = entry.columns
    prompt = []
    history = row.get(columns.history) if columns.history else None
    if isinstance(history, list):
        for question, answer in history:
            prompt += [ChatMessage(USER, _text(question)), ChatMessage(ASSISTANT, _text(answer))]
    asked = [row.get(name) for name in (columns.prompt, columns.query) if name]
    prompt.append(ChatMessage(USER, "\n".join(filter(None, asked))))
    pair = (columns.chosen or "", columns.rejected or "")
    answers: Sequence[object]
    if columns.kto_tag and isinstance(row.get(columns.kto_tag), bool):
        answer = row.get(columns.response or "")
        answers = (answer, "") if row[columns.kto_tag] else ("", answer)
    elif entry.ranking and all(isinstance(row.get(name), str) for name in pair):
        answers = [row[name] for name in pair]
    else:
        answer = row.get(columns.response or "")
        answers = [answer] if isinstance(answer, str) else []
    response = tuple(ChatMessage(ASSISTANT, _text(answer)) for answer in answers)
    return Conversation(
        tuple(prompt), response, _optional(row, columns.system), _optional(row, columns.tools)
    )


def _sharegpt(row: Mapping[str, Any], entry: DatasetEntry) -> Conversation:
    columns, tags = entry.columns, entry.tags
    meaning = _meaning(tags)
    accepted = ((tags.user_tag, tags.observation_tag), (tags.assistant_tag, tags.function_tag))
    messages, system = _without_system(row, columns, tags)
    if system is None:
        system = _optional(row, columns.system)
    turns: list[ChatMessage] = []
    for place, message in enumerate(messages):
        role = message.get(tags.role_tag)
        if role not in accepted[place % 2]:
            turns = []
            break
        turns.append(ChatMessage(meaning[role], _content(message, tags)))
    return _answered(row, entry, turns, system, _optional(row, columns.tools))


def _openai(row: Mapping[str, Any], entry: DatasetEntry) -> Conversation:
    import json

    columns, tags = entry.columns, entry.tags
    meaning = _meaning(tags)
    messages, system = _without_system(row, columns, tags)
    if system is None:
        system = _optional(row, columns.system)
    turns: list[ChatMessage] = []
    results: list[str] = []
    for message in messages:
        role, content = message.get(tags.role_tag), _content(message, tags)
        if role in (tags.assistant_tag, tags.function_tag) and message.get("tool_calls"):
            calls = [call["function"] for call in message["tool_calls"]]
            content, role = json.dumps(calls, ensure_ascii=False), tags.function_tag
        if role == tags.observation_tag:
            results.append(_text(content))
            continue
        if results:
            joined = "\n</tool_response>\n<tool_response>\n".join(results)
            turns.append(ChatMessage(OBSERVATION, joined))
            results = []
        turns.append(ChatMessage(meaning[role], content))
    if any(turn.role not in (ODD, EVEN)[place % 2] for place, turn in enumerate(turns)):
        turns = []
    tools = row.get(columns.tools) if columns.tools else ""
    if isinstance(tools, (dict, list)):
        tools = json.dumps(tools, ensure_ascii=False)
    return _answered(row, entry, turns, _without_thinking(system, bool(tools)), tools or "")


def _without_thinking(system: str, tools: bool) -> str:
    """Return the system turn: without tools it says that nothing is thought at length."""
    if tools:
        return system + "\n" if system else system
    if not system:
        return THINKING_OFF
    if "detailed thinking on" in system or THINKING_OFF in system:
        return system
    return f"{system}\n{THINKING_OFF}"


def _content(message: Mapping[str | None, Any], tags: Tags) -> Any:
    """Return what a turn says: text, which is asked for where it is written."""
    return message.get(tags.content_tag)


def _meaning(tags: Tags) -> dict[str | None, str]:
    """Return what a role means; one that two tags share takes the later meaning."""
    return {
        tags.user_tag: USER,
        tags.assistant_tag: ASSISTANT,
        tags.observation_tag: OBSERVATION,
        tags.function_tag: FUNCTION,
        tags.system_tag: SYSTEM,
    }


def _without_system(
    row: Mapping[str, Any], columns: Columns, tags: Tags
) -> tuple[list[dict[str | None, Any]], str | None]:
    messages = row[columns.messages or ""]
    first = messages[0] if messages else {}
    if tags.system_tag and messages and first.get(tags.role_tag) == tags.system_tag:
        return messages[1:], _text(first.get(tags.content_tag))
    return messages, None


def _answered(
    row: Mapping[str, Any], entry: DatasetEntry, turns: list[ChatMessage], system: str, tools: str
) -> Conversation:
    columns, tags = entry.columns, entry.tags
    if bool(entry.ranking) != bool(len(turns) % 2):
        turns = []
    if not turns:
        return Conversation(system=system, tools=tools)
    prompt, response = turns[:-1], turns[-1:]
    pair = [row.get(name or "") for name in (columns.chosen, columns.rejected)]
    if columns.kto_tag and isinstance(row.get(columns.kto_tag), bool):
        none = ChatMessage(ASSISTANT, "")
        response = [*response, none] if row[columns.kto_tag] else [none, *response]
    elif entry.ranking and all(isinstance(answer, dict) for answer in pair):
        meaning = _meaning(tags)
        prompt = turns
        response = [
            ChatMessage(meaning[answer[tags.role_tag]], answer[tags.content_tag])  # type: ignore[index]
            for answer in pair
        ]
    return Conversation(tuple(prompt), tuple(response), system, tools)


_CONVERTERS = {ALPACA: _alpaca, SHAREGPT: _sharegpt, OPENAI: _openai}
