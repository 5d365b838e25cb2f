"""Targets that no release names: what is installed, a path, the tree above, development builds.

A development build lies between two states, and so does a release that came after this ftlint.
Where its own source is here, that judges; else what is said must hold for the state before it and
the one after, or for the newest two that are known.
"""

from __future__ import annotations

import os

from ftlint.sources import PACKAGE, PARSER
from ftlint.sources.versions import is_early
from ftlint.support.disk import Disk
from ftlint.target import reading
from ftlint.target.pins import is_version, transformers_of
from ftlint.target.states import (
    AUTO,
    KNOWN,
    MAIN,
    NEWEST,
    TREE,
    Origin,
    Target,
    UnknownTarget,
    UnreadableSource,
    Version,
    installed,
    parse_version,
    state_in_words,
    target_of,
)
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.support.containment import Reach
    from ftlint.target.tree import Tree

MOST_TOLD = 3
"""Parts that were not read of which each is told."""
_OWN = "its own source"


class ConfigFolder(NamedTuple):
    """Where a config lies, and what may be read for it; `reach` None: whatever a person named."""

    folder: str
    reach: Reach | None = None


def is_path(name: str) -> bool:
    """Return whether a target is a path: it holds a separator or begins with a dot."""
    return name.startswith((".", "~")) or "/" in name or os.sep in name


def resolve(name: str, transformers: str | None, place: ConfigFolder | None) -> Target:
    """Return the target that a name, a path or a version means. Raises `UnknownTarget`."""
    if name == AUTO:
        return _installed(transformers)
    if name == TREE:
        return _above(transformers, place or ConfigFolder(os.getcwd()))
    if is_path(name):
        return _of_path(name, transformers, place)
    return _between(name, transformers)


# By its own source ------------------------------------------------------------------------------


def _of_path(name: str, transformers: str | None, place: ConfigFolder | None) -> Target:
    from ftlint.sources.tree import find_package

    disk = Disk(None if place is None else place.reach)
    path = os.path.expanduser(name)
    why = disk.objection(path)
    if why is not None:
        raise UnknownTarget(f"target {name!r} counts only from the command line: {why}")
    package = find_package(path, disk)
    if package is None:
        raise UnknownTarget(f"target {name!r}{_not_a_source(name, path, disk)}")
    return _of_source(package, name, "path", transformers, disk)


def _not_a_source(name: str, path: str, disk: Disk) -> str:
    """Return why no source is there, and where one is looked for."""
    if disk.is_folder(path):
        return (
            " holds no source of LLaMA Factory: neither src/llamafactory nor llamafactory with"
            " hparams/parser.py"
        )
    if disk.exists(path):
        return " is a file: name a checkout, or the folder that llamafactory is installed in"
    if "://" in name or name.startswith("git@"):
        return ": nothing is fetched: clone it, and name the folder"
    return ": no such folder"


def _above(transformers: str | None, place: ConfigFolder) -> Target:
    """Return the target that the `src/llamafactory` above a config is.

    The newest release without one, and where it cannot be read: other configs have others above.
    """
    from ftlint.sources.tree import find_above

    folder = os.path.abspath(place.folder)
    top = None if place.reach is None else place.reach.roots[0]
    disk = Disk(place.reach)
    package = find_above(folder, disk, top)
    told = (
        f"target {TREE}: no src/llamafactory in a folder above a config; judged by {NEWEST}"
        " (name a checkout with `--target PATH`)"
    )
    if package is not None and disk.objection(package) is None:
        try:
            return _of_source(package, os.path.relpath(package), "path", transformers, disk)
        except UnreadableSource as problem:
            told = f"{problem}; judged by {NEWEST}"
    found = target_of(NEWEST, transformers)
    return found._replace(origin=found.origin._replace(notes=(told,)))


def _of_source(
    package: str, shown: str, source: str, transformers: str | None, disk: Disk,
    distribution: str | None = None,
) -> Target:  # fmt: skip
    """Return the target that a source is, with what it is judged by."""
    tree = reading.read(package, disk)
    name = tree.nearest
    named = f"{AUTO} ({package})" if source == "installed" else shown
    what = f"target {named}: LLaMA Factory {tree.version or '(no version)'}"
    notes = [f"{what} is judged by {_OWN}, {_rules_of(tree)}"]
    unread = tree.facts.unread
    notes += (f"{what}: not read, as in {name}: {one}" for one in unread[:MOST_TOLD])
    if len(unread) > MOST_TOLD:
        notes.append(f"{what}: {len(unread) - MOST_TOLD} more parts are not read, as in {name}")
    judged_by = f"{_OWN}, {_rules_of(tree)}"
    origin = Origin(source, judged_by, distribution, shown, tuple(notes))
    return target_of(name, transformers, origin, tree, tree.version or None)


def _rules_of(tree: Tree) -> str:
    count = len(tree.handling.changed)
    but = f" but for {count} keys that it treats otherwise" if count else ""
    return f"rules as for {tree.nearest}{but}"


# What is installed ------------------------------------------------------------------------------


def _installed(transformers: str | None) -> Target:
    """Return the target that is installed: a release by its metadata, all else by its source."""
    distribution, version, package = find_installed()
    if version is None and package is None:
        raise UnknownTarget(
            "target `auto`, but llamafactory is not installed in this Python: run ftlint in the one"
            " that trains, or name a checkout with `--target PATH`"
        )
    beside = transformers or installed("transformers")
    found = _of_installed(distribution, version, package, beside)
    if beside is None:
        told = f"target {AUTO}: transformers is not installed; judged with {found.transformers}"
        notes = (*found.origin.notes, told)
        found = found._replace(origin=found.origin._replace(notes=notes))
    return found


def _of_installed(
    distribution: str | None, version: str | None, package: str | None, transformers: str | None
) -> Target:
    is_release = distribution == PACKAGE and version in KNOWN
    if package is not None and not (is_release and _is_of_index(package)):
        return _of_source(
            package,
            distribution or package,
            "installed",
            transformers,
            Disk(),
            distribution,
        )
    assert version is not None
    found = target_of(version, transformers) if is_release else _between(version, transformers)
    return found._replace(
        origin=found.origin._replace(source="installed", distribution=distribution)
    )


def find_installed() -> tuple[str | None, str | None, str | None]:
    """Return distribution and version of the package that is installed, and where it lies.

    Nothing of it is imported: an editable checkout is found by what finds modules.
    """
    from importlib.metadata import packages_distributions
    from importlib.util import find_spec

    try:
        spec = find_spec(PACKAGE)
    except (ImportError, ValueError, AttributeError):
        spec = None
    places = [] if spec is None else list(spec.submodule_search_locations or ())
    version = installed(PACKAGE)
    distribution = PACKAGE if version is not None else None
    if version is None and places:
        found = packages_distributions().get(PACKAGE)
        distribution = found[0] if found else None
        version = distribution and installed(distribution)
    package = next((one for one in places if Disk().is_file(os.path.join(one, PARSER))), None)
    return distribution, version, package


def _is_of_index(package: str) -> bool:
    """Return whether a package is what a package index has under its distribution's version.

    Of a checkout or a fork that was installed pip notes where it came from; one that merely goes
    before the distribution on the path lies elsewhere.
    """
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        found = distribution(PACKAGE)
        disk = Disk(None)
        place = disk.real(str(found.locate_file(PACKAGE)))
        is_it = place is not None and place == disk.real(package)
        return is_it and not found.read_text("direct_url.json")
    except (PackageNotFoundError, OSError):
        return False


# A version of which there is no source -----------------------------------------------------------


def _between(name: str, transformers: str | None) -> Target:
    """Return the target of a version that no state has: a development build, or a later release."""
    if not is_version(name):
        meant = _meant(name)
        raise UnknownTarget(f"{name!r} is not a version number: {meant or _known_targets()}")
    wanted = parse_version(name)
    while len(wanted) > 3 and wanted[-1] == 0:
        wanted = wanted[:-1]
    older = [one for one in KNOWN if parse_version(one) < wanted]
    exact = next((one for one in KNOWN if parse_version(one) == wanted), None)
    early = is_early(name)
    if not early and exact is not None:
        return target_of(exact, transformers)  # 0.9.5.post1 is 0.9.5 packed anew
    if not older or not _may_follow(older[-1], wanted):
        raise UnknownTarget(f"unknown target {name!r}: {_known_targets()}")
    before = older[-1]
    after = next((one for one in KNOWN if parse_version(one) >= wanted), MAIN)
    states = f"{before} and {state_in_words(after)}"
    what = "a development build without its source" if early else "not known to this ftlint"
    told = f"target {name}: {what}; reported is what holds for both {states}"
    origin = Origin("release", states, notes=(told,))
    works = transformers or transformers_of([target_of(after), target_of(before)])
    found = target_of(after, works, origin, version=name)
    return found._replace(besides=target_of(before, works)._replace(besides=found))


def _may_follow(release: str, wanted: Version) -> bool:
    """Return whether a version may come after a release: its minor or the next, or a new major."""
    major, minor, *_ = parse_version(release)
    return (*wanted, 0)[:2] in ((major, minor), (major, minor + 1), (major + 1, 0))


def _known_targets() -> str:
    return f"known are {', '.join((*KNOWN, MAIN))}, a path, {AUTO}, {TREE}; {NEWEST} is the default"


def _meant(name: str) -> str | None:
    """Return what to write for a name that is none, where that can be told."""
    from ftlint.target.slips import guess

    if Disk(None).is_there(name):
        return f"write a path as {os.path.join('.', name)}"
    near = guess(name, (*KNOWN, MAIN, AUTO, TREE))
    return None if near is None else f"did you mean {near.name}?"
