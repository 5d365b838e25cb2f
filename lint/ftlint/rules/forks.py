"""The keys of a file that are another program's: a fork's own, or those of a launcher's trainer."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice

from ftlint.target.keys import is_known
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ftlint.facts.context import Context
    from ftlint.target.keys import Catalogue

MOST_GUESSED = 200
"""Unknown keys up to which slips are looked for: a file with more has a vocabulary of its own."""


def foreign_keys(context: Context) -> Iterator[str]:
    """Yield the keys of a file that are a fork's own, as far as anyone can tell.

    They are no key of any release, near none, no habit from another trainer and no
    environment variable. Beside them others may be the fork's as well, however near they look.
    """
    yield from _foreign(context.catalogue, tuple(context.entries))


@lru_cache(maxsize=4)
def _foreign(catalogue: Catalogue, names: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [name for name in names if catalogue.get(name) is None]
    if not unknown or len(unknown) > MOST_GUESSED:
        return tuple(unknown)
    trainers = _of_trainers(catalogue, unknown)
    return tuple(
        name
        for name in unknown
        if not (catalogue.other_commands(name) or is_known(name) or name in trainers)
        and _is_a_forks(name, catalogue)
    )


def _is_a_forks(name: str, catalogue: Catalogue) -> bool:
    from ftlint.target.slips import guess
    from ftlint.target.variables import is_variable

    if is_variable(name):
        return False
    if name in compiled.ALIASES:
        return any(alias.get("fork") for alias in compiled.ALIASES[name])
    return guess(name, catalogue.names()) is None and guess(name, compiled.ALIASES) is None


def keys_of_trainers(context: Context) -> frozenset[str]:
    """Return the keys of a training config that only the trainer of another launcher takes.

    Names that other tools have as well are that trainer's beside one that it alone has.
    """
    return _of_trainers(context.catalogue, context.entries)


def _of_trainers(catalogue: Catalogue, names: Iterable[str]) -> frozenset[str]:
    if catalogue.command != "train":
        return frozenset()
    trainers = compiled.TRAINERS.values()
    found = frozenset(
        name
        for name in names
        if catalogue.get(name) is None
        and any(name in keys for keys in trainers)
        and not is_known(name)
    )
    return found if any(name not in compiled.ALIASES for name in found) else frozenset()


MANY = 3
"""So many keys of a fork's own, and its trainer may be another as well."""


def is_full_of_foreign_keys(context: Context) -> bool:
    """Return whether a file has so many keys of a fork that usual numbers need not hold there."""
    return sum(1 for _ in islice(foreign_keys(context), MANY)) >= MANY
