"""Thrift's compact protocol, as far as Parquet uses it.

Source: apache/thrift `thrift-compact-protocol.md`.
"""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(13)


class Compact:
    """Reads a value after the other. Raises IndexError or ValueError on what is none."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0

    def fields(self, needed: Mapping[int, int] = {}) -> Iterator[tuple[int, int]]:
        """Yield number and type of each field of a struct; the caller reads its value.

        Raises ValueError at its end where one that is `needed`, of this type, was not among them.
        """
        field, left = 0, set(needed.items())
        while True:
            field, kind = self.field(field)
            if kind == STOP:
                break
            left.discard((field, kind))
            yield field, kind
        if left:
            raise ValueError("a field is missing")

    def byte(self) -> int:
        """Return the next byte."""
        value = self.data[self.place]
        self.place += 1
        return value

    def varint(self) -> int:
        """Return a number without a sign."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("a number too long")

    def integer(self) -> int:
        """Return a number with a sign."""
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def field(self, last: int) -> tuple[int, int]:
        """Return number and type of the field behind the one with the number `last`."""
        head = self.byte()
        kind = head & 0x0F
        if kind == STOP:
            return last, kind
        return (last + (head >> 4) if head >> 4 else self.integer()), kind

    def items(self) -> tuple[int, int]:
        """Return length and type of a list, whose items follow."""
        head = self.byte()
        return (self.varint() if head >> 4 == 15 else head >> 4), head & 0x0F

    def binary(self) -> bytes:
        """Return bytes that are told with their length."""
        length = self.varint()
        value = self.data[self.place : self.place + length]
        if len(value) < length:
            raise ValueError("a text too long")
        self.place += length
        return value

    def skip(self, kind: int, depth: int = 0) -> None:
        """Go on behind a value of a type."""
        if depth > 32 or kind > STRUCT:
            raise ValueError("not Thrift")
        if kind in (TRUE, FALSE):
            return  # the value is in the type
        if kind == BYTE:
            self.byte()
        elif kind in (I16, I32, I64):
            self.varint()
        elif kind == DOUBLE:
            self.place += 8
        elif kind == BINARY:
            self.binary()
        elif kind in (LIST, SET):
            count, inner = self.items()
            for _ in range(count):
                if inner in (TRUE, FALSE):
                    self.byte()  # in a list a truth value takes a byte
                else:
                    self.skip(inner, depth + 1)
        elif kind == MAP:
            count = self.varint()
            kinds = self.byte() if count else 0
            for _ in range(count):
                self.skip(kinds >> 4, depth + 1)
                self.skip(kinds & 0x0F, depth + 1)
        elif kind == STRUCT:
            for _, inner in self.fields():
                self.skip(inner, depth + 1)
