"""The target: a LLaMA Factory release and the transformers release beside it."""

from __future__ import annotations

from ftlint.syntax.dialect import OMEGACONF, PYYAML, PYYAML_CONTAINERS, Dialect
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftschemas.ruleformat import Range

Version = tuple[int, ...]

KNOWN: tuple[str, ...] = compiled.LLAMAFACTORY
NEWEST = KNOWN[-1]


class Target(NamedTuple):
    """What a config is judged for. `transformers` is a full version, `layer` its schema's minor."""

    llamafactory: str
    transformers: str
    layer: str
    dialect: Dialect
    json_configs: bool
    suffixes: tuple[str, ...]
    versions: tuple[Version, Version]
    """Both versions as comparable numbers."""

    @property
    def is_usual_pair(self) -> bool:
        """Whether the transformers is the newest one that works with the release."""
        known = compiled.RELEASES.get(self.llamafactory)
        return known is None or bool(known[6] == self.transformers)

    def dialect_of(self, path: str) -> Dialect:
        """Return how this file is read: up to 0.9.3 JSON goes to Python's own reader."""
        if path.endswith(".json") and not self.dialect.unique_keys:
            return self.dialect._replace(name="JSON", exponent_floats=True, dates=False, tabs=True)
        return self.dialect


class UnknownTarget(ValueError):
    """No such release, or one that ftlint has no schema for."""


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


def resolve_target(llamafactory: str | None = None, transformers: str | None = None) -> Target:
    """Return the target for `--target` and `--transformers` as written; None means the newest.

    `auto` takes what is installed here, read from package metadata without importing it.
    """
    name = llamafactory or NEWEST
    if name == "auto":
        found = installed("llamafactory")
        if found is None:
            raise UnknownTarget("target `auto`, but llamafactory is not installed in this Python")
        name, transformers = found, transformers or installed("transformers")
    name = name.removeprefix("v")
    if name not in compiled.RELEASES:
        wanted = parse_version(name)
        older = [known for known in KNOWN if parse_version(known) <= wanted]
        if not older or wanted[:2] != parse_version(older[-1])[:2]:
            raise UnknownTarget(f"unknown target {name!r}: known are {', '.join(KNOWN)}")
        name = older[-1]  # 0.9.6.dev0 is judged by the release before it
    loader, json_configs, suffixes, low, high, _, works = compiled.RELEASES[name]
    version = works if transformers is None else transformers
    if parse_version(version) < parse_version(compiled.TRANSFORMERS_RELEASES[0])[:2]:
        raise UnknownTarget(
            f"transformers {version} is older than any LLaMA Factory {name} takes ({low} to {high})"
        )
    return Target(
        name, version, _layer(version), _dialect(name, loader), json_configs, suffixes,
        (parse_version(name), parse_version(version)),
    )  # fmt: skip


def in_range(version: Version, bounds: Range) -> bool:
    """Return whether `version` meets every comparison; 5.6 and 5.6.0 are equal."""
    for operator, bound in bounds:
        width = max(len(version), len(bound))
        order = _padded(version, width), _padded(bound, width)
        if not _COMPARE[operator](*order):
            return False
    return True


def _padded(version: Version, width: int) -> Version:
    return version + (0,) * (width - len(version))


_COMPARE = {
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


def _layer(version: str) -> str:
    """Return the newest transformers schema that is not newer than `version`."""
    wanted = parse_version(version)[:2]
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
