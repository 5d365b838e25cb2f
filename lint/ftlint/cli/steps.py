"""`ftlint steps` without its options: reads configs, plans them, prints table or JSON."""

from __future__ import annotations

import os

from ftlint.cli.check import guarded, read_stdin, say, wants_colour, write
from ftlint.clock import is_calibrated, time_of
from ftlint.containment import LINK, OUTSIDE
from ftlint.engine import Result, examine
from ftlint.files import STDIN, Unreadable, expand
from ftlint.planning import plan_of, without_data
from ftlint.report.plans import Column, as_object
from ftlint.run import CLEAN, USAGE, Judges, Request
from ftlint.source import Undecodable, decode
from ftlint.steps import NoPlan, StepPlan
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ftlint.context import Context
    from ftlint.engine import Options
    from ftlint.report.plans import Fit, Time, Untimed


class Asked(NamedTuple):
    """What the command line asks for; `gpus` are launches to compare, none means one launch."""

    request: Request
    gpus: tuple[int, ...] = ()
    format: str = "text"
    colour: str = "auto"


def steps(asked: Asked) -> int:
    """Print the plans and return the exit status. Never raises."""
    return guarded(lambda: _steps(asked))


def _steps(asked: Asked) -> int:
    columns: list[Column] = []
    failures: list[str] = []
    for found in _columns(asked):
        if isinstance(found, Column):
            columns.append(found)
        else:
            failures.append(f"{found.path}: {found.reason}")
    if asked.format == "json":
        import json

        write(json.dumps([as_object(column) for column in columns], indent=1))
        write("\n")
    elif columns:
        from ftlint.report.plan_table import table

        write("".join(f"{line}\n" for line in table(columns, wants_colour(asked.colour))))
    say(failures)
    unplanned = any(isinstance(column.plan, NoPlan) for column in columns)
    return USAGE if failures or unplanned else CLEAN


def planned(asked: Asked) -> tuple[StepPlan | NoPlan, dict[str, Any]] | str | None:
    """Return the plan of the one config asked for and what it sets, or why there is none."""
    for path, context in _configs(asked):
        if isinstance(context, Unreadable):
            return context.reason
        for column in _plans(path, context, asked.gpus):
            return column.plan, context.instance["effective"]
    return None


def _columns(asked: Asked) -> Iterator[Column | Unreadable]:
    for path, context in _configs(asked):
        if isinstance(context, Unreadable):
            yield context
        else:
            yield from _plans(path, context, asked.gpus)


def _configs(asked: Asked) -> Iterator[tuple[str, Context | Unreadable]]:
    judges = Judges(asked.request)
    settings = judges.of(os.getcwd())[1]
    for found in expand(asked.request.paths, settings.exclude, settings.root):
        if isinstance(found, Unreadable):
            yield found.path, found
            continue
        path = "<stdin>" if found.path == STDIN else found.path
        options = judges.of(os.path.dirname(os.path.abspath(path)))[0]
        if found.path == STDIN:
            data: bytes | Unreadable = read_stdin(options.limits.bytes + 1)
        else:
            assert options.given.reach is not None
            data = options.given.reach.read(found.path, options.limits.bytes + 1)
        if isinstance(data, Unreadable):
            if found.named or data.reason not in (LINK, OUTSIDE):
                yield path, data
            continue
        context = _context(path, data, options)
        if found.named or not isinstance(context, Unreadable):
            yield path, context
    say(judges.ignored)


def _context(path: str, data: bytes, options: Options) -> Context | Unreadable:
    source = decode(path, data)
    if len(data) > options.limits.bytes or isinstance(source, Undecodable):
        return Unreadable(path, "not the text of a config")
    examined = examine(source, options)
    if isinstance(examined, Result) or examined[0].command != "train":
        return Unreadable(path, _why(examined) or "not a training config of LLaMA Factory")
    return examined[0]


def _plans(path: str, context: Context, gpus: tuple[int, ...]) -> Iterator[Column]:
    """Yield the plan of a config for each launch."""
    instance, given = context.instance, context.given
    inputs = None if context.planned is None else context.planned.inputs
    if inputs is None:
        inputs = without_data(instance["config"], instance["facts"], context.target, given)
    for count in gpus or (given.gpus,):
        world = inputs.world
        if count is not None:
            world = world._replace(gpus=count, note="")
        launched = inputs._replace(world=world)
        plan = plan_of(launched)
        time: Time | Untimed | None = None
        fit: Fit | None = None
        if isinstance(plan, StepPlan) and is_calibrated():
            budget = instance["facts"].get("budget")
            time, fit = time_of(launched, instance["effective"], plan, budget)
        yield Column(path, context.target, world.gpus, world.nodes, plan, time, fit)


def _why(examined: object) -> str | None:
    """Return the first error of a file that cannot be read as the target reads it."""
    if isinstance(examined, Result):
        for one in examined.diagnostics:
            line = examined.source.position(one.start).line
            return f"line {line}: {one.message}"
    return None
