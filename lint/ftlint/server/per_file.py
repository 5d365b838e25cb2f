"""Ignoring in the settings what no comment can: JSON has none."""

from __future__ import annotations

import os

from ftlint.engine import lint
from ftlint.server.documents import span
from ftlint.server.protocol import QUICK_FIX
from ftlint.syntax.source import of_text
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from ftlint.diagnostics import Diagnostic
    from ftlint.server.judging import Judged
    from ftlint.server.workspace import Workspace

    Json = dict[str, Any]

TABLE = "per-file-ignores"
_PATTERNS = frozenset('*?[]"\\')


def in_settings(judged: Judged, one: Diagnostic, workspace: Workspace) -> Json | None:
    """Return what leaves a finding out of a file, written behind the settings that there are.

    None where there are none, where they name files already, and where the finding would stay.
    """
    scope = judged.scope
    path = workspace.settings_file(scope)
    text = None if path is None else workspace.text(path)
    if path is None or text is None or TABLE in text:
        return None
    name = os.path.relpath(scope.name, os.path.dirname(os.path.abspath(path))).replace(os.sep, "/")
    if not name.isprintable() or _PATTERNS & set(name):
        return None
    head = TABLE if os.path.basename(path) == "ftlint.toml" else f"tool.ftlint.{TABLE}"
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    added = f'{gap}[{head}]\n"{name}" = ["{one.code}"]\n'
    options = workspace.options_with(scope, path, text + added)
    if options is None:
        return None
    said = lint(of_text(scope.name, judged.document.text), options, judged.disk).diagnostics
    if any(other.code == one.code for other in said):
        return None
    edit = {"range": span(of_text(path, text), len(text), len(text)), "newText": added}
    return {
        "title": f"Ignore {one.code} in this file, in {os.path.basename(path)}",
        "kind": QUICK_FIX,
        "edit": {"changes": {workspace.uri_of(path): [edit]}},
    }
