"""What is known of a start of LLaMA Factory before the script that does it runs.

Offsets count characters of the script. What only the run can tell is None, never a guess.
"""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Literal

    Program = Literal["cli", "torchrun", "accelerate", "deepspeed", "python"]


class Word(NamedTuple):
    """A word that a program is handed, as the script writes it from `start` to `end`.

    `text` is what the shell makes of it; None where that is not known before the script runs.
    `assumed`: a default was taken, of `${V:-d}` or of a variable that nothing here sets.
    """

    text: str | None
    start: int
    end: int
    assumed: bool = False
    pattern: str = ""
    """Its text with a NUL in the place of each part that is not known."""
    quoted: bool = True
    """Whether it is one word whatever its unknown parts are."""

    @property
    def path(self) -> str | None:
        """The file that it names: beside the script where it begins with the script's folder."""
        from ftlint.launch.values import is_placed

        return self.pattern if self.text is None and is_placed(self.pattern) else self.text


class Argument(NamedTuple):
    """A key with its value: `key=value` behind a config, or `--key value`; no value: `--key`.

    `more` are further words of the same flag: `--key a b`.
    """

    key: str
    value: Word | None
    start: int
    """Where the key begins, dashes left out."""
    end: int
    """Where the last of it ends."""
    more: tuple[Word, ...] = ()
    attached: bool = False
    """Whether key and value are one word: `--key=value`."""

    @property
    def words(self) -> tuple[Word, ...]:
        """All words of its value."""
        return () if self.value is None else (self.value, *self.more)


class Fact(NamedTuple):
    """A number that a launch states of its processes, and where."""

    name: Literal["gpus", "nodes", "tasks"]
    value: int
    start: int
    end: int
    said: str
    """How the script says it: `NPROC_PER_NODE=8`."""


class Launched(NamedTuple):
    """One start of LLaMA Factory.

    `config` is the file it is handed, with `overrides` behind it; without one, `flags` are the
    config. `gpus` and `nodes` are those of the run, None where nothing says.
    """

    path: str
    line: int
    start: int
    end: int
    program: Program
    command: str
    """What follows `llamafactory-cli`: train, export, chat, api, webchat, eval …"""
    config: Word | None = None
    overrides: tuple[Argument, ...] = ()
    flags: tuple[Argument, ...] = ()
    environment: tuple[tuple[str, Word], ...] = ()
    gpus: int | None = None
    nodes: int | None = None
    facts: tuple[Fact, ...] = ()
    """Where `gpus` and `nodes` are said."""
    assumed: tuple[str, ...] = ()
    """What was taken for granted, each a sentence."""
    unknown: tuple[str, ...] = ()
    """What could not be read, each a sentence; flags or overrides may then be missing here."""
    words: tuple[Word, ...] = ()
    """All that the program is handed behind its command, in order."""
    folder: str | None = ""
    """Where it is started, as `cd` says: "" where the script is, None where that is not known."""
    sure: bool = True
    """Whether it is started whenever the script runs; else a condition is before it."""

    @property
    def on(self) -> frozenset[str]:
        """Return the variables that are set to what turns a switch of LLaMA Factory on."""
        from ftlint.target.launchers import turns_on

        said = ((name, word.text) for name, word in self.environment)
        return frozenset(name for name, text in said if text is not None and turns_on(text))

    @property
    def whole(self) -> bool:
        """Return whether all arguments are known to be there, whatever their values are."""
        return not self.unknown
