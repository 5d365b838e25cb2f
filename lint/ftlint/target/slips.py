"""Near names: which one is meant by another, if any. Nothing else in the linter says so.

Two names are *one slip* apart when one letter of one word was changed, added, dropped or swapped
with its neighbour, or when they differ in case, dashes and underscores only. A slip never turns
one meaning into another: numbers tell models and shards apart, `train` and `test` what rows are
for, and a short word is most often another abbreviation (`dft`, `eaft`), not a slip of one.
"""

from __future__ import annotations

from functools import lru_cache

from ftlint.support.pattern import pattern
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

SPLITS = frozenset(
    """train training test testing tests val valid validation dev eval evaluation evaluate demo
    demos holdout heldout sample samples subset mini tiny small large debug full all pos neg
    chosen rejected""".split()
)
"""Words for what rows, files and keys are for."""

COMPOUNDS = ("train", "test", "valid", "val", "eval", "dev", "demo")
"""Those that other words begin or end with, as `evalset` and `mytest`."""

LINKS = frozenset(["a", "at", "for", "from", "in", "is", "of", "on", "or", "per", "the", "to"])
"""Words that are left out and put in without another meaning."""

NEGATIONS = ("anti", "de", "dis", "in", "no", "non", "re", "un")
"""Beginnings that turn a word into another."""

OPPOSITES = frozenset(
    [("dis", "en"), ("de", "en"), ("de", "in"), ("ex", "in"), ("ex", "im"), ("in", "out"),
     ("off", "on"), ("post", "pre"), ("down", "up")]
)  # fmt: skip
"""Beginnings that turn words into each other's opposite."""

SHORT = 5
"""Letters of the shortest word in which any one letter may have slipped."""
LONG = 7
"""Letters of the shortest word in which two may have."""

_SEPARATORS = pattern(r"[\W_]+")
_HUMP = pattern(r"(?<=[a-z0-9])(?=[A-Z])")
_NUMBER = pattern(r"\d+")
_WORD = pattern(r"[^\W\d_]+")


class Guess(NamedTuple):
    """The name that seems meant."""

    name: str
    slip: bool
    """One slip away, and the only one: it may be written. Else it may be spoken of."""


class _Name(NamedTuple):
    """A name in its parts. `told` are its words without links, `unordered` all of them."""

    letters: str
    words: tuple[str, ...]
    numbers: tuple[str, ...]
    told: tuple[str, ...]
    unordered: tuple[str, ...]


def guess(written: str, names: Iterable[str], beside: Iterable[str] | None = None) -> Guess | None:
    """Return which of `names` is meant by `written`, where one can be told from all others.

    `beside` are other names of a vocabulary of its own, as the keys of a fork in its file: there
    only slips count, and no word that those names share.
    """
    own = None if beside is None else _words(tuple(beside))
    return _guess(written, tuple(names), own)


@lru_cache(512)
def _guess(written: str, names: tuple[str, ...], own: frozenset[str] | None) -> Guess | None:
    """Return the guess, which is kept: while a file is typed the same keys are asked for anew."""
    if written in names or not written:
        return None
    parts = _parts(written)
    same = [name for name in _by_letters(names).get(parts.letters, ()) if _is_near(written, name)]
    if same:
        return Guess(same[0], slip=True) if len(same) == 1 else None
    nearby = [
        name for name in _by_length(names).get(len(parts.words), ()) if _is_near(written, name)
    ]
    apart = {name: _apart(parts, _parts(name)) for name in nearby}
    close = _close(apart, names, own or frozenset())
    found = _slips(close, names)
    if found:
        return Guess(found[0], slip=True) if len(found) == 1 else None
    if own is not None:
        return None
    far = {name for name, pairs in close.items() if _edits(pairs) <= 2}
    near = (name for name in names if _is_near(written, name))
    far |= {name for name in near if _is_said_otherwise(parts, _parts(name), names)}
    return Guess(far.pop(), slip=False) if len(far) == 1 else None


def _is_near(written: str, name: str) -> bool:
    """Return whether two names are of a length and have the same numbers."""
    return abs(len(name) - len(written)) <= _FAR and _parts(name).numbers == _parts(written).numbers


@lru_cache(16)
def _by_letters(names: tuple[str, ...]) -> dict[str, list[str]]:
    """Return names by their letters, which are the same for those that differ in separators."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(_parts(name).letters, []).append(name)
    return found


@lru_cache(16)
def _by_length(names: tuple[str, ...]) -> dict[int, list[str]]:
    """Return names by how many words they have."""
    found: dict[int, list[str]] = {}
    for name in names:
        found.setdefault(len(_parts(name).words), []).append(name)
    return found


def _close(
    apart: dict[str, tuple[_Pair, ...]], names: tuple[str, ...], own: frozenset[str]
) -> dict[str, tuple[_Pair, ...]]:
    """Return the names that differ in words which mean nothing of their own."""
    found = {name: pairs for name, pairs in apart.items() if pairs and not _is_other(pairs, own)}
    used = _words(names) if found else frozenset()
    return {name: pairs for name, pairs in found.items() if not _is_used(pairs, used)}


def _slips(close: dict[str, tuple[_Pair, ...]], names: tuple[str, ...]) -> list[str]:
    """Return the names that are one slip away, and beside a single one those that rival it."""
    found = [name for name, pairs in close.items() if _is_one_slip(name, pairs, names)]
    if len(found) == 1 and not _is_plural(*close[found[0]][0]):
        found += [name for name, pairs in close.items() if name not in found and _is_rival(pairs)]
    return found


def is_slip(written: str, name: str) -> bool:
    """Return whether `written` is a slip of one name, whatever other names there are."""
    found = guess(written, [name])
    return found is not None and found.slip


_FAR = 6
"""Letters more or fewer that are looked at: a forgotten `_from_` is six."""


@lru_cache(4096)
def _parts(name: str) -> _Name:
    spaced = _HUMP.sub("_", name).casefold()
    words = tuple(_WORD.findall(spaced))
    return _Name(
        _SEPARATORS.sub("", spaced),
        words,
        tuple(_NUMBER.findall(spaced)),
        tuple(word for word in words if word not in LINKS),
        tuple(sorted(words)),
    )


@lru_cache(16)
def _words(names: tuple[str, ...]) -> frozenset[str]:
    """Return all words of some names."""
    return frozenset(word for name in names for word in _parts(name).words)


_Pair = tuple[str, str]
"""A word as written, and as the other name has it."""


def _apart(written: _Name, name: _Name) -> tuple[_Pair, ...]:
    """Return the words in which two names of as many words differ; none where too many do."""
    pairs = tuple(pair for pair in zip(written.words, name.words) if pair[0] != pair[1])
    return pairs if len(pairs) <= 2 else ()


def _is_other(pairs: tuple[_Pair, ...], own: frozenset[str]) -> bool:
    """Return whether a word that differs has a meaning of its own."""
    return any(
        one in own
        or (one in SPLITS and not _is_plural(one, other))
        or not _compounded(one) <= _compounded(other)
        or not (one.isascii() and other.isascii())
        or (one[-3:] == other[-3:] and _is_opposite(one, other))
        for one, other in pairs
    )


@lru_cache(4096)
def _compounded(word: str) -> frozenset[tuple[str, str]]:
    """Return the words that a word begins and ends with, each with the end at which it stands."""
    begins = {("begins", part) for part in COMPOUNDS if word.startswith(part)}
    return frozenset(begins | {("ends", part) for part in COMPOUNDS if word.endswith(part)})


@lru_cache(4096)
def _is_opposite(one: str, other: str) -> bool:
    """Return whether two words are one but for what negates it, as `unfreeze` and `freeze`."""
    shorter, longer = sorted((one, other), key=len)
    if any(longer == negation + shorter for negation in NEGATIONS):
        return True
    return any(
        {one, other} == {first + stem, second + stem}
        for first, second in OPPOSITES
        for stem in (one.removeprefix(first), one.removeprefix(second))
    )


def _is_used(pairs: tuple[_Pair, ...], used: frozenset[str]) -> bool:
    """Return whether a word that differs is in another of the names; `step` for `steps` may be."""
    return any(one in used and not _is_plural(one, other) for one, other in pairs)


def _is_plural(one: str, other: str) -> bool:
    return len(min(one, other, key=len)) > 2 and (one + "s" == other or other + "s" == one)


def _has_rivals(name: str, names: tuple[str, ...], pairs: tuple[_Pair, ...]) -> bool:
    """Return whether other names have another word in the place of the one that differs."""
    words = _parts(name).words
    at = words.index(pairs[0][1])
    rest = words[:at], words[at + 1 :]
    others = (_parts(one).words for one in names if one != name)
    return any((other[:at], other[at + 1 :]) == rest for other in others)


def _is_one_slip(name: str, pairs: tuple[_Pair, ...], names: tuple[str, ...]) -> bool:
    """Return whether one letter slipped, in a word long enough to show that it did.

    Out of a short word a letter fell only where no other name has another word in its place.
    """
    (one, other), *more = pairs
    if more or distance(one, other) != 1:
        return False
    longest = max(len(one), len(other))
    if longest >= SHORT or _is_plural(one, other):
        return True
    if len(one) == len(other):
        return longest > 2 and sorted(one) == sorted(other)
    return _has_lost_a_letter(one, other) and not _has_rivals(name, names, pairs)


def _is_rival(pairs: tuple[_Pair, ...]) -> bool:
    """Return whether a name is one letter away as well, in a word too short to tell a slip."""
    return len(pairs) == 1 and distance(*pairs[0]) == 1


def _has_lost_a_letter(one: str, other: str) -> bool:
    """Return whether a short word lacks a letter, not its first: `rnk` for rank, not `sft`."""
    return len(one) + 1 == len(other) == SHORT - 1 and one[0] == other[0]


def _edits(pairs: tuple[_Pair, ...]) -> int:
    """Return how many letters differ, or more than two where words become others by that."""
    edits = 0
    for one, other in pairs:
        longest, many = max(len(one), len(other)), distance(one, other)
        lost = many == 1 and _has_lost_a_letter(one, other)
        if not (lost or longest >= (SHORT if many == 1 else LONG)):
            return 3
        edits += many
    return edits


def _is_said_otherwise(written: _Name, name: _Name, names: tuple[str, ...]) -> bool:
    """Return whether two names have the same words in another order, or but for a link.

    A link that some name goes on from has its meaning there: `eval_on_` may begin `eval_on_start`.
    """
    if len(name.words) < 2:
        return False
    if written.unordered == name.unordered:
        return True
    return written.told == name.told and not any(
        _goes_on(written, name, _parts(one)) for one in names
    )


def _goes_on(written: _Name, name: _Name, other: _Name) -> bool:
    """Return whether another name begins as the written one does up to a link that `name` lacks."""
    if other == name:
        return False
    begun = (written.words[: at + 1] for at in range(len(written.words)))
    return any(
        words[-1] in LINKS and words[-1] not in name.words and other.words[: len(words)] == words
        for words in begun
    )


@lru_cache(4096)
def distance(one: str, other: str) -> int:
    """Return the number of letters changed, added, dropped or swapped with a neighbour, up to 3."""
    if abs(len(one) - len(other)) > 2:
        return 3
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return min(rows[-1][-1], 3)


def is_one_letter_apart(one: str, other: str) -> bool:
    """Return whether the `distance` of two names is at most 1, fast enough for many names."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = 0
    for ours, theirs in zip(one, other):
        if ours != theirs:
            break
        start += 1
    ours, theirs = one[start:], other[start:]
    if ours[1:] == theirs[1:] or ours[1:] == theirs or ours == theirs[1:]:
        return True
    return ours[:2] == theirs[1::-1] and ours[2:] == theirs[2:]
