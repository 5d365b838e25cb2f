"""The target: a state of LLaMA Factory that is known, and the transformers release beside it."""

from __future__ import annotations

from ftlint.syntax.dialect import OMEGACONF, PYYAML, PYYAML_CONTAINERS, Dialect
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ftlint.target.tree import Tree
    from ftschemas.rule import Range

Version = tuple[int, ...]

MAIN = compiled.MAIN
AUTO = "auto"
"""Stands for what is installed."""
TREE = "tree"
"""Stands for the source above each config."""
KNOWN: tuple[str, ...] = tuple(name for name in compiled.LLAMAFACTORY if name != MAIN)
NEWEST = KNOWN[-1]


class Origin(NamedTuple):
    """Where what is known of a target comes from.

    `source`: `release`, `main`, `installed` or `path`. `judged_by`: in words. `path`: the source
    that was read, as the user named it. `notes`: what is told of it in every output.
    """

    source: str = "release"
    judged_by: str = ""
    distribution: str | None = None
    path: str | None = None
    notes: tuple[str, ...] = ()


class Target(NamedTuple):
    """What a config is judged for. `transformers` is a full version, `layer` its schema's minor.

    `release`: the state of LLaMA Factory whose tables and rules count, `main` or a release; of a
    `tree`, the one nearest to it. `besides`: the state before, for which what is said must hold,
    too, where the version lies between two or after all.
    """

    llamafactory: str
    transformers: str
    layer: str
    dialect: Dialect
    json_configs: bool
    suffixes: tuple[str, ...]
    versions: tuple[Version, Version]
    """Both versions as comparable numbers."""
    release: str
    origin: Origin = Origin()
    tree: Tree | None = None
    besides: Target | None = None

    @property
    def takes_overrides(self) -> bool:
        """Return whether `KEY=VALUE` may follow a config: since its containers are OmegaConf's."""
        return self.dialect.containers

    @property
    def is_usual_pair(self) -> bool:
        """Return whether the transformers is the newest one that works with the release."""
        return bool(compiled.RELEASES[self.release][6] == self.transformers)

    @property
    def label(self) -> str:
        """The LLaMA Factory that is meant, as messages name it."""
        if self.origin.source == MAIN:
            return state_in_words(MAIN)
        path = self.origin.path
        return self.llamafactory if path is None else f"{self.llamafactory} ({path})"

    @property
    def in_full(self) -> str:
        """Both versions, as heads and last lines name them, with what a version stands for."""
        judged_by = self.origin.judged_by
        is_version = self.origin.path is None and self.origin.source != MAIN
        unknown = is_version and judged_by not in ("", self.llamafactory)
        stands = f", judged by {judged_by}" if unknown else ""
        return f"LLaMA Factory {self.label}{stands}, transformers {self.transformers}"

    def as_object(self) -> dict[str, str]:
        """Return its versions, where what is known of it comes from and what it is judged by."""
        return {
            "llamafactory": self.llamafactory,
            "transformers": self.transformers,
            "source": self.origin.source,
            "judged_by": self.origin.judged_by,
        }

    @property
    def listing(self) -> Tree | str:
        """What lists its templates and models."""
        return self.release if self.tree is None else self.tree

    @property
    def numbers(self) -> dict[str, str]:
        """Its versions by package, as every output for programs has them."""
        return {"llamafactory": self.llamafactory, "transformers": self.transformers}

    def dialect_of(self, path: str) -> Dialect:
        """Return how this file is read: up to 0.9.3 JSON goes to Python's own reader."""
        if path.endswith(".json") and not self.dialect.unique_keys:
            return self.dialect._replace(name="JSON", exponent_floats=True, dates=False, tabs=True)
        return self.dialect


class UnknownTarget(ValueError):
    """No such release, or one that ftlint has no schema for."""


class UnreadableSource(UnknownTarget):
    """A source of LLaMA Factory that cannot be read."""


def parse_version(text: str) -> Version:
    """Return `0.9.5` as (0, 9, 5); what follows the numbers (`.dev0`, `rc1`) is dropped."""
    numbers = []
    for part in text.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
        if digits != part:
            break
    if not numbers:
        raise UnknownTarget(f"{text!r} is not a version number")
    return tuple(numbers)


def target_of(
    state: str, transformers: str | None = None, origin: Origin | None = None,
    tree: Tree | None = None, version: str | None = None,
) -> Target:  # fmt: skip
    """Return the target of a state that is known, or of a tree that is nearest to it."""
    loader, json_configs, suffixes, low, high, _, works = compiled.RELEASES[state]
    if tree is not None:
        loader, json_configs, suffixes = tree.reading or (loader, json_configs, suffixes)
        low, high = tree.bounds or (low, high)
        if not parse_version(low) <= parse_version(works) <= parse_version(high):
            same = (one[6] for one in compiled.RELEASES.values() if one[4] == high)
            works = next(same, high)
    wanted = works if transformers is None else transformers
    if parse_version(wanted) < parse_version(compiled.TRANSFORMERS_RELEASES[0])[:2]:
        raise UnknownTarget(
            f"transformers {wanted} is older than any LLaMA Factory {state} takes ({low} to {high})"
        )
    number = compiled.VERSIONS[state]
    if origin is None:
        origin = _of_main(number) if state == MAIN else Origin(judged_by=state)
    return Target(
        version or number, wanted, _layer(wanted), _dialect(number, loader), json_configs, suffixes,
        (parse_version(number), parse_version(wanted)), state, origin, tree,
    )  # fmt: skip


def state_in_words(state: str) -> str:
    """Return a state as what judged by it names it: `main` with the version that it calls itself.

    >>> state_in_words("0.9.5")
    '0.9.5'
    """
    return f"{state} ({compiled.VERSIONS[state]})" if state == MAIN else state


def _of_main(number: str) -> Origin:
    commit = compiled.COMMIT[:9]
    return Origin(MAIN, f"{MAIN} at commit {commit}", notes=(
        f"target {MAIN}: LLaMA Factory {number} at commit {commit}; where it differs from"
        f" {NEWEST}, only rules that were tested with it are applied",
    ))  # fmt: skip


def in_range(version: Version, bounds: Range) -> bool:
    """Return whether `version` meets every comparison; 5.6 and 5.6.0 are equal."""
    for sign, bound in bounds:
        width = max(len(version), len(bound))
        order = _padded(version, width), _padded(bound, width)
        if not COMPARE[sign](*order):
            return False
    return True


def _padded(version: Version, width: int) -> Version:
    return version + (0,) * (width - len(version))


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


def _layer(version: str) -> str:
    """Return the newest transformers schema that is not newer than `version`."""
    wanted = (*parse_version(version), 0)[:2]
    known: tuple[str, ...] = compiled.TRANSFORMERS
    return [minor for minor in known if parse_version(minor) <= wanted][-1]


def _dialect(release: str, loader: str) -> Dialect:
    if loader == "omegaconf":
        return OMEGACONF
    return PYYAML_CONTAINERS if parse_version(release) >= (0, 9, 3) else PYYAML


def installed(package: str) -> str | None:
    """Return the version of a package in this Python, by its metadata alone."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None
