"""Which documents are to be judged, what was said of each, and what else that changes."""

from __future__ import annotations

import os
import time

from ftlint.server import judging, wire
from ftlint.server.protocol import INFORMATION, WARNING
from ftlint.server.workspace import Workspace, enter, names, rests_on
from ftlint.support.files import LINTED, SUFFIXES, is_script
from ftlint.syntax.source import of_text
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from ftlint.server.documents import Document
    from ftlint.server.inbox import Work
    from ftlint.server.judging import Judged
    from ftlint.server.protocol import Client

    Json = dict[str, Any]

LANGUAGES = frozenset(["yaml", "json", "jsonc"])
PAUSE = 0.3
"""Seconds without a change of any text after which nobody is typing."""


class Review:
    """The open documents and what was said of them; `refresh` is called when others change that."""

    def __init__(
        self,
        client: Client,
        send: Callable[[Json], None],
        work: Work,
        refresh: Callable[[], None],
    ) -> None:
        self.workspace = Workspace()
        self._client = client
        self._send = send
        self._work = work
        self._refresh = refresh
        self._judged: dict[str, Judged] = {}
        self._shown: dict[str, list[Json]] = {}
        self._due: dict[str, None] = {}
        self._told: set[str] = set()
        self._looks: dict[str, float] = {}
        self._typing = 0.0
        self._last: str | None = None
        self._is_warm = False

    # Documents -----------------------------------------------------------------------------------

    def hold(self, document: Document) -> None:
        """Take in a document, and have it judged, and after it all that looks at it."""
        self._typing = time.monotonic() + PAUSE
        related = self._looking_at(document)
        self.workspace.hold(document)
        self._due.pop(document.uri, None)
        self._due = {document.uri: None, **self._due}
        self._rejudge(related)

    def release(self, uri: str) -> None:
        """Forget a document, and judge anew what looks at it: what is stored counts again."""
        document = self.workspace.documents.get(uri)
        if document is None:
            return
        related = self._looking_at(document)
        self.workspace.drop(uri)
        self._due.pop(uri, None)
        self._judged.pop(uri, None)
        self._looks.pop(uri, None)
        if self._shown.pop(uri, None):
            self._publish(document, [])
        self._rejudge(related)

    def judge_all(self) -> None:
        """Look at the disk and the settings anew, and judge all that is open."""
        self.workspace.forget()
        self._rejudge(self.workspace.documents)

    def _looking_at(self, document: Document) -> list[str]:
        """Return the other documents of which what was said rests on this one."""
        if document.path is None:
            return []
        workspace, paths = self.workspace, names(document.path)
        if any(map(workspace.is_settings, paths)):
            return [uri for uri in workspace.documents if uri != document.uri]
        return [
            uri
            for uri, one in self._judged.items()
            if uri != document.uri and rests_on(one.disk, one.scope.folder, paths)
        ]

    def _rejudge(self, found: Iterable[str]) -> None:
        before = len(self._due)
        self._due.update((uri, None) for uri in found)
        if len(self._due) > before:
            self._refresh()

    # Judging -------------------------------------------------------------------------------------

    def is_due(self) -> bool:
        """Return whether there is anything to do while nothing comes in."""
        return bool(self._due) or not self._is_warm

    def judge_one(self) -> None:
        """Judge the next document that is due; with none, load what the first one will need."""
        uri = next(iter(self._due), None)
        if uri is not None:
            self._judge(uri)
            return
        self._is_warm = True
        _warm_up()

    def until_look(self) -> float | None:
        """Return the seconds until the disk is to be looked at again; None where it is not.

        A keystroke is judged by what was seen before: hardly ever has anything changed. That is
        seen anew when it has aged and nobody is typing, whatever else is asked meanwhile.
        """
        if not self._looks:
            return None
        return max(min(self._looks.values()), self._typing) - time.monotonic()

    def look_again(self) -> None:
        """Judge the document that waits longest for it by the disk as it is now."""
        uri = min(self._looks, key=self._looks.__getitem__)
        del self._looks[uri]
        before = self._shown.get(uri)
        self.workspace.see_anew()
        self._last = None
        self._judge(uri)
        if self._shown.get(uri) != before:
            self._refresh()

    def now(self, uri: str) -> Judged | None:
        """Return what is said of a document as it is now, in its folder."""
        if uri in self._due:
            return self._judge(uri)
        judged = self._judged.get(uri)
        return judged if judged is not None and enter(judged.scope.folder) else None

    def shown(self, uri: str) -> list[Json]:
        """Return what the client was told of a document."""
        return self._shown.get(uri, [])

    def _judge(self, uri: str) -> Judged | None:
        """Judge a document and tell what comes of it, unless it has changed meanwhile."""
        self._is_warm = True
        if uri != self._last and self.workspace.sees_other_settings():
            self._rejudge(self.workspace.documents)
        self._last = uri
        self._due.pop(uri, None)
        self._looks.pop(uri, None)
        document = self.workspace.documents[uri]
        scope = self.workspace.scope(document) if _may_be_config(document) else None
        self._tell()
        if scope is None:
            self._judged.pop(uri, None)
            if self._shown.get(uri):
                self._publish(document, [])
            return None
        before = self._work.begin(uri)
        try:
            disk = self.workspace.disk(scope)
            found = judging.judge(document, scope, disk, lambda: self._work.is_void)
        finally:
            self._work.end(before)
        if found is None:  # the change that made it void comes first
            self._due[uri] = None
            return None
        self._judged[uri] = found
        if self.workspace.ages is not None:
            self._looks[uri] = self.workspace.ages
        self._publish(document, judging.diagnostics(found, self._client))
        return found

    def _publish(self, document: Document, shown: list[Json]) -> None:
        self._shown[document.uri] = shown
        params = {"uri": document.uri, "version": document.version, "diagnostics": shown}
        self._send(wire.notification("textDocument/publishDiagnostics", params))

    def _tell(self) -> None:
        """Tell once what of settings does not count, or cannot be used."""
        for method, kind, texts in (
            ("window/logMessage", INFORMATION, self.workspace.notes),
            ("window/showMessage", WARNING, self.workspace.problems),
        ):
            for text in texts:
                if text not in self._told:
                    self._told.add(text)
                    params = {"type": kind, "message": f"ftlint: {text}"}
                    self._send(wire.notification(method, params))
            texts.clear()


def _may_be_config(document: Document) -> bool:
    """Return whether a document may be a config, or hold commands, by its name or language."""
    path = document.source.path
    known = path.lower().endswith((*SUFFIXES, *LINTED)) or is_script(path)
    return known or document.language in LANGUAGES


def _warm_up() -> None:
    """Load what the first document will need, while the editor is still busy with itself."""
    from ftlint import engine
    from ftlint.project.options import OptionsResolver
    from ftlint.project.request import CliOptions

    options = OptionsResolver(CliOptions((), isolated=True)).of(os.getcwd())[0]
    engine.lint(of_text("", _USUAL), options)


_USUAL = """model_name_or_path: m
stage: sft
do_train: true
dataset: a
template: qwen
output_dir: o
learning_rate: 1.0e-4
learnig_rate: 1
num_train_epochs: 3
max_steps: 10
"""
