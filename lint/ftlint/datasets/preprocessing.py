"""Which rows preprocessing keeps.

A row is dropped without an error when it has not the turns that the stage needs. The template, the
tokenizer and cutoff_len have no part in it. Source: LLaMA Factory `data/converter.py` and
`data/processor/*.py` (0.9.3 to 0.9.5).
"""

from __future__ import annotations

from itertools import islice

from ftlint.datasets.contents import Contents, Look
from ftlint.datasets.entries import ALPACA, INFO, OPENAI, SHAREGPT
from ftlint.datasets.reading import NoReader, rows_of
from ftlint.datasets.reasons import field_of_roles, no_such_field, told, unknown_role, why_dropped
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ftlint.datasets.entries import Columns, DatasetEntry, Tags
    from ftlint.datasets.jsonload import Row
    from ftlint.support.disk import Disk


class Unconvertible(Exception):
    """A row on which the conversion of the dataset stops; the text follows the file's name."""


class Dropped(NamedTuple):
    """Of the rows looked at, how many preprocessing drops, why the first, and what they hold."""

    looked_at: int
    rows: int
    columns: tuple[str, ...]
    reason: str = ""
    contents: Contents = Contents()


def count_dropped(
    path: str,
    kind: str,
    entry: DatasetEntry,
    stage: str,
    limit: int | None,
    disk: Disk,
    takes: Sequence[str] | None = None,
) -> Dropped:
    """Look at the first `limit` rows of a file; `takes`: the media that the template takes.

    Raises Unconvertible, Unreadable, Doubtful, NoReader and OSError.
    """
    rows = dropped = 0
    reason = ""
    columns: dict[str, None] = {}
    guessed = _guessed(entry) if kind == "csv" else ()
    if guessed:
        from ftlint.datasets.csvload import CHUNK
    if kind == "csv" and stage == "kto" and entry.columns.kto_tag:
        raise NoReader("has labels, and pandas guesses whether they are bools")
    text: set[str] = set()
    fields, look = _Fields(entry), Look(entry, stage, takes)
    for row in islice(rows_of(path, kind, entry.columns, disk), limit):
        rows += 1
        if not row.keys() <= columns.keys():
            columns.update(dict.fromkeys(row))
        if fields.open:
            fields.see(row, rows)
        try:
            kept = keeps(row, entry, stage, rows)
        except Unconvertible:
            fields.judge()
            raise
        look.see(row, rows, kept=kept)
        if not kept:
            dropped += 1
            reason = reason or why_dropped(row, entry, stage, rows)
        if guessed:
            text.update(name for name in guessed if name not in text and _is_text(row.get(name)))
            if rows % CHUNK == 0:
                if len(text) < len(guessed):
                    break
                text.clear()
    fields.judge()
    if dropped:
        _look_up_response(entry, columns)
    if dropped < rows and len(text) < len(guessed):
        raise NoReader("has answers that may all be read as numbers")
    return Dropped(rows, dropped, tuple(columns), reason, look.contents())


def _look_up_response(entry: DatasetEntry, columns: dict[str, None]) -> None:
    """Raise Unconvertible as a row without a pair does, where no column holds the answers."""
    response = entry.columns.response if entry.formatting == ALPACA else None
    if response and response not in columns:
        raise Unconvertible(f"has no column `{response}`, which is read")


class _Fields:
    """Whether the messages have the fields that two tags name: one that none of them has is a
    KeyError, one that some have is null in the others. A tag that is null names none that any has.
    """

    def __init__(self, entry: DatasetEntry) -> None:
        self.messages, self.tags = entry.columns.messages, entry.tags
        self.open = {"role_tag": entry.tags.role_tag, "content_tag": entry.tags.content_tag}
        self.first: tuple[dict[str, object], int] | None = None
        self.roles: dict[object, None] = {}  # those met, as long as a field is open

    def see(self, row: Row, number: int) -> None:
        """Strike out what a row has."""
        messages = row.get(self.messages or "")
        for message in messages if isinstance(messages, list) else ():
            if isinstance(message, dict):
                self.first = self.first or (message, number)
                self.open = {tag: name for tag, name in self.open.items() if name not in message}
                role = message.get(field_of_roles(self.tags, message))
                if isinstance(role, str) and len(self.roles) < MOST_ROLES:
                    self.roles[role] = None

    def judge(self) -> None:
        """Raise Unconvertible for what no message has."""
        for tag in self.open:
            if self.first is not None:
                fields, number = self.first
                told = no_such_field(tag, self.tags, fields, self.roles, number)
                raise Unconvertible(told)


MOST_ROLES = 16
"""Roles that are looked for a tag; data have a handful."""


def _guessed(entry: DatasetEntry) -> tuple[str, ...]:
    """Return the columns that must be text, and whose type pandas guesses by their values."""
    if entry.formatting != ALPACA:
        return ()
    columns = entry.columns
    names = (columns.chosen, columns.rejected) if entry.ranking else (columns.response,)
    return tuple(name for name in names if name)


def _is_text(value: object) -> bool:
    """Return whether pandas must take a column with this value for text."""
    if not isinstance(value, str) or value.lower() in ("true", "false"):
        return False
    try:
        float(value)
    except ValueError:
        return True
    return False


def keeps(row: Row, entry: DatasetEntry, stage: str, number: int = 1) -> bool:
    """Return whether preprocessing keeps a row. Raises Unconvertible where conversion fails."""
    if stage == "pt" and entry.formatting == ALPACA:
        return True
    try:
        turns, responses = _CONVERTERS[str(entry.formatting)](row, entry)
    except _Stops as error:
        raise Unconvertible(_stopped(error.args[0], error.args[1], row, entry, number)) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unconvertible(
            f"has a row that cannot be converted: {error!r} in row {number}"
        ) from error
    if stage == "kto" and not responses:  # the row after it is compared with its answer
        raise Unconvertible(
            f"has no answer in row {number}, on which preprocessing for kto crashes"
        )
    if stage == "pt":
        if not turns:
            why = why_dropped(row, entry, stage, number)
            raise Unconvertible(f"has no turn for stage pt (IndexError): {why}")
        return True
    if turns % 2 != 1:
        return False
    if stage == "sft":
        return responses == 1
    return responses >= 2 if stage in ("rm", "dpo", "kto") else True


class _Stops(Exception):
    """What conversion stops at: the column, or None for a role; and the value there."""


def _stopped(column: str | None, value: object, row: Row, entry: DatasetEntry, number: int) -> str:
    if column is None:
        messages = row.get(entry.columns.messages or "")
        found = (
            [one for one in messages if isinstance(one, dict)] if isinstance(messages, list) else []
        )
        roles = [*(_field(message, entry.tags.role_tag) for message in found), value]
        return unknown_role(value, entry.tags, next(iter(found), {}), roles, number)
    return f"has {told(value)} as `{column}` in row {number}, which must be a string (TypeError)"


def _alpaca(row: Row, entry: DatasetEntry) -> tuple[int, int]:
    columns = entry.columns
    turns = 1
    history = row.get(columns.history) if columns.history else None
    if isinstance(history, list):
        for _, _ in history:
            pass
        turns += 2 * len(history)
    for name in (columns.prompt, columns.query):
        value = row.get(name) if name else None
        if value and not isinstance(value, str):  # they are joined
            raise _Stops(name, value)
    if columns.kto_tag and isinstance(row.get(columns.kto_tag), bool):
        return turns, 2
    pair = (columns.chosen or "", columns.rejected or "")
    if entry.ranking and all(isinstance(row.get(name), str) for name in pair):
        return turns, 2
    return turns, int(isinstance(row.get(columns.response or ""), str))


def _sharegpt(row: Row, entry: DatasetEntry) -> tuple[int, int]:
    tags = entry.tags
    messages = _without_system(_messages(row, entry.columns), tags)
    accepted = ((tags.user_tag, tags.observation_tag), (tags.assistant_tag, tags.function_tag))
    for turn, message in enumerate(messages):
        if _field(message, tags.role_tag) not in accepted[turn % 2]:
            return 0, 0
    return _turns(row, entry, len(messages))


def _openai(row: Row, entry: DatasetEntry) -> tuple[int, int]:
    tags = entry.tags
    user, assistant, observation, function = "user", "assistant", "observation", "function"
    # A role that two tags share takes the later meaning, as in the mapping that is built there.
    meaning = {
        tags.user_tag: user,
        tags.assistant_tag: assistant,
        tags.observation_tag: observation,
        tags.function_tag: function,
        tags.system_tag: "system",
    }
    roles = []
    waiting = False  # results of tools, which become one turn before the next other message
    for message in _without_system(_messages(row, entry.columns), tags):
        role = _field(message, tags.role_tag)
        if role in (tags.assistant_tag, tags.function_tag) and message.get("tool_calls"):
            role = tags.function_tag
        if role == tags.observation_tag:
            waiting = True
            continue
        if waiting:
            roles.append(observation)
            waiting = False
        if role not in meaning:
            raise _Stops(None, role)
        roles.append(meaning[role])
    accepted = ((user, observation), (assistant, function))
    if any(role not in accepted[turn % 2] for turn, role in enumerate(roles)):
        return 0, 0
    return _turns(row, entry, len(roles))


_CONVERTERS = {ALPACA: _alpaca, SHAREGPT: _sharegpt, OPENAI: _openai}


def _messages(row: Row, columns: Columns) -> list[dict[str | None, object]]:
    if not columns.messages:
        raise Unconvertible(
            f'has messages, and none are read: set `"messages"` in columns of {INFO}'
        )
    messages = row.get(columns.messages)
    if not isinstance(messages, list):
        raise TypeError(f"{columns.messages} is not a list")
    return messages


def _without_system(
    messages: list[dict[str | None, object]], tags: Tags
) -> list[dict[str | None, object]]:
    if tags.system_tag and messages and _field(messages[0], tags.role_tag) == tags.system_tag:
        return messages[1:]
    return messages


def _field(message: dict[str | None, object], name: str | None) -> str | None:
    if name is None:
        raise KeyError(name)
    value = message.get(name)  # one that only some messages have is null in the others
    return value if isinstance(value, str) else None


def _turns(row: Row, entry: DatasetEntry, turns: int) -> tuple[int, int]:
    """Return the turns of the prompt and the responses of a well-formed conversation."""
    if bool(entry.ranking) != bool(turns % 2):
        return 0, 0
    columns = entry.columns
    if columns.kto_tag and isinstance(row.get(columns.kto_tag), bool):
        return max(turns - 1, 0), 2 if turns else 1
    pair = [row.get(name or "") for name in (columns.chosen, columns.rejected)]
    if entry.ranking and all(isinstance(answer, dict) for answer in pair):
        for answer in pair:
            role = _field(answer, entry.tags.role_tag)  # type: ignore[arg-type]
            if role not in entry.tags[2:]:  # looked up in what the tags name
                raise _Stops(None, role)
        return turns, 2
    return max(turns - 1, 0), min(turns, 1)
