"""The packages that a release takes: what it checks when it starts, and what pip installs with it.

Versions are ordered as `packaging` orders them, which both of them ask.
"""

from __future__ import annotations

import re

from ftlint.target.states import COMPARE
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ftlint.target.states import Target

PACKAGES = ("transformers", "datasets", "accelerate", "peft", "trl")
"""What LLaMA Factory checks of its environment before it reads a config."""

_VERSION = re.compile(
    r"""(?xia) \s* v? (?:\d+!)? (\d+(?:\.\d+)*)
    (?:[-_.]? (a|b|c|rc|alpha|beta|pre|preview) [-_.]? (\d*))?
    (?:[-_.]? (?:post|rev|r) [-_.]? (\d*))?
    (?:[-_.]? (dev) [-_.]? (\d*))?
    (?:\+ ([a-z0-9._-]+))? \s*"""
)
_REQUIREMENT = re.compile(r"\s*(>=|<=|==|!=|>|<)\s*([^,\s]+)\s*")

_Order = tuple[tuple[int, ...], tuple[str, int], int, int | float, str]


class VersionMismatch(NamedTuple):
    """A package whose version does not go with a release.

    `met` says what comes of it. `rejected`: the release ends with an ImportError while it is
    imported, unless DISABLE_VERSION_CHECK is on (extras/misc.py check_dependencies, 0.9.0 to
    0.9.5). `excluded`: pip does not install this very version beside the release, which starts with
    it. `unpinned`: the same of a version that is too old or too new for pip alone. Of a version
    between two states what both make of it; else `neither` takes it, or one: `either`. `takes` is
    what is taken, in words; `works` is a version that goes with it.
    """

    package: str
    version: str
    met: str
    takes: str
    works: str


def misfits(target: Target, versions: Mapping[str, str]) -> Iterator[VersionMismatch]:
    """Yield the packages whose version a release, or pip beside it, does not take.

    Between two states also what both make of it, where that is not what the target alone does.
    """
    states = [target] if target.besides is None else sorted(
        (target, target.besides), key=lambda one: one.versions
    )  # fmt: skip
    for package in PACKAGES:
        version = versions.get(package)
        if version is None or not is_version(version):
            continue
        pins = [_pins(one).get(package, ("", "")) for one in states]
        met = [_met(version, *pin) for pin in pins]
        own, together = met[states.index(target)], _together(met)
        if together is not None:
            words = [_asked(version, *pin, one, "rejected" in met) for pin, one in zip(pins, met)]
            taken = _of_states(states, words)
            yield VersionMismatch(package, version, together, taken, _works(states, package, pins))
        if own is not None and own != together:
            pin = pins[states.index(target)]
            taken = _asked(version, *pin, own)
            yield VersionMismatch(package, version, own, taken, _works([target], package, [pin]))


def _together(met: list[str | None]) -> str | None:
    """Return what a version meets in all states; that pip alone lacks it in one is not told."""
    if len({*met}) == 1:
        return met[0]
    return "neither" if all(met) else "either" if "rejected" in met else None


def _asked(version: str, checked: str, metadata: str, met: str | None, rejects: bool = True) -> str:
    """Return in words what was asked of a version that met this, here or in another state."""
    at_start = met == "rejected" or (met is None and rejects) or not metadata
    return in_words(checked if at_start else metadata, version.partition("+")[0])


def _pins(target: Target) -> dict[str, tuple[str, str]]:
    """Return package -> what a target takes of it when it starts, and what pip installs."""
    if target.tree is not None:
        return target.tree.requirements
    found: dict[str, tuple[str, str]] = compiled.PINS.get(target.release, {})
    return found


def has_ppo(target: Target) -> bool:
    """Return whether a target starts with a trl with which ppo trains; of one that pins none, too.

    Source: train/ppo/trainer.py CustomPPOTrainer.__init__ requires trl 0.8.6 to 0.9.6.
    """
    checked, _ = _pins(target).get("trl", ("", ""))
    return takes(_as_checked(checked), "0.9.6")


def _met(version: str, checked: str, metadata: str) -> str | None:
    """Return what a version meets; None where it is taken."""
    public = version.partition("+")[0]
    if not takes(_as_checked(checked), version):
        return "rejected"
    metadata = metadata or checked  # of a source they are not read, and excludes are in both
    if takes(metadata, public):
        return None
    return "excluded" if _is_excluded(metadata, public) else "unpinned"


def _of_states(states: list[Target], words: list[str]) -> str:
    """Return what is taken, of each state by itself where they differ."""
    if len({*words}) == 1:
        return words[0]
    return " or ".join(f"{taken} ({one.release})" for one, taken in zip(states, words))


def _as_checked(requirement: str) -> str:
    """Return of a requirement what is really checked: of several `!=` the last one.

    Source: transformers utils/versions.py require_version, which keeps one version for each
    comparison [4.41 to 5.24]; run with 0.9.3, which starts with transformers 4.48.0.
    """
    return ",".join(f"{sign}{bound}" for sign, bound in dict(_parts(requirement)).items())


def _is_excluded(requirement: str, version: str) -> bool:
    """Return whether a version is left out by itself, rather than too old or too new."""
    return any(
        sign == "!=" and not _meets(version, sign, bound) for sign, bound in _parts(requirement)
    )


def transformers_of(states: list[Target]) -> str:
    """Return the newest transformers that several states take, and that works with them."""
    return _works(states, "transformers", [_pins(one)["transformers"] for one in states])


def _works(states: list[Target], package: str, pins: list[tuple[str, str]]) -> str:
    """Return the newest version that states take, and pip beside them; else that the last takes."""
    requirements = [one for pin in pins for one in pin]
    if package == "transformers":
        rows = compiled.RELEASES
        same = [row for row in rows.values() if f"<={row[4]}" in requirements[0]]
        own = [row[6] for row in (*(rows[one.release] for one in states), *same)]
        for works in map(str, (*own, *reversed(compiled.TRANSFORMERS_RELEASES))):
            if all(takes(one, works) for one in requirements):
                return works
    found = [bound for one in requirements for sign, bound in _parts(one) if sign == "<="]
    works = min(found, key=_ordered, default="")
    if len(states) == 1 or all(takes(one, works) for one in requirements):
        return works
    return _works(states[-1:], package, pins[-1:])


def is_version(text: str) -> bool:
    """Return whether a text is one version in whole, and neither a range nor several."""
    return _VERSION.fullmatch(text) is not None


def is_usable(minor: str) -> bool:
    """Return whether any release takes some patch of a minor release of transformers."""
    return any(takes(pins["transformers"][0], minor) for pins in compiled.PINS.values())


def takes(requirement: str, version: str) -> bool:
    """Return whether a version meets each part of a requirement.

    >>> takes(">=4.45.0,<=4.52.4,!=4.48.0", "4.48.0"), takes("<=5.6.0,!=4.46.*", "5.6.0.dev0")
    (False, True)
    """
    return all(_meets(version, sign, bound) for sign, bound in _parts(requirement))


def in_words(requirement: str, version: str) -> str:
    """Return what a requirement takes, and that it leaves out this very version where it does.

    >>> in_words(">=4.45.0,<=4.52.4,!=4.48.0,!=4.52.0", "4.48.0")
    '4.45.0 to 4.52.4 without 4.48.0'
    """
    parts = _parts(requirement)
    low = next((bound for sign, bound in parts if sign == ">="), None)
    high = next((bound for sign, bound in parts if sign == "<="), None)
    if low is None or high is None or any(sign not in _USUAL for sign, _ in parts):
        return requirement
    without = [bound for sign, bound in parts if sign == "!=" and not _meets(version, sign, bound)]
    return f"{low} to {high}" + (f" without {', '.join(without)}" if without else "")


_USUAL = (">=", "<=", "!=")


def _parts(requirement: str) -> list[tuple[str, str]]:
    found = map(_REQUIREMENT.fullmatch, requirement.split(","))
    return [(one[1], one[2]) for one in found if one is not None]


def _meets(version: str, sign: str, bound: str) -> bool:
    if bound.endswith(".*"):
        numbers, wanted = (_ordered(one, keep=True)[0] for one in (version, bound[:-2]))
        return (numbers[: len(wanted)] == wanted) is (sign == "==")
    return COMPARE[sign](_ordered(version), _ordered(bound))


def _ordered(version: str, *, keep: bool = False) -> _Order:
    """Return a version as what orders it: numbers, early, then final, then later builds of them.

    Zeros at the end count for nothing, unless they are to be kept.
    """
    found = _VERSION.fullmatch(version)
    if found is None:
        return (), ("", 0), 0, 0, ""
    numbers, early, nth, post, dev, build, local = found.groups()
    parts = [*map(int, numbers.split("."))]
    while not keep and len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    letter = "" if dev and not early and post is None else "z"  # 5.6.0.dev0 is before 5.6.0rc0
    if early:
        letter = {"alpha": "a", "beta": "b"}.get(early.lower(), early.lower()[0])
        letter = "r" if letter in "cp" else letter
    after = -1 if post is None else int(post or 0)
    before = float("inf") if dev is None else int(build or 0)
    return tuple(parts), (letter, int(nth or 0)), after, before, local or ""
