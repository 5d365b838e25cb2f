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


def test_the_page_is_drawn(browser: Any, report: Path) -> None:
    view = browser.new_page(viewport={"width": 1200, "height": 900})
    faults: list[str] = []
    asked: list[str] = []
    view.on("console", lambda message: faults.append(message.text))
    view.on("pageerror", lambda error: faults.append(str(error)))
    view.on("request", lambda request: asked.append(request.url))
    view.goto(report.as_uri())
    assert faults == []
    assert asked == [report.as_uri()]
    assert view.title() == "bench report"
    assert view.locator("#runs tbody tr").count() == 3
    assert view.locator("#runs tbody tr").nth(0).locator("td").nth(2).inner_text() == "376"
    for name in ("times", "predictions", "memory"):
        size = view.locator(f"#{name} svg").bounding_box()
        assert size["width"] > 500
        assert size["height"] > 60
    lines = view.locator("#times polyline")
    assert lines.count() == 2
    drawn = lines.nth(0).evaluate("line => line.getBBox().width")
    assert drawn > 400
    assert view.locator("#predictions circle.dot").count() == 1
    assert "376" not in view.locator("#predicted").inner_text()
    assert "%" in view.locator("#predicted tbody tr td").nth(4).inner_text()
    assert view.locator("b").count() == 0
    assert "<b>no room</b>" in view.locator("pre").last.inner_text()


def test_it_fits_a_narrow_and_a_dark_screen(browser: Any, report: Path) -> None:
    view = browser.new_page(viewport={"width": 390, "height": 800}, color_scheme="dark")
    view.goto(report.as_uri())
    wide = view.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    paper, ink = (
        view.evaluate(f"getComputedStyle(document.body).{name}")
        for name in ("backgroundColor", "color")
    )
    assert (paper, ink) == ("rgb(18, 22, 27)", "rgb(227, 232, 238)")
