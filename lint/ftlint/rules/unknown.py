"""Keys that the command does not read: misspelt, renamed, removed, too new, of another command.

What is no key at all may be an environment's variable or another trainer's key: that is said, and
nothing is made of it.
"""

from __future__ import annotations

from ftlint.diagnostics import at_key, set_at
from ftlint.edits import suggest
from ftlint.rules import habits, rivals, trainers
from ftlint.rules.forks import MOST_GUESSED, foreign_keys, keys_of_trainers
from ftlint.support.messages import sentence
from ftlint.support.pattern import pattern
from ftlint.target.keys import is_known
from ftlint.target.launchers import variable_of
from ftlint.target.slips import guess
from ftlint.target.variables import is_secret, is_variable, spelled
from ftschemas import compiled
from ftschemas.launchers import MCA
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Finding, Fix
    from ftlint.facts.context import Context
    from ftlint.syntax.construct import Entry
    from ftlint.target.keys import Catalogue, Releases

UNKNOWN, REMOVED, TOO_NEW, OTHER_COMMAND = "FT101", "FT102", "FT103", "FT104"
VARIABLE, NOT_OF_A_TRAINER = "FT123", "FT145"
DROPPED = "FT566"
LAX = "ALLOW_EXTRA_ARGS"
_COMMANDS = {"train": "train", "infer": "export, chat and api", "eval": "eval"}


class _Advice(NamedTuple):
    """What to do about a key: in words, the key that seems meant, and a fix where one is plain."""

    remedy: str
    meant: str | None = None
    fix: Fix | None = None
    misspelt: bool = False
    """Whether the key is a slip of the one that seems meant, and the remedy does not say so."""


class _Beside(NamedTuple):
    """What a file holds besides a key that bears on what is made of it."""

    foreign: frozenset[str]
    """Keys of a fork's own."""
    heard: rivals.Heard


def findings(context: Context, entries: list[Entry]) -> Iterator[Finding]:
    """Yield one finding for each key that the target's parser would not take.

    Those of the Megatron trainer have one, since they have one cause.
    """
    env = context.instance.facts.get("env", ())
    lax = LAX in env and context.target.versions[0] >= (0, 9, 2)
    for finding in _strict(context, entries):
        yield finding._replace(rule=DROPPED) if lax else finding


def _strict(context: Context, entries: list[Entry]) -> Iterator[Finding]:
    theirs = keys_of_trainers(context)
    if theirs:
        yield trainers.finding(context, [one for one in entries if one.name in theirs])
    foreign = frozenset(foreign_keys(context))
    heard = rivals.hear(context)
    installed = MCA in (context.catalogue.launcher, *trainers.may_start(context, theirs))
    for entry in entries:
        if entry.name in theirs:
            continue
        others = foreign - {entry.name} if len(foreign) <= MOST_GUESSED else foreign
        finding = _judge(context, entry, _Beside(others, heard))
        if not (installed and finding.rule == UNKNOWN and finding.meant is None):
            yield finding  # else it may be one of the mcore_adapter that is installed


def _release(context: Context) -> str:
    return f"LLaMA Factory {context.target.label}"


def _judge(context: Context, entry: Entry, beside: _Beside) -> Finding:
    catalogue, name = context.catalogue, entry.name
    values: dict[str, object] = {
        "name": name, "release": _release(context), "command": context.command,
    }  # fmt: skip
    span = catalogue.history(name)
    others = catalogue.other_commands(name)
    code = UNKNOWN
    if catalogue.launcher is not None and catalogue.lacks(name):
        values["variable"] = variable_of(catalogue.launcher)
        return at_key(NOT_OF_A_TRAINER, entry, values)
    if others and (span is None or not span.present):
        code = OTHER_COMMAND
        values["commands"] = " and ".join(_COMMANDS[other] for other in others)
    elif span is not None:
        code, values["since"] = _when(context, span)
    elif name not in compiled.ALIASES and is_variable(name):
        code = VARIABLE
    if code == VARIABLE:
        advice = _of_variable(name, catalogue)
    else:
        glued = _glued(context, name)
        plain = glued or {TOO_NEW: _upgrade(span), OTHER_COMMAND: "remove it"}.get(code)
        advice = _advice(context, entry, beside, plain, gone=code == REMOVED)
    values["remedy"] = advice.remedy if code == VARIABLE else sentence(advice.remedy)
    values["slip"] = f" (misspelt `{advice.meant}`)" if advice.misspelt else ""
    found = at_key(code, entry, values, advice.fix)
    present = context.entries.get(advice.meant or "")
    related = () if present is None else (set_at(present),)
    return found._replace(meant=advice.meant, related=related)


def _glued(context: Context, name: str) -> str | None:
    """Return what to write for a flag whose value stands right behind it: `--max_steps100`."""
    key = name.rstrip("0123456789.")
    if context.launched is None or key == name or context.catalogue.get(key) is None:
        return None
    return f"write `--{key} {name[len(key) :]}`"


def _upgrade(span: Releases | None) -> str:
    """Return what to do about a key of a later release, which may be of no use to LLaMA Factory."""
    from ftlint.target.pins import is_usable
    from ftlint.target.releases import MAIN

    if span is not None and span.first == MAIN:
        return "install that from its repository, or remove it"
    if span is None or span.package == "LLaMA Factory" or is_usable(span.first):
        return "upgrade, or remove it"
    return "no LLaMA Factory release takes that one, remove it"


def _when(context: Context, span: Releases) -> tuple[str, str]:
    """Return whether the key is gone or not there yet, and since when, in words."""
    from ftlint.target.releases import MAIN, parse_version

    version = context.target.versions[span.package != "LLaMA Factory"]
    width = len(span.last.split("."))
    if span.last != MAIN and version[:width] > parse_version(span.last):
        return REMOVED, f"last in {span.package} {span.last}"
    return TOO_NEW, f"{span.package} {span.first}"


def _of_variable(name: str, catalogue: Catalogue) -> _Advice:
    """Advise on a variable, whose case counts; one spelled as a key in capitals may be that key.

    What is in capitals may hold what no log should show, so that no fix writes it for a key.
    """
    proper = spelled(name)
    if proper not in compiled.VARIABLES[0] and name.isupper() and catalogue.get(name.lower()):
        return _Advice(f"keys are lower case: write `{name.lower()}`", name.lower())
    if proper != name:
        return _Advice(f"set it in the environment, as `{proper}`")
    return _Advice(
        "it is an environment variable, not a key; set it in the shell that starts the run"
    )


def _advice(
    context: Context, entry: Entry, beside: _Beside, plain: str | None, *, gone: bool
) -> _Advice:
    """Advise on a key that the program does not read; of one that is `gone` it is known when."""
    alias = habits.alias_of(context, entry)
    if alias is not None:
        if gone:
            alias = {**alias, "note": _present(str(alias["note"]))}
        advise = _leave_out if alias.get("to") is None else _instead
        return advise(context, entry, alias, beside)
    bounded = habits.bounded(context, entry)
    if bounded is not None:
        to, numbers = bounded
        return _Advice(f"use `{to}`, which takes numbers {numbers}", to)
    guessed = not is_known(entry.name) and len(beside.foreign) <= MOST_GUESSED
    near = _nearest(context, entry, beside) if guessed else None
    return near or _Advice(plain or "remove it, or see `ftlint schema` for all keys")


def _leave_out(
    context: Context, entry: Entry, alias: dict[str, object], beside: _Beside
) -> _Advice:
    """Advise to write nothing in a key's place.

    No edit removes what may be another program's: only what some release had, or what says what
    holds anyway.
    """
    opposite = rivals.opposite(context, beside.heard, entry)
    if opposite is not None:
        return _Advice(rivals.contradict(entry.name, opposite))
    known = is_known(entry.name)
    safe = bool(alias["safe"]) and (known or not beside.foreign)
    fix = suggest.delete(context, entry.name, safe=safe) if known or safe else None
    return _Advice(f"remove it{_note(alias)}", None, fix)


def _instead(context: Context, entry: Entry, alias: dict[str, object], beside: _Beside) -> _Advice:
    """Advise to write another key; beside a fork's own keys this one may be the fork's, too."""
    to = str(alias["to"])
    value = habits.new_value(alias, entry.value)
    text = None if value is None else suggest.spelled(context, value)
    into = "entry" in alias and to in context.entries  # a mapping that is there: by hand
    wanted = to if text is None else f"{to}: {text}"
    if to not in context.entries or into:
        choice = rivals.choice(context, beside.heard, entry, to, alias)
        if choice is not None:
            return _Advice(choice, to)
    by_hand = alias.get("by_hand")
    moved = value is None and not by_hand and "if" not in alias  # else the table has seen it
    if moved and not habits.takes(context, to, entry.value):
        return _Advice(f"use `{to}`, which {habits.taken(context, to)}", to)
    safe = bool(alias["safe"]) and (is_known(entry.name) or not beside.foreign)
    kept = "transform" in alias and value is None  # the old value cannot be turned into a new one
    secret = is_secret(to) and entry.value is not None  # where it goes is its owner's to say
    stays = by_hand or into or kept or secret
    fix = None if stays else suggest.rename(context, entry, to, text, safe=safe)
    if _stands_beside(context, entry, to) and not into:
        return _of_two(context, to, fix, alias)
    return _Advice(f"write `{wanted}`{_note(alias)}", to, fix)


def _of_two(context: Context, to: str, fix: Fix | None, alias: dict[str, object]) -> _Advice:
    """Advise to keep one of a key and of the one that stands for it."""
    misspelt = alias.get("note") == "misspelt"
    note = "" if misspelt else _note(alias)
    return _Advice(f"{_already_set(context, to)}{note}", to, fix, misspelt)


def _note(alias: dict[str, object]) -> str:
    return f" ({alias['note']})" if alias.get("note") else ""


_HISTORY = pattern(r"(re(nam|mov)ed|its name|name|the old name went|now an)\b.*|.* since .*")


def _present(note: str) -> str:
    """Return a note without when a key came and went: what the key is called now remains."""
    return "; ".join(one for one in note.split("; ") if not _HISTORY.fullmatch(one))


def _nearest(context: Context, entry: Entry, beside: _Beside) -> _Advice | None:
    """Advise to write the key of which this one is a slip, or which is near it."""
    catalogue, name, foreign = context.catalogue, entry.name, beside.foreign
    found = guess(name, catalogue.names(), foreign or None)
    if found is None:
        return _near_alias(context, entry, foreign)
    near = found.name
    choice = None if near in context.entries else rivals.choice(context, beside.heard, entry, near)
    if choice is not None:
        return _Advice(choice, near)
    fix = None
    if found.slip and not is_secret(near) and habits.takes(context, near, entry.value):
        fix = suggest.rename(context, entry, near, None, safe=not foreign)
    if _stands_beside(context, entry, near):
        return _Advice(_already_set(context, near), near, fix, found.slip)
    return _Advice(f"did you mean `{near}`?", near, fix)


def _stands_beside(context: Context, entry: Entry, name: str) -> bool:
    """Return whether one of two keys has to go; what is set over a file may replace its key."""
    other = context.entries.get(name)
    return other is not None and (context.is_override(other) or not context.is_override(entry))


def _already_set(context: Context, name: str) -> str:
    entry = context.entries[name]
    line = context.source.position(entry.key.start).line
    where = "over the file" if context.is_override(entry) else f"on line {line}"
    return f"`{name}` is already set {where}; keep one"


def _near_alias(context: Context, entry: Entry, foreign: frozenset[str]) -> _Advice | None:
    """Advise on a slip of a name that is itself not the key's: two guesses make no fix."""
    found = guess(entry.name, compiled.ALIASES, foreign or None)
    if found is None:
        return None
    for alias in compiled.ALIASES[found.name]:
        to = alias.get("to")
        if to is None or "if" in alias or context.catalogue.get(to) is None:
            continue
        if habits.is_within(alias, entry):
            return _Advice(f"did you mean `{to}`{_note(alias)}?", to)
    return None
