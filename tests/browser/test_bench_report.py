"""The page of a report in a real browser: it is drawn, it asks for nothing, it reports no fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ftbench.calibration import store
from ftbench.report.page import page
from ftbench.report.run_view import of_results
from ftbench.runners import configs
from tests.bench.kept import question, record
from tests.bench.machine import Machine, lengths, shuffled
from tests.bench.made import H100, result
from tests.browser.views import WIDTHS, drawn, fits, opened

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page of two runs, one of them with a prediction, and a third that failed."""
    monkeypatch.setenv("FTBENCH_CALIBRATION", str(tmp_path / "kept"))
    store.add(record(tmp_path, "2026-11-22T10:00:00+00:00"))
    machine, asked = Machine(), question(tmp_path)
    done = machine.run(shuffled(lengths(), 8, 376, 2, 5), 5, rows=3000)
    values = {**asked.values, "model_name_or_path": "meta-llama/Llama-3.1-8B"}
    loaded = configs.load(str(tmp_path / "config.yaml"), {}, 1)
    plan = configs.as_data(loaded, configs.plan(loaded, loaded.values))
    done.update(plan=plan, environment={**done["environment"], "gpu": H100})
    done["config"] = {**done["config"], "values": values}
    other = machine.run([[(4, 512)]] * 40, 6)
    failed = result([], error={"kind": "out_of_memory", "message": "<b>no room</b>",
                               "remedy": "less"})  # fmt: skip
    path = tmp_path / "page.html"
    runs = of_results([("first.json", done), ("second.json", other), ("third.json", failed)])
    path.write_text(page(runs), encoding="utf-8")
    return path


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """A page of two runs with clocks, a slow step and throttling: its sections are open."""
    path = tmp_path / "pair.html"
    made = [Machine().run([[(4, 512)]] * 60, seed) for seed in (5, 6)]
    made[0]["steps"][40]["seconds"] *= 3
    samples = [[at / 3, 1980.0 - at % 7, 500.0, 50.0, float(0x20 * (40 < at < 60))]
               for at in range(200)]  # fmt: skip
    for at, one in enumerate(made[0]["steps"]):
        one["held"] = {"allocated": 10**9 * (20 + at % 9), "reserved": 35 * 10**9}
    made[0]["device"] = {"samples": samples, "other_processes": 0}
    runs = of_results([("before.json", made[0]), ("after.json", made[1])])
    path.write_text(page(runs, "Two </title><script>runs"), encoding="utf-8")
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_fits_and_is_drawn(
    browser: Any, report: Path, pair: Path, width: int, scheme: str
) -> None:
    """Also leaves a picture of each; FTLINT_SCREENSHOTS names a folder that keeps them."""
    for path in (report, pair):
        view, faults, asked = opened(browser, path, width, color_scheme=scheme)
        assert faults == []
        assert asked == [path.as_uri()]
        fits(view, f"{path.stem}-{width}-{scheme}")
        paper = view.evaluate("getComputedStyle(document.body).backgroundColor")
        assert paper == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(16, 20, 25)")
        assert drawn(view, width) > 0
        view.close()


def test_figures_are_told_before_anything_else(browser: Any, report: Path) -> None:
    view, *_ = opened(browser, report, 1280)
    assert view.title() == "bench report"
    rows = view.locator("#overview table.figures tbody tr")
    assert rows.count() == 3
    assert rows.nth(0).locator("td").nth(2).inner_text() == "376"
    assert "%" in rows.nth(0).locator("td").last.inner_text()
    assert view.locator("#overview .tile").count() >= 3
    assert view.locator("b:text-is('no room')").count() == 0
    assert "<b>no room</b>" in view.locator("#overview .notes.bad").inner_text()
    folded = view.locator("#run-1 details").first
    assert not folded.evaluate("one => one.open")
    rows.nth(0).locator("a").click()
    assert folded.evaluate("one => one.open")
    view.wait_for_selector("#run-1 canvas")


def test_pointing_tells_and_dragging_zooms(browser: Any, pair: Path) -> None:
    view, faults, _ = opened(browser, pair, 1280)
    assert view.title() == "Two </title><script>runs"
    first = view.locator("#run-1 figure.chart").nth(0)
    first.scroll_into_view_if_needed()
    over = first.locator(".u-over").bounding_box()
    left, middle = over["x"], over["y"] + over["height"] / 2
    view.mouse.move(left + over["width"] * 0.5, middle)
    said = first.locator(".u-value").all_inner_texts()
    assert said[0] in ("30", "31")
    assert float(said[1]) > 0
    beside = view.locator("#run-1 figure.chart").nth(1).locator(".u-value").all_inner_texts()
    assert beside[0] == said[0]  # the same step in the next chart

    def span() -> str:
        found: str = view.evaluate(
            """() => [...document.querySelectorAll("#run-1 figure.chart .reset")]
              .map(one => one.hidden ? "whole" : "part").join(" ")"""
        )
        return found

    assert "part" not in span()
    view.mouse.down()
    view.mouse.move(left + over["width"] * 0.7, middle, steps=5)
    view.mouse.up()
    view.wait_for_timeout(100)
    assert span().startswith("part part")
    first.locator(".reset").click()
    view.wait_for_timeout(100)
    assert "part" not in span()
    assert faults == []


def test_on_paper_it_is_light_and_open(browser: Any, report: Path) -> None:
    view, faults, _ = opened(browser, report, 1280, color_scheme="dark")
    view.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert view.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert view.locator("details:not([open])").count() == 0
    assert view.locator("#run-1 canvas").first.is_visible()
    assert len(view.pdf()) > 20_000
    view.evaluate("dispatchEvent(new Event('afterprint'))")
    assert view.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 20, 25)"
    assert view.locator("#run-1 details[open]").count() == 0
    assert faults == []
