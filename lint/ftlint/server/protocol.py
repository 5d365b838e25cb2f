"""What clients send, as far as it is read, and what they say that they can do with an answer."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

QUICK_FIX, FIX_ALL = "quickfix", "source.fixAll.ftlint"
ERROR, WARNING, INFORMATION, LOG = 1, 2, 3, 4
"""Severities of diagnostics, and types of messages (`LOG` of those alone)."""
SEVERITIES = {"error": ERROR, "warning": WARNING, "info": INFORMATION}


class BadParams(ValueError):
    """What a client sent has not the form that its method has."""


def _below(found: Any, path: str) -> Any:
    """Return what stands under a path such as `textDocument.uri`; None where it leads nowhere."""
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def field(params: object, path: str, kind: type | tuple[type, ...]) -> Any:
    """Return what stands in `params` under a path. Raises `BadParams`."""
    found = _below(params, path)
    wrong = isinstance(found, bool) and kind is int
    if wrong or not isinstance(found, kind):
        raise BadParams(f"`{path}` is missing, or of another type")
    return found


def position(params: object, path: str) -> Json:
    """Return a line and a character, as they were sent."""
    for name in ("line", "character"):
        field(params, f"{path}.{name}", int)
    found: Json = field(params, path, dict)
    return found


def range_(params: object, path: str) -> Json:
    """Return a range, as it was sent."""
    position(params, f"{path}.start")
    position(params, f"{path}.end")
    found: Json = field(params, path, dict)
    return found


def changes(params: object) -> list[Json]:
    """Return the changes of a document."""
    found: list[Json] = field(params, "contentChanges", list)
    for one in found:
        field(one, "text", str)
        if isinstance(one, dict) and one.get("range") is not None:
            range_(one, "range")
    return found


class Client(NamedTuple):
    """What a client can do with what it is sent."""

    related: bool = False
    """Shows other places that a diagnostic is about."""
    tags: frozenset[int] = frozenset()
    links: bool = False
    """Shows where a diagnostic's code is explained."""
    literals: bool = False
    """Takes code actions, not commands alone."""
    resolves_edits: bool = False
    """Asks for the edit of a code action when that is chosen."""
    watches: bool = False
    """Lets the server say which files are to be watched."""
    configures: bool = False
    """Answers `workspace/configuration`."""
    refreshes_lenses: bool = False
    tooltips: bool = False
    """Shows what is told of a link."""


def client_of(capabilities: object) -> Client:
    """Return what a client says that it can do."""
    if not isinstance(capabilities, dict):
        return Client()

    def has(path: str) -> bool:
        return bool(_below(capabilities, path))

    def listed(path: str) -> list[Any]:
        found = _below(capabilities, path)
        return found if isinstance(found, list) else []

    shown, actions = "textDocument.publishDiagnostics", "textDocument.codeAction"
    tags = listed(f"{shown}.tagSupport.valueSet")
    return Client(
        related=has(f"{shown}.relatedInformation"),
        tags=frozenset(one for one in tags if isinstance(one, int)),
        links=has(f"{shown}.codeDescriptionSupport"),
        literals=has(f"{actions}.codeActionLiteralSupport"),
        resolves_edits="edit" in listed(f"{actions}.resolveSupport.properties")
        and has(f"{actions}.dataSupport"),
        watches=has("workspace.didChangeWatchedFiles.dynamicRegistration"),
        configures=has("workspace.configuration"),
        refreshes_lenses=has("workspace.codeLens.refreshSupport"),
        tooltips=has("textDocument.documentLink.tooltipSupport"),
    )


class Choices(NamedTuple):
    """What a person chose in the client; None where settings decide."""

    target: str | None = None
    transformers: str | None = None
    trusted: bool = True
    lens: bool = True


def choices_of(options: object, before: Choices | None = None) -> Choices:
    """Return the choices in what a client sends; what it leaves out stays as it was."""
    found = before or Choices()
    if not isinstance(options, dict):
        return found
    chosen: dict[str, Any] = {}
    for name in ("target", "transformers"):
        if name in options:
            value = options[name]
            chosen[name] = (value.strip() if isinstance(value, str) else "") or None
    for name in ("trusted", "lens"):
        if isinstance(options.get(name), bool):
            chosen[name] = options[name]
    return found._replace(**chosen)
