"""The keys of a file that are another program's: a fork's own, or those of a launcher's trainer."""

from __future__ import annotations

from itertools import islice

from ftlint.target.keys import is_known
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.facts.context import Context

MOST_GUESSED = 200
"""Unknown keys up to which slips are looked for: a file with more has a vocabulary of its own."""


def foreign_keys(context: Context) -> Iterator[str]:
    """Yield the keys of a file that are a fork's own, as far as anyone can tell.

    They are no key of any release, near none, no habit from another trainer and no
    environment variable. Beside them others may be the fork's as well, however near they look.
    """
    catalogue = context.catalogue
    names: list[str] | None = None
    unknown = [name for name in context.entries if catalogue.get(name) is None]
    trainers = keys_of_trainers(context)
    if len(unknown) > MOST_GUESSED:
        yield from unknown
        return
    if not unknown:
        return
    from ftlint.target.slips import guess
    from ftlint.target.variables import is_variable

    for name in unknown:
        if catalogue.other_commands(name) or is_known(name):
            continue
        if is_variable(name) or name in trainers:
            continue
        if name in compiled.ALIASES:
            if any(alias.get("fork") for alias in compiled.ALIASES[name]):
                yield name
            continue
        names = names or catalogue.names()
        if guess(name, names) is None and guess(name, compiled.ALIASES) is None:
            yield name


def keys_of_trainers(context: Context) -> frozenset[str]:
    """Return the keys of a training config that only the trainer of another launcher takes.

    Names that other tools have as well are that trainer's beside one that it alone has.
    """
    if context.catalogue.command != "train":
        return frozenset()
    trainers = compiled.TRAINERS.values()
    found = frozenset(
        name
        for name in context.entries
        if any(name in keys for keys in trainers)
        and context.catalogue.get(name) is None
        and not is_known(name)
    )
    return found if any(name not in compiled.ALIASES for name in found) else frozenset()


MANY = 3
"""So many keys of a fork's own, and its trainer may be another as well."""


def is_full_of_foreign_keys(context: Context) -> bool:
    """Return whether a file has so many keys of a fork that usual numbers need not hold there."""
    return sum(1 for _ in islice(foreign_keys(context), MANY)) >= MANY
