"""The real process: what needs its streams, its environment, its exit status."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import click
import pytest

from ftlint.cli import COMMANDS
from ftlint.cli.commands import cli
from tests.cli.calls import BAD, HEAD, ROOT, environment, heeds_interrupts, process, write
from tests.moments import PATIENCE

FTLINT = f"{shlex.quote(sys.executable)} -m ftlint"


def shell(command: str, folder: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command.replace("ftlint", FTLINT, 1)], cwd=folder, text=True,
        env=environment(**changes), capture_output=True, check=False, timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_the_exit_status_is_the_documented_one(tmp_path: Path) -> None:
    write(tmp_path / "good.yaml", HEAD)
    write(tmp_path / "bad.yaml")
    assert process("good.yaml", folder=tmp_path).status == 0
    assert process("bad.yaml", folder=tmp_path).status == 1
    assert process("--isolated", "bad.yaml", folder=tmp_path).status == 1
    wrong = process("--no-such-option", "bad.yaml", folder=tmp_path)
    assert (wrong.status, wrong.out) == (2, "")
    assert "No such option" in wrong.err


def test_a_missing_path_does_not_hide_what_the_others_say(tmp_path: Path) -> None:
    write(tmp_path / "bad.yaml")
    done = process("gone.yaml", "bad.yaml", folder=tmp_path)
    assert done.status == 2
    assert done.out.startswith("gone.yaml: not read: no such file or folder\n")
    assert "bad.yaml:4:1: error FT101" in done.out
    assert done.err == ""


def test_both_ways_in_say_the_same(tmp_path: Path) -> None:
    """`ftlint FILE` takes a short way past the option parser."""
    write(tmp_path / "bad.yaml")
    write(tmp_path / "sub" / "x.yml")
    short = process("bad.yaml", "sub", folder=tmp_path)
    assert short == process("check", "bad.yaml", "sub", folder=tmp_path)
    assert short == process("--color", "auto", "bad.yaml", "sub", folder=tmp_path)
    assert short.out.count("error FT101") == 2
    assert (
        process(folder=tmp_path)
        == process("check", folder=tmp_path)
        == process(".", folder=tmp_path)
    )


def test_no_command_is_taken_for_a_path(tmp_path: Path) -> None:
    assert set(cli.list_commands(click.Context(cli))) == set(COMMANDS)
    write(tmp_path / "good.yaml", HEAD)
    plain = process("memory", "good.yaml", folder=tmp_path)
    assert plain == process("memory", "--isolated", "good.yaml", folder=tmp_path)
    assert "not read" not in plain.out


def test_an_internal_error_is_one_line_and_status_3(tmp_path: Path) -> None:
    write(tmp_path / "bad.yaml")
    script = (
        "import sys, ftlint.run.session\n"
        "def broken(*_): raise RuntimeError('out of\\x1b[31m order')\n"
        "ftlint.run.session.found_files = broken\n"
        "sys.argv = ['ftlint', 'bad.yaml']\n"
        "from ftlint.__main__ import main\nmain()\n"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr == (
        "ftlint: internal error: RuntimeError: out of\\x1b[31m order"
        " (please report it; FTLINT_TRACEBACK=1 shows where)\n"
    )
    traced = subprocess.run(
        command, cwd=tmp_path, env=environment(FTLINT_TRACEBACK="1"), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert "Traceback" in traced.stderr


def test_standard_input_is_linted_under_its_name(tmp_path: Path) -> None:
    write(tmp_path / "sub" / "ftlint.toml", "ignore = ['FT101']\n")
    assert process("-", folder=tmp_path, stdin=BAD.encode()).out.startswith("<stdin>:4:1: error")
    named = process("-", "--stdin-filename", "x/c.yml", folder=tmp_path, stdin=BAD.encode())
    assert named.status == 1
    assert named.out.startswith("x/c.yml:4:1: error FT101")
    settled = process("-", "--stdin-filename", "sub/c.yaml", folder=tmp_path, stdin=BAD.encode())
    assert (settled.status, settled.out[:6]) == (0, "Clean:")
    crlf = process("-", folder=tmp_path, stdin=b"\xef\xbb\xbf" + BAD.replace("\n", "\r\n").encode())
    assert "<stdin>:4:1: error FT101" in crlf.out
    latin = process("-", folder=tmp_path, stdin=HEAD.encode() + b"a: caf\xe9\n")
    assert "error FT011" in latin.out


def test_endless_standard_input_is_read_no_further_than_a_file(tmp_path: Path) -> None:
    done = shell(f"(printf '{HEAD!r}' | tr -d \"'\"; cat /dev/zero) | ftlint -", tmp_path)
    assert done.returncode in (0, 1)
    assert "FT905" in done.stdout or "No LLaMA Factory config" in done.stdout


def test_a_closed_standard_input_matters_to_nobody(tmp_path: Path) -> None:
    write(tmp_path / "bad.yaml")
    assert shell("ftlint bad.yaml <&-", tmp_path).returncode == 1
    assert shell("ftlint - <&-", tmp_path).returncode == 0


def test_a_closed_standard_output_leaves_the_status(tmp_path: Path) -> None:
    write(tmp_path / "bad.yaml")
    done = shell("ftlint bad.yaml >&-", tmp_path)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_reader_that_has_gone_is_no_error(tmp_path: Path) -> None:
    write(tmp_path / "bad.yaml", HEAD + "foo: 1\n" + "# ftlint: hello\n" * 3000)
    done = shell("ftlint bad.yaml | head -n 1; echo ${PIPESTATUS[0]}", tmp_path)
    assert done.stdout.splitlines()[0].startswith("bad.yaml:4:1: error")
    assert done.stdout.splitlines()[-1] == "1"
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("command", ["ftlint bad.yaml", "ftlint rule --all", "ftlint schema"])
def test_a_full_disk_is_one_line(tmp_path: Path, command: str) -> None:
    write(tmp_path / "bad.yaml")
    done = shell(f"{command} >/dev/full", tmp_path)
    assert (done.returncode, done.stderr) == (2, "ftlint: output: No space left on device\n")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16"])
def test_every_encoding_of_the_terminal_will_do(tmp_path: Path, encoding: str) -> None:
    write(tmp_path / "한.yaml", HEAD + "한글: 😀\n")
    changes = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "ftlint"]
    plain = subprocess.run(
        [*command, "한.yaml"], cwd=tmp_path, env=environment(**changes), capture_output=True,
        check=False,
    )  # fmt: skip
    assert plain.returncode == 1
    assert plain.stderr == b""
    shown = plain.stdout.decode(encoding)
    assert ("\\ud55c" in shown) == (encoding != "utf-16")
    report = subprocess.run(
        [*command, "--output-format", "json", "한.yaml"], cwd=tmp_path, check=False,
        env=environment(**changes), capture_output=True,
    )  # fmt: skip
    assert json.loads(report.stdout.decode(encoding))["diagnostics"][0]["key"] == "한글"


CLOCK = """
import itertools, time
seconds = itertools.count()
time.monotonic = lambda: next(seconds) * {pace}
from ftlint.__main__ import main
main()
"""
STILL_CLOCK, SLOW_CLOCK = CLOCK.format(pace=0), CLOCK.format(pace=0.5)


def on_terminal(folder: Path, *arguments: str, code: str = STILL_CLOCK, **changes: str) -> str:
    """Run with a terminal as standard output and return what it was sent."""
    outer, inner = pty.openpty()
    running = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], cwd=folder, stdout=inner, stderr=inner,
        stdin=subprocess.DEVNULL, env=environment(TERM="xterm", **changes),
    )  # fmt: skip
    os.close(inner)
    sent = b""
    try:
        while piece := os.read(outer, 65536):
            sent += piece
    except OSError:  # the other end is closed
        pass
    running.wait(timeout=PATIENCE)
    os.close(outer)
    return sent.decode()


def test_colour_follows_terminal_environment_and_option(tmp_path: Path) -> None:
    write(tmp_path / "bad.yaml")
    red = "\x1b[31merror FT101\x1b[0m"
    assert red in on_terminal(tmp_path, "bad.yaml")
    assert "\x1b" not in on_terminal(tmp_path, "bad.yaml", NO_COLOR="1")
    assert red in on_terminal(tmp_path, "bad.yaml", NO_COLOR="")
    assert "\x1b" not in on_terminal(tmp_path, "--color", "never", "bad.yaml")
    assert "\x1b" not in process("bad.yaml", folder=tmp_path).out
    assert red in process("bad.yaml", folder=tmp_path, FORCE_COLOR="1").out
    assert "\x1b" not in process("bad.yaml", folder=tmp_path, FORCE_COLOR="0").out
    assert "\x1b" not in process("bad.yaml", folder=tmp_path, FORCE_COLOR="1", NO_COLOR="1").out
    always = process("--color", "always", "bad.yaml", folder=tmp_path, NO_COLOR="1")
    assert red in always.out


def test_hostile_names_and_values_reach_a_terminal_harmless(tmp_path: Path) -> None:
    name = "\x1b]0;x\x07\n::error::a.yaml"
    write(tmp_path / name, HEAD + '"f\\e[31m\\n::error::b": "\\e[2J"\n')
    sent = on_terminal(tmp_path, ".", NO_COLOR="1")
    assert "\x1b" not in sent
    assert "\x07" not in sent
    assert "\\x1b]0;x\\x07\\x0a::error::a.yaml:4:1: error FT101" in sent
    assert not any(line.lstrip().startswith("::") for line in sent.splitlines())


def test_a_long_run_shows_its_progress_on_a_terminal_and_nowhere_else(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path / f"{number}.yaml", HEAD)
    sent = on_terminal(tmp_path, ".", code=SLOW_CLOCK, NO_COLOR="1")
    counts = re.findall(r"(\d/5) files", sent)
    assert counts == ["3/5", "4/5", "5/5"]
    assert sent.endswith(
        "\r\x1b[KClean: 5 configs for LLaMA Factory 0.9.5, transformers 5.5.4.\r\n"
    )
    assert "/5 files" not in on_terminal(tmp_path, ".", NO_COLOR="1")
    piped = subprocess.run(
        [sys.executable, "-c", SLOW_CLOCK, "."], cwd=tmp_path, env=environment(), text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    assert piped.stderr == ""


def unread(pipe: int) -> int:
    """Return how many bytes of a pipe nobody has taken yet."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_an_interrupted_run_says_so(tmp_path: Path) -> None:
    write(tmp_path / "bad.yaml")
    running = subprocess.Popen(
        [sys.executable, "-m", "ftlint", "-"], cwd=tmp_path, env=environment(),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=heeds_interrupts,
    )  # fmt: skip
    assert running.stdin is not None
    running.stdin.write("a")
    running.stdin.flush()
    while unread(running.stdin.fileno()):
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)  # it waits for the rest of its input by now
    out, err = running.communicate(timeout=PATIENCE)
    assert (running.returncode, out, err) == (130, "", "ftlint: interrupted\n")


def test_the_installed_script_and_the_module_are_one(tmp_path: Path) -> None:
    done = process("--version", folder=tmp_path)
    assert done.status == 0
    assert done.out.split()[0::2] == ["ftlint,", done.out.split()[2]]
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    assert 'ftlint = "ftlint.__main__:main"' in text
