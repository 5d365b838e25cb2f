"""What `cutoff_len` cuts off: told where the tokens of the rows are recorded or counted here."""

from __future__ import annotations

from ftlint.diagnostics import at_key
from ftlint.rules.plan.wording import of
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Finding
    from ftlint.facts.context import Context

CUT = "FT740"
MUCH = 0.1
"""The share of the tokens of all answers that may be cut off without a word."""
STEP = 256
"""A cutoff_len is advised in multiples of so many tokens."""


def check(context: Context) -> Iterator[Finding]:
    """Report a cutoff_len that takes more than a tenth of the answers away."""
    entry = context.effective_entry("cutoff_len") or context.effective_entry("dataset")
    knows = context.stated.here is not None or context.stated.records is not None
    if entry is None or not knows or context.planned is None:
        return
    from ftlint.facts.recorded_tokens import shares

    found = shares(context)
    if found is None or found.lost <= MUCH:
        return
    values = {
        "cutoff_len": str(context.instance.effective["cutoff_len"]),
        "rows": of(found.rows, "row"),
        "cut": f"{'' if found.exact else 'at least '}{found.cut:.0%}",
        "lost": f"{found.lost:.0%}",
        "enough": str(-(-(found.enough + 1) // STEP) * STEP),
    }
    yield at_key(CUT, entry, values)
