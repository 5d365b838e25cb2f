"""Read a .json or .jsonl file as `datasets` does: what it refuses, and the types of its columns.

Lines of objects go to pyarrow in batches of 10 MB, which it parses in blocks of 320 KB; whatever
pyarrow refuses goes whole to pandas, which takes one array. The two read numbers, texts and
repeated keys differently, and each table is cast to the first one. Source: datasets
`packaged_modules/json/json.py` (2.16 to 4.0), pyarrow 15 to 26, pandas 2.2 and 3.1;
tests/oracle/loaders.py holds it against them.
"""

from __future__ import annotations

import json
from io import BufferedReader

from ftlint.datasets.faults import BOM_AND_ARRAY, LAST_COMMA, Doubtful, NotLoadable
from ftlint.datasets.jsonparsers import (
    STRICT,
    Odd,
    is_strict,
    refuse_halves,
    refuse_odd_characters,
)
from ftlint.datasets.jsonwindow import BLANK, Window, lenient, spelled
from ftlint.datasets.rowcount import BOM
from ftlint.datasets.shapes import STRUCT, Conflict, Record
from ftlint.support.pattern import pattern
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from typing import BinaryIO

    from ftlint.datasets.shapes import Type
    from ftlint.support.disk import Disk

WINDOW = 1 << 20
BATCH = 10 << 20
BLOCK = BATCH >> 5

Row = dict[str, object]
PANDAS = "2.20"
"""The datasets that hands arrays to pandas; before it was Python's json."""
_CONTROL = pattern(r"[\x00-\x1f]")
_BLANKS = b" \t\r\n"


class JsonFile:
    """One file. `tables` are the types of its batches, complete once `rows` came to its end."""

    def __init__(self, path: str, disk: Disk) -> None:
        self.path = path
        self.disk = disk
        self.tables: list[Type] = []
        self.count = 0
        self.blank = False
        self._record = Record(times=True)
        self._block: list[Row] = []  # the rows of the current block
        self._bare = False  # whether an array holds something else than objects
        self.since = ""  # the datasets that reads it, where older ones do not
        self._wide = False  # whether an array has a number that no float holds exactly

    def rows(self) -> Iterator[Row]:
        """Yield the rows. Raises NotLoadable, Doubtful and OSError."""
        with BufferedReader(self.disk.open(self.path)) as file:
            start = len(BOM) if file.read(len(BOM)) == BOM else 0
            file.seek(start)
            first = _first(file)
            file.seek(start)
            try:
                if first == b"[":
                    if start:
                        raise NotLoadable(BOM_AND_ARRAY)
                    yield from self._array(Window(iter(lambda: file.read(WINDOW), b"")))
                elif first == b"{":
                    yield from self._objects(file, start)
                elif first:
                    raise NotLoadable(_no_json(first))
            except RecursionError:
                raise NotLoadable("nests its values too deep") from None
        if first == b"[" and not self._record.fields:
            self.count = 0  # of objects without a key pandas makes no rows
        if first or start:
            self.tables.append(self._record.type())
        elif self.disk.size(self.path):  # nothing but blanks
            self.tables.append((STRUCT, ()))
        self.blank = not first

    # Objects that follow each other: pyarrow ----------------------------------------------------

    def _objects(self, file: BinaryIO, start: int) -> Generator[Row, None, None]:
        try:
            place = yield from self._lines(file, start)
            if place >= 0:
                file.seek(place)
                yield from self._spread(file, place)
        except NotLoadable as error:
            if self.count <= 1:
                self._or_one_object(error)
            raise

    def _lines(self, file: BinaryIO, start: int) -> Generator[Row, None, int]:
        """Yield objects as long as there is one a line; return where that ends, -1 for the end.

        That is the common case, in which the parser runs at its full speed.
        """
        decode = STRICT.decode
        place, batch, edge, number = start, 0, BLOCK, 0
        for line in file:
            number += 1
            try:
                try:
                    value = decode(line.decode())
                except json.JSONDecodeError as error:
                    value = decode(spelled(error))
            except UnicodeDecodeError:
                raise NotLoadable(f"is not UTF-8 in line {number}") from None
            except Odd as error:
                raise NotLoadable(f"line {number}: {error}") from None
            except json.JSONDecodeError:
                if line.strip(_BLANKS):
                    return place
            else:
                if b"\\u" in line:
                    refuse_halves(value, f"line {number}")
                if place > batch + BATCH:
                    self._next_batch()
                    batch, edge = place, place + BLOCK
                place += len(line)
                if place > edge:
                    self._block.clear()
                    edge += (place - edge + BLOCK - 1) // BLOCK * BLOCK
                yield self._take(value, f"line {number}")
                continue
            place += len(line)
        return -1

    def _spread(self, file: BinaryIO, place: int) -> Iterator[Row]:
        """Yield objects that stand several on a line, or over several lines.

        A block ends with a line: one that ends within an object breaks it in two.
        """
        text = Window(iter(lambda: file.read(WINDOW), b""), strict=True)
        edge = (place // BLOCK + 1) * BLOCK
        broken = False  # whether the last line end is within an object
        while True:
            blank = text.skip(BLANK)
            place += len(blank)
            broken = broken and "\n" not in blank
            if text.ended():
                return
            try:
                value, raw = text.value(STRICT.raw_decode)
            except Odd as error:
                raise NotLoadable(f"row {self.count + 1}: {error}") from None
            data = raw.encode()
            while place + len(data) > edge:
                at = data.rfind(b"\n", 0, max(edge - place, 0))
                if at >= 0 or broken:
                    raise NotLoadable("has objects that go over several lines, and is too large "
                                     "for that: write one object a line, or one array")  # fmt: skip
                self._block.clear()
                edge += BLOCK
            broken = b"\n" in data or broken
            place += len(data)
            if "\\u" in raw:
                refuse_halves(value, f"row {self.count + 1}")
            yield self._take(value, f"row {self.count + 1}")

    def _take(self, value: object, where: str) -> Row:
        self.count += 1
        if value is None and self.count > 1:  # a row of nulls; as the first one it is a crash
            return {}
        if not isinstance(value, dict):
            raise NotLoadable(f"has no JSON object in {where}")
        self._block.append(value)
        try:
            self._record.see(value)
        except Conflict as error:
            self._blame(error, where)
        except ValueError as error:
            raise NotLoadable(f"{where}: {error}") from None
        return value

    def _blame(self, error: Conflict, where: str) -> None:
        """Refuse two types within a block; across blocks pyarrow takes some, refuses or dies."""
        record = Record(times=True)
        try:
            for row in self._block:
                record.see(row)
        except Conflict:
            raise NotLoadable(f"{where}: {error}") from None
        raise Doubtful(f"{where}: {error}")

    def _next_batch(self) -> None:
        self.tables.append(self._record.type())
        self._record = Record(times=True)
        self._block.clear()

    def _or_one_object(self, error: NotLoadable) -> None:
        """Raise Doubtful where the file is one object that pandas may take for columns."""
        with self.disk.open(self.path) as file:
            try:
                text = file.read().decode("utf-8-sig")
                value = json.loads(text.strip(BLANK), strict=False)
            except json.JSONDecodeError as broken:
                if not lenient(broken):
                    return
                raise Doubtful(str(error)) from None
            except ValueError:  # not UTF-8, or a number of more digits than Python reads
                return
        if isinstance(value, dict) and any(isinstance(one, (list, dict)) for one in value.values()):
            raise Doubtful(str(error))

    # One array: pandas --------------------------------------------------------------------------

    def _array(self, text: Window) -> Iterator[Row]:
        self._record = Record()
        decode = json.JSONDecoder(
            strict=False, parse_int=self._pandas_word,
            parse_constant=self._constant,
        ).raw_decode  # fmt: skip
        text.skip(BLANK)
        text.take("[")
        text.skip(BLANK)
        if not text.take("]"):
            while True:
                value, raw = text.value(decode)
                if text.odd and ("\\u" in raw or "\0" in raw):
                    refuse_odd_characters(value, raw, f"row {self.count + 1}")
                if not self.since and _CONTROL.search(raw) and not is_strict(raw):
                    self.since = PANDAS
                yield self._element(value)
                text.skip(BLANK)
                if text.take(","):
                    text.skip(BLANK)
                    if text.take("]"):
                        raise NotLoadable(LAST_COMMA)
                    continue
                if text.take("]"):
                    break
                if text.ended():
                    raise NotLoadable("is not valid JSON: the array does not end")
                raise NotLoadable(f"is not valid JSON: no comma after row {self.count}")
        text.skip(BLANK)
        if not text.ended():
            raise NotLoadable("is not valid JSON: something follows the array")
        if self._wide and any(field.mixes() for field in self._record.fields.values()):
            raise Doubtful("has integers beyond 2^53 together with fractions")

    def _constant(self, name: str) -> float | None:
        self.since = PANDAS
        return None if name == "NaN" else float(name)

    def _pandas_word(self, text: str) -> int:
        if len(text) < 16:
            return int(text)
        self._wide = True
        number = int(text) if len(text) < 30 else 1 << 70
        if not -(1 << 63) <= number < 1 << 64:
            raise NotLoadable(f"has the number {text[:24]}, which does not fit into 64 bits")
        if number >= 1 << 63:
            raise Doubtful(f"has the number {text}, which does not fit into 63 bits")
        return number

    def _element(self, value: object) -> Row:
        self.count += 1
        where = f"row {self.count}"
        if self.count == 1:
            self._bare = not isinstance(value, dict)
            self.since = PANDAS if self._bare else self.since
        if isinstance(value, list):  # pandas makes columns of its items
            raise Doubtful(f"has a row that is not a JSON object: {where}")
        if not self._bare and not isinstance(value, dict):
            raise NotLoadable(f"has a row that is not a JSON object: {where}")
        row: Row = value if not self._bare and isinstance(value, dict) else {"text": value}
        try:
            self._record.see(row)
        except (Conflict, ValueError) as error:
            raise NotLoadable(f"{where}: {error}") from None
        return row


def _first(file: BinaryIO) -> bytes:
    while block := file.read(WINDOW):
        text = block.lstrip(_BLANKS)
        if text:
            return text[:1]
    return b""


def _no_json(first: bytes) -> str:
    if first in (b"\xff", b"\xfe"):
        return "is not UTF-8 (it looks like UTF-16)"
    return "holds no JSON object"
