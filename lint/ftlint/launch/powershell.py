"""A script of PowerShell as the same commands for a shell; what has no like there is unknown.

Grammar: about_Parsing, about_Quoting_Rules, about_Operators, about_Splatting. Only literal values
are taken over; a value that is calculated, and whatever a condition rests on, is a gap.
"""

from __future__ import annotations

import re

from ftlint.launch.stretch import Writing
from ftlint.launch.values import UNKNOWN
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.launch.stretch import Stretch

DEEPEST = 40
"""Levels of blocks; a script of a person has five."""

_NAME = r"(?:(\w+):)?(\w+)"
_VARIABLE = re.compile(rf"\$(?:{_NAME}|\{{{_NAME}\}})", re.A)
_ASSIGNMENT = re.compile(
    rf"(?:\[[\w.]+(?:\[\])?\][ \t]*)*\$(?:{_NAME}|\{{{_NAME}\}})[ \t]*([-+*/%]|\?\?)?=(?!=)", re.A
)
_CHANGED = re.compile(
    r"\$(?:\w+:)?(\w+)[ \t]*(?:[-+*/%]?=(?!=)|\+\+|--|,[^=\n;]{0,200}[^=!\n;]=(?!=))", re.A
)
_KEYWORD = re.compile(r"[A-Za-z]+(?![\w.:\\/-])")
_ARRAYS = re.compile(
    r"\$(?:\w+:)?(\w+)[ \t]*\+?=\s*(?:@\(|(?:\"[^\"\n]*\"|'[^'\n]*')[ \t]*,)", re.A
)
_FUNCTION = re.compile(r"(?im)^[ \t]*(?:function|filter)[ \t]+(?:\w+:)?([\w-]+)")
_SET_IN_ENVIRONMENT = re.compile(r"(?i)::SetEnvironmentVariable\(\s*['\"](\w+)['\"]")
_REDIRECTION = re.compile(r"[*0-9]?>>?(&[0-9])?")
_COMMENT = re.compile(r"<#.*?(?:#>|\Z)|#[^\n]*", re.S)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?(?![\w.])", re.I)
_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "0": " ",
    "a": " ",
    "b": " ",
    "e": " ",
    "f": " ",
    "v": " ",
}
_PAIRS = {"(": ")", "{": "}", "[": "]"}
_CONSTANTS = {"true": "True", "false": "False", "null": ""}
_OF_THE_RUN = frozenset("_ args input matches lastexitcode home pwd psitem this host pid".split())
"""Variables that PowerShell sets itself."""
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


class _EndError(Exception):
    """What follows cannot be read."""


def commands(text: str) -> Stretch:
    """Return the commands of a script, up to the first that cannot be read. Never raises."""
    reader = _PowerShell(text)
    reader.out.put("IFS=\n", 0)  # a variable is one word, whatever blanks it holds
    try:
        while reader.place < len(text):
            reader.statements()
            reader.place += 1  # a bracket that nothing opened
    except (_EndError, RecursionError):
        reader.out.back(reader.whole)
    return reader.out.stretch(len(text))


class _PowerShell:
    """A script, how far it is read, and what a shell would be told so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.out = Writing()
        self.whole = 0
        """So much is written of statements at the top that were read to their end."""
        self.depth = 0
        self.trying = 0
        self.arrays = {found[1].lower() for found in _ARRAYS.finditer(text)}
        self.functions = {found[1].lower() for found in _FUNCTION.finditer(text)}

    # what lies between words

    def peek(self, *tokens: str) -> bool:
        """Return whether one of these begins here."""
        return self.text.startswith(tokens, self.place)

    def blanks(self, *, lines: bool = False) -> None:
        """Pass over blanks, comments and continued lines; over line ends where they count not."""
        text, length = self.text, len(self.text)
        while self.place < length:
            char = text[self.place]
            if char in " \t\r\f\ufeff" or (lines and char in "\n;"):
                self.place += 1
            elif char == "`" and re.compile(r"`[ \t]*\r?(?:\n|\Z)").match(text, self.place):
                end = text.find("\n", self.place)
                self.place = length if end < 0 else end + 1
            elif char == "#" or text.startswith("<#", self.place):
                found = _COMMENT.match(text, self.place)
                assert found is not None
                self.place = found.end()
            else:
                return

    def keyword(self) -> str:
        """Return the word that begins here as a keyword has it, without passing over it."""
        found = _KEYWORD.match(self.text, self.place)
        return found[0].lower() if found else ""

    def ended(self) -> bool:
        """Return whether a command ends here."""
        return self.place >= len(self.text) or self.text[self.place] in "\n;|)}" or self.peek("&&")

    def balanced(self) -> None:
        """Pass over what the bracket that is here encloses."""
        text, waiting = self.text, [_PAIRS[self.text[self.place]]]
        self.place += 1
        while waiting:
            if self.place >= len(text):
                raise _EndError
            char = text[self.place]
            if char in "\"'":
                self.passed_string()
            elif (char == "#" and text[self.place - 1] in " \t\n;({") or self.peek("<#"):
                self.blanks()
            elif char == "`":
                self.place += 2
            else:
                self.place += 1
                if char in _PAIRS:
                    waiting.append(_PAIRS[char])
                elif char == waiting[-1]:
                    waiting.pop()

    def passed_string(self) -> None:
        """Pass over a text in quotes."""
        outer, self.out = self.out, Writing()
        self.string()
        self.out = outer

    # statements

    def statements(self) -> None:
        """Read statements up to a bracket that closes, or to the end."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise _EndError
        while True:
            self.blanks(lines=True)
            if self.place >= len(self.text) or self.text[self.place] in ")}":
                break
            begin = self.place
            self.statement()
            if self.place == begin:
                self.place += 1
            if self.depth == 1:
                self.whole = self.out.length()
        self.depth -= 1

    def block(self, head: str, tail: str) -> None:
        """Read a block in braces, as a compound command of a shell."""
        self.blanks(lines=True)
        if not self.peek("{"):
            raise _EndError
        self.put(head)
        self.put(":\n")
        self.place += 1
        self.statements()
        if not self.peek("}"):
            raise _EndError
        self.put(tail)
        self.place += 1

    def put(self, text: str) -> None:
        """Write what takes effect here."""
        self.out.put(text, min(self.place, len(self.text)))

    def maybe(self) -> None:
        """Read a block that may be run."""
        self.block(f"if {UNKNOWN}; then\n", "fi\n")

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
            raise _EndError
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
        found = re.compile(rf"\(\s*\$({_NAME})\s+in\s+", re.I | re.A).match(self.text, self.place)
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
                raise _EndError
            self.place += 1
        self.condition()
        self.blanks(lines=True)
        if not self.peek("{"):
            raise _EndError
        self.place += 1
        while True:
            self.blanks(lines=True)
            if self.place >= len(self.text):
                raise _EndError
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
            raise _EndError
        self.place = found.end()
        begin = self.place
        if self.peek("("):
            self.balanced()
        names = _VARIABLE.findall(self.text, begin, self.place)
        given = "".join(f"{name.lower()}={UNKNOWN}\n" for _, name, *_ in names if name)
        self.block(f"{found[1].lower()}() (\n{given}", ")\n")

    def parameters(self) -> None:
        """Read `param(…)`: what the script is started with, or a default that it names."""
        if not self.peek("("):
            raise _EndError
        begin = self.place
        self.balanced()
        end, self.place = self.place, begin + 1
        for found in re.finditer(r"\$(\w+)([ \t]*=\s*)?", self.text[begin:end], re.A):
            if begin + found.start() < self.place:
                continue  # in a default
            if found[1].lower() in _CONSTANTS:
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

    # values

    def assignment(self) -> bool:
        """Read `$name = value`, if that is what begins here."""
        found = _ASSIGNMENT.match(self.text, self.place)
        if found is None:
            return False
        scope = (found[1] or found[3] or "").lower()
        name = found[2] or found[4]
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

    def value(self, name: str, *, appended: bool) -> bool:
        """Write a value that is literal, and return whether it is to its end."""
        if name in self.arrays:
            self.put("(")
            if self.listed():
                self.put(")")
                self.blanks()
                return self.ended() and not self.peek("|")
            return False
        if appended or not (self.joined() or self.single()):
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
        if _VARIABLE.match(self.text, self.place):
            self.put('"')
            self.variable(inside=True)
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

    def string(self) -> None:
        """Write what stands in quotes, without these, as it stands between a shell's."""
        text, start = self.text, self.place
        here = self.peek("@")
        quote = text[start + here]
        self.place = start + 1
        if here:
            head = re.compile(r"@[\"'][ \t]*\r?\n").match(text, start)
            end = -1 if head is None else text.find(f"\n{quote}@", head.end() - 1)
            if head is None or end < 0:
                raise _EndError
            self.place = head.end()
        while True:
            if self.place >= len(text):
                raise _EndError
            if here and self.place >= end:
                self.place = end + 3
                return
            char = text[self.place]
            if char == quote and not here:
                if text.startswith(quote * 2, self.place):
                    self.out.literal(quote, self.place)
                    self.place += 2
                    continue
                self.place += 1
                return
            self.char(expanded=quote == '"')

    def char(self, *, expanded: bool) -> None:
        """Write one character of a word or a text in quotes, or what it begins."""
        text, char = self.text, self.text[self.place]
        if expanded and char == "`" and self.place + 1 < len(text):
            following = text[self.place + 1]
            self.out.literal(_ESCAPES.get(following, following), self.place)
            self.place += 2
        elif expanded and char == "$":
            self.variable(inside=True)
        elif char == "\\":  # of a path; before a quote it is a matter of the version
            quoted = re.compile(r"\\+[`\\]?[\"']").match(text, self.place) is not None
            at_end = re.compile(r"\\[\"'][\s,);]").match(text, self.place) is not None
            self.put(UNKNOWN if quoted and not at_end else "/")
            self.place += 1
        elif char == "\r":
            self.place += 1
        else:
            self.out.literal(char, self.place)
            self.place += 1

    def variable(self, *, inside: bool) -> None:
        """Write what `$` begins, as it stands between a shell's quotes."""
        start = self.place
        if self.peek("$("):
            self.place += 1
            self.balanced()
            self.changed(start)
            self.out.put(UNKNOWN, start)
            return
        found = _VARIABLE.match(self.text, start)
        if found is None:
            self.out.put("\\$" if inside else UNKNOWN, start)
            self.place += 1
            return
        self.place = found.end()
        if found[1] and not found[2]:
            return
        scope, name = (found[1] or found[3] or "").lower(), found[2] or found[4]
        self.out.spread(_spelt(scope, name), start, self.place)

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
        start, outer = self.place, self.out
        self.out = Writing()
        self.word()
        name, head, self.out = self.text[start : self.place].lower(), self.out, outer
        self.command(name, head, is_called=called is not None)

    def command(self, name: str, head: Writing, *, is_called: bool) -> None:
        """Read the words of a command and write what a shell is to be told of it."""
        if name in self.functions:
            head = Writing()
            head.put(name, self.place)
        words = self.words(several=name in _STARTED)
        plain = [one for one in words if "".join(one.chars[:2]).strip('"')[:1] != "-"]
        if name in _TO_FOLDER or name in _BACK:
            to = "".join(plain[0].chars) if plain and name in _TO_FOLDER else ""
            is_far = re.match(r'"?(?:[A-Za-z]:|~)', to) is not None
            self.told(["cd", plain[0] if to and not is_far else UNKNOWN])
        elif name in _EVALUATED:
            self.told(["eval", *plain[:1]])
        elif name in _STARTED:
            self.start(words)
        elif name in _SETTERS:
            for one in plain[:1]:
                named = "".join(one.chars).strip('"').lower()
                self.put(f"{named}={UNKNOWN}\n" if re.fullmatch(r"[a-z_]\w*", named, re.A) else "")
        elif name in _REMOVERS:
            for one in plain:
                found = re.fullmatch(r'(?i)"?env:[\\/]*(\w+)"?', "".join(one.chars), re.A)
                self.put(f"unset {found[1].upper()}\n" if found else "")
        elif name not in _NOT_OURS or is_called or name in self.functions:
            self.told([head, *words])

    def told(self, words: list[Writing | str]) -> None:
        """Write a command."""
        for one in words:
            if isinstance(one, Writing):
                self.out.chars += one.chars
                self.out.at += one.at
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
            text = "".join(one.chars).strip('"').lower()
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

    def words(self, *, several: bool) -> list[Writing]:
        """Return the words of a command up to its end; `several`: those of lists apart."""
        found: list[Writing] = []
        while True:
            self.blanks()
            if self.ended() or re.compile(r"&[ \t]*\r?(?:\n|\Z)").match(self.text, self.place):
                return found
            if self.peek("{"):
                self.maybe()
                continue
            redirected = _REDIRECTION.match(self.text, self.place)
            if redirected is not None:
                self.place = redirected.end()
                self.blanks()
                if redirected[1] or self.ended():
                    continue
            outer, self.out = self.out, Writing()
            begin = self.place
            self.word()
            if self.place == begin:
                raise _EndError
            if redirected is None:
                found.append(self.out)
            self.out = outer
            if several and self.peek(","):
                self.place += 1
                self.blanks(lines=True)
                found += self.words(several=True)
                return found

    def word(self) -> None:
        """Write the word that begins here."""
        start = self.place
        if self.peek("--% "):
            end = self.text.find("\n", start)
            self.place = len(self.text) if end < 0 else end
            self.out.put(UNKNOWN, start)
            return
        if self.peek("(", "@(", "@{", "$(") or _VARIABLE.match(self.text, start):
            if self.many():
                return
            self.place = start
        splat = re.compile(r"@(\w+)", re.A).match(self.text, start)
        if splat is not None:
            self.place = splat.end()
            name = splat[1].lower()
            spelt = f'"${{{name}[@]}}"' if name in self.arrays else UNKNOWN
            self.out.spread(spelt, start, self.place)
            return
        self.out.put('"', start)
        texts = 0
        while self.place < len(self.text):
            char = self.text[self.place]
            if char in " \t\r\n;|)}&" or (char == "," and texts):
                break
            if char in "\"'":
                texts += 1
                self.string()
            elif char == "(":
                self.balanced()
                self.out.put(UNKNOWN, start)
            else:
                self.char(expanded=True)
        self.out.put('"', max(self.place - 1, start))

    def many(self) -> bool:
        """Write a word that may be several, if that is what begins here."""
        start = self.place
        found = _VARIABLE.match(self.text, start)
        if found is None:
            self.place += not self.peek("(")
            self.balanced()
        else:
            self.place = found.end()
        is_member = False
        while self.peek("[", "(") or re.compile(r"\.\w").match(self.text, self.place):
            is_member = True
            if self.peek("[", "("):
                self.balanced()
            else:
                member = re.compile(r"\.\w+").match(self.text, self.place)
                assert member is not None
                self.place = member.end()
        if not (self.ended() or self.text[self.place] in " \t\r,"):
            return False
        self.changed(start)
        if found is None or is_member:
            self.out.put(UNKNOWN, start)
            return True
        scope, name = (found[1] or found[3] or "").lower(), found[2] or found[4]
        is_array = not scope and name.lower() in self.arrays
        spelt = f'"${{{name.lower()}[@]}}"' if is_array else _spelt(scope, name) or '""'
        self.out.spread(spelt, start, self.place)
        return True

    def expression(self) -> None:
        """Pass over an expression; the variables that it changes are unknown then."""
        begin = self.place
        while self.place < len(self.text) and not (
            self.text[self.place] in "\n;|)}" or self.peek("&&")
        ):
            if self.peek('"', "'", '@"', "@'"):
                self.passed_string()
            elif self.text[self.place] in _PAIRS:
                self.balanced()
            elif self.peek("`", "#"):
                before = self.place
                self.blanks()
                self.place += 2 if self.place == before else 0
            else:
                self.place += 1
        self.changed(begin)

    def changed(self, begin: int) -> None:
        """Write that the variables which are set between a place and here are not known."""
        passed = self.text[begin : self.place]
        for found in _SET_IN_ENVIRONMENT.finditer(passed):
            self.put(f"export {found[1].upper()}={UNKNOWN}\n")
        names = [found[1].lower() for found in _CHANGED.finditer(passed)]
        self.put("".join(f"{name}={UNKNOWN}\n" for name in dict.fromkeys(names)))


def _spelt(scope: str, name: str) -> str:
    """Return a variable as a shell has it: those of the environment in capitals, others not."""
    if scope == "env":
        return f"${{{name.upper()}}}"
    lower = name.lower()
    if lower == "psscriptroot":
        return '$(dirname "$0")'
    if lower in _CONSTANTS:
        return _CONSTANTS[lower]
    is_own = scope in ("", "global", "script", "local", "private", "using")
    if lower in _OF_THE_RUN or not is_own or not lower.isidentifier():
        return UNKNOWN
    return f"${{{lower}}}"
