"""ftlint as a user calls it, and the errors that it finds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.oracle import environments

from ftlint.rulebook.registry import BUILT_IN
from ftlint.target.releases import resolve_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ftlint.target.releases import Target

CHUNK = 200
"""Files an ftlint call, well below the limit of a command line."""


class Error(NamedTuple):
    """One error of ftlint."""

    code: str
    key: str


def target_of(release: str) -> Target:
    """Return what a release is judged with in its environment, not the pair that is usual."""
    return resolve_target(release, environments.PINS[release].transformers)


def machine_of(release: str) -> list[str]:
    """Return the options that say what an environment has.

    Every package that LLaMA Factory looks for, as the judge grants them, and no flash-attn, which
    needs a GPU: LLaMA Factory continues without it.
    """
    checks = BUILT_IN["FT433"].checks
    granted = (one.when["facts"]["installed"]["not"]["contains"]["const"] for one in checks)
    installed = ",".join(sorted({"torch", *granted}))
    transformers = environments.PINS[release].transformers
    return ["--transformers", transformers, "--fact", f"installed={installed}"]


def run_ftlint(folder: Path, release: str, arguments: Sequence[str]) -> str:
    """Call ftlint as a user does, in `folder` and for a release; return its report in JSON."""
    root = environments.ROOT
    environment = {**os.environ, "PYTHONPATH": f"{root / 'lint'}{os.pathsep}{root / 'schemas'}"}
    command = [sys.executable, "-m", "ftlint", "check", "--output-format", "json", "--isolated"]
    run = subprocess.run(
        [*command, "--target", release, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode not in (0, 1):
        raise RuntimeError(f"ftlint ended with {run.returncode}: {run.stderr[-2000:]}")
    return run.stdout


def lint(paths: Sequence[Path], release: str, folder: Path) -> dict[str, tuple[Error, ...]]:
    """File name -> the errors that ftlint finds, called as a user calls it."""
    found: dict[str, tuple[Error, ...]] = {path.name: () for path in paths}
    for start in range(0, len(paths), CHUNK):
        files = [str(path) for path in paths[start : start + CHUNK]]
        report = run_ftlint(folder, release, [*machine_of(release), *files])
        for diagnostic in json.loads(report)["diagnostics"]:
            if diagnostic["severity"] == "error":
                error = Error(diagnostic["code"], diagnostic.get("key") or "")
                found[Path(diagnostic["path"]).name] += (error,)
    return found
