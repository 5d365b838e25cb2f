"""Which keys a target knows, of what kind, with what default and choices."""

from __future__ import annotations

from ftlint.target.states import parse_version
from ftschemas import compiled
from ftschemas.launchers import V1
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ftlint.target.states import Target
    from ftlint.target.tree import Tree

LLAMAFACTORY, TRANSFORMERS = 0, 1
LAYERS = ("LLaMA Factory", "transformers")
"""What the packages that define keys are called."""
PARSER = {"export": "infer", "chat": "infer"}
"""Commands that LLaMA Factory parses with another's dataclasses."""


class ForkKeys(NamedTuple):
    """Keys that a fork has besides those of its release, and values that it takes: as settings say.

    Nothing is known of a key but its name; with `values` it takes these alone.
    """

    keys: tuple[str, ...] = ()
    values: tuple[tuple[str, tuple[str, ...]], ...] = ()


NO_EXTRA = ForkKeys()
ANY_KIND = ("bool", "float", "int", "list", "map", "null", "text")


class Key(NamedTuple):
    """One key as the target knows it. `kinds` are null, bool, int, float, text, list, map."""

    name: str
    layer: int
    group: str
    kinds: tuple[str, ...]
    choices: tuple[object, ...] | None
    checked: str | None
    """What a value outside `choices` meets: `parse`, `later` or `never`."""
    separator: str | None
    default: object


class Releases(NamedTuple):
    """When a key exists: first and last release of `layer` (package name) that has it."""

    package: str
    first: str
    last: str
    present: bool
    """Whether the newest release of the layer still has it."""


class Catalogue:
    """The keys of one target and command, of a launcher's own trainer, and those settings teach."""

    def __init__(
        self, target: Target, command: str, launcher: str | None = None, extra: ForkKeys = NO_EXTRA
    ) -> None:
        self.target = target
        self.command = command
        self.launcher = launcher if command == "train" else None
        self._added: dict[str, tuple[Any, ...]] = compiled.TRAINERS.get(self.launcher, {})
        if command == V1:
            self._added = compiled.V1.get(target.release, ({},))[0]
        self.extra = extra
        self._values = dict(extra.values)
        self.groups: tuple[str, ...] = self._commands.get(PARSER.get(command, command), ())
        self._place = (
            compiled.LLAMAFACTORY.index(target.release),
            compiled.TRANSFORMERS.index(target.layer),
        )
        self._defaults: dict[str, object] | None = None
        self._keys: dict[str, Key] = {}

    @property
    def _commands(self) -> dict[str, tuple[str, ...]]:
        tree = self.target.tree
        found: dict[str, tuple[str, ...]] = (
            compiled.RELEASES[self.target.release][5] if tree is None else tree.commands
        )
        return found

    def _variants(self, name: str) -> tuple[tuple[Any, ...], ...]:
        """Return what the layers know of a key; a tree's own source in the release's place."""
        found: tuple[tuple[Any, ...], ...] = compiled.KEYS.get(name, ())
        tree = self.target.tree
        if tree is None:
            return found
        place = self._place[LLAMAFACTORY]
        own = tree.keys.get(name)
        theirs = [one for one in found if one[0] == TRANSFORMERS]
        return tuple(theirs if own is None else [(LLAMAFACTORY, place, place, *own), *theirs])

    def get(self, name: str) -> Key | None:
        """Return the key that the command reads under this name, if there is one."""
        key = self._keys.get(name) or self._find(name)
        if self.extra.keys or self._values:
            key = self._taught(name, key)
        if key is not None:
            self._keys[name] = key
        return key

    def _find(self, name: str) -> Key | None:
        if name in self._added:
            return Key(name, LLAMAFACTORY, self.launcher or "", *self._added[name])
        for layer, first, last, group, *rest in self._variants(name):
            taken = first <= self._place[layer] <= last and group in self.groups
            if taken and not self._lacks(name, layer, group):
                return Key(name, layer, group, *rest)
        return None

    def _lacks(self, name: str, layer: int, group: str) -> bool:
        """Return whether a key of the command is none of the launcher's trainer.

        That of Megatron puts its own class in the place of LLaMA Factory's training arguments.
        """
        lacking = compiled.LACKING.get(self.launcher)
        if lacking is None:
            return False
        return name in lacking or (layer == LLAMAFACTORY and group == "training")

    def lacks(self, name: str) -> bool:
        """Return whether the command takes a key, but not with this launcher."""
        return self._find(name) is None and any(
            first <= self._place[layer] <= last and group in self.groups
            for layer, first, last, group, *_ in self._variants(name)
        )

    def _taught(self, name: str, key: Key | None) -> Key | None:
        """Return a key with what the settings say of it; None for one that they do not name."""
        values = self._values.get(name)
        if key is None and name in self.extra.keys:
            checked = "parse" if values else None
            return Key(name, LLAMAFACTORY, "extra", ANY_KIND, values, checked, None, None)
        if key is not None and values and key.choices is not None and key.group != "extra":
            more = (value for value in values if value not in key.choices)
            return key._replace(choices=(*key.choices, *more))
        return key

    def defaults(self) -> dict[str, object]:
        """Return every key of the command with its default."""
        if self._defaults is None:
            self._defaults = {}
            place, groups, tree = self._place, self.groups, self.target.tree
            complete = compiled.LACKING.get(self.launcher) is None
            own = () if tree is None else tree.keys
            for name in (*compiled.KEYS, *(one for one in own if one not in compiled.KEYS)):
                for variant in compiled.KEYS[name] if tree is None else self._variants(name):
                    layer, first, last, group = variant[:4]
                    taken = first <= place[layer] <= last and group in groups
                    if taken and (complete or not self._lacks(name, layer, group)):
                        self._defaults[name] = variant[-1]
                        break
            self._defaults |= {name: row[-1] for name, row in self._added.items()}
        return self._defaults

    def names(self) -> list[str]:
        """Return the names of all keys of the command."""
        return [*self.defaults(), *self.extra.keys]

    def other_commands(self, name: str) -> list[str]:
        """Return the commands of this target that do read `name`."""
        return [
            command
            for command, groups in self._commands.items()
            if command != PARSER.get(self.command, self.command)
            for layer, first, last, group, *_ in self._variants(name)
            if first <= self._place[layer] <= last and group in groups
        ]

    def other_choices(self, key: Key) -> dict[object, str]:
        """Return the values that the key takes in other releases alone: since or until which."""
        place = self._place[key.layer]
        order = compiled.LLAMAFACTORY if key.layer == LLAMAFACTORY else compiled.TRANSFORMERS
        package = LAYERS[key.layer]
        came: dict[object, int] = {}
        gone: dict[object, int] = {}
        for layer, first, last, group, _, choices, *_ in compiled.KEYS.get(key.name, ()):
            if layer == key.layer and group in self.groups:
                for choice in set(choices or ()).difference(key.choices or ()):
                    if first > place:
                        came[choice] = min(first, came.get(choice, first))
                    if last < place:
                        gone[choice] = max(last, gone.get(choice, last))
        last_of = {
            choice: f"last accepted by {package} {order[last]}" for choice, last in gone.items()
        }
        from ftlint.target.pins import is_usable
        from ftlint.target.states import MAIN

        return last_of | {
            choice: f"new in {package} {order[first]}, "
            + (f"{upgrade} to use it" if usable else "which LLaMA Factory does not take")
            for choice, first in came.items()
            if not self._is_later_than(key.layer, first)
            for usable in [key.layer == LLAMAFACTORY or is_usable(order[first])]
            for upgrade in ["install that" if order[first] == MAIN else "upgrade"]
        }

    def _is_later_than(self, layer: int, first: int) -> bool:
        """Return whether a source calls itself later than a release: what came then is no news.

        A fork that left it out may be nearest to a release before that one all the same.
        """
        tree = self.target.tree
        if tree is None or layer != LLAMAFACTORY or not tree.version:
            return False
        state = compiled.VERSIONS[compiled.LLAMAFACTORY[first]]
        return parse_version(state) < parse_version(tree.version)

    def history(self, name: str) -> Releases | None:
        """Return when the command's key `name` existed, when that was at some other release.

        Of a key that a tree has not, and the release nearest to it has, nothing is to be told.
        """
        spans = [
            (layer, first, last)
            for layer, first, last, group, *_ in compiled.KEYS.get(name, ())
            if group in self.groups
        ]
        if not spans:
            gone = compiled.REMOVED.get(name)
            return Releases(LAYERS[gone[0]], "", gone[1], present=False) if gone else None
        layer = spans[-1][0]
        order = compiled.LLAMAFACTORY if layer == LLAMAFACTORY else compiled.TRANSFORMERS
        same = [span for span in spans if span[0] == layer]
        first, last = min(span[1] for span in same), max(span[2] for span in same)
        if first <= self._place[layer] <= last and self.target.tree is not None:
            return None
        if first > self._place[layer] and self._is_later_than(layer, first):
            return None
        return Releases(LAYERS[layer], order[first], order[last], last == len(order) - 1)


_catalogues: dict[tuple[Target, str, str | None, ForkKeys], Catalogue] = {}


def catalogue_of(
    target: Target, command: str, launcher: str | None = None, extra: ForkKeys = NO_EXTRA
) -> Catalogue:
    """Return the catalogue of a target, command and launcher, made once a process."""
    key = (target, command, launcher, extra)
    if key not in _catalogues:
        _catalogues[key] = Catalogue(target, command, launcher, extra)
    return _catalogues[key]


def defaults_of_no_release(tree: Tree) -> frozenset[str]:
    """Return the keys to which a source gives a default that they had in no release."""
    return frozenset(
        name
        for name, facts in tree.keys.items()
        if repr(facts[-1]) not in {repr(one[-1]) for one in compiled.KEYS.get(name, ())}
    )


def is_known(name: str) -> bool:
    """Return whether any release ever read `name`."""
    return name in compiled.KEYS or name in compiled.REMOVED


def owner(name: str) -> int | None:
    """Return the layer that last defined `name`: 0 LLaMA Factory, 1 transformers."""
    variants = compiled.KEYS.get(name)
    return variants[-1][0] if variants else None


def probed(release: str) -> str:
    """Return the release whose probes count for a state: the development state is like the last."""
    return release if release[:1].isdigit() else str(compiled.PROBED[-1])


def nearest(
    table: Mapping[tuple[str, str], tuple[tuple[str, Any], ...]], release: str, key: str
) -> tuple[tuple[str, Any], ...]:
    """Return a row of the newest probed release that is not newer, else of the oldest probed."""
    older = [probed for probed in compiled.PROBED if probed <= release]
    return table.get((older[-1] if older else compiled.PROBED[0], key), ())
