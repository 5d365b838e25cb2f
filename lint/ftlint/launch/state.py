"""What holds at one point of a script, and what is common to several ways to it."""

from __future__ import annotations

from ftlint.launch.tree import Assignment, ShellWord, Simple
from ftlint.launch.values import BLANK, UNKNOWN, Array, Field, ShellString, gap
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ftlint.launch.tree import Command
    from ftlint.launch.values import Value


class Call(NamedTuple):
    """A program that is called.

    `words` begin with its name. `environment` is what the script hands over besides. `folder` is
    where it is called: "" where the script is started, None where that is not known. `sure`:
    whether it is, whenever the script runs.
    """

    words: tuple[Field, ...]
    environment: dict[str, ShellString]
    start: int
    end: int
    folder: str | None
    sure: bool
    here: ShellString | None
    """The here-document that it reads."""
    presumed: tuple[str, ...] = ()
    """What was assumed on the way to it."""


class Written(NamedTuple):
    """A file that the script writes from a here-document."""

    path: Field
    content: ShellString
    folder: str | None


class State:
    """What holds at one point of a script."""

    def __init__(self) -> None:
        self.variables: dict[str, Value] = {}
        self.exported: set[str] = set()
        self.all_exported = False
        self.positional: tuple[Field, ...] | None = None
        """The arguments; None for those that the script is started with."""
        self.folder: str | None = ""

    def copy(self) -> State:
        """Return the same state for another way on."""
        new = State()
        new.variables = dict(self.variables)
        new.exported = set(self.exported)
        new.all_exported = self.all_exported
        new.positional = self.positional
        new.folder = self.folder
        return new

    def assign(self, name: str, value: Value) -> None:
        """Set a variable."""
        self.variables[name] = value
        if self.all_exported:
            self.exported.add(name)


class Way(NamedTuple):
    """What holds after one of several ways, what ended it, and whether it is the likely one."""

    state: State
    end: str
    likely: bool | None
    assumed: tuple[str, ...] = ()


def merged(one: State, other: State) -> State:
    """Return what holds after either of two ways."""
    state = one.copy()
    for name in {*one.variables, *other.variables}:
        here, there = one.variables.get(name), other.variables.get(name)
        if here != there and not _alike(here, there):
            state.variables[name] = _common(here, there)
    state.exported = one.exported | other.exported
    if one.folder != other.folder:
        state.folder = None
    if one.positional != other.positional:
        state.positional = None
    return state


def _common(one: Value | None, other: Value | None) -> Value:
    """Return what two values have in common: what they begin with, then a gap."""
    if isinstance(one, ShellString) and isinstance(other, ShellString):
        short, long = sorted((one, other), key=lambda value: len(value.text))
        rest = long.text[len(short.text) :]
        if not short.text or not long.text.startswith(short.text) or rest[0] not in BLANK:
            return gap(0)
        ending = f" {UNKNOWN}"  # more words, or none
        place = short.at[-1] if short.at else 0
        return ShellString(short.text + ending, [*short.at, place, place], short.assumed)
    if not (isinstance(one, Array) and isinstance(other, Array)):
        return gap(0)
    shared: list[tuple[str, Field]] = []
    for (key, here), (other_key, there) in zip(one.items, other.items):
        if key != other_key or here.text != there.text:
            break
        shared.append((key, here))
    return Array((*shared, (str(len(shared)), Field(gap(0), 0, 0, quoted=False))))


def _alike(one: Value | None, other: Value | None) -> bool:
    return (
        isinstance(one, ShellString) and isinstance(other, ShellString) and one.text == other.text
    )


def assigned_in(commands: Iterable[Command]) -> set[str]:
    """Return the variables that commands may set."""
    found: set[str] = set()
    waiting: list[object] = list(commands)
    while waiting:
        one = waiting.pop()
        if isinstance(one, Simple):
            found.update(each.name for each in one.assignments)
            found.update(each.name for each in one.words if isinstance(each, Assignment))
            words = [each for each in one.words if isinstance(each, ShellWord)]
            if words and words[0].literal in ("read", "mapfile", "readarray", "getopts"):
                found.update(each.literal or "" for each in words[1:])
        elif isinstance(one, tuple):
            waiting += one
    return found
