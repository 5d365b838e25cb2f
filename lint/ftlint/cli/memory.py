"""`ftlint memory` without its options: reads configs, tells their memory as text or JSON."""

from __future__ import annotations

from ftlint import api
from ftlint.cli.check import guarded, say, wants_colour, write
from ftlint.cli.progress import bar
from ftlint.cli.steps import configs
from ftlint.facts.lengths import counted
from ftlint.facts.memory import run_of
from ftlint.facts.plan import inputs_of, plan_of
from ftlint.facts.run_memory import RunMemory, Untold, as_object, memory_of
from ftlint.facts.run_plan import FITS
from ftlint.facts.tokens import count, with_tokens
from ftlint.loading import Unreadable
from ftlint.memory.shape import Unknown
from ftlint.run.session import CLEAN, FINDINGS, USAGE
from ftlint.steps import StepPlan
from ftlint.tokens.measure import TokenRequest
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.cli.steps import PlanRequest
    from ftlint.facts.context import Context
    from ftlint.steps import NoPlan


def memory(asked: PlanRequest) -> int:
    """Print what the runs need and return the exit status. Never raises."""
    return guarded(lambda: _memory(asked))


def _of(context: Context) -> RunMemory | Untold:
    """Return what a run needs; the tokens of its rows are counted, where they can be."""
    run = run_of(context)
    if isinstance(run, Unknown) or run.least == run.load:  # nothing is told, or known already
        return memory_of(context)
    tokens, inputs = count(context, TokenRequest(progress=bar)), inputs_of(context)
    if tokens is not None:
        inputs = inputs._replace(samples=with_tokens(inputs.samples, tokens))
    plan = plan_of(inputs)
    lengths = counted(context, tokens, plan if isinstance(plan, StepPlan) else None)
    return memory_of(context, lengths, plan)


def _refused(run: RunMemory | Untold, plan: StepPlan | NoPlan) -> RunMemory | Untold:
    """Return it with the reason why `ftlint steps` has no plan of the run, if it has none."""
    if isinstance(plan, StepPlan) or isinstance(run, Untold):
        return run
    return run._replace(refused=plan.reason)


def _memory(asked: PlanRequest) -> int:
    runs: list[RunMemory | Untold] = []
    unread: list[Unreadable] = []
    for config in configs(asked):
        if isinstance(config, Unreadable):
            unread.append(config)
        else:
            run = _of(config.context)._replace(script=config.start)
            runs.append(_refused(run, api.plan(config).plan))
    if asked.format == "json":
        import json

        told = [as_object(run) for run in runs]
        told += [
            {"path": one.path, "target": None, "launch": None, "reason": one.reason}
            for one in unread
        ]
        write(json.dumps(told, indent=1))
        write("\n")
    else:
        from ftlint.report.memory_table import table

        colour = wants_colour(asked.colour)
        write("\n".join("".join(f"{line}\n" for line in table(run, colour)) for run in runs))
    say(f"{one.path}: {one.reason}" for one in unread)
    known = [run for run in runs if isinstance(run, RunMemory)]
    if unread or len(known) < len(runs):
        return USAGE
    return FINDINGS if any(FITS[run.verdict] is False or run.refused for run in known) else CLEAN
