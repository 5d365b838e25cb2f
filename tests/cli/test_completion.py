"""Completion in real shells: it offers what could follow, and lints nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.calls import BAD, environment, process, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with a config, and commands on a PATH of their own."""
    write(tmp_path / "work" / "c.yaml", BAD)
    for name, module in (("ftlint", "ftlint"), ("bench", "ftbench")):
        path = write(
            tmp_path / "bin" / name, f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n'
        )
        path.chmod(0o755)
    return tmp_path


OFFERED = [
    ("ftlint st", "steps"), ("ftlint ste", "steps"), ("ftlint c.yaml --statis", "--statistics"),
    ("ftlint --output-format gi", "gitlab"), ("ftlint steps --transf", "--transformers"),
    ("ftlint bench pre", "predict"), ("ftlint rule --a", "--all"), ("bench comp", "compare"),
]  # fmt: skip


def shell(folder: Path, *command: str) -> str:
    path = f"{folder / 'bin'}:/usr/bin:/bin"
    root = environment()["PYTHONPATH"]
    done = subprocess.run(
        command, cwd=folder / "work", capture_output=True, text=True, check=False, timeout=120,
        env=environment(PATH=path, PYTHONPATH=f"{root}:{root.partition(':')[0]}/../bench"),
    )  # fmt: skip
    assert "FT101" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("command", ["ftlint", "bench"])
def test_the_script_of_a_shell_is_printed_and_nothing_linted(
    folder: Path, name: str, command: str
) -> None:
    out = shell(folder, "sh", "-c", f"_{command.upper()}_COMPLETE={name}_source {command}")
    assert f"_{command.upper()}_COMPLETE={name}_complete" in out
    if shutil.which(name):
        checked = subprocess.run(
            [name, "-n"], input=out, text=True, check=False, capture_output=True
        )
        assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize(("typed", "offered"), OFFERED)
def test_bash_completes(folder: Path, typed: str, offered: str) -> None:
    command = typed.split()[0]
    words = " ".join(f"'{word}'" for word in typed.split())
    script = f"""
eval "$(_{command.upper()}_COMPLETE=bash_source {command})"
COMP_WORDS=({words}); COMP_CWORD={len(typed.split()) - 1}
_{command}_completion {command}; printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    assert offered in shell(folder, "bash", "-c", script).split()


@pytest.mark.skipif(shutil.which("fish") is None, reason="takes fish")
@pytest.mark.parametrize(("typed", "offered"), OFFERED)
def test_fish_completes(folder: Path, typed: str, offered: str) -> None:
    command = typed.split()[0]
    script = f"_{command.upper()}_COMPLETE=fish_source {command} | source; complete -C '{typed}'"
    words = [line.split("\t")[0] for line in shell(folder, "fish", "-c", script).splitlines()]
    assert offered in words


@pytest.mark.skipif(shutil.which("zsh") is None, reason="takes zsh")
@pytest.mark.parametrize(("typed", "offered"), OFFERED)
def test_zsh_completes(folder: Path, typed: str, offered: str) -> None:
    command = typed.split()[0]
    words = " ".join(f"'{word}'" for word in typed.split())
    script = f"""
autoload -U compinit; compinit -u -d {folder}/zcompdump
_describe() {{ print -l -- "${{(@P)3}}" }}
compadd() {{ print -l -- "${{(@P)@[-1]}}" }}; _path_files() {{ }}
eval "$(_{command.upper()}_COMPLETE=zsh_source {command})"
words=({words}); CURRENT={len(typed.split())}
_{command}_completion
"""
    assert offered in shell(folder, "zsh", "-f", "-c", script)


@pytest.mark.parametrize("module", ["ftlint.run.batch", "ftlint.rules.keys", "ruamel", "click"])
def test_a_module_that_cannot_be_imported_is_one_line(tmp_path: Path, module: str) -> None:
    write(tmp_path / "c.yaml", BAD + "x: &a [1]\n")
    code = (
        "import sys\n"
        "class Gone:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}:\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Gone())\n"
        "from ftlint.__main__ import main\nmain()\n"
    )
    for arguments in (["c.yaml"], ["check", "c.yaml"], ["--fix", "c.yaml"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], cwd=tmp_path, env=environment(),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if module == "click" and arguments == ["c.yaml"]:
            continue  # a hook's call takes no option parser
        assert (done.returncode, done.stdout) == (3, ""), arguments
        assert done.stderr.count("\n") == 1
        assert done.stderr.startswith(f"ftlint: {module} cannot be imported by ")


def test_a_comment_of_any_length_costs_no_more_than_reading_it(tmp_path: Path) -> None:
    head = (
        BAD + "do_train: true\ndataset: d\nmax_steps: 10\noutput_dir: o\n# ftlint: dataset-size=9\n"
    )
    comments = [
        "# " + "5 steps " * 75_000, "# " + "1 " * 300_000 + "steps",
        "# 9 samples, 1 epoch, 5 steps\n" * 20_000, "# x " + " " * 600_000 + "steps",
    ]  # fmt: skip
    for comment in comments:
        write(tmp_path / "c.yaml", head + comment + "\n")
        done = process("--isolated", "--no-cache", "c.yaml", folder=tmp_path)
        assert "FT907" not in done.out
        assert done.status == 1


@pytest.mark.parametrize("words", [{}, {"COMP_WORDS": "ftlint", "COMP_CWORD": "x"}])
def test_a_call_by_hand_is_no_traceback(tmp_path: Path, words: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ftlint"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env=environment(_FTLINT_COMPLETE="bash_complete", **words),
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")
