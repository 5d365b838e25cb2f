"""All that the logs of a run are signs of, the gravest first."""

from __future__ import annotations

from ftlint.doctor import ending, fitting, learning, pace, preference
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.doctor.history import History
    from ftlint.doctor.symptom import Symptom


def signs(history: History, patience: int, *, explained: bool = False) -> Iterator[Symptom]:
    """Yield what there is to say of a run; `explained`: its log says why it ended."""
    diverged = list(learning.diverged(history))
    lost = any(one.severity == "error" for one in diverged) and not learning.recovered(history)
    yield from diverged
    yield from ending.signs(history, lost, explained)
    if history.rewarded or lost:  # what follows is said of losses that mean something
        return
    useless = [*learning.nothing_learned(history), *preference.signs(history)]
    yield from useless
    known = any(one.name in _USELESS for one in useless)
    yield from () if known else fitting.signs(history, patience)
    yield from learning.signs(history)
    yield from pace.signs(history)


_USELESS = {"nothing-learned", "loss-zero", "loss-constant"}
"""Of a run that learned nothing there is no more to say of what it learned."""
