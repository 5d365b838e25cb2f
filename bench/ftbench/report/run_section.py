"""What a page shows of one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftbench.analysis.advice import advise, room
from ftbench.report import charts
from ftbench.report.figures import NONE, bounds, gigabytes, seconds, utilisation
from ftbench.report.overview import device, name_of
from ftbench.report.summary import warm_up
from ftlint.report.page.parts import Notes, Prose, Section, Table, Tile, Tiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftbench.report.run_view import RunView
    from ftlint.report.page.parts import Block

_PACKAGES = ("llamafactory", "transformers", "torch", "peft", "accelerate", "liger-kernel",
             "bitsandbytes", "deepspeed")  # fmt: skip


def section(run: RunView, number: int, *, folded: bool) -> Section:
    """Return the section of a run."""
    when = run.when[:16].replace("T", " ")
    under = " · ".join((run.summary.label, _what(run), device(run), when))
    return Section(run.name, tuple(_blocks(run)), name_of(number), folded, under)


def _what(run: RunView) -> str:
    model, method = run.result["model"], run.result["method"]
    if model is None or method is None:
        return run.result["runner"]
    bits = f" {method['quantization_bit']}-bit" if method["quantization_bit"] else ""
    size = f"{model['parameters'] / 1e9:.1f}B"
    how = f"{method['stage']} {method['finetuning_type']}{bits}"
    return f"{model['source']} ({size}), {how}, {run.result['runner']}"


def _blocks(run: RunView) -> Iterator[Block]:
    if run.error is not None:
        error = run.result["error"]
        yield Notes((run.error, *([f"try: {error['remedy']}"] if error else [])), "bad")
    tiles = tuple(_tiles(run))
    if tiles:
        yield Tiles(tiles)
    if run.summary.flags:
        yield Notes(run.summary.flags, "warn", "What makes these times doubtful")
    if run.error is None and run.summary.step is not None:
        advice = tuple(one.text for one in advise(run.result, run.summary))
        nothing = "nothing that was measured points to it"
        yield Notes(advice or (nothing,), "" if advice else "good", "What would be faster")
    yield from charts.of_run(run)
    if run.trainer_estimate is not None and run.training:
        yield Prose(
            f"The trainer's own rate after 30 steps would say {seconds(run.trainer_estimate)} of"
            f" training, {run.trainer_estimate / run.training - 1:+.1%}."
        )
    yield from _tables(run)


def _tiles(run: RunView) -> Iterator[Tile]:
    one = run.summary
    if one.step is not None and one.rate is not None:
        yield Tile("Median step", f"{one.step.value:.4g} s", bounds(one.step))
        warm = f"{one.done} steps, {warm_up(one.warm.steps)}"
        yield Tile("Steps/s", f"{one.rate.value:.4g}", f"{bounds(one.rate)}; {warm}")
    if one.tokens is not None:
        note = f"{one.tokens.padding:.1%} is padding; {one.tokens.real:,.0f} without it"
        yield Tile("Tokens/s", f"{one.tokens.all:,.0f}", note)
    used = room(run.result)
    if used is not None:
        share = used[0] / used[1]
        allocated = gigabytes(one.peak_allocated)
        note = f"{used[0]:.1f} of {used[1]:.1f} GB reserved, {allocated} allocated"
        yield Tile("Memory at its peak", f"{share:.0%}", note, "warn" if share > 0.95 else "")
    elif one.peak_allocated:
        yield Tile("Memory at its peak", gigabytes(one.peak_allocated), "allocated")
    share_of = utilisation(one)
    if share_of is not None:
        yield Tile("MFU", f"{share_of[0]:.1%}", share_of[1])
    elif one.no_utilisation:
        yield Tile("MFU", NONE, one.no_utilisation)
    if run.wall is not None:
        yield Tile("Wall clock", seconds(run.wall), _forecast(run))
    if run.predicted is not None and run.miss is not None:
        where = "inside" if run.inside else "outside"
        said = run.predicted
        note = f"{seconds(said.seconds)} ({said.low:.0f} – {said.high:.0f} s): {where} its interval"
        yield Tile("Forecast of time", f"{run.miss:+.1%}", note, "good" if run.inside else "bad")
    if one.forecast is not None and one.peak_allocated:
        miss = one.forecast / one.peak_allocated - 1
        note = f"{gigabytes(one.forecast)} of {gigabytes(one.peak_allocated)} allocated"
        yield Tile("Forecast of memory", f"{miss:+.1%}", note)


def _forecast(run: RunView) -> str:
    if run.predicted is None:
        return "" if run.unpredicted is None else f"not forecast: {run.unpredicted}"
    return "start-up, training and end"


def _tables(run: RunView) -> Iterator[Block]:
    changes = run.result["config"]["changes"]
    if changes:
        rows = tuple(
            (one["key"], _value(one["from"]), _value(one["to"]), one["why"]) for one in changes
        )
        yield Table(("key", "in the config", "in this run", "why"), rows, of_words=4,
                    folded="How the run differs from its config")  # fmt: skip
    values = run.result["config"]["values"]
    if values:
        pairs = tuple((key, _value(value)) for key, value in values.items())
        yield Table(("key", "value"), pairs, of_words=2, folded="The config as it ran")
    around = run.result["environment"]
    if around is not None:
        facts = [("platform", around["platform"]), ("Python", around["python"]),
                 ("CPU", around["cpu"]), ("driver", _value(around["driver"])),
                 ("CUDA", _value(around["cuda"]))]  # fmt: skip
        facts += [(name, around["packages"][name]) for name in _PACKAGES
                  if name in around["packages"]]  # fmt: skip
        facts += [(name, value) for name, value in around["env"].items()]
        yield Table(("what", "value"), tuple(facts), of_words=2, folded="The machine")


def _value(value: object) -> str:
    if value is None:
        return NONE
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 200 else f"{text[:199]}…"
