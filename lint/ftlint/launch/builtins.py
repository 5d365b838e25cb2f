"""The commands of a shell that change what later ones are handed."""

from __future__ import annotations

import re

from ftlint.launch.conditions import UNSURE, of_test
from ftlint.launch.tree import Assignment, ShellWord, Simple
from ftlint.launch.values import Array, Field, ShellString, beside, gap, is_placed, split
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ftlint.launch.conditions import Truth
    from ftlint.launch.shell import Outcome, Shell

DONE = (True, (), "")
_DRIVE = re.compile(r"[A-Za-z]:")
"""What a folder of Windows begins with that is none of this machine."""


def words_of(shell: Shell, command: Simple) -> list[Field]:
    """Return the words of a command behind its name."""
    return shell.fields(word for word in command.words[1:] if isinstance(word, ShellWord))


def _declare(shell: Shell, command: Simple) -> Outcome:
    name = str(getattr(command.words[0], "literal", ""))
    flags = "".join(
        word.literal or "" for word in command.words[1:]
        if isinstance(word, ShellWord) and (word.literal or "").startswith("-")
    )  # fmt: skip
    exports = name == "export" or "x" in flags
    for word in command.words[1:]:
        if isinstance(word, Assignment):
            _localize(shell, name, word.name)
            shell.assign(word)
            names = [word.name]
        else:
            names = [
                one.text for one in shell.fields([word])
                if one.known and not one.text.startswith("-")
            ]  # fmt: skip
            for one in names:
                _localize(shell, name, one)
                if name in ("local", "declare", "typeset") and "g" not in flags:
                    empty = Array(()) if "a" in flags.lower() else ShellString("", ())
                    if name == "local" or one not in shell.state.variables:
                        shell.state.assign(one, empty)
                        shell.assigned.add(one)
        if exports and "n" not in flags:
            shell.state.exported.update(one.partition("=")[0] for one in names)
    return DONE


def _localize(shell: Shell, command: str, name: str) -> None:
    """Remember what a variable is outside of the function that has its own."""
    if shell.locals and command in ("local", "declare", "typeset"):
        shell.locals[-1].setdefault(name, shell.state.variables.get(name))


def _unset(shell: Shell, command: Simple) -> Outcome:
    for one in words_of(shell, command):
        name, index, _ = one.text.partition("[")
        if index and name in shell.state.variables:
            shell.state.assign(name, Array((("0", Field(gap(one.start), 0, 0, quoted=False)),)))
        elif one.known and not one.text.startswith("-"):
            if one.text == "IFS":
                shell.state.variables.pop("IFS", None)
            else:
                shell.state.variables[one.text] = ShellString("", ())
            shell.state.exported.discard(one.text)
    return DONE


def _source(shell: Shell, command: Simple) -> Outcome:
    words = words_of(shell, command)
    name = beside(words[0].text, shell.state.folder) if words else None
    text = None if name is None or shell.sources is None else shell.sources(name)
    if text is None:
        return None, (), ""
    place = shell.place(command.start)
    calls = len(shell.calls)
    shell.sourced += 1
    end = shell.follow(text, [place] * (len(text) + 1))
    shell.sourced -= 1
    del shell.calls[calls:]  # what it starts is told where that stands
    return True, (), "exit" if end == "exit" else ""


def is_change(command: object) -> bool:
    """Return whether a command changes the folder, and nothing else."""
    first = command.words[0] if isinstance(command, Simple) and command.words else None
    return isinstance(first, ShellWord) and first.literal == "cd"


def _change_folder(shell: Shell, command: Simple) -> Outcome:
    words = [one for one in words_of(shell, command) if not one.text.startswith("-")]
    state = shell.state
    to = words[0].text if words else ""
    if is_placed(to):
        state.folder = to
    elif not words or not words[0].known or state.folder is None or _DRIVE.match(to):
        state.folder = None
    else:
        state.folder = to if to.startswith("/") or not state.folder else f"{state.folder}/{to}"
    return None, (), ""


def _set(shell: Shell, command: Simple) -> Outcome:
    words = words_of(shell, command)
    texts = [one.text for one in words]
    if "--" in texts:
        shell.state.positional = tuple(words[texts.index("--") + 1 :])
    elif words and not texts[0].startswith(("-", "+")):
        shell.state.positional = tuple(words)
    for one in texts:
        if one.startswith("-") and not one.startswith("--") and "a" in one:
            shell.state.all_exported = True
        if one.startswith("+") and "a" in one:
            shell.state.all_exported = False
    if "allexport" in texts:
        shell.state.all_exported = texts[0] == "-o"
    return DONE


def _shift(shell: Shell, command: Simple) -> Outcome:
    words, positional = words_of(shell, command), shell.state.positional
    count = words[0].text if words else "1"
    if positional is not None and count.isdecimal():
        shell.state.positional = positional[int(count) :]
    return DONE


def _evaluate(shell: Shell, command: Simple) -> Outcome:
    words = words_of(shell, command)
    parts: list[ShellString] = []
    for one in words:
        parts += [one.value, ShellString(" ", (one.end,))]
    text = "".join(one.text for one in parts)
    end = shell.follow(
        text, [*(place for one in parts for place in one.at), shell.place(command.end)]
    )
    return None, (), end


def _leave(end: str) -> Callable[[Shell, Simple], Outcome]:
    def leave(shell: Shell, command: Simple) -> Outcome:
        return None, (), end

    return leave


def _execute(shell: Shell, command: Simple) -> Outcome:
    if len(command.words) < 2:
        return DONE
    done = shell.simple(command._replace(words=command.words[1:]))
    return done[0], done[1], "exit"


def _read(shell: Shell, command: Simple) -> Outcome:
    words = words_of(shell, command)
    names = [one for one in words if one.known and one.text.isidentifier()]
    told: list[ShellString] = []
    for redirection in command.redirections:
        if redirection.operator == "<<<" and getattr(command.words[0], "literal", "") == "read":
            told = split(shell.text_of(redirection.word))
    if (
        command.assignments
        or len(told) < len(names)
        or len(words) != len(names) + sum(one.text == "-r" for one in words)
    ):
        told = []
    for place, one in enumerate(names):
        value = gap(one.start)
        if told and place < len(names) - 1:
            value = told[place]
        elif told and len(told) == len(names):
            value = told[-1]
        shell.state.assign(one.text, value)
        shell.assigned.add(one.text)
    return None, (), ""


def _print(shell: Shell, command: Simple) -> Outcome:
    words = words_of(shell, command)
    if len(words) > 2 and words[0].text == "-v" and words[1].known:
        shell.state.assign(words[1].text, gap(words[1].start))
        shell.assigned.add(words[1].text)
    shell.here_document(command)
    return DONE


def _test(shell: Shell, command: Simple) -> Outcome:
    words = [word for word in command.words[1:] if isinstance(word, ShellWord)]
    if words and words[-1].literal == "]":
        words = words[:-1]
    return *tested(shell, words, extended=False), ""


def tested(shell: Shell, words: Sequence[ShellWord], *, extended: bool) -> Truth:
    """Return whether a test of these words holds."""
    shell.testing += 1
    made: list[tuple[Field, str | None]] = []
    for word in words:
        if extended or word.literal is not None:
            made.append((shell.field(word), word.literal))
        else:
            made += [(one, None) for one in shell.fields([word])]
    shell.testing -= 1
    if not made:
        return UNSURE
    return of_test([one for one, _ in made], [one for _, one in made], extended=extended)


def _true(shell: Shell, command: Simple) -> Outcome:
    words_of(shell, command)  # `: ${NAME:=default}` sets one
    return DONE


def _false(shell: Shell, command: Simple) -> Outcome:
    return False, (), ""


def _let(shell: Shell, command: Simple) -> Outcome:
    for one in words_of(shell, command):
        name = one.text.partition("=")[0].rstrip("+-*/%")
        if name.isidentifier():
            shell.state.assign(name, gap(one.start))
    return None, (), ""


BUILTINS: dict[str | None, Callable[[Shell, Simple], Outcome]] = {
    **dict.fromkeys(("export", "declare", "local", "readonly", "typeset"), _declare),
    **dict.fromkeys(("source", "."), _source),
    **dict.fromkeys(("cd", "pushd", "popd"), _change_folder),
    **dict.fromkeys(("read", "mapfile", "readarray", "getopts"), _read),
    **dict.fromkeys(("[", "test"), _test),
    **dict.fromkeys((":", "true"), _true),
    **dict.fromkeys(("echo", "printf"), _print),
    "unset": _unset,
    "set": _set,
    "shift": _shift,
    "eval": _evaluate,
    "exec": _execute,
    "false": _false,
    "let": _let,
    **{word: _leave(word) for word in ("exit", "return", "break", "continue")},
}
