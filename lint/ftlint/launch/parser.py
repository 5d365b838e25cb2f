"""A text to the commands that a POSIX shell or bash reads in it.

Grammar: POSIX.1-2017, 2.10, and bash 5 for arrays, `[[`, `((`, `$'…'` and `&>`.
"""

from __future__ import annotations

import re

from ftlint.launch.tree import (
    Arithmetic,
    Assignment,
    Case,
    Chain,
    Comment,
    Fault,
    Function,
    Group,
    If,
    Loop,
    Output,
    Parameter,
    Redirection,
    Script,
    ShellWord,
    Simple,
    Text,
)
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.launch.tree import Command, Part

DEEPEST = 60
"""Levels of nesting; a script of a person has five."""

_BLANKS = re.compile(r"(?:[ \t]|\\\n)*")
_PLAIN = re.compile(r"[^\s\\'\"`$;&|<>()]+")
_IN_QUOTES = re.compile(r"[^\\\"`$]+")
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)(?:\[([^\]\n]*)\])?(\+?)=", re.ASCII)
_PARAMETER = re.compile(r"[A-Za-z_]\w*|[0-9]+|[@*#?$!-]", re.ASCII)
_OPERATOR = re.compile(r":[-=+?]|[-=+?]|%%?|##?|//?|\^\^?|,,?|:|@")
_REDIRECTION = re.compile(r"(?:\d+|\{\w+\})?(<<<|<<-?|<>|<&|>>|>&|>\||&>>|&>|<|>)")
_SEPARATORS = (";", "&", "\n")
_ENDS = frozenset("then do done fi elif else esac }".split())
_DECLARES = frozenset("export declare local readonly typeset".split())
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "0": "\0"}


class _StopError(Exception):
    def __init__(self, start: int, reason: str) -> None:
        self.fault = Fault(start, reason)


def parse(text: str) -> Script:
    """Return the commands of a text up to the first that cannot be read. Never raises."""
    parser = _Parser(text)
    commands: list[Command] = []
    fault = None
    try:
        while True:
            parser.lines()
            if parser.place >= len(text):
                break
            commands += parser.list_of(())
            if parser.place < len(text):
                raise _StopError(parser.place, f"unexpected `{text[parser.place]}`")
    except _StopError as stop:
        fault = stop.fault
        commands += parser.whole
    return Script(tuple(commands), tuple(dict.fromkeys(parser.comments)), fault)


class _Parser:
    """A text, how far it is read, and what was met on the way."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.depth = 0
        self.comments: list[Comment] = []
        self.waiting: list[tuple[int, str, bool, bool, list[Redirection]]] = []
        self.whole: list[Command] = []
        """Commands of a list at the top that was broken off: a shell has run them by then."""

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
            self.comments.append(Comment(self.place, end))
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
            inner = _Parser(self.text[: begin + len(body)])
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
            raise _StopError(min(self.place, len(self.text)), f"`{word}` is missing")
        self.place += len(word)

    # commands

    def list_of(self, ends: tuple[str, ...]) -> list[Command]:
        """Return the commands up to one of the words that end them, which is left."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise _StopError(self.place, "nested too deeply")
        found: list[Command] = []
        while True:
            self.lines()
            word = self.keyword()
            if self.place >= len(self.text) or self.peek(")", ";;", ";&") or word in ends:
                break
            if word in _ENDS and not (word == "}" and "}" not in ends and not ends):
                raise _StopError(self.place, f"unexpected `{word}`")
            try:
                found.append(self.chain())
            except _StopError:
                if not ends and self.depth == 1:
                    self.whole = found
                raise
            self.blanks()
            if self.peek(";;", ";&") or not self.peek(*_SEPARATORS):
                break
            if self.peek("\n"):
                self.newline()
            else:
                self.place += 1
        self.depth -= 1
        return found

    def chain(self) -> Command:
        """Return pipelines joined by `&&` and `||`."""
        left = self.pipeline()
        while True:
            self.blanks()
            operator = self.text[self.place : self.place + 2]
            if operator not in ("&&", "||"):
                return left
            self.place += 2
            self.lines()
            left = Chain(operator, left, self.pipeline())  # type: ignore[arg-type]

    def pipeline(self) -> Command:
        """Return commands joined by `|`."""
        self.blanks()
        if self.keyword() == "!":
            self.place += 1
            return Chain("!", self.pipeline(), None)
        left = self.command()
        self.blanks()
        while self.peek("|") and not self.peek("||"):
            self.place += 2 if self.peek("|&") else 1
            self.lines()
            left = Chain("|", left, self.command())
            self.blanks()
        return left

    def command(self) -> Command:
        """Return one command, simple or compound."""
        self.blanks()
        start, word = self.place, self.keyword()
        if self.peek("(("):
            return self.arithmetic_command(start)
        if self.peek("("):
            self.place += 1
            body = self.list_of((")",))
            self.expect(")")
            return Group(tuple(body), apart=True, redirections=self.redirections())
        if word == "{":
            self.place += 1
            body = self.list_of(("}",))
            self.expect("}")
            return Group(tuple(body), apart=False, redirections=self.redirections())
        compound = {
            "if": self.conditional, "while": self.loop, "until": self.loop, "for": self.each,
            "select": self.each, "case": self.case, "[[": self.extended_test,
        }.get(word)  # fmt: skip
        if compound is not None:
            self.place += len(word)
            made = compound(word, start)
            self.redirections()
            return made
        if word == "function":
            self.place += len(word)
            self.blanks()
            return self.function(self.keyword())
        named = re.compile(r"[\w.:-]+[ \t]*\([ \t]*\)").match(self.text, self.place)
        if named is not None and word and not self.peek("$"):
            return self.function(word)
        if word == "time":
            self.place += len(word)
            return self.pipeline()
        return self.simple()

    def function(self, name: str) -> Command:
        """Return a function from its name on."""
        self.place += len(name)
        self.blanks()
        if self.peek("("):
            self.place += 1
            self.expect(")")
        self.lines()
        return Function(name, self.command())

    def conditional(self, _: str, __: int) -> Command:
        """Return what stands between `if` and `fi`."""
        branches: list[tuple[tuple[Command, ...], tuple[Command, ...]]] = []
        while True:
            condition = self.list_of(("then",))
            self.expect("then")
            branches.append((tuple(condition), tuple(self.list_of(("elif", "else", "fi")))))
            word = self.keyword()
            if word == "elif":
                self.place += len(word)
                continue
            if word == "else":
                self.place += len(word)
                branches.append(((), tuple(self.list_of(("fi",)))))
            self.expect("fi")
            return If(tuple(branches))

    def loop(self, kind: str, _: int) -> Command:
        """Return a loop over a condition."""
        condition = tuple(self.list_of(("do",)))
        return Loop(kind, condition, "", None, self.body())  # type: ignore[arg-type]

    def body(self) -> tuple[Command, ...]:
        """Return what stands between `do` and `done`."""
        self.expect("do")
        body = self.list_of(("done",))
        self.expect("done")
        return tuple(body)

    def each(self, _: str, __: int) -> Command:
        """Return a loop over words."""
        self.blanks()
        if self.peek("(("):
            self.arithmetic_command(self.place)
            self.blanks()
            self.place += self.peek(";")
            return Loop("arithmetic", (), "", None, self.body())
        name = self.keyword()
        self.place += len(name)
        self.lines()
        words: tuple[ShellWord, ...] | None = None
        if self.keyword() == "in":
            self.place += 2
            found = []
            self.blanks()
            while self.place < len(self.text) and not self.peek(*_SEPARATORS):
                found.append(self.word())
                self.blanks()
            words = tuple(found)
        self.blanks()
        if self.peek(";"):
            self.place += 1
        return Loop("for", (), name, words, self.body())

    def case(self, _: str, __: int) -> Command:
        """Return a word with its patterns."""
        self.blanks()
        word = self.word()
        self.expect("in")
        branches: list[tuple[tuple[ShellWord, ...], tuple[Command, ...]]] = []
        while True:
            self.lines()
            if self.keyword() == "esac":
                self.place += len("esac")
                return Case(word, tuple(branches))
            self.place += self.peek("(")
            patterns = []
            while True:
                self.blanks()
                patterns.append(self.word())
                self.blanks()
                if not self.peek("|"):
                    break
                self.place += 1
            self.expect(")")
            branches.append((tuple(patterns), tuple(self.list_of(("esac",)))))
            self.lines()
            for end in (";;&", ";;", ";&"):
                if self.peek(end):
                    self.place += len(end)
                    break

    def extended_test(self, _: str, start: int) -> Command:
        """Return what `[[` tests, as words."""
        words: list[ShellWord] = []
        while True:
            self.lines()
            if self.place >= len(self.text):
                raise _StopError(start, "`[[` is not closed")
            if self.keyword() == "]]":
                self.place += 2
                return Simple((), tuple(words), [], start, self.place, "[[")
            operator = re.compile(r"&&|\|\||[()<>;&|]+").match(self.text, self.place)
            if operator is None:
                words.append(self.word())
                continue
            spot, self.place = self.place, operator.end()
            part = Text(operator.group(), spot, quoted=False)
            words.append(ShellWord((part,), spot, self.place))

    def arithmetic_command(self, start: int) -> Command:
        """Return `((…))`."""
        text = self.arithmetic(start)
        word = ShellWord((Text(text, start + 2, quoted=True),), start, self.place)
        return Simple((), (word,), [], start, self.place, "((")

    def simple(self) -> Command:
        """Return assignments, words and redirections up to what ends a command."""
        start = end = self.place
        assignments: list[Assignment] = []
        words: list[ShellWord | Assignment] = []
        redirections: list[Redirection] = []
        while True:
            self.blanks()
            if self.place >= len(self.text) or self.peek("\n", ";", "|", ")"):
                break
            if self.peek("&") and not self.peek("&>"):
                break
            if self.redirection(redirections):
                end = self.place
                continue
            if self.peek("(") or (self.peek(">", "<") and not self.peek("<(", ">(")):
                raise _StopError(self.place, f"unexpected `{self.text[self.place]}`")
            first = words[0] if words else None
            declares = isinstance(first, ShellWord) and first.bare in _DECLARES
            assignment = self.assignment() if not words or declares else None
            if assignment is None:
                words.append(self.word())
            elif words:
                words.append(assignment)
            else:
                assignments.append(assignment)
            end = self.place
        if self.place == start:
            raise _StopError(start, "a command is missing")
        return Simple(tuple(assignments), tuple(words), redirections, start, end)

    def assignment(self) -> Assignment | None:
        """Return the assignment that begins here, if one does."""
        found = _ASSIGNED.match(self.text, self.place)
        if found is None:
            return None
        start, self.place = self.place, found.end()
        index = None if found[2] is None else self.inside(found.start(2), found.end(2))
        value: ShellWord | tuple[ShellWord, ...]
        if self.peek("("):
            self.place += 1
            items: list[ShellWord] = []
            self.lines()
            while not self.peek(")"):
                if self.place >= len(self.text):
                    raise _StopError(start, "`(` is not closed")
                items.append(self.word())
                self.lines()
            self.place += 1
            value = tuple(items)
        else:
            value = self.word(empty=True)
        return Assignment(found[1], index, bool(found[3]), value, start, self.place)

    def inside(self, start: int, end: int) -> tuple[Part, ...]:
        """Return a stretch of the text as a word's parts."""
        inner = _Parser(self.text[:end])
        inner.place, inner.depth = start, self.depth + 1
        return tuple(inner.quoted_parts("")) if end > start else ()

    def redirections(self) -> list[Redirection]:
        """Return the redirections behind a compound command."""
        found: list[Redirection] = []
        self.blanks()
        while self.redirection(found):
            self.blanks()
        return found

    def redirection(self, into: list[Redirection]) -> bool:
        """Read the redirection that begins here, if one does; here-documents follow later."""
        found = _REDIRECTION.match(self.text, self.place)
        if found is None or (found[1] in "<>" and self.peek("<(", ">(")):
            return False
        self.place = found.end()
        self.blanks()
        spot, operator = self.place, found[1]
        word = self.word()
        if operator in ("<<", "<<-"):
            literal = any(getattr(part, "quoted", False) for part in word.parts)
            literal = literal or "\\" in self.text[spot : self.place]
            mark = word.literal
            if mark is None:
                mark, literal = self.text[word.start : word.end], False
            self.waiting.append((spot, mark, literal, operator == "<<-", into))
        else:
            into.append(Redirection(operator, word))
        return True

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
            raise _StopError(start, f"unexpected `{text[start : start + 1]}`")
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
                raise _StopError(start, "an opened quote `'` is never closed")
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
                    raise _StopError(start - 1, 'an opened quote `"` is never closed')
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
            raise _StopError(start, "an opened quote ` is never closed")
        self.place = found.end()
        return Output(None, quoted, start, self.place)

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
        except _StopError:
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
        raise _StopError(start, "`((` is not closed")

    def braced(self, start: int, *, quoted: bool) -> Parameter:
        """Return `${…}`."""
        self.place += 2
        length = self.peek("#") and not self.peek("#}")
        indirect = self.peek("!")
        self.place += length or indirect
        name = _PARAMETER.match(self.text, self.place)
        if name is None:
            raise _StopError(start, "`${` without a name")
        self.place = name.end()
        index = None
        if self.peek("["):
            end = self.text.find("]", self.place)
            if end < 0:
                raise _StopError(start, "`[` is not closed")
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
                raise _StopError(start, "`${` is never closed")
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
