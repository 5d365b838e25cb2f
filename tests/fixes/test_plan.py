"""Edits one after the other are one set of edits."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ftlint.diagnostics import Edit
from ftlint.edits.plan import collide, compose, ordered, splice


@st.composite
def edits_of(draw: st.DrawFn, length: int) -> tuple[Edit, ...]:
    places = sorted(draw(st.lists(st.integers(0, length), max_size=8, unique=True)))
    return ordered(
        Edit(start, end, draw(st.text("xyz", max_size=3)))
        for start, end in zip(places[::2], places[1::2])
    )


@given(st.data(), st.text("abc\n", max_size=20))
def test_composed_edits_do_what_both_do(data: st.DataObject, text: str) -> None:
    first = data.draw(edits_of(len(text)))
    middle = splice(text, first)
    second = data.draw(edits_of(len(middle)))
    both = compose(first, second, len(text))
    assert splice(text, both) == splice(middle, second)
    assert all(a.end <= b.start for a, b in pairwise(both))


@given(st.data())
def test_edits_that_do_not_collide_may_be_made_in_any_order(data: st.DataObject) -> None:
    text = "0123456789"
    one, other = data.draw(edits_of(10)), data.draw(edits_of(10))
    if any(collide(a, b) for a in one for b in other):
        return
    together = splice(text, ordered([*one, *other]))
    assert together == splice(text, ordered([*other, *one]))
    kept = {i for i in range(10) if not any(e.start <= i < e.end for e in (*one, *other))}
    assert [c for c in together if c.isdigit()] == [str(i) for i in sorted(kept)]


def test_an_insertion_at_the_border_of_another_edit_collides() -> None:
    assert collide(Edit(3, 3, "x"), Edit(3, 3, "y"))
    assert collide(Edit(3, 3, "x"), Edit(0, 3, ""))
    assert not collide(Edit(0, 3, ""), Edit(3, 5, ""))
    assert not collide(Edit(2, 2, "x"), Edit(3, 5, ""))
