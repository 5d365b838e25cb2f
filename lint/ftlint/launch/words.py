"""The words of a shell script: quotes, `$`, and what a here-document holds.

Grammar: POSIX.1-2017, 2.2 to 2.6, and bash 5 for arrays, `$'…'` and `<(…)`.
"""

from __future__ import annotations

import re

from ftlint.launch.tree import (
    Arithmetic,
    Fault,
    Output,
    Parameter,
    Redirection,
    ShellWord,
    Text,
)
from ftlint.syntax.nodes import Comment
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.launch.tree import Command, Part

_BLANKS = re.compile(r"(?:[ \t]|\\\n)*")
_PLAIN = re.compile(r"[^\s\\'\"`$;&|<>()]+")
_IN_QUOTES = re.compile(r"[^\\\"`$]+")
_PARAMETER = re.compile(r"[A-Za-z_]\w*|[0-9]+|[@*#?$!-]", re.ASCII)
_OPERATOR = re.compile(r":[-=+?]|[-=+?]|%%?|##?|//?|\^\^?|,,?|:|@")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "0": "\0"}


class StopError(Exception):
    """The shell stops reading here."""

    def __init__(self, start: int, reason: str) -> None:
        self.fault = Fault(start, reason)


class Reader:
    """A text, how far it is read, and what was met on the way."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.depth = 0
        self.comments: list[Comment] = []
        self.waiting: list[tuple[int, str, bool, bool, list[Redirection]]] = []

    def list_of(self, ends: tuple[str, ...]) -> list[Command]:
        """Return the commands up to one of the words that end them."""
        raise NotImplementedError

    # what lies between words

    def blanks(self) -> None:
        """Pass over blanks, continued lines and a comment."""
        found = _BLANKS.match(self.text, self.place)
        assert found is not None
        self.place = found.end()
        if self.text.startswith("#", self.place) and (
            self.place == 0 or self.text[self.place - 1] in " \t\n;&|()"
        ):
            end = self.text.find("\n", self.place)
            end = len(self.text) if end < 0 else end
            self.comments.append(Comment(self.place, end, self.text[self.place : end]))
            self.place = end

    def lines(self) -> None:
        """Pass over empty lines; what a here-document holds is read with its line."""
        self.blanks()
        while self.text.startswith("\n", self.place):
            self.newline()
            self.blanks()

    def newline(self) -> None:
        """Pass over a line's end, and over the here-documents that begin behind it."""
        self.place += 1
        for start, mark, literal, dashed, into in self.waiting:
            into.append(self.document(start, mark, literal=literal, dashed=dashed))
        self.waiting = []

    def document(self, start: int, mark: str, *, literal: bool, dashed: bool) -> Redirection:
        """Return the lines up to one that is `mark`."""
        begin = line = self.place
        while True:
            end = self.text.find("\n", line)
            last = end < 0
            end = len(self.text) if last else end
            content = self.text[line:end]
            if (content.lstrip("\t") if dashed else content) == mark:
                body, self.place = self.text[begin:line], min(end + 1, len(self.text))
                break
            if last:
                body, self.place = self.text[begin:end], end
                break
            line = end + 1
        if literal:
            parts: tuple[Part, ...] = (Text(body, begin, quoted=True),) if body else ()
        else:
            inner = type(self)(self.text[: begin + len(body)])
            inner.place, inner.depth = begin, self.depth + 1
            parts = tuple(inner.quoted_parts(""))
        word = ShellWord((Text(mark, start, quoted=True),), start, start + len(mark))
        return Redirection("<<", word, ShellWord(parts, begin, begin + len(body)))

    def peek(self, *tokens: str) -> bool:
        """Return whether one of these begins here."""
        return self.text.startswith(tokens, self.place)

    def keyword(self) -> str:
        """Return the plain word that begins here, without passing over it."""
        found = re.compile(r"[^\s;&|<>()'\"\\$`]+").match(self.text, self.place)
        if found is None:
            return "{" if self.peek("{") else ""
        behind = self.text[found.end() : found.end() + 1]
        return "" if behind and behind in "'\"\\$`" else found.group()

    def expect(self, word: str) -> None:
        """Pass over a keyword that has to stand here."""
        self.lines()
        if self.keyword() != word and not (word in "()" and self.peek(word)):
            raise StopError(min(self.place, len(self.text)), f"`{word}` is missing")
        self.place += len(word)

    # words

    def word(self, *, empty: bool = False) -> ShellWord:
        """Return the word that begins here."""
        start = self.place
        parts: list[Part] = []
        text, length = self.text, len(self.text)
        while self.place < length:
            char = text[self.place]
            if char in " \t\n;&|()":
                break
            if char in "<>":
                if not self.peek("<(", ">("):
                    break
                parts.append(self.process())
            elif char == "\\":
                if self.place + 1 < length and text[self.place + 1] != "\n":
                    parts.append(Text(text[self.place + 1], self.place + 1, quoted=True))
                self.place += 2
            elif char in "'\"`$":
                parts += self.expansion()
            else:
                found = _PLAIN.match(text, self.place)
                end = self.place + 1 if found is None else found.end()
                parts.append(Text(text[self.place : end], self.place, quoted=False))
                self.place = end
        self.place = min(self.place, length)
        if self.place == start and not empty:
            raise StopError(start, f"unexpected `{text[start : start + 1]}`")
        return ShellWord(tuple(parts), start, self.place)

    def expansion(self) -> list[Part]:
        """Return what a quote, a backquote or a `$` begins."""
        start = self.place
        if self.peek("'", "$'"):
            return [self.single(start)]
        if self.peek('"', '$"'):
            self.place += 2 if self.peek("$") else 1
            parts = self.quoted_parts('"')
            return parts or [Text("", start + 1, quoted=True)]
        if self.peek("`"):
            return [self.backquoted(quoted=False)]
        return [self.dollar(quoted=False)]

    def single(self, start: int) -> Text:
        """Return what stands in single quotes."""
        ansi = self.peek("$")
        begin = self.place + 1 + ansi
        end = begin
        while True:
            end = self.text.find("'", end)
            if end < 0:
                raise StopError(start, "an opened quote `'` is never closed")
            if (
                not ansi
                or (len(self.text[begin:end]) - len(self.text[begin:end].rstrip("\\"))) % 2 == 0
            ):
                break
            end += 1
        self.place = end + 1
        content = self.text[begin:end]
        if ansi:
            content = re.sub(
                r"\\(.)", lambda one: _ESCAPES.get(one[1], one[1]), content, flags=re.S
            )
        return Text(content, begin, quoted=True)

    def quoted_parts(self, close: str) -> list[Part]:
        """Return the parts up to a double quote, or up to the end of a here-document."""
        start, text = self.place, self.text
        parts: list[Part] = []
        while True:
            if self.place >= len(text):
                if close:
                    raise StopError(start - 1, 'an opened quote `"` is never closed')
                return parts
            char = text[self.place]
            if char == close:
                self.place += 1
                return parts
            if char == "\\":
                following = text[self.place + 1 : self.place + 2]
                if following and following in '$`\\\n"' and (following != '"' or close):
                    if following != "\n":
                        parts.append(Text(following, self.place + 1, quoted=True))
                    self.place += 2
                else:
                    parts.append(Text("\\", self.place, quoted=True))
                    self.place += 1
            elif char == "`":
                parts.append(self.backquoted(quoted=True))
            elif char == "$":
                parts.append(self.dollar(quoted=True))
            else:
                found = _IN_QUOTES.match(text, self.place)
                end = self.place + 1 if found is None else found.end()
                parts.append(Text(text[self.place : end], self.place, quoted=True))
                self.place = end

    def backquoted(self, *, quoted: bool) -> Output:
        """Return an old command substitution, which is not looked into."""
        start = self.place
        found = re.compile(r"`(?:[^`\\]|\\.)*`", re.S).match(self.text, start)
        if found is None:
            raise StopError(start, "an opened quote ` is never closed")
        self.place = found.end()
        return Output(None, quoted, start, self.place)

    def inside(self, start: int, end: int) -> tuple[Part, ...]:
        """Return a stretch of the text as a word's parts."""
        inner = type(self)(self.text[:end])
        inner.place, inner.depth = start, self.depth + 1
        return tuple(inner.quoted_parts("")) if end > start else ()

    def process(self) -> Output:
        """Return `<(…)`, which is the name of a pipe."""
        start = self.place
        self.place += 2
        self.list_of((")",))
        self.expect(")")
        return Output(None, quoted=True, start=start, end=self.place)

    def dollar(self, *, quoted: bool) -> Part:
        """Return what `$` begins; alone it stands for itself."""
        start = self.place
        if self.peek("$(("):
            found = self.arithmetic_or_none(start)
            if found is not None:
                return found
        if self.peek("$("):
            self.place += 2
            body = self.list_of((")",))
            self.expect(")")
            return Output(tuple(body), quoted, start, self.place)
        if self.peek("${"):
            return self.braced(start, quoted=quoted)
        name = re.compile(r"[A-Za-z_]\w*|[0-9]|[@*#?$!-]", re.ASCII).match(self.text, start + 1)
        if name is None:
            self.place += 1
            return Text("$", start, quoted)
        self.place = name.end()
        return Parameter(name.group(), None, "", (), quoted, start, self.place)

    def arithmetic_or_none(self, start: int) -> Arithmetic | None:
        """Return `$((…))`, or None where it is `$( (…) )`."""
        try:
            self.place += 1
            text = self.arithmetic(start)
        except StopError:
            self.place = start
            return None
        return Arithmetic(text, start, self.place)

    def arithmetic(self, start: int) -> str:
        """Return what stands in double parentheses."""
        begin, depth = self.place + 2, 0
        for place in range(begin, len(self.text)):
            char = self.text[place]
            depth += (char == "(") - (char == ")")
            if depth < 0:
                if self.text.startswith("))", place):
                    self.place = place + 2
                    return self.text[begin:place]
                break
        raise StopError(start, "`((` is not closed")

    def braced(self, start: int, *, quoted: bool) -> Parameter:
        """Return `${…}`."""
        self.place += 2
        length = self.peek("#") and not self.peek("#}")
        indirect = self.peek("!")
        self.place += length or indirect
        name = _PARAMETER.match(self.text, self.place)
        if name is None:
            raise StopError(start, "`${` without a name")
        self.place = name.end()
        index = None
        if self.peek("["):
            end = self.text.find("]", self.place)
            if end < 0:
                raise StopError(start, "`[` is not closed")
            index = self.inside(self.place + 1, end)
            self.place = end + 1
        operator = _OPERATOR.match(self.text, self.place)
        self.place = operator.end() if operator else self.place
        argument = tuple(self.until_brace(start, quoted=quoted))
        sign = "!" if indirect else operator.group() if operator else ""
        return Parameter(
            name.group(), index, sign, argument, quoted, start, self.place, bool(length)
        )

    def until_brace(self, start: int, *, quoted: bool) -> list[Part]:
        """Return the parts of an operator's word, up to the brace that closes it."""
        parts: list[Part] = []
        text = self.text
        while True:
            if self.place >= len(text):
                raise StopError(start, "`${` is never closed")
            char = text[self.place]
            if char == "}":
                self.place += 1
                return parts
            if char == "\\":
                parts.append(Text(text[self.place + 1 : self.place + 2], self.place + 1, True))
                self.place += 2
            elif char == "'" and quoted:
                parts.append(Text("'", self.place, quoted))
                self.place += 1
            elif char in "'\"`$":
                parts += self.expansion()
            else:
                found = re.compile(r"[^\\'\"`$}]+").match(text, self.place)
                assert found is not None
                parts.append(Text(found.group(), self.place, quoted))
                self.place = found.end()
