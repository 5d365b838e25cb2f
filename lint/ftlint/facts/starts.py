"""The scripts of a project that start a config: in its folder and in those above it.

A script says where it is started by `cd` alone. Without one that may be its own folder or any above
it, and the config that it names is the nearest of that name, as seen from there.
"""

from __future__ import annotations

import os

from ftlint.facts.launch import LAUNCHERS, STEP_KEYS, Launch
from ftlint.facts.layers import SCRIPT, Layer
from ftlint.facts.listing import MOST_SCRIPTS, listed, scripts_above, upwards
from ftlint.target.classify import NOT_KNOWN
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from ftlint.launch.record import Launched, Word
    from ftlint.support.disk import Disk
    from ftlint.target.classify import Command

MOST_STARTS = 12
"""Starts of one config that are told apart: a loop over values is one start a value."""
MAX_BYTES = 1 << 18
COMMANDS: dict[str, Command] = {
    "train": "train", "export": "export", "eval": "eval",
    "chat": "chat", "api": "chat", "webchat": "chat",
}  # fmt: skip
"""What a script calls a command, and which parser that is."""


class Start(NamedTuple):
    """One way in which a script starts a config: what it sets over it, and what it says of the run.

    `path` is that of the script, seen from the working directory.
    """

    path: str
    line: int
    command: Command
    arguments: tuple[str, ...]
    layer: Layer

    @property
    def says(self) -> bool:
        """Whether it sets anything, or says anything of the run."""
        return bool(self.arguments) or self.layer.launch != Launch() or self.command != "train"

    @property
    def keys(self) -> frozenset[str]:
        """The keys that it sets over the file."""
        return frozenset(one.partition("=")[0] for one in self.arguments)

    @property
    def counts(self) -> bool:
        """Whether all is known that its steps rest on."""
        gaps = (one.partition("=")[0] for one in self.arguments if NOT_KNOWN in one)
        return STEP_KEYS.isdisjoint(gaps)

    @property
    def place(self) -> str:
        """Where it stands, as messages name it."""
        return f"{self.path}:{self.line}"


def starts_of(path: str, disk: Disk) -> tuple[Start, ...]:
    """Return how the scripts of a project start the config at `path`, within reach.

    Left out is one whose keys are not known before the script runs, or that is the same as another.
    """
    own = os.path.abspath(path)
    found: dict[tuple[object, ...], Start] = {}
    for one in disk.view(os.path.dirname(own), _launches):
        if not _is_meant(one, own, disk):
            continue
        start = _start(one)
        if start is not None and start.says and len(found) < MOST_STARTS:
            found.setdefault(start[2:], start)
    return tuple(found.values())


def _launches(start: str, disk: Disk) -> list[Launched]:
    """Return what the scripts in a folder and in those above it hand a config to."""
    folders = dict.fromkeys(map(os.path.dirname, scripts_above(start, disk)))
    return [one for folder in folders for one in disk.view(folder, _in_folder)]


def _in_folder(folder: str, disk: Disk) -> list[Launched]:
    """Return what the scripts in a folder hand a config to."""
    from ftlint.launch import scripts

    found: list[Launched] = []
    for path in listed(folder, disk).scripts[:MOST_SCRIPTS]:
        data = disk.read(path, MAX_BYTES + 1)
        if not isinstance(data, bytes) or len(data) > MAX_BYTES or not scripts.may_launch(data):
            continue
        text = data.decode("utf-8", "replace")
        started = scripts.read(text, path, _sources(folder, disk))
        found += (one for one in started if one.config is not None)
    return found


def _sources(folder: str, disk: Disk) -> Callable[[str], str | None]:
    """Return what reads a file that a script in `folder` takes in."""

    def read(name: str) -> str | None:
        data = disk.read(os.path.join(folder, name), MAX_BYTES)
        return data.decode("utf-8", "replace") if isinstance(data, bytes) else None

    return read


def _is_meant(one: Launched, own: str, disk: Disk) -> bool:
    """Return whether a launch is handed the config at `own`."""
    named = None if one.config is None else one.config.text
    if named is None or one.folder is None or os.path.basename(named) != os.path.basename(own):
        return False
    for folder in upwards(os.path.dirname(one.path), disk):
        path = os.path.normpath(os.path.join(folder, one.folder, named))
        if path == own:
            return True
        if disk.is_file(path):
            return False
    return False


def _start(one: Launched) -> Start | None:
    """Return what a launch sets and says; None where some of its words are not known."""
    arguments = tuple(argument for word in one.words[1:] if (argument := _argument(word)))
    known = not one.unknown and len(arguments) == len(one.words[1:])
    if not known or one.flags or one.command not in COMMANDS:
        return None
    path = os.path.relpath(one.path)
    path = one.path if path.startswith(os.pardir) else path
    return Start(path, one.line, COMMANDS[one.command], arguments, layer_of(one))


def _argument(word: Word) -> str | None:
    """Return a word as it is handed over: with a gap for a value that only the run can tell."""
    if word.text is not None:
        return word.text
    key, equals, _ = word.pattern.partition("=")
    return f"{key}={NOT_KNOWN}" if equals and key and "\0" not in key else None


def start_of(one: Launched, disk: Disk) -> tuple[Start, str] | None:
    """Return how a launch starts a file, and where that lies; None where it is not known or here.

    It is the nearest of its name, as seen from the script's folder and those above it.
    """
    named = None if one.config is None else one.config.text
    start = None if named is None or one.folder is None else _start(one)
    if start is None or named is None or one.folder is None:
        return None
    for folder in upwards(os.path.dirname(os.path.abspath(one.path)), disk):
        path = os.path.normpath(os.path.join(folder, one.folder, named))
        if disk.is_file(path):
            here = os.path.relpath(path)
            return start, path if here.startswith(os.pardir) else here
    return None


def layer_of(one: Launched) -> Layer:
    """Return what a start says of its run."""
    return Layer(SCRIPT, Launch(one.gpus, one.nodes, environment=_switches(one)))


def _switches(one: Launched) -> tuple[str, ...] | None:
    """Return the switches that a script turns on.

    None where it names no launcher: the shell that it is started in may turn one on.
    """
    from ftlint.facts.machine import is_on

    on = tuple(
        name for name, word in one.environment if word.text is not None and is_on(name, word.text)
    )
    named = any(variable in on for variable, _, _ in LAUNCHERS)
    return tuple(sorted(on)) if named else None
