"""One document through the linter, and what its findings are to an editor."""

from __future__ import annotations

import os

from ftlint import engine
from ftlint.loading import Config, Unreadable, load_bytes, unread
from ftlint.report.json_ import url
from ftlint.server import uris
from ftlint.server.protocol import SEVERITIES
from ftlint.support.deadline import TooSlow, within
from ftlint.support.limits import reason
from ftlint.support.messages import visible
from ftlint.syntax.construct import Problem
from ftlint.target import keys as catalogue
from ftschemas.named import TYPE_CHECKING, NamedTuple
from ftschemas.rule import EFFECTLESS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from ftlint.diagnostics import Diagnostic
    from ftlint.results import Result
    from ftlint.rulebook.registry import RuleBook
    from ftlint.server.documents import Document
    from ftlint.server.protocol import Client
    from ftlint.server.workspace import Scope
    from ftlint.support.disk import Disk
    from ftlint.target.keys import Catalogue

    Json = dict[str, Any]

UNNECESSARY, DEPRECATED = 1, 2
REMOVED = "FT102"
"""The rule on keys that the target has no more."""


class Judged(NamedTuple):
    """What was said of one version of a document, and what that rests on.

    `result` is without what a baseline knows, `said` with it.
    """

    document: Document
    scope: Scope
    result: Result
    said: Result
    disk: Disk


def judge(
    document: Document, scope: Scope, disk: Disk, is_void: Callable[[], bool] = lambda: False
) -> Judged | None:
    """Return what is said of a document; None where it `is_void` before that is known."""
    path, options, data = scope.name, scope.options, content(document)
    try:
        with within(options.limits.seconds):
            result = engine.lint_bytes(path, data, options, disk)
    except TooSlow:
        if is_void():
            return None
        why = reason("seconds", "seconds of processor time", options.limits)
        result = unread(path, data, options, Problem("too-slow", 0, 0, {"reason": why}))
    return Judged(document, scope, _new(result, scope, disk), result, disk)


def content(document: Document) -> bytes:
    """Return the bytes of a document, as they will be written."""
    return document.text.encode("utf-8")


def config_of(judged: Judged) -> Config | Unreadable:
    """Return the config that a document is, or why it is none."""
    scope = judged.scope
    return load_bytes(scope.name, content(judged.document), scope.options, judged.disk)


def _new(result: Result, scope: Scope, disk: Disk) -> Result:
    """Return a result without what the baseline of its settings knows."""
    path = scope.settings.beside(scope.settings.baseline)
    if path is None or not result.diagnostics:
        return result
    from ftlint.run import baseline

    try:
        left, _ = baseline.without(baseline.load(path, disk), path, [result])
    except baseline.BadBaseline:  # told on the command line, where it is written as well
        return result
    return left[0]


def diagnostics(judged: Judged, client: Client) -> list[Json]:
    """Return the findings of a document as the protocol has them."""
    return [_shown(one, judged, client) for one in judged.result.diagnostics]


def _is_needless(one: Diagnostic, rules: RuleBook) -> bool:
    """Return whether a key is without effect: by its rule, or as the run is the same without it."""
    if one.code in rules and rules.kind(one.code) in EFFECTLESS:
        return True
    fix = one.fix
    if fix is None or one.severity == "error" or fix.applicability != "safe":
        return False
    return [(change.kind, change.key) for change in fix.changes] == [("delete", one.key)]


def _shown(one: Diagnostic, judged: Judged, client: Client) -> Json:
    document, rules = judged.document, judged.scope.options.rules
    found: Json = {
        "range": document.range(one.start, one.end),
        "severity": SEVERITIES[one.severity],
        "code": one.code,
        "source": "ftlint",
        "message": visible(one.message),
    }
    page = url(one.code)
    if page is not None and client.links:
        found["codeDescription"] = {"href": page}
    tags = []
    if one.key is not None and _is_needless(one, rules):
        tags.append(UNNECESSARY)
    if one.code == REMOVED:
        tags.append(DEPRECATED)
    shown = [tag for tag in tags if tag in client.tags]
    if shown:
        found["tags"] = shown
    related = list(_related(one, judged)) if client.related else []
    if related:
        found["relatedInformation"] = related
    return found


def _related(one: Diagnostic, judged: Judged) -> Iterator[Json]:
    """Yield the other places that a finding is about, that of its launch last."""
    document = judged.document
    for other in one.related:
        where = {"uri": document.uri, "range": document.range(other.start, other.end)}
        yield {"location": where, "message": visible(other.message)}
    if one.launch is not None:
        line = {"line": max(one.launch.line - 1, 0), "character": 0}
        path = os.path.join(judged.scope.folder, one.launch.path)
        same = document.path is not None and os.path.normpath(path) == document.path
        uri = document.uri if same else uris.to_uri(path)
        where = {"uri": uri, "range": {"start": line, "end": line}}
        yield {"location": where, "message": "started on this line"}


def at(judged: Judged, start: int, end: int) -> Iterator[Diagnostic]:
    """Yield the findings that a stretch of the text touches."""
    for one in judged.result.diagnostics:
        if one.start <= end and start <= max(one.end, one.start):
            yield one


def catalogue_of(judged: Judged) -> Catalogue:
    """Return the keys that a document may have: of one that is no config yet, those of training."""
    options, command = judged.scope.options, judged.result.command
    return catalogue.catalogue_of(options.target, command or "train", None, options.extra)
