"""No function has so many branches that nobody can hold all ways through it in mind."""

from __future__ import annotations

import ast

from tests.branches import MOST, functions, own, weight


def test_no_function_has_too_many_branches() -> None:
    found = functions()
    assert len(found) > 3000
    assert [one for one in found if one.branches > MOST] == []


def test_branches_are_counted() -> None:
    text = """
def f(x):
    if x and x.a or x.b:
        return [one for one in x if one if one.a] if x else None
    elif x:
        while x:
            def g(): return 1 if x else 2
    try:
        pass
    except ValueError:
        match x:
            case 1:
                pass
"""
    (function,) = ast.parse(text).body
    assert sum(map(weight, own(function))) == 1 + 2 + 2 + 1 + 1 + 1 + 1 + 1
