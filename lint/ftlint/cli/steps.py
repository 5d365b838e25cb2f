"""`ftlint steps` without its options: reads configs, plans them, prints table or JSON."""

from __future__ import annotations

import os

from ftlint import api
from ftlint.cli.check import guarded, read_stdin, say, wants_colour, write
from ftlint.cli.progress import bar
from ftlint.diagnostics import ScriptLine
from ftlint.facts.plan import ONE_NODE, inputs_of, plan_of
from ftlint.facts.run_plan import RunPlan, as_object
from ftlint.loading import (
    NO_TRAINING,
    TRAINING,
    Config,
    Unreadable,
    for_training,
    load_bytes,
    load_file,
    load_text,
    started,
    starts_of,
)
from ftlint.project.options import OptionsResolver
from ftlint.rules import refusals
from ftlint.run.session import CLEAN, USAGE
from ftlint.steps import NoPlan, StepPlan
from ftlint.support import disk, files
from ftlint.support.containment import LINK, OUTSIDE
from ftlint.tokens.measure import TokenRequest
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.project.request import CliOptions


class PlanRequest(NamedTuple):
    """What the command line asks for; `gpus` are launches to compare, none means one launch.

    `sample`: of how many rows of each dataset tokens are counted, None for all.
    """

    request: CliOptions
    gpus: tuple[int, ...] = ()
    sample: int | None = None
    format: str = "text"
    colour: str = "auto"


def steps(asked: PlanRequest) -> int:
    """Print the plans and return the exit status. Never raises."""
    return guarded(lambda: _steps(asked))


def _steps(asked: PlanRequest) -> int:
    runs: list[RunPlan] = []
    failures: list[str] = []
    for found in _runs(asked):
        if isinstance(found, RunPlan):
            runs.append(found)
        else:
            failures.append(f"{found.path}: {found.reason}")
    if asked.format == "json":
        import json

        write(json.dumps([as_object(run) for run in runs], indent=1))
        write("\n")
    elif runs:
        from ftlint.report.plan_table import table

        write("".join(f"{line}\n" for line in table(runs, wants_colour(asked.colour))))
    say(failures)
    unplanned = any(isinstance(run.plan, NoPlan) for run in runs)
    return USAGE if failures or unplanned else CLEAN


def planned(asked: PlanRequest) -> tuple[StepPlan | NoPlan, Config] | str | None:
    """Return the plan of the one config asked for with the config, or why there is none.

    That the target refuses the config is no reason: the run that is looked at was started.
    """
    for config in configs(asked):
        if isinstance(config, Unreadable):
            return config.reason
        plan = plan_of(inputs_of(config.context))
        if isinstance(plan, NoPlan):
            plan = plan._replace(reason=refusals.reason_of(plan, config.context))
        return plan, config
    return None


def _runs(asked: PlanRequest) -> Iterator[RunPlan | Unreadable]:
    """Yield the plan of each config, launched in each way that is asked for."""
    for config in configs(asked):
        if isinstance(config, Unreadable):
            yield config
            continue
        tokens = TokenRequest(asked.sample, progress=bar)
        if config.start is not None:
            yield _by(config.start, api.plan(config, tokens))
            continue
        launched = [_launched(config, gpus) for gpus in asked.gpus] or [config]
        runs = [api.plan(one, tokens) for one in launched]
        yield from runs
        if len(launched) == 1:
            yield from _started(launched[0], runs[0], tokens)


def _launched(config: Config, gpus: int) -> Config:
    """Return a config with so many GPUs."""
    options = config.options._replace(given=config.options.given.launched(gpus))
    again = load_text(config.context.source, options)
    assert isinstance(again, Config)
    return again


def _started(config: Config, alone: RunPlan, tokens: TokenRequest) -> Iterator[RunPlan]:
    """Yield what scripts of the project make of the plan of a config, each other plan once."""
    known = {alone.outcome}
    for start in starts_of(config):
        is_run = start.command == config.command and start.counts
        found = started(config, start) if is_run else None
        if found is None:
            continue
        made = _by(ScriptLine(start.path, start.line), api.plan(found, tokens))
        if made.outcome not in known:
            known.add(made.outcome)
            yield made


def _by(place: ScriptLine, run: RunPlan) -> RunPlan:
    """Return the plan of a run that a script starts, which may leave its nodes to the cluster."""
    gpus, nodes, plan = run.launch.gpus, run.launch.nodes, run.plan
    if gpus is not None and nodes is None and isinstance(plan, StepPlan):
        run = run._replace(plan=plan._replace(assumptions=(*plan.assumptions, ONE_NODE)))
    return run._replace(script=place)


def configs(asked: PlanRequest) -> Iterator[Config | Unreadable]:
    """Yield the training configs that are asked for; of folders nothing else is told.

    What is told of their targets is said after the last.
    """
    resolver, notes = OptionsResolver(asked.request), {}
    for found in files.found_files(resolver.asked_files(), resolver.exclusion, read_stdin):
        if isinstance(found, disk.ReadFailure):
            yield Unreadable(*found)
            continue
        if files.is_script(found.path):
            yield from _of_script(found, resolver)
            continue
        path = "<stdin>" if found.path == files.STDIN else found.path
        options = resolver.of(os.path.dirname(os.path.abspath(path)))[0]
        options = options._replace(named=found.named)
        if found.path == files.STDIN:
            config = load_bytes(path, read_stdin(options.limits.bytes + 1), options)
        else:
            config = load_file(path, options)
        config = for_training(config)
        if isinstance(config, Config):
            notes.update(dict.fromkeys(config.context.target.origin.notes))
            notes.update(dict.fromkeys(_unused(config)))
        if found.named or isinstance(config, Config) or _is_fault(config):
            yield config
    say((*resolver.ignored, *notes))


def _unused(config: Config) -> Iterator[str]:
    """Yield the comments of a config that state nothing, and why."""
    for bad in config.directives.bad:
        line = config.context.source.position(bad.start).line
        yield f"{config.path}:{line}: the comment states nothing: {bad.reason}"


def _of_script(found: files.Found, resolver: OptionsResolver) -> Iterator[Config | Unreadable]:
    """Yield the training configs that a script starts; of a named one also that there is none."""
    from ftlint.starts import scripts

    options = resolver.of(os.path.dirname(os.path.abspath(found.path)))[0]
    script = scripts.load_file(found.path, options)
    if isinstance(script, Unreadable):
        yield script
        return
    configs = [one for one in script.counted if isinstance(for_training(one), Config)]
    yield from configs
    if not found.named:
        return
    for one in script.unread:
        yield Unreadable(f"{found.path}:{one.line}", one.reason)
    if not configs and not script.unread:
        yield Unreadable(found.path, NO_START)


NO_START = "it starts no training of LLaMA Factory that can be read before it runs"


def _is_fault(found: Unreadable) -> bool:
    """Return whether a file of a folder could not be read, not that it is something else."""
    if found.result is None:
        return found.reason not in (LINK, OUTSIDE, NO_TRAINING)
    return found.result.command in TRAINING
