"""Try a wheel in an environment of its own: `python release/try_wheel.py DIST`.

Nothing but the standard library, so that it runs on every system before anything else does. It
lints from outside the sources: a misspelt key is found, fixed and gone; a long run, which other
systems do not fork for, says the same; a plan is counted.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

CONFIG = """\
model_name_or_path: Qwen/Qwen2.5-0.5B
stage: sft
do_train: true
finetuning_type: lora
dataset: faq  # ftlint: dataset-size=1000
template: qwen
output_dir: saves/run
bf16: true
per_device_train_batch_size: 4
gradient_accumulation_steps: 2
num_train_epochs: 3.0
logging_steps: 10
learnig_rate: 1.0e-4  # kept
"""
MANY = 70


def main(folder: str) -> int:
    """Install the one wheel of a folder and try it; return the exit status."""
    (wheel,) = Path(folder).resolve().glob("*.whl")
    with tempfile.TemporaryDirectory() as place:
        programs = installed(wheel, Path(place) / "environment")
        work = Path(place) / "work"
        work.mkdir()
        tried(programs, work)
    sys.stdout.write(f"{wheel.name} works here: {sys.platform}, Python {sys.version.split()[0]}\n")
    return 0


def installed(wheel: Path, place: Path) -> Path:
    """Install a wheel into a new environment; return the folder of its programs."""
    venv.create(place, with_pip=True)
    programs = place / ("Scripts" if sys.platform == "win32" else "bin")
    command = [str(programs / "python"), "-m", "pip", "install", "--quiet", str(wheel)]
    subprocess.run(command, check=True)
    return programs


def tried(programs: Path, work: Path) -> None:
    """Lint, fix and plan in a folder.

    Raises:
        AssertionError: something else came out than should have.
    """

    def ftlint(*arguments: str, status: int) -> str:
        done = subprocess.run(
            [programs / "ftlint", *arguments], cwd=work, capture_output=True, encoding="utf-8",
            check=False,
        )  # fmt: skip
        assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout

    config = work / "sft.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    found = json.loads(ftlint("--output-format", "json", "sft.yaml", status=1))
    assert [one["code"] for one in found["diagnostics"]] == ["FT101"], found
    ftlint("--fix", "sft.yaml", status=0)
    fixed = config.read_text(encoding="utf-8")
    assert fixed == CONFIG.replace("learnig_rate", "learning_rate"), fixed
    (plan,) = json.loads(ftlint("steps", "sft.yaml", "--gpus", "2", "--output-format", "json",
                                status=0))  # fmt: skip
    assert (plan["steps_per_epoch"], plan["total_steps"]) == (63, 189), plan
    for number in range(MANY):
        text = CONFIG.replace("saves/run", f"saves/{number}")
        (work / f"{number}.yaml").write_text(text, encoding="utf-8")
    found = json.loads(ftlint("--output-format", "json", ".", status=1))
    codes = [one["code"] for one in found["diagnostics"] if one["severity"] == "error"]
    assert codes == ["FT101"] * MANY, codes
    assert "FT101" in ftlint("rule", "FT101", status=0)
    ftlint("--no-such-option", status=2)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
