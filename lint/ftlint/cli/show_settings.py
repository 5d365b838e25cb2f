"""`ftlint check --show-settings`: which settings count where, and where they come from."""

from __future__ import annotations

import json
import os

from ftlint.cli.check import Output, guarded, say, write
from ftlint.project.options import OptionsResolver
from ftlint.project.reading import NAMES
from ftlint.project.request import Settings
from ftlint.run.session import CLEAN
from ftlint.support.disk import Disk
from ftlint.support.files import STDIN
from ftlint.support.messages import shown_path
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ftlint.project.request import CliOptions

_ASKED = ("target", "transformers", "dataset_dir", "gpu", "fail_on", "baseline", "select")
"""Settings in the place of which an option of the same name counts."""
_ADDED = ("ignore", "exclude", "limits", "facts")
"""Settings to which an option of the same name adds."""


def show_settings(request: CliOptions, output: Output) -> int:
    """Print the settings of each path as TOML, and return the exit status. Never raises."""
    return guarded(lambda: _show_settings(request, output))


def _show_settings(request: CliOptions, output: Output) -> int:
    resolver, disk = OptionsResolver(request), Disk()
    seen: dict[str, None] = {}
    for path in request.paths or (".",):
        if path == STDIN:
            path = request.stdin_filename or "."
        folder = path if disk.is_folder(path) else os.path.dirname(path)
        options, settings = resolver.of(os.path.abspath(folder))
        lines = _shown(request, settings, resolver.settings.file(os.path.abspath(folder)))
        target = f"# judged for LLaMA Factory {options.target.label}, transformers"
        text = "\n".join([f"{target} {options.target.transformers}", *lines])
        seen[f"# {shown_path(path)}\n{text}\n"] = None
    write("\n".join(seen), output.file)
    say(resolver.ignored)
    return CLEAN


def _shown(request: CliOptions, settings: Settings, file: str | None) -> Iterator[str]:
    yield f"# settings: {'none' if file is None else shown_path(file)}"
    for field, name in NAMES.items():
        own, default = getattr(settings, field), Settings._field_defaults[field]
        asked = _asked(request, field)
        where = "" if own == default else "settings"
        value = own
        if asked:
            where = "command line"
            value = asked
            if field in _ADDED:
                value, where = (*own, *asked), "settings and command line" if own else where
        comment = f"  # {where}" if where else "  # default"
        if value is None or value == ():
            yield f"# {name} is not set"
        else:
            yield f"{name} = {_toml(value)}{comment}"


def _asked(request: CliOptions, field: str) -> Any:
    if field in ("gpus", "nodes"):
        return getattr(request.launch, field)
    if field == "datasets":
        return request.dataset_sizes
    known = field in (*_ASKED, *_ADDED, "here", "force_exclude")
    return getattr(request, field) if known else None


def _toml(value: object) -> str:
    """Return a setting as TOML writes it."""
    if isinstance(value, tuple) and value and all(isinstance(one, tuple) for one in value):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(one)}" for key, one in value) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
