"""What lies around a config: everything outside of its text is read through one `Disk`.

It knows every path that it was asked for, so that a kept result can be held against the disk as it
is now, and it holds what may be read at all. Each path is looked at once: all that is said of one
config rests on one state of its surroundings, and that state is told before any content is read.
"""

from __future__ import annotations

import os
import stat
import time

from ftlint.support.containment import Reach, outermost
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from io import FileIO
    from typing import Any, TypeVar

    T = TypeVar("T")

State = tuple[int, int, int, int]
"""Size in bytes, time of the last change in ns, inode, mode.

The first two are 0 for a folder whose names were not asked for: what comes and goes in it changes
nothing that was seen.
"""

SETTLED = 2_000_000_000
"""In ns: what changed more recently may change again within the same tick of a clock."""
TICK = 100_000_000
"""In ns: the same for inodes, whose times no file system keeps as coarsely as those of content."""


class Stamp(NamedTuple):
    """What tells that a file was not written since: `entered` is when its inode last changed.

    Unlike `changed`, nobody sets that back.
    """

    size: int
    changed: int
    entered: int
    inode: int

    def is_settled(self) -> bool:
        """Return whether a further change would be seen, now that the file was looked at."""
        now = time.time_ns()
        return now - self.changed > SETTLED and now - self.entered > TICK


class ReadFailure(NamedTuple):
    """A path that gives no text, and why."""

    path: str
    reason: str


class Buffer(NamedTuple):
    """What an editor holds of a file and has not written yet, and when that last changed, in ns."""

    data: bytes
    changed: int


class Shared:
    """What the disks of many configs have in common while nothing is written.

    `folders`: where links lead them. `views`: see `Disk.view`. `buffers`: what counts for the
    content of files in place of what is stored, by absolute path.
    """

    def __init__(self, buffers: Mapping[str, Buffer] = {}) -> None:
        self.buffers = buffers
        self.folders: dict[str, str] = {}
        self.views: dict[tuple[object, ...], tuple[Disk, Any]] = {}


class Disk:
    """The files around one config. With a `reach`, content is read only within it."""

    def __init__(self, reach: Reach | None = None, shared: Shared | None = None) -> None:
        self.reach = outermost() if reach is None else reach
        self._shared = Shared() if shared is None else shared
        self._views: list[Disk] = []
        self._found: dict[str, os.stat_result | None] = {}
        self._listed: set[str] = set()
        self._real: dict[str, str | None] = {}

    def anywhere(self) -> Disk:
        """Return the same disk without a limit: for what is counted and never shown."""
        return self._limited(None)

    def below(self, *folders: str) -> Disk:
        """Return the same disk with only these folders, wherever they lie, in reach."""
        return self._limited(Reach(tuple(filter(None, map(self.real, folders)))))

    def _limited(self, reach: Reach | None) -> Disk:
        other = Disk(reach, self._shared)
        other._found, other._listed, other._real = self._found, self._listed, self._real
        other._views = self._views
        return other

    def view(self, folder: str, read: Callable[[str, Disk], T]) -> T:
        """Return `read(folder, disk)`, read once for all configs that ask it of the folder.

        What each of them says rests on every path that was looked at for it.
        """
        asked = read, folder, self.reach
        if asked not in self._shared.views:
            other = Disk(self.reach, self._shared)
            self._shared.views[asked] = other, read(folder, other)
        other, found = self._shared.views[asked]
        self._views.append(other)
        made: T = found
        return made

    # What is there -------------------------------------------------------------------------------

    def exists(self, path: str) -> bool:
        """Return whether there is anything at a path; a link to nothing is nothing."""
        found = self._look(path)
        return found is not None and not stat.S_ISLNK(found.st_mode)

    def is_there(self, path: str) -> bool:
        """Return whether the name is taken, be it by a link to nothing."""
        return self._look(path) is not None

    def is_file(self, path: str) -> bool:
        """Return whether there is a regular file, or a link to one."""
        found = self._look(path)
        return found is not None and stat.S_ISREG(found.st_mode)

    def is_folder(self, path: str) -> bool:
        """Return whether there is a folder, or a link to one."""
        found = self._look(path)
        return found is not None and stat.S_ISDIR(found.st_mode)

    def size(self, path: str) -> int:
        """Return the bytes of a file. Raises OSError."""
        found = self._look(path)
        return os.stat(path).st_size if found is None else found.st_size

    def is_held(self, path: str) -> bool:
        """Return whether an editor holds a file: what is kept of the stored one does not fit it."""
        return self._buffer(path) is not None

    def real(self, path: str) -> str | None:
        """Return where links lead a path; None for one that cannot be followed."""
        if path not in self._real:
            self._look(path)
            try:
                self._real[path] = self._followed(path)
            except (OSError, ValueError):  # a circle of links, a NUL in the name
                self._real[path] = None
        return self._real[path]

    def _followed(self, path: str) -> str:
        """Return `os.path.realpath(path)`; the folder that many paths lie in is followed once."""
        folder, name = os.path.split(path)
        odd = name in ("", ".", "..") or "\0" in name or os.name == "nt"
        if odd or os.path.islink(path):
            return os.path.realpath(path)
        known = self._shared.folders
        if folder not in known:
            known[folder] = os.path.realpath(folder)
        return os.path.join(known[folder], name)

    def names(self, folder: str) -> list[str]:
        """Return what is in a folder, in the order of the file system. Raises OSError."""
        self._look(folder)
        self._listed.add(folder)
        return os.listdir(folder)

    def listing(self, folder: str) -> tuple[list[str], list[str]]:
        """Return the names of folders and of regular files in a folder, sorted. Raises OSError.

        Links to files are files, links to folders are neither: nobody walks in a circle.
        """
        self._look(folder)
        self._listed.add(folder)
        folders, files = [], []
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_symlink():
                    if self.is_file(os.path.join(folder, entry.name)):
                        files.append(entry.name)
                elif entry.is_dir():
                    folders.append(entry.name)
                elif entry.is_file():
                    files.append(entry.name)
        return sorted(folders), sorted(files)

    def parted(self, folder: str) -> tuple[list[str], list[str]]:
        """Return the names of folders and of all else in a folder, sorted; links are no folders.

        Raises OSError.
        """
        self._look(folder)
        self._listed.add(folder)
        parts: tuple[list[str], list[str]] = [], []
        with os.scandir(folder) as entries:
            for entry in entries:
                parts[not entry.is_dir(follow_symlinks=False)].append(entry.name)
        return sorted(parts[0]), sorted(parts[1])

    def tree(self, folder: str) -> Iterator[str]:
        """Yield every file below a folder, each looked at; what cannot be listed is passed over."""
        waiting = [folder]
        while waiting:
            folder = waiting.pop()
            try:
                folders, files = self.listing(folder)
            except OSError:
                continue
            waiting += (os.path.join(folder, name) for name in folders)
            for name in files:
                self._look(os.path.join(folder, name))
                yield os.path.join(folder, name)

    def glob(self, pattern: str) -> Iterator[str]:
        """Yield what a pattern matches; what comes to match it later is not known to be new."""
        from glob import iglob

        for path in iglob(pattern, recursive=True):
            self._look(path)
            yield path

    # What may be read ----------------------------------------------------------------------------

    def holds(self, path: str) -> bool:
        """Return whether a path, wherever links lead it, is in reach."""
        return self.objection(path) is None

    def objection(self, path: str) -> str | None:
        """Return why a path is out of reach, None where it is not."""
        return None if self.reach is None else self.reach.objection(path, self.real(path))

    def read(self, path: str, limit: int, *, pipe: bool = False) -> bytes | ReadFailure:
        """Return the bytes of a regular file within reach, `limit` of them at most.

        Where a person named it, a `pipe` or /dev/null will do.
        """
        why = self.objection(path)
        if why is None and not (self.exists(path) if pipe else self.is_file(path)):
            why = "not a regular file" if self.is_there(path) else "no such file"
        if why is not None:
            return ReadFailure(path, why)
        held = self._buffer(path)
        if held is not None:
            return held.data[:limit]
        try:
            if not self.is_file(path):
                with open(path, "rb") as file:
                    return file.read(limit)
            return _content(path, limit, self.size(path))
        except OSError as error:
            return ReadFailure(path, error.strerror or str(error))
        except ValueError as error:  # a NUL in the name
            return ReadFailure(path, str(error))

    def open(self, path: str) -> FileIO:
        """Return a regular file within reach, to be read piece by piece. Raises OSError.

        For data, which are too large to be held: they are counted, whatever their size.
        """
        why = self.objection(path)
        if why is None and self.exists(path) and not self.is_file(path):
            why = "it is not a regular file"
        if why is not None:
            raise OSError(0, why, path)
        held = self._buffer(path)
        return open(path, "rb", buffering=0) if held is None else _file_of(held.data)

    # What was asked for --------------------------------------------------------------------------

    def touched(self) -> dict[str, State | None]:
        """Return the state in which each path was that was asked for; None for what was not."""
        states: dict[str, State | None] = {}
        for view in self._views:
            states.update(view.touched())
        for path, found in self._found.items():
            if states.get(path) is None or path in self._listed:
                states[path] = found and _state(found, whole=path in self._listed)
        return states

    def state(self, path: str) -> State | None:
        """Return the state of a file, or of a folder with its names, as it counts from here on."""
        found = self._look(path)
        if found is None:
            return None
        if stat.S_ISDIR(found.st_mode):
            self._listed.add(path)
        return _state(found, whole=True)

    def while_same(
        self, path: str, kept: dict[str, tuple[State, T]], most: int, make: Callable[[], T]
    ) -> T | None:
        """Return what is made of a path, made again only when it has changed; None without one.

        `kept` is of the process, and forgets all when it holds more than `most`.
        """
        now = self.state(path)
        if now is None:
            return None
        held = kept.get(path)
        if held is not None and held[0] == now:
            return held[1]
        found = make()
        if len(kept) > most:
            kept.clear()
        kept[path] = now, found
        return found

    def _look(self, path: str) -> os.stat_result | None:
        if path not in self._found:
            self._found[path] = self._seen(path)
        return self._found[path]

    def _seen(self, path: str) -> os.stat_result | None:
        for view in self._views:
            if path in view._found:
                return view._found[path]
        held = self._buffer(path)
        return _stat(path) if held is None else _held(held)

    def _buffer(self, path: str) -> Buffer | None:
        buffers = self._shared.buffers
        return buffers.get(os.path.abspath(path)) if buffers and "\0" not in path else None


def _file_of(data: bytes) -> FileIO:
    """Return an open file of these bytes that has no name."""
    make = getattr(os, "memfd_create", None)
    if make is None:  # only Linux has it
        from tempfile import TemporaryFile

        file: FileIO = TemporaryFile(buffering=0)  # noqa: SIM115 - who asked for it closes it
    else:
        file = open(make("ftlint"), "w+b", buffering=0)  # noqa: SIM115
    file.write(data)
    file.seek(0)
    return file


def _content(path: str, limit: int, size: int) -> bytes:
    """Return the first bytes of a file of that size: in one piece, as nearly every file comes."""
    file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        data = os.read(file, limit)
        while len(data) < min(size, limit):
            more = os.read(file, limit - len(data))
            if not more:
                break
            data += more
        return data
    finally:
        os.close(file)


def is_stable(states: Iterable[State | None]) -> bool:
    """Return whether none of them changed just now, so that a further change would be seen."""
    now = time.time_ns()
    return all(one is None or now - one[1] > SETTLED for one in states)


def now(path: str) -> State | None:
    """Return the state in which a path is."""
    found = _stat(path)
    return found and _state(found, whole=True)


def stamp(path: str) -> Stamp | None:
    """Return what tells whether the regular file at a path is written again; None for no file."""
    found = _stat(path)
    if found is None or not stat.S_ISREG(found.st_mode):
        return None
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def is_as_it_was(now: State | None, was: Sequence[int] | None) -> bool:
    """Return whether a state is the one that was touched."""
    if now is None or was is None:
        return now is was
    return now == tuple(was) or ((0, 0, *now[2:]) == tuple(was) and stat.S_ISDIR(now[3]))


def _state(found: os.stat_result, *, whole: bool) -> State:
    if stat.S_ISDIR(found.st_mode):
        return 0, found.st_mtime_ns if whole else 0, found.st_ino, found.st_mode
    return found.st_size, found.st_mtime_ns, found.st_ino, found.st_mode


def _held(buffer: Buffer) -> os.stat_result:
    """Return the state of a file of which an editor holds other content."""
    size, seconds = len(buffer.data), buffer.changed // 1_000_000_000
    state = (stat.S_IFREG | 0o600, 0, 0, 1, 0, 0, size, seconds, seconds, seconds)
    return os.stat_result(state, {"st_mtime_ns": buffer.changed})


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except (OSError, ValueError):  # nothing is there, or a NUL is in the name
        pass
    try:
        return os.lstat(path)  # a link to nothing
    except (OSError, ValueError):
        return None
