"""`ftlint steps`: the table, the JSON and the exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ftlint.cli.commands import cli
from tests.planning.helpers import HEAD

BODY = (
    HEAD + "per_device_train_batch_size: 4\ngradient_accumulation_steps: 2\nnum_train_epochs: 3\n"
)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(name: str, text: str) -> str:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")
    return name


def steps(*arguments: str, data: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, ["steps", *arguments], input=data)


def parsed(*arguments: str) -> list[dict[str, Any]]:
    done = steps("--output-format", "json", *arguments)
    assert done.exit_code == 0, done.output
    return list(json.loads(done.stdout))


def row(table: str, name: str) -> list[str]:
    (line,) = (line for line in table.splitlines() if line.startswith(name))
    return line[len(name) :].split("   ")[1:]


def cells(table: str, name: str) -> list[str]:
    return [cell.strip() for cell in row(table, name) if cell.strip()]


def test_the_guides_numbers_in_a_table() -> None:
    path = write("a.yaml", BODY)
    done = steps("--dataset-size", "10000", "--gpus", "2", path)
    assert done.exit_code == 0
    assert cells(done.stdout, "samples a step") == ["4 × 2 × 2 = 16"]
    assert cells(done.stdout, "steps an epoch") == ["625"]
    assert cells(done.stdout, "total steps") == ["1,875"]
    assert cells(done.stdout, "  limited by") == ["num_train_epochs"]
    assert cells(done.stdout, "time") == ["not calibrated"]
    assert "taken for granted" not in done.stdout


def test_launches_side_by_side() -> None:
    path = write("a.yaml", BODY)
    done = steps("--dataset-size", "10000", "--gpus", "1,2,4,8", path)
    assert cells(done.stdout, "total steps") == ["3,750", "1,875", "939", "471"]
    assert "1 GPU" in done.stdout
    assert "8 GPUs" in done.stdout


def test_configs_side_by_side_and_what_is_not_known() -> None:
    one, other = write("one/run.yaml", BODY), write("other/run.yaml", BODY + "packing: true\n")
    third = write("third.yaml", BODY.replace("num_train_epochs: 3", "max_steps: 40"))
    done = steps("--dataset-size", "80", one, other, third)
    assert "one/run.yaml" in done.stdout.splitlines()[2]
    assert cells(done.stdout, "total steps") == ["30", "3–30", "40"]
    assert cells(done.stdout, "epochs") == ["3", "3", "4"]
    assert "* other/run.yaml: packing joins" in done.stdout
    unknown = steps(one)
    assert cells(unknown.stdout, "samples to train on") == ["unknown"]
    assert cells(unknown.stdout, "total steps") == ["≥ 3"]
    assert "--dataset-size" in unknown.stdout


def test_columns_line_up_and_colour_comes_when_asked_for() -> None:
    wide = write("학습.yaml", BODY)
    done = steps("--dataset-size", "faq=500", "--color", "always", wide)
    assert "\x1b[1mtotal steps" in done.stdout
    plain = steps("--dataset-size", "faq=500", wide).stdout
    assert "\x1b" not in plain
    lines = [line for line in plain.splitlines() if "   " in line]
    head, *rest = lines
    assert len(head) + 2 == max(map(len, rest))  # two letters of the head take two columns each


def test_json_has_what_the_contract_names() -> None:
    path = write("a.yaml", BODY + "val_size: 0.1\neval_strategy: epoch\nwarmup_ratio: 0.1\n")
    (found,) = parsed("--dataset-size", "1000", path)
    wanted = {
        "path": path, "target": {"llamafactory": "0.9.5", "transformers": "5.6.0"},
        "world_size": 1, "per_device_train_batch_size": 4, "gradient_accumulation_steps": 2,
        "effective_batch_size": 8, "steps_per_epoch": 113, "total_steps": 339, "epochs": 3.0,
        "limited_by": "epochs", "samples_seen": 2700, "warmup_steps": 34, "logging_events": 0,
        "eval_events": 4, "checkpoints": 1, "time": None, "bounds": {},
    }  # fmt: skip
    assert {key: found[key] for key in wanted} == wanted
    assert found["samples"]["total"] == 900
    assert found["samples"]["per_dataset"] == {"faq": 1000}
    assert found["samples"]["source"] == "declared"
    assert found["assumptions"]


def test_bounds_in_json() -> None:
    path = write("a.yaml", BODY + "packing: true\n")
    (found,) = parsed("--dataset-size", "80", path)
    assert (found["total_steps"], found["bounds"]["total_steps"]) == (None, [3, 30])


def test_a_config_with_errors_is_planned_all_the_same() -> None:
    path = write("a.yaml", BODY.replace("lora", "qlora") + "early_stopping_patience: 3\n")
    (found,) = parsed("--dataset-size", "80", path)
    assert found["total_steps"] == 30


def test_standard_input() -> None:
    done = steps("--dataset-size", "80", "-", data=BODY.encode())
    assert done.exit_code == 0
    assert cells(done.stdout, "total steps") == ["30"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "no such file"),
        (HEAD + "a: [", "line 8"),
        ("services: {web: 1}\n", "not a training config"),
        ("model_name_or_path: m\nexport_dir: out\ntemplate: qwen\n", "not a training config"),
        (BODY + "val_size: 80\n", "leaves none to train on"),
        (BODY.replace("do_train: true\n", ""), "do_train is not set"),
    ],
)
def test_what_cannot_be_planned(text: str | None, complaint: str) -> None:
    path = write("a.yaml", text) if text is not None else "a.yaml"
    done = steps("--dataset-size", "80", path)
    assert done.exit_code == 2
    assert complaint in done.output
    assert "Traceback" not in done.output


KINDS = ("faq", "empty", "broken", "talk", "bare")


@pytest.mark.parametrize(
    ("dataset", "complaint"),
    [
        ("fqa", "'fqa' is not defined"), ("empty", "has no rows"), ("broken", "does not end"),
        ("talk", "has no column `output`"), ("bare", "has no column `input`"),
    ],
)  # fmt: skip
def test_no_plan_for_data_that_do_not_load(dataset: str, complaint: str) -> None:
    rows = '[{"instruction": "i", "input": "", "output": "o"}]'
    write("data/faq.json", rows)
    write("data/bare.json", '[{"instruction": "i", "output": "o"}]')
    write("data/empty.json", "[]")
    write("data/broken.json", rows[:-1])
    write("data/talk.json", '[{"conversations": []}]')
    names = {name: {"file_name": f"{name}.json"} for name in KINDS}
    write("data/dataset_info.json", json.dumps(names))
    text = BODY.replace("dataset: faq", f"dataset: faq, {dataset}")
    done = steps(write("a.yaml", text + "max_steps: 10\n"))
    assert done.exit_code == 2
    assert f"no plan: dataset {dataset}: " in done.output
    assert complaint in done.output
    assert steps(write("b.yaml", BODY)).exit_code == 0
    evaluated = steps(write("c.yaml", BODY + f"eval_dataset: faq, {dataset}\n"))
    assert evaluated.exit_code == 2
    assert f"no plan: eval_dataset {dataset}: " in evaluated.output


def test_a_missing_file_of_eval_dataset_is_told_as_one_of_dataset_is() -> None:
    """The machine that trains may have it; where it does not, the run dies while loading."""
    write("data/faq.json", '[{"instruction": "i", "input": "", "output": "o"}]')
    names = {name: {"file_name": f"{name}.json"} for name in ("faq", "gone")}
    write("data/dataset_info.json", json.dumps(names))
    done = steps(write("a.yaml", BODY + "eval_dataset: gone\n"))
    assert done.exit_code == 0
    assert "dataset gone: gone.json is not in data" in done.output


def test_rows_of_an_eval_dataset_are_told_apart_from_those_held_out() -> None:
    rows = [{"instruction": "q", "input": "", "output": "a"}] * 12
    write("data/rows.json", json.dumps(rows))
    names = {"faq": {"file_name": "rows.json"}, "held": {"file_name": "rows.json"}}
    write("data/dataset_info.json", json.dumps(names))
    own = write("own.yaml", BODY + "eval_dataset: held\neval_strategy: epoch\n")
    split = write("split.yaml", BODY + "val_size: 0.25\neval_strategy: epoch\n")
    table = steps(own, split).stdout
    assert cells(table, "held out to evaluate") == ["3"]
    assert cells(table, "samples to evaluate on") == ["12"]
    kept, held = (one["samples"] for one in parsed(own, split))
    assert (kept["held_out"], kept["evaluated"]) == (0, 12)
    assert (held["held_out"], held["evaluated"]) == (3, 3)


def test_one_bad_config_does_not_hide_the_others() -> None:
    good = write("good.yaml", BODY)
    done = steps("--dataset-size", "80", "nowhere.yaml", good)
    assert done.exit_code == 2
    assert cells(done.stdout, "total steps") == ["30"]
    assert "nowhere.yaml: no such file" in done.output


def test_wrong_usage() -> None:
    assert steps("--gpus", "1,x", "a.yaml").exit_code == 2
    assert steps().exit_code == 2
