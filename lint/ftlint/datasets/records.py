"""What is asked about the datasets of a config, and what was found out about one."""

from __future__ import annotations

from ftlint.datasets.files import (
    DOUBTFUL,
    ELSEWHERE,
    MISSING,
    OUTSIDE,
    PACKED,
    PLACEHOLDER,
    POINTER,
    Trouble,
)
from ftlint.steps.counts import UNKNOWN, Count
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.datasets.contents import Contents
    from ftlint.datasets.entries import DatasetEntry

KEPT_UP_TO = 64 << 20  # bytes; the rows of bigger files are counted, not looked at

# What can be wrong with a dataset, besides the words of `files`.
UNDEFINED, REMOTE, INFO, UNCONVERTIBLE = "undefined", "remote", "info", "unconvertible"
# No fault of the config: the rows are just not here, or cannot be counted here.
NOT_LOCAL = (REMOTE, ELSEWHERE, OUTSIDE, POINTER, PACKED, DOUBTFUL)
# A fault here, and perhaps none on the machine of the run.
PERHAPS_THERE = (MISSING, PLACEHOLDER, INFO)


class DatasetSize(NamedTuple):
    """What was found out about one dataset.

    `rows` are those of the files, `usable` those that the split slice leaves. `dropped` bounds what
    preprocessing leaves out of the first `max_samples` of them. `trouble` says what is wrong, or
    why nothing is known; its `what` tells the two apart (NOT_LOCAL).
    """

    name: str
    entry: DatasetEntry | None = None
    files: tuple[str, ...] = ()
    size: int | None = None  # bytes
    rows: int | None = None
    usable: Count = UNKNOWN
    dropped: Count = UNKNOWN
    columns: tuple[str, ...] = ()  # of the rows that were looked at, of the first one at least
    source: str = "unknown"  # "file", "declared" or "unknown"
    trouble: Trouble | None = None
    cautions: tuple[Trouble, ...] = ()  # what loads, and perhaps not as it is meant
    reason: str = ""  # why the first of the dropped rows is dropped
    notes: tuple[str, ...] = ()
    contents: Contents | None = None
    """What the rows that were looked at hold; None where none was."""

    @property
    def labelled(self) -> bool:
        """Return whether its rows are for kto, by `kto_tag`."""
        return self.entry is not None and bool(self.entry.columns.kto_tag)


class Question(NamedTuple):
    """How to count: where the data is and what will be done to it."""

    stage: str = "sft"
    max_samples: int | None = None
    streaming: bool = False
    kept_up_to: int = KEPT_UP_TO
    modelscope: bool = False
    openmind: bool = False
    workers: int = 1
    takes: tuple[str, ...] | None = None
    """The media that the template has tokens for; None where that is not known."""
