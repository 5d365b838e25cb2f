"""What is shown at the cursor: the findings there, and what the key does for this target."""

from __future__ import annotations

from ftlint.server import cursor, script_cursor
from ftlint.server.explaining import of_key, of_rule
from ftlint.server.judging import at, catalogue_of
from ftlint.support.files import is_script
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from ftlint.server.judging import Judged

    Json = dict[str, Any]


def hover(judged: Judged, position: Json) -> Json | None:
    """Return what is told of a position of a document."""
    document = judged.document
    offset = document.offset(position)
    found = [one for one in at(judged, offset, offset) if one.start < one.end]
    script = is_script(judged.scope.name)
    spot = (script_cursor.flag_at if script else cursor.key_at)(document.source, offset)
    key = None
    if spot is not None and judged.result.command is not None:
        key = of_key(spot.key, catalogue_of(judged))
    parts = [*(of_rule(one, judged.scope.options.rules) for one in found), *([key] if key else [])]
    if not parts:
        return None
    shown: Json = {"contents": {"kind": "markdown", "value": "\n\n---\n\n".join(parts)}}
    if spot is not None and key:
        shown["range"] = document.range(spot.start, spot.end)
    elif found:
        shown["range"] = document.range(found[0].start, found[0].end)
    return shown
