"""The file of a DeepSpeed config: keys that stand in it twice."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Finding
    from ftlint.rules.deepspeed.config import DeepSpeedConfig

REPEATED = "FT589"


def repeated(config: DeepSpeedConfig) -> Iterator[Finding]:
    """Yield the keys that a JSON file has twice, which Python reads as the last of them."""
    for path in dict.fromkeys(config.lines.repeated):
        yield config.finding(REPEATED, path)
