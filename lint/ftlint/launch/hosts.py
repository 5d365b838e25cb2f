"""Shell commands that stand in other files: each stretch with the place of every character.

Dockerfile, Makefile, workflows of GitHub, notebooks, PowerShell and batch files, and lists in
Python that start a program: as far as they are literal.
"""

from __future__ import annotations

import re

from ftlint.launch.stretch import Stretch
from ftlint.launch.values import UNKNOWN
from ftlint.support.files import base
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


def stretches(text: str, path: str) -> tuple[Stretch, ...] | None:
    """Return the shell texts of a file; None for one that is a shell script itself."""
    name = base(path).lower()
    for fits, read in _READERS:
        if re.fullmatch(fits, name):
            return tuple(read(text))
    return None


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line with where it begins, line ends included."""
    place = 0
    for line in text.splitlines(keepends=True):
        yield place, line
        place += len(line)


def _piece(text: str, start: int, end: int) -> Stretch:
    return Stretch(text[start:end], range(start, end + 1))


def _joined(pieces: Sequence[Stretch], end: int) -> Stretch:
    return Stretch(
        "".join(one.text for one in pieces),
        [place for one in pieces for place in one.at[: len(one.text)]] + [end],
    )


def _dockerfile(text: str) -> Iterator[Stretch]:
    """Yield what `RUN`, `CMD` and `ENTRYPOINT` run; `ENV` before it is exported."""
    pieces: list[Stretch] = []
    for found in re.finditer(
        r"(?im)^[ \t]*(RUN|CMD|ENTRYPOINT|ENV)[ \t]+((?:[^\\\n]|\\(?:.|\n))*)", text
    ):
        start, end = found.span(2)
        kind, body = found[1].upper(), found[2]
        spaced = re.match(r"(\w+)[ \t]+([^\s'\"\\][^'\"\\\n]*)", body)
        if kind == "ENV" and spaced is not None:  # all behind the name is the value
            begin = start + spaced.start(2)
            value = _piece(text, begin, begin + len(spaced[2].rstrip()))
            pieces += _put(f'export {spaced[1]}="', start), value, _put('"\n', end)
        elif kind == "ENV":
            pieces += _put("export ", start), _piece(text, start, end), _put("\n", end)
        elif body.lstrip().startswith("["):
            words = _list_of(text, start, end)
            if words is not None:
                yield _joined([*pieces, words], end)
        else:
            options = re.match(r"(?:--\w[\w-]*(?:=\S*)?\s+)*", body)
            start += options.end() if options else 0
            yield _joined([*pieces, _piece(text, start, end)], end)


def _put(text: str, place: int) -> Stretch:
    """Return a text that stands nowhere in the file, at the place where it takes effect."""
    return Stretch(text, [place] * (len(text) + 1))


def _list_of(text: str, start: int, end: int) -> Stretch | None:
    """Return a JSON list of words as a command."""
    words = list(re.finditer(r'"((?:[^"\\]|\\.)*)"', text[start:end]))
    if not words:
        return None
    if [word[1] for word in words[:2]] in (["/bin/sh", "-c"], ["sh", "-c"], ["bash", "-c"]):
        words = words[2:3]
        return _piece(text, start + words[0].start(1), start + words[0].end(1)) if words else None
    return _of_words([(word[1], start + word.start(1)) for word in words], end)


def _of_words(words: Sequence[tuple[str, int]], end: int) -> Stretch:
    """Return words as a command in which each is quoted, so that the shell leaves it as it is."""
    pieces: list[Stretch] = []
    for word, start in words:
        escaped = word.replace("'", "'\\''")
        inner: Sequence[int] = range(start, start + len(word))
        if escaped != word:
            inner = [start] * len(escaped)
        pieces.append(
            Stretch(f"'{escaped}' ", [start, *inner, start + len(word), start + len(word)])
        )
    return _joined(pieces, end)


def _makefile(text: str) -> Iterator[Stretch]:
    """Yield the recipes; `$(NAME)` is `${NAME}` where the file sets it, `$$` a `$`."""
    setters: list[Stretch] = []
    for found in re.finditer(
        r"(?m)^(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*[:?]?=[ \t]*([^\n#]*)", text
    ):
        value = found[2].rstrip()
        if not re.search(r"[$'\"\\ \t]", value):
            begin = found.start(1)
            setters.append(_put(f"{found[1]}=", begin))
            setters.append(_piece(text, found.start(2), found.start(2) + len(value)))
            setters.append(_put("\n", found.end()))
    pieces: list[Stretch] = []
    for start, line in _lines(text):
        if line.startswith("\t"):
            skip = len(line) - len(line[1:].lstrip("@-+ "))
            chars: list[str] = []
            at: list[int] = []
            place = skip
            while place < len(line):
                variable = re.compile(r"\$[({](\w+)[)}]").match(line, place)
                if variable is not None:
                    new, step = f"${{{variable[1]}}}", len(variable[0])
                elif line.startswith("$$", place):
                    new, step = "$", 2
                else:
                    new, step = line[place], 1
                chars.append(new)
                at += [start + place] * len(new)
                place += step
            pieces.append(Stretch("".join(chars), [*at, start + len(line)]))
            if not line.rstrip("\r\n").endswith("\\"):  # each line has a shell of its own
                yield _joined([*setters, *pieces], start + len(line))
                pieces = []
        elif pieces and line.strip() and not pieces[-1].text.endswith("\\\n"):
            yield _joined([*setters, *pieces], start)
            pieces = []
        elif pieces and pieces[-1].text.endswith("\\\n"):
            pieces.append(_piece(text, start, start + len(line)))
    if pieces:
        yield _joined([*setters, *pieces], len(text))


def _workflow(text: str) -> Iterator[Stretch]:
    """Yield each `run:` of a workflow."""
    lines = list(_lines(text))
    place = 0
    while place < len(lines):
        start, line = lines[place]
        found = re.match(r"([ \t]*(?:- +)?)run:[ \t]*(.*)", line)
        place += 1
        if found is None:
            continue
        indent = len(found[1])
        if not re.match(r"[|>][-+0-9]*[ \t]*$", found[2]):
            yield _plain_or_quoted(found[2], start + found.start(2))
            continue
        pieces: list[Stretch] = []
        while place < len(lines):
            begin, inner = lines[place]
            blank = not inner.strip()
            deeper = len(inner) - len(inner.lstrip(" "))
            if not blank and deeper <= indent - (2 if "-" in found[1] else 0):
                break
            piece = _piece(text, begin + (0 if blank else deeper), begin + len(inner))
            if found[2].startswith(">") and not blank:
                piece = piece._replace(text=piece.text.replace("\n", " "))
            pieces.append(piece)
            place += 1
        if pieces:
            yield _joined(pieces, lines[place][0] if place < len(lines) else len(text))


def _plain_or_quoted(value: str, start: int) -> Stretch:
    """Return the text of a YAML scalar on one line."""
    double = re.match(r'"((?:[^"\\]|\\.)*)"', value)
    if double is not None:
        return _unescaped(double[1], start + 1)
    single = re.match(r"'((?:[^']|'')*)'", value)
    if single is None:
        return Stretch(value, range(start, start + len(value) + 1))
    chars = [(one[0][0], start + 1 + one.start()) for one in re.finditer("''|[^']", single[1])]
    end = start + single.end()
    return Stretch("".join(char for char, _ in chars), [*(place for _, place in chars), end])


def _notebook(text: str) -> Iterator[Stretch]:
    """Yield the `!` lines and `%%bash` cells of a notebook, whose lines are JSON strings.

    A cell that begins with `%%writefile FILE` is a here-document for that file.
    """
    for lines in _cells(text):
        end = lines[-1].at[-1]
        first = lines[0].text.lstrip()
        if re.match(r"%%(?:bash|sh|script bash)\b", first):
            yield _joined([_ended(one) for one in lines[1:]], end)
            continue
        file = re.match(r"%%writefile[ \t]+([\w./-]+)\s*$", first)
        if file is not None:
            head = _put(f"cat > {file[1]} <<'{_CELL}'\n", lines[0].at[0])
            yield _joined([head, *map(_ended, lines[1:]), _put(f"{_CELL}\n", end)], end)
            continue
        pieces: list[Stretch] = []
        goes_on = False
        for one in lines:
            command = re.match(r"\s*!", one.text)
            if goes_on or command is not None:
                skip = 0 if goes_on or command is None else command.end()
                pieces.append(_ended(_filled(Stretch(one.text[skip:], one.at[skip:]))))
                goes_on = one.text.rstrip("\n").endswith("\\")
        if pieces:
            yield _joined(pieces, end)


_CELL = "END-OF-THE-CELL"
_SOURCE = re.compile(
    r'"source"\s*:\s*(?:\[((?:[^\]"]|"(?:[^"\\]|\\.)*")*)\]|("(?:[^"\\]|\\.)*"))', re.S
)
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.S)


def _cells(text: str) -> Iterator[list[Stretch]]:
    """Yield the lines of each cell of code."""
    import json

    try:
        cells = json.loads(text)["cells"]
        kinds = [(one.get("source"), one.get("cell_type", "code")) for one in cells]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return
    left = iter(kinds)
    for found in _SOURCE.finditer(text):
        source = json.loads(found[0].partition(":")[2])
        kind = next((kind for own, kind in left if own == source), None)
        if kind is None:
            return
        place = found.start(1) if found[2] is None else found.start(2)
        strings = _STRING.finditer(found[1] if found[2] is None else found[2])
        lines = [_unescaped(one[1], place + one.start(1)) for one in strings]
        if kind == "code" and lines:
            yield [line for one in lines for line in _split(one)]


def _split(one: Stretch) -> Iterator[Stretch]:
    """Yield the lines of a text, line ends included."""
    for line in re.finditer(r"[^\n]*\n|[^\n]+", one.text):
        yield Stretch(line[0], one.at[line.start() : line.end() + 1])


def _filled(one: Stretch) -> Stretch:
    """Return a line of a notebook with a gap where a value of Python is put in: `{name}`."""
    chars: list[str] = []
    at: list[int] = []
    for found in re.finditer(r"(?<!\$)\{[^{}\n]*\}|.|\n", one.text):
        chars.append(UNKNOWN if len(found[0]) > 1 else found[0])
        at.append(one.at[found.start()])
    return Stretch("".join(chars), [*at, one.at[-1]])


def _ended(one: Stretch) -> Stretch:
    return one if one.text.endswith("\n") else Stretch(f"{one.text}\n", [*one.at, one.at[-1]])


def _unescaped(body: str, start: int) -> Stretch:
    """Return a JSON string's text; each character stands where its escape begins."""
    chars: list[str] = []
    at: list[int] = []
    for found in re.finditer(r"\\u[0-9a-fA-F]{4}|\\.|[^\\]", body, re.S):
        one = found[0]
        if one.startswith("\\u"):
            one = chr(int(one[2:], 16))
        elif one.startswith("\\"):
            one = {"n": "\n", "t": "\t", "r": "\r"}.get(one[1], one[1])
        chars.append(one)
        at.append(start + found.start())
    return Stretch("".join(chars), [*at, start + len(body)])


def _powershell(text: str) -> Iterator[Stretch]:
    """Yield a script of PowerShell as the same commands for a shell."""
    from ftlint.launch.powershell.statements import commands

    yield commands(text)


def _batch(text: str) -> Iterator[Stretch]:
    """Yield a batch file as the same commands for a shell."""
    from ftlint.launch.batch import commands

    yield commands(text)


def _python(text: str) -> Iterator[Stretch]:
    """Yield the lists and texts that Python hands to a program, where they are literal."""
    import ast

    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    starts = [0, *(found.end() for found in re.finditer(r"\n", text))]

    def place(node: ast.expr) -> int:
        line = text[starts[node.lineno - 1] :].encode()[: node.col_offset]
        return starts[node.lineno - 1] + len(line.decode())

    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        if name not in ("run", "Popen", "call", "check_call", "check_output", "system"):
            continue
        first = node.args[0]
        if isinstance(first, (ast.List, ast.Tuple)):
            words = [
                (one.value, place(one) + 1)
                for one in first.elts
                if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
            if words and len(words) == len(first.elts):
                yield _of_words(words, place(first))
        elif isinstance(first, ast.Constant) and isinstance(first.value, str):
            begin = place(first) + 1
            inside = text[begin : begin + len(first.value)]
            plain = inside == first.value
            at: Sequence[int] = range(begin, begin + len(first.value) + 1)
            yield Stretch(first.value, at if plain else [begin] * (len(first.value) + 1))


_READERS: tuple[tuple[str, Callable[[str], Iterator[Stretch]]], ...] = (
    (r"dockerfile.*|.*\.dockerfile", _dockerfile),
    (r"(?:gnu)?makefile|.*\.mk", _makefile),
    (r".*\.ipynb", _notebook),
    (r".*\.ps1", _powershell),
    (r".*\.(?:bat|cmd)", _batch),
    (r".*\.py", _python),
    (r".*\.ya?ml", _workflow),
)
