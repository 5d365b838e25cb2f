"""A client of the tests' own: the real process over pipes, every message held to the protocol."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from itertools import count
from typing import TYPE_CHECKING, Any

from lsprotocol import converters, types

from tests.moments import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Json = dict[str, Any]

CAPABILITIES: Json = {
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {"workspaceFolders": True},
    "textDocument": {
        "publishDiagnostics": {
            "relatedInformation": True,
            "codeDescriptionSupport": True,
            "tagSupport": {"valueSet": [1, 2]},
            "versionSupport": True,
        },
        "codeAction": {
            "codeActionLiteralSupport": {
                "codeActionKind": {"valueSet": ["quickfix", "source.fixAll"]}
            },
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit"]},
        },
        "documentLink": {"tooltipSupport": True},
    },
}
"""What an editor of today can do, but for what the server would have to ask it."""

_CONVERTER = converters.get_converter()
"""Refuses a message of another form than the protocol's."""


class Failed(Exception):
    """The server answered with an error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


def of_protocol(method: str, message: Json, side: str) -> None:
    """Hold a message against the protocol's own description: a request, notification or result."""
    known = types.METHOD_TO_TYPES.get(method)
    assert known is not None, method
    kind: Any = known[1] if side == "result" else known[0]
    made: Any = _CONVERTER.structure(message, kind)
    plain = _CONVERTER.unstructure(made, unstructure_as=kind)
    _keeps(message, plain, method)


def _keeps(sent: object, read: object, where: str) -> None:
    """Hold that nothing of a message is lost when it is read as the protocol describes it."""
    if isinstance(sent, dict) and isinstance(read, dict):
        for key, value in sent.items():
            if value is not None:
                assert key in read, f"{where}.{key} is none of the protocol's"
                _keeps(value, read[key], f"{where}.{key}")
    elif isinstance(sent, list) and isinstance(read, list):
        assert len(sent) == len(read), where
        for number, (one, other) in enumerate(zip(sent, read, strict=True)):
            _keeps(one, other, f"{where}[{number}]")


class Client:
    """An editor: it opens a server in a folder, sends what is asked and keeps what comes."""

    def __init__(
        self,
        folder: Path,
        *,
        options: Json | None = None,
        capabilities: Json | None = None,
        folders: list[Path] | None = None,
        env: Mapping[str, str] | None = None,
        started: bool = True,
    ) -> None:
        self.folder = folder
        self.started_at = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ftlint", "server"], cwd=folder, env=env,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.numbers = count(1)
        self.methods: dict[object, str] = {}
        self.notifications: list[Json] = []
        self.answers: dict[object, Json] = {}
        self.nameless: list[Json] = []
        self.requests: list[Json] = []
        self.replies: dict[str, Callable[[Any], Any]] = {}
        self.diagnostics: dict[str, Json] = {}
        self.published: list[Json] = []
        self.versions: dict[str, int] = {}
        self.texts: dict[str, str] = {}
        if started:
            opened = [folder] if folders is None else folders
            self.ready = self.initialize(opened, options, capabilities)

    # Lines -----------------------------------------------------------------------------------

    def write(self, message: Json) -> None:
        body = json.dumps(message).encode()
        self.raw(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def raw(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def read(self) -> Json:
        """Return the next message, held against the protocol and kept where it belongs."""
        out = self.process.stdout
        assert out is not None
        head: dict[bytes, bytes] = {}
        while (line := out.readline()).strip():
            name, _, value = line.partition(b":")
            head[name.lower()] = value.strip()
        if not head:
            error = self.process.stderr.read() if self.process.stderr else b""
            raise EOFError(error.decode())
        message: Json = json.loads(out.read(int(head[b"content-length"])))
        assert message["jsonrpc"] == "2.0"
        self._keep(message)
        return message

    def _keep(self, message: Json) -> None:
        method = message.get("method")
        if method is None and message["id"] is None:
            self.nameless.append(message)
        elif method is None:
            self.answers[message["id"]] = message
            if "result" in message:
                of_protocol(self.methods[message["id"]], message, "result")
        elif "id" in message:
            of_protocol(method, message, "request")
            self.requests.append(message)
            reply = self.replies.get(method)
            result = None if reply is None else reply(message["params"])
            answer = {"jsonrpc": "2.0", "id": message["id"], "result": result}
            self.write(answer)
        else:
            of_protocol(method, message, "notification")
            self.notifications.append(message)
            if method == "textDocument/publishDiagnostics":
                self.published.append(message["params"])
                self.diagnostics[message["params"]["uri"]] = message["params"]

    # Messages --------------------------------------------------------------------------------

    def notify(self, method: str, params: Json | None) -> None:
        message: Json = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            message["params"] = params
        of_protocol(method, message, "notification")
        self.write(message)

    def send(self, method: str, params: Json | None) -> int:
        number = next(self.numbers)
        message: Json = {"jsonrpc": "2.0", "id": number, "method": method}
        if params is not None:
            message["params"] = params
        of_protocol(method, message, "request")
        self.methods[number] = method
        self.write(message)
        return number

    def ask_raw(self, method: str, params: object) -> Any:
        """Return the answer to what is no request of the protocol. Raises Failed."""
        number = next(self.numbers)
        self.write({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return self.wait(number)

    def ask(self, method: str, params: Json | None) -> Any:
        """Return the answer to a request. Raises Failed."""
        return self.wait(self.send(method, params))

    def wait(self, number: int) -> Any:
        while number not in self.answers:
            self.read()
        answer = self.answers[number]
        if "error" in answer:
            raise Failed(answer["error"]["code"], answer["error"]["message"])
        return answer["result"]

    def initialize(
        self, folders: list[Path], options: Json | None, capabilities: Json | None
    ) -> Json:
        named = [{"uri": one.as_uri(), "name": one.name} for one in folders]
        params = {
            "processId": None,
            "rootUri": named[0]["uri"] if named else None,
            "workspaceFolders": named or None,
            "capabilities": CAPABILITIES if capabilities is None else capabilities,
            "initializationOptions": options,
        }
        found: Json = self.ask("initialize", params)
        self.notify("initialized", {})
        return found

    # Documents -------------------------------------------------------------------------------

    def uri(self, name: str) -> str:
        return name if ":" in name else (self.folder / name).as_uri()

    def open(self, name: str, text: str, language: str = "yaml") -> list[Json]:
        """Open a document, and return what is said of it."""
        self.begin(name, text, language)
        return self.said(name)

    def begin(self, name: str, text: str, language: str = "yaml") -> None:
        """Open a document."""
        uri = self.uri(name)
        self.versions[uri], self.texts[uri] = 1, text
        document = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def change(self, name: str, *changes: Json) -> None:
        uri = self.uri(name)
        self.versions[uri] += 1
        document = {"uri": uri, "version": self.versions[uri]}
        params = {"textDocument": document, "contentChanges": [*changes]}
        self.notify("textDocument/didChange", params)

    def write_anew(self, name: str, text: str) -> list[Json]:
        """Replace a document's text, and return what is said of it."""
        self.texts[self.uri(name)] = text
        self.change(name, {"text": text})
        return self.said(name)

    def close(self, name: str) -> None:
        self.notify("textDocument/didClose", {"textDocument": {"uri": self.uri(name)}})

    def save(self, name: str) -> None:
        self.notify("textDocument/didSave", {"textDocument": {"uri": self.uri(name)}})

    def said(self, name: str) -> list[Json]:
        """Return what is said of the newest version of a document."""
        uri = self.uri(name)
        self.ask("textDocument/hover", self.at(name, 0, 0))  # its answer waits for what is due
        assert self.diagnostics[uri]["version"] == self.versions[uri]
        found: list[Json] = self.diagnostics[uri]["diagnostics"]
        return found

    def settled(self) -> None:
        """Take in all that there is to say of what is open: an answer waits for what is due."""
        for uri in self.versions:
            self.ask("textDocument/hover", self.at(uri, 0, 0))

    def at(self, name: str, line: int, character: int) -> Json:
        position = {"line": line, "character": character}
        return {"textDocument": {"uri": self.uri(name)}, "position": position}

    def actions(self, name: str, one: Json, only: list[str] | None = None) -> list[Json]:
        """Return what is offered at a diagnostic."""
        context: Json = {"diagnostics": [one]} | ({"only": only} if only else {})
        params = {
            "textDocument": {"uri": self.uri(name)}, "range": one["range"], "context": context,
        }  # fmt: skip
        return list(self.ask("textDocument/codeAction", params))

    def applied(self, name: str, action: Json) -> str:
        """Return a document's text as an editor has it when it has made an action."""
        if "edit" not in action:
            action = self.ask("codeAction/resolve", action)
        uri = self.uri(name)
        return applied(self.texts[uri], action["edit"]["changes"][uri])

    # The end ---------------------------------------------------------------------------------

    def stop(self) -> int:
        """Leave as an editor does, and return the exit status of the server."""
        self.ask("shutdown", None)
        self.notify("exit", None)
        return self.process.wait(PATIENCE)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.read()
                stream.close()
        self.process.wait()


def applied(text: str, edits: list[Json]) -> str:
    """Return a text with edits made, as the protocol counts their places."""
    lines = list(_lines(text))
    found = sorted(
        ((_offset(lines, one["range"]["start"]), _offset(lines, one["range"]["end"]),
          one["newText"]) for one in edits), reverse=True,
    )  # fmt: skip
    units = text.encode("utf-16-le", "surrogatepass")
    for start, end, new in found:
        put = new.encode("utf-16-le", "surrogatepass")
        units = units[: 2 * start] + put + units[2 * end :]
    return units.decode("utf-16-le", "surrogatepass")


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each line begins and how long it is, in units of UTF-16."""
    start = 0
    for line in text.replace("\r\n", "\x00\n").replace("\r", "\n").split("\n"):
        size = len(line.encode("utf-16-le", "surrogatepass")) // 2
        shown = size - line.endswith("\x00")
        yield start, shown
        start += size + 1


def _offset(lines: list[tuple[int, int]], place: Json) -> int:
    start, size = lines[place["line"]]
    assert place["character"] <= size, "behind the end of its line"
    return start + int(place["character"])
