"""What `bench predict` advises where the number of steps is not known: each of it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.bench.kept import CONFIG, kept, record
from tests.streams import call
from tests.tokens.helpers import asked, write_data, write_model

from ftbench.calibration import store
from ftbench.cli import bench

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["kept"]  # its folder for calibrations is this module's, too

UNKNOWN = "the number of steps is not known"
HUB = {"hf_hub_url": "somebody/faq"}


def told(folder: Path, *lines: str, **keys: str) -> str:
    """Return what predict says of the config with other keys and more lines."""
    text = CONFIG.replace("dataset-size=3000, ", "")
    for key, value in keys.items():
        text = "".join(one for one in text.splitlines(True) if not one.startswith(f"{key}:"))
        text += f"{key}: {value}\n"
    path = folder / "c.yaml"
    path.write_text("\n".join([*lines, text]), "utf-8")
    return str(call(bench, "predict", path, "--model", "llama-3-8b").err)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store.add(record(tmp_path))
    return tmp_path


SIZE, STEPS = "# ftlint: dataset-size=3000", "max_steps: 100"


def with_data(folder: Path, **definition: Any) -> dict[str, str]:
    write_data(folder / "data", [asked(20, 200)] * 200, **definition)
    return {"dataset_dir": str(folder / "data"), "model_name_or_path": str(folder / "model")}


def test_rows_that_are_elsewhere(folder: Path) -> None:
    said = told(folder, dataset_dir="elsewhere")
    assert UNKNOWN in said
    assert "`# ftlint: dataset-size=N` to the config or set `max_steps`, or run where `data" in said
    assert told(folder, SIZE, dataset_dir="elsewhere") == ""
    assert told(folder, STEPS, dataset_dir="elsewhere") == ""
    assert told(folder, **with_data(folder)) == ""


def test_rows_of_the_hub(folder: Path) -> None:
    keys = with_data(folder, **HUB)
    said = told(folder, **keys)
    assert f"{UNKNOWN} (dataset faq: somebody/faq comes from Hugging Face" in said
    assert said.endswith(": add `# ftlint: dataset-size=N` to the config or set `max_steps`\n")
    assert told(folder, SIZE, **keys) == told(folder, STEPS, **keys) == ""


@pytest.mark.parametrize("packed", [{"stage": "pt"}, {"packing": "true"}])
def test_rows_that_are_packed(folder: Path, packed: dict[str, str]) -> None:
    keys = {**with_data(folder), **packed}
    said = told(folder, **keys)
    assert f"{UNKNOWN} (rows are packed, and their tokens are not counted)" in said
    assert "set `max_steps`, or run where the data and the model's `tokenizer.json` are" in said
    assert "dataset-size" not in said
    assert UNKNOWN in told(folder, SIZE, **keys)  # it would not have helped
    assert told(folder, STEPS, **keys) == ""
    write_model(folder / "model")
    assert told(folder, **keys) == ""


def test_rows_of_a_tokenized_path(folder: Path) -> None:
    keys = {**with_data(folder), "tokenized_path": str(folder / "elsewhere")}
    said = told(folder, **keys)
    assert said.endswith(": set `max_steps`, or run where `tokenized_path` is\n")
    assert UNKNOWN in told(folder, SIZE, **keys)
    assert told(folder, STEPS, **keys) == ""


def test_a_run_that_is_refused_is_left_to_the_rule_that_says_why(folder: Path) -> None:
    said = told(folder, streaming="true", dataset_dir="elsewhere")
    assert "no step plan: `ftlint CONFIG` explains FT" in said
