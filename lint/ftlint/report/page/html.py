"""From the parts of a page to HTML. Every text goes through `_text` and so is text."""

from __future__ import annotations

import json
import os
from html import escape

from ftlint.report.page.parts import (
    Bars,
    Cell,
    Chart,
    Notes,
    Page,
    Prose,
    Section,
    Table,
    Tiles,
)
from ftlint.support.messages import visible
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ftlint.report.page.parts import Bar, Block

ASSETS = os.path.join(os.path.dirname(__file__), "assets")
MOST_POINTS = 3000
"""Of a series; of longer ones the highest of each stretch is kept."""
NOTHING = "'none'"
HUES = 8
"""Colours that series take in turn: `--hue-0` and so on, in page.css."""


def document(page: Page) -> str:
    """Return a page as HTML."""
    charts: list[dict[str, Any]] = []
    body = "".join(f"{line}\n" for line in _body(page, charts))
    style = _asset("uplot/uPlot.min.css") + _asset("page.css")
    scripts = (_library(), f"\n{_asset('page.js')}") if charts else ()
    allowed = " ".join(f"'sha256-{_digest(one)}'" for one in scripts)
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src {allowed or NOTHING}"
    code = "".join(f"<script>{one}</script>\n" for one in scripts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{_text(page.title)}</title>\n<style>{style}</style></head>\n"
        f'<body>\n{body}<script type="application/json" id="charts">{as_json(charts)}</script>\n'
        f"{code}</body></html>\n"
    )


def as_json(data: object) -> str:
    """Return data as JSON that may stand in HTML: no letter in it begins or ends markup."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def _asset(name: str) -> str:
    with open(os.path.join(ASSETS, *name.split("/")), encoding="utf-8") as file:
        return file.read()


def _library() -> str:
    """Return the library behind its licence, which goes with every copy."""
    return f"\n/*!\n{_asset('uplot/LICENSE')}*/\n{_asset('uplot/uPlot.iife.min.js')}"


def _digest(script: str) -> str:
    from base64 import b64encode
    from hashlib import sha256

    return b64encode(sha256(script.encode()).digest()).decode("ascii")


def _text(words: str) -> str:
    return "<br>".join(escape(visible(line)) for line in words.split("\n"))


def _prose(words: str) -> str:
    """Return words as text in which what stands between backticks is code."""
    parts = _text(words).split("`")
    if len(parts) % 2 == 0:
        return "`".join(parts)
    return "".join(f"<code>{one}</code>" if at % 2 else one for at, one in enumerate(parts))


def _body(page: Page, charts: list[dict[str, Any]]) -> Iterator[str]:
    yield f"<header><h1>{_text(page.title)}</h1><p>{_text(page.subtitle)}</p></header><main>"
    for section in page.sections:
        yield from _section(section, charts)
    yield "</main>"
    if charts:
        yield "<noscript><p>Charts need JavaScript; tables hold the figures.</p></noscript>"


def _section(section: Section, charts: list[dict[str, Any]]) -> Iterator[str]:
    name = f' id="{_text(section.name)}"' if section.name else ""
    under = f'<span class="under">{_text(section.subtitle)}</span>' if section.subtitle else ""
    head = f"<h2>{_text(section.title)}</h2>{under}"
    kind = ' class="folded"' if section.folded else ""
    yield f"<section{name}{kind}>"
    yield f"<details><summary>{head}</summary>" if section.folded else head
    for block in section.blocks:
        yield from _block(block, charts)
    yield "</details></section>" if section.folded else "</section>"


def _block(block: Block, charts: list[dict[str, Any]]) -> Iterator[str]:
    if isinstance(block, Tiles):
        yield '<div class="tiles">'
        for one in block.tiles:
            note = f"<small>{_text(one.note)}</small>" if one.note else ""
            yield (
                f'<div class="tile {one.tone}"><span>{_text(one.label)}</span>'
                f"<b>{_text(one.value)}</b>{note}</div>"
            )
        yield "</div>"
    elif isinstance(block, Table):
        yield from _table(block)
    elif isinstance(block, Notes):
        if block.title:
            yield f"<h3>{_text(block.title)}</h3>"
        items = "".join(f"<li>{_prose(one)}</li>" for one in block.sentences)
        yield f'<ul class="notes {block.tone}">{items}</ul>'
    elif isinstance(block, Prose):
        yield f"<p>{_prose(block.text)}</p>"
    elif isinstance(block, Bars):
        yield from _bars(block)
    else:
        charts.append(_chart(block))
        yield from _figure(block, len(charts) - 1)


def _table(table: Table) -> Iterator[str]:
    if table.folded:
        yield f"<details><summary>{_text(table.folded)}</summary>"
    heads = "".join(
        f'<th scope="col"{_side(table, at)}>{_text(head)}</th>'
        for at, head in enumerate(table.heads)
    )
    kind = "words" if table.of_words == len(table.heads) else "figures"
    yield f'<table class="{kind}"><thead><tr>{heads}</tr></thead><tbody>'
    for row in table.rows:
        yield f"<tr>{''.join(_cell(cell, table, at) for at, cell in enumerate(row))}</tr>"
    yield "</tbody></table>"
    if table.folded:
        yield "</details>"


def _cell(cell: Cell | str, table: Table, at: int) -> str:
    one = cell if isinstance(cell, Cell) else Cell(cell)
    inner = _text(one.text)
    if one.link:
        inner = f'<a href="#{_text(one.link)}">{inner}</a>'
    kind = _side(table, at, one.tone)
    return f'<td data-head="{_text(table.heads[at])}"{kind}><span>{inner}</span></td>'


def _side(table: Table, at: int, tone: str = "") -> str:
    kinds = " ".join(filter(None, ("figure" if at >= table.of_words else "", tone)))
    return f' class="{kinds}"' if kinds else ""


def _bars(bars: Bars) -> Iterator[str]:
    """Yield bars with a key: segments of one name have one colour."""
    ends = [sum(one.value for one in bar.segments if not one.mark) for bar in bars.bars]
    marks = [one.value for bar in bars.bars for one in bar.segments if one.mark]
    scale = max([*ends, *marks, bars.limit or 0.0]) or 1.0
    names: list[str] = []
    for bar in bars.bars:
        names += [one.name for one in bar.segments if one.name not in names]
    yield f'<figure class="bars"><figcaption><b>{_text(bars.title)}</b> '
    yield f"<span>{_text(bars.unit)}</span></figcaption>"
    for bar in bars.bars:
        yield from _one_bar(bar, names, scale, bars.limit)
    single = len(bars.bars) == 1
    for name in names:
        shown = [one.shown for bar in bars.bars for one in bar.segments if one.name == name]
        behind = f" <b>{_text(shown[0])}</b>" if single else ""
        mark = any(one.mark for bar in bars.bars for one in bar.segments if one.name == name)
        kind = "mark" if mark else f"hue-{names.index(name) % HUES}"
        yield f'<span class="key"><i class="{kind}"></i>{_text(name)}{behind}</span>'
    yield f'<p class="note">{_text(bars.note)}</p></figure>' if bars.note else "</figure>"


def _one_bar(bar: Bar, names: list[str], scale: float, limit: float | None) -> Iterator[str]:
    yield f'<div class="bar"><span>{_text(bar.name)}</span><b>{_text(bar.total)}</b>'
    width = 100 * (limit or scale) / scale
    yield f'<div class="track"><div class="room" style="width:{width:.3f}%"></div>'
    place = 0.0
    for one in bar.segments:
        told = _text(f"{one.name}: {one.shown}")
        if one.mark:
            yield f'<i class="mark" style="left:{100 * one.value / scale:.3f}%" title="{told}"></i>'
            continue
        hue = names.index(one.name) % HUES
        at, size = 100 * place / scale, 100 * max(0.0, one.value) / scale
        yield (f'<i class="hue-{hue}" style="left:{at:.3f}%;width:{size:.3f}%" title="{told}"></i>')
        place += max(0.0, one.value)
    yield "</div></div>"


def _figure(chart: Chart, number: int) -> Iterator[str]:
    told = _text(f"{chart.title}: {chart.unit}, by {chart.named_x}")
    yield (
        f'<figure class="chart"><figcaption><b>{_text(chart.title)}</b> '
        f"<span>{_text(chart.unit)}</span></figcaption>"
        f'<div class="plot" data-chart="{number}" role="img" aria-label="{told}"'
        f' style="min-height:{chart.height:d}px"></div>'
    )
    for label, tone in {one.label: one.tone for one in chart.spans}.items():
        yield f'<span class="key"><i class="shade {tone}"></i>{_text(label)}</span>'
    if chart.note:
        yield f'<p class="note">{_text(chart.note)}</p>'
    yield "</figure>"


def _chart(chart: Chart) -> dict[str, Any]:
    kept = _kept(chart)
    return {
        "x": [_round(chart.x[at]) for at in kept],
        "namedX": visible(chart.named_x),
        "labels": [visible(one) for one in chart.labels],
        "top": None if chart.top is None else _round(chart.top),
        "fromZero": chart.from_zero,
        "together": chart.together,
        "height": chart.height,
        "spans": [[_round(one.start), _round(one.end), one.tone] for one in chart.spans],
        "series": [
            {
                "name": visible(one.name),
                "kind": one.kind,
                "tone": one.tone,
                "values": [_round(one.values[at]) for at in kept],
                "upper": [_round(one.upper[at]) for at in kept] if one.upper else None,
            }
            for one in chart.series
        ],
    }


def _kept(chart: Chart) -> list[int]:
    """Return the places that are drawn: all, or the highest of each stretch, series by series."""
    count = len(chart.x)
    if count <= MOST_POINTS:
        return list(range(count))
    stretch = -(-count * len(chart.series) // MOST_POINTS)
    found = {0, count - 1}
    for series in chart.series:
        for start in range(0, count, stretch):
            places = [
                at
                for at in range(start, min(count, start + stretch))
                if series.values[at] is not None
            ]
            found.update([max(places, key=lambda at: series.values[at] or 0.0)] if places else [])
    return sorted(found)


def _round(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")
