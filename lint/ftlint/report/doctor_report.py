"""What there is to say of a run that was made: a picture of its losses, and signs; or JSON."""

from __future__ import annotations

import math

from ftlint.doctor.curves import BEST, EVALUATED, TRAINED, curves
from ftlint.doctor.stopping import best
from ftlint.report.text import COLOURS, paint
from ftlint.support.messages import shown_path, visible
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftlint.doctor.history import History, Loss
    from ftlint.doctor.symptom import Symptom


def lines(history: History, signs: Sequence[Symptom], colour: bool) -> Iterator[str]:
    """Yield a report for people."""
    yield f"{shown_path(history.folder)}: {_how_far(history)}"
    least = best(history.evaluation)
    picture = list(curves(history.training, history.evaluation, least))
    if picture:
        yield ""
        yield from picture
        yield f"{'':11}{_legend(history, least)}"
    for sign in signs:
        head = f"{sign.severity} {sign.name}"
        yield ""
        yield paint(head, COLOURS[sign.severity], colour)
        yield f"  {visible(sign.text)}."
        yield f"  = {visible(sign.remedy)}"
    if not signs:
        yield ""
        yield (
            "With `stage: ppo` the losses do not show overfitting or underfitting."
            if history.rewarded
            else "No sign of overfitting or underfitting."
        )


def _how_far(history: History) -> str:
    done = "?" if history.done is None else f"{history.done:,}"
    planned = "" if history.planned is None else f" of {history.planned:,}"
    epochs = "" if history.epochs is None else f", {history.epochs:.2f} epochs"
    return f"{done}{planned} steps{epochs} ({', '.join(map(visible, history.sources))})"


def _legend(history: History, least: Loss | None) -> str:
    found = [f"{TRAINED} training loss"] if history.training else []
    if history.evaluation:
        on = "" if history.evaluated_on is None else f" on {visible(history.evaluated_on)}"
        found.append(f"{EVALUATED} evaluation loss{on}")
    if least is not None:
        found.append(f"{BEST} best: {least.value:.4g} at step {least.step:,}")
    return "   ".join(found)


def as_object(history: History, signs: Sequence[Symptom]) -> dict[str, object]:
    """Return the same as plain data; losses that are no number are null."""
    least = best(history.evaluation)
    return {
        "version": 1,
        "path": history.folder,
        "sources": list(history.sources),
        "planned_steps": history.planned,
        "done_steps": history.done,
        "epochs": history.epochs,
        "ended": history.ended,
        "best": None if least is None else _loss(least),
        "training": [_loss(one) for one in history.training],
        "evaluation": [_loss(one) for one in history.evaluation],
        "checkpoints": list(history.checkpoints),
        "signs": [
            {**sign._asdict(), "text": visible(sign.text), "remedy": visible(sign.remedy)}
            for sign in signs
        ],
    }


def _loss(one: Loss) -> dict[str, object]:
    return {"step": one.step, "loss": one.value if math.isfinite(one.value) else None}
