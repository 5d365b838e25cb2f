"""Tools as command lines of ftlint: what they may name, how they are run, what comes of them.

Each call is a process of its own in the folder that the server was started in, so that what it says
is what the command line says there. Nothing outside that folder is read or written.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

from ftlint.support.containment import WITHIN, is_below
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SECONDS = 120
MOST = 400_000
"""Characters of an answer."""
_START = (
    "import sys; sys.path[:] = filter(None, sys.path); from ftlint.__main__ import main; main()"
)
"""Without the working directory among the folders of modules: what lies there is not run."""
_RELEASE = r"[0-9][0-9A-Za-z.]{0,20}|main"
_RULE = r"[A-Za-z][A-Za-z0-9-]{0,60}"
_SINGLE = r"[A-Za-z]+[0-9]{3,}|[a-z0-9]+(-[a-z0-9]+)+"
"""A whole code, or a name of several words: letters alone may begin the codes of many rules."""
_FACT = r"[A-Za-z0-9][A-Za-z0-9._-]{0,40}"


class Refused(ValueError):
    """A call that is not made, and why."""


class Answer(NamedTuple):
    """What a command printed. `status` is its exit status."""

    status: int
    out: str
    notes: tuple[str, ...]


def run(root: str, arguments: Sequence[str]) -> Answer:
    """Return what ftlint says in a folder. Raises `Refused` where that is no answer."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FTLINT_")}
    try:
        done = subprocess.run(
            [sys.executable, "-c", _START, *arguments], cwd=root, stdin=subprocess.DEVNULL,
            env={**kept, WITHIN: root, "NO_COLOR": "1", "PYTHONUTF8": "1"},
            capture_output=True, encoding="utf-8", errors="replace", timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Refused(f"it took more than {SECONDS} seconds: ask for fewer files") from None
    notes = tuple(line.removeprefix("ftlint: ") for line in done.stderr.splitlines() if line)
    if done.returncode not in (0, 1) and not done.stdout:
        raise Refused("\n".join(notes[-3:]) or f"ftlint ended with status {done.returncode}")
    if len(done.stdout) > MOST:
        raise Refused(f"the answer has more than {MOST} characters: ask for fewer files")
    return Answer(done.returncode, done.stdout, notes)


def data(answer: Answer) -> object:
    """Return the JSON of an answer."""
    try:
        return json.loads(answer.out)
    except ValueError:
        raise Refused("\n".join(answer.notes) or "ftlint gave no answer") from None


def below(root: str, paths: Iterable[str]) -> list[str]:
    """Return paths below the root as ftlint is to be handed them. Raises `Refused`."""
    found, inside = [], os.path.realpath(root)
    for path in paths:
        if "\0" in path or not path:
            raise Refused(f"{path!r} is not a path")
        real = os.path.realpath(os.path.join(root, path))
        if not is_below(real, inside):
            raise Refused(f"{path}: it is outside {root}, where this server was started")
        found.append(os.path.relpath(os.path.join(root, path), root))
    return found


def of_run(
    root: str,
    target: str | None = None,
    gpus: int | None = None,
    nodes: int | None = None,
    gpu: str | None = None,
    dataset_sizes: dict[str, int] | None = None,
) -> list[str]:
    """Return the options that state the release and the run. Raises `Refused`."""
    options: list[str] = []
    if target is not None:
        if not re.fullmatch(_RELEASE, target):
            target = os.path.join(".", below(root, [target])[0])
        options.append(f"--target={target}")
    for name, number in (("gpus", gpus), ("nodes", nodes)):
        if number is not None:
            options.append(f"--{name}={number}")
    if gpu is not None:
        options.append(f"--gpu={_word(gpu, _FACT)}")
    for name, rows in (dataset_sizes or {}).items():
        options.append(f"--dataset-size={name}={rows}")
    return options


def rules(codes: Iterable[str]) -> str:
    """Return the codes or names of rules, as options take them. Raises `Refused`."""
    return ",".join(_word(code, _RULE) for code in codes)


def single_rules(names: Iterable[str]) -> str:
    """Return the codes or names of single rules, as options take them. Raises `Refused`.

    `ALL` and the beginning of a code select rules that nobody named.
    """
    named = list(names)
    for one in named:
        if not re.fullmatch(_SINGLE, one):
            raise Refused(f"{one!r} may be more than one rule: give the code of each, as FT600")
    return rules(named)


def _word(text: str, form: str) -> str:
    if not re.fullmatch(form, text):
        raise Refused(f"{text!r}: letters, digits and dashes only")
    return text
