"""The language server against its budgets: until it is ready, and after a keystroke.

    python bench/suites/server.py [FOLDER ...] [--keystrokes 20] [--starts 15]

Starts `ftlint server` as an editor does and measures over its pipes: from the start of the process
to the answer to `initialize`, beside what `python -c pass` takes in the same round; then, config by
config, from a keystroke to the diagnostics of that version. A keystroke writes a letter into a
config, and the next one takes it away. FOLDER holds configs in their place, as
repositories have them; without one it is the corpus of published configs (`FTLINT_CORPUS`), each
alone in a project. Prints a table, and what a busy machine does not change: processor time, and the
start in units of a bare Python. Exit status 1 where a budget is not held.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("FTLINT_CORPUS", str(ROOT.parent / "shared" / "corpus")))
SERVER = [str(Path(sys.executable).with_name("ftlint")), "server"]
READY, KEYSTROKE = 0.150, 0.010
"""Seconds: the median of all starts, and the 95th percentile of all keystrokes."""


class Editor:
    """One server, spoken to over its pipes."""

    def __init__(self, folder: Path) -> None:
        self.numbers = count(1)
        self.process = subprocess.Popen(SERVER, cwd=folder, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)  # fmt: skip
        opened = [{"uri": folder.as_uri(), "name": "bench"}]
        self.ask("initialize", {"capabilities": {}, "workspaceFolders": opened})

    def send(self, method: str, params: object, number: int | None = None) -> None:
        """Send a request, or a notification where there is no number."""
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params}
        body = json.dumps(message if number is None else {**message, "id": number}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        """Return the next message."""
        out = self.process.stdout
        assert out is not None
        size = int(out.readline().partition(b":")[2])
        out.readline()
        found: dict[str, Any] = json.loads(out.read(size))
        return found

    def ask(self, method: str, params: object) -> Any:
        """Return the answer to a request."""
        number = next(self.numbers)
        self.send(method, params, number)
        while True:
            message = self.read()
            if message.get("id") == number:
                return message.get("result")

    def judged(self, uri: str, version: int) -> None:
        """Wait for the diagnostics of a version."""
        while True:
            params = self.read().get("params")
            if params and params.get("uri") == uri and params.get("version") == version:
                return

    def stop(self) -> float:
        """End the server; return the seconds of processor time that it took."""
        self.process.kill()
        used = os.wait4(self.process.pid, 0)[2]
        self.process.returncode = 0
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        return used.ru_utime + used.ru_stime


def starts(number: int) -> list[tuple[float, float]]:
    """Return the seconds until a server is ready, and those of a bare Python, round by round."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(number):
            begun = time.perf_counter()
            editor = Editor(Path(folder))
            ready = time.perf_counter() - begun
            editor.stop()
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-c", "pass"], check=True)
            found.append((ready, time.perf_counter() - begun))
    return found


def keystrokes(editor: Editor, path: Path, number: int) -> Iterator[float]:
    """Yield the seconds from each keystroke in a config to what is said of it."""
    text, uri = path.read_text("utf-8", "replace"), path.as_uri()
    lines = [n for n, line in enumerate(text.split("\n")) if line.strip()]
    document = {"uri": uri, "languageId": "yaml", "version": 0, "text": text}
    editor.send("initialized", {})
    editor.send("textDocument/didOpen", {"textDocument": document})
    editor.judged(uri, 0)
    for version in range(1, number + 1):
        line = lines[(version // 2 * 7) % len(lines)] if lines else 0
        typed = version % 2 == 1
        start = {"line": line, "character": 0}
        end = start if typed else {"line": line, "character": 1}
        change = {"range": {"start": start, "end": end}, "text": "#" if typed else ""}
        begun = time.perf_counter()
        editor.send("textDocument/didChange", {
            "textDocument": {"uri": uri, "version": version}, "contentChanges": [change],
        })  # fmt: skip
        editor.judged(uri, version)
        yield time.perf_counter() - begun
    editor.send("textDocument/didClose", {"textDocument": {"uri": uri}})


def typed_in(folders: Sequence[Path], number: int) -> tuple[list[float], float]:
    """Return the seconds of all keystrokes in the configs of some folders, and the processor's."""
    found: list[float] = []
    used = 0.0
    if folders:
        for folder in folders:
            editor = Editor(folder.resolve())
            for path in sorted(folder.resolve().rglob("*.yaml")):
                found += keystrokes(editor, path, number)
            used += editor.stop()
        return found, used
    with tempfile.TemporaryDirectory() as name:
        editor = Editor(Path(name))
        for place, path in enumerate(sorted(CORPUS.rglob("*.yaml"))):
            alone = Path(name) / str(place) / path.name
            alone.parent.mkdir()
            shutil.copyfile(path, alone)
            found += keystrokes(editor, alone, number)
        used += editor.stop()
    return found, used


def part(values: Sequence[float], share: float) -> float:
    """Return the value below which so large a share lies."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def main() -> int:
    """Measure, print, and return 1 where a budget is not held."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folders", nargs="*", type=Path)
    asked.add_argument("--keystrokes", type=int, default=20)
    asked.add_argument("--starts", type=int, default=15)
    chosen = asked.parse_args()
    begun = starts(chosen.starts)
    ready = [one for one, _ in begun]
    ratio = part([one / bare for one, bare in begun], 0.5)
    typed, used = typed_in(chosen.folders, chosen.keystrokes)
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores\n")
    print(
        "| what | number | least | median | 95 % | most | budget |\n|---|---|---|---|---|---|---|"
    )
    for name, values, budget in (("ready", ready, READY), ("keystroke", typed, KEYSTROKE)):
        shown = (min(values), part(values, 0.5), part(values, 0.95), max(values), budget)
        cells = " | ".join(f"{1000 * one:.1f} ms" for one in shown)
        print(f"| {name} | {len(values)} | {cells} |")
    print(f"\n{1000 * used / len(typed):.1f} ms of the processor a keystroke, on average")
    print(f"ready in {ratio:.2f} × `python -c pass` (median of the ratios of each round)")
    return int(part(ready, 0.5) > READY or part(typed, 0.95) > KEYSTROKE)


if __name__ == "__main__":
    sys.exit(main())
