"""ftlint-facts.json: what was recorded where the data are, read where they are not.

The file comes with pull requests: whatever it holds, there is one line on it, or none. Keys that
this version does not know are left alone. Its form: schemas/ftschemas/facts.schema.json.
"""

from __future__ import annotations

from ftlint.datasets.recorded import Recorded, RecordedFile, RecordedLengths
from ftlint.support.disk import ReadFailure
from ftlint.support.pattern import pattern
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ftlint.support.disk import Disk

VERSION = 1
MAX_BYTES = 1 << 20
LONGEST = 200
"""Characters of a name, and of a column."""
MOST = 10**15
"""Rows, or bytes."""
_NAME = pattern(rf"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{{1,{LONGEST}}}")
_HEX = pattern(r"[0-9a-f]{64}")
_DATE = pattern(r"\d{4}-\d\d-\d\d")


class FactsFile(NamedTuple):
    """What a file of recorded facts says."""

    path: str
    datasets: tuple[Recorded, ...]
    models: dict[str, dict[str, Any]] = {}  # noqa: RUF012 - never written to
    """By its name, what a model's config.json says of its dimensions."""

    def by_name(self, disk: Disk) -> dict[str, Recorded]:
        """Return what is said of each dataset; `disk` knows afterwards that it was asked for."""
        disk.is_file(self.path)
        return {one.name: one for one in self.datasets}


class _Malformed(ValueError):
    """Where a file is not in its form, and what should be there."""


def load(path: str, disk: Disk) -> FactsFile | str:
    """Return what a file says, or in one line why it cannot be used."""
    text = disk.read(path, MAX_BYTES + 1)
    if isinstance(text, ReadFailure):
        return text.reason
    data = parse(text)
    if isinstance(data, str):
        return data
    datasets = datasets_in(data)
    return datasets if isinstance(datasets, str) else FactsFile(path, datasets, models_in(data))


def models_in(data: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what a file's object says of models, as far as it has the form of this version."""
    models = data.get("models")
    found = models.items() if isinstance(models, dict) else ()
    return {
        name: one["config"]
        for name, one in found
        if isinstance(one, dict) and isinstance(one.get("config"), dict)
    }


def datasets_in(data: Mapping[str, Any]) -> tuple[Recorded, ...] | str:
    """Return the datasets of a file's object, or in one line what is wrong with them."""
    try:
        datasets = _mapping(data.get("datasets"), "datasets")
        return tuple(_dataset(name, one) for name, one in datasets.items())
    except _Malformed as error:
        return str(error)


def parse(text: bytes) -> dict[str, Any] | str:
    """Return the object in a file, or in one line why there is none of this version."""
    import json

    if len(text) > MAX_BYTES:
        return "larger than 1 MiB"
    try:
        data = json.loads(text)
    except RecursionError:
        return "nested too deeply"
    except ValueError as error:
        at = f" in line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        return f"not JSON{at}"
    if not isinstance(data, dict):
        return "not a JSON object"
    version = data.get("version")
    if version != VERSION or isinstance(version, bool):
        return f"`version` should be {VERSION}"
    return data


def _dataset(name: str, data: object) -> Recorded:
    _text(name, "datasets", f"names on one line of at most {LONGEST} characters")
    place = f"datasets/{name}"
    table = _mapping(data, place)
    files = _list(table.get("files", []), f"{place}/files")
    columns = _list(table.get("columns", []), f"{place}/columns")
    dropped = _mapping(table.get("dropped", {}), f"{place}/dropped")
    return Recorded(
        name,
        _text(table.get("recorded"), f"{place}/recorded", "a date", _DATE),
        _text(table.get("definition"), f"{place}/definition", "a SHA-256 in hex digits", _HEX),
        tuple(_file(one, f"{place}/files") for one in files),
        _count(table.get("rows"), f"{place}/rows"),
        tuple(_text(one, f"{place}/columns", "a list of names") for one in columns),
        tuple(
            (_text(stage, f"{place}/dropped", "numbers of rows by stage"),
             _count(rows, f"{place}/dropped"))
            for stage, rows in dropped.items()
        ),
        tuple(
            _lengths(one, f"{place}/lengths")
            for one in _list(table.get("lengths", []), f"{place}/lengths")
        ),
    )  # fmt: skip


def _lengths(data: object, place: str) -> RecordedLengths:
    table = _mapping(data, place)
    whole = tuple(_count(one, f"{place}/whole") for one in _list(table.get("whole"), place))
    if len(whole) != STEPS:
        raise _Malformed(f"`{place}/whole` should be {STEPS} integers")
    cuts = []
    for length, told in _mapping(table.get("cuts", {}), f"{place}/cuts").items():
        pair = _list(told, f"{place}/cuts")
        if not length.isdecimal() or len(length) > 9 or len(pair) != 2:
            raise _Malformed(f"`{place}/cuts` should be two integers by `cutoff_len`")
        rows, lost = (_count(one, f"{place}/cuts") for one in pair)
        cuts.append((int(length), rows, lost))
    stage, template, model = (
        _text(table.get(name), f"{place}/{name}", "a name")
        for name in ("stage", "template", "model")
    )
    return RecordedLengths(
        _text(table.get("way"), f"{place}/way", "a SHA-256 in hex digits", _HEX),
        stage,
        template,
        model,
        _count(table.get("rows"), f"{place}/rows"),
        whole,
        _count(table.get("answers"), f"{place}/answers"),
        tuple(sorted(cuts)),
    )


STEPS = 101
"""Lengths of rows that are recorded: of 0, 1, 2 … 100 of 100 rows."""


def _file(data: object, place: str) -> RecordedFile:
    table = _mapping(data, place)
    return RecordedFile(
        _text(table.get("name"), f"{place}/name", "a name below `dataset_dir`"),
        _count(table.get("bytes"), f"{place}/bytes"),
        _text(table.get("sha256"), f"{place}/sha256", "a SHA-256 in hex digits", _HEX),
    )


def _list(value: object, place: str) -> list[object]:
    if not isinstance(value, list):
        raise _Malformed(f"`{place}` should be a list")
    return value


def _mapping(value: object, place: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise _Malformed(f"`{place}` should be a mapping")
    return value


def _text(value: object, place: str, wanted: str, form: re.Pattern[str] = _NAME) -> str:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise _Malformed(f"`{place}` should be {wanted}")
    return value


def _count(value: object, place: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST:
        raise _Malformed(f"`{place}` should be an integer from 0")
    return value


def merged(
    old: Mapping[str, Any],
    new: Iterable[Recorded],
    models: Mapping[str, Mapping[str, Any]],
    made_by: str,
    target: Mapping[str, str],
) -> str:
    """Return the text of a file: what it said before, and what is known now of these."""
    import json

    known = old.get("models")
    every = {**(known if isinstance(known, dict) else {}), **models}
    datasets = dict(old.get("datasets", {}))
    for one in new:
        datasets[one.name] = _plain(one, datasets.get(one.name))
    data = {
        **old, "version": VERSION, "made_by": made_by, "target": dict(target),
        "datasets": {name: datasets[name] for name in sorted(datasets)},
        **({"models": {name: every[name] for name in sorted(every)}} if every else {}),
    }  # fmt: skip
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _plain(one: Recorded, before: object) -> dict[str, Any]:
    """Return a dataset as it is written; of the same data the other stages that were asked."""
    files = [file._asdict() for file in one.files]
    dropped = dict(one.dropped)
    same = isinstance(before, dict) and (before.get("definition"), before.get("files")) == (
        one.definition, files
    )  # fmt: skip
    known = before if same and isinstance(before, dict) else {}
    known_dropped = known.get("dropped", {})
    return {
        **known, "recorded": one.date, "definition": one.definition, "files": files,
        "rows": one.rows, "columns": list(one.columns), "dropped": {**known_dropped, **dropped},
        **({"lengths": lengths} if (lengths := _all_lengths(one, known)) else {}),
    }  # fmt: skip


def _all_lengths(one: Recorded, known: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the lengths of a dataset: those just counted, and of other ways those known before."""
    new = [
        {
            **of._asdict(),
            "whole": list(of.whole),
            "cuts": {str(length): [rows, lost] for length, rows, lost in of.cuts},
        }
        for of in one.lengths
    ]
    told = {(of["way"], of["model"]) for of in new}
    old = [of for of in known.get("lengths", ()) if (of.get("way"), of.get("model")) not in told]
    return [*old, *new][-MOST_WAYS:]


MOST_WAYS = 16
"""Ways of writing rows that the tokens of a dataset are recorded for."""
