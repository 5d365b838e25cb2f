"""The page of the linter's own speed and its plot, from what `make bench-linter` measured."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from docs.generating import svg
from docs.generating.markdown import table

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Rounds = list[dict[str, dict[str, float]]]

RAW = ROOT / "docs" / "benchmarks" / "raw" / "linter.json"
PLAIN, WARM, FIX = "ftlint", "ftlint, warm cache", "ftlint --fix --diff"
OTHERS = {"yamllint": "yamllint", "check-jsonschema": "check-jsonschema", "parser": "its parser"}
NAMED = {"parser": "LLaMA Factory's parser", "ftlint --version": "`ftlint --version`",
         "python -c pass": "`python -c pass`", FIX: "`ftlint --fix --diff`"}  # fmt: skip

HEAD = """# How fast ftlint is

Measured by `make bench-linter`, which makes an environment for each tool: ftlint as a wheel,
yamllint 1.38.0, check-jsonschema 0.39.0 with the schema that `ftlint schema` gives editors, and the
parser of LLaMA Factory 0.9.5, one process for all files, which is its best case. Whole processes;
in each round every command runs once on the same files, in another order each time, and ratios are
taken within a round: least · **median** · greatest. Many files are published configs under new
names; a file is cold when nothing is kept from a run before (the disk's own cache is warm). The
peak is that of the largest process. The measurements are in `raw/linter.json`.
"""
GROWTH = """## Growth

![Seconds by number of files and by size of one file](linter.svg)

"""


def pages() -> dict[str, str]:
    """Return the page and its plot, by path below docs; none where nothing was measured."""
    if not RAW.is_file():
        return {}
    data = json.loads(RAW.read_text(encoding="utf-8"))
    cases: dict[str, Rounds] = {one["case"]: one["rounds"] for one in data["cases"]}
    loads = f"load {data['load'][0]} before and {data['load'][1]} after, the suite's own included"
    busy = ": a busy machine, which ratios and processor seconds bear and wall seconds do not"
    machine = f"\nPython {data['python']}, {data['cores']} cores, {loads}"
    machine += f"{busy if data['load'][1] > data['cores'] else ''}.\n"
    head = ("files", "command", "rounds", "wall s", "processor s", "peak MiB",
            *(f"to {name}" for name in OTHERS.values()))  # fmt: skip
    parts = [HEAD, machine, "## Goals\n", table(("goal", "measured", ""), _goals(cases)),
             "## All of it\n", table(head, _rows(cases)), GROWTH, *_growth(cases)]  # fmt: skip
    return {"benchmarks/linter.md": "\n".join(parts), "benchmarks/linter.svg": _plot(cases)}


def ratios(rounds: Rounds, ours: str, other: str) -> list[float]:
    """Return how many times the other's wall time ours took, for each round that has both."""
    return [one[ours]["wall"] / one[other]["wall"]
            for one in rounds if ours in one and other in one]  # fmt: skip


def _spread(found: Sequence[float]) -> str:
    if not found:
        return ""
    return f"{min(found):.3f} · **{median(found):.3f}** · {max(found):.3f}"


def _milliseconds(seconds: Sequence[float]) -> str:
    low, middle, high = (1000 * one for one in (min(seconds), median(seconds), max(seconds)))
    return f"{low:.1f} · **{middle:.1f}** · {high:.1f}"


def _of(rounds: Rounds, command: str, what: str) -> list[float]:
    return [one[command][what] for one in rounds if command in one]


def _goals(cases: dict[str, Rounds]) -> Iterator[tuple[str, str, str]]:
    wanted = (
        ("one file, cold: at most yamllint's time", "1", PLAIN, "yamllint", 1.0),
        ("1,000 files, nothing kept: a quarter of it", "1000", PLAIN, "yamllint", 0.25),
        ("1,000 files, warm cache: a twentieth", "1000", WARM, "yamllint", 0.05),
        ("`--version`: 2.5 × `python -c pass`", "version", "ftlint --version", "python -c pass",
         2.5),
    )  # fmt: skip
    for goal, case, ours, other, most in wanted:
        if case in cases:
            found = ratios(cases[case], ours, other)
            yield goal, _spread(found), "held" if median(found) <= most else "missed"
    cpu = _of(cases["1"], PLAIN, "cpu")
    yield ("one file, cold: 60 ms of a processor", f"{_milliseconds(cpu)} ms",
           "held" if median(cpu) <= 0.06 else "missed")  # fmt: skip
    peak = max(_of(cases["1"], PLAIN, "peak"))
    yield "one file: at most 60 MiB", f"{peak:.1f} MiB", "held" if peak <= 60 else "missed"


def _rows(cases: dict[str, Rounds]) -> Iterator[list[str]]:
    for case, rounds in cases.items():
        shown = f"{int(case):,}" if case.isdecimal() else {"version": "none"}.get(case, case)
        for command in dict.fromkeys(name for one in rounds for name in sorted(one, key=_order)):
            wall, cpu = (median(_of(rounds, command, what)) for what in ("wall", "cpu"))
            peak = max(_of(rounds, command, "peak"))
            ours = command.startswith("ftlint")
            against = [_spread(ratios(rounds, command, other)) if ours else "" for other in OTHERS]
            times = len(_of(rounds, command, "wall"))
            yield [shown, NAMED.get(command, command), str(times), f"{wall:.3f}", f"{cpu:.3f}",
                   f"{peak:.0f}", *against]  # fmt: skip


def _order(command: str) -> int:
    known = [PLAIN, WARM, FIX, "ftlint --version", *OTHERS, "python -c pass"]
    return known.index(command)


def _growth(cases: dict[str, Rounds]) -> Iterator[str]:
    """Yield what one more file and one more KiB cost."""
    counts, sizes = _by(cases, str.isdecimal), _by(cases, lambda case: case.endswith("KiB"))
    tools = (PLAIN, "yamllint", "check-jsonschema")
    for points, unit in ((counts, "file"), (sizes, "KiB")):
        told = []
        for tool in tools:
            known = [(amount, found[tool]) for amount, found in points if tool in found]
            (low, fast), (high, slow) = known[-2], known[-1]
            told.append(f"{tool} {1000 * (slow - fast) / (high - low):.2f} ms")
        yield f"One more {unit}, beyond {low:,}: {', '.join(told)}.\n"


def _by(
    cases: dict[str, Rounds], wanted: Callable[[str], bool]
) -> list[tuple[int, dict[str, float]]]:
    """Return by number of files, or by size: each command's median wall time."""
    return [
        (
            int(case.split()[0]),
            {name: median(_of(rounds, name, "wall")) for one in rounds for name in one},
        )
        for case, rounds in cases.items()
        if wanted(case)
    ]


STYLE = "<style>text{font:12px sans-serif;fill:#24292f}.grid{stroke:#d0d7de}</style>"


def _plot(cases: dict[str, Rounds]) -> str:
    """Return both growths in one image, on scales of powers of ten."""
    plots = (
        (_by(cases, str.isdecimal), "files", [PLAIN, WARM, *OTHERS]),
        (_by(cases, lambda case: case.endswith("KiB")), "KiB in one file", [PLAIN, *OTHERS]),
    )
    parts = [f'<rect width="{2 * svg.WIDTH}" height="{svg.HEIGHT + 24}" fill="#fff"/>']
    for number, (points, unit, tools) in enumerate(plots):
        body = "".join(_lines(points, unit, tools))
        parts.append(f'<g transform="translate({number * svg.WIDTH} 0)">{body}</g>')
    for number, tool in enumerate([PLAIN, WARM, *OTHERS]):
        x = svg.LEFT + 190 * number
        parts.append(svg.box(x, svg.HEIGHT + 8, 12, 8, svg.COLOURS[number]))
        parts.append(svg.text(x + 18, svg.HEIGHT + 16, NAMED.get(tool, tool)))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * svg.WIDTH} {svg.HEIGHT + 24}"'
        f' role="img" aria-label="Seconds by files and by size">{STYLE}{"".join(parts)}</svg>'
    )


def _lines(
    points: list[tuple[int, dict[str, float]]], unit: str, tools: list[str]
) -> Iterator[str]:
    walls = [found[tool] for _, found in points for tool in tools if tool in found]
    amounts = [amount for amount, _ in points]
    x = svg.Scale(*_decades(amounts), svg.LEFT, svg.WIDTH - svg.RIGHT)
    y = svg.Scale(*_decades(walls), svg.HEIGHT - svg.BOTTOM, svg.TOP)
    for power in range(int(y.low), int(y.high) + 1):
        place = y.at(power)
        ends = f'x1="{svg.LEFT}" x2="{svg.WIDTH - svg.RIGHT}" y1="{place:.1f}" y2="{place:.1f}"'
        yield f'<line class="grid" {ends}/>'
        yield svg.text(svg.LEFT - 6, place + 4, f"{10.0**power:g} s", "end")
    for power in range(int(x.low), int(x.high) + 1):
        place = x.at(power)
        ends = f'y1="{svg.TOP}" y2="{svg.HEIGHT - svg.BOTTOM}" x1="{place:.1f}" x2="{place:.1f}"'
        yield f'<line class="grid" {ends}/>'
        yield svg.text(place, svg.HEIGHT - svg.BOTTOM + 17, f"{10**power:,}", "middle")
    yield svg.text((svg.LEFT + svg.WIDTH) / 2, svg.HEIGHT - 6, unit, "middle")
    for tool in tools:
        colour = svg.COLOURS[[PLAIN, WARM, *OTHERS].index(tool)]
        found = [(amount, walls[tool]) for amount, walls in points if tool in walls]
        places = [(x.at(math.log10(amount)), y.at(math.log10(wall))) for amount, wall in found]
        yield svg.line(places, colour)
        for (amount, wall), (across, down) in zip(found, places):
            yield svg.dot(
                across, down, colour, f"{NAMED.get(tool, tool)}, {amount:,} {unit}: {wall:.3f} s"
            )


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)
