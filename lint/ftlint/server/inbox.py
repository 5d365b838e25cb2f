"""Messages in the order in which they came: one thread reads them while another works.

The reader also sees what takes work back. A request that is cancelled before its turn is never
begun; one that is being answered, and the judging of a text that has changed since, end soon.
"""

from __future__ import annotations

from queue import Empty, SimpleQueue
from threading import Thread

from ftlint.server.wire import Malformed, Message, read
from ftlint.support.deadline import hurry
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

    Item = Message | Malformed | None

GRACE = 0.05
"""Seconds of processor time in which work that is void may still end: nearly all of it does."""
OUTDATING = frozenset(["textDocument/didChange", "textDocument/didClose"])


class Work:
    """What is being worked on: the id of a request, or the URI of a document that is judged."""

    def __init__(self) -> None:
        self.subject: object = None
        self.is_void = False

    def begin(self, subject: object) -> object:
        """Take up work, which somebody wants so far; return what was worked on before."""
        before, self.is_void, self.subject = self.subject, False, subject
        return before

    def end(self, before: object = None) -> None:
        """Be done with it, and go on with what was begun before."""
        self.subject = before
        if before is not None:
            self.is_void = False

    def take_back(self, subject: object) -> None:
        """Let work on this subject, if there is any, end soon."""
        if subject is not None and subject == self.subject and not self.is_void:
            self.is_void = True
            hurry(GRACE)


class Inbox:
    """What has come in and was not worked on yet."""

    def __init__(self, stream: BinaryIO, work: Work) -> None:
        self._stream = stream
        self._work = work
        self._waiting: SimpleQueue[Item] = SimpleQueue()
        self._asked: set[object] = set()
        self._cancelled: set[object] = set()

    def open(self) -> None:
        """Begin to read."""
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while True:
            try:
                found = read(self._stream)
            except (OSError, ValueError):  # closed under the reader
                found = None
            if isinstance(found, Message):
                self._seen(found)
            self._waiting.put(found)
            if found is None:
                return

    def _seen(self, message: Message) -> None:
        params = message.params if isinstance(message.params, dict) else {}
        if message.method == "$/cancelRequest":
            number = params.get("id")
            if isinstance(number, (int, str)) and number in self._asked:
                self._cancelled.add(number)
                self._work.take_back(number)
        elif message.method in OUTDATING:
            document = params.get("textDocument")
            self._work.take_back(document.get("uri") if isinstance(document, dict) else None)
        elif message.method is not None and message.id is not None:
            self._asked.add(message.id)

    def take(self) -> Item:
        """Return the next message, when there is one; None at the end."""
        return self._waiting.get()

    def take_within(self, seconds: float) -> tuple[Item] | None:
        """Return the next message if there is one within so many seconds; 0 is at once."""
        try:
            return (self._waiting.get(seconds > 0, seconds),)
        except Empty:
            return None

    def is_cancelled(self, number: object) -> bool:
        """Return whether nobody waits for the answer to a request any more."""
        return number in self._cancelled

    def answered(self, number: object) -> None:
        """Forget a request."""
        self._asked.discard(number)
        self._cancelled.discard(number)
