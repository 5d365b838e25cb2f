"""What programs use of ftlint: `from ftlint import load, lint, fix, plan`. docs/api.md shows it.

Nothing is printed and nothing written. What is wrong with a file is data; `UsageError` is raised
for settings that cannot be used.
"""

from __future__ import annotations

from ftlint import engine
from ftlint.facts.plan import beside, inputs_of, plan_of, sources
from ftlint.facts.run_plan import RunPlan
from ftlint.fixes import apply
from ftlint.loading import Config, Unreadable, load
from ftlint.project.request import UsageError
from ftlint.rules import refusals
from ftlint.steps import NoPlan, StepPlan
from ftlint.verdict import worded
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.diagnostics import Diagnostic
    from ftlint.facts.run_plan import Fit, Time, Untimed
    from ftlint.fixes.apply import Fixed
    from ftlint.tokens.measure import TokenRequest

__all__ = ["Config", "NoPlan", "Unreadable", "UsageError", "fix", "lint", "load", "plan"]


def lint(config: Config | Unreadable) -> tuple[Diagnostic, ...]:
    """Return what is said of a config, or of a text that cannot be read as one."""
    if isinstance(config, Unreadable) and config.result is None:
        return ()
    return engine.judge(config).diagnostics


def fix(config: Config, *, unsafe: bool = False) -> Fixed:
    """Return the config with its safe fixes made, and with `unsafe` those that change the run."""
    return apply.fix(config.context.source, config.options, unsafe)


def plan(config: Config, tokens: TokenRequest | None = None) -> RunPlan:
    """Return the step plan of a training config, or what the rules refuse it for.

    With `tokens` those of its rows are counted, where they can be: packed sequences are exact then.
    """
    from ftlint.facts import lengths, timing
    from ftlint.facts.memory import peaks_of

    context = config.context
    instance, inputs = context.instance, inputs_of(context)
    counted = None
    if tokens is not None:
        from ftlint.facts import tokens as of_rows

        counted = of_rows.count(context, tokens)
        if counted is not None:
            inputs = inputs._replace(samples=of_rows.with_tokens(inputs.samples, counted))
    said = engine.findings_of(config)
    found = [(one, worded(context.source, one, context.rules, context.overrides)) for one in said]
    made, refused = refusals.plan_or_refusals(context, plan_of(inputs), found)
    if isinstance(made, StepPlan) and context.target.besides is not None:
        made = beside(made, inputs, context.target.besides)
    time: Time | Untimed | None = None
    fit: Fit | None = None
    if isinstance(made, StepPlan) and timing.is_calibrated(context.disk):
        budget = instance.facts.get("budget")
        time, fit = timing.time_of(inputs, instance.effective, made, context.disk, budget)
    origin = sources(context.stated, context.planned)
    memory = None
    if isinstance(made, StepPlan):
        memory = peaks_of(context, lengths.counted(context, counted, made), made)
    run = RunPlan(
        config.path, context.target, inputs.launch, made, time, fit, refused, origin, memory
    )  # fmt: skip
    if counted is None or not isinstance(made, StepPlan):
        return run
    return run._replace(
        tokens=of_rows.summary(context, counted, made), token_note=of_rows.note(counted, made)
    )
