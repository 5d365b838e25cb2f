"""What only some requests and settings state; loaded, with what reads it, where one does.

Facts of the machine, keys set over each config, a team's bands and policies. What cannot be used
raises `UsageError`.
"""

from __future__ import annotations

import os

from ftlint.facts.layers import INSTALLED, Layer
from ftlint.project.request import UsageError
from ftlint.rulebook.registry import BUILT_IN, RuleBook
from ftlint.support.containment import project_of
from ftlint.support.disk import Disk
from ftlint.support.limits import DEFAULT
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ftlint.support.limits import Limits
    from ftlint.syntax.dotlist import Overrides
    from ftlint.target.releases import Target


def with_facts(layer: Layer, facts: Iterable[tuple[str, object]], where: str = "") -> Layer:
    """Return a layer with facts of a machine; `where` goes before the reason against them."""
    from ftlint.facts import machine

    try:
        return layer.with_facts(machine.stated(facts))
    except machine.BadFact as error:
        raise UsageError(f"{where}{error}") from None


def of_machine(name: str) -> Layer:
    """Return the layer of this name, which states what this machine is."""
    from ftlint.facts import machine

    return Layer(name, here=True).with_facts(machine.here())


def of_installed() -> Layer:
    """Return the layer that states what is installed beside LLaMA Factory."""
    from ftlint.facts import machine

    return Layer(INSTALLED).with_facts(machine.beside_target())


def overrides(arguments: Iterable[str], target: Target, limits: Limits) -> Overrides:
    """Return what `--set` sets over each config."""
    from ftlint.syntax import dotlist

    if not target.takes_overrides:
        raise UsageError(
            f"--set: LLaMA Factory {target.label} takes no KEY=VALUE behind a config"
            " (0.9.3 and later do)"
        )
    found = dotlist.read(arguments, limits)
    if isinstance(found, dotlist.BadArgument):
        from ftlint.target.secrets import formless

        raise UsageError(f"--set {formless(found.text)}: {found.reason}")
    return found


def bands(file: str, root: str) -> Mapping[str, Any]:
    """Return the rules of thumb of a team: a file within the project of `root`."""
    from ftlint.facts import rules_of_thumb

    try:
        return rules_of_thumb.load(os.path.join(root, file), Disk(project_of(root, root)))
    except rules_of_thumb.BadBands as error:
        raise UsageError(str(error)) from None


def with_policies(files: tuple[str, ...], root: str) -> RuleBook:
    """Return ftlint's rules and those of a team."""
    from ftlint.rulebook import policies
    from ftlint.support.deadline import TooSlow, within

    try:
        with within(DEFAULT.seconds):
            found = policies.load(files, root)
    except policies.BadPolicy as error:
        raise UsageError(str(error)) from None
    except TooSlow:
        most = f"{DEFAULT.seconds} seconds of processor time"
        raise UsageError(f"policies: reading them takes more than {most}") from None
    return BUILT_IN.with_policies(found)
