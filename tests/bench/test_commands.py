from __future__ import annotations

import json
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from ftbench.cli import COMMANDS, bench
from ftbench.cli.options import say_errors
from ftbench.cli.validate import files
from ftbench.runners.configs import load

ROOT = Path(__file__).resolve().parents[2]
CONFIG = str(ROOT / "examples" / "good" / "lora_sft.yaml")


def call(*arguments: str) -> Result:
    return CliRunner().invoke(bench, arguments)


@pytest.fixture
def bare(tmp_path: Path) -> str:
    """An interpreter in which nothing is installed."""
    path = tmp_path / "bare"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "$@"\n')
    path.chmod(0o755)
    return str(path)


def test_help_names_the_commands_and_needs_no_torch() -> None:
    found = call("--help")
    assert found.exit_code == 0
    assert all(name in found.output for name in COMMANDS)
    assert "torch" not in sys.modules


@pytest.mark.parametrize("name", ["run", "validate"])
def test_missing_packages_are_named_with_the_way_to_them(name: str, bare: str) -> None:
    found = call(name, CONFIG, "--python", bare)
    assert found.exit_code == 2
    assert "torch, transformers, peft, accelerate not installed" in found.output
    assert "pip install 'ftlint[bench]'" in found.output


@pytest.mark.parametrize("name", ["run", "tune", "validate"])
def test_a_config_that_is_not_there_is_told_before_what_is_not_installed(
    name: str, bare: str
) -> None:
    found = call(name, "missing.yaml", "--python", bare)
    assert found.exit_code == 2
    assert found.output == "bench: missing.yaml: No such file or directory\n"


def test_an_interpreter_that_is_none_is_named() -> None:
    found = call("run", CONFIG, "--python", "/nowhere/python")
    assert found.exit_code == 2
    assert "/nowhere/python cannot be run" in found.output


@pytest.mark.parametrize("option", ["--output-file", "-o", "--output"])
def test_a_file_that_cannot_be_written_is_found_out_before_the_run(
    tmp_path: Path, option: str
) -> None:
    found = call("run", CONFIG, option, str(tmp_path / "absent" / "x.json"))
    assert found.exit_code == 2
    assert "no such folder" in found.output


def test_options_are_named_alike_everywhere() -> None:
    context = click.Context(bench)
    commands = [bench.get_command(context, name) for name in COMMANDS]
    named: dict[str, set[str]] = {}
    for command in filter(None, commands):
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert option.help, (command.name, option.name)
                named.setdefault(str(option.name), set()).add(" ".join(option.opts))
    assert all(len(found) == 1 for found in named.values()), named
    assert not {"output", "json", "nnodes", "as_json"} & named.keys()
    assert named["gpus"] == {"--gpus"}
    assert named["output_file"] == {"-o --output-file"}


@pytest.fixture
def pretending(tmp_path: Path) -> str:
    """An interpreter that says that all is installed; nothing is trained with it."""
    path = tmp_path / "pretending"
    names = ("torch", "transformers", "peft", "accelerate")
    answer = json.dumps({**dict.fromkeys(names, "5.6.0"), "torchaudio": ""})
    path.write_text(f"#!/bin/sh\necho '{answer}'\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "No such file"),
        ("a: [", "not a LLaMA Factory training config"),
        ("stage: sft\ndo_train: false\ndataset: faq\ntemplate: qwen\n"
         "model_name_or_path: Qwen/Qwen2.5-0.5B\noutput_dir: x\nfinetuning_type: lora\n",
         "no do_train: true"),
        ("stage: sft\ndo_train: true\ndataset: faq\ntemplate: qwen\n"
         "model_name_or_path: org/unknown-13b\noutput_dir: x\nfinetuning_type: lora\n",
         "the weights of org/unknown-13b are not on this machine"),
    ],
)  # fmt: skip
def test_a_config_that_cannot_be_run_says_why(
    tmp_path: Path, pretending: str, text: str | None, why: str
) -> None:
    path = tmp_path / "c.yaml"
    if text is not None:
        path.write_text(text)
    found = call("run", str(path), "--python", pretending)
    assert found.exit_code == 2
    assert why in found.output
    assert "Traceback" not in found.output


def test_llamafactory_that_is_asked_for_but_absent_is_named(pretending: str) -> None:
    found = call("run", CONFIG, "--python", pretending, "--runner", "llamafactory")
    assert found.exit_code == 2
    assert "llamafactory is not installed" in found.output


def test_a_folder_stands_for_its_configs(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "data.json", "notes.txt"):
        (tmp_path / name).touch()
    found = list(files((str(tmp_path), "c.yaml")))
    assert found == [str(tmp_path / "a.yml"), str(tmp_path / "b.yaml"), "c.yaml"]


def test_a_folder_without_configs_is_no_success(tmp_path: Path) -> None:
    found = call("validate", str(tmp_path))
    assert found.exit_code == 2
    assert "no *.yaml in there" in found.output


def test_what_llamafactory_would_refuse_is_told_before_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slipped = tmp_path / "slipped.yaml"
    slipped.write_text(Path(CONFIG).read_text("utf-8") + "\nlearnig_rate: 1.0e-4\n", "utf-8")
    for path in (CONFIG, str(slipped)):
        say_errors(load(path, {}, 1))
    told = capsys.readouterr().err
    assert told.startswith(f"! {slipped}: line 42: FT101 Unknown key `learnig_rate`")
    assert told.count("\n") == 1
