"""Commands of PowerShell and what a shell is told of them: pipelines, assignments, starts."""

from __future__ import annotations

import re

from ftlint.launch.powershell.literals import Literals
from ftlint.launch.powershell.words import NAME, named
from ftlint.launch.stretch import EndError, Writing
from ftlint.launch.values import UNKNOWN

_ASSIGNMENT = re.compile(
    rf"(?:\[[\w.]+(?:\[\])?\][ \t]*)*\$(?:{NAME}|\{{{NAME}\}})[ \t]*([-+*/%]|\?\?)?=(?!=)", re.A
)
_FUNCTION = re.compile(r"(?im)^[ \t]*(?:function|filter)[ \t]+(?:\w+:)?([\w-]+)")
_REDIRECTION = re.compile(r"[*0-9]?>>?(&[0-9])?")
_TO_FOLDER = frozenset("set-location cd sl chdir push-location pushd".split())
_BACK = frozenset(["pop-location", "popd"])
_EVALUATED = frozenset(["invoke-expression", "iex"])
_STARTED = frozenset(["start-process", "saps", "start"])
_SETTERS = frozenset("set-variable sv set new-variable nv clear-variable clv".split())
_REMOVERS = frozenset("remove-item ri rm del clear-item cli".split())
_NOT_OURS = frozenset(
    """. : [ [[ alias break builtin case command continue declare echo eval exec exit export false
    getopts let local mapfile popd printf pushd read readarray readonly return set shift source test
    time trap true type typeset unset wait write-host write-output write-error write-verbose
    write-warning""".split()
)
"""Names that mean something else to a shell, or print alone."""


class Commands(Literals):
    """A script, and the functions that it defines."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.functions = {found[1].lower() for found in _FUNCTION.finditer(text)}

    # what commands are made of

    def block(self, head: str, tail: str) -> None:
        """Read a block in braces, as a compound command of a shell."""
        self.blanks(lines=True)
        if not self.peek("{"):
            raise EndError
        self.put(head)
        self.put(":\n")
        self.place += 1
        self.statements()
        if not self.peek("}"):
            raise EndError
        self.put(tail)
        self.place += 1

    def maybe(self) -> None:
        """Read a block that may be run."""
        self.block(f"if {UNKNOWN}; then\n", "fi\n")

    def words(self, *, several: bool) -> list[Writing]:
        """Return the words of a command up to its end; `several`: those of lists apart."""
        found: list[Writing] = []
        while True:
            self.blanks()
            if self.redirected(_REDIRECTION):
                self.aside(self.argument)
            elif self.ended() or re.compile(r"&[ \t]*\r?(?:\n|\Z)").match(self.text, self.place):
                return found
            elif self.peek("{"):
                self.maybe()
                continue
            else:
                found.append(self.aside(self.argument))
            if several and self.peek(","):
                self.place += 1
                self.blanks(lines=True)
                found += self.words(several=True)
                return found

    def argument(self) -> None:
        """Write the word that must begin here."""
        begin = self.place
        self.word()
        if self.place == begin:
            raise EndError

    # commands

    def pipeline(self) -> None:
        """Read commands joined by `|`, `&&` and `||`."""
        closing = 0
        while True:
            if not self.assignment():
                self.element()
            self.blanks()
            if self.peek("&&", "||"):
                if self.peek("||"):
                    self.put(f"if {UNKNOWN}; then\n")
                    closing += 1
                self.place += 2
            elif self.peek("|"):
                self.place += 1
            else:
                break
            self.blanks(lines=True)
        self.place += self.peek("&")
        self.put("fi\n" * closing)

    def assignment(self) -> bool:
        """Read `$name = value`, if that is what begins here."""
        found = _ASSIGNMENT.match(self.text, self.place)
        if found is None:
            return False
        scope, name = named(found)
        place = self.place
        self.place = found.end()
        self.blanks(lines=True)
        begin, length = self.place, self.out.length()
        if scope == "env":
            head = f"export {name.upper()}="
        elif scope in ("", "global", "script", "local", "private"):
            head = f"{name.lower()}="
        else:
            self.expression()
            return True
        self.out.put(head.replace("=", "+=") if found[5] == "+" else head, place)
        if found[5] in (None, "+") and self.value(name.lower(), appended=found[5] == "+"):
            self.put("\n")
            return True
        self.out.back(length)
        self.place = begin
        if self.assignment():
            pass
        elif self.keyword() in ("if", "switch", "foreach", "for", "while", "try", "do"):
            self.statement()
        else:
            self.pipeline()
        several = scope != "env" and name.lower() in self.arrays
        self.put(f"{head}({UNKNOWN})\n" if several else f"{head}{UNKNOWN}\n")
        return True

    def element(self) -> None:
        """Read one command, or an expression, which starts nothing that is told."""
        called = re.compile(r"[&.][ \t]+(?=\S)|[&.](?=[\"'$({])").match(self.text, self.place)
        if called is not None:
            self.place = called.end()
            if self.peek("{"):
                self.block("", "")
        elif not re.compile(r"[A-Za-z_~%?/\\]|\.{1,2}[\\/]").match(self.text, self.place):
            self.expression()
            return
        if self.ended():
            return
        start, head = self.place, self.aside(self.word)
        name = self.text[start : self.place].lower()
        self.command(name, head, is_called=called is not None)

    def command(self, name: str, head: Writing, *, is_called: bool) -> None:
        """Read the words of a command and write what a shell is to be told of it."""
        if name in self.functions:
            head = Writing()
            head.put(name, self.place)
        words = self.words(several=name in _STARTED)
        plain = [one for one in words if one.text()[:2].strip('"')[:1] != "-"]
        if name in _TO_FOLDER or name in _BACK:
            to = plain[0].text() if plain and name in _TO_FOLDER else ""
            is_far = re.match(r'"?(?:[A-Za-z]:|~)', to) is not None
            self.told(["cd", plain[0] if to and not is_far else UNKNOWN])
        elif name in _EVALUATED:
            self.told(["eval", *plain[:1]])
        elif name in _STARTED:
            self.start(words)
        elif name in _SETTERS:
            for one in plain[:1]:
                variable = one.text().strip('"').lower()
                is_name = re.fullmatch(r"[a-z_]\w*", variable, re.A) is not None
                self.put(f"{variable}={UNKNOWN}\n" if is_name else "")
        elif name in _REMOVERS:
            for one in plain:
                found = re.fullmatch(r'(?i)"?env:[\\/]*(\w+)"?', one.text(), re.A)
                self.put(f"unset {found[1].upper()}\n" if found else "")
        elif name not in _NOT_OURS or is_called or name in self.functions:
            self.told([head, *words])

    def told(self, words: list[Writing | str]) -> None:
        """Write a command."""
        for one in words:
            if isinstance(one, Writing):
                self.out.add(one)
            else:
                self.put(one)
            self.out.put(" ", self.out.at[-1])
        self.out.back(self.out.length() - 1)
        self.put("\n")

    def start(self, words: list[Writing]) -> None:
        """Write what `Start-Process` starts: a program, and its arguments in texts of their own."""
        program: list[Writing] = []
        arguments: list[Writing] = []
        elsewhere = False
        option = ""
        for one in words:
            text = one.text().strip('"').lower()
            if text.startswith("-") and (not option or len(text) > 2) and text[1:].isalpha():
                option = "" if text in ("-wait", "-nonewwindow", "-passthru") else text
                elsewhere = elsewhere or option.startswith("-wo")
            elif option in ("", "-filepath", "-argumentlist", "-args", "-file"):
                first = option.startswith("-file") or (not option and not program)
                (program if first else arguments).append(one)
                option = option if option.startswith("-arg") else ""
            else:
                option = ""
        if program:
            self.told(
                [*(["(", f"cd {UNKNOWN};"] if elsewhere else []), "eval", *program, *arguments]
            )
            self.put(")\n" if elsewhere else "")
