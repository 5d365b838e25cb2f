"""Why preprocessing drops a row or stops at it: which key, which tag, and what to write instead.

Asked once a dataset, of the first such row. Follows LLaMA Factory `data/converter.py` and
`data/processor/*.py` (0.9.3 to 0.9.5) in their own order; tests/oracle/test_reasons.py holds each
reason against a run of the real converter.
"""

from __future__ import annotations

from ftlint.datasets.entries import ALPACA, INFO, OPENAI
from ftlint.datasets.shapes import KINDS, WORDS
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ftlint.datasets.entries import DatasetEntry, Tags
    from ftlint.datasets.jsonload import Row

# What people call the roles, and the tag that names each.
_ROLES = {
    **dict.fromkeys(("human", "user", "prompter", "instruction", "question"), "user_tag"),
    **dict.fromkeys(("gpt", "assistant", "bot", "model", "chatgpt", "answer"), "assistant_tag"),
    **dict.fromkeys(("observation", "tool"), "observation_tag"),
    **dict.fromkeys(("function_call", "function"), "function_tag"),
    "system": "system_tag",
}
_ROLE_KEYS, _CONTENT_KEYS = ("role", "from", "speaker"), ("content", "value", "text")

# What people call the columns.
_COLUMNS = {
    "prompt": ("instruction", "prompt", "question"),
    "query": ("input", "query", "context"),
    "response": ("output", "response", "answer", "completion"),
    "chosen": ("chosen",),
    "rejected": ("rejected",),
    "messages": ("conversations", "messages", "conversation", "dialogue"),
}
_AROUND = ("data", "rows", "train", "examples", "items", "records", "samples", "dataset")


def told(value: object) -> str:
    """Return what a value is, in a word or two, without its content."""
    kind = KINDS.get(type(value))
    return "not a string" if kind is None else WORDS[kind]


def which_columns(entry: DatasetEntry, columns: Sequence[str], rows: int | None) -> str:
    """Return what makes a file with these columns fit, "" where that is not plain."""
    around = next((name for name in _AROUND if name in columns), None)
    if around and rows == 1:
        return f": its rows are below `{around}`; they must be the top-level list"
    talks = _called("messages", entry.columns.messages, columns)
    if entry.formatting != ALPACA and not talks and _called("response", None, columns):
        return ': such rows need `"formatting": "alpaca"`'
    wanted = _alpaca_columns(entry, columns)
    if entry.formatting != ALPACA or (talks and not wanted):
        wanted = {"messages": talks} if talks else {}
    kept = {name: now for name, now in zip(entry.columns._fields, entry.columns)
            if now and name not in _COLUMNS}  # fmt: skip
    if not wanted or not set(kept.values()) <= {*columns}:
        return ""
    pairs = ", ".join(f'"{field}": "{name}"' for field, name in {**wanted, **kept}.items())
    table = f'"columns": {{{pairs}}}'
    if talks and entry.formatting == ALPACA and "messages" in wanted:
        usual = talks == type(entry.columns)().messages and not kept
        table = '"formatting": "sharegpt"' + ("" if usual else f", {table}")
    return f": set `{table}`"


def _alpaca_columns(entry: DatasetEntry, columns: Sequence[str]) -> dict[str, str]:
    answers = ("chosen", "rejected") if entry.ranking else ("response",)
    names = {field: _called(field, getattr(entry.columns, field), columns)
             for field in ("prompt", "query", *answers)}  # fmt: skip
    if not names["prompt"]:
        names["prompt"], names["query"] = names["query"], None
    found = {field: name for field, name in names.items() if name}
    return found if found.keys() >= {"prompt", *answers} else {}


def _called(field: str, now: str | None, columns: Sequence[str]) -> str | None:
    """Return the column for a field: the one that is set, else the only one of a usual name."""
    found = [name for name in _COLUMNS[field] if name in columns]
    return now if now in columns else found[0] if len(found) == 1 else None


def why_dropped(row: Row, entry: DatasetEntry, stage: str, number: int) -> str:
    """Return why a row is dropped, with the remedy."""
    columns = entry.columns
    broken = "" if entry.formatting == ALPACA else _broken_turns(row, entry, number)
    if broken:
        return broken
    from ftlint.datasets.definitions import PAIRED, lacking

    lack = lacking(entry, stage)
    if lack is not None:
        return lack.text
    if stage == "kto":
        kind = told(row.get(columns.kto_tag or ""))
        return f"`{columns.kto_tag}` of row {number} is {kind}: it must be true or false"
    if columns.kto_tag and isinstance(row.get(columns.kto_tag), bool):
        tag = f'`"kto_tag": "{columns.kto_tag}"`'
        return f"{tag} makes two answers of each row: remove it, or set `stage: kto`"
    if stage in PAIRED:
        return _no_pair(row, entry, number)
    answer = told(row.get(columns.response or ""))
    return f"`{columns.response}` of row {number} is {answer}, not a string"


def _no_pair(row: Row, entry: DatasetEntry, number: int) -> str:
    wanted = str if entry.formatting == ALPACA else dict
    for field in ("chosen", "rejected"):
        name = getattr(entry.columns, field)
        if not name:
            return f'no {field} answer is read: set `"{field}"` in columns of {INFO}'
        if not isinstance(row.get(name), wanted):
            right = "a string" if wanted is str else "a message (an object)"
            return f"`{name}` of row {number} is {told(row.get(name))}: it must be {right}"
    return f"row {number} has not two answers"


def _broken_turns(row: Row, entry: DatasetEntry, number: int) -> str:
    """Return what is wrong with the turns of a conversation, nothing when they are as wanted."""
    tags = entry.tags
    messages = row.get(entry.columns.messages or "")
    if not isinstance(messages, list) or not messages:
        return f"`{entry.columns.messages}` of row {number} is empty"
    turns = [message.get(tags.role_tag) for message in messages if isinstance(message, dict)]
    if tags.system_tag and turns[0] == tags.system_tag:
        turns = turns[1:]
    if entry.formatting == OPENAI:
        turns = _answers_of_tools(turns, tags)
    asking, answering = (
        (tags.user_tag, tags.observation_tag),
        (tags.assistant_tag, tags.function_tag),
    )
    for turn, role in enumerate(turns):
        if role not in (answering if turn % 2 else asking):
            return _wrong_role(role, turn, tags, messages, number)
    if not turns:
        return f"row {number} has no turn but the system's"
    last = f"`{tags.role_tag}: {_short(turns[-1])}`"
    if not entry.ranking and len(turns) % 2:
        return f"row {number} ends with {last}: an answer must come last"
    if entry.ranking and len(turns) % 2 == 0:
        return f"row {number} ends with {last}: with ranking the user's turn must come last"
    return ""


def _answers_of_tools(roles: list[object], tags: Tags) -> list[object]:
    """Take results of tools in a row for one turn; those at the end are left out."""
    turns: list[object] = []
    for place, role in enumerate(roles):
        after = roles[place + 1 : place + 2]
        if role != tags.observation_tag or (after and after != [role]):
            turns.append(role)
    return turns


def _wrong_role(
    role: object, turn: int, tags: Tags, messages: list[Mapping[str, object]], number: int
) -> str:
    found = f"row {number} has `{tags.role_tag}: {_short(role)}`"
    if role not in tags[2:]:
        tag = _ROLES.get(role) if isinstance(role, str) else None
        if tag is None:
            return f"{found}, which no tag in {INFO} names"
        if tag == "system_tag" and turn:
            return f"{found} behind its first message"
        now = getattr(tags, tag)
        what = f"`{tag}: {_short(now)}` is not what is there" if now else f"no {tag} is set"
        roles = [message.get(tags.role_tag or "") for message in messages]
        remedy = _remedy(tags, messages[0], roles).removeprefix(": ")
        return f"{what}: {found}" + (f"; {remedy}" if remedy else "")
    wanted = "an answer" if turn % 2 else "the user"
    if role == tags.system_tag:
        return f"{found} behind its first message"
    return f"{found} as turn {turn + 1}, where {wanted} must stand"


def no_such_field(
    tag: str, tags: Tags, fields: Mapping[str, object], roles: Collection[object], number: int
) -> str:
    """Return why conversion stops at messages without the field that a tag gives, or without it.

    `roles` are those of messages with such fields, in the order in which they are met.
    """
    name = getattr(tags, tag)
    has = ", ".join(_short(field) for field in list(fields)[:4])
    lacks = (
        f"has no `{name}` in the messages of row {number}, a KeyError; they have {has}"
        if name
        else f"is read without a `{tag}`, a KeyError; the messages of row {number} have {has}"
    )
    return lacks + _remedy(tags, fields, roles)


def unknown_role(
    role: object, tags: Tags, fields: Mapping[str, object], roles: Collection[object], number: int
) -> str:
    """Return why conversion to messages stops at a role, a KeyError."""
    found = f"`{tags.role_tag}: {_short(role)}`"
    known = isinstance(role, str) and role in _ROLES
    remedy = _remedy(tags, fields, roles) if known else ""
    return f"has {found} in row {number}, which no tag names: a KeyError{remedy}"


def field_of_roles(tags: Tags, fields: Mapping[str, object]) -> str | None:
    """Return the field of a message that holds its role: the tag's, or one of a usual name."""
    return next((key for key in (tags.role_tag, *_ROLE_KEYS) if key and key in fields), None)


def _remedy(tags: Tags, fields: Mapping[str, object], roles: Collection[object]) -> str:
    """Return all that the tags must say for these messages, where that is known.

    A table of tags that names any leaves the others null: without one, all that are read are named.
    """
    wanted = {"role_tag": field_of_roles(tags, fields)}
    wanted["content_tag"] = next(
        (key for key in (tags.content_tag, *_CONTENT_KEYS) if key and key in fields), None
    )
    if None in wanted.values():
        return ""
    for role in roles:
        named = next((tag for tag in tags._fields[2:] if getattr(tags, tag) == role), None)
        tag = named or (_ROLES.get(role) if isinstance(role, str) else None)
        if tag is not None:
            wanted.setdefault(tag, str(role))
    shown = {tag: key for tag, key in wanted.items() if key != getattr(tags, tag)}
    if not shown:
        return ""
    table = wanted if tags == type(tags)() else shown
    pairs = ", ".join(f'"{tag}": "{table[tag]}"' for tag in tags._fields if tag in table)
    return f': set `"tags": {{{pairs}}}`' if table is wanted else f": set `{pairs}` in tags"


def _short(value: object) -> str:
    text = "null" if value is None else str(value)
    return text if len(text) <= 24 else text[:23] + "…"
