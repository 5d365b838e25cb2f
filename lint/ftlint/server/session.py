"""What a client asks and tells, method by method."""

from __future__ import annotations

import os
from itertools import count

from ftlint.server import documents, uris, wire
from ftlint.server.protocol import (
    BadParams,
    changes,
    choices_of,
    client_of,
    field,
    position,
    range_,
)
from ftlint.server.review import Review
from ftlint.server.workspace import NO_FILE
from ftlint.support.disk import Disk
from ftlint.support.files import is_script
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from ftlint.server.inbox import Work
    from ftlint.server.judging import Judged
    from ftlint.server.wire import Message

    Json = dict[str, Any]
    Handler = Callable[[Any], Any]

SECTION = "ftlint"
WATCHED = ",".join("yaml yml json jsonl csv parquet arrow toml sh bash slurm sbatch py".split())
"""Suffixes of files on which what is said of a config may rest."""


class Session:
    """One client, and what is under review for it."""

    def __init__(self, params: object, send: Callable[[Json], None], work: Work) -> None:
        sent = params if isinstance(params, dict) else {}
        self.send = send
        self.client = client_of(sent.get("capabilities"))
        self.review = Review(self.client, send, work, self._refresh)
        self.workspace = self.review.workspace
        self.workspace.folders = _folders(sent)
        self.workspace.choices = choices_of(sent.get("initializationOptions"))
        self._asked: dict[object, Handler] = {}
        self._numbers = count(1)
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
            "textDocument/didSave": lambda _: self.review.judge_all(),
            "textDocument/didClose": self._closed,
            "workspace/didChangeWatchedFiles": lambda _: self.review.judge_all(),
            "workspace/didChangeConfiguration": self._configured,
            "workspace/didChangeWorkspaceFolders": self._moved,
        }

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
        act = self._asked.pop(message.id, None)
        if act is not None and message.error is None:
            act(message.result)

    def _ask(self, method: str, params: object, act: Handler = lambda _: None) -> None:
        number = f"ftlint-{method}-{next(self._numbers)}"
        self._asked[number] = act
        self.send(wire.request(number, method, params))

    def _refresh(self) -> None:
        """Have the client ask for lenses again."""
        if self.client.refreshes_lenses and self.workspace.choices.lens:
            self._ask("workspace/codeLens/refresh", None)

    # Told ----------------------------------------------------------------------------------------

    def _initialized(self, _: object) -> None:
        if self.client.watches:
            watched = {
                "id": "ftlint-files",
                "method": "workspace/didChangeWatchedFiles",
                "registerOptions": {"watchers": [{"globPattern": f"**/*.{{{WATCHED}}}"}]},
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
            self.review.judge_all()

    def _moved(self, params: object) -> None:
        event = field(params, "event", dict)
        gone, come = (_paths(event.get(name)) for name in ("removed", "added"))
        left = [one for one in self.workspace.folders if one not in gone]
        self.workspace.folders = list(dict.fromkeys([*left, *come]))
        self.review.judge_all()

    def _opened(self, params: object) -> None:
        uri = self._uri(params)
        text = field(params, "textDocument.text", str)
        version = field(params, "textDocument.version", int)
        language = field(params, "textDocument.languageId", str)
        path, name = uris.to_path(uri), NO_FILE.get(language, "")
        self.review.hold(documents.opened(uri, path, name, version, language, text))

    def _changed(self, params: object) -> None:
        uri = self._uri(params)
        version = field(params, "textDocument.version", int)
        document = self.workspace.documents.get(uri)
        if document is None:
            raise BadParams(f"{uri} is not open")
        self.review.hold(document.edited(version, changes(params)))

    def _closed(self, params: object) -> None:
        self.review.release(self._uri(params))

    def _uri(self, params: object) -> str:
        return self.workspace.open_as(field(params, "textDocument.uri", str))

    # Asked ---------------------------------------------------------------------------------------

    def _judged(self, params: object) -> Judged | None:
        return self.review.now(self._uri(params))

    def _hover(self, params: object) -> Json | None:
        from ftlint.server.hover import hover

        judged, where = self._judged(params), position(params, "position")
        return None if judged is None else hover(judged, where)

    def _completion(self, params: object) -> list[Json]:
        judged, where = self._judged(params), position(params, "position")
        if judged is None:
            return []
        if is_script(judged.scope.name):
            from ftlint.server import script_completion

            return script_completion.complete(judged, where)
        from ftlint.server import completion

        return completion.complete(judged, where)

    def _completed(self, params: object) -> Json:
        from ftlint.server.completion import resolve

        field(params, "label", str)
        item: Json = field({"item": params}, "item", dict)
        data = item.get("data")
        uri = data.get("uri") if isinstance(data, dict) else None
        return resolve(item, self.review.now(uri) if isinstance(uri, str) else None)

    def _actions(self, params: object) -> list[Json]:
        from ftlint.server.actions import ActionRequest, actions

        judged, wanted = self._judged(params), range_(params, "range")
        only = field(params, "context", dict).get("only")
        if judged is None or not self.client.literals:
            return []
        document = judged.document
        kinds = tuple(map(str, only)) if isinstance(only, list) else ()
        start, end = (document.offset(wanted[name]) for name in ("start", "end"))
        shown = self.review.shown(document.uri)
        asked = ActionRequest(start, end, kinds)
        return [*actions(judged, asked, shown, self.client, self.workspace)]

    def _action(self, params: object) -> Json:
        from ftlint.server.actions import fix_all

        found: Json = field({"action": params}, "action", dict)
        data = found.get("data")
        if not isinstance(data, dict) or not isinstance(data.get("uri"), str):
            return found
        judged = self.review.now(data["uri"])
        if judged is None or judged.document.version != data.get("version"):
            return found  # it was offered for another text
        edit = fix_all(judged)
        return found if edit is None else {**found, "edit": edit}

    def _lenses(self, params: object) -> list[Json]:
        from ftlint.server.lens import lenses

        judged = self._judged(params)
        return [*lenses(judged)] if judged is not None and self.workspace.choices.lens else []

    def _links(self, params: object) -> list[Json]:
        from ftlint.server.links import links

        judged = self._judged(params)
        return [] if judged is None else [*links(judged, self.client)]


def _folders(params: Json) -> list[str]:
    """Return the folders that a client has opened."""
    if params.get("workspaceFolders"):
        return _paths(params["workspaceFolders"])
    root, path = params.get("rootUri"), params.get("rootPath")
    if isinstance(root, str):
        return _paths([{"uri": root}])
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
