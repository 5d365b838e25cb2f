"""Programs that start other programs: what they start is what their words name."""

from __future__ import annotations

import re

from ftlint.support import files
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ftlint.launch.state import Call
    from ftlint.launch.values import Field, ShellString

WRAPPERS = frozenset(
    """apptainer caffeinate chrt command conda docker env flock gosu ionice kubectl mamba micromamba
    mpiexec mpirun nerdctl nice nohup nsys numactl pdm pipenv poetry podman proxychains proxychains4
    rlaunch salloc screen script setsid shifter singularity srun ssh stdbuf strace su sudo taskset
    tee time timeout tmux unbuffer uv uvx watch xvfb-run""".split()
)
"""What may stand before a program, with options of its own."""
SHELLS = frozenset("bash sh zsh dash ksh".split())
CLI = frozenset(["llamafactory-cli", "lmf"])
STARTERS = frozenset(["torchrun", "accelerate", "deepspeed"])
_PYTHON = re.compile(r"python(\d+(\.\d+)?)?(\.exe)?")
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)=", re.ASCII)
_COMMAND = re.compile(r"-[a-zA-Z]*c")
_OVER_THERE = frozenset("ssh tmux screen su script sbatch watch".split())
"""What takes a command as one text."""


class Inner(NamedTuple):
    """A text that a shell is handed as a script, and the arguments behind it."""

    text: ShellString
    arguments: tuple[Field, ...] = ()


def base(text: str) -> str:
    """Return the name of a program without its folder."""
    return files.base(text).removesuffix(".exe")


def is_python(text: str) -> bool:
    """Return whether a program is an interpreter of Python."""
    return _PYTHON.fullmatch(base(text)) is not None


def unwrapped(words: Sequence[Field]) -> tuple[tuple[Field, ...], dict[str, ShellString]]:
    """Return the words from the program that is started in the end, and variables set before it."""
    variables: dict[str, ShellString] = {}
    if base(words[0].text) not in WRAPPERS:
        return tuple(words), variables
    for place, word in enumerate(words[1:], 1):
        name = base(word.text)
        if name in CLI | STARTERS | SHELLS or is_python(word.text):
            return tuple(words[place:]), variables
        assigned = _ASSIGNED.match(word.text)
        if assigned is not None:
            cut = assigned.end()
            value = word.value
            variables[assigned[1]] = value._replace(text=value.text[cut:], at=value.at[cut:])
    return (), variables


def text_run_by(call: Call) -> Inner | None:
    """Return the text that a call hands to a shell: behind `-c`, or on its input."""
    outer = base(call.words[0].text)
    words, _ = unwrapped(call.words)
    if words and base(words[0].text) in SHELLS:
        for place, word in enumerate(words[1:], 1):
            if _COMMAND.fullmatch(word.text) and place + 1 < len(words):
                return Inner(words[place + 1].value, words[place + 3 :])
        plain = [word for word in words[1:] if not word.text.startswith(("-", "+"))]
        return None if plain or call.here is None else Inner(call.here)
    if outer not in _OVER_THERE or (words and outer != "sbatch"):
        return None
    if outer == "sbatch":
        for place, word in enumerate(call.words):
            if word.text.startswith("--wrap="):
                cut = len("--wrap=")
                return Inner(word.value._replace(text=word.text[cut:], at=word.value.at[cut:]))
            if word.text == "--wrap" and place + 1 < len(call.words):
                return Inner(call.words[place + 1].value)
    if call.here is not None:
        return Inner(call.here)
    for word in reversed(call.words[1:]):
        if " " in word.text.strip():
            return Inner(word.value)
    return None
