"""Slips of shells: what a script says and the program is not handed, or not as it looks."""

from __future__ import annotations

import re

from ftlint.launch.processes import VISIBLE
from ftlint.launch.shell import MOST
from ftlint.launch.slurm import tasks_of
from ftlint.launch.wrappers import base
from ftlint.syntax.construct import Problem
from ftlint.target.launchers import is_by_torchrun
from ftlint.target.slips import guess
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ftlint.launch.record import Argument, Launched
    from ftlint.launch.scripts import Reading
    from ftlint.launch.state import Call

_FLAG = re.compile(r"--[A-Za-z_][\w-]*(=.*)?", re.S)
_NAME = re.compile(r"[A-Z][A-Za-z_]*[A-Z]\Z")
_SHELL = frozenset("PATH HOME USER PWD SHELL LANG TERM".split())
_PAGE = {
    "port": "GRADIO_SERVER_PORT", "server_port": "GRADIO_SERVER_PORT",
    "host": "GRADIO_SERVER_NAME", "server_name": "GRADIO_SERVER_NAME", "share": "GRADIO_SHARE",
}  # fmt: skip
_IN_ENVIRONMENT = {
    "api": {"port": "API_PORT", "host": "API_HOST", "api_key": "API_KEY"},
    "webchat": _PAGE,
    "webui": _PAGE,
}
"""What servers are often told by a flag, and read from their environment alone.

Source: webui/interface.py run_web_demo, gradio's launch; api/app.py run_api.
"""


def found(
    reading: Reading, text: str, takes: Callable[[str, str], bool] = lambda _command, _key: True
) -> Iterator[Problem]:
    """Yield every slip in a script that starts LLaMA Factory.

    `takes` tells whether a command, such as `webchat`, has a key.
    """
    if not reading.launches:
        return
    yield from _unread(reading, text)
    if reading.is_cut:
        last = reading.launches[-1]
        values: dict[str, object] = {"most": f"{MOST:,}"}
        yield Problem("script-cut-off", last.start, last.end, values)
    yield from _broken_off(reading, text)
    for one in reading.launches:
        yield from _behind_config(one, takes)
        yield from _variables(one)
        yield from _one_process(one)
        yield from _cut(one)
    for call in reading.calls:
        tasks = tasks_of(call.words)
        if tasks is not None and tasks.value > 1:
            yield from _several(call, tasks.said, reading)


def _unread(reading: Reading, text: str) -> Iterator[Problem]:
    fault = reading.fault
    if fault is not None:
        end = text.find("\n", fault.start)
        end = len(text) if end < 0 else end
        yield Problem("script-unread", fault.start, max(end, fault.start), {"reason": fault.reason})


def _broken_off(reading: Reading, text: str) -> Iterator[Problem]:
    """Yield the first of the flags that are lost behind each start."""
    ends = {one.end: one for one in reading.launches}
    last: Launched | None = None
    for call in reading.calls:
        if call.start in {one.start for one in reading.launches}:
            last = ends.get(call.end)
            continue
        word = call.words[0]
        if last is not None and _FLAG.fullmatch(word.text.rstrip("\r")):
            why, remedy = _why_broken(text, last.end, call.start)
            values: dict[str, object] = {
                "text": word.text.rstrip("\r"), "reason": why, "remedy": remedy,
                "command": last.start,
            }  # fmt: skip
            yield Problem("script-line", word.start, word.end, values)
        last = None


def cut_short(one: Launched) -> Launched:
    """Return a start of which flags are lost, without the blanks that its line ends with."""
    flags = [
        flag._replace(
            value=None if flag.value and not flag.value.pattern.strip() else flag.value,
            more=tuple(word for word in flag.more if word.pattern.strip()),
        )
        for flag in one.flags
    ]
    lost = "some of its flags are run as a command of their own"
    return one._replace(
        flags=tuple(flag for flag in flags if flag.key or flag.words), unknown=(*one.unknown, lost)
    )


def _why_broken(text: str, start: int, end: int) -> tuple[str, str]:
    """Return why a command ends between two places although it goes on, and what to do."""
    between = text[start:end]
    if "\\\r\n" in text[:end]:
        return (
            "with Windows line ends (CRLF) a `\\` does not continue the line",
            "Convert the file to LF",
        )
    if re.search(r"^[ \t]*#", between, re.M):
        return "a comment ends the command above it", "Move the comment above the whole command"
    if re.search(r"\n[ \t]*\n", between):
        return "an empty line ends the command above it", "Remove the empty line"
    if re.search(r"\\[ \t]+\Z", text[: text.find("\n", start)]):
        return "a space after the `\\` of the line above ends the command", "Remove the space"
    return "the line above does not end with `\\`", "Add ` \\` to it"


def _behind_config(one: Launched, takes: Callable[[str, str], bool]) -> Iterator[Problem]:
    """Yield the first `--key` behind a config, which takes `key=value`."""
    if one.config is None:
        return
    for flag in one.flags:
        if flag.key:
            values: dict[str, object] = {
                "name": flag.key, "config": one.config.text or "the config",
                "remedy": _instead(one, flag, takes),
            }  # fmt: skip
            yield Problem("script-flag-behind", flag.start, flag.start + len(flag.key), values)
            return


def _instead(one: Launched, flag: Argument, takes: Callable[[str, str], bool]) -> str:
    """Return what to do in place of a flag behind a config: that which the command takes."""
    command, key = one.command, flag.key.replace("-", "_")
    alone = flag.value is None and one.whole
    value = (flag.value and flag.value.text) or ("true" if alone else "…")
    if takes(command, key):
        return f"write `{key}={value}` there"
    variable = _IN_ENVIRONMENT.get(command, {}).get(key)
    if variable is not None:
        return f"set `{variable}={'1' if alone else value}` in its environment instead"
    return f"remove or correct it, since `{command}` has no key `{key}`"


def _variables(one: Launched) -> Iterator[Problem]:
    """Yield variables whose name is a slip of one that LLaMA Factory or its launcher reads."""
    names = compiled.VARIABLES[0]
    for name, word in one.environment:
        if name in names or name in _SHELL or (not _NAME.match(name) and name.isupper()):
            continue
        meant = guess(name, names, ())
        if meant is not None and meant.slip and word.end > word.start:
            start = word.start - len(name) - 1
            values: dict[str, object] = {"name": name, "meant": meant.name}
            yield Problem("script-variable", start, start + len(name), values)


def _one_process(one: Launched) -> Iterator[Problem]:
    """Yield a start by plain python where several GPUs are visible, which LLaMA Factory refuses."""
    if one.program != "python" or one.command != "train":
        return
    for name, word in one.environment:
        if name in VISIBLE and word.text is not None:
            count = len([part for part in word.text.split(",") if part.strip()])
            if count > 1 and re.fullmatch(r"[\d, ]+", word.text):
                values: dict[str, object] = {"name": name, "value": word.text, "count": count}
                yield Problem("script-one-process", word.start, word.end, values)


def _cut(one: Launched) -> Iterator[Problem]:
    """Yield a word with a blank in it that torchrun is handed as two.

    Source: llamafactory/launcher.py joins all arguments with blanks and splits them again.
    """
    if one.program != "cli" or one.command != "train":
        return
    if not is_by_torchrun(one.on, one.gpus):
        return
    for word in one.words:
        if word.text is not None and (word.text.split() != [word.text]):
            why = ": torchrun splits it at its spaces, although it is quoted"
            yield Problem("script-cut", word.start, word.end, {"text": word.text, "reason": why})


def _several(call: Call, said: str, reading: Reading) -> Iterator[Problem]:
    for one in reading.launches:
        if one.start == call.start and one.program == "cli" and one.command == "train":
            name = base(call.words[0].text)
            first = call.words[0]
            values: dict[str, object] = {"said": said, "name": name}
            yield Problem("script-several", first.start, first.end, values)
