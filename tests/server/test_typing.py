"""Somebody types: nothing is lost, nothing piles up, and what is void ends."""

from __future__ import annotations

import json
import random
import re
import signal
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any

import pytest

from ftlint.server.inbox import Work
from ftlint.support.deadline import TooSlow, ignore_late_ends, left, within
from tests.moments import PATIENCE
from tests.server.client import Client
from tests.server.conftest import BASE, write

if TYPE_CHECKING:
    from ftlint.server.judging import Judged

PIECES = [
    *("a", "e", ":", " ", "\n", "#", "'", "[", "]", ",", "- ", "😀", "한", "\r\n", "stage: ", "1"),
    *("\n  x: |", "{", "*a", "&a ", "<<: "),
]


def place(text: str, at: int) -> dict[str, int]:
    before = text[:at].replace("\r\n", "\n")
    line = before.rpartition("\n")[2]
    return {"line": before.count("\n"), "character": len(line.encode("utf-16-le")) // 2}


def keystroke(text: str, draw: random.Random) -> tuple[str, dict[str, Any]]:
    """Return a text after one more keystroke, and the change that an editor sends for it."""
    start = draw.randrange(len(text) + 1)
    end = min(len(text), start + draw.choice([0, 0, 0, 1, 1, 5]))
    while text[start - 1 : start + 1] == "\r\n" or text[end - 1 : end + 1] == "\r\n":
        start, end = max(start - 1, 0), max(end - 1, 0)
    new = draw.choice([*PIECES, "", ""])
    change = {"range": {"start": place(text, start), "end": place(text, end)}, "text": new}
    return text[:start] + new + text[end:], change


def test_thousands_of_keystrokes(folder: Path) -> None:
    """Whatever was typed, what is said in the end is what is said of the text opened anew."""
    draw = random.Random(25)
    with Client(folder) as editor:
        text = BASE
        editor.open("typed.yaml", text)
        for number in range(4000):
            text, change = keystroke(text, draw)
            editor.change("typed.yaml", change)
            if number % 97 == 0:
                where = editor.at("typed.yaml", draw.randrange(20), draw.randrange(30))
                editor.ask("textDocument/completion", where)
            if number % 400 == 399:
                said = editor.said("typed.yaml")
                assert editor.open(f"{number}.yaml", text) == said
                editor.close(f"{number}.yaml")
                del editor.versions[editor.uri(f"{number}.yaml")]
                text = BASE
                editor.write_anew("typed.yaml", text)
        logged = [one for one in editor.notifications if one["method"].startswith("window/")]
        assert logged == []
        assert editor.stop() == 0


def memory(process: int) -> int:
    """Return the bytes that a process holds."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text("ascii"))
    assert found is not None
    return int(found[1]) << 10


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read in /proc")
def test_a_long_session_holds_no_more_than_a_short_one(folder: Path) -> None:
    with Client(folder) as editor:
        editor.open("long.yaml", BASE)

        def type_on(count: int) -> int:
            for number in range(count):
                more = f"run_name: run-{number}-{count}\nnote{number}: 1\n"
                editor.write_anew("long.yaml", BASE + more)
            return memory(editor.process.pid)

        first = type_on(200)
        assert type_on(600) < first + (12 << 20)


def test_a_document_that_is_closed_while_it_is_judged(folder: Path) -> None:
    slow = BASE + "".join(f"k{number}: [{'[' * 20}{']' * 20}]\n" for number in range(400))
    with Client(folder) as editor:
        for _ in range(20):
            editor.begin("closing.yaml", slow)
            editor.change("closing.yaml", {"text": slow + "# more\n"})
            editor.close("closing.yaml")
        assert editor.open("after.yaml", BASE) == []
        last = editor.diagnostics.get(editor.uri("closing.yaml"))
        assert last is None or last["diagnostics"] == []


def test_judging_that_is_void_ends(folder: Path) -> None:
    """A text that takes all the time there is does not hold up the next one."""
    rows = [{"instruction": "a" * 50, "input": "", "output": "b" * 50}] * 20_000
    for number in range(30):
        write(folder, f"data/{number}.json", json.dumps(rows[number:]))
    table = {f"d{number}": {"file_name": f"{number}.json"} for number in range(30)}
    write(folder, "data/dataset_info.json", json.dumps(table))
    names = ",".join(table)
    slow = BASE.replace("dataset: faq", f"dataset: {names}")
    fast = BASE.replace("dataset: faq", "dataset: d0")
    with Client(folder) as editor:
        editor.open("warm.yaml", BASE)
        editor.begin("slow.yaml", slow)
        editor.write_anew("slow.yaml", fast)
        versions = [one["version"] for one in editor.published
                    if one["uri"] == editor.uri("slow.yaml")]  # fmt: skip
        assert versions[-1] == 2


def endless(timer: within) -> None:
    with timer:
        while True:
            pass


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no such timers")
def test_work_that_is_taken_back_ends() -> None:
    before = signal.getsignal(signal.SIGPROF)
    ignore_late_ends()
    work = Work()
    work.begin("file:///a.yaml")
    for subject in ("file:///b.yaml", None, "file:///a.yaml", "file:///a.yaml"):
        Timer(0.1, work.take_back, [subject]).start()
    try:
        with pytest.raises(TooSlow):
            endless(within(PATIENCE))
        assert work.is_void
        work.end()
        work.take_back("file:///a.yaml")
        work.begin("file:///a.yaml")
        assert not work.is_void
    finally:
        signal.signal(signal.SIGPROF, before)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no such timers")
def test_a_time_within_another_gives_back_what_is_left() -> None:
    with within(PATIENCE):
        with within(1):
            assert 0 < left() < 1.1
        assert PATIENCE - 1 < left() < PATIENCE + 0.1
    assert left() == 0
    with pytest.raises(TooSlow), within(0.05):
        endless(within(PATIENCE))
    assert left() == 0


def test_the_time_that_one_text_may_take(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too slow says so; what is void by then says nothing."""
    from ftlint import engine
    from ftlint.server import judging
    from ftlint.server.documents import opened
    from ftlint.server.workspace import Workspace

    def busy(*_: object) -> None:
        while True:
            pass

    monkeypatch.setattr(engine, "lint_bytes", busy)
    monkeypatch.chdir(folder)
    write(folder, "ftlint.toml", "limits = {seconds = 1}\n")
    workspace = Workspace()
    workspace.folders = [str(folder.resolve())]
    path = str(folder / "a.yaml")
    document = opened(f"file://{path}", path, "", 1, "yaml", BASE)

    def judged(void: bool) -> Judged | None:
        where = workspace.scope(document)
        assert where is not None
        return judging.judge(document, where, workspace.disk(where), lambda: void)

    found = judged(void=False)
    assert found is not None
    assert [one.code for one in found.result.diagnostics] == ["FT907"]
    assert judged(void=True) is None
