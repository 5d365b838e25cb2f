"""What ftlint is measured against, each in an environment of its own, as its users install it.

The environments lie in `.venv-rivals` and are made again when what they hold changes; LLaMA
Factory's is that of `tests/oracle/environments.py`, two gigabytes that take minutes to build.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".venv-rivals"
REQUIRED = {
    "ftlint": [str(ROOT)],
    "yamllint": ["yamllint==1.38.0"],
    "check-jsonschema": ["check-jsonschema==0.39.0"],
}
LLAMA_FACTORY = "0.9.5"
PARSER = """
import sys
from llamafactory.hparams import get_train_args
from omegaconf import OmegaConf
for path in sys.argv[1:]:
    try:
        get_train_args(OmegaConf.to_container(OmegaConf.load(path)))
    except (Exception, SystemExit) as refusal:
        print(refusal)
"""
"""LLaMA Factory's own reading of configs, all that are named in one process: its best case."""


class Rivals(NamedTuple):
    """The beginnings of commands; paths of files follow. `ftlint` takes options before them."""

    python: list[str]
    ftlint: list[str]
    yamllint: list[str]
    schema: list[str]
    """check-jsonschema, to be given a schema."""
    parser: list[str]


class Linters(NamedTuple):
    """The beginnings of commands of ftlint, its own Python and yamllint."""

    python: list[str]
    ftlint: list[str]
    yamllint: list[str]


def linters() -> Linters:
    """Make the environments of ftlint and yamllint. ftlint is a wheel of this working tree."""
    ftlint, yamllint = (environment(name) for name in ("ftlint", "yamllint"))
    return Linters(
        python=[str(ftlint / "python")],
        ftlint=[str(ftlint / "ftlint")],
        yamllint=[str(yamllint / "yamllint"), "-f", "parsable"],
    )


def ready() -> Rivals:
    """Make the environments that are not there."""
    script = ROOT / "tests" / "oracle" / "environments.py"
    made = subprocess.run([sys.executable, str(script), LLAMA_FACTORY], check=True, text=True,
                          stdout=subprocess.PIPE)  # fmt: skip
    return Rivals(
        *linters(),
        schema=[str(environment("check-jsonschema") / "check-jsonschema"), "--schemafile"],
        parser=[made.stdout.split()[0], "-c", PARSER],
    )


def environment(name: str) -> Path:
    """Return where the programs of an environment lie; what is installed there is compiled."""
    folder, wanted = HOME / name, REQUIRED[name]
    stamp = folder / "requirements.txt"
    current = stamp.is_file() and stamp.read_text("utf-8").splitlines() == wanted
    if not current:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    if not current or str(ROOT) in wanted:  # the working tree may have changed
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--compile",
               "--disable-pip-version-check"]  # fmt: skip
        subprocess.run([*pip, *wanted], check=True)
        if str(ROOT) in wanted:
            subprocess.run([*pip, "--force-reinstall", "--no-deps", *wanted], check=True)
    stamp.write_text("\n".join(wanted) + "\n", "utf-8")
    return folder / "bin"
