"""The page of a report in a real browser: it is drawn, it asks for nothing, it reports no fault."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from tests.bench.kept import question, record
from tests.bench.machine import Machine, lengths, shuffled
from tests.bench.made import H100, result

from ftbench.calibration import store
from ftbench.report.page import page
from ftbench.report.run_view import of_results
from ftbench.runners import configs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's chromium; FTLINT_CHROMIUM names another."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("FTLINT_CHROMIUM") or shutil.which("chromium")
    assert path, "no chromium: install Debian's package, or name it in FTLINT_CHROMIUM"
    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


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
    made[0]["device"] = {"samples": samples, "other_processes": 0}
    runs = of_results([("before.json", made[0]), ("after.json", made[1])])
    path.write_text(page(runs, "Two </title><script>runs"), encoding="utf-8")
    return path


def opened(browser: Any, path: Path, width: int, **how: Any) -> tuple[Any, list[str], list[str]]:
    """Return a view of a page whose charts are drawn, with its faults and what it asked for."""
    view = browser.new_page(viewport={"width": width, "height": 900}, **how)
    faults: list[str] = []
    asked: list[str] = []
    view.on("console", lambda message: faults.append(message.text))
    view.on("pageerror", lambda error: faults.append(str(error)))
    view.on("request", lambda request: asked.append(request.url))
    view.goto(path.as_uri())
    for place in range(0, view.evaluate("document.documentElement.scrollHeight"), 700):
        view.evaluate(f"scrollTo(0, {place})")
        view.wait_for_timeout(30)
    return view, faults, asked


def ink(view: Any, title: str) -> int:
    """Return how many colours the canvas of a chart has."""
    found: int = (
        chart(view, title)
        .locator("canvas")
        .evaluate(
            """canvas => {
          const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const seen = new Set();
          for (let at = 0; at < data.length; at += 4)
            if (data[at + 3]) seen.add(data[at] << 16 | data[at + 1] << 8 | data[at + 2]);
          return seen.size;
        }"""
        )
    )
    return found


def chart(view: Any, title: str) -> Any:
    return view.locator("figure.chart", has=view.locator(f"figcaption b:text-is('{title}')")).first


WIDTHS = (390, 1280)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_fits_and_is_drawn(
    browser: Any, report: Path, pair: Path, tmp_path: Path, width: int, scheme: str
) -> None:
    """Also leaves a picture of each; FTLINT_SCREENSHOTS names a folder that keeps them."""
    kept = os.environ.get("FTLINT_SCREENSHOTS") or str(tmp_path)
    for path in (report, pair):
        view, faults, asked = opened(browser, path, width, color_scheme=scheme)
        assert faults == []
        assert asked == [path.as_uri()]
        assert view.evaluate("document.documentElement.scrollWidth") <= width
        view.evaluate("scrollTo(0, 0)")
        view.screenshot(path=f"{kept}/{path.stem}-{width}-{scheme}.png", full_page=True)
        paper = view.evaluate("getComputedStyle(document.body).backgroundColor")
        assert paper == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(16, 20, 25)")
        for caption in view.locator("figure.chart:visible").all():
            canvas = caption.locator("canvas").bounding_box()
            legend = caption.locator(".u-legend").bounding_box()
            assert canvas["width"] > 0.8 * min(width - 60, 900)
            assert legend["y"] >= canvas["y"] + canvas["height"] - 1  # not over the curve
            assert ink(view, caption.locator("figcaption b").inner_text()) > 3
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
