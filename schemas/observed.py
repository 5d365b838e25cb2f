"""What wrong kinds of value met in real releases: the probes in ftschemas/observed together.

`schemas/probe.py` made them: of some releases the parser alone was asked, of others whole runs.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from ftlint.target.releases import parse_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

TRUTH = (
    ("true", ("int", "whole_float", "float", "int_text", "float_text", "text", "word",
              "true_text", "false_text", "list", "mapping")),
    ("false", ("null", "empty_text")),
)  # fmt: skip
"""What a key of true and false takes for either: nothing converts it, so Python's truth decides."""

MODELS_OWN = frozenset(["rope_scaling"])
"""Keys that are passed over until the model's own limits are exceeded: that a run of one model
ended on a value says nothing of another."""

ADDED_UP = frozenset(["use_galore", "use_apollo", "use_badam"])
"""Switches that are added up: a number that was refused was too much for the sum."""
NUMBERS = ("int", "whole_float", "float")

REFUSED = "refused"
STEP = "step: "
WITHIN = {
    **dict.fromkeys(("eval", "accuracy", "best", "generate"), "evaluation: "), "saving": "save: ",
}  # fmt: skip
"""What among a run's steps ended it, by the config that a key was tried in: one that evaluates or
saves, and is otherwise the plain one, whose steps end on none of these keys."""


class Observed(NamedTuple):
    """What wrong kinds of value met in the real program. By (release, key) but the first."""

    releases: tuple[str, ...]
    """Releases that were probed, oldest first."""
    types: dict[tuple[str, str], tuple[tuple[str, str], ...]]
    """Kind -> `refused`, or where the run crashed."""
    live_where: dict[tuple[str, str], tuple[tuple[str, Any], ...]]
    """The configs that were seen to crash on such a value."""
    take_any: set[tuple[str, str]]
    """Keys with a list of values that do with any other word, too."""


class _Lives(NamedTuple):
    """The runs of a key that count for a release: its own, or those of its two neighbours."""

    bases: dict[str, Any]
    records: tuple[dict[str, Any], ...]


def observed(folder: Path, kinds: Mapping[str, Sequence[str]]) -> Observed:
    """Return what was probed; `kinds` are those of each key in the newest release that has it.

    A release that was only parsed is taken to crash where both of its neighbours do.
    """
    files = sorted(folder.glob("*.json"), key=lambda path: parse_version(path.stem))
    probes = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    found = Observed(tuple(data["llamafactory"] for data in probes), {}, {}, set())
    for data, key, record, lives in _records(probes):
        where = data["llamafactory"], key
        if key in MODELS_OWN or (lives.records and "word" in lives.records[0]["ok"]):
            found.take_any.add(where)
        met = _met(key, record, lives.records, kinds.get(key, ()))
        if met and key not in MODELS_OWN:
            found.types[where] = tuple(sorted(met.items()))
            switches = _switches(key, record, lives)
            if switches:
                found.live_where[where] = tuple(switches.items())
    return found


def _records(
    probes: list[dict[str, Any]],
) -> Iterator[tuple[dict[str, Any], str, dict[str, Any], _Lives]]:
    """Yield each probe's keys with what the parser said and the runs that count for it."""
    trained = [any(record["live"] for record in data["keys"].values()) for data in probes]
    for place, data in enumerate(probes):
        beside = [place] if trained[place] else _neighbours(place, trained)
        for key, record in data["keys"].items():
            others = [probes[at]["keys"].get(key) for at in beside]
            lives = tuple(other for other in others if other and other["live"])
            yield data, key, record, _Lives((probes[beside[0]] if lives else data)["bases"], lives)


def _met(
    key: str, record: dict[str, Any], lives: Sequence[dict[str, Any]], kinds: Sequence[str]
) -> dict[str, str]:
    """Return what each kind of value met, but for kinds that say nothing about the key itself."""
    both = set.intersection(*(set(one["crashes"]) for one in lives)) if lives else set()
    met: dict[str, str] = {kind: _fate(lives[0], kind) for kind in both}
    met |= dict.fromkeys(record.get("refused", []), REFUSED)
    if key in ADDED_UP:  # then FT446 judges the numbers
        met = {kind: fate for kind, fate in met.items() if kind not in NUMBERS}
    if "bool" in kinds:
        return _without_truth(met)
    if {"int", "float"} & set(kinds) and record["base"] != "lora":
        # 1 and 0: the base may not bear the number
        return {
            kind: fate
            for kind, fate in met.items()
            if kind not in ("true", "false") or fate != REFUSED
        }
    return met


def _fate(live: dict[str, Any], kind: str) -> str:
    """Return where a run ended on a kind of value and by what error."""
    fate: str = live["crashes"][kind]
    return fate.replace(STEP, WITHIN.get(live["base"], STEP), 1)


def _without_truth(met: dict[str, str]) -> dict[str, str]:
    """Leave out what met the same as true or false: it is what the value says that is refused."""
    same = {
        kind
        for plain, alike in TRUTH
        if plain in met
        for kind in alike
        if met.get(kind) == met[plain]
    }
    return {kind: fate for kind, fate in met.items() if kind not in same}


def _switches(key: str, record: dict[str, Any], lives: _Lives) -> dict[str, Any]:
    """Return the keys beside this one in the config that was run."""
    source = lives.records[0] if lives.records else record
    switches = {**lives.bases[source["base"]], **source.get("beside", {})}
    switches.pop(key, None)
    return switches


def _neighbours(place: int, trained: list[bool]) -> list[int]:
    before = [at for at in range(place) if trained[at]]
    after = [at for at in range(place + 1, len(trained)) if trained[at]]
    return before[-1:] + after[:1]
