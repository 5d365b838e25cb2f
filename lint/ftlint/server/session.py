"""What a client asks and tells, method by method, and the judging that comes of it."""

from __future__ import annotations

import os

from ftlint.server import documents, judging, uris, wire
from ftlint.server.protocol import (
    INFORMATION,
    WARNING,
    BadParams,
    changes,
    choices_of,
    client_of,
    field,
    place,
    span,
)
from ftlint.server.workspace import NO_FILE, Workspace, enter, names, rests_on
from ftlint.support.disk import Disk
from ftlint.support.files import LINTED, SUFFIXES, is_script
from ftlint.syntax.source import of_text
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from ftlint.server.documents import Document
    from ftlint.server.inbox import Work
    from ftlint.server.judging import Judged
    from ftlint.server.wire import Message

    Json = dict[str, Any]
    Handler = Callable[[Any], Any]

SECTION = "ftlint"
WATCHED = ",".join("yaml yml json jsonl csv parquet arrow toml sh bash slurm sbatch py".split())
LANGUAGES = frozenset(["yaml", "json", "jsonc"])


class Session:
    """One client's workspace, what was said of its documents, and what is to be said next."""

    def __init__(self, params: object, send: Callable[[Json], None], work: Work) -> None:
        self.send = send
        self.work = work
        self.workspace = Workspace()
        sent = params if isinstance(params, dict) else {}
        self.client = client_of(sent.get("capabilities"))
        self.workspace.folders = _folders(sent)
        self.workspace.choices = choices_of(sent.get("initializationOptions"))
        self.judged: dict[str, Judged] = {}
        self.shown: dict[str, list[Json]] = {}
        self.due: dict[str, None] = {}
        self.told: set[str] = set()
        self.asked: dict[object, Handler] = {}
        self.warm = False
        self._answers: dict[str, Handler] = {
            "textDocument/hover": self._hover,
            "textDocument/completion": self._completion,
            "completionItem/resolve": self._completed,
            "textDocument/codeAction": self._actions,
            "codeAction/resolve": self._action,
            "textDocument/codeLens": self._lenses,
            "textDocument/documentLink": self._links,
        }
        self._notified: dict[str, Handler] = {
            "initialized": self._initialized,
            "textDocument/didOpen": self._opened,
            "textDocument/didChange": self._changed,
            "textDocument/didSave": self._saved,
            "textDocument/didClose": self._closed,
            "workspace/didChangeWatchedFiles": self._on_disk,
            "workspace/didChangeConfiguration": self._configured,
            "workspace/didChangeWorkspaceFolders": self._moved,
        }

    # What comes in -------------------------------------------------------------------------------

    def answer_to(self, method: str) -> Handler | None:
        """Return what answers a request."""
        return self._answers.get(method)

    def notified(self, message: Message) -> None:
        """Take in what a client tells; what is not known is passed over."""
        act = self._notified.get(message.method or "")
        if act is not None:
            act(message.params)

    def answered(self, message: Message) -> None:
        """Take in the answer to what the client was asked."""
        act = self.asked.pop(message.id, None)
        if act is not None and message.error is None:
            act(message.result)

    def _ask(self, method: str, params: object, act: Handler = lambda _: None) -> None:
        number = f"ftlint-{method}-{len(self.asked)}"
        self.asked[number] = act
        self.send(wire.request(number, method, params))

    # Judging -------------------------------------------------------------------------------------

    def is_due(self) -> bool:
        """Return whether there is anything to do while nothing comes in."""
        return bool(self.due) or not self.warm

    def judge_one(self) -> None:
        """Judge the next document that is due; with none, load what the first one will need."""
        uri = next(iter(self.due), None)
        if uri is None:
            self.warm = True
            _warm_up()
            return
        self._judge(uri)

    def _judge(self, uri: str) -> Judged | None:
        """Judge a document and tell what comes of it, unless it has changed meanwhile."""
        self.warm = True
        self.due.pop(uri, None)
        document = self.workspace.documents.get(uri)
        if document is None:
            return None
        place = self.workspace.place(document) if _may_be_config(document) else None
        self._tell()
        found = None
        if place is not None:
            self.work.begin(uri)
            try:
                disk = self.workspace.disk(place)
                found = judging.judge(document, place, disk, lambda: self.work.is_void)
            finally:
                self.work.end()
            if found is None:  # the change that made it void comes first
                self.due[uri] = None
                return None
            self.judged[uri] = found
        else:
            self.judged.pop(uri, None)
        shown = [] if found is None else judging.diagnostics(found, self.client)
        if shown or uri in self.shown or found is not None:
            self._publish(document, shown)
        return found

    def _publish(self, document: Document, shown: list[Json]) -> None:
        self.shown[document.uri] = shown
        params = {"uri": document.uri, "version": document.version, "diagnostics": shown}
        self.send(wire.notification("textDocument/publishDiagnostics", params))

    def _tell(self) -> None:
        """Tell once what of settings does not count, or cannot be used."""
        workspace = self.workspace
        for method, kind, texts in (
            ("window/logMessage", INFORMATION, workspace.notes),
            ("window/showMessage", WARNING, workspace.problems),
        ):
            for text in texts:
                if text not in self.told:
                    self.told.add(text)
                    self.send(
                        wire.notification(method, {"type": kind, "message": f"ftlint: {text}"})
                    )
            texts.clear()

    def _rejudge(self, uris_: Iterable[str]) -> None:
        found = [uri for uri in uris_ if uri in self.workspace.documents]
        self.due.update(dict.fromkeys(found))
        if found and self.client.refreshes_lenses and self.workspace.choices.lens:
            self._ask("workspace/codeLens/refresh", None)

    def _now(self, params: object) -> Judged | None:
        """Return what is said of a document as it is now."""
        uri = field(params, "textDocument.uri", str)
        if uri in self.due:
            return self._judge(uri)
        judged = self.judged.get(uri)
        return judged if judged is not None and enter(judged.place.folder) else None

    # Told ----------------------------------------------------------------------------------------

    def _initialized(self, _: object) -> None:
        if self.client.watches:
            watchers = [{"globPattern": f"**/*.{{{WATCHED}}}"}]
            watched = {
                "id": "ftlint-files",
                "method": "workspace/didChangeWatchedFiles",
                "registerOptions": {"watchers": watchers},
            }
            self._ask("client/registerCapability", {"registrations": [watched]})
        self._configured(None)

    def _configured(self, params: object) -> None:
        if self.client.configures:
            asked = {"items": [{"section": SECTION}]}
            self._ask("workspace/configuration", asked, lambda found: self._choose(_first(found)))
        elif isinstance(params, dict) and isinstance(params.get("settings"), dict):
            self._choose(params["settings"].get(SECTION))

    def _choose(self, options: object) -> None:
        choices = choices_of(options, self.workspace.choices)
        if choices != self.workspace.choices:
            self.workspace.choices = choices
            self._again()

    def _again(self) -> None:
        """Judge all that is open once more."""
        self.workspace.forget()
        self._rejudge(self.workspace.documents)

    def _moved(self, params: object) -> None:
        event = field(params, "event", dict)
        gone, come = (_paths(event.get(name)) for name in ("removed", "added"))
        left = [one for one in self.workspace.folders if one not in gone]
        self.workspace.folders = list(dict.fromkeys([*left, *come]))
        self._again()

    def _opened(self, params: object) -> None:
        uri = field(params, "textDocument.uri", str)
        text = field(params, "textDocument.text", str)
        version = field(params, "textDocument.version", int)
        language = field(params, "textDocument.languageId", str)
        path = uris.to_path(uri)
        name = NO_FILE.get(language, "")
        self._hold(documents.opened(uri, path, name, version, language, text))

    def _changed(self, params: object) -> None:
        uri = field(params, "textDocument.uri", str)
        version = field(params, "textDocument.version", int)
        document = self.workspace.documents.get(uri)
        if document is None:
            raise BadParams(f"{uri} is not open")
        self._hold(document.edited(version, changes(params)))

    def _hold(self, document: Document) -> None:
        """Take in a document, and have it judged, and after it all that looks at it."""
        related = self._looking_at(document)
        self.workspace.hold(document)
        self.due.pop(document.uri, None)
        self.due = {document.uri: None, **self.due}
        self._rejudge(related)

    def _looking_at(self, document: Document) -> list[str]:
        """Return the other documents of which what was said rests on this one."""
        if document.path is None:
            return []
        workspace, paths = self.workspace, names(document.path)
        if any(map(workspace.is_settings, paths)):
            return [uri for uri in workspace.documents if uri != document.uri]
        return [
            uri
            for uri, one in self.judged.items()
            if uri != document.uri and rests_on(one.disk, one.place.folder, paths)
        ]

    def _saved(self, _: object) -> None:
        self._again()

    def _on_disk(self, params: object) -> None:
        field(params, "changes", list)
        self._again()

    def _closed(self, params: object) -> None:
        uri = field(params, "textDocument.uri", str)
        document = self.workspace.documents.get(uri)
        if document is None:
            return
        related = self._looking_at(document)
        self.workspace.drop(uri)
        self.due.pop(uri, None)
        self.judged.pop(uri, None)
        if self.shown.pop(uri, None) is not None:
            self._publish(document, [])
            del self.shown[uri]
        self._rejudge(related)

    # Asked ---------------------------------------------------------------------------------------

    def _hover(self, params: object) -> Json | None:
        from ftlint.server.hover import hover

        judged = self._now(params)
        return None if judged is None else hover(judged, place(params, "position"))

    def _completion(self, params: object) -> list[Json]:
        from ftlint.server.completion import complete

        judged = self._now(params)
        return [] if judged is None else complete(judged, place(params, "position"))

    def _completed(self, params: object) -> Json:
        from ftlint.server.completion import resolve

        label = field(params, "label", str)
        data = params.get("data") if isinstance(params, dict) else None
        uri = data.get("uri") if isinstance(data, dict) else None
        found: Json = resolve({"label": label, **(params if isinstance(params, dict) else {})},
                              self.judged.get(uri) if isinstance(uri, str) else None)  # fmt: skip
        return found

    def _actions(self, params: object) -> list[Json]:
        from ftlint.server.actions import Asked, actions

        judged = self._now(params)
        wanted = span(params, "range")
        if judged is None or not self.client.literals:
            return []
        context = field(params, "context", dict)
        only = context.get("only")
        kinds = tuple(one for one in only if isinstance(one, str)) if only else ()
        start, end = (judged.document.offset(wanted[name]) for name in ("start", "end"))
        shown = self.shown.get(judged.document.uri, [])
        return [*actions(judged, Asked(start, end, kinds), shown, self.client)]

    def _action(self, params: object) -> Json:
        from ftlint.server.actions import fix_all

        found: Json = dict(field({"action": params}, "action", dict))
        data = found.get("data")
        if not isinstance(data, dict) or "uri" not in data:
            return found
        judged = self._now({"textDocument": data})
        if judged is None or judged.document.version != data.get("version"):
            return found  # it was offered for another text
        edit = fix_all(judged)
        return found if edit is None else {**found, "edit": edit}

    def _lenses(self, params: object) -> list[Json]:
        from ftlint.server.lens import lenses

        judged = self._now(params)
        return [*lenses(judged)] if judged is not None and self.workspace.choices.lens else []

    def _links(self, params: object) -> list[Json]:
        from ftlint.server.links import links

        judged = self._now(params)
        return [] if judged is None else [*links(judged, self.client)]


def _may_be_config(document: Document) -> bool:
    """Return whether a document may be a config, or hold commands, by its name or language."""
    path = document.path or document.source.path
    known = path.lower().endswith((*SUFFIXES, *LINTED)) or is_script(path)
    return known or document.language in LANGUAGES


def _folders(params: Json) -> list[str]:
    """Return the folders that a client has opened."""
    found = _paths(params.get("workspaceFolders"))
    if found or params.get("workspaceFolders"):
        return found
    root = params.get("rootUri")
    if isinstance(root, str):
        return _paths([{"uri": root}])
    path = params.get("rootPath")
    return _real([path]) if isinstance(path, str) else []


def _paths(folders: object) -> list[str]:
    """Return the paths of folders as the protocol has them."""
    if not isinstance(folders, list):
        return []
    named = (one.get("uri") for one in folders if isinstance(one, dict))
    paths = (uris.to_path(one) for one in named if isinstance(one, str))
    return _real(path for path in paths if path is not None)


def _real(paths: Iterable[str]) -> list[str]:
    disk = Disk()
    found = (disk.real(os.path.abspath(path)) for path in paths if "\0" not in path)
    return list(dict.fromkeys(one for one in found if one is not None))


def _first(found: object) -> object:
    return found[0] if isinstance(found, list) and found else None


def _warm_up() -> None:
    """Load what the first document will need, while the editor is still busy with itself."""
    from ftlint import engine
    from ftlint.project.options import CliOptions, OptionsResolver

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
