"""Flags as a config: what `HfArgumentParser` makes of `--key value`, each with its place.

Source: transformers hf_argparser.py `_parse_dataclass_field`; argparse `parse_known_args`, which
takes a prefix of a flag that no other begins with. Checked against the parsers of 0.9.3 to 0.9.5.
"""

from __future__ import annotations

import re

from ftlint.syntax.construct import Constructed, Entry, Problem
from ftlint.syntax.nodes import Document, Mapping, Scalar, Sequence
from ftlint.target.classify import NOT_KNOWN
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence as List

    from ftlint.launch.record import Argument, Launched, Word
    from ftlint.syntax.nodes import Node
    from ftlint.target.keys import Catalogue, Key

_TRUE = ("yes", "true", "t", "y", "1")
_FALSE = ("no", "false", "f", "n", "0")
_SEVERAL = frozenset(["debug"])
"""Flags that take several words although one text is a value too."""
_BAD = object()
_NEGATIVE = re.compile(r"-(?:\d+|\d*\.\d+)")
"""A negative number as argparse knows it: `-1e-4` is none to it, but a flag."""
WRITE_ONE = "write one behind it"


class Flags(NamedTuple):
    """The config that flags are, and what argparse stops at or passes over."""

    document: Document
    constructed: Constructed
    problems: tuple[Problem, ...]
    whole: bool
    """Whether no other flag may be there."""


class _Option(NamedTuple):
    key: Key
    off: bool = False
    """Whether it is `--no_key`, which takes no value."""


def read(launched: Launched, catalogue: Catalogue) -> Flags:
    """Return the config that the flags of a launch are, for a target's catalogue. Never raises."""
    reader = _Reader(launched.config is None and not launched.unknown, _options(catalogue))
    for argument in launched.flags:
        reader.take(argument)
    pairs = tuple((entry.key, entry.node) for entry in reader.entries.values())
    start, end = launched.start, launched.end
    root = Mapping(start, end, pairs, flow=False)
    value: dict[object, object] = {name: entry.value for name, entry in reader.entries.items()}
    made = Constructed(value, reader.entries, ())
    return Flags(Document(root, ()), made, tuple(reader.problems), reader.whole)


def _options(catalogue: Catalogue) -> dict[str, _Option]:
    """Return every flag of a command, without its dashes."""
    found: dict[str, _Option] = {}
    for name in catalogue.names():
        key = catalogue.get(name)
        if key is None:
            continue
        found[name] = _Option(key)
        found[name.replace("_", "-")] = _Option(key)
        if key.kinds[0] == "bool" and key.default is True:
            found[f"no_{name}"] = _Option(key, off=True)
            found[f"no-{name.replace('_', '-')}"] = _Option(key, off=True)
    return found


class _Reader:
    """The flags of one launch."""

    def __init__(self, whole: bool, options: dict[str, _Option]) -> None:
        self.options = options
        self.whole = whole
        self.entries: dict[str, Entry] = {}
        self.problems: list[Problem] = []

    def problem(self, kind: str, start: int, end: int, **values: object) -> None:
        """Note what argparse stops at or passes over."""
        self.problems.append(Problem(kind, start, end, values))

    def take(self, argument: Argument) -> None:
        """Read one flag with its words."""
        if not argument.key:
            self.stray(argument.words, None)
            return
        end = argument.start + len(argument.key)
        option, name = self.option(argument, end)
        if name is None:
            return
        key = Scalar(argument.start, end, name, "plain")
        if option is None:  # no flag of this target: the rules say which is meant
            node, value = _unread(argument, end)
            self.entries[name] = Entry(name, key, node, value)
            return
        if name in self.entries:
            first = self.entries[name].key.start
            self.problem("flag-twice", argument.start, end, name=name, first=first)
        self.entries.pop(name, None)
        made = self.value(option, name, argument, end)
        if made is not None:
            self.entries[name] = Entry(name, key, *made)

    def option(self, argument: Argument, end: int) -> tuple[_Option | None, str | None]:
        """Return the flag that is meant and its key; no key where none can be told."""
        written = argument.key
        option = self.options.get(written)
        if option is None:
            begun = sorted(name for name in self.options if name.startswith(written))
            if len(begun) > 1:
                named = " and ".join(f"`--{name}`" for name in begun[:2])
                self.problem("flag-ambiguous", argument.start, end, name=written, named=named)
                return None, None
            option = self.options[begun[0]] if begun else None
        return option, written if option is None else option.key.name

    def value(
        self, option: _Option, name: str, argument: Argument, end: int
    ) -> tuple[Node, object] | None:
        """Return the node and value of a flag; None where argparse stops at it."""
        words, kinds = argument.words, option.key.kinds
        if words and not argument.attached and _is_option(words[0].text):
            if not _may_stand_alone(option.key):
                self.dashed(words[0], argument.key, name)
                return None
            self.stray(words, name)
            words = ()
        if words and words[0].pattern == "\0" and not words[0].quoted and kinds[0] == "bool":
            self.whole = False  # it may be this flag's, or other flags
        if option.off and argument.attached and words[0].text is not None:
            self.problem(
                "flag-value", words[0].start, words[0].end,
                name=argument.key, text=words[0].text, wanted="no value",
            )  # fmt: skip
            return None
        if option.off:
            self.stray(words, name)
            return Scalar(end, end, "false", "plain"), False
        if kinds[0] == "list" and ("text" not in kinds or name in _SEVERAL):
            if words:
                return _list(words)
            self.problem("flag-without-value", argument.start, end, name=name, remedy=WRITE_ONE)
            return None
        if not words:
            if _may_stand_alone(option.key):
                return Scalar(end, end, "true", "plain"), True
            self.problem("flag-without-value", argument.start, end, name=name, remedy=WRITE_ONE)
            return None
        self.stray(words[1:], name)
        word = words[0]
        if word.text is None:
            return _scalar(word), NOT_KNOWN
        value = _typed(word.text, kinds)
        if value is _BAD:
            wanted = {"bool": "true or false", "int": "an integer"}.get(kinds[0], "a number")
            self.problem(
                "flag-value", word.start, word.end, name=name, text=word.text, wanted=wanted
            )
            return _scalar(word), NOT_KNOWN
        return _scalar(word), value

    def dashed(self, word: Word, written: str, name: str) -> None:
        """Note a word that is meant as a value, and that argparse takes for a flag."""
        text = word.text or ""
        before = " before Python 3.14" if re.match(r"-\.?\d", text) else ""
        remedy = f"argparse{before} reads `{text}` as a flag; write `--{written}={text}`"
        self.problem("flag-without-value", word.start, word.end, name=name, remedy=remedy)

    def stray(self, words: List[Word], name: str | None) -> None:
        """Note words that belong to no flag."""
        for word in words:
            if word.text is None and not word.quoted:
                self.whole = False
                continue
            if word.text is None:
                continue
            shown = word.text if word.text.strip() else "a blank"
            self.problem("flag-stray", word.start, word.end, text=shown, reason="", name=name)
            return


def _may_stand_alone(key: Key) -> bool:
    return key.kinds[0] == "bool" and key.default is not None


def _is_option(text: str | None) -> bool:
    """Return whether argparse takes a word behind a flag for a flag of its own."""
    if text is None or len(text) < 2 or text[0] != "-" or " " in text:
        return False
    return _NEGATIVE.fullmatch(text) is None


def _typed(text: str, kinds: tuple[str, ...]) -> object:
    """Return what argparse makes of a word; `_BAD` where it stops."""
    if kinds[0] == "bool":
        lower = text.lower()
        return True if lower in _TRUE else False if lower in _FALSE else _BAD
    try:
        if "float" in kinds:
            return float(text)
        if "int" in kinds:
            return int(text)
    except ValueError:
        return _BAD
    return text


def _list(words: List[Word]) -> tuple[Sequence, list[str]]:
    """Return the node and value of a flag that takes several words."""
    items = tuple(map(_scalar, words))
    values = [NOT_KNOWN if word.text is None else word.text for word in words]
    return Sequence(words[0].start, words[-1].end, items, flow=True), values


def _scalar(word: Word) -> Scalar:
    return Scalar(word.start, word.end, word.text or NOT_KNOWN, "plain")


def _unread(argument: Argument, end: int) -> tuple[Node, object]:
    """Return the value of what is no flag of the target: as a YAML would have it, or nearly."""
    words = argument.words
    if not words:
        return Scalar(end, end, "true", "plain"), True
    if len(words) > 1:
        return _list(words)
    text = words[0].text
    if text is None:
        return _scalar(words[0]), NOT_KNOWN
    for kind in ("int", "float"):
        value = _typed(text, (kind,))
        if value is not _BAD:
            return _scalar(words[0]), value
    return _scalar(words[0]), {"true": True, "false": False}.get(text.lower(), text)
