"""The commands of a shell that change what later ones are handed."""

from __future__ import annotations

import re

from ftlint.launch.conditions import UNSURE, of_test
from ftlint.launch.tree import Assignment, ShellWord
from ftlint.launch.values import UNKNOWN, Array, Field, Scalar, gap, split
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ftlint.launch.conditions import Truth
    from ftlint.launch.shell import Outcome, Shell
    from ftlint.launch.tree import Simple

DONE = (True, (), "")


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
                    empty = Array(()) if "a" in flags.lower() else Scalar("", ())
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
        if one.known and not one.text.startswith("-"):
            shell.state.variables[one.text] = Scalar("", ())
            shell.state.exported.discard(one.text)
    return DONE


def _source(shell: Shell, command: Simple) -> Outcome:
    words = words_of(shell, command)
    text = None
    if words and words[0].known and shell.sources is not None and shell.state.folder == "":
        text = shell.sources(words[0].text)
    if text is None:
        return None, (), ""
    place = shell.place(command.start)
    calls = len(shell.calls)
    end = shell.follow(text, [place] * (len(text) + 1))
    del shell.calls[calls:]  # what it starts is told where that stands
    return True, (), "exit" if end == "exit" else ""


def _change_folder(shell: Shell, command: Simple) -> Outcome:
    words = [one for one in words_of(shell, command) if not one.text.startswith("-")]
    state = shell.state
    if not words or not words[0].known or state.folder is None:
        state.folder = None
    else:
        to = words[0].text
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
    parts: list[Scalar] = []
    for one in words:
        parts += [one.value, Scalar(" ", (one.end,))]
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
    told: list[Scalar] = []
    for redirection in command.redirections:
        if redirection.operator == "<<<" and getattr(command.words[0], "literal", "") == "read":
            told = split(shell.text_of(redirection.word))
    if len(told) < len(names) or len(words) != len(names) + sum(one.text == "-r" for one in words):
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


def output_of(words: Sequence[Field]) -> Scalar | None:
    """Return what a few programs print that only work on their words; None for all others."""
    if not words or not words[0].known:
        return None
    name, rest = words[0].text, words[1:]
    assumed = tuple(why for one in rest for why in one.value.assumed)
    texts = [one.text for one in rest]
    if name == "echo" and not (texts and texts[0].startswith("-")):
        text = " ".join(texts)
    elif name == "basename" and len(texts) in (1, 2) and UNKNOWN not in "".join(texts):
        text = texts[0].rstrip("/").rpartition("/")[2]
        text = text.removesuffix(texts[1]) if len(texts) == 2 and text != texts[1] else text
    elif name == "dirname" and len(texts) == 1 and UNKNOWN not in texts[0]:
        folder, slash, _ = texts[0].rstrip("/").rpartition("/")
        text = folder or ("/" if slash else ".")
    elif name == "seq" and texts and all(one.isdecimal() and len(one) < 5 for one in texts):
        numbers = [int(one) for one in texts]
        first, step = (
            (numbers[0] if len(numbers) > 1 else 1),
            (numbers[1] if len(numbers) > 2 else 1),
        )
        text = "\n".join(map(str, range(first, numbers[-1] + 1, step or 1)))
    else:
        return None
    return Scalar(text, [words[0].start] * len(text), assumed)


_REPLACES = re.compile(r"s(.)((?:(?!\1).)+)\1((?:(?!\1).)*)\1(g?)")
_LITERAL = re.compile(r"[\w /:,=@-]*")


def filtered(value: Scalar, words: Sequence[Field]) -> Scalar | None:
    """Return what `sed s/a/b/` or `tr a b` make of a text, where they name no patterns."""
    if not value.known or not all(one.known for one in words):
        return None
    texts = [one.text for one in words]
    new = None
    if len(texts) in (2, 3) and texts[0] == "sed" and (len(texts) == 2 or texts[1] == "-e"):
        found = _REPLACES.fullmatch(texts[-1])
        if found is not None and _LITERAL.fullmatch(found[2]) and "&" not in found[3]:
            new = value.text.replace(found[2], found[3], -1 if found[4] else 1)
    elif len(texts) == 3 and texts[0] == "tr" and len(texts[1]) == len(texts[2]) == 1:
        new = value.text.replace(texts[1], texts[2])
    if new is None or "\\" in texts[-1] or "\n" in value.text:
        return None
    place = words[0].start
    return Scalar(new, [place] * len(new), value.assumed)
