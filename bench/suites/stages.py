"""Where a warm process spends its time on one file, stage by stage: pytest-benchmark.

    pytest bench/suites/stages.py

What a whole process takes, start-up included, is `bench/suites/linter.py`'s.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ftlint.engine import lint_bytes
from ftlint.fixes.apply import fix
from ftlint.project.options import Options
from ftlint.report import FORMATS, reporter
from ftlint.results import Run
from ftlint.syntax import composer, fast_path
from ftlint.syntax.construct import construct
from ftlint.syntax.dialect import OMEGACONF
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target

if TYPE_CHECKING:
    from collections.abc import Callable

    Benchmark = Callable[..., Any]

ROOT = Path(__file__).resolve().parents[2]
GOOD = (ROOT / "examples" / "good" / "lora_sft.yaml").read_text("utf-8")
BAD = (ROOT / "examples" / "bad" / "slips.yaml").read_text("utf-8")
NEWEST = Options(resolve_target())


def test_read_flat(benchmark: Benchmark) -> None:
    """The reader of flat files, which most are."""
    assert benchmark(fast_path.read, GOOD) is not None


def test_read_by_the_parser(benchmark: Benchmark) -> None:
    """The same file by the YAML parser."""
    assert benchmark(composer.compose, GOOD) == fast_path.read(GOOD)


def test_type_the_values(benchmark: Benchmark) -> None:
    """Nodes to the values of the target's loader."""
    document = fast_path.read(GOOD)
    assert document is not None
    assert benchmark(construct, document.root, OMEGACONF).entries


def test_lint_a_good_file(benchmark: Benchmark) -> None:
    """Bytes to findings; its data are counted."""
    found = benchmark(lint_bytes, "c.yaml", GOOD.encode(), NEWEST).diagnostics
    assert [one for one in found if one.severity == "error"] == []


def test_lint_a_bad_file(benchmark: Benchmark) -> None:
    """Bytes to findings, with fixes."""
    assert benchmark(lint_bytes, "c.yaml", BAD.encode(), NEWEST).diagnostics


def test_fix_a_bad_file(benchmark: Benchmark) -> None:
    """Fixing until nothing changes."""
    source = of_text("c.yaml", BAD)
    assert benchmark(fix, source, NEWEST, unsafe=False).source.text != BAD


@pytest.mark.parametrize("name", FORMATS)
def test_report(benchmark: Benchmark, name: str) -> None:
    """A report of one file in each format."""
    run = Run(NEWEST.target, (lint_bytes("c.yaml", BAD.encode(), NEWEST),))
    assert benchmark(lambda: list(reporter(name)(run, False)))
