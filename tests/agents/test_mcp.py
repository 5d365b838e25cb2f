"""`ftlint mcp` as an agent meets it: a process, spoken to by the SDK's own client."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from mcp import Client, StdioServerParameters

from tests.cli.calls import BAD, HEAD, ROOT, environment, write

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = ROOT / "examples"


def called(folder: Path, *calls: tuple[str, dict[str, Any]]) -> list[tuple[bool, Any]]:
    """Return of each call whether it failed, and what came of it: data, or the error's text."""

    async def talk() -> list[tuple[bool, Any]]:
        paths = os.pathsep.join(str(ROOT / name) for name in ("lint", "schemas", "bench"))
        server = StdioServerParameters(
            command=sys.executable, args=["-m", "ftlint", "mcp"], cwd=folder,
            env=environment(PYTHONPATH=paths),
        )  # fmt: skip
        found = []
        async with Client(server) as client:
            for name, arguments in calls:
                done = await client.call_tool(name, arguments)
                if done.is_error:
                    found.append((True, "".join(getattr(one, "text", "") for one in done.content)))
                else:
                    found.append((False, done.structured_content))
        return found

    return anyio.run(talk)


def result(folder: Path, name: str, **arguments: Any) -> Any:
    ((failed, data),) = called(folder, (name, arguments))
    assert not failed, data
    return data


def test_the_tools_are_what_the_command_line_says(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", BAD + "per_device_train_batch_size: 4\ndataset: d\n")
    model = HEAD.replace("m\n", "Qwen/Qwen2.5-0.5B-Instruct\n", 1)
    good = model + "do_train: true\noutput_dir: o\ndataset: d\nper_device_train_batch_size: 4\n"
    write(tmp_path / "b.yaml", good)
    (tmp_path / "run").mkdir()
    rows = {"dataset_sizes": {"d": 800}, "gpus": 2}
    lint, steps, memory, rule, key, doctor, predict = called(
        tmp_path,
        ("lint", {"paths": ["a.yaml"]}),
        ("steps", {"paths": ["b.yaml"], **rows}),
        ("memory", {"paths": ["b.yaml"], **rows, "gpu": "24g"}),
        ("rule", {"code": "FT101"}),
        ("key", {"name": "lora_rank"}),
        ("doctor", {"run_dirs": ["run"]}),
        ("predict", {"path": "b.yaml", "gpu": "no-such-gpu"}),
    )
    assert "FT101" in [one["code"] for one in lint[1]["result"]["diagnostics"]]
    assert steps[1]["result"][0]["total_steps"] == 300
    assert memory[1]["result"][0]["world_size"] == 2
    assert rule[1]["result"]["name"] == "unknown-key"
    assert key[1]["result"]["default"] == 8
    assert doctor[0]
    assert "run" in doctor[1]
    assert predict[0]


def test_runs_are_judged_and_nothing_of_them_is_deleted() -> None:
    folder = EXAMPLES / "runs" / "memorised"
    before = sorted(folder.rglob("*"))
    data = result(EXAMPLES, "doctor", run_dirs=["runs/memorised"])
    assert "over-fitting" in json.dumps(data)
    assert sorted(folder.rglob("*")) == before


def test_a_fix_is_shown_and_written_where_that_is_asked_for(tmp_path: Path) -> None:
    text = HEAD + "lr: 1.0e-4\nsave_strategy: no\n"
    path = write(tmp_path / "a.yaml", text)
    shown = result(tmp_path, "fix", paths=["a.yaml"])
    assert "+learning_rate: 1.0e-4" in shown["diff"]
    assert shown["written"] is False
    assert path.read_text() == text
    written = result(tmp_path, "fix", paths=["a.yaml"], write=True)
    assert written["written"] is True
    assert {one["code"] for one in written["result"]["fixed"]} == {"FT101", "FT007"}
    assert "learning_rate: 1.0e-4" in path.read_text()


def test_what_changes_the_run_is_fixed_by_name_alone(tmp_path: Path) -> None:
    text = HEAD + "do_train: true\noutput_dir: o\ndataset: d\nval_size: 0.1\n"
    text += "eval_strategy: steps\neval_steps: 100\nsave_strategy: best\n"
    write(tmp_path / "a.yaml", text)
    safe, named, other = called(
        tmp_path,
        ("fix", {"paths": ["a.yaml"]}),
        ("fix", {"paths": ["a.yaml"], "unsafe_rules": ["FT600"]}),
        ("fix", {"paths": ["a.yaml"], "unsafe_rules": ["FT402"]}),
    )
    assert "metric_for_best_model" not in safe[1]["diff"]
    assert "+metric_for_best_model: eval_loss" in named[1]["diff"]
    assert other[1]["diff"] == ""


def test_rules_that_nobody_named_change_no_run(tmp_path: Path) -> None:
    text = HEAD + "do_train: true\noutput_dir: o\ndataset: d\nval_size: 0.1\n"
    text += "eval_strategy: steps\neval_steps: 100\nsave_strategy: best\n"
    many = ("ALL", "all", "FT", "f", "FT6", "FT60", "")
    paths = [write(tmp_path / f"{number}.yaml", text) for number in range(len(many))]
    answers = called(tmp_path, *(
        ("fix", {"paths": [path.name], "unsafe_rules": [one], "write": True})
        for path, one in zip(paths, many, strict=True)
    ))  # fmt: skip
    assert [failed for failed, _ in answers] == [True] * len(many)
    assert [path.read_text() for path in paths] == [text] * len(many)


def test_no_file_that_nobody_named_is_fixed(tmp_path: Path) -> None:
    """To the command line no path is the whole folder."""
    path = write(tmp_path / "a.yaml", HEAD + "lr: 1.0e-4\n")
    (refused,) = called(tmp_path, ("fix", {"paths": [], "write": True}))
    assert refused[0]
    assert "lr: 1.0e-4" in path.read_text()


SECRET = "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH"


def test_no_secret_is_told(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", HEAD + f"hf_hub_token: {SECRET}\nhub_tokn: {SECRET}\nlr: 1\n")
    answers = called(
        tmp_path,
        ("lint", {"paths": ["a.yaml"]}),
        ("fix", {"paths": ["a.yaml"]}),
        ("steps", {"paths": ["a.yaml"]}),
    )
    assert SECRET not in json.dumps(answers)


@pytest.mark.parametrize("name", ["lint", "fix", "steps", "memory"])
def test_nothing_outside_the_folder_is_named(tmp_path: Path, name: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    outside = write(tmp_path / "outside.yaml", BAD)
    (root / "link.yaml").symlink_to(outside)
    paths = ("../outside.yaml", str(outside), "link.yaml", "", "a\0b", "x/../../outside.yaml")
    answers = called(root, *((name, {"paths": [path]}) for path in paths))
    for path, (failed, said) in zip(paths, answers, strict=True):
        assert failed, path
        assert "foo" not in said
    assert outside.read_text() == BAD


def test_what_a_config_names_is_read_below_the_folder_alone(tmp_path: Path) -> None:
    """Not even inside the project that the folder is part of, nor are settings above it."""
    (tmp_path / ".git").mkdir()
    root = tmp_path / "root"
    write(tmp_path / "ftlint.toml", 'ignore = ["FT101"]\ngpus = 8\n')
    write(tmp_path / "data" / "dataset_info.json", '{"d": {"file_name": "d.json"}}')
    write(tmp_path / "data" / "d.json", json.dumps([{"instruction": "a", "output": "b"}] * 64))
    text = HEAD + "do_train: true\noutput_dir: o\ndataset: d\ndataset_dir: ../data\nfoo: 1\n"
    write(root / "a.yaml", text)
    write(root / "b.yaml", text.replace("foo: 1\n", ""))
    lint, steps, target = called(
        root,
        ("lint", {"paths": ["a.yaml"]}),
        ("steps", {"paths": ["b.yaml"]}),
        ("lint", {"paths": ["a.yaml"], "target": "../fork"}),
    )
    assert "FT101" in [one["code"] for one in lint[1]["result"]["diagnostics"]]
    (plan,) = steps[1]["result"]
    assert plan["gpus"] == 1
    assert "dataset_info.json cannot be read: it is outside the project" in plan["reason"]
    assert target[0]
    assert "outside" in target[1]


def test_modules_in_the_folder_are_not_run(tmp_path: Path) -> None:
    write(tmp_path / "json.py", "import pathlib; pathlib.Path('stolen').touch()\n")
    write(tmp_path / "ftlint" / "__init__.py", "import pathlib; pathlib.Path('stolen').touch()\n")
    write(tmp_path / "a.yaml", BAD)
    from ftlint.agents import commands

    answer = commands.run(str(tmp_path), ["check", "--output-format=json", "--", "a.yaml"])
    assert answer.status == 1
    assert not (tmp_path / "stolen").exists()


def test_without_the_extra_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from ftlint.cli.commands import cli

    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    monkeypatch.delitem(sys.modules, "ftlint.agents.server", raising=False)
    done = CliRunner().invoke(cli, ["mcp"])
    assert done.exit_code == 2
    assert "pip install 'ftlint[mcp]'" in done.output
