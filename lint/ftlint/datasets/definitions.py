"""A dataset's definition alone: which of its keys are read, and what holds for every row there is.

What is said here needs no row, so it is said of data on a hub or on another machine as well.
Source: LLaMA Factory `data/parser.py` DatasetAttr.join, `data/converter.py` (0.9.3 to 0.9.5).
"""

from __future__ import annotations

from ftlint.datasets.entries import ALPACA, CLOUD, FILE, INFO, Columns, Tags, fields_by_default
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ftlint.datasets.entries import DatasetEntry

PAIRED = ("rm", "dpo")
SUPERVISED = ("sft", "rm", "dpo", "kto")
"""Stages whose rows must have an answer."""

KEYS = tuple(
    """hf_hub_url ms_hub_url om_hub_url script_url cloud_file_name file_name formatting ranking
    subset split folder num_samples columns tags""".split()
)
_MEANT = {
    "": {"format": "formatting", "data_format": "formatting", "file": "file_name",
         "column": "columns", "tag": "tags", "samples": "num_samples"},
    "columns": {"instruction": "prompt", "question": "prompt", "user": "prompt", "input": "query",
                "output": "response", "answer": "response", "completion": "response",
                "assistant": "response", "conversations": "messages", "conversation": "messages",
                "system_prompt": "system", "label": "kto_tag"},
    "tags": {"role": "role_tag", "content": "content_tag", "user": "user_tag",
             "human": "user_tag", "assistant": "assistant_tag", "gpt": "assistant_tag",
             "observation": "observation_tag", "function": "function_tag",
             "function_call": "function_tag", "system": "system_tag"},
}  # fmt: skip
"""What people write for a key, by the table it stands in, where spelling alone would not tell."""


class UnreadKey(NamedTuple):
    """A key that LLaMA Factory does not look up, in `columns`, `tags` or ("") beside them."""

    key: str
    place: str
    meant: str | None


def unread_keys(definition: Mapping[str, object]) -> Iterator[UnreadKey]:
    """Yield the keys that nothing reads; beside `columns` and `tags` only those meant for others.

    A definition may well carry a comment or a licence. What its columns and tags name is there to
    be read.
    """
    for place, known in (("", KEYS), ("columns", Columns._fields), ("tags", Tags._fields)):
        table = definition.get(place) if place else definition
        if not isinstance(table, dict):
            continue
        for key in table:
            if key in known or not isinstance(key, str):
                continue
            from ftlint.target.slips import guess

            near = guess(key, known, ())
            meant = near.name if near is not None else _MEANT[place].get(key)
            if meant is not None and meant in table:
                meant = None
            if meant is not None or place:
                yield UnreadKey(key, place, meant)


def without_effect(
    entry: DatasetEntry, definition: Mapping[str, object], *, streaming: bool
) -> Iterator[tuple[str, str]]:
    """Yield the keys that are not looked at for data from this source, each with the reason."""
    if streaming and entry.num_samples is not None:
        yield "num_samples", "with `streaming: true`"
    if entry.load_from in (FILE, CLOUD):
        reason = "for a local file" if entry.load_from == FILE else "for a file in cloud storage"
        for key in ("subset", "folder"):
            if definition.get(key) is not None:
                yield key, reason


class Lack(NamedTuple):
    """What a definition lacks: the field of its columns or tags, and what comes of that."""

    field: str
    text: str


def lacking(entry: DatasetEntry, stage: object) -> Lack | None:
    """Return what ends the run whatever the rows are: a field without which none converts."""
    found = _without_pair(entry) or _without_label(entry, stage)
    return found or (_of_answers(entry, stage) if entry.formatting == ALPACA else _of_talks(entry))


def _to_set(entry: DatasetEntry, *fields: str) -> str:
    """Return the remedy; a table of columns that was not there names all that are read so far."""
    if entry.columns == Columns():
        answers = ("response",) if entry.ranking else ()
        fields = (*(one for one in fields_by_default(entry) if one not in answers), *fields)
    named = ", ".join(f'"{field}"' for field in fields)
    return f"set `{named}` in columns of {INFO}"


def _without_pair(entry: DatasetEntry) -> Lack | None:
    if not entry.ranking or entry.columns.kto_tag:
        return None
    lost = [field for field in ("chosen", "rejected") if not getattr(entry.columns, field)]
    if not lost:
        return None
    return Lack(lost[0], f"no {lost[0]} answer is read; {_to_set(entry, *lost)}")


def _without_label(entry: DatasetEntry, stage: object) -> Lack | None:
    if stage != "kto" or entry.columns.kto_tag:
        return None
    return Lack("kto_tag", f"no label is read; {_to_set(entry, 'kto_tag')}")


def _of_answers(entry: DatasetEntry, stage: object) -> Lack | None:
    columns = entry.columns
    if columns.response or stage not in SUPERVISED or (entry.ranking and stage in PAIRED):
        return None
    if columns.messages:
        text = 'columns name messages, which alpaca does not read: set `"formatting": "sharegpt"`'
    else:
        text = f"no answer is read: {_to_set(entry, 'response')}"
    return Lack("response", text)


def _of_talks(entry: DatasetEntry) -> Lack | None:
    tags = entry.tags
    if not entry.columns.messages:
        return Lack("messages", f"no messages are read: {_to_set(entry, 'messages')}")
    return None if tags.role_tag and tags.content_tag else _of_fields(tags)


def _of_fields(tags: Tags) -> Lack:
    field = "content_tag" if tags.role_tag else "role_tag"
    return Lack(field, f"no `{field}` is set: add it to tags of {INFO}")


def asks_nothing(entry: DatasetEntry) -> bool:
    """Return whether the user's turn is empty in every row, as no column is read for it."""
    columns = entry.columns
    return entry.formatting == ALPACA and not columns.prompt and not columns.query
