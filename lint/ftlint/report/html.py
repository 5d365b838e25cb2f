"""What pages of results have in common: nothing is loaded from anywhere, nothing is run."""

from __future__ import annotations

from html import escape

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STYLE = """
:root { color-scheme: light dark; --ink: #1c2128; --pale: #d5dae1; --paper: #fff; --soft: #f4f6f8 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e3e8ee; --pale: #3b444f; --paper: #12161b; --soft: #1b2027 } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.2rem }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--pale) }
th:first-child, td:first-child { text-align: left }
pre { background: var(--soft); padding: .8rem; overflow-x: auto; font-size: 13px }
svg { width: 100%; height: auto } svg text { fill: var(--ink); font: 11px system-ui, sans-serif }
.grid { stroke: var(--pale) } .axis { stroke: var(--ink) }
.ideal { stroke: var(--ink); stroke-dasharray: 4 4; opacity: .6 }
.scroll { overflow-x: auto } .out { color: #b3261e; font-weight: 600 }
"""
FOOT = "</body></html>"


def head(title: str) -> Iterator[str]:
    """Yield a page up to its title."""
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield (
        '<meta http-equiv="Content-Security-Policy"'
        " content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    )
    yield f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>"
    yield f"<h1>{escape(title)}</h1>"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a table of texts."""
    yield '<div class="scroll"><table><thead><tr>'
    yield "".join(f"<th>{escape(one)}</th>" for one in heads)
    yield "</tr></thead><tbody>"
    for row in rows:
        yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
    yield "</tbody></table></div>"
