"""What the length of a run makes of its warmup and of its last epoch."""

from __future__ import annotations

from math import ceil

from ftlint.diagnostics import at_key
from ftlint.rules.plan.wording import count, launched, of
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Finding
    from ftlint.facts.context import Context
    from ftlint.facts.plan import Planned
    from ftlint.syntax.construct import Entry

ALL_WARMUP, LONG_WARMUP, CUT_SHORT = "FT210", "FT211", "FT212"

WITHOUT_WARMUP = ("constant", "reduce_lr_on_plateau", "greedy")


def check(context: Context) -> Iterator[Finding]:
    """Yield what is wrong with the length of the run."""
    planned = context.planned
    if planned is None or not context.instance.effective.get("do_train"):
        return
    yield from _warmup(context, planned)
    yield from _cut_short(context, planned)


def _warmup(context: Context, planned: Planned) -> Iterator[Finding]:
    effective, plan = context.instance.effective, context.instance.facts.get("plan", {})
    total, steps = plan.get("total_steps"), plan.get("warmup_steps")
    entry = _warming(context)
    most = "" if isinstance(total, int) or planned.plan is None else "at most "
    if most and planned.plan is not None:  # what is too long for the longest run is for each
        total = planned.plan.total_steps.high
    if entry is None or not isinstance(total, int) or total < 1:
        return
    stated = entry.name == "warmup_steps" and "warmup_ratio" not in context.entries
    if steps is None and stated and isinstance(entry.value, int):
        steps = int(entry.value)
    if effective.get("lr_scheduler_type") in WITHOUT_WARMUP or not isinstance(steps, int):
        return
    code = ALL_WARMUP if steps >= total else LONG_WARMUP
    if code == LONG_WARMUP and not _is_long(steps, total, context):
        return
    values = {
        "name": entry.name, "written": context.source_text(entry), "steps": of(steps, "step"),
        "total": most + of(total, "step"),
        "fraction": f"{'at least ' if most else ''}{steps / total:.0%}",
        "launched": launched(planned) if plan.get("limited_by") == "epochs" else "",
        "better": count(max(total // 10, 1)),
    }  # fmt: skip
    if total > 1:
        yield at_key(code, entry, values)


def _warming(context: Context) -> Entry | None:
    """Return the entry that decides the warmup: from transformers 5 on the ratio comes first."""
    ratio, steps = context.entries.get("warmup_ratio"), context.entries.get("warmup_steps")
    if ratio is not None and ratio.value is not None and context.target.versions[1] >= (5,):
        return ratio
    return steps or ratio


def _is_long(steps: int, total: int, context: Context) -> bool:
    bands = context.given.bands
    limited = context.instance.effective.get("max_steps", -1) > 0
    trial = limited and total <= bands.get("trial", {}).get("steps", 0)
    return not trial and "warmup" in bands and steps > ceil(bands["warmup"] * total)


def _cut_short(context: Context, planned: Planned) -> Iterator[Finding]:
    """Report steps that the last epoch never gets, from 4.47 to 4.51, when they are many."""
    plan = planned.plan
    if plan is None or plan.limited_by != "epochs" or plan.stage == "ppo":
        return
    counted, run = plan.steps_per_epoch.exact, plan.updates_per_epoch.exact
    total, entered = plan.total_steps.exact, plan.epochs_entered.exact
    if counted is None or run is None or total is None or entered is None or counted == run:
        return
    lost = (run - counted) * entered
    if lost * 50 < total:  # less than a fiftieth of the run
        return
    keys = ("gradient_accumulation_steps", "num_train_epochs")
    entry = next((context.entries[key] for key in keys if key in context.entries), None)
    if entry is not None:
        values = {
            "counted": of(counted, "step"), "run": count(run), "total": of(total, "step"),
            "lost": of(lost, "step"), "transformers": context.target.transformers,
            "launched": launched(planned),
        }  # fmt: skip
        yield at_key(CUT_SHORT, entry, values)
