"""Statements of PowerShell: conditions, loops, functions, parameters and what may fail."""

from __future__ import annotations

import re

from ftlint.launch.powershell.commands import Commands
from ftlint.launch.powershell.words import CONSTANTS, NAME, VARIABLE
from ftlint.launch.stretch import EndError
from ftlint.launch.values import UNKNOWN
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.launch.stretch import Stretch


def commands(text: str) -> Stretch:
    """Return the commands of a script, up to the first that cannot be read. Never raises."""
    reader = _Statements(text)
    reader.out.put("IFS=\n", 0)  # a variable is one word, whatever blanks it holds
    return reader.rewritten()


class _Statements(Commands):
    """A script, and how many blocks that may fail are open."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.trying = 0

    def statement(self) -> None:
        """Read one statement."""
        word = self.keyword()
        compound = {
            "if": self.conditional, "while": self.loop, "for": self.loop, "foreach": self.each,
            "do": self.do, "switch": self.switch, "try": self.attempt, "function": self.function,
            "filter": self.function, "param": self.parameters,
        }.get(word)  # fmt: skip
        if compound is not None:
            self.place += len(word)
            self.blanks()
            compound()
        elif word in ("exit", "return", "break", "continue", "throw"):
            self.place += len(word)
            self.blanks()
            if not self.ended():
                self.pipeline()
            if word == "throw":
                word = "exit" if not self.trying else ":"
            self.put(f"{word}\n")
        elif word in ("begin", "process", "end"):
            self.place += len(word)
            self.block("", "")
        elif word in ("class", "enum", "using", "trap", "data"):
            self.expression()
        else:
            self.pipeline()

    def condition(self) -> None:
        """Pass over what stands in parentheses: what it rests on is not known."""
        self.blanks(lines=True)
        if not self.peek("("):
            raise EndError
        begin = self.place
        self.balanced()
        self.changed(begin)

    def conditional(self) -> None:
        """Read `if`, `elseif` and `else`."""
        self.condition()
        self.block(f"if {UNKNOWN}; then\n", "")
        while True:
            begin = self.place
            self.blanks(lines=True)
            word = self.keyword()
            if word == "elseif":
                self.place += len(word)
                self.condition()
                self.block(f"elif {UNKNOWN}; then\n", "")
            elif word == "else":
                self.place += len(word)
                self.block("else\n", "")
            else:
                self.place = begin
                self.put("fi\n")
                return

    def loop(self) -> None:
        """Read `while` and `for`."""
        self.condition()
        self.block(f"while {UNKNOWN}; do\n", "done\n")

    def do(self) -> None:
        """Read `do` with the condition behind it."""
        self.block(f"while {UNKNOWN}; do\n", "done\n")
        self.blanks(lines=True)
        if self.keyword() in ("while", "until"):
            self.place += len("while")
            self.condition()

    def each(self) -> None:
        """Read `foreach ($name in values)`."""
        found = re.compile(rf"\(\s*\$({NAME})\s+in\s+", re.I | re.A).match(self.text, self.place)
        if found is None:
            self.maybe() if self.peek("{") else self.loop()
            return
        end = self.place
        self.put(f"for {found[3].lower()} in ")
        begin, self.place = self.out.length(), found.end()
        if not self.listed() or not self.closed():
            self.out.back(begin)
            self.put(UNKNOWN)
            self.place = end
            self.condition()
        self.block("; do\n", "done\n")

    def closed(self) -> bool:
        """Pass over a parenthesis that closes; return whether one does."""
        self.blanks(lines=True)
        if not self.peek(")"):
            return False
        self.place += 1
        return True

    def switch(self) -> None:
        """Read the blocks of a `switch`, each of which may be run."""
        while not self.peek("("):
            if self.ended():
                raise EndError
            self.place += 1
        self.condition()
        self.blanks(lines=True)
        if not self.peek("{"):
            raise EndError
        self.place += 1
        while True:
            self.blanks(lines=True)
            if self.place >= len(self.text):
                raise EndError
            if self.peek("}"):
                self.place += 1
                return
            if self.peek("{"):
                self.maybe()
            elif self.peek('"', "'"):
                self.passed_string()
            elif self.peek("("):
                self.balanced()
            else:
                self.place += 1

    def attempt(self) -> None:
        """Read `try`, `catch` and `finally`."""
        self.trying += 1
        self.block("", "")
        self.trying -= 1
        while True:
            begin = self.place
            self.blanks(lines=True)
            word = self.keyword()
            if word not in ("catch", "finally"):
                self.place = begin
                return
            self.place += len(word)
            self.blanks(lines=True)
            while self.peek("["):
                self.balanced()
                self.blanks(lines=True)
                self.place += self.peek(",")
                self.blanks(lines=True)
            self.maybe() if word == "catch" else self.block("", "")

    def function(self) -> None:
        """Read a function, which changes no variable outside of it."""
        found = re.compile(r"(?:\w+:)?([\w-]+)\s*").match(self.text, self.place)
        if found is None:
            raise EndError
        self.place = found.end()
        begin = self.place
        if self.peek("("):
            self.balanced()
        names = VARIABLE.findall(self.text, begin, self.place)
        given = "".join(f"{name.lower()}={UNKNOWN}\n" for _, name, *_ in names if name)
        self.block(f"{found[1].lower()}() (\n{given}", ")\n")

    def parameters(self) -> None:
        """Read `param(…)`: what the script is started with, or a default that it names."""
        if not self.peek("("):
            raise EndError
        begin = self.place
        self.balanced()
        end, self.place = self.place, begin + 1
        for found in re.finditer(r"\$(\w+)([ \t]*=\s*)?", self.text[begin:end], re.A):
            if begin + found.start() < self.place:
                continue  # in a default
            if found[1].lower() in CONSTANTS:
                continue  # of an attribute: `[Parameter(Mandatory=$true)]`
            name, self.place = found[1].lower(), begin + found.end()
            length = self.out.length()
            if found[2]:
                self.put(f"{name}=${{{name}-")
                if self.single() and self.behind_default():
                    self.put("}\n")
                    continue
                self.out.back(length)
            self.put(f"{name}={UNKNOWN}\n")
        self.place = end

    def behind_default(self) -> bool:
        """Return whether a default ends here."""
        self.blanks(lines=True)
        return self.peek(",", ")")
