"""Open a config as an editor does, and print its findings: `first_diagnostic.py FTLINT FILE`.

A client of the Language Server Protocol in a few lines: it starts the server, opens the file, and
ends at the first findings.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import IO, Any


def main(program: str, name: str) -> int:
    """Print the codes and messages of a file's first findings."""
    path = Path(name).resolve()
    server = subprocess.Popen([program, "server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin is not None
    assert server.stdout is not None
    folder = {"uri": path.parent.as_uri(), "name": path.parent.name}
    document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1,
                "text": path.read_text(encoding="utf-8")}  # fmt: skip
    start: dict[str, Any] = {"processId": None, "rootUri": folder["uri"], "capabilities": {},
             "workspaceFolders": [folder]}  # fmt: skip
    send(server.stdin, "initialize", start, number=1)
    while received(server.stdout).get("id") != 1:
        pass
    send(server.stdin, "initialized", {})
    send(server.stdin, "textDocument/didOpen", {"textDocument": document})
    while (said := received(server.stdout)).get("method") != "textDocument/publishDiagnostics":
        pass
    for one in said["params"]["diagnostics"]:
        sys.stdout.write(f"{one['code']} {one['message']}\n")
    server.kill()
    return 0


def send(pipe: IO[bytes], method: str, params: Any, number: int | None = None) -> None:
    """Write a request, or without a number a notification."""
    message = {"jsonrpc": "2.0", "method": method, "params": params}
    body = json.dumps(message if number is None else {**message, "id": number}).encode()
    pipe.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    pipe.flush()


def received(pipe: IO[bytes]) -> dict[str, Any]:
    """Return the next message.

    Raises:
        SystemExit: the server ended.
    """
    size = 0
    while (line := pipe.readline()).strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            size = int(value)
    if not line:
        raise SystemExit("the server ended")
    found: dict[str, Any] = json.loads(pipe.read(size))
    return found


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
