"""Types of columns as Arrow infers them from values, and when two of them cannot be one column.

A type is a word, `("list", type)` or `("struct", ((name, type), …))`: what a cache can keep as
JSON. Inference learns each new layout of an object once; an object whose keys and kinds of values
were seen before costs one look-up. Source: pyarrow `json` (parser.cc, chunked_builder.cc), pyarrow
`array` for the objects of a data frame, datasets `table.py` (2.16 to 4.0); tests/oracle/loaders.py
holds all of it against them.
"""

from __future__ import annotations

import re

from ftlint.datasets.rowcount import OLDER
from ftlint.support.kept import Unfit, form, of_form
from ftlint.support.pattern import pattern
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Type = str | tuple[str, object]

NULL, TRUTH, WHOLE, NUMBER, GAPS, TEXT, NUMERAL, TIME = (
    "null", "truth", "whole", "number", "gaps", "text", "numeral", "time"
)  # fmt: skip
"""NUMERAL is text whose first value reads as a number; GAPS are floats, all whole or missing."""
MAP, FIXED, OTHER = "map", "fixed", "other "
"""What only tables declare: the first two `datasets` has no type for; OTHER begins all others."""
LIST, STRUCT = "list", "struct"

KINDS = {type(None): NULL, bool: TRUTH, int: WHOLE, float: NUMBER, str: TEXT, list: LIST,
         dict: STRUCT}  # fmt: skip
WORDS = {NULL: "null", TRUTH: "a bool", WHOLE: "a number", NUMBER: "a number",
         TEXT: "a string", LIST: "a list", STRUCT: "an object"}  # fmt: skip
DEEPEST = 62
"""Levels of values inside of values that Arrow hands on; beyond: `Recursion level … exceeded`."""

NULLS = frozenset(
    ["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
     "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"]
)  # fmt: skip
"""What pandas takes for a missing value unless it is told otherwise."""

_TIME = pattern(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"(?:[ T](?:[01]\d|2[0-3])(?::[0-5]\d(?::[0-5]\d)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?"
)
_NUMERAL = pattern(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|true|false|inf|nan", re.I)


class Conflict(Exception):
    """A value that cannot stand in its column; the text says which column and why."""

    def __init__(self, place: str, before: str, now: str) -> None:
        super().__init__(
            f"`{place}` is {WORDS[now]}, and {WORDS[before]} in rows before: write one type in all"
        )


class Field:
    """What is known of the values at one place."""

    def __init__(self, place: str, times: bool, depth: int = 0) -> None:
        if depth > DEEPEST:
            raise ValueError(f"`{place[:40]}` nests its values too deep")
        self.place, self.times, self.depth = place, times, depth
        self.kind = NULL
        self.text = ""  # the first one, which tells whether all may be numerals
        self.clock = times  # as long as every text reads as a time
        self.mixed = False  # integers and others
        self.record: Record | None = None
        self.items: Field | None = None
        self.held: set[type] = set()  # kinds of items that were seen

    def take(self, value: object) -> None:
        """Learn a value. Raises Conflict."""
        kind = KINDS[type(value)]
        if kind == NULL:
            return
        if self.kind == NULL:
            self.kind = kind
            if isinstance(value, str):
                self.text = value
        elif kind != self.kind:
            if {kind, self.kind} != {WHOLE, NUMBER}:
                raise Conflict(self.place, self.kind, kind)
            self.kind, self.mixed = NUMBER, True
        if self.clock and isinstance(value, str):
            self.clock = _TIME.fullmatch(value) is not None

    def look(self, value: object) -> None:
        """Learn what is inside of a list or an object, and texts that may be times."""
        if type(value) is dict:
            if self.record is None:
                self.record = Record(self.place + ".", self.times, self.depth + 1)
            self.record.see(value)
        elif type(value) is list:
            items = self.items
            if items is None:
                items = self.items = Field(self.place + "[]", self.times, self.depth + 1)
            kinds = set(map(type, value))
            if not kinds <= self.held or items.clock:
                for item in value:
                    items.take(item)
                self.held |= kinds
            if dict in kinds or list in kinds:
                for item in value:
                    items.look(item)
        elif self.clock and isinstance(value, str):
            self.clock = _TIME.fullmatch(value) is not None

    def mixes(self) -> bool:
        """Return whether integers and others are at one place inside a list or an object."""
        inside = [*(self.record.fields.values() if self.record else ()), self.items]
        return any(one.mixed or one.mixes() for one in inside if one is not None)

    def type(self) -> Type:
        """Return the type that all values together have."""
        if self.kind == LIST:
            return LIST, self.items.type() if self.items else NULL
        if self.kind == STRUCT:
            return self.record.type() if self.record else (STRUCT, ())
        if self.kind == TEXT:
            return TIME if self.clock else NUMERAL if _NUMERAL.fullmatch(self.text) else TEXT
        return self.kind


class Record:
    """The fields of the objects at one place; at the top, of the rows.

    `times` says that texts which all read as times become times, as pyarrow has it.
    """

    def __init__(self, place: str = "", times: bool = False, depth: int = 0) -> None:
        self.place, self.times, self.depth = place, times, depth
        self.fields: dict[str, Field] = {}
        self._known: dict[tuple[object, ...], tuple[tuple[str, Field], ...]] = {}

    def see(self, row: Mapping[str, object]) -> None:
        """Learn an object. Raises Conflict, and ValueError where it nests too deep."""
        inside = self._known.get((*row, *map(type, row.values())))
        if inside is None:
            inside = self._learn(row)
        for name, field in inside:
            field.look(row[name])

    def _learn(self, row: Mapping[str, object]) -> tuple[tuple[str, Field], ...]:
        inside = []
        for name, value in row.items():
            field = self.fields.get(name)
            if field is None:
                field = self.fields[name] = Field(self.place + name, self.times, self.depth)
            field.take(value)
            if type(value) in (list, dict) or (field.clock and type(value) is str):
                inside.append((name, field))
        layout = (*row, *map(type, row.values()))
        self._known[layout] = tuple(inside)
        return tuple(inside)

    def type(self) -> Type:
        """Return the struct of all fields that any of the objects has."""
        return STRUCT, tuple((name, field.type()) for name, field in self.fields.items())


_PARTS, _PART = form(str, (str, list)), form(str, (str, list))


def frozen(kind: object, depth: int = 0) -> Type:
    """Return a type that came through JSON as it was. Raises Unfit for what is none."""
    if isinstance(kind, str):
        return kind
    word, inside = of_form(_PARTS, kind)
    if word not in (LIST, STRUCT) or depth > DEEPEST:
        raise Unfit
    if word == LIST:
        return LIST, frozen(inside, depth + 1)
    parts = [of_form(_PART, one) for one in inside]
    return STRUCT, tuple([(name, frozen(part, depth + 1)) for name, part in parts])


PERHAPS = "the loader has no such type, and at most casts it to that of a file before"
_REJECTED = {MAP: "is a map: the loader has no such type",
             FIXED: f"holds bytes of a fixed length: {PERHAPS}"}  # fmt: skip


def rejected(kind: Type, place: str = "") -> str:
    """Return why `datasets` cannot load a type that a file declares, "" if it can."""
    if isinstance(kind, str):
        why = _REJECTED.get(kind)
        return f"has the column `{place}`, which {why}" if why else ""
    if kind[0] == LIST:
        return rejected(kind[1], place)  # type: ignore[arg-type]
    seen = set()
    for name, inner in kind[1]:  # type: ignore[attr-defined]
        path = f"{place}.{name}" if place else name
        if name in seen:
            return f"has the column `{path}` twice, which the loader rejects"
        seen.add(name)
        why = rejected(inner, path)
        if why:
            return why
    return ""


FITS, DOUBT = "", "?"
_NUMBERS = (TRUTH, WHOLE, NUMBER, GAPS)
_WIDER = {(WHOLE, NUMBER), (GAPS, NUMBER), (WHOLE, GAPS), (NUMBER, GAPS), (GAPS, WHOLE)}
_TOLD = {NULL: "null", NUMERAL: "text", TIME: "a time", GAPS: "a number or empty"}


def cast(source: Type, target: Type, place: str = "") -> str:
    """Return why a table of one type cannot follow one of another type: FITS, DOUBT or why.

    DOUBT stands where it depends on the values themselves.
    """
    if source in (target, NULL):
        return FITS
    if any(isinstance(kind, str) and kind.startswith(OTHER) for kind in (source, target)):
        return DOUBT
    if isinstance(source, tuple) and isinstance(target, tuple) and source[0] == target[0]:
        if source[0] == LIST:
            return cast(source[1], target[1], f"{place}[]")  # type: ignore[arg-type]
        return _cast_struct(dict(source[1]), dict(target[1]), place)  # type: ignore
    if isinstance(source, str) and isinstance(target, str) and target != NULL:
        plain = _cast_plain(source, target)
        if plain is not None:
            return plain
    return f"`{place}` is {_told(target)} in the rows that come first, and {_told(source)} later"


def _cast_plain(source: str, target: str) -> str | None:
    """Return FITS or DOUBT for two types without parts, None where they do not meet."""
    if target in (TEXT, NUMERAL) and source in (*_NUMBERS, TIME, TEXT, NUMERAL):
        return FITS
    if source in _NUMBERS and target in _NUMBERS:
        return FITS if (source, target) in _WIDER else DOUBT
    if source == NUMERAL or {source, target} <= {TIME, *_NUMBERS}:
        return DOUBT
    return None


def _told(kind: Type) -> str:
    word = kind if isinstance(kind, str) else kind[0]
    return _TOLD.get(word) or WORDS[word]


def _cast_struct(source: dict[str, Type], target: dict[str, Type], place: str) -> str:
    before = f"{place}." if place else ""
    for name in source:
        if name not in target:
            return f"`{before}{name}` is not in the rows that come first"
    found = [cast(kind, target[name], before + name) for name, kind in source.items()]
    return next((one for one in found if one not in (FITS, DOUBT)), max(found, default=FITS))


class FileMismatch(NamedTuple):
    """Why a file cannot follow the one that is read first, DOUBT or a sentence; and which one."""

    why: str
    file: int


def orders(files: Sequence[tuple[Type, ...]], *, apart: bool = False) -> list[FileMismatch | None]:
    """Return for each file what cannot follow if it is read first, None if all can.

    A file is the tables that its batches make: the first of all is what every other one is cast to.
    `apart` says that processes read the files, each its own, and that nothing is cast then.
    """
    told: dict[tuple[Type, ...], FileMismatch | None] = {}
    for first in files:
        if first and first not in told:
            told[first] = _misfit(first[0], files, apart)
    return [told.get(file) for file in files]


def _misfit(first: Type, files: Sequence[tuple[Type, ...]], apart: bool) -> FileMismatch | None:
    fits = _joins if apart else cast
    found: FileMismatch | None = None
    seen = {first}
    for place, file in enumerate(files):
        for table in file:
            if table in seen:
                continue
            seen.add(table)
            why = fits(table, first)
            if why not in (FITS, DOUBT):
                return FileMismatch(why, place)
            if why == DOUBT:
                found = found or FileMismatch(why, place)
    return found


def _filled(kind: Type, other: Type) -> Type:
    """Return a type in which another one stands in the place of each null."""
    if kind == NULL:
        return other
    if isinstance(kind, str) or isinstance(other, str) or kind[0] != other[0]:
        return kind
    if kind[0] == LIST:
        return LIST, _filled(kind[1], other[1])  # type: ignore[arg-type]
    theirs = dict(other[1])  # type: ignore[call-overload]
    return STRUCT, tuple(
        (name, _filled(one, theirs.get(name, one)))
        for name, one in kind[1]  # type: ignore[attr-defined]
    )


def _joins(source: Type, target: Type) -> str:
    """Return why two tables that are written apart cannot be joined: their types must be equal."""
    why = cast(source, target)
    if why not in (FITS, DOUBT):
        whole = _filled(target, source)
        accepted = whole != target and _joins(source, whole) == FITS
        return f"{why}, {OLDER} 2.17" if accepted else why
    if why or source == target:
        return why
    theirs, ours = (dict(kind[1]) if isinstance(kind, tuple) else {} for kind in (source, target))  # type: ignore
    changed = next((name for name, kind in theirs.items()
                    if kind not in (NULL, ours[name])), None)  # fmt: skip
    if changed is None:
        return FITS
    simple = (TEXT, NUMERAL, TIME, *_NUMBERS)
    kinds = theirs[changed], ours[changed]
    if any(kind not in simple for kind in kinds) or set(kinds) <= {TEXT, NUMERAL}:
        return FITS if set(kinds) <= {TEXT, NUMERAL} else DOUBT
    if GAPS in kinds:
        return DOUBT
    one, other = _told(ours[changed]), _told(theirs[changed])
    return f"`{changed}` is {one} in one file and {other} in another"
