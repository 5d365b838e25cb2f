"""What may be written at the cursor in a script: flags, keys to set over a config, their values."""

from __future__ import annotations

import re

from ftlint.edits.spelling import spell
from ftlint.facts.handed import sources
from ftlint.launch.scripts import read
from ftlint.server.completion import Site, keys, values
from ftlint.server.script_cursor import word_at
from ftlint.server.spot import KEY
from ftlint.starts import scripts
from ftlint.target.classify import SUBCOMMANDS
from ftlint.target.keys import catalogue_of
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from ftlint.launch.record import Launched
    from ftlint.loading import Config
    from ftlint.server.judging import Judged
    from ftlint.server.script_cursor import CursorWord

    Json = dict[str, Any]

_PLAIN = re.compile(r"[\w./:@%+,=-]+")
"""What the shell hands over as it is written."""


def complete(judged: Judged, position: Json) -> list[Json]:
    """Return the items that may stand at a position of a script."""
    document, name = judged.document, judged.scope.name
    offset = document.offset(position)
    launches = read(document.text, name, sources(name, judged.disk, []))
    found = word_at(document.text, launches, offset)
    if found is None:
        return []
    spot, launched = found.spot, found.launched
    config, options = _config(judged, launched), judged.scope.options
    command = options.command or SUBCOMMANDS[launched.command]
    catalogue = catalogue_of(options.target, command, None, options.extra)
    site = Site(judged, spot, config, catalogue, lambda one: _value(one, found, judged))
    if spot.kind != KEY:
        return [*values(site)]
    present = {one.key for one in (*launched.flags, *launched.overrides)}
    behind = _behind_key(found, document.text[spot.end : spot.end + 1])
    before = "--" if found.is_flag else ""
    items = [*keys(site._replace(written=lambda one: f"{before}{one}{behind}"), present)]
    if document.text.startswith("-", spot.start):  # editors match what is offered with that
        return [{**one, "filterText": f"--{one['label']}"} for one in items]
    return items


def _behind_key(found: CursorWord, follows: str) -> str:
    """Return what to write behind a key: what parts it from its value, if that is not there."""
    if found.spot.follows:
        return ""
    if not found.is_flag:
        return "="
    return "" if follows in (" ", "\t") else " "


def _config(judged: Judged, launched: Launched) -> Config | None:
    """Return the config that a command starts."""
    script = scripts.load(judged.document.source, judged.scope.options, judged.disk)
    for config in script.configs:
        if config.context.launched is not None and config.context.launched.start == launched.start:
            return config
    same = (one.config for one in script.of_files if one.launched.start == launched.start)
    return next(same, None)


def _value(value: object, found: CursorWord, judged: Judged) -> str | None:
    """Return a value as a word of a command; None for one that takes quotes which are not there."""
    if found.is_flag:
        text = str(value).lower() if isinstance(value, bool) else str(value)
    else:  # read as YAML
        text = spell(value, judged.scope.options.target.dialect_of("a.yaml"))
    quote = found.spot.quote
    if quote:
        return None if quote in text or set(text) & {"$", "`", "\\", "!"} else text
    if _PLAIN.fullmatch(text):
        return text
    return f"'{text}'" if "'" not in text else None
