"""What the words of a script become: POSIX.1-2017, 2.6, in as far as the script itself says it."""

from __future__ import annotations

from ftlint.launch.tree import Arithmetic, Output, Parameter, Text
from ftlint.launch.values import (
    BLANK,
    HERE,
    NOTHING,
    UNKNOWN,
    Array,
    Field,
    ShellString,
    braces,
    calculated,
    field_of,
    gap,
    joined,
    split,
    without,
)
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ftlint.launch.shell import Shell
    from ftlint.launch.tree import Part, ShellWord

__all__ = ["fields", "joined", "text"]

NO_ARGUMENTS = "the script is started without arguments"
_ALL = ("@", "*")


def text(shell: Shell, parts: Iterable[Part]) -> ShellString:
    """Return the text of parts, as where no word is split."""
    made: list[ShellString] = []
    for place, part in enumerate(parts):
        value = _value(shell, part)
        if isinstance(value, list):
            value = joined(_spaced(value))
        elif not place and _is_home(part):
            value = gap(shell.place(part.start))
        made.append(value)
    return joined(made) if made else NOTHING


def fields(shell: Shell, word: ShellWord) -> list[Field]:
    """Return the words that a program is handed of one: none, one or several."""
    start, end = shell.place(word.start), shell.end(word.end)
    bare = word.bare
    if bare is not None and "{" in bare:
        several = braces(bare)
        if several is not None:
            at = shell.place(word.start)
            return [
                Field(ShellString(one, [at] * len(one)), start, end, UNKNOWN not in one)
                for one in several
            ]
    elif _in_braces(word):
        return [Field(gap(start), start, end, quoted=False)]
    made = _Words()
    for place, part in enumerate(word.parts):
        value = _value(shell, part)
        quoted = not isinstance(part, (Parameter, Output)) or part.quoted
        if not place and _is_home(part):
            value = gap(shell.place(part.start))
        if isinstance(value, list) and quoted and _is_joined(shell, part):
            made.add(joined(_spaced(value)))
        elif isinstance(value, list):
            made.several(value if quoted else _split(value, _separators(shell)))
        elif quoted:
            made.add(value)
            if isinstance(part, Text) and UNKNOWN in part.text and not part.quoted:
                made.quoted = False  # of a text that is run, and is not known whole
        else:
            made.split(value, _separators(shell))
    made.end()
    if len(made.found) == 1 and made.found[0][2] is None:
        value, quoted, _ = made.found[0]
        return [Field(value, start, end, quoted)]
    return [
        own or field_of(value, start)._replace(quoted=quoted) for value, quoted, own in made.found
    ]


class _Words:
    """Words in the making; `own` is that of an array which the open one is and nothing else."""

    def __init__(self) -> None:
        self.found: list[tuple[ShellString, bool, Field | None]] = []
        self.open: list[ShellString] = []
        self.quoted = True
        self.own: Field | None = None

    def add(self, value: ShellString, own: Field | None = None) -> None:
        """Put more to the word that is open."""
        self.own = None if self.open else own
        self.open.append(value)

    def end(self) -> None:
        """Close the word that is open."""
        if self.open:
            self.found.append((joined(self.open), self.quoted, self.own))
        self.open, self.quoted, self.own = [], True, None

    def split(self, value: ShellString, blank: str | None) -> None:
        """Put in what stands outside of quotes: blanks in it end words; None: who knows what."""
        if blank is None and value.text:
            value, blank = gap(value.at[0] if value.at else 0), BLANK
        blank = blank or ""
        words = split(value, blank)
        if value.text and value.text[0] in blank:
            self.end()
        for place, one in enumerate(words):
            if place:
                self.end()
            self.add(one)
            self.quoted = self.quoted and UNKNOWN not in one.text
        if words and value.text[-1] in blank:
            self.end()

    def several(self, values: Sequence[Field]) -> None:
        """Put in words that are words already; the outer ones join what stands beside them."""
        for place, one in enumerate(values):
            if place:
                self.end()
            self.add(one.value, one)
            self.quoted = self.quoted and one.quoted


def _in_braces(word: ShellWord) -> bool:
    """Return whether braces make several words of one of which a part is quoted or a variable."""
    parts = [one.text if isinstance(one, Text) and not one.quoted else "_" for one in word.parts]
    return any("{" in one for one in parts) and braces("".join(parts)) is not None


def _is_home(part: object) -> bool:
    return isinstance(part, Text) and not part.quoted and part.text.startswith("~")


def _separators(shell: Shell) -> str | None:
    """Return what ends words outside of quotes; None where `IFS` is not known, or no blanks."""
    held = shell.state.variables.get("IFS")
    if held is None:
        return BLANK
    known = isinstance(held, ShellString) and set(held.text) <= set(BLANK)
    return held.text if isinstance(held, ShellString) and known else None


def _split(values: Sequence[Field], blank: str | None) -> list[Field]:
    """Return the words that words are which stand outside of quotes."""
    made: list[Field] = []
    for one in values:
        words = [gap(one.start)] if blank is None else split(one.value, blank)
        if len(words) == 1 and words[0].text == one.text:
            made.append(one._replace(quoted=one.quoted and one.known))
        else:
            made += (field_of(each, one.start)._replace(quoted=UNKNOWN not in each.text)
                     for each in words)  # fmt: skip
    return made


def _is_joined(shell: Shell, part: Part) -> bool:
    """Return whether all words become one: `"$*"`, `"${A[*]}"`."""
    if not isinstance(part, Parameter):
        return False
    return part.name == "*" or (
        part.subscript is not None and text(shell, part.subscript).text == "*"
    )


def _spaced(values: Sequence[Field]) -> Iterable[ShellString]:
    for place, one in enumerate(values):
        if place:
            yield ShellString(" ", (one.start,))
        yield one.value
    if not values:
        yield NOTHING


def _value(shell: Shell, part: Part) -> ShellString | list[Field]:
    if isinstance(part, Text):
        start, size = part.start, len(part.text)
        origin = shell.origin
        if isinstance(origin, range):
            return ShellString(part.text, range(start, start + size))
        return ShellString(part.text, [shell.place(start + count) for count in range(size)])
    if isinstance(part, Parameter):
        return _parameter(shell, part)
    if isinstance(part, Arithmetic):
        return _number(shell, part)
    return _output(shell, part)


def _number(shell: Shell, part: Arithmetic) -> ShellString:
    start = shell.place(part.start)
    found = shell.calculated(part.text)
    if found is None:
        return gap(start)
    number, assumed = found
    return ShellString(str(number), [start] * len(str(number)), assumed)


def _output(shell: Shell, part: Output) -> ShellString:
    start = shell.place(part.start)
    made = None if part.body is None else shell.output(part.body)
    if made is None:
        return gap(start)
    stripped = made.text.rstrip("\n")
    return ShellString(stripped, [start] * len(stripped), made.assumed)


def _parameter(shell: Shell, part: Parameter) -> ShellString | list[Field]:
    start, name = shell.place(part.start), part.name
    if part.operator == "!":
        return _indirect(shell, part)
    value = _held(shell, part, start)
    if part.length:
        return _length(value, start)
    if isinstance(value, list):
        return value if part.operator in ("", "@") else _other(shell, part, value)
    if part.operator in ("", "@"):
        if value is None:
            return shell.absent(name, start)
        return value
    return _operated(shell, part, value, start)


def _length(value: ShellString | list[Field] | None, start: int) -> ShellString:
    if value is None or (isinstance(value, ShellString) and not value.known):
        return gap(start)
    number = str(len(value if isinstance(value, list) else value.text))
    return ShellString(number, [start] * len(number))


def _other(shell: Shell, part: Parameter, value: list[Field]) -> ShellString | list[Field]:
    """Return `${A[@]<operator>argument}`."""
    operator, start = part.operator, shell.place(part.start)
    if operator in ("-", ":-", "=", ":=", "?", ":?"):
        return value if value or operator.endswith("?") else text(shell, part.argument)
    if operator in ("+", ":+"):
        return text(shell, part.argument) if value else []
    if operator == ":" and all(one.quoted for one in value):
        first, _, count = text(shell, part.argument).text.partition(":")
        begin, size = calculated(first), calculated(count) if count else len(value)
        begin = begin if begin is None or part.name not in _ALL else begin - 1
        if begin is not None and size is not None and begin >= 0 <= size:
            return value[begin : begin + size]
    return [Field(gap(start), start, shell.end(part.start + 1), quoted=False)]


def _indirect(shell: Shell, part: Parameter) -> ShellString | list[Field]:
    start = shell.place(part.start)
    held = shell.held(part.name)
    if isinstance(held, Array) and part.subscript is not None:  # its keys
        return [Field(ShellString(key, [start] * len(key)), start, start) for key, _ in held.items]
    if isinstance(held, ShellString) and held.known and held.text.isidentifier():
        other = shell.held(held.text)
        if isinstance(other, ShellString):
            return other
    return gap(start)


def _held(shell: Shell, part: Parameter, start: int) -> ShellString | list[Field] | None:
    """Return what a parameter holds; None where the script does not set it."""
    name, positional = part.name, shell.state.positional
    if name in _ALL:
        return shell.arguments(start)
    if name == "#":
        if positional is None:
            return ShellString("0", (start,), (NO_ARGUMENTS,)) if shell.testing else gap(start)
        count = str(len(positional))
        return ShellString(count, [start] * len(count))
    if name.isdecimal():
        if name == "0":
            return _own_path(start)
        if positional is None:
            return None
        at = int(name) - 1
        return positional[at].value if at < len(positional) else NOTHING
    if not (name[0].isalpha() or name[0] == "_"):
        return gap(start)
    held = shell.held(name)
    if held is None:
        return _own_path(start) if name == "BASH_SOURCE" and not shell.sourced else None
    if isinstance(held, ShellString):
        if part.subscript is None or not held.known:
            return held
        return held if text(shell, part.subscript).text in (*_ALL, "0") else NOTHING
    index = "0" if part.subscript is None else text(shell, part.subscript).text
    if index in _ALL:
        return list(held.fields)
    return _item(shell, held, index, start)


def _own_path(start: int) -> ShellString:
    """Return the script's own path, of which the folder counts alone."""
    text = f"{HERE}/{UNKNOWN}"
    return ShellString(text, [start] * len(text))


def _item(shell: Shell, held: Array, index: str, start: int) -> ShellString:
    """Return one word of an array; a gap where it is not known which that is."""
    if UNKNOWN in index:
        return gap(start)
    for key, field in held.items:
        if key == index:
            return field.value
    if not all(key.isdecimal() for key, _ in held.items):
        return NOTHING  # its keys are texts, and this is none of them
    found = shell.calculated(index)
    if found is None or any(not field.quoted for field in held.fields):
        return gap(start)
    number = found[0] + len(held.items) if found[0] < 0 else found[0]
    return next((field.value for key, field in held.items if key == str(number)), NOTHING)


def _operated(shell: Shell, part: Parameter, value: ShellString | None, start: int) -> ShellString:
    """Return `${NAME<operator>argument}`."""
    operator, name = part.operator, part.name
    if value is None:
        shell.asked.add(name)
    empty = value is None or (operator.startswith(":") and value.text == "")
    if operator in (":-", "-", ":=", "="):
        if not empty:
            assert value is not None
            return value
        made = text(shell, part.argument)
        if value is None:
            shown = f"`{name}` is `{made.text}`" if made.known else f"`{name}` is not set"
            said = NO_ARGUMENTS if name.isdecimal() else shown
            made = made._replace(assumed=(*made.assumed, said))
        if operator.endswith("=") and not name.isdecimal():
            shell.state.assign(name, made)
            shell.assigned.add(name)
        return made
    if operator in (":+", "+"):
        if value is None:
            why = NO_ARGUMENTS if name.isdecimal() else f"`{name}` is not set"
            return ShellString("", (), (why,))
        if value.text == UNKNOWN:
            return gap(start)
        return NOTHING if empty else text(shell, part.argument)
    if value is None:
        return shell.absent(name, start)
    if operator in (":?", "?"):
        return value
    if not value.known:
        return _folder_of(shell, part, value, start)
    return _cut(value, operator, text(shell, part.argument).text, start)


def _folder_of(shell: Shell, part: Parameter, value: ShellString, start: int) -> ShellString:
    """Return what is known of an unknown value that is cut: of the script's path its folder."""
    own = value.text == f"{HERE}/{UNKNOWN}" and part.operator == "%"
    if own and text(shell, part.argument).text == "/*":
        return ShellString(HERE, [start] * len(HERE))
    return gap(start, value.assumed)


def _cut(value: ShellString, operator: str, argument: str, start: int) -> ShellString:
    """Return a value cut or changed by an operator; a gap where that is not known."""
    if operator in ("#", "##", "%", "%%"):
        found = without(value, argument, operator)
        return gap(start, value.assumed) if found is None else found
    new = None
    if operator in ("/", "//") and UNKNOWN not in argument:
        old, _, by = argument.partition("/")
        if old and not any(char in old for char in "*?[\\") and old[0] not in "#%":
            new = value.text.replace(old, by, -1 if operator == "//" else 1)
    elif operator in ("^^", ",,") and not argument:
        new = value.text.upper() if operator == "^^" else value.text.lower()
    elif operator == ":":
        first, _, count = argument.partition(":")
        begin, size = calculated(first), calculated(count) if count else len(value.text)
        if begin is not None and size is not None and begin >= 0 <= size:
            new = value.text[begin : begin + size]
    if new is None:
        return gap(start, value.assumed)
    return ShellString(new, [start] * len(new), value.assumed)
