"""The language server against its budgets: until it is ready, and after a keystroke.

    python bench/suites/server.py [FOLDER ...] [--keystrokes 20] [--starts 15] [--save FILE]

Starts `ftlint server` as an editor does and measures over its pipes: from the start of the process
to the answer to `initialize`, beside what `python -c pass` takes in the same round; then, config by
config, from a keystroke to the diagnostics of that version. A keystroke writes a letter into a
config, and the next one takes it away. The configs are those of the corpus (`FTLINT_CORPUS`), each
alone in a project, and what `ftlint --show-files` checks in FOLDER, which is a repository, or holds
some. Prints a table in milliseconds, and what a busy machine changes less: 95 % without the time in
which the server waits for a processor, where the system tells that (Linux), and the start in units
of a bare Python. `make docs` shows what is saved as docs/benchmarks/raw/server.json. Exit status 1
where a budget is not held.
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
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("FTLINT_CORPUS", str(ROOT.parent / "shared" / "corpus")))
SERVER = [str(Path(sys.executable).with_name("ftlint")), "server"]
SUFFIXES = {".yaml", ".yml", ".json"}
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

    def waited(self) -> float:
        """Return the seconds that the server could not work as the processors had other work."""
        try:
            told = Path(f"/proc/{self.process.pid}/schedstat").read_text("ascii")
        except OSError:  # only Linux tells
            return 0.0
        return int(told.split()[1]) / 1e9

    def stop(self) -> None:
        """End the server."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


def starts(number: int) -> list[tuple[Taken, float]]:
    """Return what it takes until a server is ready, and the seconds of a bare Python, by round."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(number):
            begun = time.perf_counter()
            editor = Editor(Path(folder))
            taken = time.perf_counter() - begun
            ready = Taken(taken, taken - editor.waited())
            editor.stop()
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-c", "pass"], check=True)
            found.append((ready, time.perf_counter() - begun))
    return found


class Taken(NamedTuple):
    """The seconds until the server answered, and those without its wait for a processor."""

    all: float
    own: float


def keystrokes(editor: Editor, path: Path, number: int) -> Iterator[Taken]:
    """Yield what each keystroke in a config takes."""
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
        begun, before = time.perf_counter(), editor.waited()
        editor.send("textDocument/didChange", {
            "textDocument": {"uri": uri, "version": version}, "contentChanges": [change],
        })  # fmt: skip
        editor.judged(uri, version)
        taken = time.perf_counter() - begun
        yield Taken(taken, max(taken - (editor.waited() - before), 0.0))
    editor.send("textDocument/didClose", {"textDocument": {"uri": uri}})


def alone(number: int) -> list[Taken]:
    """Return all keystrokes in the corpus."""
    found: list[Taken] = []
    with tempfile.TemporaryDirectory() as name:
        editor = Editor(Path(name))
        for place, path in enumerate(sorted(CORPUS.rglob("*.yaml"))):
            copy = Path(name) / str(place) / path.name
            copy.parent.mkdir()
            shutil.copyfile(path, copy)
            found += keystrokes(editor, copy, number)
        editor.stop()
    return found


def in_place(folder: Path, number: int) -> dict[str, list[Taken]]:
    """Return all keystrokes in what ftlint checks below a folder, by what it is."""
    found: dict[str, list[Taken]] = {"config": [], "script": []}
    inside = [one for one in sorted(folder.iterdir()) if (one / ".git").exists()]
    for repository in inside or [folder]:
        editor = Editor(repository)
        for path in checked(repository):
            if path.suffix != ".ipynb":  # whose cells are other documents
                kind = "config" if path.suffix in SUFFIXES else "script"
                found[kind] += keystrokes(editor, path, number)
        editor.stop()
    return found


def checked(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder that ftlint checks, as it tells itself."""
    asked = [SERVER[0], "--show-files", "--no-cache", str(folder)]
    told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    for line in told.splitlines():
        path, found, _ = line.partition(": checked as ")
        if found:
            yield Path(path)


def part(values: Sequence[float], share: float) -> float:
    """Return the value below which so large a share lies."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def row(what: str, taken: Sequence[Taken], budget: float) -> dict[str, Any]:
    """Return what was measured of one thing, in milliseconds."""
    shares = {"least": 0.0, "median": 0.5, "95 %": 0.95, "most": 1.0}
    found = [one.all for one in taken]
    spread = {name: round(1000 * part(found, share), 1) for name, share in shares.items()}
    own = round(1000 * part([one.own for one in taken], 0.95), 1)
    return {"what": what, "number": len(taken), **spread, "95 %, not waiting": own,
            "budget": 1000 * budget}  # fmt: skip


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return what was measured as a table."""
    lines = ["| " + " | ".join(rows[0]) + " |", "|---" * len(rows[0]) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(map(str, one.values())) + " |" for one in rows)])


def main() -> int:
    """Measure, print, and return 1 where a budget is not held."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folders", nargs="*", type=Path)
    asked.add_argument("--keystrokes", type=int, default=20)
    asked.add_argument("--starts", type=int, default=15)
    asked.add_argument("--save", type=Path, metavar="FILE")
    chosen = asked.parse_args()
    begun = starts(chosen.starts)
    ratio = part([one.all / bare for one, bare in begun], 0.5)
    ready = row("ready", [one for one, _ in begun], READY)
    rows = [row("keystroke, a config alone", alone(chosen.keystrokes), KEYSTROKE)]
    for folder in chosen.folders:
        found = in_place(folder.resolve(), chosen.keystrokes)
        for kind, values in found.items():
            if values:
                rows.append(row(f"keystroke, a {kind} in its repository", values, KEYSTROKE))
    load = f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores"
    of_start = f"ready in {ratio:.2f} × `python -c pass`"
    print(table([ready, *rows]), load, of_start, sep="\n\n")
    if chosen.save is not None:
        saved = {"rows": [ready, *rows], "notes": [load, of_start]}
        chosen.save.write_text(json.dumps(saved, indent=1, ensure_ascii=False) + "\n", "utf-8")
    held = ready["median"] <= ready["budget"] and all(one["95 %"] <= one["budget"] for one in rows)
    return int(not held)


if __name__ == "__main__":
    sys.exit(main())
