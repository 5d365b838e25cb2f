"""What ftlint says of data files is what the real `datasets` does with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.oracle import environments
from tests.oracle.loader_drawn import drawn, drawn_tables
from tests.oracle.loader_files import made
from tests.oracle.loaders import Loader, hold

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.oracle


@pytest.fixture(scope="module", params=["0.9.5", "0.9.3"])
def loader(request: pytest.FixtureRequest) -> Iterator[Loader]:
    running = Loader(str(environments.ensure(request.param)))
    yield running
    running.close()


def test_files_made_by_hand(loader: Loader) -> None:
    held = list(hold(made(), loader))
    assert [one for one in held if not one.agreed] == []
    assert all(one.ours.rows == one.theirs.rows for one in held if one.ours.since)
    settled = [one for one in held if one.ours.rows == one.theirs.rows]
    assert len(settled) > 0.75 * len(held)  # "unknown" is no way out


def test_files_made_by_chance(loader: Loader) -> None:
    held = list(hold(drawn(60, seed=20), loader))
    assert [one for one in held if not one.agreed] == []
    assert sum(one.ours.rows == one.theirs.rows for one in held) > 50


def test_tables_put_together_by_chance(loader: Loader) -> None:
    held = list(hold(drawn_tables(60, seed=20), loader))
    assert [one for one in held if not one.agreed] == []
    assert sum(one.ours.rows == one.theirs.rows for one in held) > 30
