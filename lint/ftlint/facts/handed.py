"""How scripts start files: with what set over them, and what is said of their runs."""

from __future__ import annotations

import os

from ftlint.facts.launch import STEP_KEYS, Launch
from ftlint.facts.layers import SCRIPT, Layer
from ftlint.facts.listing import upwards
from ftlint.launch.values import HERE
from ftlint.target.classify import NOT_KNOWN, SUBCOMMANDS
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from ftlint.launch.record import Launched, Word
    from ftlint.support.disk import Disk
    from ftlint.target.classify import Command

MAX_BYTES = 1 << 18
"""Bytes of a script that is read."""


class Start(NamedTuple):
    """One way in which a line of a script starts a file, as far as that is known before it runs.

    `folder`: where it is started, seen from the script. `arguments` are what stands behind the
    file; `whole`: whether all of them are known to be there.
    """

    path: str
    line: int
    command: Command
    config: str
    folder: str
    arguments: tuple[str, ...]
    whole: bool
    launch: Launch

    @property
    def way(self) -> tuple[object, ...]:
        """What tells it from another start of the same file."""
        return self.command, self.arguments, self.launch

    @property
    def layer(self) -> Layer:
        """What it says of the run."""
        return Layer(SCRIPT, self.launch)

    @property
    def says(self) -> bool:
        """Return whether it sets anything, or says anything of the run."""
        return bool(self.arguments) or self.launch != Launch() or self.command != "train"

    @property
    def keys(self) -> frozenset[str]:
        """The keys that it sets over the file."""
        return frozenset(one.partition("=")[0] for one in self.arguments)

    @property
    def gaps(self) -> frozenset[str]:
        """The keys that its steps rest on and that are known only when the script runs."""
        unknown = (one.partition("=")[0] for one in self.arguments if NOT_KNOWN in one)
        return STEP_KEYS.intersection(unknown)

    @property
    def counts(self) -> bool:
        """Return whether all is known that its steps rest on."""
        return not self.gaps

    @property
    def place(self) -> str:
        """Where it stands, as messages name it."""
        return f"{self.path}:{self.line}"


class HandedOver(NamedTuple):
    """What a script hands over, and how many commands were followed to know that."""

    files: list[Start]
    steps: int


def read(path: str, data: bytes, disk: Disk) -> tuple[HandedOver, list[str]]:
    """Return what a script hands over, and the files that it takes in."""
    from ftlint.launch import scripts

    taken: list[str] = []
    found = scripts.look(data.decode("utf-8", "replace"), path, sources(path, disk, taken))
    files = [one for one in map(of_launched, found.launches) if one is not None]
    return HandedOver(files, found.steps), taken


def sources(path: str, disk: Disk, taken: list[str]) -> Callable[[str], str | None]:
    """Return what reads a file that a script names, and notes its path among the `taken`.

    It is the nearest, as seen from the script's folder and those above it.
    """
    own = os.path.dirname(os.path.abspath(path))

    def source(name: str) -> str | None:
        folders = [own] if name.startswith(HERE) else upwards(own, disk)
        for folder in folders:
            taken.append(os.path.normpath(os.path.join(folder, name.removeprefix(f"{HERE}/"))))
            data = disk.read(taken[-1], MAX_BYTES)
            if isinstance(data, bytes):
                return data.decode("utf-8", "replace")
        return None

    return source


def without_flags(one: Launched) -> Launched:
    """Return a start of a file without `--key value` behind that, which is told by itself."""
    if not one.flags or not one.words:
        return one
    kept = {override.start for override in one.overrides}
    words = (one.words[0], *(word for word in one.words[1:] if word.start in kept))
    return one._replace(flags=(), words=words)


def of_launched(one: Launched) -> Start | None:
    """Return how a launch starts a file; None where it is no file, or not known which."""
    config = None if one.config is None else one.config.path
    if config is None or one.folder is None:
        return None
    words = [_argument(word) for word in one.words[1:]]
    arguments = tuple(word for word in words if word is not None)
    known = not one.unknown and not one.flags and len(arguments) == len(words)
    return Start(
        one.path, one.line, SUBCOMMANDS[one.command], config, one.folder, arguments, known,
        layer_of(one).launch,
    )  # fmt: skip


def _argument(word: Word) -> str | None:
    """Return a word as it is handed over: with a gap for a value that only the run can tell."""
    if word.text is not None:
        return word.text
    key, equals, _ = word.pattern.partition("=")
    return f"{key}={NOT_KNOWN}" if equals and key and "\0" not in key else None


def layer_of(one: Launched) -> Layer:
    """Return what a start says of its run."""
    return Layer(SCRIPT, Launch(one.gpus, one.nodes, environment=_switches(one)))


def _switches(one: Launched) -> tuple[str, ...] | None:
    """Return the switches that a script turns on.

    None where it names no launcher: the shell that it is started in may turn one on.
    """
    from ftlint.target.launchers import LAUNCHERS, SWITCHES

    on = one.on.intersection(SWITCHES)
    named = any(variable in on for variable, _, _ in LAUNCHERS)
    return tuple(sorted(on)) if named else None
