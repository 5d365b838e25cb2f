"""Facts about the machine that runs the configs: stated, or taken from this one."""

from __future__ import annotations

import json
import os
from importlib.metadata import distributions
from pathlib import Path

import pytest

from ftlint.facts import checkpoints, machine
from ftlint.support.disk import Disk
from ftlint.target.launchers import SWITCHES
from tests.cli.calls import invoke, write

TRAIN = """\
model_name_or_path: m
stage: sft
do_train: true
finetuning_type: full
dataset: d
template: qwen
output_dir: out
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in SWITCHES:
        monkeypatch.delenv(name, raising=False)
    write(tmp_path / "data" / "dataset_info.json", '{"d": {"hf_hub_url": "ada/d"}}')
    return tmp_path


def codes(line: str, *arguments: str) -> list[str]:
    """Errors and warnings that a line adds to the plain config."""
    return sorted(set(_codes(TRAIN + line, *arguments)) - set(_codes(TRAIN)))


def _codes(text: str, *arguments: str) -> list[str]:
    write(Path("c.yaml"), text)
    done = invoke("--isolated", "--no-cache", "--output-format", "jsonl", *arguments, "c.yaml")
    assert done.status in (0, 1), done.err
    rows = [json.loads(one) for one in done.out.splitlines()]
    return [one["code"] for one in rows if one["severity"] != "info"]


@pytest.mark.parametrize(
    ("line", "fact", "without", "told"),
    [
        ("enable_liger_kernel: true", "installed=torch", [], ["FT433"]),
        ("enable_liger_kernel: true", "installed=Liger_Kernel,torch", [], []),
        ("tf32: true", "compute_capability=7.5", [], ["FT113"]),
        ("tf32: true", "compute_capability=8.0", [], []),
        ("bf16: true", "compute_capability=7", [], ["FT802"]),
        ("logging_steps: 1", "output_dir_holds=model", [], ["FT617"]),
        ("max_steps: 500", "output_dir_holds=checkpoint-499", [], []),
        ("max_steps: 500", "output_dir_holds=checkpoint-500", [], ["FT626"]),
        ("max_steps: 500\noverwrite_output_dir: true", "output_dir_holds=checkpoint-500", [], []),
        ("learnig_rate: 1.0", "env=ALLOW_EXTRA_ARGS", ["FT101"], ["FT566"]),
        ("sequence_parallel: true", "env=USE_MCA", ["FT124"], []),
        ("learnig_rate: 1.0", "env=USE_MCA", ["FT101"], ["FT101"]),
        *(
            ("sequence_parallel: true", f"env={on}", ["FT124"], [])
            for on in ("USE_MCA=1", "USE_MCA=True", "USE_MCA = y", "USE_RAY=0,USE_MCA=1")
        ),
        *(
            ("sequence_parallel: true", f"env={off}", ["FT124"], ["FT124"])
            for off in ("USE_MCA=0", "USE_MCA=", "USE_MCA=false", "USE_MCA=yes", "USE_RAY=1")
        ),
        ("learnig_rate: 1.0", "env=ALLOW_EXTRA_ARGS=1", ["FT101"], ["FT566"]),
    ],
)
def test_a_stated_fact_decides(line: str, fact: str, without: list[str], told: list[str]) -> None:
    assert codes(line + "\n") == without
    assert codes(line + "\n", "--fact", fact) == told


def test_settings_name_variables_and_what_they_are_set_to() -> None:
    for said, told in (
        ("USE_MCA=1", []), ("USE_MCA", []), ("USE_MCA=0", ["FT124"]),
    ):  # fmt: skip
        write(Path("own.toml"), f'facts = {{env = ["{said}"]}}\n')
        write(Path("c.yaml"), TRAIN + "sequence_parallel: true\n")
        done = invoke("--config", "own.toml", "--output-format", "jsonl", "c.yaml")
        rows = [json.loads(one) for one in done.out.splitlines()]
        assert [one["code"] for one in rows if one["severity"] != "info"] == told


def test_one_gpu_needs_no_launcher_when_torchrun_is_forced() -> None:
    line = "deepspeed: {train_micro_batch_size_per_gpu: auto, zero_optimization: {stage: 2}}\n"
    assert codes(line, "--gpus", "1") == ["FT482"]
    assert codes(line, "--gpus", "1", "--fact", "env=FORCE_TORCHRUN") == []


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        ("gpu=1", "write NAME=VALUE, NAME is one of installed, env, compute_capability"),
        ("installed", "write NAME=VALUE"),
        ("compute_capability=new", "compute_capability takes a number, such as 7.5"),
        ("env=use_ray", "the case of a variable counts: write USE_RAY"),
        ("env=NCCL_DEBUG,FORCE_TORCH_RUN=1", "did you mean FORCE_TORCHRUN?"),
        ("output_dir_holds=all", "output_dir_holds takes `model` or the name of a checkpoint"),
    ],
)
def test_what_is_no_fact_is_wrong_usage(fact: str, message: str) -> None:
    write(Path("c.yaml"), TRAIN)
    done = invoke("--isolated", "--fact", fact, "c.yaml")
    assert done.status == 2
    assert message in " ".join(done.err.split())


def test_here_takes_the_packages_of_this_python() -> None:
    known = dict(machine.here())
    assert known["installed"] == sorted(
        {machine.canonical(str(one.metadata["Name"])) for one in distributions()}
    )
    assert "ruamel-yaml" in machine.stated([("installed", "ruamel.yaml")])[0][1]  # type: ignore[operator]
    assert codes("enable_liger_kernel: true\n", "--here") == ["FT433"]


def test_here_takes_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOW_EXTRA_ARGS", "y")
    assert codes("foo: 1\n") == ["FT101"]
    assert codes("foo: 1\n", "--here") == ["FT566"]
    monkeypatch.setenv("ALLOW_EXTRA_ARGS", "0")
    assert codes("foo: 1\n", "--here") == ["FT101"]


def test_here_asks_the_driver_for_the_oldest_gpu(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    assert "compute_capability" not in dict(machine.here())
    driver = folder / "nvidia-smi"
    driver.write_text("#!/bin/sh\necho 9.0\necho 7.5\n")
    driver.chmod(0o755)
    assert dict(machine.here())["compute_capability"] == 7.5


@pytest.mark.parametrize(
    ("files", "refused"),
    [
        ([], False),
        (["trainer_log.jsonl"], False),
        (["adapter_model.safetensors"], True),
        (["model.safetensors.index.json", "config.json"], True),
        (["adapter_model.safetensors", "checkpoint-10/x"], False),
        (["adapter_model.safetensors", "checkpoint-best/x"], True),
    ],
)
def test_here_looks_into_the_output_folder(files: list[str], refused: bool) -> None:
    for name in files:
        path = Path("out", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert codes("") == []
    assert codes("", "--here") == (["FT617"] if refused else [])


def test_a_kept_result_is_forgotten_when_the_output_folder_changes(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    write(Path("c.yaml"), TRAIN)
    for wanted in (0, 1):
        for _ in range(2):
            done = invoke("--isolated", "--here", "--select", "FT617", "c.yaml")
            assert done.status == wanted, done.out
        Path("out").mkdir(exist_ok=True)
        Path("out", "model.safetensors").touch()


def test_here_finds_the_newest_checkpoint() -> None:
    for step in (9, 10, 200):
        Path("out", f"checkpoint-{step}").mkdir(parents=True)
    Path("out", "checkpoint-300").touch()
    assert checkpoints.newest_in("out", Disk()) == "checkpoint-200"
    assert codes("max_steps: 200\n", "--here") == ["FT626"]
    assert codes("max_steps: 201\n", "--here") == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("adapter_name_or_path: saves/a", []),
        ("adapter_name_or_path: ./saves/a", ["FT121"]),
        ("adapter_name_or_path: ./data,./saves/a", ["FT121"]),
        ("adapter_name_or_path: ./data", []),
        ("adapter_name_or_path: ada/lora/", []),
        ("adapter_name_or_path: ~/lora", ["FT120"]),
        ("adapter_name_or_path: ~/merged", []),
        ("dataset_dir: dta", ["FT713"]),
        ("dataset_dir: dta\ntokenized_path: rows", []),
        ("dataset_dir: ONLINE", []),
        ("dataset_dir: $DATA", []),
        ("deepspeed: ds.json", ["FT121"]),
        ("deepspeed: eyJ6ZXJvIjogMX0=", []),
        ('deepspeed: \' {"zero_optimization": {"stage": 2}, "gradient_clipping": 1.0}\'', []),
    ],
)
def test_here_looks_for_what_a_run_opens(line: str, found: list[str]) -> None:
    Path("~", "merged").mkdir(parents=True)  # as an export to ~/merged makes it
    assert not {"FT121", "FT713"} & set(codes(line + "\n"))
    told = [one for one in codes(line + "\n", "--here") if one in ("FT120", "FT121", "FT713")]
    assert told == found


@pytest.mark.parametrize("start", [".", "configs", "../other", "/", "../link"])
@pytest.mark.parametrize("absolute", [False, True])
def test_what_a_run_opens_may_lie_wherever_it_may_be_started(
    folder: Path, start: str, absolute: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LLaMA Factory's folder with data, and configs below: looked at from here and there."""
    write(folder / "lf/configs/c.yaml", TRAIN + "deepspeed: ds.json\ndataset_dir: rows\n")
    write(folder / "lf/rows/dataset_info.json", '{"d": {"hf_hub_url": "ada/d"}}')
    (folder / "other").mkdir()
    (folder / "link").symlink_to("lf")
    monkeypatch.chdir(folder / "lf" / start)
    config = folder / ("link" if absolute else "lf") / "configs/c.yaml"
    name = str(config) if absolute else os.path.relpath(config)
    for wanted in ("FT121", None):
        done = invoke("--isolated", "--here", "--output-format", "jsonl", name)
        found = {json.loads(line)["code"] for line in done.out.splitlines()}
        assert found & {"FT121", "FT713"} == ({wanted} if wanted else set())
        write(folder / "lf/ds.json", "{}")


def test_what_is_stated_of_the_output_folder_wins() -> None:
    Path("out", "checkpoint-10").mkdir(parents=True)
    assert codes("max_steps: 10\n", "--here") == ["FT626"]
    assert codes("max_steps: 10\n", "--here", "--fact", "output_dir_holds=checkpoint-9") == []


def test_the_home_of_an_output_folder_is_looked_into(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder))
    (folder / "run" / "checkpoint-0012").mkdir(parents=True)
    (folder / "run" / ("checkpoint-" + "9" * 30)).mkdir()
    assert checkpoints.newest_in("~/run", Disk()) == "checkpoint-0012"
    assert checkpoints.step_of("~/run/checkpoint-0012/") == 12


@pytest.mark.parametrize(
    ("values", "checkpoint"),
    [
        ({}, "out/checkpoint-5"),
        ({"overwrite_output_dir": True}, None),
        ({"resume_from_checkpoint": False}, None),
        ({"resume_from_checkpoint": True, "overwrite_output_dir": True}, "out/checkpoint-5"),
        ({"resume_from_checkpoint": "old/checkpoint-7"}, "old/checkpoint-7"),
        ({"stage": "rm", "finetuning_type": "full", "resume_from_checkpoint": "old"}, None),
        ({"stage": "rm", "finetuning_type": "lora"}, "out/checkpoint-5"),
    ],
)
def test_a_run_goes_on_from_what_it_names_or_holds(
    values: dict[str, object], checkpoint: str | None
) -> None:
    values = {"output_dir": "out", **values}
    assert checkpoints.checkpoint_of(values, "checkpoint-5") == checkpoint
