"""Reads a source of LLaMA Factory, as text, into what it says of itself.

What is not written in a known way is as in the state nearest to it, and that is told.
"""

from __future__ import annotations

from ftlint.target import kept_trees
from ftlint.target.handling import compare
from ftlint.target.keys import ANY_KIND
from ftlint.target.states import NEWEST, UnreadableSource
from ftlint.target.tree import Facts, Tree
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ftlint.sources.tree import SourceFiles
    from ftlint.sources.uses import Uses
    from ftlint.support.disk import Disk
    from ftlint.target.kept_trees import Read

SECONDS = 20
_read: dict[str, Read] = {}


def read(package: str, disk: Disk) -> Tree:
    """Return what the source in a package's folder says. Raises `UnreadableSource`."""
    place = disk.real(package) or package
    found = _read.get(place)
    if found is None or not kept_trees.is_as_it_was(found[1]):
        found = _read[place] = kept_trees.load(place) or _made(place, disk)
    return found[0]


def _made(package: str, disk: Disk) -> Read:
    from ftlint.sources.modules import SourceError
    from ftlint.support.deadline import TooSlow, within

    disk = disk.below(package)
    try:
        with within(SECONDS):
            facts = _facts(package, disk)
    except (SourceError, OSError, RecursionError) as error:
        raise UnreadableSource(f"target {package}: its source cannot be read: {error}") from None
    except TooSlow:
        raise UnreadableSource(
            f"target {package}: reading its source takes more than {SECONDS} seconds"
        ) from None
    touched = disk.touched()
    kept_trees.save(package, facts, touched)
    return Tree(facts), touched


def _facts(package: str, disk: Disk) -> Facts:
    from ftlint.sources import PACKAGE, llamafactory
    from ftlint.sources.modules import Release
    from ftlint.sources.tree import SourceFiles, version_of
    from ftschemas.schema_facts import key_facts, models_by_name

    files = SourceFiles(package, disk)
    release = Release(PACKAGE, NEWEST, files.read, strict=False)
    version = version_of(release) or ""
    release.version = version or NEWEST
    schema = llamafactory.extract(release)
    words: dict[str, dict[str, None]] = {}
    handling = compare(_uses(files, release.unread, words))
    keys = {
        name: _as_nearest(name, prop, handling.nearest)
        if prop.get("x-unread")
        else _with_words(key_facts(prop), words.get(name, {}))
        for name, prop in schema["properties"].items()
    }
    group = schema["x-commands"]["train"][0]
    for name in words.get("", ()):
        keys.setdefault(name, (group, ANY_KIND, None, None, None, None))
    about = schema["x-release"]
    pin = about["transformers"] or {}
    return Facts(
        version,
        keys,
        {command: tuple(groups) for command, groups in schema["x-commands"].items()},
        (about["loader"], about["json-configs"], tuple(about["suffixes"]))
        if "loader" in about else None,
        (pin["min"], pin["max"]) if pin.get("min") and pin.get("max") else None,
        about["requires"] | ({"transformers": pin} if pin else {}),
        {name: (one["format"], tuple(one["media"])) for name, one in schema["x-templates"].items()},
        models_by_name(schema["x-models"]),
        tuple(handling),
        tuple(dict.fromkeys(release.unread)),
    )  # fmt: skip


def _uses(
    files: SourceFiles, unread: list[str], words: dict[str, dict[str, None]]
) -> dict[str, tuple[str, Uses]]:
    """Return content and uses of keys by file; those of a file that is a release's are known.

    `words` takes what other files compare keys with, and under no key those that they take out.
    """
    from ftlint.sources.modules import SourceError, parse
    from ftlint.sources.uses import compared, content, counts, of_file, taken_out

    names, found = {*compiled.KEYS}, {}
    for name in filter(counts, files.names()):
        text = files.read(name) or ""
        digest = content(text)
        for _, known, uses in compiled.USES[1].get(name, ()):
            if known == digest:
                found[name] = digest, uses
                break
        else:
            try:
                tree = parse(text, name)
                for key, word in compared(tree, names):
                    words.setdefault(key, {})[word] = None
                words.setdefault("", {}).update(dict.fromkeys(taken_out(tree)))
                found[name] = digest, of_file(name, text, names, tree)
            except (SourceError, RecursionError) as problem:
                unread.append(str(problem))
    return found


def _with_words(facts: tuple[Any, ...], words: Iterable[str]) -> tuple[Any, ...]:
    """Return the facts of a key with the words that it runs with although nobody listed them.

    What the parser does not check is compared somewhere, and a fork that adds a word there often
    leaves the annotation alone.
    """
    group, kinds, choices, checked, *rest = facts
    if choices is None or checked == "parse":
        return facts
    return group, kinds, tuple(dict.fromkeys((*choices, *words))), checked, *rest


def _as_nearest(name: str, prop: dict[str, Any], nearest: str) -> tuple[Any, ...]:
    """Return the facts of a key that is written in no known way: those of the nearest state."""
    place = compiled.LLAMAFACTORY.index(nearest)
    for layer, first, last, group, *rest in compiled.KEYS.get(name, ()):
        if layer == 0 and first <= place <= last and group == prop["x-group"]:
            return group, *rest
    return prop["x-group"], ANY_KIND, None, None, None, prop.get("default")
