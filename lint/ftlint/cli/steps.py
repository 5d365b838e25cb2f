"""`ftlint steps` without its options: reads configs, plans them, prints table or JSON."""

from __future__ import annotations

import os

from ftlint.cli.check import guarded, read_stdin, say, wants_colour, write
from ftlint.engine import examine, findings, lint_bytes, worded
from ftlint.facts.plan import plan_inputs_without_data, plan_of
from ftlint.facts.timing import is_calibrated, time_of
from ftlint.results import Result
from ftlint.rules import refusals
from ftlint.run.session import CLEAN, USAGE, CliOptions, OptionsResolver
from ftlint.steps import NoPlan, StepPlan
from ftlint.steps.timed import Column, as_object
from ftlint.support.containment import LINK, OUTSIDE
from ftlint.support.files import STDIN, Unreadable, expand
from ftlint.syntax.source import Undecodable, decode
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ftlint.facts.context import Context
    from ftlint.facts.plan import Inputs
    from ftlint.project.options import Options
    from ftlint.steps.timed import Fit, Time, Untimed


class Asked(NamedTuple):
    """What the command line asks for; `gpus` are launches to compare, none means one launch."""

    request: CliOptions
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
    """Return the plan of the one config asked for and what it sets, or why there is none.

    That the target refuses the config is no reason: the run that is looked at was started.
    """
    for _, found, _ in _configs(asked):
        if isinstance(found, Unreadable):
            return found.reason
        plan = plan_of(_inputs(found))
        if isinstance(plan, NoPlan):
            plan = plan._replace(reason=refusals.reason_of(plan, found))
        return plan, found.instance["effective"]
    return None


def _columns(asked: Asked) -> Iterator[Column | Unreadable]:
    for path, found, options in _configs(asked):
        if isinstance(found, Unreadable):
            yield found
            continue
        for count in asked.gpus or (None,):
            context = found
            if count is not None:
                given = options.given._replace(gpus=count)
                again = examine(found.source, options._replace(given=given))
                assert not isinstance(again, Result)
                context = again[0]
            yield column(path, context)


def _configs(asked: Asked) -> Iterator[tuple[str, Context | Unreadable, Options]]:
    judges = OptionsResolver(asked.request)
    ours, settings = judges.of(os.getcwd())
    for found in expand(asked.request.paths, settings.exclude, settings.root):
        if isinstance(found, Unreadable):
            yield found.path, found, ours
            continue
        path = "<stdin>" if found.path == STDIN else found.path
        options = judges.of(os.path.dirname(os.path.abspath(path)))[0]
        options = options._replace(named=found.named)
        if found.path == STDIN:
            data: bytes | Unreadable = read_stdin(options.limits.bytes + 1)
        else:
            assert options.given.reach is not None
            data = options.given.reach.read(found.path, options.limits.bytes + 1)
        if isinstance(data, Unreadable):
            if found.named or data.reason not in (LINK, OUTSIDE):
                yield path, data, options
            continue
        context = _context(path, data, options)
        if found.named or not isinstance(context, Unreadable):
            yield path, context, options
    say(judges.ignored)


def _context(path: str, data: bytes, options: Options) -> Context | Unreadable:
    source = decode(path, data)
    if len(data) > options.limits.bytes or isinstance(source, Undecodable):
        return Unreadable(path, _why(lint_bytes(path, data, options)) or "not the text of a config")
    examined = examine(source, options)
    if isinstance(examined, Result):
        return Unreadable(path, _why(examined) or NO_CONFIG)
    context, _ = examined
    return context if context.command == "train" else Unreadable(path, NO_CONFIG)


NO_CONFIG = "not a training config of LLaMA Factory"


def _why(result: Result) -> str | None:
    """Return the first error of a file that cannot be read as the target reads it."""
    for one in result.diagnostics:
        line = result.source.position(one.start).line
        return f"line {line}: {one.code} {one.message}"
    return None


def _inputs(context: Context) -> Inputs:
    """Return what the plan of a config is made of."""
    if context.planned is not None and context.planned.inputs is not None:
        return context.planned.inputs
    instance = context.instance
    return plan_inputs_without_data(
        instance["config"], instance["facts"], context.target, context.given
    )


def column(path: str, context: Context) -> Column:
    """Return the plan of a config, or what the rules refuse it for."""
    instance, inputs = context.instance, _inputs(context)
    found = [(one, worded(one, context)) for one in findings(context)]
    plan, refused = refusals.plan_or_refusals(context, plan_of(inputs), found)
    time: Time | Untimed | None = None
    fit: Fit | None = None
    if isinstance(plan, StepPlan) and is_calibrated():
        time, fit = time_of(inputs, instance["effective"], plan, instance["facts"].get("budget"))
    world = inputs.world
    return Column(path, context.target, world.gpus, world.nodes, plan, time, fit, refused)
