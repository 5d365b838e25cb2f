"""What an edit of the file is made of, and how several become one."""

from __future__ import annotations

from ftlint.diagnostics import Change, Edit
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Plan(NamedTuple):
    """Edits of one text, sorted and apart from each other, and what they change in its data."""

    edits: tuple[Edit, ...]
    changes: tuple[Change, ...]


def ordered(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Sort edits by place, insertions before what follows them; edits without effect go."""
    return tuple(sorted((edit for edit in edits if edit.text or edit.end > edit.start), key=_place))


def splice(text: str, edits: Iterable[Edit]) -> str:
    """Apply sorted edits that do not overlap."""
    parts: list[str] = []
    position = 0
    for edit in edits:
        assert position <= edit.start <= edit.end, "edits overlap"
        parts += text[position : edit.start], edit.text
        position = edit.end
    return "".join([*parts, text[position:]])


def collide(one: Edit, other: Edit) -> bool:
    """Return whether two edits of different fixes cannot both be applied to one text.

    Touching ones can, save where one only inserts: the order would be a guess.
    """
    if one.start == one.end or other.start == other.end:
        return one.start <= other.end and other.start <= one.end
    return one.start < other.end and other.start < one.end


def compose(first: tuple[Edit, ...], second: tuple[Edit, ...], length: int) -> tuple[Edit, ...]:
    """Return the edits of a text of `length` that do what `first` and then `second` do."""
    pieces = _cut(_pieces(first, length), second)
    edits: list[Edit] = []
    position, pending = 0, ""
    for piece in pieces:
        if isinstance(piece, str):
            pending += piece
            continue
        if pending or piece[0] > position:
            edits.append(Edit(position, piece[0], pending))
        position, pending = piece[1], ""
    if pending or length > position:
        edits.append(Edit(position, length, pending))
    return ordered(edits)


_Piece = tuple[int, int] | str
"""A stretch of the original text, or new text."""


def _pieces(edits: tuple[Edit, ...], length: int) -> list[_Piece]:
    pieces: list[_Piece] = []
    position = 0
    for edit in edits:
        pieces += [(position, edit.start), edit.text]
        position = edit.end
    return [*pieces, (position, length)]


def _cut(pieces: list[_Piece], edits: tuple[Edit, ...]) -> list[_Piece]:
    """Apply edits, whose offsets count along the pieces, to the pieces."""
    made: list[_Piece] = []
    rest = list(reversed(pieces))
    position = 0

    def take(until: int, keep: bool) -> None:
        nonlocal position
        while position < until:
            piece = rest.pop()
            size = len(piece) if isinstance(piece, str) else piece[1] - piece[0]
            if size > until - position:
                size = until - position
                if isinstance(piece, str):
                    piece, left = piece[:size], piece[size:]
                    rest.append(left)
                else:
                    rest.append((piece[0] + size, piece[1]))
                    piece = (piece[0], piece[0] + size)
            position += size
            if keep:
                made.append(piece)

    for edit in edits:
        take(edit.start, keep=True)
        take(edit.end, keep=False)
        made.append(edit.text)
    return [*made, *reversed(rest)]


def _place(edit: Edit) -> tuple[int, int]:
    return edit.start, edit.end
