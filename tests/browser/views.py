"""Pages as a browser shows them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

WIDTHS = (390, 1280)
"""Of a phone, and of a desktop's window."""


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


def drawn(view: Any, width: int) -> int:
    """Return how many charts are seen; each has ink and room, with its legend below."""
    captions = view.locator("figure.chart:visible").all()
    for caption in captions:
        canvas = caption.locator("canvas").bounding_box()
        legend = caption.locator(".u-legend").bounding_box()
        assert canvas["width"] > 0.8 * min(width - 60, 900)
        assert legend["y"] >= canvas["y"] + canvas["height"] - 1  # not over the curve
        assert ink(view, caption.locator("figcaption b").inner_text()) > 3
    return len(captions)


def fits(view: Any, name: str) -> None:
    """Assert that a page is no wider than its window; keep a picture in FTLINT_SCREENSHOTS if set.

    On a busy machine Chromium sometimes takes none of a long page: nothing is judged by it.
    """
    assert view.evaluate("document.documentElement.scrollWidth") <= view.viewport_size["width"]
    view.evaluate("scrollTo(0, 0)")
    if folder := os.environ.get("FTLINT_SCREENSHOTS"):
        view.screenshot(path=f"{folder}/{name}.png", full_page=True)


def chart(view: Any, title: str) -> Any:
    return view.locator("figure.chart", has=view.locator(f"figcaption b:text-is('{title}')")).first
