"""Very many steps on few samples each; samples that no step reaches, or max_samples leaves out."""

from __future__ import annotations

from ftlint.diagnostics import at_key
from ftlint.facts.plan import replan
from ftlint.facts.rules_of_thumb import bands_of
from ftlint.facts.sizes import used
from ftlint.rules.plan.wording import count, is_explained, launched, of
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Finding
    from ftlint.facts.context import Context
    from ftlint.facts.plan import Planned
    from ftlint.facts.rules_of_thumb import Bands
    from ftlint.steps import StepPlan

TINY, UNSEEN, LEFT_OUT = "FT304", "FT305", "FT311"
EXAMPLES = 1000
"""max_samples in the examples of LLaMA Factory."""
FEW = 0.1
"""The fraction of rows that may be left out without a word."""
MANY_GPUS = 8  # as many as may be there where nobody says how many


def check(context: Context) -> Iterator[Finding]:
    """Judge how many samples a step takes and how many of them a run."""
    planned = context.planned
    if planned is None or planned.plan is None:
        return
    bands = bands_of(context.given.bands, planned.plan.stage)
    if bands is not None:
        yield from _tiny(context, planned, planned.plan, bands)
        yield from _unseen(context, planned, planned.plan, bands)
    yield from _left_out(context, planned)


def _left_out(context: Context, planned: Planned) -> Iterator[Finding]:
    """Report rows that max_samples leaves out where it stands as in the examples, uncommented."""
    entry, values = context.entries.get("max_samples"), context.instance.effective
    if (
        entry is None
        or entry.value != EXAMPLES
        or planned.data is None
        or is_explained(context, entry)
    ):
        return
    if planned.plan is None or planned.plan.limited_by == "max_steps" or values.get("streaming"):
        return
    read = [size for size in planned.data.train if size.usable.exact is not None]
    rows = sum(size.usable.low for size in read)
    used = sum(min(size.usable.low, EXAMPLES) for size in read)
    if rows - used > FEW * rows:
        names = ", ".join(f"`{size.name}`" for size in read if size.usable.low > EXAMPLES)
        yield at_key(
            LEFT_OUT, entry, {"used": count(used), "rows": of(rows, "row"), "names": names}
        )


def _tiny(context: Context, planned: Planned, plan: StepPlan, bands: Bands) -> Iterator[Finding]:
    table, values = bands.tiny_batches, context.instance.effective
    total, batch = plan.total_steps.low, plan.effective_batch_size
    if table is None or plan.limited_by != "epochs" or values.get("packing"):
        return
    if batch >= table["below"] or total < table["steps"]:
        return
    if values.get("galore_layerwise") or values.get("apollo_layerwise"):
        return  # they take no accumulation, and memory is what they are for
    if not planned.gpus_stated and (values.get("deepspeed") or values.get("fsdp")):
        return  # meant for several GPUs, and nobody said how many
    assert planned.inputs is not None
    device, accumulation = table["device_batch"], table["accumulation"]
    better = replan(
        planned.inputs, per_device_train_batch_size=device, gradient_accumulation_steps=accumulation
    )
    keys = ("gradient_accumulation_steps", "per_device_train_batch_size", "num_train_epochs")
    entry = next((context.entries[key] for key in keys if key in context.entries), None)
    if better is None or entry is None:
        return
    least = "" if plan.total_steps.exact else "at least "
    alone, rest = divmod(device * accumulation, plan.per_device_train_batch_size)
    found = {
        "total": least + of(total, "step"), "batch": batch, "launched": launched(planned),
        "device": device, "accumulation": accumulation,
        "alone": "" if rest else
        f" (so does `gradient_accumulation_steps: {alone}` alone)",
        "better": least + count(better.total_steps.low),
    }  # fmt: skip
    yield at_key(TINY, entry, found)


def _unseen(context: Context, planned: Planned, plan: StepPlan, bands: Bands) -> Iterator[Finding]:
    """Report samples that are loaded and tokenized, and that max_steps leaves aside."""
    entry, values = context.entries.get("max_steps"), context.instance.effective
    seen, (samples, most) = plan.samples_seen.exact, used(plan, planned)
    if entry is None or bands.unseen is None or plan.limited_by != "max_steps":
        return
    if plan.total_steps.low <= bands.trial["steps"]:
        return
    if seen is None or values.get("streaming") or values.get("packing"):
        return
    likely = seen if planned.gpus_stated else MANY_GPUS * seen
    if values.get("max_samples") or samples - likely <= bands.unseen * samples:
        return
    found = {
        "steps": count(plan.total_steps.low), "batch": plan.effective_batch_size,
        "seen": count(seen),
        "samples": ("" if samples == most else "at least ") + of(samples, "sample"),
        "launched": launched(planned),
    }  # fmt: skip
    yield at_key(UNSEEN, entry, found)
