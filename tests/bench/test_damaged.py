"""Results and calibrations that are damaged: one clear line, never a traceback or a forged line."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest
from tests.bench.kept import CONFIG, kept, question, record
from tests.bench.made import result, step
from tests.bench.mutations import mutated
from tests.searches import tries
from tests.streams import call

from ftbench.calibration import store
from ftbench.calibration.lookup import Answer, NoAnswer, look_up
from ftbench.calibration.record import as_json
from ftbench.cli import bench
from ftlint.cli.commands import cli

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["kept"]  # its folder for calibrations is this module's, too


def said(*arguments: object) -> tuple[int, str]:
    """Run bench; hold what it says to what no file may do to a terminal or to a CI."""
    done = call(bench, *arguments)
    text = done.out + done.err
    assert done.status in (0, 1, 2), text
    assert "Traceback" not in text
    assert not any(line.lstrip().startswith("::") for line in text.split("\n"))
    assert not set("\x1b\r") & set(text)
    return done.status, text


@pytest.mark.search
def test_a_damaged_result_is_one_line_or_read(tmp_path: Path) -> None:
    whole = result([step(0.1 + 0.001 * number, [(2, 64)]) for number in range(12)])
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(whole), "utf-8")
    draw = random.Random(7)
    count, refused = tries(50), 0
    for _ in range(count):
        bad.write_text(json.dumps(mutated(whole, draw)), "utf-8")
        for arguments in (
            ("report", bad), ("compare", good, bad), ("compare", "--force", bad, good),
            ("report", bad, "-o", tmp_path / "page.html"),
        ):  # fmt: skip
            status, text = said(*arguments)
            refused += status == 2
            assert status != 2 or text.count("\n") <= 8
    assert refused > count


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{", "", "\xff", '{"kind": "run"}', "NaN", "1e999"]
)
def test_what_is_no_result_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(text.encode("latin-1"))
    for arguments in (("report", path), ("compare", path, path)):
        status, told = said(*arguments)
        assert (status, told.count("\n")) == (2, 1)


@pytest.mark.parametrize("program", ["/bin/true", "/bin/echo", "/bin/cat", "/bin/false", "/"])
def test_what_is_no_python_is_one_line(tmp_path: Path, program: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(CONFIG, "utf-8")
    status, text = said("run", "--python", program, path)
    assert (status, text.count("\n")) == (2, 1)


@pytest.mark.search
def test_a_damaged_calibration_is_passed_over(tmp_path: Path, kept: Path) -> None:
    whole = record(tmp_path)
    asked = question(tmp_path)
    data = as_json(whole)
    config = tmp_path / "c.yaml"
    config.write_text(CONFIG, "utf-8")
    draw = random.Random(8)
    count, answered = tries(13), 0
    for number in range(count):
        path = store.add(whole)
        damaged = mutated(data, draw)
        damaged["when"] = "9999" if number % 2 else damaged.get("when")
        path.write_text(json.dumps(damaged, ensure_ascii=True) + "\n", "utf-8")
        for arguments in (["steps", config], [config]):
            done = call(cli, *arguments)
            assert done.status in (0, 1), (damaged, done)
            assert "Traceback" not in done.err
        found = look_up(asked)
        answered += isinstance(found, Answer)
        assert isinstance(found, (Answer, NoAnswer))
        store.add(whole)
        assert isinstance(look_up(asked), Answer), damaged
        path.unlink()
    assert 0 < answered < count


def test_predict_says_what_is_missing_and_what_to_do(tmp_path: Path) -> None:
    store.add(record(tmp_path))
    path = tmp_path / "c.yaml"
    path.write_text(CONFIG.replace("dataset-size=3000, ", ""), "utf-8")
    status, text = said("predict", path)
    assert status == 2
    assert "the number of steps is not known: add" in text
    assert "`# ftlint: dataset-size=N`" in text
    path.write_text(CONFIG, "utf-8")
    assert said("predict", path)[0] == 0
