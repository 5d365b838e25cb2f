"""The DeepSpeed config: what contradicts the file, what DeepSpeed crashes on, what is replaced."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Finding
    from ftlint.facts.context import Context


def check(context: Context) -> Iterator[Finding]:
    """Yield what is said of the DeepSpeed config of a run."""
    instance = context.instance
    if "deepspeed" not in context.entries or "deepspeed" in instance.unknown:
        return
    if "deepspeed" not in instance.facts:
        return
    if "zero_optimization" not in instance.facts["deepspeed"]:
        return  # rejected while arguments are parsed
    values = instance.effective
    if not any(map(values.get, ("do_train", "do_eval", "do_predict"))):
        return  # nothing is run: what DeepSpeed would make of it never shows
    from ftlint.rules.deepspeed import compared, file, form, replaced
    from ftlint.rules.deepspeed.config import DeepSpeedConfig

    config = DeepSpeedConfig(context)
    yield from file.repeated(config)
    yield from form.check(config)
    yield from compared.check(config)
    yield from replaced.check(config)
