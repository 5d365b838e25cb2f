"""What a lint loads of the fixes: nothing, or what it takes to make one."""

from __future__ import annotations

import subprocess
import sys

from tests.fixes.sweep import ROOT

CONFIG = "model_name_or_path: m\nstage: sft\ntemplate: qwen\nfinetuning_type: lora\n"
CODE = """
import sys
sys.path[:0] = sys.argv[1:3]
from ftlint.engine import lint
from ftlint.project.options import Options
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target
result = lint(of_text("c.yaml", sys.argv[3]), Options(resolve_target()))
print(sum(one.fix is not None for one in result.diagnostics))
print(*[name for name in sys.modules if name.startswith("ftlint.fixes")])
"""


def loaded(text: str) -> tuple[int, set[str]]:
    command = [sys.executable, "-c", CODE, str(ROOT / "lint"), str(ROOT / "schemas"), text]
    count, names = subprocess.run(
        command, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return int(count), set(names.split())


def test_a_file_without_fixes_loads_nothing_of_them() -> None:
    assert loaded(CONFIG) == (0, set())


def test_a_file_with_fixes_loads_no_oracle_and_no_writer() -> None:
    count, names = loaded(CONFIG + "lr: 1.0e-4\nval_size: 0.1\neval_dataset: a\ndataset: b\n")
    assert count == 2
    assert (
        not {f"ftlint.fixes.{name}" for name in ("apply", "oracle", "roundtrip", "write")} & names
    )
