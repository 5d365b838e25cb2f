"""A new user's path from nothing to the first finding, timed: `python release/routes.py DIST`.

Each route starts with an empty home and empty caches, and ends when a misspelt key is reported.
Packages come from the index that is set up here. The result is what docs/first-finding.md shows.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
EDITOR = Path(__file__).with_name("first_diagnostic.py")
KEPT = ROOT / "docs" / "benchmarks" / "raw" / "first-finding.json"
CONFIG = """\
model_name_or_path: Qwen/Qwen2.5-0.5B
stage: sft
do_train: true
dataset: faq
template: qwen
output_dir: saves/run
learnig_rate: 1.0e-4
"""
HOOK = """\
repos:
  - repo: {repository}
    rev: {revision}
    hooks: [{{id: ftlint}}]
"""
CODE = "FT101"
OPENED = "(opened)"
"""An editor opens the file: release/first_diagnostic.py does."""


class Route(NamedTuple):
    """A way to the first finding: commands as a user types them, and what is there before."""

    name: str
    before: str
    commands: tuple[str, ...]


def routes() -> list[Route]:
    """Return the routes; in a command WHEEL stands for the package as it would be on the index."""
    fresh = "python3 -m venv environment"
    run = "environment/bin/ftlint"
    return [
        Route("pip", "Python", (fresh, "environment/bin/pip install -q WHEEL", f"{run} configs/")),
        Route("uvx", "uv", ("uvx --from WHEEL ftlint configs/",)),
        Route("hook", "git, pre-commit, and the four lines of the hook",
              ("pre-commit run --all-files",)),
        Route("CI", "a runner with Python; the steps of docs/ci.md",
              (fresh, "environment/bin/pip install -q WHEEL",
               f"{run} --output-format github configs/")),
        Route("editor", "Python, and an editor with the lines of docs/editor.md",
              (fresh, "environment/bin/pip install -q WHEEL", f"{OPENED} {run} configs/sft.yaml")),
        Route("container", "Python; no engine here, so the recipe's steps in an environment",
              (fresh, "environment/bin/pip install -q --no-cache-dir --no-compile WHEEL",
               "environment/bin/python -m compileall -q environment/lib", f"{run} configs/")),
    ]  # fmt: skip


def main(folder: str) -> int:
    """Time each route with the wheel of a folder and keep the result."""
    (wheel,) = Path(folder).resolve().glob("*.whl")
    timed = [measured(route, wheel) for route in routes()]
    machine = f"{platform.system()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    KEPT.write_text(
        json.dumps({"when": time.strftime("%Y-%m-%d"), "machine": machine, "routes": timed},
                   indent=1) + "\n",
        encoding="utf-8",
    )  # fmt: skip
    return 0


def measured(route: Route, wheel: Path) -> dict[str, object]:
    """Return how long a route took, command by command.

    Raises:
        SystemExit: it ended without the finding.
    """
    with tempfile.TemporaryDirectory() as place:
        work = Path(place) / "project"
        (work / "configs").mkdir(parents=True)
        (work / "configs" / "sft.yaml").write_text(CONFIG, encoding="utf-8")
        if route.name == "hook":
            _repository(work)
        seconds, said = [], ""
        for written in route.commands:
            command = written.replace("WHEEL", str(wheel)).replace(OPENED, f"python3 {EDITOR}")
            begun = time.perf_counter()
            done = subprocess.run(
                command, shell=True, cwd=work, env=_bare(Path(place)), capture_output=True,
                encoding="utf-8", check=False,
            )  # fmt: skip
            seconds.append(round(time.perf_counter() - begun, 2))
            said = done.stdout + done.stderr
        if CODE not in said:
            raise SystemExit(f"{route.name}: no {CODE}\n{said}")
    shown = [command.replace("WHEEL", "ftlint") for command in route.commands]
    return {"name": route.name, "before": route.before, "commands": shown, "seconds": seconds}


def _repository(work: Path) -> None:
    """Make a repository whose hook is this one at its last commit."""
    revision = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=ROOT, text=True).strip()
    text = HOOK.format(repository=ROOT, revision=revision)
    (work / ".pre-commit-config.yaml").write_text(text, encoding="utf-8")
    for command in ("git init -q", "git add -A"):
        subprocess.run(command.split(), cwd=work, check=True)


def _bare(place: Path) -> dict[str, str]:
    """Return an environment whose home and caches are empty."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    tools = str(Path(sys.executable).parent)
    path = os.pathsep.join([tools, *(kept["PATH"].split(os.pathsep))])
    python = shutil.which("python3", path=os.defpath) or sys.executable
    return {
        **kept, "HOME": str(place / "home"), "PATH": path, "XDG_CACHE_HOME": str(place / "cache"),
        "UV_CACHE_DIR": str(place / "uv"), "UV_PYTHON": python,
        "PIP_CACHE_DIR": str(place / "pip"), "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PRE_COMMIT_HOME": str(place / "hooks"), "COLUMNS": "100",
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
