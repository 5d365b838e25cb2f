"""A shell script as commands and words, each with its place.

The part of the language that decides what a program is handed; what else there is becomes a word
or a command of which nothing is known.
"""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Literal, Union

    from ftlint.syntax.nodes import Comment


class Text(NamedTuple):
    """Characters that stand for themselves: the first of them at `start`, the others behind it."""

    text: str
    start: int
    quoted: bool


class Parameter(NamedTuple):
    """`$NAME`, `${NAME}`, `${NAME:-word}`, `${NAME[index]}`; `operator` is what follows the name.

    `length` for `${#NAME}`; `operator` is `!` where the name is another variable's value.
    """

    name: str
    subscript: tuple[Part, ...] | None
    operator: str
    argument: tuple[Part, ...]
    quoted: bool
    start: int
    end: int
    length: bool = False


class Output(NamedTuple):
    """`$(commands)`; None where they are not looked into (backquotes, `<(…)`)."""

    body: tuple[Command, ...] | None
    quoted: bool
    start: int
    end: int


class Arithmetic(NamedTuple):
    """`$((expression))`."""

    text: str
    start: int
    end: int


if TYPE_CHECKING:
    Part = Union[Text, Parameter, Output, Arithmetic]


class ShellWord(NamedTuple):
    """A word as it is written."""

    parts: tuple[Part, ...]
    start: int
    end: int

    @property
    def literal(self) -> str | None:
        """What it says, quotes taken off; None where something in it is expanded."""
        parts = self.parts
        if len(parts) == 1 and type(parts[0]) is Text:
            return parts[0].text
        if not all(isinstance(part, Text) for part in parts):
            return None
        return "".join(part.text for part in parts if isinstance(part, Text))

    @property
    def bare(self) -> str | None:
        """The same, where nothing of it is quoted: only such a word is a keyword."""
        one = self.parts[0] if len(self.parts) == 1 else None
        return one.text if isinstance(one, Text) and not one.quoted else None


class Assignment(NamedTuple):
    """`NAME=word`, `NAME+=word`, `NAME[index]=word` or `NAME=(words)`."""

    name: str
    subscript: tuple[Part, ...] | None
    append: bool
    value: ShellWord | tuple[ShellWord, ...]
    start: int
    end: int


class Redirection(NamedTuple):
    """`> word`, or a here-document with its lines: `body`."""

    operator: str
    word: ShellWord
    body: ShellWord | None = None


class Simple(NamedTuple):
    """A program or builtin with its words. `test`: what `[[ ]]` or `(( ))` holds."""

    assignments: tuple[Assignment, ...]
    words: tuple[ShellWord | Assignment, ...]
    redirections: list[Redirection]
    """A list, for what a here-document holds is read behind the command's line."""
    start: int
    end: int
    test: Literal["", "[[", "(("] = ""


class Chain(NamedTuple):
    """`left && right`, `left || right`; `|` for a pipeline, `!` negates `left`."""

    operator: Literal["&&", "||", "|", "!"]
    left: Command
    right: Command | None


class If(NamedTuple):
    """Conditions with what follows each; the last condition is empty for `else`."""

    branches: tuple[tuple[tuple[Command, ...], tuple[Command, ...]], ...]


class Loop(NamedTuple):
    """`while`, `until`, or `for name in words`; `words` None: over the arguments, or unknown."""

    kind: Literal["while", "until", "for", "arithmetic"]
    condition: tuple[Command, ...]
    name: str
    words: tuple[ShellWord, ...] | None
    body: tuple[Command, ...]


class Case(NamedTuple):
    """A word, and the patterns with what follows each."""

    word: ShellWord
    branches: tuple[tuple[tuple[ShellWord, ...], tuple[Command, ...]], ...]


class Group(NamedTuple):
    """`{ commands; }`, or `( commands )`, whose variables end with it."""

    body: tuple[Command, ...]
    apart: bool
    redirections: list[Redirection]


class Function(NamedTuple):
    """A name for commands."""

    name: str
    body: Command


if TYPE_CHECKING:
    Command = Union[Simple, Chain, If, Loop, Case, Group, Function]


class Fault(NamedTuple):
    """Where the shell stops reading, and why."""

    start: int
    reason: str


class Script(NamedTuple):
    """What a shell reads of a text, up to where it stops."""

    commands: tuple[Command, ...]
    comments: tuple[Comment, ...]
    fault: Fault | None
