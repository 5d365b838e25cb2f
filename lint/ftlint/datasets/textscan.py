"""Count the rows of text files, and of comma-separated ones.

Source: datasets `packaged_modules/text/text.py` (2.16 to 4.0).
"""

from __future__ import annotations

from ftlint.datasets.rowcount import RowCount
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.support.disk import Disk

BLOCK = 1 << 19


def count_text(path: str, disk: Disk) -> RowCount:
    r"""Return the lines of a text file: they end at \n, \r\n or a lone \r, and blank ones count.

    Raises OSError when the file cannot be read.
    """
    import codecs

    rows, last = 0, b"\n"
    decode = codecs.getincrementaldecoder("utf-8")().decode
    with disk.open(path) as file:
        while block := file.read(BLOCK):
            try:
                decode(block)
            except UnicodeDecodeError:
                return RowCount(None, "is not UTF-8")
            rows += block.count(b"\n")
            if b"\r" in block:
                rows += block.count(b"\r") - block.count(b"\r\n")
            if last == b"\r" and block[:1] == b"\n":
                rows -= 1
            last = block[-1:]
    try:
        decode(b"", final=True)
    except UnicodeDecodeError:
        return RowCount(None, "is not UTF-8")
    return RowCount(rows + (last not in b"\r\n"))


def count_csv(path: str, disk: Disk, typed: bool = True) -> RowCount:
    """Return the records after the header, as pandas reads them; blank lines are none.

    Raises OSError when the file cannot be read.
    """
    from ftlint.datasets.csvload import CsvFile
    from ftlint.datasets.faults import Doubtful, NotLoadable

    file = CsvFile(path, disk)
    try:
        for _ in file.rows() if typed else file.records():
            pass
    except (NotLoadable, Doubtful) as error:
        return RowCount(None, str(error), doubt=isinstance(error, Doubtful))
    return RowCount(file.count, tables=tuple(file.tables) if typed else None)
