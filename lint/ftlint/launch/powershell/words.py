"""Words of PowerShell: blanks, comments, brackets, quotes and variables."""

from __future__ import annotations

import re

from ftlint.launch.stretch import EndError, Rewriter
from ftlint.launch.values import UNKNOWN

NAME = r"(?:(\w+):)?(\w+)"
VARIABLE = re.compile(rf"\$(?:{NAME}|\{{{NAME}\}})", re.A)
_CHANGED = re.compile(
    r"\$(?:\w+:)?(\w+)[ \t]*(?:[-+*/%]?=(?!=)|\+\+|--|,[^=\n;]{0,200}[^=!\n;]=(?!=))", re.A
)
_ARRAYS = re.compile(
    r"\$(?:\w+:)?(\w+)[ \t]*\+?=\s*(?:@\(|(?:\"[^\"\n]*\"|'[^'\n]*')[ \t]*,)", re.A
)
_SET_IN_ENVIRONMENT = re.compile(r"(?i)::SetEnvironmentVariable\(\s*['\"](\w+)['\"]")
_KEYWORD = re.compile(r"[A-Za-z]+(?![\w.:\\/-])")
_COMMENT = re.compile(r"<#.*?(?:#>|\Z)|#[^\n]*", re.S)
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
CONSTANTS = {"true": "True", "false": "False", "null": ""}
_OF_THE_RUN = frozenset("_ args input matches lastexitcode home pwd psitem this host pid".split())
"""Variables that PowerShell sets itself."""


class Words(Rewriter):
    """A script, how far it is read, and its variables that hold several values."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.arrays = {found[1].lower() for found in _ARRAYS.finditer(text)}

    # what lies between words

    def more(self) -> bool:
        """Pass over blanks; return whether a statement follows before a bracket that closes."""
        self.blanks(lines=True)
        return self.place < len(self.text) and self.text[self.place] not in ")}"

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
                raise EndError
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
        self.aside(self.string)

    # what stands in quotes

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
                raise EndError
            self.place = head.end()
        while True:
            if self.place >= len(text):
                raise EndError
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
            self.variable()
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

    def variable(self) -> None:
        """Write what `$` begins, as it stands between a shell's quotes."""
        start = self.place
        if self.peek("$("):
            self.place += 1
            self.balanced()
            self.changed(start)
            self.out.put(UNKNOWN, start)
            return
        found = VARIABLE.match(self.text, start)
        if found is None:
            self.out.put("\\$", start)
            self.place += 1
            return
        self.place = found.end()
        self.out.spread(_spelt(*named(found)), start, self.place)

    # words

    def word(self) -> None:
        """Write the word that begins here."""
        start = self.place
        if self.peek("--% "):
            end = self.text.find("\n", start)
            self.place = len(self.text) if end < 0 else end
            self.out.put(UNKNOWN, start)
            return
        if self.peek("(", "@(", "@{", "$(") or VARIABLE.match(self.text, start):
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
        found = VARIABLE.match(self.text, start)
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
        scope, name = named(found)
        is_array = not scope and name.lower() in self.arrays
        spelt = f'"${{{name.lower()}[@]}}"' if is_array else _spelt(scope, name) or '""'
        self.out.spread(spelt, start, self.place)
        return True

    # what is passed over

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


def named(found: re.Match[str]) -> tuple[str, str]:
    """Return the scope and the name of a variable, in braces or not."""
    return (found[1] or found[3] or "").lower(), found[2] or found[4]


def _spelt(scope: str, name: str) -> str:
    """Return a variable as a shell has it: those of the environment in capitals, others not."""
    if scope == "env":
        return f"${{{name.upper()}}}"
    lower = name.lower()
    if lower == "psscriptroot":
        return '$(dirname "$0")'
    if lower in CONSTANTS:
        return CONSTANTS[lower]
    is_own = scope in ("", "global", "script", "local", "private", "using")
    if lower in _OF_THE_RUN or not is_own or not lower.isidentifier():
        return UNKNOWN
    return f"${{{lower}}}"
