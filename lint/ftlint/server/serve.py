"""The loop: a message at a time, and between them the judging that is due."""

from __future__ import annotations

import os
import sys

from ftlint.server import wire
from ftlint.server.inbox import Inbox, Work
from ftlint.server.protocol import ERROR, BadParams
from ftlint.support.deadline import TooSlow, ignore_late_ends, within
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from ftlint.server.session import Session
    from ftlint.server.wire import Malformed, Message

    Json = dict[str, Any]

SECONDS = 10
"""Of processor time that an answer may take."""
DONE, LEFT = 0, 1
"""Exit statuses: after `shutdown`, and without."""

CAPABILITIES: Json = {
    "positionEncoding": "utf-16",
    "textDocumentSync": {"openClose": True, "change": 2, "save": {"includeText": False}},
    "codeActionProvider": {
        "codeActionKinds": ["quickfix", "source.fixAll.ftlint"],
        "resolveProvider": True,
    },
    "hoverProvider": True,
    "completionProvider": {"resolveProvider": True, "triggerCharacters": [" ", ",", "-", "="]},
    "codeLensProvider": {"resolveProvider": False},
    "documentLinkProvider": {"resolveProvider": False},
    "workspace": {"workspaceFolders": {"supported": True, "changeNotifications": True}},
}


def serve(incoming: BinaryIO, outgoing: BinaryIO) -> int:
    """Serve one client until it leaves; return the exit status."""
    ignore_late_ends()
    return _Loop(incoming, outgoing).run()


class _Loop:
    """One client's connection. `session` is there from `initialize` on."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self.outgoing = outgoing
        self.work = Work()
        self.inbox = Inbox(incoming, self.work)
        self.session: Session | None = None
        self.params: object = None
        self.initialized = self.shut = False

    def run(self) -> int:
        """Work until the client says `exit`, or is gone."""
        self.inbox.open()
        try:
            while True:
                message = self._next()
                if message is None or self._is_exit(message):
                    return DONE if self.shut else LEFT
                self._take(message)
        except (BrokenPipeError, KeyboardInterrupt):
            return DONE if self.shut else LEFT

    def _next(self) -> Message | Malformed | None:
        """Return the next message; while there is none, judge what is due."""
        while True:
            found = self.inbox.take_within(0)
            if found is not None:
                return found[0]
            review = self._started().review if self.initialized else None
            if review is not None and review.is_due():
                self._guarded(None, review.judge_one)
                continue
            seconds = None if review is None else review.until_look()
            if review is None or seconds is None:
                return self.inbox.take()
            found = self.inbox.take_within(seconds)
            if found is not None:
                return found[0]
            self._guarded(None, review.look_again)

    @staticmethod
    def _is_exit(message: Message | Malformed) -> bool:
        return isinstance(message, wire.Message) and message.method == "exit"

    def _started(self) -> Session:
        """Return the session; the linter is imported for it when `initialize` is answered."""
        if self.session is None:
            from ftlint.server.session import Session

            self.session = Session(self.params, self.send, self.work)
        return self.session

    def send(self, message: Json) -> None:
        """Send the client a message."""
        wire.write(self.outgoing, message)

    def _take(self, message: Message | Malformed) -> None:
        if isinstance(message, wire.Malformed):
            self.send(wire.failure(None, message.code, message.reason))
        elif message.method is None:
            if self.initialized:
                self._guarded(None, lambda: self._started().answered(message))
        elif message.id is None:
            if self.initialized and not self.shut:
                self._guarded(None, lambda: self._started().notified(message))
        else:
            self._answer(message, message.id)
            self.inbox.answered(message.id)

    def _answer(self, message: Message, number: wire.Id) -> None:
        if message.method == "initialize":
            self._initialize(message, number)
        elif not self.initialized:
            self.send(wire.failure(number, wire.NOT_INITIALIZED, "not initialized"))
        elif self.shut:
            self.send(wire.failure(number, wire.INVALID_REQUEST, "shut down"))
        elif message.method == "shutdown":
            self.shut = True
            self.send(wire.response(number, None))
        elif self.inbox.is_cancelled(number):
            self.send(wire.failure(number, wire.REQUEST_CANCELLED, "cancelled"))
        else:
            self._guarded(number, lambda: self._result(message, number))

    def _initialize(self, message: Message, number: wire.Id) -> None:
        from ftlint import __version__

        if self.initialized:
            self.send(wire.failure(number, wire.INVALID_REQUEST, "initialized already"))
            return
        self.params, self.initialized = message.params, True
        told = {"name": "ftlint", "version": __version__}
        self.send(wire.response(number, {"capabilities": CAPABILITIES, "serverInfo": told}))

    def _result(self, message: Message, number: wire.Id) -> None:
        session = self._started()
        answer = session.answer_to(message.method or "")
        if answer is None:
            why = f"no method {message.method}"
            self.send(wire.failure(number, wire.METHOD_NOT_FOUND, why))
            return
        self.work.begin(number)
        try:
            with within(SECONDS):
                result = answer(message.params)
        finally:
            self.work.end()
        self.send(wire.response(number, result))

    def _guarded(self, number: wire.Id | None, act: Any) -> None:
        """Act; what goes wrong is told in the answer, or in the client's log."""
        try:
            act()
        except BrokenPipeError:
            raise
        except BadParams as error:
            self._failed(number, wire.INVALID_PARAMS, str(error))
        except TooSlow:
            if self.work.is_void:
                self._failed(number, wire.REQUEST_CANCELLED, "cancelled")
            else:
                why = f"it takes more than {SECONDS} seconds of processor time"
                self._failed(number, wire.INTERNAL_ERROR, why)
        except Exception as error:
            if "FTLINT_TRACEBACK" in os.environ:
                sys.excepthook(*sys.exc_info())
            kind = f"{type(error).__name__}: {error}"
            self._failed(number, wire.INTERNAL_ERROR, f"internal error: {kind} (please report it)")

    def _failed(self, number: wire.Id | None, code: int, reason: str) -> None:
        if number is not None:
            self.send(wire.failure(number, code, reason))
        if number is None or code == wire.INTERNAL_ERROR:
            self.send(wire.notification("window/logMessage", {"type": ERROR, "message": reason}))


def main() -> int:
    """Serve on standard input and output. Whatever else prints goes to the standard error."""
    incoming, outgoing = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    return serve(incoming, outgoing)
