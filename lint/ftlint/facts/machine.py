"""Facts about the machine that runs the configs: stated by a person, or taken from this one.

docs/rules/index.md lists them, and the rules that ask for them.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ftlint.facts.checkpoints import HELD
from ftlint.target.pins import PACKAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Facts = tuple[tuple[str, object], ...]

_SECONDS = 10


class BadFact(ValueError):
    """What was stated is no fact that a person can state; the message says why."""


def stated(pairs: Iterable[tuple[str, object]]) -> Facts:
    """Return facts as rules ask for them; raises `BadFact`.

    A value is text as the command line has it, or what a settings file makes of it.
    """
    pairs = tuple(pairs)
    found = [(name, _value(name, value)) for name, value in pairs]
    versions = _versions(value for name, value in pairs if name == "installed")
    return (*found, ("versions", versions)) if versions else tuple(found)


def _versions(values: Iterable[object]) -> dict[str, str]:
    """Return the versions that are stated of packages, as `peft==0.18.1`."""
    said = (word.partition("==") for value in values for word in _words(value) or ())
    return {canonical(name.strip()): version.strip() for name, equals, version in said if equals}


def _words(value: object) -> list[str] | None:
    words = value.split(",") if isinstance(value, str) else value
    if isinstance(words, (list, tuple)) and all(isinstance(word, str) for word in words):
        return [word.strip() for word in words if word.strip()]
    return None


def _value(name: str, value: object) -> object:
    if name in LISTED:
        listed = _words(value)
        if listed is not None and name == "installed":
            return sorted(canonical(word.partition("==")[0].strip()) for word in listed)
        if listed is not None:
            _tell_slips(word.partition("=")[0].strip() for word in listed)
            return _on(listed)
        raise BadFact(f"{name} takes names, such as {_EXAMPLES[name]}")
    if name == "compute_capability":
        try:
            return float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise BadFact(f"{name} takes a number, such as {_EXAMPLES[name]}") from None
    if name == "output_dir_holds":
        if isinstance(value, str) and re.fullmatch(HELD, value):
            return value
        raise BadFact(f"{name} takes `model` or the name of a checkpoint, such as checkpoint-500")
    raise BadFact(f"unknown fact {name}: use one of {', '.join(_EXAMPLES)}")


def _tell_slips(variables: Iterable[str]) -> None:
    """Raise `BadFact` for a name that can only mean one of these variables."""
    from ftlint.target.launchers import SWITCHES
    from ftlint.target.slips import guess
    from ftschemas import compiled

    for name in variables:
        known = name in SWITCHES or name in compiled.VARIABLES[0]
        meant = None if known else guess(name.upper(), SWITCHES, ())
        if name.upper() in SWITCHES and not known:
            raise BadFact(f"env: the case of a variable counts: write {name.upper()}")
        if meant is not None:
            raise BadFact(f"env: unknown variable {name}; did you mean {meant.name}?")


def _on(variables: Iterable[str]) -> list[str]:
    """Return the variables that are on: NAME, or NAME=VALUE as LLaMA Factory reads a value."""
    from ftlint.target.launchers import turns_on

    said = (one.partition("=") for one in variables)
    last = {name.strip(): not sep or turns_on(value.strip()) for name, sep, value in said}
    return sorted(name for name, on in last.items() if on and name)


_EXAMPLES = {
    "installed": "torch,peft==0.18.1",
    "env": "FORCE_TORCHRUN,USE_MCA=1",
    "compute_capability": "7.5",
    "output_dir_holds": "model",
}
NAMES = tuple(_EXAMPLES)
LISTED = ("installed", "env")
"""Facts of several names: stated twice, both count."""


def here() -> Facts:
    """Return what is so on this machine, in the Python that runs ftlint."""
    versions = _installed()
    found: list[tuple[str, object]] = [
        ("installed", sorted(versions)),
        ("versions", _of_pinned(versions)),
        ("env", _switches(os.environ)),
    ]
    capability = _of_oldest_gpu("compute_cap")
    memory = _of_oldest_gpu("memory.total")
    if capability is not None:
        found.append(("compute_capability", capability))
    if memory is not None:
        found.append(("gpu", f"{memory:.0f}mib"))
    return tuple(found)


def canonical(name: str) -> str:
    """Return a package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def beside_target() -> Facts:
    """Return what `auto` takes from this machine beside the target: the versions installed with it.

    And whether they are checked, as the run would be started from here.
    """
    from ftlint.facts.versions import UNCHECKED

    disabled = UNCHECKED in _switches(os.environ)
    found = _of_pinned(_installed())
    return (("versions", found), *((("version_check_disabled", True),) if disabled else ()))


def _of_pinned(versions: Mapping[str, str]) -> dict[str, str]:
    return {name: versions[name] for name in PACKAGES if name in versions}


def _installed() -> dict[str, str]:
    """Return the version of each package, by its name; the first on the path is imported."""
    from importlib.metadata import distributions

    found: dict[str, str] = {}
    for one in distributions():
        name = one.metadata["Name"]
        if name:
            found.setdefault(canonical(name), one.version)
    return found


def _switches(environment: Mapping[str, str]) -> list[str]:
    from ftlint.target.launchers import SWITCHES, turns_on

    return [name for name in SWITCHES if turns_on(environment.get(name, ""))]


def _of_oldest_gpu(name: str) -> float | None:
    """Ask NVIDIA's driver for the least of a number over all GPUs; None where there is none."""
    import subprocess

    query = ["nvidia-smi", f"--query-gpu={name}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, check=False, timeout=_SECONDS)
        return min(map(float, done.stdout.split()))
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
