"""Findings held against judgements.

judgements.yaml is a list of arguments: a code, a judgement, the reason, and under `of` the findings
that it was made for: repository, path, and the key or keys there.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ruamel.yaml import YAML

from tests.inplace.found import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.inplace.found import Found

FILE = Path(__file__).with_name("judgements.yaml")
WORDS = ("welcome", "neutral", "noise", "wrong")
"""Welcome: the owner would change the config or is glad to know. Neutral: true, and he does not
mind. Noise: true, and a waste of his time. Wrong: not true."""


class Named(NamedTuple):
    """A finding by what stays the same when its words change."""

    place: Place
    code: str
    key: str


class Judgement(NamedTuple):
    """What one finding is to the config's owner, and why."""

    word: str
    reason: str


class Verdict(NamedTuple):
    """Every finding with its judgement, and what does not meet."""

    judged: tuple[tuple[Found, Judgement], ...]
    unjudged: tuple[Found, ...]
    gone: tuple[Named, ...]


def judgements(file: Path = FILE) -> dict[Named, Judgement]:
    """Return the judgement of each finding; raises `ValueError` for one that is no judgement."""
    read: dict[Named, Judgement] = {}
    for argument in YAML(typ="safe", pure=True).load(file.read_text("utf-8")) or []:
        word, reason = argument["judgement"], " ".join(argument["reason"].split())
        if word not in WORDS or not reason:
            raise ValueError(f"{argument['code']}: a judgement is one of {', '.join(WORDS)}")
        for named in _named(argument["code"], argument["of"]):
            if named in read:
                raise ValueError(f"judged twice: {named}")
            read[named] = Judgement(word, reason)
    return read


def _named(code: str, of: dict[str, dict[str, str | list[str]]]) -> Iterator[Named]:
    for repo, paths in of.items():
        for path, keys in paths.items():
            for key in [keys] if isinstance(keys, str) else keys:
                yield Named(Place(repo, path), code, key)


def verdict(found: Iterable[Found], judged: dict[Named, Judgement]) -> Verdict:
    """Return what the judgements say of the findings."""
    met: list[tuple[Found, Judgement]] = []
    unjudged: list[Found] = []
    left = dict(judged)
    for one in found:
        named = Named(one.place, one.code, one.key)
        if named in judged:
            met.append((one, judged[named]))
            left.pop(named, None)
        else:
            unjudged.append(one)
    return Verdict(tuple(met), tuple(unjudged), tuple(left))


def count(judged: Iterable[tuple[Found, Judgement]]) -> Counter[str]:
    """Return how many findings have each judgement."""
    return Counter(judgement.word for _, judgement in judged)
