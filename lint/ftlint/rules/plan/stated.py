"""Step counts that an author's comment states: `# 63 samples, 5 epochs ≈ 315 steps`.

Only what can be held against the plan without guessing: a total of steps, or steps an epoch, with
the samples in the same comment (or known otherwise). Anything about intervals is left alone.
"""

from __future__ import annotations

from ftlint.diagnostics import Finding
from ftlint.facts.plan import plan_inputs_without_data, replan
from ftlint.rules.plan.wording import count, launched, of, of_epochs
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.facts.context import Context
    from ftlint.facts.plan import Inputs, Planned
    from ftlint.rules.plan.claims import Claim
    from ftlint.steps import StepPlan

DIFFERS = "FT213"
STEP_WORDS = ("step", "步", "스텝")
LIKELY_GPUS = (1, 2, 3, 4, 6, 8, 16)


def counts_steps(comment: str) -> bool:
    """Return whether a comment may count steps."""
    return any(word in comment.lower() for word in STEP_WORDS)


def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for each comment that counts otherwise than the trainer will."""
    planned = context.planned
    if planned is None or not context.instance.effective.get("do_train"):
        return
    if not any(counts_steps(comment.text) for comment in context.document.comments):
        return
    from ftlint.rules.plan.claims import claims_of

    claims = [claim for comment in context.document.comments for claim in claims_of(comment)]
    samples = {claim.samples for claim in claims if claim.samples is not None}
    only = next(iter(samples)) if len(samples) == 1 else None
    known: dict[int | None, tuple[StepPlan | None, tuple[StepPlan, ...]]] = {}
    for claim in claims:
        rows = claim.samples or only
        if claim.total is not None or claim.per_epoch is not None:
            if rows not in known:
                known[rows] = _plans(context, planned, rows)
            yield from _judge(planned, claim, *known[rows])


def _plans(
    context: Context, planned: Planned, rows: int | None
) -> tuple[StepPlan | None, tuple[StepPlan, ...]]:
    """Return the plan for a number of rows, and those that the author may have counted instead."""
    inputs = _inputs(context, planned, rows)
    plan = None if inputs is None else replan(inputs)
    if inputs is None or plan is None:
        return None, ()
    return plan, tuple(_others(inputs, context.stated.launch.gpus))


def _judge(
    planned: Planned, claim: Claim, plan: StepPlan | None, others: tuple[StepPlan, ...]
) -> Iterator[Finding]:
    counted = None if plan is None else _counted(plan, claim)
    if plan is None or counted is None:
        return
    if any(_agrees(other, claim) for other in others):
        return
    stated = claim.total if claim.total is not None else claim.per_epoch
    assert stated is not None
    values = {
        "stated": of(stated, "step"), "unit": "" if claim.total is not None else " per epoch",
        "steps": count(counted), "samples": of(plan.samples.total.low, "sample"),
        "batch": plan.effective_batch_size, "launched": launched(planned),
        "epochs": "" if claim.total is None else f" × {of_epochs(plan.epochs.exact or 0)}",
    }  # fmt: skip
    yield Finding(DIFFERS, claim.comment.start, claim.comment.end, None, values)


def _inputs(context: Context, planned: Planned, rows: int | None) -> Inputs | None:
    """Return what to plan with: the data where they are known, else the samples of the comment."""
    if planned.plan is not None and planned.plan.samples.total.exact is not None:
        return planned.inputs
    if rows is None or not rows:
        return None
    from ftlint.steps import DatasetRows, SampleCount, exactly

    names = context.instance.facts.get("dataset_names") or ()
    datasets = tuple(DatasetRows(str(name), exactly(rows), source="declared") for name in names)
    merged = exactly(rows) if len(datasets) > 1 else None
    blank = plan_inputs_without_data(context)
    return blank._replace(samples=SampleCount(datasets, merged)) if datasets else None


def _others(inputs: Inputs, stated: int | None) -> Iterator[StepPlan]:
    """Yield plans of what the author may have counted: other launches, nothing held out."""
    for gpus in (stated,) if stated else LIKELY_GPUS:
        other = inputs._replace(launch=inputs.launch._replace(gpus=gpus))
        for plan in (replan(other), replan(other, val_size=0.0)):
            if plan is not None:
                yield plan


def _counted(plan: StepPlan, claim: Claim) -> int | None:
    return (plan.total_steps if claim.total is not None else plan.updates_per_epoch).exact


def _agrees(plan: StepPlan, claim: Claim) -> bool:
    """Return whether a claim is this plan's number, or one rounded on the way to it."""
    counted = _counted(plan, claim)
    if counted is None:
        return True
    if claim.per_epoch is not None:
        return abs(claim.per_epoch - counted) <= max(1, counted // 20)
    assert claim.total is not None
    return abs(claim.total - counted) <= max(plan.epochs_entered.high or 1, counted // 20)
