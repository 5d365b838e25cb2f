"""Facts that a file cannot say: of all layers the first that speaks wins, and is named."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ftlint.cli.commands import cli
from ftlint.facts.launch import Launch
from ftlint.facts.layers import (
    COMMAND_LINE,
    COMMENT,
    COUNTED,
    HERE,
    MACHINE,
    ORDER,
    RECORDED,
    SETTINGS,
    Given,
    Layer,
    merge,
)
from ftlint.loading import Config, load_text
from ftlint.project.options import Options, OptionsResolver
from ftlint.project.request import CliOptions
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target
from tests.planning.helpers import HEAD, context_of

SPEAKING = [name for name in ORDER if name != COUNTED]


@pytest.mark.parametrize(("low", "high"), list(itertools.combinations(SPEAKING[::-1], 2)))
def test_of_two_layers_the_upper_one_wins_in_every_fact(low: str, high: str) -> None:
    def layer(name: str, number: int) -> Layer:
        launch = Launch(number, number, f"l{number}", (("seed", number),), (f"V{number}",))
        facts = (("budget", f"{number}h"), ("compute_capability", number))
        return Layer(name, launch, f"d{number}", (("faq", number),), facts, here=True)

    upper = layer(high, 1)
    for layers in ([upper, layer(low, 2)], [layer(low, 2), upper]):
        found = merge(layers)
        assert found.launch == upper.launch
        assert (found.dataset_dir, found.facts, found.here) == ("d1", upper.facts, high)
        assert set(found.layers.values()) == {high}
        rows = dict(found.recorded) | dict(found.dataset_sizes)
        assert (rows, found.layers_of_rows) == ({"faq": 1}, {"faq": high})


def test_each_fact_comes_from_the_first_layer_that_speaks_of_it() -> None:
    found = merge((
        Layer(COMMENT, Launch(nodes=2), dataset_sizes=(("faq", 5), ("chat", 7))),
        Layer(SETTINGS, Launch(8, 4), "data", (("chat", 1), ("more", 2))),
        Layer(COMMAND_LINE, Launch(gpus=1)),
    ))  # fmt: skip
    assert found.launch == Launch(1, 2)
    assert found.dataset_sizes == (("faq", 5), ("chat", 7), ("more", 2))
    assert found.layers == {"gpus": COMMAND_LINE, "nodes": COMMENT, "dataset_dir": SETTINGS}
    assert found.layers_of_rows == {"faq": COMMENT, "chat": COMMENT, "more": SETTINGS}


def test_under_rows_that_are_stated_as_one_no_layer_counts_a_dataset() -> None:
    found = merge((Layer(COMMAND_LINE, dataset_sizes=(("", 9),)),
                   Layer(SETTINGS, dataset_sizes=(("faq", 5),))))  # fmt: skip
    assert found.dataset_sizes == (("", 9),)
    text = HEAD + "per_device_train_batch_size: 1\n"
    given = Given((Layer(SETTINGS, dataset_sizes=(("faq", 50),)),
                   Layer(COMMAND_LINE, dataset_sizes=(("", 9),))))  # fmt: skip
    assert context_of(text, given).instance.facts["samples"] == 9


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    definition = {"faq": {"file_name": "faq.json"}, "hub": {"hf_hub_url": "a/b"}}
    (tmp_path / "data" / "dataset_info.json").write_text(json.dumps(definition), "utf-8")
    rows = [{"instruction": "i", "input": "", "output": "o"}] * 30
    (tmp_path / "data" / "faq.json").write_text(json.dumps(rows), "utf-8")
    return tmp_path


def planned(config: str, *arguments: str) -> dict[str, Any]:
    Path("c.yaml").write_text(config, "utf-8")
    done = CliRunner().invoke(cli, ["steps", "--output-format", "json", *arguments, "c.yaml"])
    assert done.exit_code == 0, done.output
    (found,) = json.loads(done.stdout)
    return dict(found)


def test_a_comment_stands_over_the_settings_and_under_the_command_line(folder: Path) -> None:
    (folder / "ftlint.toml").write_text("gpus = 2\nnodes = 3\ndatasets = {faq = 100}\n", "utf-8")
    plan = planned(HEAD)
    assert (plan["gpus"], plan["nodes"], plan["samples"]["total"]) == (2, 3, 100)
    assert plan["sources"] == {"gpus": SETTINGS, "nodes": SETTINGS, "rows": {"faq": SETTINGS}}
    comment = "# ftlint: gpus=8, dataset-size=40\n"
    plan = planned(comment + HEAD)
    assert (plan["gpus"], plan["nodes"], plan["samples"]["total"]) == (8, 3, 40)
    assert plan["sources"] == {"gpus": COMMENT, "nodes": SETTINGS, "rows": {"faq": COMMENT}}
    plan = planned(comment + HEAD, "--gpus", "1", "--dataset-size", "faq=7")
    assert (plan["gpus"], plan["samples"]["total"]) == (1, 7)
    assert plan["sources"] == {"gpus": COMMAND_LINE, "nodes": SETTINGS,
                               "rows": {"faq": COMMAND_LINE}}  # fmt: skip


def test_what_is_counted_is_said_to_be_and_what_nobody_says_is_left_out(folder: Path) -> None:
    plan = planned(HEAD)
    assert plan["samples"]["total"] == 30
    assert plan["sources"] == {"rows": {"faq": COUNTED}}
    done = CliRunner().invoke(cli, ["steps", "--gpus", "2", "c.yaml"])
    assert "* from the command line: gpus\n* from data files: rows of faq\n" in done.stdout


def test_recorded_rows_count_where_none_are_counted(folder: Path) -> None:
    text = HEAD.replace("dataset: faq", "dataset: faq,hub")
    given = Given((Layer(RECORDED, dataset_sizes=(("faq", 1000), ("hub", 70))),))
    planned = context_of(text, given).planned
    assert planned is not None
    assert planned.plan is not None
    rows = {name: count.exact for name, count in planned.plan.samples.per_dataset}
    assert rows == {"faq": 30, "hub": 70}
    assert {size.name: size.source for size in planned.data.train} == {  # type: ignore[union-attr]
        "faq": "file", "hub": RECORDED,
    }  # fmt: skip


def test_here_is_the_last_of_the_command_line_and_of_all_layers(folder: Path) -> None:
    (folder / "ftlint.toml").write_text(
        "here = true\n[facts]\nenv = ['USE_RAY']\noutput_dir_holds = 'model'\n", "utf-8"
    )
    stated = "env=FORCE_TORCHRUN"

    def known(**asked: Any) -> dict[str, Any]:
        given = OptionsResolver(CliOptions(**asked)).of(str(folder))[0].given
        return context_of(HEAD, given).instance.facts

    typed, named = {"here": True}, {"config": "ftlint.toml"}
    assert known()["env"] == known(**named)["env"] == ["USE_RAY"]
    assert known(**typed)["env"] == []
    assert known(**typed, facts=(tuple(stated.split("=")),))["env"] == ["FORCE_TORCHRUN"]
    assert "installed" not in known()
    assert known(**typed)["installed"] == known(**named)["installed"]
    (folder / "saves" / "run" / "checkpoint-7").mkdir(parents=True)
    assert known()["output_dir_holds"] == known(**named)["output_dir_holds"] == "model"
    assert known(**typed)["output_dir_holds"] == "checkpoint-7"


def test_here_names_its_layer(folder: Path) -> None:
    (folder / "ftlint.toml").write_text("here = true\n", "utf-8")
    for asked, layer in (({"here": True}, HERE), ({"config": "ftlint.toml"}, MACHINE)):
        options = OptionsResolver(CliOptions(**asked)).of(str(folder))[0]  # type: ignore[arg-type]
        assert merge(options.given.layers).layers["installed"] == layer


@pytest.mark.parametrize(
    ("target", "variables", "steps"),
    [
        ("0.9.5", (), 2),
        ("0.9.5", ("FORCE_TORCHRUN",), 2),
        ("0.9.5", ("USE_RAY",), 8),  # one worker, whatever the GPUs: ray_num_workers is 1
        ("0.9.0", ("USE_RAY",), 2),  # it does not ask for it yet
        ("0.9.5", ("FORCE_TORCHRUN", "USE_KT"), 2),
        ("0.9.5", ("USE_MCA",), 2),
        ("0.9.3", ("USE_MCA",), 2),
    ],
)
def test_a_variable_that_starts_another_launcher_is_carried_to_the_plan(
    target: str, variables: tuple[str, ...], steps: int | None
) -> None:
    launch = Launch(4, environment=variables)
    layer = Layer(COMMAND_LINE, launch, dataset_sizes=(("faq", 8),))
    text = HEAD + "per_device_train_batch_size: 1\nnum_train_epochs: 1\n"
    config = load_text(of_text("c.yaml", text), Options(resolve_target(target), Given((layer,))))
    assert isinstance(config, Config)
    planned = config.context.planned
    assert planned is not None
    total = None if planned.plan is None else planned.plan.total_steps.exact
    assert total == steps
