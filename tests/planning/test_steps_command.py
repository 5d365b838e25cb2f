"""`ftlint steps`: the table, the JSON and the exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ftlint.cli.commands import cli
from ftlint.report.plan_table import TERMS
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
    found = [cell.strip() for cell in row(table, name) if cell.strip()]
    return [cell for cell in found if cell not in TERMS.values()]


def test_the_guides_numbers_in_a_table() -> None:
    path = write("a.yaml", BODY)
    done = steps("--dataset-size", "10000", "--gpus", "2", path)
    assert done.exit_code == 0
    assert cells(done.stdout, "effective batch size") == ["4 × 2 × 2 = 16"]
    assert cells(done.stdout, "steps per epoch") == ["625"]
    assert cells(done.stdout, "total steps") == ["1,875"]
    assert cells(done.stdout, "  limited by") == ["num_train_epochs"]
    assert cells(done.stdout, "time") == ["not calibrated"]
    assert "assumes" not in done.stdout


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
    shown = [line for line in plain.splitlines() if "   " in line]
    logged = shown[0].index("in the trainer's log")  # two letters of the head take two columns each
    assert {line[logged + 2 :] for line in shown[1:]} == {"", *TERMS.values()}
    head, *rest = [shown[0][:logged].rstrip(), *(line[: logged + 2].rstrip() for line in shown[1:])]
    assert len(head) + 2 == max(map(len, rest))  # two letters of the head take two columns each


def test_json_has_what_the_contract_names() -> None:
    path = write("a.yaml", BODY + "val_size: 0.1\neval_strategy: epoch\nwarmup_ratio: 0.1\n")
    (found,) = parsed("--dataset-size", "1000", path)
    wanted = {
        "path": path,
        "target": {
            "llamafactory": "0.9.5", "transformers": "5.5.4", "source": "release",
            "judged_by": "0.9.5",
        },
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


def refusals(*arguments: str) -> dict[str, Any]:
    done = steps("--output-format", "json", *arguments)
    assert done.exit_code == 2
    (found,) = json.loads(done.stdout)
    return dict(found)


def test_what_the_target_refuses_has_no_plan() -> None:
    body = BODY.replace("lora", "qlora") + "early_stopping_patience: 3  # ftlint: ignore\n"
    found = refusals("--dataset-size", "80", write("a.yaml", body))
    assert (found["code"], found["key"]) == ("FT106", "finetuning_type")
    codes = [one["code"] for one in found["refusals"]]
    assert codes == ["FT106", "FT101"]  # a comment that suppresses one does not make it run
    linted = CliRunner().invoke(cli, ["--output-format", "json", "a.yaml"])
    assert found["reason"] in [one["message"] for one in json.loads(linted.stdout)["diagnostics"]]


def test_what_ends_the_run_later_is_a_note_of_its_plan() -> None:
    late = "eval_strategy: steps\neval_steps: 5\nval_size: 8\nmetric_for_best_model: nothing\n"
    (found,) = parsed("--dataset-size", "80", write("a.yaml", BODY + late))
    assert found["total_steps"] == 27
    assert [note for note in found["assumptions"] if note.startswith("FT606 ")]


def test_each_launch_is_judged_by_itself() -> None:
    drops = write("a.yaml", BODY + "dataloader_drop_last: true\n")
    done = steps("--output-format", "json", "--dataset-size", "20", "--gpus", "1,8", drops)
    one, eight = json.loads(done.stdout)
    assert (one["total_steps"], eight["code"]) == (9, "FT204")
    linted = CliRunner().invoke(cli, ["--gpus", "8", "--dataset-size", "20", "a.yaml"])
    assert eight["reason"] in linted.stdout
    alone = CliRunner().invoke(cli, ["--gpus", "1", "--dataset-size", "20", "a.yaml"])
    assert "FT204" not in alone.stdout


def test_a_layout_that_wants_several_processes_is_refused_only_where_they_are_counted() -> None:
    path = write("a.yaml", BODY + "parallelism_config: {tp_size: 2}\n")
    (found,) = parsed("--dataset-size", "80", path)
    assert "assumes 2 processes" in found["assumptions"][0]
    assert refusals("--dataset-size", "80", "--gpus", "3", path)["code"] == "FT204"


def test_standard_input() -> None:
    done = steps("--dataset-size", "80", "-", data=BODY.encode())
    assert done.exit_code == 0
    assert cells(done.stdout, "total steps") == ["30"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "no such file"),
        (HEAD + "a: [", "line 8"),
        ("services: {web: 1}\n", "not a LLaMA Factory training config"),
        (
            "model_name_or_path: m\nexport_dir: out\ntemplate: qwen\n",
            "not a LLaMA Factory training config",
        ),
        (BODY + "val_size: 80\n", "leaves none to train on"),
        (BODY.replace("do_train: true\n", ""), "`do_train: true` is missing"),
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
    ("dataset", "code"),
    [
        ("fqa", "FT701"), ("empty", "FT704"), ("broken", "FT704"), ("talk", "FT705"),
        ("bare", "FT705"),
    ],
)  # fmt: skip
def test_no_plan_for_data_that_do_not_load(dataset: str, code: str) -> None:
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
    assert f"no plan: {code} " in done.output
    assert dataset in done.output
    assert steps(write("b.yaml", BODY)).exit_code == 0
    evaluated = steps(write("c.yaml", BODY + f"eval_dataset: faq, {dataset}\n"))
    assert evaluated.exit_code == 2
    assert f"no plan: {code} " in evaluated.output


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
    assert cells(table, "held out for evaluation") == ["3"]
    assert cells(table, "samples evaluated") == ["12"]
    kept, held = (one["samples"] for one in parsed(own, split))
    assert (kept["held_out"], kept["evaluated"]) == (0, 12)
    assert (held["held_out"], held["evaluated"]) == (3, 3)


def test_one_bad_config_does_not_hide_the_others() -> None:
    good = write("good.yaml", BODY)
    done = steps("--dataset-size", "80", "nowhere.yaml", good)
    assert done.exit_code == 2
    assert cells(done.stdout, "total steps") == ["30"]
    assert "nowhere.yaml: no such file" in done.output


def test_a_limit_is_raised_as_the_message_says() -> None:
    long = write("a.yaml", f"{HEAD}run_name: {'x' * 300_000}\n")
    refused = steps("--dataset-size", "80", long)
    assert refused.exit_code == 2
    assert "--limit scalar=N" in refused.output
    assert steps("--dataset-size", "80", "--limit", "scalar=400000", long).exit_code == 0


def test_wrong_usage() -> None:
    assert steps("--gpus", "1,x", "a.yaml").exit_code == 2
    assert steps().exit_code == 2


def test_more_than_four_plans_have_a_row_each() -> None:
    paths = [write(f"c{number}.yaml", BODY) for number in range(4)]
    side_by_side = steps("--dataset-size", "10000", *paths).stdout
    assert len(cells(side_by_side, "total steps")) == 4
    paths.append(write("x.yaml", BODY.replace("num_train_epochs: 3", "num_train_epochs: 1")))
    table = steps("--dataset-size", "10000", *paths).stdout.splitlines()
    head, *rows = table[2:8]
    at = head.index("total steps") + len("total steps")
    assert [line[:at].split()[-1] for line in rows] == ["3,750"] * 4 + ["1,250"]
    assert [line.split()[0] for line in rows] == [*paths]
    assert "limited by" not in head
