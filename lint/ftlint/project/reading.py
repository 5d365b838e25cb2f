"""A settings file read and checked: how each setting is written, and what it is not."""

from __future__ import annotations

import os

from ftlint.diagnostics import SEVERITIES
from ftlint.project.request import MAX_BYTES, BadSettings, Settings
from ftlint.support.disk import Disk, ReadFailure
from ftlint.support.limits import Limits
from ftlint.target.keys import is_known
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SECONDS = 2
LONGEST = 80
"""Characters of a wrong value that a message shows."""


class _Kind(NamedTuple):
    """How one setting is checked and described."""

    schema: dict[str, Any]
    wanted: str
    accepts: Callable[[object], bool]


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_listed(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_texts, value.values()))


def _is_counts(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_count, value.values()))


def _is_severities(value: object) -> bool:
    return isinstance(value, dict) and all(one in SEVERITIES for one in value.values())


_BOOL = _Kind({"type": "boolean"}, "a bool", lambda value: isinstance(value, bool))
_TEXT = _Kind({"type": "string"}, "a string", lambda value: isinstance(value, str))
_COUNT = _Kind({"type": "integer", "minimum": 1}, "an integer of 1 or more", _is_count)


def _texts(example: str) -> _Kind:
    schema = {"type": "array", "items": {"type": "string"}}
    return _Kind(schema, f'a list of strings, such as ["{example}"]', _is_texts)


_RULES = _texts("FT3")
_LISTS = {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}
_KINDS: dict[str, _Kind] = {
    "target": _TEXT,
    "transformers": _TEXT,
    "gpus": _COUNT,
    "nodes": _COUNT,
    "gpu": _Kind(
        {"type": "string", "pattern": "[A-Za-z]"},
        'the name or memory of a GPU, such as "h100-80g"',
        _TEXT.accepts,
    ),
    "dataset-dir": _TEXT,
    "datasets": _Kind(
        {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}},
        "a table of dataset names and their sizes",
        _is_counts,
    ),
    "select": _RULES,
    "ignore": _RULES,
    "per-file-ignores": _Kind(
        _LISTS,
        'a table of patterns and the rules to ignore, such as {"old/*" = ["FT5"]}',
        _is_listed,
    ),
    "severity": _Kind(
        {"type": "object", "additionalProperties": {"enum": list(SEVERITIES)}},
        f"a table of rules and their severity, {' or '.join(SEVERITIES)}",
        _is_severities,
    ),
    "exclude": _texts("configs/old"),
    "force-exclude": _BOOL,
    "policies": _texts("team.yaml"),
    "bands": _TEXT,
    "limits": _Kind(
        {
            "type": "object",
            "additionalProperties": {"type": "integer", "minimum": 1},
            "propertyNames": {"enum": list(Limits._fields)},
        },
        f"a table of limits ({', '.join(Limits._fields)}) and their numbers",
        _is_counts,
    ),
    "facts": _Kind(
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "installed": {"type": "array", "items": {"type": "string"}},
                "env": {"type": "array", "items": {"type": "string"}},
                "compute_capability": {"type": "number"},
                "output_dir_holds": {
                    "type": "string",
                    "pattern": "^(model|checkpoint-[0-9]{1,18})$",
                },
            },
        },
        "a table of facts, such as {compute_capability = 7.5}",
        lambda value: isinstance(value, dict),
    ),
    "extra-keys": _RULES._replace(wanted='a list of keys, such as ["use_akl_loss"]'),
    "extra-values": _Kind(
        _LISTS, 'a table of keys and the values to allow, such as {stage = ["akl"]}', _is_listed
    ),
    "baseline": _TEXT,
    "extend": _TEXT,
    "here": _BOOL,
    "launch": _BOOL,
    "scripts": _BOOL,
    "fail-on": _Kind(
        {"enum": list(SEVERITIES)}, " or ".join(SEVERITIES), lambda value: value in SEVERITIES
    ),
}
NAMES = {name.replace("-", "_"): name for name in _KINDS}
"""How each field of `Settings` is written."""


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the settings table, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:ftlint:settings",
        "title": "Settings of ftlint: [tool.ftlint] in pyproject.toml, or ftlint.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: kind.schema for name, kind in _KINDS.items()},
    }


def load(path: str, disk: Disk | None = None) -> Settings:
    """Return the settings in `path`; raises `BadSettings`.

    In pyproject.toml they stand under [tool.ftlint], in any other file at the top. A file that was
    found, not named, is a regular one within the reach of a `disk`. What a file extends lies in its
    project.
    """
    table = stated(path, disk)
    if "extend" in table:
        from ftlint.project.extending import whole

        found = whole(path, table, stated)
        if isinstance(found, str):
            raise BadSettings(found)
        table = found
    return _settings(path, table)


def stated(path: str, disk: Disk | None = None) -> dict[str, Any]:
    """Return the table in a settings file as it stands there, checked; raises `BadSettings`."""
    data = (disk or Disk()).read(path, MAX_BYTES + 1, pipe=disk is None)
    if isinstance(data, ReadFailure):
        raise BadSettings(f"{path}: {data.reason}")
    if len(data) > MAX_BYTES:
        raise BadSettings(f"{path}: too large for a settings file")
    try:
        table: dict[str, Any] = toml(data)
    except (ValueError, RecursionError) as error:
        raise BadSettings(f"{path}: not TOML: {error}") from None
    if os.path.basename(path) == "pyproject.toml":
        tool = table.get("tool")
        own = tool.get("ftlint") if isinstance(tool, dict) else None
        if not isinstance(own, dict):
            raise BadSettings(f"{path}: it has no [tool.ftlint] table")
        table = own
    _check(path, table)
    return table


def toml(data: bytes) -> Any:
    """Parse TOML; raises `ValueError` for what is none."""
    try:
        import tomllib
    except ImportError:  # Python 3.10
        import tomli as tomllib  # type: ignore[import-not-found,no-redef,unused-ignore]

    from ftlint.support.deadline import TooSlow, within

    try:
        with within(SECONDS):
            return tomllib.loads(data.decode("utf-8"))
    except TooSlow:  # a key of 100,000 parts takes Python's own reader minutes
        raise ValueError(
            f"reading it takes more than {SECONDS} seconds of processor time"
        ) from None


def _check(path: str, table: dict[str, Any]) -> None:
    for name, value in table.items():
        kind = _KINDS.get(name)
        if kind is None:
            from ftschemas.form import did_you_mean

            hint = did_you_mean(name, _KINDS)
            raise BadSettings(f"{path}: unknown setting {_short(name)}{hint}")
        if not kind.accepts(value):
            raise BadSettings(f"{path}: {name} = {_short(value)} must be {kind.wanted}")
        if name == "gpu":
            _check_gpu(path, value)


def _check_gpu(path: str, name: str) -> None:
    from ftlint.memory.gpus import BadGpu, total_memory

    try:
        total_memory(name)
    except BadGpu as error:
        raise BadSettings(f"{path}: gpu = {_short(name)}{error.said}") from None


def _settings(path: str, table: dict[str, Any]) -> Settings:
    found: dict[str, Any] = {"root": os.path.dirname(os.path.abspath(path))}
    for name, value in table.items():
        if isinstance(value, list):
            value = tuple(value)
        elif isinstance(value, dict):
            value = tuple((key, _plain(one)) for key, one in value.items())
        found[name.replace("-", "_")] = value
    settings = Settings(**found)
    for key, _ in settings.extra_values:
        if not is_known(key) and key not in settings.extra_keys:
            from ftschemas.form import nearest

            near = nearest(key, [*settings.extra_keys, *compiled.KEYS])
            hint = f"did you mean {near}?" if near else "name a fork's own in `extra-keys`"
            raise BadSettings(f"{path}: extra-values: unknown key {_short(key)}; {hint}")
    return settings


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
