"""What a page is made of: records without markup, but that sentences have code in backticks."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Literal, TypeAlias, Union

    Tone: TypeAlias = Literal["", "good", "warn", "bad", "soft"]
    """How something is coloured: neutral, or by what it means; soft is beside the point."""
    Kind: TypeAlias = Literal["line", "points", "bars", "stack", "range"]
    Block: TypeAlias = Union["Tiles", "Table", "Chart", "Bars", "Notes", "Prose"]


class Page(NamedTuple):
    """A page: its name, a line on where it is from, and its sections from the top down."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]


class Section(NamedTuple):
    """A headed part of a page. A folded one opens when it is clicked, and for print."""

    title: str
    blocks: tuple[Block, ...]
    name: str = ""
    """Where links lead to: letters, digits and hyphens."""
    folded: bool = False
    subtitle: str = ""


class Tile(NamedTuple):
    """A figure in large letters; `note` says how sure it is, or what it is of."""

    label: str
    value: str
    note: str = ""
    tone: Tone = ""


class Tiles(NamedTuple):
    """Figures side by side."""

    tiles: tuple[Tile, ...]


class Cell(NamedTuple):
    """A cell of a table that has a tone or leads to a section."""

    text: str
    tone: Tone = ""
    link: str = ""


class Table(NamedTuple):
    """A table; its first `of_words` columns are text, the others figures."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell | str, ...], ...]
    of_words: int = 1
    folded: str = ""
    """The summary under which it is folded away."""


class Notes(NamedTuple):
    """Sentences that stand out in a tone, under a title."""

    sentences: tuple[str, ...]
    tone: Tone = ""
    title: str = ""


class Prose(NamedTuple):
    """A paragraph."""

    text: str


class Segment(NamedTuple):
    """A part of a bar, or a mark on it where `mark` is set: then `value` is its place."""

    name: str
    value: float
    shown: str
    mark: bool = False


class Bar(NamedTuple):
    """A named bar of segments that lie end to end; `total` is written behind its name."""

    name: str
    segments: tuple[Segment, ...]
    total: str = ""


class Bars(NamedTuple):
    """Bars on one scale from 0 to `limit`; without one, to the longest."""

    title: str
    bars: tuple[Bar, ...]
    limit: float | None = None
    note: str = ""
    unit: str = ""


class Series(NamedTuple):
    """Values of a chart, one for each x; None is a gap.

    Those of kind `stack` are piled up in their order. `range` draws from `values` to `upper`.
    """

    name: str
    values: tuple[float | None, ...]
    kind: Kind = "line"
    tone: Tone = ""
    upper: tuple[float | None, ...] = ()


class Shading(NamedTuple):
    """A stretch of x that is shaded behind the curves; spans of one label share an entry below."""

    start: float
    end: float
    label: str
    tone: Tone = "soft"


class Chart(NamedTuple):
    """A chart that shows values under the pointer, zooms, and follows the screen's colours."""

    title: str
    unit: str
    """What its heights are, as `seconds a step`."""
    x: tuple[float, ...]
    named_x: str
    series: tuple[Series, ...]
    spans: tuple[Shading, ...] = ()
    labels: tuple[str, ...] = ()
    """Names of the places on x, where those are not numbers."""
    top: float | None = None
    """The greatest height that is drawn; what is higher is marked at the edge."""
    from_zero: bool = True
    """Heights start at 0; else at the lowest value, where differences matter and not shares."""
    note: str = ""
    together: str = ""
    """Charts of one name show the same x under the pointer, and zoom together."""
    height: int = 220
