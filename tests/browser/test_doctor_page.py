"""The page of `ftlint doctor` in a real browser, of one run and of several with hostile names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.views import WIDTHS, chart, drawn, fits, ink, opened
from tests.cli.calls import ROOT, invoke
from tests.doctor.test_keeping import run_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser

HOSTILE = "</script><img src=x onerror=alert(1)>&amp;\u202erun"


@pytest.fixture
def single(tmp_path: Path) -> Path:
    """The example of a run that learned its rows by heart."""
    return page(tmp_path / "one.html", str(ROOT / "examples" / "runs" / "memorised"))


@pytest.fixture
def several(tmp_path: Path) -> Path:
    """Three runs, one of whose names is markup."""
    names = ("first", HOSTILE.replace("/", "_"), "a" * 60)
    losses = ([2.0, 1.5, 1.6, 1.7, 1.8, 1.9], [2.0, 1.8, 1.7, 1.65, 1.63, 1.62], [2.0, 1.9, 1.8])
    runs = [run_of(tmp_path / name, found) for name, found in zip(names, losses)]
    return page(tmp_path / "several.html", *map(str, runs))


def page(path: Path, *runs: str) -> Path:
    path.write_text(invoke("doctor", *runs, "--output-format", "html").out, encoding="utf-8")
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_fits_and_is_drawn(
    browser: Any, single: Path, several: Path, width: int, scheme: str
) -> None:
    for path, charts in ((single, 1), (several, 4)):
        view, faults, asked = opened(browser, path, width, color_scheme=scheme)
        assert faults == []
        assert asked == [path.as_uri()]
        fits(view, f"doctor-{path.stem}-{width}-{scheme}")
        assert drawn(view, width) == charts
        view.close()


def test_what_was_found_is_told(browser: Any, single: Path) -> None:
    view, *_ = opened(browser, single, 1280)
    assert view.title() == "ftlint doctor"
    assert "over-fitting" in view.locator("main").inner_text()
    assert view.locator(".notes.warn li").count() >= 1
    assert ink(view, "Losses") > 3
    assert chart(view, "Losses").locator(".u-legend .u-series").count() == 4  # step, losses, lowest


def test_names_are_text(browser: Any, several: Path) -> None:
    view, faults, _ = opened(browser, several, 1280)
    assert view.locator("main img").count() == 0
    assert "<img src=x onerror=alert(1)>" in view.locator("main").inner_text()
    assert "\u202e" not in view.locator("main").inner_text()
    assert faults == []
