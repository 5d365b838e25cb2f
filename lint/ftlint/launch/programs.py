"""From a program that is called to the start of LLaMA Factory that it is, if it is one."""

from __future__ import annotations

import re

from ftlint.launch import processes
from ftlint.launch.expansion import NO_ARGUMENTS
from ftlint.launch.record import Argument, Launched, Word
from ftlint.launch.values import UNKNOWN, beside
from ftlint.launch.wrappers import CLI, STARTERS, base, is_python, unwrapped
from ftlint.target.classify import ALONE, SUBCOMMANDS, command_of
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ftlint.launch.machines import Files
    from ftlint.launch.processes import Started
    from ftlint.launch.record import Program
    from ftlint.launch.slurm import Header
    from ftlint.launch.state import Call
    from ftlint.launch.values import Field, ShellString

CONFIG = (".yaml", ".yml", ".json")
_MODULES = {
    "llamafactory.cli": "", "llamafactory.launcher": "", "llamafactory.train.tuner": "train",
}  # fmt: skip
_STARTERS: dict[str, Program] = {
    "torch.distributed.run": "torchrun", "torch.distributed.launch": "torchrun",
    "accelerate.commands.launch": "accelerate", "deepspeed.launcher.runner": "deepspeed",
}  # fmt: skip
"""Modules that are a starter's program."""
_SCRIPTS = {
    "train_bash.py": "train", "train.py": "train", "train_sft.py": "train",
    "export_model.py": "export", "cli_demo.py": "chat", "web_demo.py": "webchat",
    "api_demo.py": "api", "api.py": "api", "evaluate.py": "eval",
    "launcher.py": "train", "cli.py": "",
}  # fmt: skip
"""What LLaMA Factory's own files under `src` are run for; "" where a word behind them says."""
_OWN = frozenset(["train_bash.py"])
"""Names of files that no other project is known to have."""
_PACKAGE = ("llamafactory/launcher.py", "llamafactory/cli.py", "llmtuner/launcher.py")
_FLAG = re.compile(r"--?[A-Za-z]")


def launched(
    call: Call, path: str, line: int, header: Header, files: Files | None = None
) -> Launched | None:
    """Return the start of LLaMA Factory that a call is; None where it is none.

    `files` returns the text of a file that its options name, or None.
    """
    words, variables = unwrapped(call.words)
    if not words:
        return None
    environment = {**call.environment, **variables}
    started = _started(words, environment, call.folder)
    if started is None:
        return None
    program, command, rest, options = started
    if any(one.text in ("-h", "--help") for one in rest):
        return None  # it is only asked how to be started

    def file(name: str) -> str | None:
        place = beside(name, call.folder)
        return None if files is None or place is None else files(place)

    shape = processes.shape(program, command, options, environment, header, call.words, file)
    unknown: list[str] = []
    assumed = list(call.presumed)
    given: list[Field] = []
    for one in rest:
        if one.text == UNKNOWN and NO_ARGUMENTS in one.value.assumed:
            unknown.append("what the script is started with may add arguments")
        else:
            given.append(one)
            assumed += one.value.assumed
    config, overrides, flags = _arguments(given, unknown)
    if program != "cli" and not _is_ours(words, rest, config, flags):
        return None
    said = tuple((name, word_of_value(value)) for name, value in environment.items())
    return Launched(
        path, line, call.start, call.end, program, command, config, overrides, flags, said,
        shape.gpus, shape.nodes, shape.facts,
        tuple(dict.fromkeys((*assumed, *shape.assumed))), tuple(dict.fromkeys(unknown)),
        tuple(word_of(one) for one in given), call.folder, call.sure,
    )  # fmt: skip


def _started(
    words: Sequence[Field], environment: dict[str, ShellString], folder: str | None
) -> tuple[Program, str, Sequence[Field], Started] | None:
    """Return the program, the command, the words behind it and the options of its starter."""
    name = base(words[0].text)
    none = processes.Started()
    if name in CLI:
        command = words[1].text if len(words) > 1 else ""
        return ("cli", command, words[2:], none) if command in SUBCOMMANDS else None
    if name in STARTERS:
        first = 1
        if name == "accelerate":
            if len(words) < 2 or words[1].text != "launch":
                return None
            first = 2
        return _by_starter(name, words[first:], folder)  # type: ignore[arg-type]
    if is_python(name) or UNKNOWN in name:
        return _by_python(words, folder)
    return None


def _by_python(
    words: Sequence[Field], folder: str | None
) -> tuple[Program, str, Sequence[Field], Started] | None:
    """Return what an interpreter of Python starts: a module, or a file."""
    none = processes.Started()
    place = 1
    while place < len(words) and words[place].text.startswith("-"):
        if words[place].text == "-m" and place + 1 < len(words):
            module, rest = words[place + 1].text, words[place + 2 :]
            if module in _STARTERS:
                return _by_starter(_STARTERS[module], rest, folder)
            if module not in _MODULES:
                return None
            command = _MODULES[module]
            program: Program = "python" if command else "cli"
            if not command and rest:
                command, rest = rest[0].text, rest[1:]
            return (program, command, rest, none) if command in SUBCOMMANDS else None
        place += 2 if words[place].text in ("-W", "-X") else 1
    return _of_script(words[place:], "python", none, folder)


def _by_starter(
    name: Program, words: Sequence[Field], folder: str | None
) -> tuple[Program, str, Sequence[Field], Started] | None:
    """Return what torchrun, accelerate or deepspeed start."""
    options, rest = processes.options(name, words)
    if options.module:
        module = rest[0].text if rest else ""
        ours = module in _MODULES
        return (name, "train", rest[1:], options) if ours else None
    return _of_script(rest, name, options, folder)


def _of_script(
    words: Sequence[Field], program: Program, options: Started, folder: str | None
) -> tuple[Program, str, Sequence[Field], Started] | None:
    """Return what a file of LLaMA Factory is run for."""
    if not words or not words[0].text.endswith(".py"):
        return None
    rest = words[1:]
    command = _SCRIPTS.get(base(words[0].text))
    if command is None:
        return None
    if command == "":
        command, rest = (rest[0].text, rest[1:]) if rest else ("", rest)
        if command not in SUBCOMMANDS:
            return None
    return program, command, rest, options


def _is_ours(
    words: Sequence[Field], rest: Sequence[Field], config: Word | None, flags: Sequence[Argument]
) -> bool:
    """Return whether a file of a common name is LLaMA Factory's: what it is handed tells."""
    script = next((one.text for one in words if one.text.endswith(".py")), "")
    if base(script) in _OWN or script.endswith(_PACKAGE) or not script:
        return True
    if config is not None:
        return script.endswith(("src/train.py", UNKNOWN + "/train.py"))
    names = {one.key for one in flags}
    return command_of(names) is not None or len(names & ALONE) >= 2


def _arguments(
    words: Sequence[Field], unknown: list[str]
) -> tuple[Word | None, tuple[Argument, ...], tuple[Argument, ...]]:
    """Return the config, what is set over it, and the flags; what cannot be told is `unknown`."""
    config = None
    first = words[0] if words else None
    if first is not None and first.text.endswith(CONFIG):
        config, words = word_of(first), words[1:]
    elif first is not None and first.text.startswith(UNKNOWN):
        if not any(_FLAG.match(one.text) for one in words):
            config, words = word_of(first), words[1:]
        elif not first.quoted:
            unknown.append("the first word is not known before the run")
    if config is None:
        return None, (), tuple(_flags(words, unknown))
    overrides = [_override(one) for one in words if _is_override(one)]
    if any(one.text.startswith(UNKNOWN) for one in words):
        unknown.append("words behind the config are not known before the run")
    behind = [one for one in words if not _is_override(one) and not one.text.startswith(UNKNOWN)]
    return config, tuple(overrides), tuple(_flags(behind, unknown))


def _is_override(word: Field) -> bool:
    return "=" in word.text and not word.text.startswith(("-", "=", UNKNOWN))


def _override(word: Field) -> Argument:
    key, value = _halves(word)
    return Argument(key, value, word.start, word.end)


def _halves(word: Field) -> tuple[str, Word]:
    """Return what stands before and behind a word's first `=`."""
    cut = word.text.index("=")
    value = word.value
    rest = value._replace(text=value.text[cut + 1 :], at=value.at[cut + 1 :])
    start = rest.at[0] if rest.at and word.start <= rest.at[0] < word.end else word.end
    return word.text[:cut], word_of_value(rest)._replace(start=start, end=word.end)


def _flags(words: Sequence[Field], unknown: list[str]) -> list[Argument]:
    """Return flags with their values; a word before the first of them has no key."""
    found: list[Argument] = []
    for one in words:
        if _is_flag(one.text):
            head = one.start + 2
            if "=" in one.text:
                key, value = _halves(one)
                found.append(Argument(key[2:], value, head, one.end, attached=True))
            elif one.known:
                found.append(Argument(one.text[2:], None, head, one.end))
            else:
                unknown.append("a flag's name is not known before the run")
            continue
        if not one.quoted and one.text == UNKNOWN and (not found or found[-1].value is not None):
            unknown.append("words that are not known before the run may be flags")
            continue
        value = word_of(one)
        if not found:
            found.append(Argument("", value, one.start, one.end))
        elif found[-1].value is None:
            found[-1] = found[-1]._replace(value=value, end=max(one.end, found[-1].end))
        else:
            last = found[-1]
            found[-1] = last._replace(more=(*last.more, value), end=max(one.end, last.end))
    return found


def _is_flag(text: str) -> bool:
    """Return whether argparse takes a word for a flag; not one that has a blank in its name."""
    return text.startswith("--") and bool(_FLAG.match(text)) and " " not in text.partition("=")[0]


def word_of(field: Field) -> Word:
    """Return a word as records have it."""
    known = field.known
    return Word(
        field.text if known else None, field.start, field.end, bool(field.value.assumed),
        field.text, field.quoted,
    )  # fmt: skip


def word_of_value(value: ShellString) -> Word:
    """Return the value of a variable as records have it."""
    start, end = (value.at[0], value.at[-1] + 1) if value.at else (0, 0)
    return Word(value.text if value.known else None, start, end, bool(value.assumed), value.text)
