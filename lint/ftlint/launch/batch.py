"""A batch file of Windows as the same commands for a shell; what has no like there is unknown.

Grammar: the help of `cmd`, `set`, `if`, `for` and `call`. Jumps are not followed: in a file that
has some, all parts are read in their order, and a variable that is set twice is a gap.
"""

from __future__ import annotations

import re

from ftlint.launch.stretch import EndError, Rewriter
from ftlint.launch.values import UNKNOWN
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.launch.stretch import Stretch

_LABEL = re.compile(r"(?m)^[ \t]*:(?!:)[ \t]*\w")
_JUMP = re.compile(r"(?im)\b(?:goto|call[ \t]+:)[ \t:]*(?!eof)\w")
_SETS = re.compile(r"(?im)\bset[ \t]+(?:/[ap][ \t]+)?\"?(\w+)[ \t]*[-+*/%]?=", re.A)
_DELAYED = re.compile(r"(?i)enabledelayedexpansion")
_WORD = re.compile(r"[^\s&|<>()=;,\"%^!]+")
_REDIRECTION = re.compile(r"[0-9]?(?:>>?|<)(&[0-9])?")
_CONDITION = re.compile(
    r"(?i)[ \t]*(?:/i[ \t]+)?(?:not[ \t]+)?(?:/i[ \t]+)?"
    r"(?:(?:errorlevel|exist|defined|cmdextversion)[ \t]+(?:\"[^\"\n]*\"|\S+)"
    r"|(?:\"[^\"\n]*\"|[^\s=\"]+)[ \t]*(?:==|[ \t](?:equ|neq|lss|leq|gtr|geq)[ \t])[ \t]*"
    r"(?:\"[^\"\n]*\"|[^\s(\"]+))[ \t]*"
)
_FOR = re.compile(
    r"(?i)for[ \t]+(/[a-z][^%\n]*)?%%(\w)[ \t]+in[ \t]*\(([^)\n]*)\)[ \t]*do\b[ \t]*", re.A
)
_ITEM = re.compile(r"[\w.\\/:-]+")
_OPTIONS_OF_START = re.compile(
    r"(?i)(?:\"[^\"\n]*\"[ \t]*)?((?:/(?:d[ \t]*(?:\"[^\"\n]*\"|\S+)|\w+)[ \t]*)*)"
)
_VARIABLE = re.compile(
    r"%~dp0|%~?[a-z]*\d|%\*|%%~?[a-z]*\w|%(\w+)%|%\w+:[^%\n]*%|!(\w+)!|!\w+:[^!\n]*!", re.I | re.A
)
_SAYS = frozenset("echo echo: @echo title pause color cls prompt ver".split())


def commands(text: str) -> Stretch:
    """Return the commands of a batch file, as far as it can be read. Never raises."""
    return _Batch(text).rewritten()


class _Batch(Rewriter):
    """A batch file, how far it is read, and what a shell would be told so far."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.has_labels = _LABEL.search(text) is not None
        self.delayed = _DELAYED.search(text) is not None
        names = [name.upper() for name in _SETS.findall(text)]
        jumps = _JUMP.search(text) is not None
        self.unsure = {name for name in names if jumps and names.count(name) > 1}
        """Variables of which nothing is known anywhere."""
        self.within: set[str] = set()
        """Variables set in the block that is read: `%NAME%` in it is what was before."""
        self.known: set[str] = set()
        """Variables set so far."""

    def blanks(self, more: str = "") -> None:
        """Pass over blanks and continued lines."""
        text = self.text
        while self.place < len(text):
            following = re.compile(r"\^\r?\n").match(text, self.place)
            if following is not None:
                self.place = following.end()
            elif text[self.place] in " \t\r\ufeff" + more:
                self.place += 1
            else:
                return

    def rest(self) -> None:
        """Pass over what is left of a line."""
        end = self.text.find("\n", self.place)
        self.place = len(self.text) if end < 0 else end

    def saying(self) -> None:
        """Pass over a text up to what ends a command."""
        while not self.ended():
            if self.peek('"'):
                end = re.compile(r"\"[^\"\n]*(?:\"|(?=\n)|\Z)").match(self.text, self.place)
                assert end is not None
                self.place = end.end()
            else:
                self.place = min(self.place + 1 + self.peek("^"), len(self.text))

    def ended(self) -> bool:
        """Return whether a command ends here."""
        return (
            self.place >= len(self.text)
            or self.text[self.place] in "\n&|"
            or (self.depth > 1 and self.peek(")"))
        )

    # commands

    def more(self) -> bool:
        """Pass over what separates commands; return whether one follows before a parenthesis."""
        self.blanks("\n&|@,;=")
        return self.place < len(self.text) and not (self.depth > 1 and self.peek(")"))

    def statement(self) -> None:
        """Read what is left of a line: commands joined by `&`, `&&`, `||` and `|`."""
        closing = 0
        while True:
            self.blanks("@,;=")
            self.command()
            self.blanks()
            if not self.peek("&", "|"):
                break
            if self.peek("||"):
                self.put(f"if {UNKNOWN}; then\n:\n")
                closing += 1
            self.place += 2 if self.peek("&&", "||") else 1
        self.put("fi\n" * closing)

    def command(self) -> None:
        """Read one command."""
        if self.peek("("):
            self.block()
            return
        if self.peek(":"):
            self.rest()
            return
        found = _WORD.match(self.text, self.place)
        name = found[0].lower() if found else ""
        special = {
            "if": self.conditional, "for": self.each, "set": self.setting, "call": self.called,
            "start": self.started,
        }.get(name)  # fmt: skip
        if name == "rem":
            self.rest()
        elif name in _SAYS or name.startswith("echo."):
            self.saying()
        elif special is not None:
            special()
        elif name in ("cd", "chdir", "pushd", "popd"):
            self.folder(name)
        elif name in ("exit", "goto"):
            self.saying()
            self.put("" if self.has_labels else "exit\n")
        elif name == "endlocal":
            self.put("".join(f"{one}={UNKNOWN}\n" for one in sorted(self.known)))
            self.known.clear()  # each is written once, however often it ends
            self.saying()
        else:
            self.program()

    def block(self) -> None:
        """Read commands in parentheses."""
        self.place += 1
        self.statements()
        if not self.peek(")"):
            raise EndError
        self.place += 1
        if self.depth == 1:
            self.within = set()

    def body(self) -> None:
        """Read what a condition or a loop is about: a block, or the rest of the line."""
        self.block() if self.peek("(") else self.statement()

    def conditional(self) -> None:
        """Read `if` and `else`: what a condition rests on is not known."""
        self.place += len("if")
        found = _CONDITION.match(self.text, self.place)
        if found is None:
            raise EndError
        self.place = found.end()
        self.put(f"if {UNKNOWN}; then\n:\n")
        self.body()
        begin = self.place
        self.blanks()
        if re.compile(r"(?i)else\b").match(self.text, self.place):
            self.place += len("else")
            self.blanks()
            self.put("else\n:\n")
            self.body()
        else:
            self.place = begin
        self.put("fi\n")

    def each(self) -> None:
        """Read `for`, over words that stand there or over what is not known."""
        found = _FOR.match(self.text, self.place)
        if found is None:
            raise EndError
        is_plain = not found[1] and re.fullmatch(r"[\w.\\/:\s,;-]*", found[3])
        span = found.span(3) if is_plain else (0, 0)
        items = [*_ITEM.finditer(self.text, *span)]
        self.put(f"for FOR_{found[2]} in ")
        for one in items:
            for place, char in enumerate(one[0].replace("\\", "/"), one.start()):
                self.out.put(char, place)
            self.put(" ")
        self.put("; do\n:\n" if items else f"{UNKNOWN}; do\n:\n")
        self.place = found.end()
        self.body()
        self.put("done\n")

    def setting(self) -> None:
        """Read `set NAME=value`, blanks and all up to the end of the command."""
        begin = self.place
        found = re.compile(r"set[ \t]+(\")?(\w+)=", re.I | re.A).match(self.text, begin)
        if found is None:
            self.saying()
            names = [one.upper() for one in _SETS.findall(self.text[begin : self.place])]
            self.put("".join(f"export {one}={UNKNOWN}\n" for one in names))
            self.known.update(names)
            return
        name = found[2].upper()
        self.place = found.end()
        if found[1]:
            end = re.compile(r"[^\n]*\"|[^\n]*").match(self.text, self.place)
            assert end is not None
            stop = end.end() - end[0].endswith('"')
        else:
            self.saying()
            stop, self.place = self.place, found.end()
        is_empty = not self.text[self.place : stop].strip()
        self.put(f'export {name}="')
        while self.place < stop:
            self.char(quoted=True)
        self.put('"\n')
        self.saying()
        if name in self.unsure:
            self.put(f"export {name}={UNKNOWN}\n")
        elif is_empty:
            self.put(f"unset {name}\n")
        self.known.add(name)
        if self.depth > 1:
            self.within.add(name)

    def called(self) -> None:
        """Read `call`: a program is started as without it, a label is read where it stands."""
        self.place += len("call")
        self.blanks()
        if self.peek(":"):
            self.saying()
        else:
            self.command()

    def started(self) -> None:
        """Read `start`: a title and options, then a program."""
        self.place += len("start")
        self.blanks()
        found = _OPTIONS_OF_START.match(self.text, self.place)
        assert found is not None
        self.place = found.end()
        is_elsewhere = re.search(r"(?i)/d", found[1]) is not None
        self.put(f"( cd {UNKNOWN}\n" if is_elsewhere else "")
        self.program()
        self.put(")\n" if is_elsewhere else "")

    def folder(self, name: str) -> None:
        """Read a change of the folder; that on another drive is none that is known here."""
        self.place += len(name)
        self.blanks()
        option = re.compile(r"(?i)/d[ \t]+").match(self.text, self.place)
        self.place = option.end() if option else self.place
        is_far = re.compile(r"\"?[A-Za-z]:").match(self.text, self.place) is not None
        begin, to = self.place, self.aside(self.target)
        if name != "popd" and not self.text[begin : self.place].strip():
            return
        to.back(len(to.text().rstrip()))
        self.put("cd ")
        if name == "popd" or is_far:
            self.put(UNKNOWN)
        else:
            self.put('"')
            self.out.add(to)
            self.put('"')
        self.put("\n")

    def target(self) -> None:
        """Write the folder that a command names, up to the end of the command."""
        while not self.ended():
            self.char(quoted=True)

    def program(self) -> None:
        """Read the words of a program."""
        begin = self.out.length()
        while True:
            self.blanks()
            is_file = self.redirected(_REDIRECTION)
            if self.ended():
                break
            length = self.out.length()
            self.word(is_first=length == begin)
            if is_file:
                self.out.back(length)
            else:
                self.out.put(" ", self.out.at[-1])
        if self.out.length() > begin:
            self.out.back(self.out.length() - 1)
            self.put("\n")

    def word(self, *, is_first: bool) -> None:
        """Write the word that begins here, in quotes but for the variables that stand outside."""
        start, quoted, inside = self.place, False, False
        if is_first:  # so that it is no keyword of a shell
            self.out.put('""', start)
        while self.place < len(self.text):
            char = self.text[self.place]
            if char == "\n" or (not quoted and (char in " \t\r<>" or self.ended())):
                break
            if re.compile(r"\^\r?\n").match(self.text, self.place) and not quoted:
                break
            if char == '"':
                quoted = not quoted
                if not inside:
                    self.out.put('"', self.place)
                    inside = True
                self.place += 1
                continue
            bare = not quoted and _VARIABLE.match(self.text, self.place) is not None
            if bare == inside:
                self.out.put('"', self.place - inside)
                inside = not inside
            self.char(quoted=quoted)
        if inside:
            self.out.put('"', max(self.place - 1, start))

    def char(self, *, quoted: bool) -> None:
        """Write one character, or the variable that it begins."""
        text, place = self.text, self.place
        found = _VARIABLE.match(text, place)
        if found is not None and (self.delayed or not found[0].startswith("!")):
            self.place = found.end()
            self.out.spread(self.spelt(found), place, self.place)
        elif text.startswith("%%", place):
            self.out.put("%", place)
            self.place += 2
        elif text[place] == "^" and not quoted and place + 1 < len(text):
            self.place += 1
            self.out.literal(text[self.place].strip("\r\n"), self.place)
            self.place += 1
        elif text[place] == "\\":  # before a quote it takes away what that means
            self.out.put(UNKNOWN if text.startswith('\\"', place) else "/", place)
            self.place += 1
        elif text[place] in '"\r':
            self.place += 1
        else:
            self.out.literal(text[place], place)
            self.place += 1

    def spelt(self, found: re.Match[str]) -> str:
        """Return a variable as a shell has it."""
        said = found[0].lower()
        if said == "%~dp0":
            return '$(dirname "$0")/'
        if re.fullmatch(r"%~?[1-9]", said):
            return f"${{{said[-1]}}}"
        if said == "%*":
            return "$@"
        if re.fullmatch(r"%%~?\w", said):
            return f"${{FOR_{found[0][-1]}}}"
        name = (found[1] or found[2] or "").upper()
        is_old = found[1] is not None and name in self.within
        if not name or not name.isidentifier() or is_old or name in self.unsure:
            return UNKNOWN
        return f"${{{name}}}"
