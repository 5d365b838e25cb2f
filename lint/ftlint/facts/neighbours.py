"""The other configs of a project that lie near one: what they write, and what they begin with.

Of each only scalars at the margin are read, as most people write them; no value is judged. What is
looked at is noted, so that a kept verdict falls with the files that it rests on.
"""

from __future__ import annotations

import os
import re

from ftlint.facts.paths import folders
from ftlint.support.disk import Unreadable
from ftlint.support.files import SUFFIXES
from ftlint.target.classify import command_of, placeholder_of
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ftlint.support.disk import Disk, State

MOST_FILES, MOST_FOLDERS, MOST_ENTRIES, MAX_BYTES = 100, 24, 400, 1 << 16
"""Files and folders that are looked into, entries of a folder, and bytes of a file."""
RECORD = "training_args.yaml"
"""What LLaMA Board writes into the output folder of a run that it starts: the run's record.

Source: LLaMA Factory webui/common.py save_cmd, extras/constants.py TRAINING_ARGS [0.9.0 to 0.9.5].
"""

_PAIR = re.compile(r"^[\"']?([A-Za-z_]\w*)[\"']?[ \t]*:(?=[ \t\r\n]|\Z)([^\r\n]*)", re.M)
_EXAMPLES = f"{os.sep}examples{os.sep}"
_TRUE = frozenset(["true", "yes", "on", "1"])


class Config(NamedTuple):
    """What a config says: few of its keys are ever asked for, so that each is read when it is.

    `written`: what stands behind each key; in JSON, whose scalars are read, their text.
    `output`: its output folder, normalized, of one that trains.
    """

    written: Mapping[str, str | None]
    is_json: bool = False
    output: str | None = None

    def get(self, key: str, otherwise: str = "") -> str | None:
        """Return the text of a scalar, `otherwise` where the key is not there.

        None for what is written in any other way, or is a placeholder.
        """
        value = self.written.get(key, otherwise)
        if value is None or self.is_json or key not in self.written:
            return value
        return _scalar(key, value)


class Neighbour(NamedTuple):
    """Another config, seen from one in the folder `start`."""

    path: str
    start: str
    config: Config

    @property
    def beside(self) -> bool:
        """Whether it lies in the same folder."""
        return os.path.dirname(self.path) == self.start

    @property
    def name(self) -> str:
        """Its path as seen from there."""
        return os.path.relpath(self.path, self.start)

    @property
    def output(self) -> str | None:
        """Its output folder, if it trains."""
        return self.config.output

    @property
    def keys(self) -> Iterable[str]:
        """Its keys."""
        return self.config.written

    def get(self, key: str, otherwise: str = "") -> str | None:
        """Return the text of a value, `otherwise` where the key is not there, None if unknown."""
        return self.config.get(key, otherwise)


class Vicinity(NamedTuple):
    """The configs near a folder, the nearest first: the same for every config that lies in it.

    `writing`: those that train, by their output folder. `texts`: what the files of the folder hold,
    None for one that was not wholly read. `cut`: whether it has more files than were looked at.
    """

    configs: Sequence[Neighbour]
    writing: Mapping[str, Sequence[Neighbour]]
    texts: Mapping[str, str | None]
    cut: bool


class Neighbourhood(NamedTuple):
    """The configs near another one, at `own`."""

    own: str
    vicinity: Vicinity

    @property
    def beside(self) -> list[Neighbour]:
        """Those in the same folder."""
        return [one for one in self.vicinity.configs if one.beside and one.path != self.own]

    @property
    def texts(self) -> list[str | None]:
        """What the files beside it hold, None for one that was not wholly read."""
        return [text for path, text in self.vicinity.texts.items() if path != self.own]

    def writing(self, output: str) -> list[Neighbour]:
        """Return those whose run writes to a folder, named by its normalized path."""
        return [one for one in self.vicinity.writing.get(output, ()) if one.path != self.own]

    def writers_of(self, begun: str) -> list[Neighbour]:
        """Return those whose run writes what another one begins with, the ones beside if any.

        Of configs in other folders a path of one part may be another one: they start elsewhere.
        """
        begun = os.path.normpath(begun)
        folder, checkpoint, _ = begun.partition(_CHECKPOINT)
        writers = self.writing(begun) + (self.writing(folder) if checkpoint else [])
        beside = [one for one in writers if one.beside]
        return beside or (writers if os.sep in begun else [])


_CHECKPOINT = f"{os.sep}checkpoint-"


def lies_in(begun: str, output_dir: str) -> bool:
    """Return whether a folder is an output folder, or a checkpoint in it."""
    return begun == output_dir or begun.startswith(f"{output_dir}{_CHECKPOINT}")


def neighbourhood(path: str, disk: Disk) -> Neighbourhood:
    """Return the configs near the one at `path`, within reach."""
    own = os.path.abspath(path)
    return Neighbourhood(own, disk.view(os.path.dirname(own), _vicinity))


def _vicinity(start: str, disk: Disk) -> Vicinity:
    """Return the configs near a folder.

    Near is what lies in it, then up to two folders down from it and from the two above it, so that
    `train/sft.yaml` and `export/sft.yaml` meet.
    """
    found: list[Neighbour] = []
    texts: dict[str, str | None] = {}
    cut, left = False, MOST_FILES
    for folder in _near(start, disk):
        beside = folder == start
        others = [one for one in _listed(folder, disk)[1] if beside or one[-5:].lower() != ".json"]
        cut |= beside and len(others) > left
        for other in others[:left]:
            kept = _read(other, disk)
            if kept.config is not None:
                found.append(Neighbour(other, start, kept.config))
            if beside:
                texts[other] = kept.text
        left -= len(others)
        if left <= 0:
            break
    writing: dict[str, list[Neighbour]] = {}
    for one in found:
        if one.output is not None:
            writing.setdefault(one.output, []).append(one)
    return Vicinity(found, writing, texts, cut)


def record_in(begun: str, path: str, disk: Disk) -> Neighbour | None:
    """Return the record of the run that has written a folder or a checkpoint in it, if it is here.

    A relative folder is looked for where a config at `path` may be started.
    """
    folder = os.path.normpath(begun)
    if os.path.basename(folder).startswith("checkpoint-"):
        folder = os.path.dirname(folder)
    name = os.path.join(folder, RECORD)
    for start in folders(path, disk):
        full = os.path.join(start, name)
        if disk.is_file(full):
            text = _text_at(full, disk)
            start = os.path.dirname(os.path.abspath(path))
            return None if text is None else Neighbour(full, start, _with_output(_of_yaml(text)))
    return None


def is_record(path: str) -> bool:
    """Return whether a file is the record that LLaMA Board leaves in the folder of a run."""
    return os.path.basename(path) == RECORD


def _near(start: str, disk: Disk) -> Iterator[str]:
    """Yield folders from near to far, each once; a person's home or the root is never entered."""
    seen: dict[str, None] = {start: None}
    yield start
    base = start
    for _ in range(3):
        level = [base]
        for _ in range(2):
            level = [one for folder in level for one in _listed(folder, disk)[0]]
            for folder in level:
                if folder not in seen:
                    if len(seen) == MOST_FOLDERS:
                        return
                    seen[folder] = None
                    yield folder
        parent = os.path.dirname(base)
        if parent == base or not disk.holds(parent):
            return
        base = parent
        if base not in seen:
            seen[base] = None
            yield base


_Listing = tuple[list[str], list[str]]
_listings: dict[str, tuple[State, _Listing]] = {}
_SKIPPED = frozenset(["node_modules", "__pycache__", "site-packages", "venv", "wandb"])


def _listed(folder: str, disk: Disk) -> _Listing:
    """Return the folders and the YAML and JSON files in a folder; of one with too many none."""
    now = disk.state(folder)
    if now is None:
        return [], []
    kept = _listings.get(folder)
    if kept is not None and kept[0] == now:
        return kept[1]
    try:
        folders, names = disk.parted(folder)  # with links to nothing, which are unread
    except OSError:
        return [], []
    if len(folders) + len(names) > MOST_ENTRIES:
        folders, names = [], []
    if len(_listings) > 1000:
        _listings.clear()
    _listings[folder] = (
        now,
        (
            [os.path.join(folder, one) for one in folders if one[0] != "." and one not in _SKIPPED],
            [os.path.join(folder, one) for one in names if one.lower().endswith(SUFFIXES)],
        ),
    )
    return _listings[folder][1]


class _Text(NamedTuple):
    """What a file holds: `text` None where it was not wholly read, `config` None for no config."""

    text: str | None = None
    config: Config | None = None


_texts: dict[str, tuple[State, _Text]] = {}


def _read(path: str, disk: Disk) -> _Text:
    """Return what a file holds; read again only when it has changed."""
    now = disk.state(path)
    if now is None:
        return _Text()
    kept = _texts.get(path)
    if kept is not None and kept[0] == now:
        return kept[1]
    found = _read_anew(path, disk)
    if len(_texts) > 2000:
        _texts.clear()
    _texts[path] = now, found
    return found


def _read_anew(path: str, disk: Disk) -> _Text:
    text = _text_at(path, disk)
    if text is None or is_record(path):
        return _Text(text)
    config = _of_json(text) if text.lstrip("\ufeff \r\n\t")[:1] == "{" else _of_yaml(text)
    if command_of(config.written) in (None, "v1") or _is_shipped(path, config):
        return _Text(text)
    return _Text(text, _with_output(config))


def _is_shipped(path: str, config: Config) -> bool:
    """Return whether a config is an example of LLaMA Factory's own, which is nobody's run."""
    if _EXAMPLES not in path:
        return False
    names = (config.get("dataset") or "").split(",")
    return all(name.strip() == "identity" or name.strip().endswith("_demo") for name in names)


def _with_output(config: Config) -> Config:
    output = config.get("output_dir") if (config.get("do_train") or "").lower() in _TRUE else None
    return config._replace(output=os.path.normpath(output) if output else None)


def _text_at(path: str, disk: Disk) -> str | None:
    data = disk.read(path, MAX_BYTES + 1)
    if isinstance(data, Unreadable) or b"\0" in data or len(data) > MAX_BYTES:
        return None
    return data.decode("utf-8", "replace")


def _of_yaml(text: str) -> Config:
    return Config(dict(_PAIR.findall(text)))


def _of_json(text: str) -> Config:
    import json

    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = {}
    return Config({str(key): text_of(key, value) for key, value in found.items()}, is_json=True)


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
