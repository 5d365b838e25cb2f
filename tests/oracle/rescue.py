"""How many refused configs the real parser takes after `--fix`, and after `--unsafe-fixes` as well.

    python -m tests.oracle.rescue 0.9.5 [0.9.4 0.9.3] [--json FILE]

Every corpus config that the parser refuses is copied, fixed as a user fixes it, and judged again.
What is still refused is listed with the parser's words and the errors that ftlint still finds; what
only unsafe fixes rescue, with those fixes.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.oracle import environments
from tests.oracle.called import lint, machine_of, run_ftlint
from tests.oracle.client import Case, Judge
from tests.oracle.published import CORPUS, commands

LEVELS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("safe", ("--fix",)),
    ("unsafe", ("--fix", "--unsafe-fixes")),
)


class Left(NamedTuple):
    """A config that is still refused after every fix."""

    file: str
    codes: tuple[str, ...]
    real: str


class Unsafe(NamedTuple):
    """A config that only unsafe fixes rescue, and those that it takes."""

    file: str
    codes: tuple[str, ...]
    done: tuple[str, ...]


class Rescue(NamedTuple):
    """What fixing does for one release."""

    release: str
    refused: int
    safe: int
    """Accepted after --fix."""
    unsafe: int
    """Accepted after --fix --unsafe-fixes."""
    spoilt: tuple[str, ...]
    """Accepted before and refused after fixing: must be none."""
    left: tuple[Left, ...]
    by_unsafe: tuple[Unsafe, ...]

    def __str__(self) -> str:
        return (
            f"{self.release}: {self.refused} refused; {self.safe} accepted after --fix, "
            f"{self.unsafe} after --fix --unsafe-fixes; {len(self.spoilt)} spoilt"
        )


def rescue(release: str) -> Rescue:
    """Fix the whole corpus for one release, and judge it before and after."""
    command_of, machine = commands(), machine_of(release)
    names = list(command_of)
    refused: dict[str, dict[str, str]] = {}
    left: tuple[Left, ...] = ()
    held_back: dict[str, dict[tuple[str, str], None]] = {}
    with tempfile.TemporaryDirectory() as temporary, Judge(release) as judge:
        for level, options in (("before", ()), *LEVELS):
            folder = Path(temporary) / level
            shutil.copytree(CORPUS / "files", folder)
            for path in folder.iterdir():
                path.chmod(0o644)
            if options:
                run_ftlint(folder, release, [*machine, *options, *names])
            verdicts = judge.judge(
                Case(name, command_of[name], path=str(folder / name)) for name in names
            )
            refused[level] = {one.id: one.error for one in verdicts if one.refused}
            if level == "safe":
                report = run_ftlint(folder, release, [*machine, *refused[level]])
                held_back = _unsafe_fixes(report)
            if level == LEVELS[-1][0]:
                errors = lint([folder / name for name in refused[level]], release, folder)
                left = tuple(
                    Left(name, tuple(one.code for one in errors[name]), refused[level][name])
                    for name in refused[level]
                )
    before = refused["before"]
    spoilt = {name for level, _ in LEVELS for name in refused[level] if name not in before}
    safe, unsafe = (sum(name not in refused[level] for name in before) for level, _ in LEVELS)
    return Rescue(
        release,
        len(before),
        safe,
        unsafe,
        tuple(sorted(spoilt)),
        left,
        tuple(
            Unsafe(
                name,
                tuple(dict.fromkeys(code for code, _ in held_back[name])),
                tuple(deed for _, deed in held_back[name]),
            )
            for name in before
            if name in refused["safe"] and name not in refused["unsafe"]
        ),
    )


def _unsafe_fixes(report: str) -> dict[str, dict[tuple[str, str], None]]:
    """File name -> code and deed of the unsafe fixes of its errors, what they remove left out."""
    found: dict[str, dict[tuple[str, str], None]] = {}
    for one in json.loads(report)["diagnostics"]:
        fix = one["fix"]
        if one["severity"] == "error" and fix and fix["applicability"] == "unsafe":
            deed = fix["message"].partition(" (it was: ")[0]
            found.setdefault(Path(one["path"]).name, {})[one["code"], deed] = None
    return found


def main(argv: list[str] | None = None) -> None:
    """Print the rescue of every release asked for."""
    parser = argparse.ArgumentParser(description="Fix refused configs and judge them again.")
    parser.add_argument("release", nargs="+", choices=list(environments.RELEASES))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(argv)
    found = [rescue(release) for release in options.release]
    for one in found:
        print(one)
        for left in one.left:
            print(
                f"  {left.file}  {' '.join(left.codes) or '-'}  {left.real.splitlines()[0][:200]}"
            )
    if options.json:
        records = [
            {
                **one._asdict(),
                "left": [left._asdict() for left in one.left],
                "by_unsafe": [rescued._asdict() for rescued in one.by_unsafe],
            }
            for one in found
        ]
        options.json.write_text(json.dumps(records, indent=1), "utf-8")


if __name__ == "__main__":
    main()
