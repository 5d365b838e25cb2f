"""The folders that an editor has opened, and what counts for a document that lies in one.

A document is judged as `ftlint FILE` judges it when it is started in its folder of the workspace.
Nothing outside of that is read, and what the editor holds counts before what is stored.
"""

from __future__ import annotations

import os
import time

from ftlint.project.options import OptionsResolver
from ftlint.project.request import MAX_BYTES, CliOptions, UsageError
from ftlint.server import uris
from ftlint.server.protocol import Choices
from ftlint.support.containment import is_below, project_of
from ftlint.support.disk import Buffer, Disk, Shared, is_as_it_was
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ftlint.project.options import Options
    from ftlint.project.request import Settings
    from ftlint.server.documents import Document

NO_FILE = {"yaml": "untitled.yaml", "json": "untitled.json", "shellscript": "untitled.sh"}
"""What a text that is not written yet is judged as, by its language."""
LASTS = 2.0
"""Seconds after which what was seen on the disk is looked at again when typing pauses."""


_NOBODY = "", ""


class Scope(NamedTuple):
    """Where a document is judged: in which folder, under which name from there, and by what."""

    folder: str
    name: str
    options: Options
    settings: Settings


class Workspace:
    """Folders and open documents; `problems` are settings that cannot be used, `notes` the rest.

    `ages`: when what the last disk had seen before has aged; None for one that saw it anew.
    """

    def __init__(self) -> None:
        self.folders: list[str] = []
        self.choices = Choices()
        self.documents: dict[str, Document] = {}
        self.notes: dict[str, None] = {}
        self.problems: dict[str, None] = {}
        self._buffers: dict[str, Buffer] = {}
        self._resolvers: dict[str, OptionsResolver] = {}
        self._shared = Shared(self._buffers)
        self.ages: float | None = None
        self._seen = 0.0
        self._typed = _NOBODY

    # Documents -----------------------------------------------------------------------------------

    def hold(self, document: Document) -> None:
        """Take a document as it is now."""
        before = self.documents.get(document.uri)
        self.documents[document.uri] = document
        if document.path is not None:
            data = document.text.encode("utf-8")
            held = Buffer(data, time.time_ns())
            if before is None or before.text != document.text:
                for path in names(document.path):
                    self._buffers[path] = held
        self._forget_seen(document.path)

    def drop(self, uri: str) -> Document | None:
        """Forget a document: what is stored counts again."""
        document = self.documents.pop(uri, None)
        if document is not None and document.path is not None:
            for path in names(document.path):
                self._buffers.pop(path, None)
            self._forget_seen(document.path)
        return document

    def forget(self) -> None:
        """Forget all that was seen on the disk, and the settings."""
        self.see_anew()
        self._resolvers.clear()

    def _forget_seen(self, path: str | None) -> None:
        """Forget what rests on a file that is being edited, if that may be more than a config."""
        if path is not None and not path.endswith((".yaml", ".yml")):
            self.forget()

    # Where it is judged, and by what -------------------------------------------------------------

    def scope(self, document: Document) -> Scope | None:
        """Return where a document is judged; None for one that is none of ftlint's.

        The working directory is that folder from here on: what configs name is relative to it.
        """
        if document.path is None:
            name = NO_FILE.get(document.language)
            if name is None or uris.scheme(document.uri) != uris.UNTITLED:
                return None
            folder = next(iter(self.folders), os.getcwd())
            full = os.path.join(folder, name)
        else:
            full = os.path.join(_real(os.path.dirname(document.path)),
                                os.path.basename(document.path))  # fmt: skip
            folder = self._folder(full)
        if not enter(folder):
            return None
        resolver = self._resolver(folder)
        try:
            if any(map(resolver.exclusion.reason, _upwards(full, folder))):
                return None
            options, settings = resolver.of(os.path.dirname(full))
        except UsageError as error:
            self.problems.setdefault(str(error))
            return None
        finally:
            self.notes.update(dict.fromkeys(resolver.ignored))
        name = os.path.relpath(full, folder) if is_below(full, folder) else full
        return Scope(folder, name, options._replace(named=True), settings)

    def disk(self, scope: Scope) -> Disk:
        """Return the disk around a document; while somebody types there it is as it was seen.

        What is typed into one config changes what others see of it, but nothing that it sees.
        """
        if scope[:2] != self._typed:
            self._shared, self._typed = Shared(self._buffers), scope[:2]
            self._seen, self.ages = time.monotonic(), None
        else:
            self.ages = self._seen + LASTS
        return Disk(scope.options.given.reach, self._shared)

    def see_anew(self) -> None:
        """Have the disk looked at again."""
        self._typed = _NOBODY

    def sees_other_settings(self) -> bool:
        """Return whether settings have changed on the disk; those that have are forgotten."""
        stored = Disk(None, Shared(self._buffers))
        changed = [
            folder
            for folder, one in self._resolvers.items()
            if not all(
                is_as_it_was(stored.state(os.path.join(folder, path)), was)
                for path, was in one.settings.touched().items()
            )
        ]
        for folder in changed:
            del self._resolvers[folder]
        return bool(changed)

    def _folder(self, path: str) -> str:
        """Return the innermost folder of the workspace that a file lies in, or its project."""
        around = [one for one in self.folders if is_below(path, one)]
        if around:
            return max(around, key=len)
        own = os.path.dirname(path)
        return project_of(own, own).roots[0]  # wherever the server was started

    def _resolver(self, folder: str) -> OptionsResolver:
        if folder not in self._resolvers:
            self._resolvers[folder] = self._made(folder, self._buffers)
        return self._resolvers[folder]

    def _made(self, folder: str, buffers: Mapping[str, Buffer]) -> OptionsResolver:
        choices = self.choices
        asked = CliOptions((), target=choices.target, transformers=choices.transformers)
        shared = Shared(buffers)
        return OptionsResolver(asked, folder, trusted=choices.trusted, shared=shared)

    # Settings ------------------------------------------------------------------------------------

    def settings_file(self, scope: Scope) -> str | None:
        """Return the settings file by which a document is judged."""
        folder = os.path.dirname(os.path.join(scope.folder, scope.name))
        return self._resolver(scope.folder).settings.file(folder)

    def text(self, path: str) -> str | None:
        """Return the text of a file as it is now; None where it has none."""
        data = Disk(None, Shared(self._buffers)).read(path, MAX_BYTES)
        try:
            return data.decode("utf-8") if isinstance(data, bytes) else None
        except UnicodeDecodeError:
            return None

    def options_with(self, scope: Scope, path: str, text: str) -> Options | None:
        """Return how a document would be judged if a settings file had this text."""
        held = Buffer(text.encode("utf-8"), time.time_ns())
        resolver = self._made(scope.folder, {**self._buffers, os.path.abspath(path): held})
        folder = os.path.dirname(os.path.join(scope.folder, scope.name))
        try:
            return resolver.of(folder)[0]._replace(named=True)
        except UsageError:
            return None

    def open_as(self, uri: str) -> str:
        """Return how a client wrote the URI of a file when it opened it; one not open as it is."""
        if uri in self.documents:
            return uri
        return next((one for one in self.documents if uris.are_same(one, uri)), uri)

    def uri_of(self, path: str) -> str:
        """Return what the editor calls a file."""
        path = os.path.abspath(path)
        for uri, one in self.documents.items():
            if one.path is not None and path in names(one.path):
                return uri
        return uris.to_uri(path)

    def is_settings(self, path: str) -> bool:
        """Return whether options rest on a file."""
        return any(
            os.path.abspath(one) == path
            for resolver in self._resolvers.values()
            for one in (*resolver.settings.touched(), *resolver.settings.loaded)
        )


def enter(folder: str) -> bool:
    """Make a folder the one that names are relative to; return whether it is there."""
    try:
        os.chdir(folder)
    except OSError:
        return False
    return True


def _upwards(path: str, folder: str) -> Iterator[str]:
    """Yield a file, and the folders that it lies in below a folder."""
    while path != folder and is_below(path, folder):
        yield path
        path = os.path.dirname(path)


def rests_on(disk: Disk, folder: str, paths: Iterable[str]) -> bool:
    """Return whether what was judged in a folder looked at one of some files."""
    wanted = set(paths)
    return any(os.path.normpath(os.path.join(folder, one)) in wanted for one in disk.touched())


def _real(folder: str) -> str:
    return Disk().real(folder) or folder


def names(path: str) -> tuple[str, ...]:
    """Return the paths under which a file is looked at: as the editor calls it, links followed."""
    real = os.path.join(_real(os.path.dirname(path)), os.path.basename(path))
    return tuple(dict.fromkeys((path, real)))
