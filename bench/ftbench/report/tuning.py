"""What a tuning found, for a terminal and as a section of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftbench.report.figures import NONE, gigabytes, seconds
from ftbench.tuning.candidate import Candidate, told
from ftlint import __version__
from ftlint.report.page import html
from ftlint.report.page.parts import Notes, Page, Section, Table, Tile, Tiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftbench.tuning.record import TrialRecord, Tuned, Ways
    from ftlint.report.page.parts import Block


def lines(
    tuned: Tuned, diff: Sequence[str], by_hand: str | None = None, comments: Sequence[str] = ()
) -> Iterator[str]:
    """Yield the result: before and after, the change, what was tried, and what is said besides."""
    before, after = tuned["before"], tuned["after"]
    yield f"{tuned['config']['path']}: {verdict(tuned)}"
    yield ""
    yield f"  {'':10} {'a step':>9} {'rows/s':>8} {'peak':>9}  {'all steps':>10}"
    for name, one in (("as written", before), ("tuned", after if after != before else None)):
        if one is not None:
            yield f"  {name:10} {_figures(one)}"
    yield ""
    if tuned["keys"]:
        yield from (line.rstrip("\n") for line in diff)
        if by_hand is not None:
            yield f"by hand: {', '.join(f'{key}: {value}' for key, value in tuned['keys'].items())}"
        yield ""
    for name, value in tuned["variables"].items():
        yield f"start it with {name}={value}"
    yield "tried:"
    for trial in tuned["trials"]:
        yield f"  {_of_trial(trial)}"
    yield ending(tuned)
    for note in (*tuned["notes"], *comments):
        yield f"note: {note}"


def verdict(tuned: Tuned) -> str:
    """Return what was found in a sentence."""
    after, faster = tuned["after"], tuned["speedup"]
    if after is None:
        return "nothing was found that holds"
    if not tuned["keys"] and not tuned["variables"]:
        return f"left as written: {_why_left(tuned['trials'])}"
    if faster is None:
        return "as written it does not fit; tuned it does"
    steps = after["steps"]
    same = "" if steps is None else f", the same {steps:,} steps"
    if tuned["before"] is not None and tuned["before"]["steps"] != steps:
        same = f", {tuned['before']['steps']} steps become {steps}"
    return f"{faster:.2f} times as fast{same}"


def _why_left(trials: Sequence[TrialRecord]) -> str:
    """Return why nothing of what was tried is taken."""
    others = [one for one in trials if one["candidate"] != trials[0]["candidate"]]
    reasons = {one["why_not"]: None for one in others}
    if not others:
        return "nothing was tried"
    if None in reasons:
        return "nothing was proven to be faster"
    return f"nothing that was tried can be taken ({'; '.join(map(str, reasons))})"


def ending(tuned: Tuned) -> str:
    """Return how much of the budget was spent, and why no more was tried."""
    spent = f"{tuned['spent']:.0f} s of {tuned['budget']:.0f} s spent"
    return spent if tuned["ended"] is None else f"{spent}: {tuned['ended']}"


def _figures(one: Ways) -> str:
    trial = one["trial"]
    rate = trial["rows_per_second"]
    return (
        f"{seconds(trial['seconds']):>9} {'–' if rate is None else f'{rate:.3g}':>8}"
        f" {gigabytes(trial['peak_allocated']):>9}  {seconds(one['seconds']):>10}"
    )


def _of_trial(trial: TrialRecord) -> str:
    parts = [
        f"{trial['purpose']:8}", f"{seconds(trial['seconds']):>9}",
        f"{gigabytes(trial['peak_allocated']):>9} ", told(Candidate(**trial["candidate"])),
    ]  # fmt: skip
    if trial["loss"] is not None:
        gradient = "" if trial["gradient"] is None else f", gradient {trial['gradient']:.2%}"
        parts.append(f"(loss {trial['loss']:.2%}{gradient} apart)")
    if trial["why_not"] is not None:
        parts.append(f"– not taken: {trial['why_not']}")
    return " ".join(parts)


def page(tuned: Tuned, diff: Sequence[str], comments: Sequence[str] = ()) -> str:
    """Return the result as an HTML page."""
    path = tuned["config"]["path"]
    around = tuned["environment"]
    gpu = None if around is None else around["gpu"]
    where = "CPU" if gpu is None else gpu["name"]
    subtitle = f"{tuned['when'][:10]} · {where} · ftlint {__version__}"
    section = Section(path, tuple(_blocks(tuned, diff, comments)), "tune")
    return html.document(Page(f"bench tune {path}", subtitle, (section,)))


def _blocks(tuned: Tuned, diff: Sequence[str], comments: Sequence[str]) -> Iterator[Block]:
    yield Notes((f"{verdict(tuned)}.",), "good" if tuned["speedup"] else "")
    before, after = tuned["before"], tuned["after"]
    pairs = [("as written", before), ("tuned", after if after != before else None)]
    tiles = [
        Tile(f"A step, {name}", seconds(one["trial"]["seconds"]),
             f"{gigabytes(one['trial']['peak_allocated'])} at the peak;"
             f" {seconds(one['seconds'])} for all steps")
        for name, one in pairs if one is not None
    ]  # fmt: skip
    yield Tiles(tuple(tiles))
    changes = [(line.rstrip("\n"),) for line in diff]
    if changes:
        yield Table(("What changes",), tuple(changes), of_words=1)
    for name, value in tuned["variables"].items():
        yield Notes((f"Start it with `{name}={value}`.",), "warn")
    rows = tuple(
        (
            one["purpose"], told(Candidate(**one["candidate"])), seconds(one["seconds"]),
            gigabytes(one["peak_allocated"]),
            NONE if one["loss"] is None else f"{one['loss']:.2%}",
            NONE if one["gradient"] is None else f"{one['gradient']:.2%}",
            one["why_not"] or "",
        )
        for one in tuned["trials"]
    )  # fmt: skip
    heads = ("", "candidate", "a step", "peak", "loss apart", "gradient apart", "not taken")
    yield Table(heads, rows, of_words=2)
    notes = (f"{ending(tuned)}.", *tuned["notes"], *comments)
    yield Notes(notes, title="What is said besides")
