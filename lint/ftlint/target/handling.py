"""Which keys a source treats as a state of LLaMA Factory does that rules were shown for.

A rule was shown for releases. Of another source it is claimed as far as that leaves the keys alone
that the rule rests on: the statements that name them are the release's, word for word.
"""

from __future__ import annotations

from ftlint.target.states import MAIN, NEWEST
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING, NamedTuple
from ftschemas.rule import EFFECTLESS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ftlint.sources.uses import Uses
    from ftlint.target.states import Target


DATA = "llamafactory/data/"
"""Where the files lie that read data: a rule on data rests on those that it names, whole."""


class Handling(NamedTuple):
    """What differs from the nearest state, by key.

    `changed`: a statement that names it is gone, or one is new in a function that was there.
    `added`: it is named in new functions alone. `files`: those that read data and differ. Where the
    nearest state is `main`, what that does otherwise than the newest release is in the other three.
    """

    nearest: str
    changed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    changed_in_main: tuple[str, ...] = ()
    added_in_main: tuple[str, ...] = ()
    files_in_main: tuple[str, ...] = ()

    def reads_otherwise(self, source: str, *, verified: bool) -> list[str]:
        """Return the files of those that a rule's `source` names which read data otherwise."""
        differing = self.files if verified else (*self.files, *self.files_in_main)
        return [name for name in differing if name in source or f"{_folder(name)}," in source]

    def unlike(self, keys: Iterable[str], kind: str, *, verified: bool) -> list[str]:
        """Return the keys for which a rule of a kind is not claimed.

        `verified`: it was shown for `main`. That a key has no effect is told by its not being named
        at all: there a new function counts, too.
        """
        otherwise = [self.changed] if verified else [self.changed, self.changed_in_main]
        if kind in EFFECTLESS:
            otherwise += [self.added] if verified else [self.added, self.added_in_main]
        return [key for key in keys if any(key in names for names in otherwise)]


def compare(files: Mapping[str, tuple[str, Uses]]) -> Handling:
    """Return how files, by name their content and their uses, differ from the nearest state."""
    from ftlint.sources.uses import together

    own = together(uses for _, uses in files.values())
    contents = {name: content for name, (content, _) in files.items()}
    found = {state: keys_unlike(own, uses_of(state)) for state in compiled.USES[0]}
    # Of two that are as near, the later: what it added is what the source adds.
    nearest = min(reversed(found), key=lambda state: sum(map(len, found[state])))
    differing = _files_unlike(contents, _contents(nearest))
    mains = of_main()[4:] if nearest == MAIN else ()
    return Handling(nearest, *found[nearest], differing, *mains)


def _contents(state: str) -> dict[str, str]:
    """Return file -> digest of its content in a state."""
    place = compiled.USES[0].index(state)
    return {
        name: content
        for name, variants in compiled.USES[1].items()
        for states, content, _ in variants
        if place in states
    }


def _files_unlike(here: Mapping[str, str], there: Mapping[str, str]) -> tuple[str, ...]:
    """Return the files that read data and are not the same, as rules name them."""
    names = {*here, *there}
    return tuple(
        sorted(
            name.partition("/")[2]
            for name in names
            if name.startswith(DATA) and here.get(name) != there.get(name)
        )
    )


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def differences(target: Target) -> Handling | None:
    """Return what a target does otherwise than a release; None for a release."""
    if target.tree is not None:
        return target.tree.handling
    return of_main() if target.release == MAIN else None


_known: dict[str, Uses] = {}
_main: list[Handling] = []


def of_main() -> Handling:
    """Return what `main` does otherwise than the newest release."""
    if not _main:
        found = keys_unlike(uses_of(MAIN), uses_of(NEWEST))
        files = _files_unlike(_contents(MAIN), _contents(NEWEST))
        _main.append(Handling(MAIN, (), (), (), *found, files))
    return _main[0]


def uses_of(state: str) -> Uses:
    """Return the uses of keys in a state."""
    from ftlint.sources.uses import together

    if state not in _known:
        place = compiled.USES[0].index(state)
        _known[state] = together(
            uses
            for variants in compiled.USES[1].values()
            for states, _, uses in variants
            if place in states
        )
    return _known[state]


def keys_unlike(here: Uses, there: Uses) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the keys that are named otherwise here, and those that are named in more functions."""
    from ftlint.sources.uses import function_of, functions

    before = functions(there)
    changed: list[str] = []
    added: list[str] = []
    for key in sorted({*here, *there}):
        ours, theirs = here.get(key, ()), there.get(key, ())
        if ours == theirs:
            continue
        more = set(ours).difference(theirs)
        gone = set(theirs).difference(ours)
        within = gone or not more or any(function_of(one) in before for one in more)
        (changed if within else added).append(key)
    return tuple(changed), tuple(added)
