"""Numbers as messages show them, and whether an author explains one."""

from __future__ import annotations

from ftlint.support.messages import plural
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.facts.context import Context
    from ftlint.facts.plan import Planned
    from ftlint.syntax.construct import Entry

METHODS = {"lora": "LoRA", "qlora": "QLoRA", "full": "full fine-tuning"}


def count(number: float) -> str:
    """Return 1,875 for 1875, and 0.8 for 0.8000001."""
    if number == int(number):
        return f"{int(number):,}"
    return f"{number:,.2f}".rstrip("0").rstrip(".") if abs(number) >= 0.005 else f"{number:.1g}"


def of(number: int, what: str) -> str:
    """Return `1 step`, `1,875 steps`."""
    return f"{count(number)} {plural(what, number)}"


def of_epochs(number: float) -> str:
    """Return `1 epoch`, `2.5 epochs`."""
    return f"{count(round(number, 2))} {plural('epoch', number)}"


def span(low: float, high: float) -> str:
    """Return `3–5`, or `3` when both are the same."""
    return count(low) if low == high else f"{count(low)}–{count(high)}"


def rate(number: float) -> str:
    """Return 1e-4 for 0.0001, 5e-5, 1.5e-5."""
    mantissa, _, exponent = f"{number:.1e}".partition("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"


def launched(planned: Planned) -> str:
    """Return ` on one GPU` when nobody said how many there are."""
    return "" if planned.gpus_stated else " on one GPU"


def is_explained(context: Context, entry: Entry) -> bool:
    """Return whether a comment stands on the line of a key, or alone on the line above it."""
    if context.is_override(entry):  # whoever types it means it
        return True
    source = context.source
    own = source.position(entry.key.start).line
    comments = (one for one in context.document.comments if "ftlint:" not in one.text)
    lines = (source.position(comment.start).line for comment in comments)
    return any(
        line == own or (line == own - 1 and source.line(line).strip().startswith("#"))
        for line in lines
    )
