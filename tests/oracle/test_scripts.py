"""Steps of scripts as `ftlint steps` counts them, against the real trainer that bash starts.

Each script runs in the fixture of fixture.py, with the programs of a release's environment on PATH:
one to three processes on the CPU, which torchrun starts where the script says so.
"""

# ruff: noqa: E501 - a script is a line
from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from . import environments
from .client import Trainer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

RELEASE = "0.9.5"
CONFIG = """\
model_name_or_path: tiny
stage: sft
do_train: true
finetuning_type: lora
dataset: alpaca,alpaca_b
template: empty
output_dir: out
report_to: none
use_cpu: true
save_strategy: "no"
per_device_train_batch_size: 2
gradient_accumulation_steps: 2
num_train_epochs: 2.0
"""
FLAGS = "--model_name_or_path tiny --do_train --finetuning_type lora --template empty --use_cpu \
--report_to none --save_strategy no --output_dir out --overwrite_output_dir"
SFT = f"{FLAGS} --stage sft --dataset alpaca"
TWO = "FORCE_TORCHRUN=1 NPROC_PER_NODE=2"
SCRIPTS = {
    "one process": f"llamafactory-cli train {SFT} --num_train_epochs 2 \\\n  --max_samples 20\n",
    "a file": "llamafactory-cli train c.yaml\n",
    "keys over a file": f"{TWO} llamafactory-cli train c.yaml num_train_epochs=1.5 max_samples=7\n",
    "exported": "export FORCE_TORCHRUN=1\nexport NPROC_PER_NODE=3\nlmf train c.yaml max_steps=5\n",
    "torchrun": f"torchrun --standalone --nproc_per_node 2 src/train.py {SFT} --max_steps 7\n",
    "torchrun, a file": "torchrun --nproc-per-node=3 --master_port=29541 src/train.py c.yaml\n",
    "python": f"python src/train.py {SFT} --num_train_epochs 1 --per_device_train_batch_size 5\n",
    "a module": "python -m llamafactory.cli train c.yaml gradient_accumulation_steps=3\n",
    "a starter's module": f"python -m torch.distributed.run --nproc_per_node 2 src/train.py {SFT}\n",
    "a loop": f'for b in 1 4; do\n  llamafactory-cli train {SFT} \\\n  --per_device_train_batch_size "$b"\ndone\n',
    "an array": f'A=({SFT})\n# more\nA+=(--val_size 0.25 --seed 7)\n{TWO} lmf train "${{A[@]}}"\n',
    "a function": f"go() {{ llamafactory-cli train {SFT} --max_samples $1 --num_train_epochs ${{2:-2}}; }}\ngo 9\ngo 11 3\n",
    "defaults": f"export NPROC_PER_NODE=${{PROCESSES:-2}} FORCE_TORCHRUN=1\nlmf train {SFT} --num_train_epochs ${{EPOCHS:-2}}\n",
    "a test": f'if [ -z "$STEPS" ]; then STEPS=6; fi\nlmf train {SFT} --max_steps $STEPS\n',
    "sums": f"N=2\nexport NPROC_PER_NODE=$N FORCE_TORCHRUN=1\nlmf train {SFT} --gradient_accumulation_steps $((8 / N))\n",
    "a text": f'CMD="llamafactory-cli train {SFT}"\neval "$CMD --num_train_epochs 1"\n',
    "a here-document": f"cat > made.yaml <<E\n{CONFIG}max_samples: 13\nE\nllamafactory-cli train made.yaml\n",
    "variables before it": f"env {TWO} OMP_NUM_THREADS=1 llamafactory-cli train c.yaml dataloader_drop_last=true\n",
    "another folder": 'cd "$(dirname "$0")"\nbash -c "llamafactory-cli train c.yaml max_samples=5"\n',
    "preferences": f"{TWO} llamafactory-cli train {FLAGS} --stage dpo --dataset pairs --num_train_epochs 3\n",
    "a job array": "#SBATCH --array=0-1\nR=(4 9)\nlmf train c.yaml max_samples=${R[$SLURM_ARRAY_TASK_ID]} output_dir=o$SLURM_ARRAY_TASK_ID\n",
    "accelerate": "accelerate launch --config_file more/two.yaml src/train.py c.yaml\n",
    "accelerate, one process": "accelerate launch --config_file more/one.yaml --num_processes 2 src/train.py c.yaml\n",
}  # fmt: skip
TASKS = {"a job array": ("0", "1")}
ACCELERATE = """\
compute_environment: LOCAL_MACHINE
distributed_type: {}
num_machines: 1
num_processes: 2  # of all machines
machine_rank: 0
"""
TRAIN = "from llamafactory.train.tuner import run_exp\n\nrun_exp()\n"
TOLD = re.compile(
    r"Total train batch size \(.*\) = ([\d,]+)|Total optimization steps = ([\d,]+)"
)  # fmt: skip


@pytest.fixture(scope="module")
def fixture() -> Path:
    """Return the folder in which everything trains; made where there is none."""
    folder = environments.folder_of(RELEASE) / "fixture"
    if not folder.exists():
        with Trainer(RELEASE):
            pass
    return folder


def trained(folder: Path, task: str) -> list[tuple[int, int]]:
    """Return batch and steps of each run that the trainer tells when bash runs the script."""
    programs = environments.ensure(RELEASE).parent
    done = subprocess.run(
        ["bash", "run.sh"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=600,
        env={
            "PATH": f"{programs}:/usr/bin:/bin", "HOME": str(folder), "OMP_NUM_THREADS": "1",
            "DISABLE_VERSION_CHECK": "1", "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "",
            "SLURM_ARRAY_TASK_ID": task,
        },
    )  # fmt: skip
    found = [(batch or steps).replace(",", "") for batch, steps in TOLD.findall(done.stderr)]
    assert found, done.stderr[-3000:]
    return [(int(batch), int(steps)) for batch, steps in zip(found[::2], found[1::2], strict=True)]


@pytest.mark.parametrize("name", SCRIPTS)
def test_steps_of_a_script_are_those_of_the_trainer(
    name: str, fixture: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "project"
    shutil.copytree(fixture, folder)
    (folder / ".git").mkdir()
    (folder / "src").mkdir()
    (folder / "src" / "train.py").write_text(TRAIN)
    (folder / "c.yaml").write_text(CONFIG)
    (folder / "more").mkdir()
    for file, kind in (("one", "'NO'"), ("two", "MULTI_GPU")):
        (folder / "more" / f"{file}.yaml").write_text(ACCELERATE.format(kind))
    (folder / "run.sh").write_text(f"#!/bin/bash\n{SCRIPTS[name]}")
    told = subprocess.run(
        [sys.executable, "-m", "ftlint", "steps", "run.sh", "--target", RELEASE,
         "--output-format", "json", "--isolated"],
        cwd=folder, capture_output=True, text=True, check=False, env={**os.environ},
    )  # fmt: skip
    plans = json.loads(told.stdout)
    said = [(one["effective_batch_size"], one["total_steps"]) for one in plans]
    assert said == [run for task in TASKS.get(name, ("",)) for run in trained(folder, task)]
