"""Secrets in the text of a config: where their values stand, and the text without them.

No message, excerpt, difference or kept result shows one. They are found in the text itself, since
that is what is shown, parsed or not: pairs of a name and a value in blocks, flow mappings, JSON and
shell, credentials in an address, and tokens whose form tells whose they are.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ftlint.support.pattern import pattern
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

STARS = "***"
SHORT = 6
"""A shorter value is looked for only in what is said of its own key: `true` is in many messages."""

_NAME = pattern(r"""(?<![\w.-])([\w.-]+)["']?[ \t]*[:=][ \t]*""")
"""Begins where a word does: no text takes more than one pass."""
_FLAG = pattern(r"""--([A-Za-z][\w-]*)[ \t=]+(?!--)["']?([^\s"'\\]+)""")
_DEFAULT = pattern(r"""\$\{(\w+):?[-=]["']?([^}"'\n]*)""")
_SHELL_WORD = pattern(r"[^\s;&|)]*")
_QUOTED = pattern(r"""\"(?:[^"\\\n]|\\.)*|'(?:[^'\n]|'')*""")
_TO_THE_NEXT = pattern(r"(?:(?![,}\]]|[ \t]#)[^\n])*")
_BLOCK = pattern(r"[|>][-+0-9]*[ \t]*(?:#[^\n]*)?(?=\n|\Z)")
_DEEPER = pattern(r"\n([ \t]*)([^\n]*)")
_ADDRESS = pattern(r"://[^\s/:@]{0,200}:([^\s/@]{1,500})@")
_MAY_BE_SECRET = pattern(r"(?i)t.?k|ke|ky|yk|api|se|cr|pa|pw|ho|we|au")
"""What a name of a secret holds, slips included: most names are told from one by this alone."""


_MAKERS = r"(?:proj|svcacct|admin|None|ant(?:-[a-z]+\d\d)?)-"
_DRAWN = r"(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{32,250}"
_UNBROKEN = r"(?:[a-z]{2,8}-(?:v\d-)?)?(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{32,200}"
"""What follows `sk-`: names that begin so are words and short numbers between hyphens."""

_FORMS = (
    ("a Hugging Face token", r"hf_[A-Za-z0-9]{24,64}"),
    ("an OpenAI-style API key", rf"sk-(?:{_MAKERS}{_DRAWN}|{_UNBROKEN})"),
    ("a GitHub token", r"gh[oprsu]_[A-Za-z0-9]{30,255}|github_pat_\w{22,255}"),
    ("a GitLab token", r"glpat-[\w-]{20,64}"),
    ("an AWS access key", r"(?:AKIA|ASIA)[A-Z0-9]{16}"),
    ("a Google API key", r"AIza[\w-]{35}"),
    ("a Slack token", r"xox[abeoprs]-[A-Za-z0-9-]{10,255}"),
    ("a Weights & Biases API key", r"wandb_v\d_\w{20,255}"),
    ("a PyPI token", r"pypi-AgEI[\w-]{40,255}"),
    ("a ModelScope token", r"ms-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
)
"""What is taken for a secret wherever it stands, by its form."""
_ANY_FORM = "(?<![\\w-])(?:" + "|".join(f"({form})" for _, form in _FORMS) + ")(?![\\w-])"
_BEGINNINGS = (
    *("hf_", "sk-", "gho_", "ghp_", "ghr_", "ghs_", "ghu_", "github_pat_", "glpat-"),
    *("AKIA", "ASIA", "AIza", "xox", "wandb_v", "pypi-", "ms-"),
)
"""One of them is in every text that has a secret by its form."""

_STAND_INS = frozenset(
    """abc apikey change changeme dummy empty enter example fake fill fixme foo insert key my none
    null password paste placeholder put redacted removed replace sample secret test todo token
    undefined your yours""".split()
)
"""Words of which one makes a value no secret."""
_WORD = r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])"
FEW = 4
"""Different letters that a secret has more of: `xxxx` and `0000` are none."""


class Secret(NamedTuple):
    """A value that is kept from view: the name it stands under, and where it is in the text."""

    name: str
    start: int
    end: int
    kind: str = ""
    """What it is by its form, where that tells."""
    wanders: bool = False
    """Whether it is a default of a shell, `${NAME:-default}`: it is put in wherever NAME is."""


@lru_cache(maxsize=4)
def secrets_in(text: str) -> tuple[Secret, ...]:
    """Return the secrets of a text, in their order."""
    found = [*_of_pairs(text)]
    if "://" in text and "@" in text:
        found += (Secret("", *one.span(1)) for one in _ADDRESS.finditer(text))
    if _may_have_form(text):
        found += _of_form(text)
    return tuple(sorted(found, key=lambda one: one.start))


def _of_pairs(text: str) -> Iterator[Secret]:
    if "${" in text:
        yield from _of_defaults(text)
    if not any(map(_is_hidden, {*_NAME.findall(text)})):
        return  # most texts have none, which names alone tell sooner than matches
    from ftlint.target.variables import is_secret

    for match in _NAME.finditer(text):
        name = match[1]
        if not _is_hidden(name) or text[max(match.start() - 2, 0) : match.start()] == "${":
            continue
        assigned = match[0].endswith(f"{name}=")  # as a shell does: its own variables are shown
        if assigned and not is_secret(name):
            continue
        start, end = _value(text, match.start(), match.end())
        if assigned and start == match.end():
            word = _SHELL_WORD.match(text, start)
            end = end if word is None else word.end()
        if end > start:
            yield Secret(name, start, end)
    for match in _FLAG.finditer(text) if "--" in text else ():
        if is_secret(match[1].replace("-", "_")):
            yield Secret(match[1].replace("-", "_"), *match.span(2))


def _of_defaults(text: str) -> Iterator[Secret]:
    """Yield what a shell takes where a variable for a secret is not set."""
    for match in _DEFAULT.finditer(text):
        if match[2] and _is_hidden(match[1]):
            yield Secret(match[1], *match.span(2), wanders=not is_stand_in(match[2]))


def _may_have_form(text: str) -> bool:
    for beginning in _BEGINNINGS:  # noqa: SIM110 - a generator takes as long as the search
        if beginning in text:
            return True
    return False


def _of_form(text: str) -> Iterator[Secret]:
    for match in re.finditer(_ANY_FORM, text):
        if match.lastindex and not is_stand_in(match[0]):
            yield Secret("", *match.span(), _FORMS[match.lastindex - 1][0])


def is_stand_in(value: str) -> bool:
    """Return whether a value stands where a secret is to be written: `<token>`, `hf_xxx`.

    >>> [is_stand_in(one) for one in ("hf_xxxxxxxx", "<token>", "${oc.env:HF_TOKEN}", "YOUR_KEY")]
    [True, True, True, True]
    >>> is_stand_in("hf_AbCdEfGhIjKlMnOpQrStUv")
    False
    """
    value = value.strip().strip("\"'")
    if value[:1] in ("<", "$", "{", "%", "[") or "${" in value:
        return True
    body = re.sub(r"\A(hf_|sk-|gh[oprsu]_|ms-)", "", value)
    words = re.split(r"[\W_]+", body)
    parts = {part.lower() for word in words for part in (word, *re.findall(_WORD, word))}
    # a word inside of what is drawn at random says nothing: it has to stand apart, or between humps
    readable = all(len(word) < (LONGEST_WORD if word.isalpha() else FEW + 1) for word in words)
    return len(set(body)) <= FEW or (readable and not parts.isdisjoint(_STAND_INS))


LONGEST_WORD = 20
"""Letters of a word that may be one of a language."""


def _value(text: str, name: int, start: int) -> tuple[int, int]:
    """Return where the value lies that begins at `start`, of a name that begins at `name`."""
    quoted = _QUOTED.match(text, start)
    if quoted is not None:
        return start + 1, quoted.end()
    line = text.find("\n", start)
    end = len(text) if line < 0 else line
    if _BLOCK.match(text, start):
        column = name - (text.rfind("\n", 0, name) + 1)
        for deeper in _DEEPER.finditer(text, end):
            if deeper[2] and len(deeper[1]) <= column:
                return start, deeper.start()
        return start, len(text)
    before = text[max(name - 80, 0) : name].rstrip("\"' \t\r\n")[-1:]
    if before in ("{", ",", "["):  # a flow mapping, where the next comma ends it
        within = _TO_THE_NEXT.match(text, start)
        end = within.end() if within else end
    return start, end


@lru_cache(maxsize=1024)
def _is_hidden(name: str) -> bool:
    if name in compiled.KEYS:
        return name in compiled.SECRETS
    if _MAY_BE_SECRET.search(name):
        from ftlint.target.variables import is_secret

        if is_secret(name):
            return True
    if name.lower() != name:
        from ftlint.target.variables import is_variable

        return is_variable(name)
    names, prefixes = compiled.VARIABLES
    upper = name.upper().replace("-", "_")
    return upper in names or upper.startswith(prefixes)


def masked(text: str, start: int, end: int) -> str:
    """Return the characters `start` to `end` of a text, those of secrets starred out."""
    shown, place = [], start
    for secret in secrets_in(text):
        low, high = max(secret.start, place), min(secret.end, end)
        if low < high:
            shown += [text[place:low], re.sub(r"\S", "*", text[low:high])]
            place = high
    return "".join([*shown, text[place:end]])


def without(message: str, text: str, key: str | None) -> str:
    """Return what is said of a key of `text`, the values of its secrets starred out."""
    values, own = _values(text)
    for value in own.get(key or "", ()):
        message = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", STARS, message)
    if values is not None:
        message = values.sub(STARS, message)
    return formless(message)


def formless(message: str) -> str:
    """Return what is said, starred out what is a secret by its form, whatever file it is from.

    >>> formless("`stage: hf_AbCdEfGhIjKlMnOpQrStUvWx1` in `ds.json`")
    '`stage: ***` in `ds.json`'
    """
    if not _may_have_form(message):
        return message
    for secret in sorted(_of_form(message), key=lambda one: -one.start):
        message = message[: secret.start] + STARS + message[secret.end :]
    return message


@lru_cache(maxsize=4)
def _values(text: str) -> tuple[re.Pattern[str] | None, dict[str, list[str]]]:
    """Return what finds any secret of a text, and the short ones by their names."""
    long: set[str] = set()
    own: dict[str, list[str]] = {}
    for secret in secrets_in(text):
        value = text[secret.start : secret.end].strip()
        if len(value) >= (SHORT - 2 if secret.wanders else SHORT):
            long.add(value)
        elif len(value) > 1:
            own.setdefault(secret.name, []).append(value)
    parts = map(re.escape, sorted(long, key=len, reverse=True))
    return (re.compile("|".join(parts)) if long else None), own
