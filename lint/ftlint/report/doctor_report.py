"""What there is to say of a run that was made: a picture of its losses, and signs; or JSON."""

from __future__ import annotations

import math
from itertools import cycle

from ftlint.doctor.curves import BEST, EVALUATED, TRAINED, curves, overlaid
from ftlint.doctor.evidence import evidence
from ftlint.doctor.pruning import objection
from ftlint.doctor.stopping import best
from ftlint.report.text import COLOURS, paint
from ftlint.support.messages import shown_path, visible
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftlint.doctor.history import History, Loss
    from ftlint.doctor.keeping import Keeping
    from ftlint.doctor.symptom import Symptom


class Judged(NamedTuple):
    """A run, and what is to be said of it; no history where only its end is known."""

    history: History | None
    folder: str
    signs: tuple[Symptom, ...]
    keep: Keeping | None


def lines(judged: Judged, colour: bool) -> Iterator[str]:
    """Yield a report for people."""
    history = judged.history
    if history is None:
        yield f"{shown_path(judged.folder)}: no log of its losses"
        yield from _signs(judged.signs, colour)
        return
    yield f"{shown_path(history.folder)}: {_how_far(history)}"
    least = best(history.evaluation)
    picture = list(curves(history.training, history.evaluation, least))
    if picture:
        yield ""
        yield from picture
        yield f"{'':11}{_legend(history, least)}"
    yield from _signs(judged.signs, colour)
    if not judged.signs:
        yield ""
        yield nothing(history)
    if judged.keep is not None:
        yield ""
        yield from kept(judged.keep, history)


def nothing(history: History) -> str:
    """Return what is said of a run without a sign."""
    if history.rewarded:
        return "With `stage: ppo` the losses do not show overfitting or underfitting."
    return "No sign of overfitting or underfitting."


def _signs(signs: Sequence[Symptom], colour: bool) -> Iterator[str]:
    for sign in signs:
        yield ""
        yield paint(f"{sign.severity} {sign.name}", COLOURS[sign.severity], colour)
        yield f"  {visible(sign.text)}."
        yield f"  = {visible(sign.remedy)}"


def kept(keep: Keeping, history: History) -> Iterator[str]:
    """Yield which checkpoints are worth their disk."""
    loss = "by the metric of the run" if keep.loss is None else f"evaluation loss {keep.loss:.4g}"
    near = ", between evaluations" if keep.estimated else ""
    last = "" if keep.last == keep.best else f"; checkpoint-{keep.last} is the last"
    yield f"Keep checkpoint-{keep.best} ({loss}{near}){last}."
    if keep.equal:
        yield f"  Equal within noise: {_listed(keep.equal)}."
    if keep.expendable:
        how = " (`--prune`)" if objection(history) is None else ""
        yield f"  Can go: {_listed(keep.expendable)}{how}."


def _listed(steps: Sequence[int]) -> str:
    shown = ", ".join(f"checkpoint-{step}" for step in steps[:SHOWN])
    return shown if len(steps) <= SHOWN else f"{shown} and {len(steps) - SHOWN} more"


SHOWN = 8


def compared(judged: Sequence[Judged], colour: bool) -> Iterator[str]:
    """Yield a table of several runs, and one picture of their evaluations, a letter a run."""
    rows = [HEAD, *(row(letter, one) for letter, one in zip(_letters(), judged, strict=False))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for line in rows:
        cells = (
            cell.ljust(width) if number in (0, 1, len(line) - 1) else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
    runs = [one.history for one in judged if one.history is not None]
    evaluated = any(one.evaluation for one in runs)
    picture = list(overlaid([one.evaluation if evaluated else one.training for one in runs]))
    if picture:
        yield ""
        yield from picture
        yield f"{'':11}{'evaluation' if evaluated else 'training'} losses, a letter a run"
    for one in judged:
        loud = [sign for sign in one.signs if sign.severity != "info"]
        if loud:
            yield ""
            yield f"{shown_path(one.folder)}:"
            yield from list(_signs(loud, colour))[1:]


HEAD = ("", "run", "steps", "epochs", "lowest", "at step", "last", "signs")


def _letters() -> Iterator[str]:
    return cycle("abcdefghijklmnopqrstuvwxyz")


def row(letter: str, judged: Judged) -> tuple[str, ...]:
    """Return the cells of a run, in the order of HEAD."""
    history, names = judged.history, ", ".join(sign.name for sign in judged.signs) or "-"
    if history is None:
        return letter, shown_path(judged.folder), *["?"] * 5, names
    least = best(history.evaluation)
    done = "?" if history.done is None else f"{history.done:,}"
    planned = "" if history.planned is None else f"/{history.planned:,}"
    return (
        letter, shown_path(history.folder), f"{done}{planned}",
        "?" if history.epochs is None else f"{history.epochs:.2f}",
        "-" if least is None else f"{least.value:.4g}",
        "-" if least is None else f"{least.step:,}",
        f"{history.evaluation[-1].value:.4g}" if history.evaluation else "-", names,
    )  # fmt: skip


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


def as_object(judged: Judged) -> dict[str, object]:
    """Return the same as plain data; losses that are no number are null."""
    history = judged.history
    found = [
        {**sign._asdict(), "text": visible(sign.text), "remedy": visible(sign.remedy)}
        for sign in judged.signs
    ]
    if history is None:
        return {"version": 1, "path": judged.folder, "sources": [], "signs": found}
    least = best(history.evaluation)
    noise = evidence([one.value for one in history.evaluation if math.isfinite(one.value)])
    return {
        "version": 1,
        "path": history.folder,
        "sources": list(history.sources),
        "planned_steps": history.planned,
        "done_steps": history.done,
        "epochs": history.epochs,
        "ended": history.ended,
        "best": None if least is None else _loss(least),
        "noise": None if noise is None else round(noise.noise, 6),
        "training": [_loss(one) for one in history.training],
        "evaluation": [_loss(one) for one in history.evaluation],
        "checkpoints": list(history.checkpoints),
        "keep": None if judged.keep is None else judged.keep._asdict(),
        "signs": found,
    }


def _loss(one: Loss) -> dict[str, object]:
    return {"step": one.step, "loss": one.value if math.isfinite(one.value) else None}
