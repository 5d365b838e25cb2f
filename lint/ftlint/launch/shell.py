"""What a shell would hand to programs: a script followed without running anything.

Variables are followed where the script assigns them. What it does not assign, or a program would
tell, stays unknown; a default that the script names is taken, and said.
"""

from __future__ import annotations

from ftlint.launch import expansion, flow
from ftlint.launch.builtins import BUILTINS, is_change, tested
from ftlint.launch.conditions import of_arithmetic
from ftlint.launch.expansion import NO_ARGUMENTS
from ftlint.launch.outputs import PRINTING, filtered, output_of
from ftlint.launch.parser import parse
from ftlint.launch.state import Call, State, Written
from ftlint.launch.tree import (
    Assignment,
    Case,
    Chain,
    Function,
    If,
    Loop,
    ShellWord,
    Simple,
    Text,
)
from ftlint.launch.values import MANY, Array, Field, ShellString, calculated, gap, is_placed
from ftlint.launch.wrappers import text_run_by
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ftlint.launch.tree import Command, Fault
    from ftlint.launch.values import Value

    Outcome = tuple[bool | None, tuple[str, ...], str]
    """Whether a command succeeds, what was assumed for that, and what it ends."""

MOST = 20_000
"""Commands that are followed of a script; one with much to hand over or to copy counts for more."""
DEEPEST = 20
"""Functions, texts and files within each other."""


class Shell:
    """One script and what is known while it is followed."""

    def __init__(
        self,
        text: str,
        sources: Callable[[str], str | None] | None = None,
        outside: Mapping[str, ShellString] = {},
    ) -> None:
        self.text = text
        self.sources = sources
        self.outside = outside
        """Variables that what starts the script sets."""
        self.origin: Sequence[int] = range(len(text) + 1)
        self.state = State()
        self.functions: dict[str, tuple[Command, Sequence[int]]] = {}
        self.calls: list[Call] = []
        self.written: list[Written] = []
        self.faults: list[Fault] = []
        self.assigned: set[str] = set()
        self.unset: dict[str, int] = {}
        """Variables that are used and that the script does not set, with the first place."""
        self.asked: set[str] = set()
        """Those of them for which the script has a default or a test, and all others."""
        self.locals: list[dict[str, Value | None]] = []
        self.presumed: dict[str, None] = {}
        self.testing = 0
        """Within a condition, where a variable that is not set counts as empty."""
        self.doubtful = 0
        self.steps = 0
        self.depth = 0
        self.sourced = 0
        """Files within each other that are taken in."""

    def begin(self, outside: Mapping[str, ShellString]) -> None:
        """Forget what was set: another shell follows, which finds these variables set."""
        self.state, self.functions, self.presumed = State(), {}, {}
        self.outside = outside

    # places

    def place(self, offset: int) -> int:
        """Return where in the script an offset of the text that is being followed lies."""
        return self.origin[min(offset, len(self.origin) - 1)]

    def end(self, offset: int) -> int:
        """Return where in the script that ends which ends at an offset of the text."""
        return self.place(offset - 1) + 1 if offset else self.place(0)

    def follow(self, text: str, origin: Sequence[int]) -> str:
        """Follow a text whose characters stand elsewhere in the script."""
        if self.depth >= DEEPEST:
            return ""
        outer, self.origin = self.origin, origin
        self.depth += 1
        script = parse(text)
        end = self.run(script.commands)
        if script.fault is not None and not end:
            self.faults.append(script.fault._replace(start=self.place(script.fault.start)))
            end = "exit"
        self.depth -= 1
        self.origin = outer
        return end

    # commands

    def run(self, commands: Iterable[Command]) -> str:
        """Follow commands; return what ends them: exit, return, break, continue or nothing."""
        for command in commands:
            end = self.one(command)[2]
            if end:
                return end
        return ""

    def one(self, command: Command) -> Outcome:
        """Follow a command: return whether it succeeds, what was assumed for that, what it ends."""
        self.steps += 1
        if self.steps > MOST:
            return None, (), "exit"
        if isinstance(command, Simple):
            return self.simple(command)
        if isinstance(command, Chain):
            return flow.chain(self, command)
        if isinstance(command, If):
            return None, (), flow.branches(self, command)
        if isinstance(command, Loop):
            return None, (), flow.loop(self, command)
        if isinstance(command, Case):
            return None, (), flow.case(self, command)
        if isinstance(command, Function):
            self.functions[command.name] = command.body, self.origin
            return True, (), ""
        if not command.apart:
            return None, (), self.run(command.body)
        self.aside(lambda: self.run(command.body))
        return None, (), ""

    def aside(self, act: Callable[[], object]) -> None:
        """Follow what a process of its own does: its variables end with it."""
        outer = self.state
        self.state = outer.copy()
        act()
        self.state = outer

    def simple(self, command: Simple) -> Outcome:
        """Follow a program, a builtin, a function, or assignments."""
        shell_words = [word for word in command.words if isinstance(word, ShellWord)]
        if command.test == "[[":
            return *tested(self, shell_words, extended=True), ""
        if command.test == "((":
            return *of_arithmetic(self, str(shell_words[0].literal)), ""
        if not command.words:
            for assignment in command.assignments:
                self.assign(assignment)
            return True, (), ""
        name = shell_words[0].literal if shell_words else None
        if name in BUILTINS and name not in self.functions:
            return BUILTINS[name](self, command)
        words = self.fields(shell_words)
        if not words:
            return None, (), ""
        name = words[0].text if words[0].known else None
        if name in self.functions:
            return None, (), self.function(name, words[1:])
        self.steps += len(words) // 2 + len(self.state.exported) // 4
        call = Call(
            tuple(words), self.handed(command.assignments), self.place(command.start),
            self.end(command.end), self.state.folder, not self.doubtful,
            self.here_document(command), tuple(self.presumed),
        )  # fmt: skip
        self.calls.append(call)
        self.within(call)
        return None, (), ""

    def within(self, call: Call) -> None:
        """Follow the commands that a program is handed as a text: `bash -c`, or on its input."""
        inner = text_run_by(call)
        if inner is None:
            return

        def act() -> None:
            state = self.state
            state.variables = {
                name: value for name, value in state.variables.items() if name in state.exported
            }
            state.variables.update(call.environment)
            state.exported |= set(call.environment)
            state.positional = tuple(inner.arguments)
            self.follow(inner.text.text, [*inner.text.at, call.end])

        self.aside(act)

    def output(self, body: Sequence[Command]) -> ShellString | None:
        """Return what a substituted command prints, where that is known; what it calls counts."""
        made: list[ShellString | None] = [None]

        def act() -> None:
            made[0] = self.printed(body[0]) if len(body) == 1 else None
            if made[0] is None:
                self.run(body)

        testing, self.testing = self.testing, 0
        self.aside(act)
        self.testing = testing
        return made[0]

    def printed(self, command: Command) -> ShellString | None:
        """Return what a command prints that only works on its words, or on what one printed."""
        if isinstance(command, Chain) and command.operator == "|" and command.right is not None:
            left = self.printed(command.left)
            if left is None or not isinstance(command.right, Simple):
                return None
            words = [word for word in command.right.words if isinstance(word, ShellWord)]
            return filtered(left, self.fields(words))
        if isinstance(command, Chain) and command.operator == "&&" and is_change(command.left):
            self.one(command.left)
            return None if command.right is None else self.printed(command.right)
        if not isinstance(command, Simple) or command.assignments:
            return None
        words = [word for word in command.words if isinstance(word, ShellWord)]
        if words and words[0].literal == "pwd":
            folder, start = self.state.folder or "", self.place(command.start)
            return ShellString(folder, [start] * len(folder)) if is_placed(folder) else None
        if not words or words[0].literal not in PRINTING:
            return None
        return output_of(self.fields(words))

    def calculated(self, text: str) -> tuple[int, tuple[str, ...]] | None:
        """Return what an arithmetic expression gives, and what was assumed for it."""
        import re

        assumed: list[str] = []
        waiting = text

        def put(found: re.Match[str]) -> str:
            held = self.held(found[1])
            if not isinstance(held, ShellString) or not held.text.strip().isdecimal():
                return "?"
            assumed.extend(held.assumed)
            return held.text.strip()

        waiting = re.sub(r"\$?\{?\b([A-Za-z_]\w*)\b\}?", put, waiting)
        if "=" in waiting.replace("==", "").replace("<=", "").replace(">=", "").replace("!=", ""):
            return None
        number = calculated(waiting)
        return None if number is None else (number, tuple(assumed))

    def held(self, name: str) -> Value | None:
        """Return what a variable holds; None where nothing known sets it."""
        held = self.state.variables.get(name)
        return self.outside.get(name) if held is None else held

    def absent(self, name: str, start: int) -> ShellString:
        """Return what a variable holds that the script does not set."""
        self.asked.add(name)
        if self.testing:
            why = NO_ARGUMENTS if name.isdecimal() else f"`{name}` is not set"
            return ShellString("", (), (why,))
        if not name.isdecimal():
            self.unset.setdefault(name, start)
        return gap(start)

    def arguments(self, start: int) -> list[Field]:
        """Return what the script or function was called with; of a script's nothing is known."""
        if self.state.positional is None:
            if self.testing:
                return []
            return [Field(gap(start, (NO_ARGUMENTS,)), start, start + 2, quoted=False)]
        return list(self.state.positional)

    def here_document(self, command: Simple) -> ShellString | None:
        """Return what a command reads that stands in the script; a file it writes is noted."""
        here = into = None
        for one in command.redirections:
            if one.body is not None:
                here = self.text_of(one.body)
            elif one.operator in (">", ">>", ">|"):
                into = self.field(one.word)
        if here is not None and into is not None:
            self.written.append(Written(into, here, self.state.folder))
        return here

    def handed(self, assignments: Iterable[Assignment]) -> dict[str, ShellString]:
        """Return the variables that a program is handed."""
        state = self.state
        found = {
            name: value
            for name in sorted(state.exported)
            if isinstance(value := state.variables.get(name), ShellString)
        }
        for one in assignments:
            if isinstance(one.value, ShellWord):
                found[one.name] = self.text_of(one.value)
        return found

    def function(self, name: str, arguments: Sequence[Field]) -> str:
        """Follow a function that is called."""
        if self.depth >= DEEPEST:
            return ""
        body, origin = self.functions[name]
        outer, outer_origin = self.state.positional, self.origin
        self.state.positional, self.origin = tuple(arguments), origin
        self.locals.append({})
        self.depth += 1
        end = self.one(body)[2]
        self.depth -= 1
        for variable, value in self.locals.pop().items():
            if value is None:
                self.state.variables.pop(variable, None)
            else:
                self.state.variables[variable] = value
        self.state.positional, self.origin = outer, outer_origin
        return "exit" if end == "exit" else ""

    def assign(self, one: Assignment) -> None:
        """Set a variable as an assignment says."""
        self.assigned.add(one.name)
        state = self.state
        old = state.variables.get(one.name)
        if not isinstance(one.value, ShellWord):
            items = list(old.items) if one.append and isinstance(old, Array) else []
            if one.append and isinstance(old, ShellString):
                items = [("0", Field(old, self.place(one.start), self.end(one.end), old.known))]
            for word in one.value:
                items += self.items(word, len(items))
                self.steps += len(items) // 256
                if len(items) > MANY:
                    items = [("0", Field(gap(self.place(one.start)), 0, 0, quoted=False))]
                    break
            state.assign(one.name, Array(tuple(items)))
            return
        value = self.text_of(one.value)
        if one.subscript is not None:
            index = self.parts(one.subscript).text
            items = [pair for pair in getattr(old, "items", ()) if pair[0] != index]
            items.append((index, Field(value, self.place(one.start), self.end(one.end))))
            state.assign(one.name, Array(tuple(items)))
        elif one.append:
            first = old if isinstance(old, ShellString) else gap(self.place(one.start))
            state.assign(one.name, expansion.joined((first, value)))
        else:
            state.assign(one.name, value)
        self.steps += len(value.text) // 256

    def items(self, word: ShellWord, count: int) -> list[tuple[str, Field]]:
        """Return the words that one of an array's becomes, `[key]=value` by its key."""
        first = word.parts[0] if word.parts else None
        made = self.text_of(word) if isinstance(first, Text) and not first.quoted else None
        if made is not None and made.text.startswith("[") and "]=" in made.text:
            key, _, _ = made.text[1:].partition("]=")
            cut = len(key) + 3
            value = ShellString(made.text[cut:], made.at[cut:], made.assumed)
            return [(key, Field(value, self.place(word.start), self.end(word.end)))]
        return [(str(count + place), one) for place, one in enumerate(self.fields([word]))]

    # words

    def fields(self, words: Iterable[ShellWord]) -> list[Field]:
        """Return what programs are handed of words."""
        return [field for word in words for field in expansion.fields(self, word)]

    def field(self, word: ShellWord) -> Field:
        """Return a word as one, as where no word is split."""
        return Field(self.text_of(word), self.place(word.start), self.end(word.end))

    def text_of(self, word: ShellWord) -> ShellString:
        """Return the text of a word, as where no word is split."""
        return self.parts(word.parts)

    def parts(self, parts: Iterable[object]) -> ShellString:
        """Return the text of parts of a word."""
        return expansion.text(self, parts)  # type: ignore[arg-type]
