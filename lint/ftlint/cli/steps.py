"""`ftlint steps` without its options: reads configs, plans them, prints table or JSON."""

from __future__ import annotations

import os
import sys

from ftlint.cli.check import guarded, read_stdin, wants_colour, write
from ftlint.clock import is_calibrated, time_of
from ftlint.engine import Result, examine
from ftlint.files import STDIN, Unreadable, expand, read
from ftlint.planning import plan_of, without_data
from ftlint.report.plans import Column, as_object
from ftlint.run import CLEAN, USAGE, Judges, Request
from ftlint.source import Undecodable, decode
from ftlint.steps import NoPlan, StepPlan
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    from ftlint.messages import visible

    for failure in failures:
        sys.stderr.write(f"ftlint: {visible(failure)}\n")
    unplanned = any(isinstance(column.plan, NoPlan) for column in columns)
    return USAGE if failures or unplanned else CLEAN


def planned(asked: Asked) -> StepPlan | NoPlan | str | None:
    """Return the plan of the one config that is asked for, or why there is none."""
    for found in _columns(asked):
        return found.plan if isinstance(found, Column) else found.reason
    return None


def _columns(asked: Asked) -> Iterator[Column | Unreadable]:
    judges = Judges(asked.request)
    settings = judges.of(os.getcwd())[1]
    for found in expand(asked.request.paths, settings.exclude, settings.root):
        if isinstance(found, Unreadable):
            yield found
            continue
        path = "<stdin>" if found.path == STDIN else found.path
        options = judges.of(os.path.dirname(os.path.abspath(path)))[0]
        if found.path == STDIN:
            data: bytes | Unreadable = read_stdin(options.limits.bytes + 1)
        else:
            data = read(found.path, options.limits.bytes + 1)
        if isinstance(data, Unreadable):
            yield data
            continue
        for column in _plans(path, data, options, asked.gpus):
            if found.named or isinstance(column, Column):
                yield column


def _plans(
    path: str, data: bytes, options: Options, gpus: tuple[int, ...]
) -> Iterator[Column | Unreadable]:
    """Yield the plan of a config for each launch."""
    source = decode(path, data)
    if len(data) > options.limits.bytes or isinstance(source, Undecodable):
        yield Unreadable(path, "not the text of a config")
        return
    examined = examine(source, options)
    if isinstance(examined, Result) or examined[0].command != "train":
        yield Unreadable(path, _why(examined) or "not a training config of LLaMA Factory")
        return
    context = examined[0]
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
