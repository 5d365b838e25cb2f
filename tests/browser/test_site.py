"""The documentation as a site: built strictly, it fits phone and desktop; search finds rules."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from ftlint.rulebook.registry import BUILT_IN
from ftlint.support.addresses import SITE, rule_page
from tests.browser.views import WIDTHS, fits
from tests.docs.pages import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.browser

SHOWN = ("", "quickstart/", "quickstart.zh/", "quickstart.ko/", "hook/", "ci/", "gpu/", "memory/",
         "doctor/", "policies/", "rules/", "rules/FT201/", "keys/", "cli/", "accuracy/",
         "benchmarks/linter/", "first-finding/")  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site; a link that leads nowhere is an error."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def served(built: Path) -> Iterator[str]:
    """Its address on this machine: search does not work from files."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(built)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def test_every_rule_has_its_address(built: Path) -> None:
    tree = ElementTree.parse(built / "sitemap.xml")
    listed = {node.text for node in tree.iter() if node.tag.endswith("loc")}
    assert SITE in listed
    assert {rule_page(code) for code in BUILT_IN.rules} <= listed


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_fit(browser: Any, served: str, width: int) -> None:
    for page in SHOWN:
        view = browser.new_page(viewport={"width": width, "height": 900})
        answer = view.goto(served + page)
        assert answer.status == 200, page
        fits(view, f"site-{page.strip('/').replace('/', '-') or 'home'}-{width}")
        view.close()


def test_the_home_page_is_one_screen(browser: Any, served: str) -> None:
    view = browser.new_page(viewport={"width": 1280, "height": 900})
    view.goto(served)
    picture = view.locator(".home img")
    assert picture.evaluate("one => one.complete && one.naturalWidth") > 600
    for seen in (picture, view.locator(".home pre")):
        box = seen.bounding_box()
        assert box["y"] + box["height"] < 900
    view.close()


def test_search_finds_a_rule_by_code_and_by_key(browser: Any, served: str) -> None:
    view = browser.new_page(viewport={"width": 1280, "height": 900})
    view.goto(served)
    for words, page in (("FT402", "FT402"), ("val_size eval_dataset", "FT402")):
        view.locator("input.md-search__input").fill(words)
        view.wait_for_selector(f".md-search-result__link[href*='{page}']", timeout=20_000)
    view.close()
