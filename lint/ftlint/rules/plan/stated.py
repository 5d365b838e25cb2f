"""Step counts that an author's comment states: `# 63 samples, 5 epochs ≈ 315 steps`.

Only what can be held against the plan without guessing: a total of steps, or steps an epoch, with
the samples in the same comment (or known otherwise). Anything about intervals is left alone.
"""

from __future__ import annotations

import re

from ftlint.planning import again, without_data
from ftlint.records import Finding
from ftlint.rules.plan.wording import count, launched, of
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.context import Context
    from ftlint.document import Comment
    from ftlint.planning import Inputs, Planned
    from ftlint.steps import StepPlan

DIFFERS = "FT213"
LIKELY_GPUS = (1, 2, 3, 4, 6, 8, 16)

_NUMBER = r"(?<![\d.,_/-])(\d[\d,_]*)\s*"
_EPOCH = r"(?:epochs?|轮|에포크)"
_SAMPLES = re.compile(
    _NUMBER + r"(?:train(?:ing)?\s+)?"
    r"(?:samples|examples|rows|records|条|个?样本|개\s*(?:의\s*)?(?:샘플|데이터|예제)|샘플)", re.I
)  # fmt: skip
_STEPS = re.compile(
    _NUMBER + r"(?:total\s+|training\s+|optimi[sz]er\s+)?(?:steps?(?![\w-])|步|스텝)"
    r"(?P<epoch>\s*(?:/|per|each|an|每)\s*" + _EPOCH + ")?", re.I
)  # fmt: skip
_BEFORE = re.compile(r"(?:每轮|每个?epoch|에포크당|(?:per|each)\s+epoch)[^\d]*$", re.I)
_TOTAL = re.compile(r"\b(?:total|overall|in all|altogether)\b|共|总|총|전체", re.I)
_INTERVAL = re.compile(
    r"\bevery\b|\b(?:sav|log|eval|print|checkpoint|warm|resum)|每\s*隔?\s*\d|마다|保存|评估|日志|打印"
    r"|预热|저장|평가|워밍업", re.I
)  # fmt: skip


class Claim(NamedTuple):
    """What a comment says: a total of steps, or steps an epoch, and for how many samples."""

    comment: Comment
    samples: int | None
    total: int | None
    per_epoch: int | None


def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for each comment that counts otherwise than the trainer will."""
    planned = context.planned
    if planned is None or not context.instance["effective"].get("do_train"):
        return
    claims = [claim for comment in context.document.comments for claim in claims_of(comment)]
    samples = {claim.samples for claim in claims if claim.samples is not None}
    for claim in claims:
        rows = claim.samples or (samples.copy().pop() if len(samples) == 1 else None)
        if claim.total is not None or claim.per_epoch is not None:
            yield from _judge(context, planned, claim, rows)


def claims_of(comment: Comment) -> Iterator[Claim]:
    """Yield the counts in a comment, one claim for each number of steps.

    A lone number of samples is a claim, too: another comment may go on with it.
    """
    text = comment.text
    if _INTERVAL.search(text):
        return
    rows = [_whole(match[1]) for match in _SAMPLES.finditer(text)]
    samples = rows[0] if len(rows) == 1 else None
    found = False
    for match in _STEPS.finditer(text):
        number = _whole(match[1])
        by_epoch = bool(match["epoch"] or _BEFORE.search(text[: match.start()]))
        if by_epoch:
            yield Claim(comment, samples, None, number)
            found = True
        elif samples is not None or _TOTAL.search(text):
            yield Claim(comment, samples, number, None)
            found = True
    if samples is not None and not found:
        yield Claim(comment, samples, None, None)


def _whole(text: str) -> int:
    return int(text.replace(",", "").replace("_", ""))


def _judge(context: Context, planned: Planned, claim: Claim, rows: int | None) -> Iterator[Finding]:
    inputs = _inputs(context, planned, rows)
    if inputs is None:
        return
    plan = again(inputs)
    counted = None if plan is None else _counted(plan, claim)
    if plan is None or counted is None:
        return
    if any(_agrees(other, claim) for other in _others(inputs, context.given.gpus)):
        return
    stated = claim.total if claim.total is not None else claim.per_epoch
    assert stated is not None
    values = {
        "stated": of(stated, "step"), "unit": "" if claim.total is not None else " an epoch",
        "steps": count(counted), "samples": of(plan.samples.total.low, "sample"),
        "batch": plan.effective_batch_size, "launched": launched(planned),
        "epochs": "" if claim.total is None else f", {_epochs(plan)}",
    }  # fmt: skip
    yield Finding(DIFFERS, claim.comment.start, claim.comment.end, None, values)


def _epochs(plan: StepPlan) -> str:
    passes = plan.epochs.exact or 0
    return f"{count(round(passes, 2))} epoch{'' if passes == 1 else 's'}"


def _inputs(context: Context, planned: Planned, rows: int | None) -> Inputs | None:
    """Return what to plan with: the data where they are known, else the samples of the comment."""
    if planned.plan is not None and planned.plan.samples.total.exact is not None:
        return planned.inputs
    if rows is None or not rows:
        return None
    from ftlint.steps import DatasetRows, SampleCount, exactly

    instance = context.instance
    names = instance["facts"].get("dataset_names") or ()
    datasets = tuple(DatasetRows(str(name), exactly(rows), source="declared") for name in names)
    merged = exactly(rows) if len(datasets) > 1 else None
    blank = without_data(instance["config"], instance["facts"], context.target, context.given)
    return blank._replace(samples=SampleCount(datasets, merged)) if datasets else None


def _others(inputs: Inputs, stated: int | None) -> Iterator[StepPlan]:
    """Yield plans of what the author may have counted: other launches, nothing held out."""
    for gpus in (stated,) if stated else LIKELY_GPUS:
        other = inputs._replace(world=inputs.world._replace(gpus=gpus))
        for plan in (again(other), again(other, val_size=0.0)):
            if plan is not None:
                yield plan


def _counted(plan: StepPlan, claim: Claim) -> int | None:
    return (plan.total_steps if claim.total is not None else plan.updates_per_epoch).exact


def _agrees(plan: StepPlan, claim: Claim) -> bool:
    """Say whether a claim is this plan's number, or one rounded on the way to it."""
    counted = _counted(plan, claim)
    if counted is None:
        return True
    if claim.per_epoch is not None:
        return abs(claim.per_epoch - counted) <= max(1, counted // 20)
    assert claim.total is not None
    return abs(claim.total - counted) <= max(plan.epochs_entered.high or 1, counted // 20)
