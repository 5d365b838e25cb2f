"""A server is ready before the linter is loaded, and never loads what takes long."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.moments import PATIENCE
from tests.server.client import Client
from tests.server.conftest import BASE

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = ["click", "asyncio", "lsprotocol", "pygls", "attrs", "cattrs", "jsonschema", "torch",
         "transformers", "socket", "ssl", "subprocess", "typing", "dataclasses"]  # fmt: skip


def test_what_answers_first_is_light() -> None:
    code = "import ftlint.server.serve, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          timeout=PATIENCE)  # fmt: skip
    loaded = set(done.stdout.split())
    assert "ftlint.server.wire" in loaded
    assert not loaded & {*HEAVY, "ftlint.engine", "ftschemas.compiled", "ftlint.server.session"}


def test_a_session_loads_nothing_heavy(folder: Path, tmp_path: Path) -> None:
    traps = tmp_path / "traps"
    traps.mkdir()
    for name in ("click", "asyncio", "lsprotocol", "pygls", "jsonschema", "torch", "transformers"):
        trap = f"import os\nos.write(2, b'{name} was imported')\nos._exit(9)\n"
        (traps / f"{name}.py").write_text(trap, "utf-8")
    env = {**os.environ, "PYTHONPATH": str(traps)}
    with Client(folder, env=env) as editor:
        found = editor.open("a.yaml", BASE + "learnig_rate: 1\n")
        assert editor.actions("a.yaml", found[0])
        for method in ("hover", "completion"):
            assert editor.ask(f"textDocument/{method}", editor.at("a.yaml", 1, 1))
        asked = {"textDocument": {"uri": editor.uri("a.yaml")}}
        assert editor.ask("textDocument/documentLink", asked)
        editor.ask("textDocument/codeLens", asked)
        assert editor.stop() == 0


def test_other_arguments_are_for_the_option_parser() -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ftlint", "server", *arguments], capture_output=True, text=True,
            check=False, stdin=subprocess.DEVNULL, timeout=PATIENCE,
        )  # fmt: skip

    assert run("--help").returncode == 0
    assert "Language Server Protocol" in run("--help").stdout
    assert run("--nonsense").returncode == 2
    for nothing_to_read in (run("--stdio"), run()):
        assert (nothing_to_read.returncode, nothing_to_read.stderr) == (1, "")
