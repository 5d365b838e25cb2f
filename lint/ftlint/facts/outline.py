"""A config in outline: scalars at its margin, as most people write them, and no value judged.

So much is read of a config that lies near another one.
"""

from __future__ import annotations

import os
import re

from ftlint.support.disk import ReadFailure
from ftlint.support.pattern import pattern
from ftlint.target.classify import command_of, placeholder_of
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ftlint.support.disk import Disk, State

MAX_BYTES = 1 << 16
"""Bytes of a file that is read."""
RECORD = "training_args.yaml"
"""What LLaMA Board writes into the output folder of a run that it starts: the run's record.

Source: LLaMA Factory webui/common.py save_cmd, extras/constants.py TRAINING_ARGS [0.9.0 to 0.9.5].
"""

_PAIR = pattern(r"\n[\"']?([A-Za-z_]\w*)[\"']?[ \t]*:(?=[ \t\r\n]|\Z)([^\r\n]*)")
"""Begins with a line feed, not with `^`, which is tried at every character."""
_EXAMPLES = f"{os.sep}examples{os.sep}"
_TRUE = frozenset(["true", "yes", "on", "1"])


class Outline(NamedTuple):
    """What a config says: few of its keys are ever asked for, so that each is read when it is.

    `written`: what stands behind each key; in JSON, whose scalars are read, their text.
    `output`: its output folder, normalized, of one that trains. `exported`: the folder that it
    exports a model to, of one that does not.
    """

    written: Mapping[str, str | None]
    is_json: bool = False
    output: str | None = None
    exported: str | None = None

    def get(self, key: str, otherwise: str = "") -> str | None:
        """Return the text of a scalar, `otherwise` where the key is not there.

        None for what is written in any other way, or is a placeholder.
        """
        value = self.written.get(key, otherwise)
        if value is None or self.is_json or key not in self.written:
            return value
        return _scalar(key, value)


def is_record(path: str) -> bool:
    """Return whether a file is the record that LLaMA Board leaves in the folder of a run."""
    return os.path.basename(path) == RECORD


FOLDERS = ("output_dir", "export_dir")
"""Keys that name a folder which a config writes."""


class FileText:
    """What a file holds: `text` None where it was not wholly read.

    `folders`: all that it may write, normalized; told sooner than what it says, which of most files
    nobody asks.
    """

    __slots__ = ("_outline", "_path", "folders", "text")

    def __init__(self, path: str = "", text: str | None = None) -> None:
        self._path, self.text = path, text
        self._outline: Outline | None = _UNREAD
        self.folders: frozenset[str] = frozenset()
        if text is None or is_record(path):
            self._outline = None
        elif text.lstrip("\ufeff \r\n\t")[:1] == "{":
            self._outline = _as_config(path, _of_json(text))
            if self._outline is not None:
                written = self._outline.output, self._outline.exported
                self.folders = frozenset(filter(None, written))
        else:
            self.folders = frozenset(_folders_in(text))

    @property
    def outline(self) -> Outline | None:
        """What the file says, None where it is no config."""
        if self._outline is _UNREAD:
            self._outline = _as_config(self._path, _of_yaml(self.text or ""))
        return self._outline


_UNREAD = Outline({})
_texts: dict[str, tuple[State, FileText]] = {}


def read(path: str, disk: Disk) -> FileText:
    """Return what a file holds; read again only when it has changed."""
    found = disk.while_same(path, _texts, 2000, lambda: FileText(path, _text_at(path, disk)))
    return found or FileText()


def _folders_in(text: str) -> Iterator[str]:
    """Yield what stands behind a key for a folder, wherever that is: at the margin it counts."""
    for key in FOLDERS:
        for rest in text.split(key)[1:]:
            line = rest.partition("\n")[0].partition("\r")[0]
            folder = _scalar(key, line.partition(":")[2])
            if folder:
                yield os.path.normpath(folder)


def _as_config(path: str, found: Outline) -> Outline | None:
    """Return an outline with the folder that is written, None where it is of no config."""
    if command_of(found.written) in (None, "v1") or _is_shipped(path, found):
        return None
    return _with_folders(found)


def _is_shipped(path: str, config: Outline) -> bool:
    """Return whether a config is an example of LLaMA Factory's own, which is nobody's run."""
    if _EXAMPLES not in path:
        return False
    names = (config.get("dataset") or "").split(",")
    return all(name.strip() == "identity" or name.strip().endswith("_demo") for name in names)


def _with_folders(config: Outline) -> Outline:
    trains = (config.get("do_train") or "").lower() in _TRUE
    written = config.get("output_dir" if trains else "export_dir")
    if not written:
        return config
    folder = os.path.normpath(written)
    return config._replace(output=folder) if trains else config._replace(exported=folder)


def outline_of(path: str, disk: Disk) -> Outline | None:
    """Return the outline of a config in YAML, whatever it is for."""
    text = _text_at(path, disk)
    return None if text is None else _with_folders(_of_yaml(text))


def _text_at(path: str, disk: Disk) -> str | None:
    data = disk.read(path, MAX_BYTES + 1)
    if isinstance(data, ReadFailure) or b"\0" in data or len(data) > MAX_BYTES:
        return None
    return data.decode("utf-8", "replace")


def _of_yaml(text: str) -> Outline:
    return Outline(dict(_PAIR.findall(f"\n{text}")))


def _of_json(text: str) -> Outline:
    import json

    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = {}
    return Outline({str(key): text_of(key, value) for key, value in found.items()}, is_json=True)


def text_of(name: str, value: object) -> str | None:
    """Return the text that a key's value is compared by; None for no scalar and a placeholder."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, (str, int, float)):
        return None
    text = str(value).strip()
    return None if placeholder_of(name, text) is not None else text


def _scalar(name: str, written: str) -> str | None:
    """Return a plain or quoted scalar that stands on one line; None for anything else."""
    text = written.strip()
    if text[:1] in ("'", '"'):
        return text_of(name, text[1:].partition(text[0])[0])
    if "#" in text:
        text = re.split(r"(?:^|[ \t])#", text, maxsplit=1)[0].strip()
    if text in ("null", "~", "Null", "NULL"):
        return ""
    return None if not text or text[0] in "&*!|>{[%@`" else text_of(name, text)
