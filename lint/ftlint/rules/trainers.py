"""Keys that only the trainer of another launcher takes: rejected, or meant for its launch.

The environment decides which, and no file says what that is.
"""

from __future__ import annotations

from ftlint.diagnostics import at_key
from ftlint.facts.launch import UNSTATED, first_with
from ftlint.target.launchers import LAUNCHERS, variable_of
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from ftlint.diagnostics import Finding
    from ftlint.facts.context import Context
    from ftlint.syntax.construct import Entry

OF_A_TRAINER = "FT124"
SET = 2
"""So many keys that only these trainers have are no slip: the file is meant for one of them."""


def may_start(context: Context, names: Collection[str]) -> tuple[str, ...]:
    """Return the launchers that a file with these keys of theirs is meant for.

    None where it is known what starts the run, and where none that the target has takes them all:
    the target then rejects the file whatever the environment is.
    """
    launch = context.stated.launch
    own = [name for name in names if name not in compiled.ALIASES]
    if launch.environment is not None or launch.launcher is not None or len(own) < SET:
        return ()
    return tuple(
        launcher
        for _, launcher, since in LAUNCHERS
        if context.target.versions[0] >= since
        and compiled.TRAINERS.get(launcher, {}).keys() >= set(names)
    )


def finding(context: Context, entries: list[Entry]) -> Finding:
    """Return the one finding for all keys of the trainer of another launcher: one cause."""
    name, more = entries[0].name, len(entries) - 1
    names = {one.name for one in entries}
    values: dict[str, object] = {
        "name": name, "names": f"`{name}` and {more} more" if more else f"`{name}`",
    }  # fmt: skip
    launchers = may_start(context, names)
    if not launchers:
        return at_key(OF_A_TRAINER, entries[0], {**values, "remedy": _remedy(context, names)})
    variables = [f"{variable_of(one)}=1" for one in launchers]
    values["variables"] = " or ".join(f"`{one}`" for one in variables)
    return at_key(UNSTATED, entries[0], {**values, "first": variables[0]})


def _remedy(context: Context, names: set[str]) -> str:
    """Return which variable makes keys known, or which release has it."""
    most = max(len(names & keys.keys()) for keys in compiled.TRAINERS.values())
    taking = [
        (f"`{variable}=1`", since)
        for variable, launcher, since in LAUNCHERS
        if len(names & compiled.TRAINERS.get(launcher, {}).keys()) == most
    ]
    has = [variable for variable, since in taking if context.target.versions[0] >= since]
    if context.catalogue.launcher is not None:
        return f"under `{variable_of(context.catalogue.launcher)}=1`: they need {taking[0][0]}"
    if has:
        told = has[0].strip("`")
        return f"without {' or '.join(has)} in the environment (tell ftlint with " \
               f"`--fact env={told}`)"  # fmt: skip
    variable, since = taking[0]
    return (
        f"by LLaMA Factory {context.target.label}: use {first_with(since)} with {variable} in the"
        " environment"
    )
