"""What is planned, from which data, and what rules may ask of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.planning.helpers import HEAD, NOTHING, codes, context_of
from tests.stating import stating

if TYPE_CHECKING:
    from ftlint.facts.layers import Given

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with data/dataset_info.json and 20 rows of `faq`."""
    data = tmp_path / "data"
    data.mkdir()
    rows = [{"instruction": f"q{i}", "input": "", "output": f"a{i}"} for i in range(20)]
    (data / "faq.json").write_text(json.dumps(rows), encoding="utf-8")
    info = {"faq": {"file_name": "faq.json"}, "web": {"hf_hub_url": "acme/web"}}
    (data / "dataset_info.json").write_text(json.dumps(info), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def facts(text: str, given: Given = NOTHING, path: str = "config.yaml") -> dict[str, object]:
    return dict(context_of(text, given, path).instance.facts)


def test_nothing_is_planned_where_nothing_is_known() -> None:
    context = context_of(HEAD + "num_train_epochs: 3\n")
    assert context.planned is None
    assert not {"plan", "samples", "local_dataset"} & set(context.instance.facts)


def test_max_steps_is_a_plan_without_data() -> None:
    assert facts(HEAD + "max_steps: 50\n")["plan"] == {"limited_by": "max_steps", "total_steps": 50}


@pytest.mark.parametrize("value", ["0", "-5", "'50'", "5.0", "null"])
def test_a_max_steps_that_does_not_decide_is_none(value: str) -> None:
    assert "plan" not in facts(HEAD + f"max_steps: {value}\n")


def test_rows_are_counted_where_the_data_are(folder: Path) -> None:
    known = facts(HEAD + "per_device_train_batch_size: 4\n", stating(gpus=2))
    plan = known["plan"]
    assert isinstance(plan, dict)
    assert (plan["samples"], plan["world_size"], plan["total_steps"]) == (20, 2, 9)
    assert known["samples"] == 20
    assert known["local_dataset"] is True


def test_data_are_found_between_here_and_the_config(folder: Path) -> None:
    inner = folder / "project"
    (folder / "data").rename(folder / "moved")
    (inner / "configs").mkdir(parents=True)
    (folder / "moved").rename(inner / "data")
    assert "samples" in facts(HEAD, path="project/configs/run.yaml")
    assert "samples" not in facts(HEAD, path="elsewhere/run.yaml")


def test_a_hub_dataset_is_not_local_and_not_asked(folder: Path) -> None:
    known = facts(HEAD.replace("faq", "web"))
    assert known["local_dataset"] is False
    assert "samples" not in known
    assert "total_steps" not in known["plan"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("comment", "given", "samples"),
    [
        ("dataset-size=5000", stating(), 5000),
        ("dataset-size=faq:5_000", stating(), 5000),
        ("dataset-size=5000", stating(dataset_sizes=(("faq", 70),)), 70),
        ("dataset-size=5000", stating(dataset_sizes=(("other", 70),)), 5000),
    ],
)
def test_stated_sizes(comment: str, given: Given, samples: int) -> None:
    assert facts(f"{HEAD}# ftlint: {comment}\n", given)["samples"] == samples


def test_sizes_of_several_datasets() -> None:
    two = HEAD.replace("faq", "faq,chat")
    assert facts(f"{two}# ftlint: dataset-size=faq:60+chat:40\n")["samples"] == 100
    assert facts(f"{two}# ftlint: dataset-size=900\n")["samples"] == 900
    limited = f"{two}max_samples: 50\n# ftlint: dataset-size=faq:60+chat:40\n"
    assert facts(limited)["samples"] == 90


def test_what_is_stated_wins_over_the_file(folder: Path) -> None:
    assert facts(f"{HEAD}# ftlint: dataset-size=30\n")["samples"] == 30


def test_packed_sequences_are_no_samples(folder: Path) -> None:
    known = facts(HEAD + "packing: true\nval_size: 0.1\n")
    assert known["samples"] == 18
    assert "samples" not in known["plan"]  # type: ignore[operator]


def test_a_misspelt_key_of_the_plan_is_not_planned_around(folder: Path) -> None:
    """`num_epochs: 20` is refused; what 3 epochs would be does not matter then."""
    assert codes(HEAD + "num_epochs: 1\n# ftlint: dataset-size=50000\n") == []


def test_a_plain_lint_loads_no_step_arithmetic(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(HEAD + "max_steps: -1\n", encoding="utf-8")
    script = (
        "import sys; from ftlint.project.request import CliOptions; "
        "from ftlint.run.session import run; "
        "report, _ = run(CliOptions(('config.yaml',), isolated=True), bytes, lambda a, b: None); "
        "assert report.checked == 1; print(*sys.modules)"
    )
    path = f"{ROOT / 'lint'}:{ROOT / 'schemas'}"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env={"PYTHONPATH": path}, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    loaded = [name for name in done.stdout.split() if name.startswith("ftlint.")]
    assert "ftlint.engine" in loaded
    unwanted = (
        "ftlint.steps",
        "ftlint.datasets",
        "ftlint.facts.plan",
        "ftlint.facts.rules_of_thumb",
    )
    assert [n for n in loaded if n.startswith(unwanted) or ".rules.plan" in n] == []


def test_a_bare_no_is_planned_as_the_word() -> None:
    known = facts(HEAD + "save_strategy: no\n# ftlint: dataset-size=80\n")
    assert known["plan"]["checkpoints"] == 0  # type: ignore[index]


def test_a_plan_rests_on_the_defaults_of_its_release(folder: Path) -> None:
    """LLaMA Factory 0.9.0 cuts rows at 1024 tokens where later ones cut at 2048."""
    (folder / "data" / "texts.txt").write_text("some words of a page\n" * 50_000, "utf-8")
    names = {"texts": {"file_name": "texts.txt", "columns": {"prompt": "text"}}}
    (folder / "data" / "dataset_info.json").write_text(json.dumps(names), "utf-8")
    text = HEAD.replace("stage: sft", "stage: pt").replace("dataset: faq", "dataset: texts")

    def most(release: str, more: str = "") -> int:
        planned = context_of(text + more, NOTHING, "c.yaml", target=release).planned
        assert planned is not None
        assert planned.plan is not None
        assert planned.plan.samples.total.high is not None
        return planned.plan.samples.total.high

    short, long = most("0.9.0"), most("0.9.1")
    assert (short, long) == (
        most("0.9.1", "cutoff_len: 1024\n"),
        most("0.9.0", "cutoff_len: 2048\n"),
    )
    assert short == pytest.approx(2 * long, rel=0.01)
