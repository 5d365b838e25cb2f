"""Literal values of PowerShell: texts, numbers, variables, lists and joined paths."""

from __future__ import annotations

import re

from ftlint.launch.powershell.words import VARIABLE, Words

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?(?![\w.])", re.I)


class Literals(Words):
    """A script whose literal values are written as a shell has them."""

    def value(self, name: str, *, appended: bool) -> bool:
        """Write a value that is literal, and return whether it is to its end."""
        if name in self.arrays:
            self.put("(")
            if not self.listed():
                return False
            self.put(")")
        elif appended or not (self.joined() or self.single()):
            return False
        self.blanks()
        return self.ended() and not self.peek("|")

    def joined(self) -> bool:
        """Write `Join-Path a b` of two literal values, if that begins here."""
        found = re.compile(r"(?i)Join-Path[ \t]+(?:-Path[ \t]+)?").match(self.text, self.place)
        if found is None:
            return False
        self.place = found.end()
        is_first = self.single()
        self.blanks()
        option = re.compile(r"(?i)-ChildPath[ \t]+").match(self.text, self.place)
        self.place = option.end() if option else self.place
        self.put("/")
        return is_first and self.single()

    def single(self) -> bool:
        """Write one literal value as a word, if one begins here."""
        if self.peek('"', "'", '@"', "@'"):
            self.put('"')
            self.string()
            self.out.put('"', self.place - 1)
            return True
        number = _NUMBER.match(self.text, self.place)
        if number is not None:
            for place, char in enumerate(number[0], self.place):
                self.out.put(char, place)
            self.place = number.end()
            return True
        if VARIABLE.match(self.text, self.place):
            self.put('"')
            self.variable()
            self.put('"')
            return not self.peek(".", "[", "(", ":")
        return False

    def listed(self) -> bool:
        """Write the literal values of a list as words, if one begins here."""
        enclosed = self.peek("@(", "(")
        if enclosed:
            self.place += 2 if self.peek("@(") else 1
            self.blanks(lines=True)
        while not (enclosed and self.peek(")")):
            if not self.single():
                return False
            self.put(" ")
            begin = self.place
            self.blanks(lines=enclosed)
            if self.peek(","):
                self.place += 1
                self.blanks(lines=True)
            elif not enclosed:
                self.place = begin
                return True
            elif not self.peek(")") and "\n" not in self.text[begin : self.place]:
                return False
        self.place += 1
        return True
