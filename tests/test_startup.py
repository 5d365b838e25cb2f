"""Start-up is a feature: what a hook's call must never load, however the file looks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.moments import PATIENCE

ROOT = Path(__file__).resolve().parents[1]
HEAD = "model_name_or_path: m\ntemplate: qwen\nstage: sft\n"

HEAVY = ["torch", "transformers", "peft", "datasets", "accelerate", "llamafactory", "numpy", "yaml",
         "omegaconf", "pandas", "pyarrow", "requests"]  # fmt: skip
"""Never, in any command but the benchmark's."""

SLOW = ["jsonschema", "click", "dataclasses", "inspect", "pathlib", "subprocess", "socket", "ssl",
        "importlib.metadata", "urllib.request", "multiprocessing", "concurrent.futures", "asyncio",
        "unittest", "difflib", "ftbench"]  # fmt: skip
"""Not for `ftlint FILE` on a file without findings."""

SMALL = ["typing", "contextlib", "importlib", "unicodedata"]
"""Not for the simplest either; ruamel.yaml loads them for what is not flat."""

MOST = 91
"""Modules that such a file may load at all: each costs a tenth of a millisecond."""

OWN = ["ftlint.fixes", "ftlint.steps", "ftlint.datasets", "ftlint.facts.plan",
       "ftlint.rulebook.policies", "ftlint.cli.commands"]  # fmt: skip
"""Parts of ftlint that such a file does not need."""

REPORTED = """
import sys
try:
    {code}
except SystemExit as stop:
    assert stop.code in (0, 1), stop.code
print("MODULES", *sys.modules)
"""


@pytest.fixture(scope="module")
def traps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages that end the process when they are so much as looked for."""
    folder = tmp_path_factory.mktemp("traps")
    for name in HEAVY:
        trap = f"import os\nos.write(2, b'{name} was imported')\nos._exit(9)\n"
        (folder / f"{name}.py").write_text(trap, encoding="utf-8")
    return folder


def loaded(traps: Path, folder: Path, code: str) -> set[str]:
    """Run `code` in a fresh process; return the modules it has in the end."""
    path = os.pathsep.join([str(traps), str(ROOT / "lint"), str(ROOT / "schemas")])
    done = subprocess.run(
        [sys.executable, "-c", REPORTED.format(code=code)], cwd=folder, text=True, check=False,
        env={**os.environ, "PYTHONPATH": path}, capture_output=True, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("MODULES ")[2].split())


def running(*arguments: str) -> str:
    return f"from ftlint.__main__ import run; sys.exit(run({[*arguments]!r}))"


def among(modules: set[str], names: list[str]) -> list[str]:
    """Return those of `names` that were loaded, packages by any of their parts."""
    return [name for name in names if any(f"{one}.".startswith(f"{name}.") for one in modules)]


def test_the_traps_work(traps: Path, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="torch was imported"):
        loaded(traps, tmp_path, "__import__('torch')")
    assert among({"a.b", "cd"}, ["a", "a.b", "c", "cd"]) == ["a", "a.b", "cd"]


@pytest.mark.parametrize("code", ["import ftlint", "import ftlint.cli", "import ftlint.cli.check"])
def test_importing_the_command_line_is_light(traps: Path, tmp_path: Path, code: str) -> None:
    modules = loaded(traps, tmp_path, code)
    assert "ftlint" in modules
    assert among(modules, [*HEAVY, *SLOW, *OWN]) == []


def test_no_module_of_ftlint_is_heavy(traps: Path, tmp_path: Path) -> None:
    names = sorted(
        ".".join(path.relative_to(ROOT / "lint").with_suffix("").parts)
        for path in (ROOT / "lint" / "ftlint").rglob("*.py")
        if path.name not in ("__init__.py", "__main__.py")
    )
    assert len(names) > 40
    code = f"import importlib; all(map(importlib.import_module, {names!r}))"
    modules = loaded(traps, tmp_path, code)
    assert set(names) <= modules
    assert among(modules, HEAVY) == []


@pytest.mark.parametrize(
    "text",
    [
        HEAD,
        HEAD.replace("stage: sft\n", "")
        + "trust_remote_code: &a true\ninfer_backend: vllm  # ftlint: gpus=2\n",
        "services: {web: {image: nginx}}\n",
        "",
        "model_name_or_path: m\nadapter_name_or_path: a\ntemplate: qwen\nexport_dir: e\n",
    ],
    ids=["config", "chat", "foreign", "empty", "export"],
)
def test_a_file_without_findings_loads_little(traps: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    modules = loaded(traps, tmp_path, running("c.yaml"))
    assert "ftlint.engine" in modules
    foreign = "&" in text or "{" in text
    assert ("ruamel" in modules) == foreign
    assert among(modules, [*HEAVY, *SLOW, *OWN]) == []
    if not foreign:
        modules -= loaded(traps, tmp_path, "pass")
        assert among(modules, SMALL) == []
        assert len(modules) <= MOST, sorted(modules)


def test_no_cycles_are_searched_for(tmp_path: Path) -> None:
    """A search takes milliseconds, and next to nothing that a file makes could be freed."""
    (tmp_path / "c.yaml").write_text(HEAD + "learnig_rate: 1\n", encoding="utf-8")
    searched = (
        "import gc, sys; gc.callbacks.append(lambda *_: print('SEARCH'));"
        "sys.argv = ['ftlint', 'c.yaml']; from ftlint.__main__ import main; main()"
    )
    path = os.pathsep.join([str(ROOT / "lint"), str(ROOT / "schemas")])
    env = {**os.environ, "PYTHONPATH": path, "PYTHONPYCACHEPREFIX": str(tmp_path / "pyc")}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    for _ in range(2):  # the first run compiles ftlint itself
        done = subprocess.run([sys.executable, "-c", searched], cwd=tmp_path, text=True, env=env,
                              check=False, capture_output=True)  # fmt: skip
    assert done.stdout.startswith("c.yaml:4:1: error FT101")
    assert "SEARCH" not in done.stdout.partition("Found 1 error")[0]


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "learnig_rate: 1\nfinetuning_type: qlora\nseed: 042\n",
        HEAD + "a: [\n",
        HEAD + "stage: dpo\n# ftlint: ignore[FT999]\n",
        HEAD + "do_train: true\ndataset: a\noutput_dir: o\nlearning_rate: x\nnum_train_epochs: 3\n",
        HEAD + "x: 2024-01-01\ny: {{Z}}\n",
        "\xff",
    ],
)
def test_a_file_with_findings_loads_nothing_heavy(traps: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "c.yaml").write_bytes(text.encode("latin-1"))
    modules = loaded(traps, tmp_path, running("c.yaml", "."))
    assert among(modules, HEAVY) == []
    assert among(modules, ["jsonschema", "click", "subprocess", "socket", "ftbench"]) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--select", "FT1", "c.yaml"], ["--output-format", "json", "--statistics", "."],
        ["rule", "FT101"], ["rule", "--all"], ["schema"], ["schema", "--settings"],
        ["--target", "0.9.3", "--gpus", "8", "--dataset-size", "500", "c.yaml"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_no_command_loads_what_is_heavy(traps: Path, tmp_path: Path, arguments: list[str]) -> None:
    text = HEAD + "do_train: true\ndataset: a\noutput_dir: o\nlearning_rate: 1.0e-4\nfoo: 1\n"
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    modules = loaded(traps, tmp_path, running(*arguments))
    assert "click" in modules
    assert among(modules, [*HEAVY, "jsonschema", "ftbench"]) == []
