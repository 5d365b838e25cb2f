"""Which texts with `${` OmegaConf takes, and at which it ends the run while the file is read.

OmegaConf holds every such text against the grammar of its references, `${other.key}` and
`${resolver:argument, …}`, and raises on what does not fit. LLaMA Factory resolves none of them: one
that fits stays as it is written. Source: OmegaConf 2.4, run (tests/dialect/test_interpolation.py
asks the real one); 2.3 takes no more, and lacks escapes in keys.
"""

from __future__ import annotations

import re
from functools import cache

DEEPEST = 50
"""References and brackets inside one another that are followed.

Python's own stack ends OmegaConf soon after; what is deeper is not judged, and so called readable.
"""

_OPEN, _BRACE, _CLOSE, _BRACKET, _UNBRACKET, _UNQUOTE = "${", "{", "}", "[", "]", "unquote"
_DOT, _COLON, _COMMA, _TEXT, _WORD, _NAME, _KEY = ".", ":", ",", "text", "word", "name", "key"
_END = ""

_REFERENCE = r"\$\{[ \t]*"
_ESCAPED = r"\\(?:\\\\)*"
_MODES = {
    "top": ((_OPEN, _REFERENCE), (_TEXT, rf"{_ESCAPED}\$\{{|\\+|\$|[^\\$]+")),
    "reference": (
        (_OPEN, _REFERENCE),
        (_CLOSE, r"[ \t]*\}"),
        (_COLON, r"[ \t]*:[ \t]*"),
        (_DOT, r"\."),
        (_BRACKET, r"\["),
        (_UNBRACKET, r"\]"),
        (_NAME, r"[A-Za-z_][A-Za-z0-9_-]*"),
        (_KEY, r"(?:[^\\{}()\[\]:. \t'\"]|\\[\\.:=\[\]])+"),
    ),
    "value": (
        (_OPEN, _REFERENCE),
        ("'", "'"),
        ('"', '"'),
        (_BRACE, r"\{[ \t]*"),
        (_CLOSE, r"[ \t]*\}"),
        (_BRACKET, r"\[[ \t]*"),
        (_UNBRACKET, r"[ \t]*\]"),
        (_COMMA, r"[ \t]*,[ \t]*"),
        (_COLON, r"[ \t]*:[ \t]*"),
        (_WORD, r"(?:\\[\\()\[\]{}:=, \t])+|[ \t]+|[A-Za-z0-9_]+|[/\\+.$%*@?|-]"),
    ),
    "'": ((_OPEN, _REFERENCE), (_UNQUOTE, "'"), (_TEXT, rf"{_ESCAPED}(?:\$\{{|')|\\+|\$|[^'\\$]+")),
    '"': ((_OPEN, _REFERENCE), (_UNQUOTE, '"'), (_TEXT, rf'{_ESCAPED}(?:\$\{{|")|\\+|\$|[^"\\$]+')),
}
"""What may stand where: at the top, in a reference, in its arguments, between either quotes."""


def is_readable(text: str) -> bool:
    """Return whether OmegaConf takes `text` for a value.

    >>> is_readable("${oc.env:HOME}/runs"), is_readable("${{ inputs.dir }}"), is_readable("${")
    (True, False, False)
    """
    if "${" not in text or _usual().match(text):
        return True
    tokens = _tokens(text)
    if tokens is None:
        return False
    try:
        return _Grammar(tokens).whole()
    except _TooDeep:
        return True


def _tokens(text: str) -> list[str] | None:
    """Cut a text up, the longest token first; None where no token fits."""
    modes = ["top"]
    found = []
    place = 0
    while place < len(text):
        kind, end = _END, place
        for name, pattern in _patterns()[modes[-1]]:
            match = pattern.match(text, place)
            if match is not None and match.end() > end:
                kind, end = name, match.end()
        if end == place:
            return None
        found.append(kind)
        place = end
        if kind == _OPEN:
            modes.append("reference")
        elif kind in (_CLOSE, _UNQUOTE):
            modes.pop()
        elif kind == _COLON and modes[-1] == "reference":
            modes[-1] = "value"
        elif kind == _BRACE:
            modes.append("value")
        elif kind in ("'", '"'):
            modes.append(kind)
    return [*found, _END]


class _TooDeep(Exception):
    pass


class _Grammar:
    """Tokens against the grammar, each method one of its rules: does it fit from here on?"""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.place = self.depth = 0

    def next(self, *kinds: str) -> bool:
        """Pass over a token of one of these kinds."""
        fits = self.tokens[self.place] in kinds
        self.place += fits
        return fits

    def whole(self) -> bool:
        return self.text() and self.next(_END)

    def text(self) -> bool:
        while self.tokens[self.place] in (_TEXT, _OPEN):
            if not self.next(_TEXT) and not self.reference():
                return False
        return True

    def reference(self) -> bool:
        """`${.key[key].key}` or `${name.name: arguments}`."""
        self.deeper()
        self.next(_OPEN)
        relative = False
        while self.next(_DOT):
            relative = True
        names = True  # and so may be those of a resolver
        while True:
            if self.next(_BRACKET):
                names = False
                if not self.key() or not self.next(_UNBRACKET):
                    return False
            else:
                names = names and self.tokens[self.place] != _KEY
                if not self.key():
                    return False
            if self.tokens[self.place] != _BRACKET and not self.next(_DOT):
                break
        if names and not relative and self.next(_COLON):
            fits = self.sequence(_CLOSE)
        else:
            fits = self.next(_CLOSE)
        self.depth -= 1
        return fits

    def key(self) -> bool:
        if self.tokens[self.place] == _OPEN:
            return self.reference()
        return self.next(_NAME, _KEY)

    def sequence(self, end: str) -> bool:
        """Elements with commas between them, any of which may be missing, up to what ends them."""
        while not self.next(end):
            if self.next(_COMMA):
                continue
            if not self.element() or self.tokens[self.place] not in (_COMMA, end):
                return False
        return True

    def element(self) -> bool:
        if self.next("'", '"'):
            return self.text() and self.next(_UNQUOTE)
        if self.next(_BRACKET):
            self.deeper()
            fits = self.sequence(_UNBRACKET)
        elif self.next(_BRACE):
            self.deeper()
            fits = self.mapping()
        else:
            return self.words()
        self.depth -= 1
        return fits

    def mapping(self) -> bool:
        if self.next(_CLOSE):
            return True
        while self.next(_WORD):
            while self.next(_WORD):
                pass
            if not self.next(_COLON) or not self.element():
                return False
            if self.next(_CLOSE):
                return True
            if not self.next(_COMMA):
                return False
        return False

    def words(self) -> bool:
        begun = self.place
        while self.tokens[self.place] in (_WORD, _COLON, _OPEN):
            if not self.next(_WORD, _COLON) and not self.reference():
                return False
        return self.place > begun

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise _TooDeep


@cache
def _patterns() -> dict[str, tuple[tuple[str, re.Pattern[str]], ...]]:
    return {
        mode: tuple((kind, re.compile(pattern)) for kind, pattern in tokens)
        for mode, tokens in _MODES.items()
    }


@cache
def _usual() -> re.Pattern[str]:
    """Return what OmegaConf takes at a glance, where it is laxer about blanks than its grammar."""
    key = r"[$\w]+"
    name = r"[a-zA-Z_][\w-]*"
    word = r"[a-zA-Z_0-9/\-+.$%*@?|]+"
    node = rf"\$\{{\s*\.*(?:{key}|\[{key}\])(?:\.{key}|\[{key}\])*\s*\}}"
    resolver = rf"\$\{{\s*(?:{name}(?:\.{name})*)?\s*:\s*{word}(?:\s*,\s*{word})*\s*\}}"
    between = r"(?:[^$]|\$(?!\{))+"
    return re.compile(rf"(?:{between})?(?:(?:{node}|{resolver})(?:{between})?)+$", re.ASCII)
