"""JSON-RPC 2.0 in the frames of the Language Server Protocol: bytes to messages and back.

What cannot be read is a message as well, one that says why: a broken frame ends nothing. Source:
microsoft.github.io/language-server-protocol, 3.17, Base Protocol.
"""

from __future__ import annotations

import json
import re

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any, BinaryIO

    Json = dict[str, Any]
    Id = int | str

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND = -32700, -32600, -32601
INVALID_PARAMS, INTERNAL_ERROR = -32602, -32603
NOT_INITIALIZED, REQUEST_CANCELLED, CONTENT_MODIFIED = -32002, -32800, -32801

MOST = 64 << 20
"""Bytes of a message; what is larger is read past."""
_LONGEST_LINE = 1 << 13
_LENGTH = re.compile(rb"(?i)content-length:[ \t]*([0-9]{1,12})[ \t]*\r?\n?\Z")
"""At the end of a line: what a broken message left behind may stand before it."""


class Message(NamedTuple):
    """A request has a method and an id, a notification a method alone, a response an id alone."""

    method: str | None = None
    id: Id | None = None
    params: Any = None
    result: Any = None
    error: Any = None


class Malformed(NamedTuple):
    """What came in and is no message, and why."""

    code: int
    reason: str


def read(stream: BinaryIO) -> Message | Malformed | None:
    """Return the next message, None at the end of the stream."""
    length = _length(stream)
    if length is None:
        return None
    if length > MOST:
        _skip(stream, length)
        return Malformed(INVALID_REQUEST, f"a message of {length} bytes is too large")
    body = stream.read(length)
    if len(body) < length:
        return None
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        return Malformed(PARSE_ERROR, f"not JSON: {error}")
    return _message(content)


def _length(stream: BinaryIO) -> int | None:
    """Return what the next head says of the length of its body, None at the end of the stream."""
    length: int | None = None
    while True:
        line = stream.readline(_LONGEST_LINE)
        if not line:
            return None
        found = _LENGTH.search(line)
        if found is not None:
            length = int(found[1])
        elif line in (b"\r\n", b"\n") and length is not None:
            return length  # an empty line behind anything else ends no head: it is read past


def _skip(stream: BinaryIO, length: int) -> None:
    while length > 0:
        data = stream.read(min(length, 1 << 20))
        if not data:
            return
        length -= len(data)


def _message(content: object) -> Message | Malformed:
    if not isinstance(content, dict):
        return Malformed(INVALID_REQUEST, "a message is a JSON object")
    method, number = content.get("method"), content.get("id")
    if not isinstance(method, (str, type(None))) or not _is_id(number):
        return Malformed(INVALID_REQUEST, "the method is not a string, or the id neither that nor"
                         " an integer")  # fmt: skip
    if method is None and number is None:
        return Malformed(INVALID_REQUEST, "a message has a method or an id")
    return Message(
        method, number, content.get("params"), content.get("result"), content.get("error")
    )


def _is_id(value: object) -> bool:
    return value is None or (isinstance(value, (int, str)) and not isinstance(value, bool))


def request(number: Id, method: str, params: object) -> Json:
    """Return a request to the client."""
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def notification(method: str, params: object) -> Json:
    """Return what is told the client without an answer."""
    return {"jsonrpc": "2.0", "method": method, "params": params}


def response(number: Id, result: object) -> Json:
    """Return the answer to a request."""
    return {"jsonrpc": "2.0", "id": number, "result": result}


def failure(number: Id | None, code: int, reason: str) -> Json:
    """Return what is answered where there is no result."""
    return {"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": reason}}


def write(stream: BinaryIO, message: Json) -> None:
    """Send a message; all of it is ASCII, so that no text can break it."""
    body = json.dumps(message, separators=(",", ":")).encode("ascii")
    stream.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    stream.flush()
