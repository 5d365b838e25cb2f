"""A text to the commands that a POSIX shell or bash reads in it.

Grammar: POSIX.1-2017, 2.10, and bash 5 for arrays, `[[`, `((`, `$'…'` and `&>`.
"""

from __future__ import annotations

import re

from ftlint.launch.tree import (
    Assignment,
    Case,
    Chain,
    Fault,
    Function,
    Group,
    If,
    Loop,
    Redirection,
    Script,
    ShellWord,
    Simple,
    Text,
)
from ftlint.launch.words import Reader, StopError
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.launch.tree import Command

DEEPEST = 60
"""Levels of nesting; a script of a person has five."""

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)(?:\[([^\]\n]*)\])?(\+?)=", re.ASCII)
_REDIRECTION = re.compile(r"(?:\d+|\{\w+\})?(<<<|<<-?|<>|<&|>>|>&|>\||&>>|&>|<|>)")
_SEPARATORS = (";", "&", "\n")
_ENDS = frozenset("then do done fi elif else esac }".split())
_DECLARES = frozenset("export declare local readonly typeset".split())


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
                raise StopError(parser.place, f"unexpected `{text[parser.place]}`")
    except StopError as stop:
        fault = stop.fault
        commands += parser.whole
    except RecursionError:
        fault = Fault(0, "it is nested too deeply")
        commands += parser.whole
    return Script(tuple(commands), tuple(dict.fromkeys(parser.comments)), fault)


class _Parser(Reader):
    """A text, and the commands of it that a shell has run where it stops."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.whole: list[Command] = []
        """Commands of a list at the top that was broken off: a shell has run them by then."""

    def list_of(self, ends: tuple[str, ...]) -> list[Command]:
        """Return the commands up to one of the words that end them, which is left."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise StopError(self.place, "it is nested too deeply")
        found: list[Command] = []
        while True:
            self.lines()
            word = self.keyword()
            if self.place >= len(self.text) or self.peek(")", ";;", ";&") or word in ends:
                break
            if word in _ENDS and not (word == "}" and "}" not in ends and not ends):
                raise StopError(self.place, f"unexpected `{word}`")
            try:
                found.append(self.chain())
            except (StopError, RecursionError):
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
                raise StopError(start, "`[[` is not closed")
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
                raise StopError(self.place, f"unexpected `{self.text[self.place]}`")
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
            raise StopError(start, "a command is missing")
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
                    raise StopError(start, "`(` is not closed")
                items.append(self.word())
                self.lines()
            self.place += 1
            value = tuple(items)
        else:
            value = self.word(empty=True)
        return Assignment(found[1], index, bool(found[3]), value, start, self.place)

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
