"""What keeps a run from its first step: errors of `ftlint`, and why `ftlint steps` has no plan.

There is one set of words for both, that of the rules. What only the step arithmetic can know (no
batch is left, the processes cannot be divided) it names by the code of a rule, and it is said here.
"""

from __future__ import annotations

from ftlint.diagnostics import Finding
from ftlint.facts.launch import UNSTATED
from ftlint.rulebook.registry import BUILT_IN, worded
from ftlint.support.messages import fields, fill
from ftlint.target.classify import NOT_KNOWN
from ftschemas.launchers import BRIDGE, MCA, V1
from ftschemas.named import TYPE_CHECKING
from ftschemas.rule import READING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ftlint.diagnostics import Diagnostic
    from ftlint.facts.context import Context
    from ftlint.facts.run_plan import Refusal
    from ftlint.steps import NoPlan, StepPlan

APART = "FT131"
"""The rule on what each of two states finds fault with for a reason of its own."""
REFUSABLE = tuple(
    """accelerator_config dataloader_drop_last interleave_probs parallelism_config streaming
    use_hyper_parallel""".split()
)
"""Keys for which arithmetic alone may refuse a run, though nothing is known of its data."""
OTHER_TRAINERS = (MCA, BRIDGE, V1)
"""Launchers whose trainers refuse batches that they cannot divide among the processes."""


def _is_error(finding: Finding) -> bool:
    """Return whether a rule of ftlint calls it an error: those of a policy are not the target's."""
    return finding.rule in BUILT_IN and BUILT_IN[finding.rule].severity == "error"


def stops(finding: Finding) -> bool:
    """Return whether the target ends the run on this before its first step, or nobody can tell."""
    if finding.rule == UNSTATED:
        return True
    late = finding.values.get("late")
    return _is_error(finding) and not BUILT_IN[finding.rule].starts and not late


def findings_of_plan(context: Context, said: Iterable[Finding]) -> Iterator[Finding]:
    """Yield why no run comes of a config, where only the step arithmetic knows."""
    if context.planned is None and not _is_reckoned(context):
        return
    said = list(said)
    if any(map(stops, said)):
        return
    problem = _problem(context)
    if problem is None or problem.code is None or finding_on(problem.key, said) is not None:
        return
    entry = context.entries.get(problem.key or "") or next(iter(context.entries.values()), None)
    if entry is None:  # an empty text, which is told as such
        return
    start, end = entry.key.start, entry.key.end
    message = reason_of(problem, context)
    yield Finding(problem.code, start, end, entry.name, message=message)


def _is_reckoned(context: Context) -> bool:
    """Return whether arithmetic alone may refuse a run where nothing is known of the data."""
    if context.stated.launch.started_by(context.target) in OTHER_TRAINERS:
        return True
    values, facts = context.instance.effective, context.instance.facts
    shared = "tensor_parallel" in facts.get("deepspeed", {})
    held, most = values.get("val_size"), values.get("max_samples")
    ends = values.get("max_steps") != -1 or held == 1 or (held and most)
    return bool(shared or ends or any(map(values.get, REFUSABLE)))


def plan_or_refusals(
    context: Context, plan: StepPlan | NoPlan, found: Iterable[tuple[Finding, Diagnostic]]
) -> tuple[StepPlan | NoPlan, tuple[Refusal, ...]]:
    """Return the plan with what spoils the run later, or none and what refuses the run.

    What is said of the versions of the whole run is noted with a plan as well.

    `found` is all that is said of the config, comments that suppress it or not. The first refusal
    gives the reason.
    """
    from ftlint.facts.run_plan import Refusal
    from ftlint.steps import NoPlan

    told = sorted(found, key=lambda one: (one[1].start, one[1].code))
    stopping = [one for one in told if stops(one[0])]
    if not stopping and isinstance(plan, NoPlan):
        about = finding_on(plan.key, [finding for finding, _ in told])
        if about is None:
            return plan._replace(reason=reason_of(plan, context)), ()
        stopping = [one for one in told if one[0] is about]
    refused = tuple(
        Refusal(one.code, one.message, one.key, context.source.position(one.start).line)
        for one in dict.fromkeys(one for _, one in stopping)
    )
    if refused:
        code, reason, key, _ = refused[0]
        return NoPlan(reason, key, code), refused
    assert not isinstance(plan, NoPlan)
    of_run = BUILT_IN.of_run()
    notes = [
        f"{one.code} {one.message}"
        for finding, one in told
        if _is_error(finding) or finding.rule in of_run or finding.rule == APART
    ]
    return plan._replace(assumptions=(*plan.assumptions, *notes)), ()


def finding_on(key: str | None, said: Iterable[Finding]) -> Finding | None:
    """Return what is said of a key's value: an error first, else that it is a gap or misread."""
    if key == "do_train":
        return next((one for one in said if BUILT_IN[one.rule].trains_nothing), None)
    about = [one for one in said if one.key == key and key is not None]
    wrong = [one for one in about if _is_error(one)]
    misread = [one for one in about if _is_misread(one)]
    return next(iter([*wrong, *misread]), None)


def _is_misread(finding: Finding) -> bool:
    return BUILT_IN.is_own(finding.rule) and BUILT_IN.kind(finding.rule) in READING


def reason_of(problem: NoPlan, context: Context) -> str:
    """Return a refusal of the arithmetic in the words of its rule."""
    if problem.code is None and NOT_KNOWN in problem.reason:
        return f"the value of `{problem.key}` cannot be told"
    if problem.code is None:
        return problem.reason
    message = worded(context.rules[problem.code], problem.key, context.instance)
    values = {name: context.named(name) for name in fields(message)}
    return fill(message, {**values, "reason": problem.reason})


def _problem(context: Context) -> NoPlan | None:
    from ftlint.facts.plan import inputs_of, plan_of
    from ftlint.steps import NoPlan

    planned = context.planned
    if planned is not None and planned.inputs is not None:
        return planned.refused
    made = plan_of(inputs_of(context))
    return made if isinstance(made, NoPlan) else None
