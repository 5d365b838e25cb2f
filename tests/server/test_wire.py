"""JSON-RPC: what is broken is answered or read past, and ends nothing."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftlint.server import wire
from tests.moments import PATIENCE
from tests.server.client import Client, Failed
from tests.server.conftest import BASE

if TYPE_CHECKING:
    from pathlib import Path

GOOD = b'{"jsonrpc":"2.0","id":1,"method":"m"}'


def frame(body: bytes, head: bytes = b"Content-Length: %d\r\n\r\n") -> bytes:
    return (head % len(body) if b"%d" in head else head) + body


def every(data: bytes) -> list[Any]:
    """Return all messages in a stream."""
    stream = BytesIO(data)
    return list(iter(lambda: wire.read(stream), None))


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: %d\r\n\r\n",
        b"content-length:%d\r\n\r\n",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: %d\r\n\r\n",
        b"Content-Length: %d\r\nContent-Type: x\r\n\r\n",
        b"Content-Length: %d\n\n",
        b"\r\n\r\nContent-Length: %d\r\n\r\n",
        b"garbage\r\n\r\nContent-Length: %d\r\n\r\n",
        b'{"left": "over"}Content-Length: %d\r\n\r\n',
        b"Content-Length: x\r\nContent-Length: %d\r\n\r\n",
        b"Content-Length: -5\r\n\r\nContent-Length: %d\r\n\r\n",
        b"x" * 100_000 + b"\r\nContent-Length: %d\r\n\r\n",
    ],
)
def test_a_head_is_read_whatever_stands_before_it(head: bytes) -> None:
    assert every(frame(GOOD, head)) == [wire.Message("m", 1)]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", wire.PARSE_ERROR),
        (b"\xff\xfe", wire.PARSE_ERROR),
        (b"[" * 100_000, wire.PARSE_ERROR),
        (b"[]", wire.INVALID_REQUEST),
        (b"7", wire.INVALID_REQUEST),
        (b"{}", wire.INVALID_REQUEST),
        (b'{"method": 7, "id": 1}', wire.INVALID_REQUEST),
        (b'{"method": "m", "id": [1]}', wire.INVALID_REQUEST),
        (b'{"method": "m", "id": true}', wire.INVALID_REQUEST),
    ],
)
def test_what_is_no_message_is_said_to_be_none(body: bytes, code: int) -> None:
    found = every(frame(body) + frame(GOOD))
    assert [type(one).__name__ for one in found] == ["Malformed", "Message"]
    assert found[0].code == code


def test_what_is_too_large_is_read_past(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MOST", 1000)
    found = every(frame(b"x" * 1001) + frame(GOOD))
    assert [type(one).__name__ for one in found] == ["Malformed", "Message"]


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    every(data)


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_what_is_written_is_read(params: object) -> None:
    out = BytesIO()
    wire.write(out, wire.request(3, "m", params))
    assert every(out.getvalue()) == [wire.Message("m", 3, params)]


# The process -------------------------------------------------------------------------------------


def test_broken_frames_end_nothing(folder: Path) -> None:
    with Client(folder) as editor:
        for body in (b"{", b"[]", b"\x00\xff", b'{"id": {}}', b'"x"', b"[" * 50_000):
            editor.raw(frame(body))
        editor.raw(b"Content-Length: no\r\n\r\n")
        editor.raw(b"\x00\x01 what is this\r\n\r\n")
        assert editor.open("a.yaml", BASE) == []
        errors = [one["error"]["code"] for one in editor.nameless]
        assert errors == [-32700, -32600, -32700, -32600, -32600, -32700]
        assert editor.stop() == 0
        assert editor.process.stderr is not None
        assert editor.process.stderr.read() == b""


def test_params_of_another_form_are_refused(editor: Client) -> None:
    for method, params in (
        ("textDocument/hover", None),
        ("textDocument/hover", []),
        ("textDocument/hover", {"textDocument": "x"}),
        ("textDocument/hover", {"textDocument": {"uri": 3}, "position": {}}),
        ("textDocument/codeAction", {"textDocument": {"uri": "file:///a"}, "range": 3}),
        ("completionItem/resolve", {}),
        ("codeAction/resolve", "x"),
    ):
        with pytest.raises(Failed) as failed:
            editor.ask_raw(method, params)
        assert failed.value.code == wire.INVALID_PARAMS, method
    told: list[tuple[str, object]] = [
        ("textDocument/didOpen", {"textDocument": {"uri": "file:///a"}}),
        ("textDocument/didChange", {}),
        ("textDocument/didChange", None),
        ("workspace/didChangeWatchedFiles", 7),
        ("workspace/didChangeWorkspaceFolders", {"event": {"added": [7], "removed": "x"}}),
        ("workspace/didChangeConfiguration", {"settings": {"ftlint": {"target": 7}}}),
        ("$/setTrace", {"value": "off"}),
        ("no/such/notification", {}),
    ]
    for method, sent in told:
        editor.write({"jsonrpc": "2.0", "method": method, "params": sent})
    assert editor.open("params.yaml", BASE) == []


def test_a_method_that_there_is_not(editor: Client) -> None:
    with pytest.raises(Failed) as failed:
        editor.ask_raw("textDocument/rename", {})
    assert failed.value.code == wire.METHOD_NOT_FOUND


def test_the_life_of_a_server(folder: Path) -> None:
    with Client(folder, started=False) as editor:
        with pytest.raises(Failed) as failed:
            editor.ask("textDocument/hover", editor.at("a.yaml", 0, 0))
        assert failed.value.code == wire.NOT_INITIALIZED
        editor.initialize([folder], None, None)
        with pytest.raises(Failed) as failed:
            editor.initialize([folder], None, None)
        assert failed.value.code == wire.INVALID_REQUEST
        assert editor.ask("shutdown", None) is None
        with pytest.raises(Failed) as failed:
            editor.ask("textDocument/hover", editor.at("a.yaml", 0, 0))
        assert failed.value.code == wire.INVALID_REQUEST
        editor.notify("exit", None)
        assert editor.process.wait(PATIENCE) == 0


def test_a_server_ends_with_its_client(folder: Path) -> None:
    with Client(folder) as editor:
        editor.notify("exit", None)
        assert editor.process.wait(PATIENCE) == 1
    with Client(folder) as editor:
        assert editor.process.stdin is not None
        editor.process.stdin.close()
        assert editor.process.wait(PATIENCE) == 1
        assert editor.process.stderr is not None
        assert editor.process.stderr.read() == b""


def test_a_request_that_is_cancelled_is_not_answered(editor: Client) -> None:
    editor.open("cancelled.yaml", BASE)
    slow = {"textDocument": {"uri": editor.uri("cancelled.yaml")}}
    busy = [editor.send("textDocument/codeLens", slow) for _ in range(30)]
    last = editor.send("textDocument/hover", editor.at("cancelled.yaml", 1, 1))
    editor.notify("$/cancelRequest", {"id": last})
    editor.notify("$/cancelRequest", {"id": "never asked"})
    with pytest.raises(Failed) as failed:
        editor.wait(last)
    assert failed.value.code == wire.REQUEST_CANCELLED
    assert all(editor.wait(number) for number in busy)
    assert editor.ask("textDocument/hover", editor.at("cancelled.yaml", 1, 1))


def test_a_place_before_the_first_line_is_its_start(editor: Client) -> None:
    """No editor sends one by its protocol; some count from 0 where others count from 1."""
    editor.open("before.yaml", BASE)
    document = {"uri": editor.uri("before.yaml")}
    for line in (-1, -50, -(1 << 40)):
        place = {"line": line, "character": -3}
        editor.methods[1 << 20] = "textDocument/hover"
        sent = {"textDocument": document, "position": place}
        editor.write({"jsonrpc": "2.0", "id": 1 << 20, "method": "textDocument/hover",
                      "params": sent})  # fmt: skip
        first = editor.ask("textDocument/hover", editor.at("before.yaml", 0, 0))
        assert editor.answers.pop(1 << 20)["result"] == first


def test_requests_to_the_client_have_numbers_of_their_own(folder: Path) -> None:
    """One that is answered late is not taken for a newer one."""
    able = {"workspace": {"configuration": True, "didChangeWatchedFiles":
            {"dynamicRegistration": True}, "codeLens": {"refreshSupport": True}}}  # fmt: skip
    with Client(folder, capabilities=able) as editor:
        for _ in range(5):
            editor.notify("workspace/didChangeConfiguration", {"settings": None})
            editor.open("a.yaml", BASE)
            editor.save("a.yaml")
            editor.settled()
        numbers = [one["id"] for one in editor.requests]
        assert len(numbers) > 5
        assert len(set(numbers)) == len(numbers)
