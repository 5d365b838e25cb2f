"""The other configs of a project that lie near one: what they write, and what they begin with.

What is looked at is noted, so that a kept verdict falls with the files that it rests on.
"""

from __future__ import annotations

import os

from ftlint.facts.listing import listed
from ftlint.facts.outline import RECORD, outline_of, read
from ftlint.facts.paths import folders
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ftlint.facts.outline import FileText, Outline
    from ftlint.support.disk import Disk

MOST_FILES, MOST_FOLDERS = 100, 24
"""Files and folders that are looked into."""


class Neighbour(NamedTuple):
    """Another config, seen from one in the folder `start`."""

    path: str
    start: str
    outline: Outline

    @property
    def beside(self) -> bool:
        """Return whether it lies in the same folder."""
        return os.path.dirname(self.path) == self.start

    @property
    def name(self) -> str:
        """Its path as seen from there."""
        return os.path.relpath(self.path, self.start)

    @property
    def output(self) -> str | None:
        """Its output folder, if it trains."""
        return self.outline.output

    @property
    def keys(self) -> Iterable[str]:
        """Its keys."""
        return self.outline.written

    def get(self, key: str, otherwise: str = "") -> str | None:
        """Return the text of a value, `otherwise` where the key is not there, None if unknown."""
        return self.outline.get(key, otherwise)


class Vicinity(NamedTuple):
    """The files near a folder that may be configs, the nearest first: the same for all in it.

    `texts`: what each holds. `writing`: those that may write a folder, by its normalized path.
    `cut`: whether there are more files in the folder itself than were looked at.
    """

    start: str
    texts: Mapping[str, FileText]
    writing: Mapping[str, Sequence[str]]
    cut: bool

    def configs(self, paths: Iterable[str]) -> Iterator[Neighbour]:
        """Yield those of some files that are configs."""
        for path in paths:
            outline = self.texts[path].outline
            if outline is not None:
                yield Neighbour(path, self.start, outline)


class Neighbourhood(NamedTuple):
    """The configs near another one, at `own`."""

    own: str
    vicinity: Vicinity

    @property
    def beside(self) -> list[Neighbour]:
        """Those in the same folder."""
        return list(self.vicinity.configs(self._beside()))

    @property
    def texts(self) -> list[str | None]:
        """What the files beside it hold, None for one that was not wholly read."""
        return [self.vicinity.texts[path].text for path in self._beside()]

    def _beside(self) -> list[str]:
        near = self.vicinity
        return [one for one in near.texts if os.path.dirname(one) == near.start and one != self.own]

    def _others(self, folder: str) -> Iterator[Neighbour]:
        """Yield the configs that may write a folder."""
        for one in self.vicinity.configs(self.vicinity.writing.get(folder, ())):
            if one.path != self.own:
                yield one

    def writing(self, output: str) -> list[Neighbour]:
        """Return those whose run writes to a folder, named by its normalized path."""
        return [one for one in self._others(output) if one.output == output]

    def writers_of(self, begun: str) -> list[Neighbour]:
        """Return those whose run writes what another one begins with, the ones beside if any."""
        begun = os.path.normpath(begun)
        folder, checkpoint, _ = begun.partition(_CHECKPOINT)
        return _meant(begun, self.writing(begun) + (self.writing(folder) if checkpoint else []))

    def exporters_of(self, model: str) -> list[Neighbour]:
        """Return those that export what another one begins with, the ones beside if any."""
        model = os.path.normpath(model)
        return _meant(model, [one for one in self._others(model) if one.outline.exported == model])


def _meant(folder: str, found: list[Neighbour]) -> list[Neighbour]:
    """Return those that mean the same folder by a path, the ones beside if any.

    Of configs in other folders a path of one part may be another one: they start elsewhere.
    """
    beside = [one for one in found if one.beside]
    return beside or (found if os.sep in folder else [])


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
    texts: dict[str, FileText] = {}
    writing: dict[str, list[str]] = {}
    cut, left = False, MOST_FILES
    for folder in _near(start, disk):
        beside = folder == start
        others = [
            one for one in listed(folder, disk).configs if beside or one[-5:].lower() != ".json"
        ]
        cut |= beside and len(others) > left
        for other in others[:left]:
            texts[other] = held = read(other, disk)
            for written in held.folders:
                writing.setdefault(written, []).append(other)
        left -= len(others)
        if left <= 0:
            break
    return Vicinity(start, texts, writing, cut)


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
            found = outline_of(full, disk)
            start = os.path.dirname(os.path.abspath(path))
            return None if found is None else Neighbour(full, start, found)
    return None


def _near(start: str, disk: Disk) -> Iterator[str]:
    """Yield folders from near to far, each once; a person's home or the root is never entered."""
    seen: dict[str, None] = {start: None}
    yield start
    base = start
    for _ in range(3):
        level = [base]
        for _ in range(2):
            level = [one for folder in level for one in listed(folder, disk).folders]
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
