"""Keys that the command does not read: misspelt, renamed, removed, too new, of another command."""

from __future__ import annotations

from ftlint.catalogue import is_known
from ftlint.records import at_key
from ftlint.rules import mend
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.catalogue import Catalogue, Span
    from ftlint.construct import Entry
    from ftlint.context import Context
    from ftlint.records import Finding, Fix

UNKNOWN, REMOVED, TOO_NEW, OTHER_COMMAND = "FT101", "FT102", "FT103", "FT104"
DROPPED = "FT566"
OWN_PART = 0.6
"""How alike two names are at least in what they do not begin with alike."""
MEGATRON, LAX = "USE_MCA", "ALLOW_EXTRA_ARGS"
_COMMANDS = {"train": "train", "infer": "export, chat and api", "eval": "eval"}


def check(context: Context) -> Iterator[Finding]:
    """Yield one finding for each key that the target's parser would not take."""
    env = context.instance["facts"].get("env", ())
    lax = LAX in env and context.target.versions[0] >= (0, 9, 2)
    for entry in context.entries.values():
        if context.catalogue.get(entry.name) is None:
            finding = _judge(context, entry)
            if MEGATRON in env and finding.rule == UNKNOWN and finding.values["meant"] is None:
                continue  # its trainer takes keys that are not LLaMA Factory's to know
            yield finding._replace(rule=DROPPED) if lax else finding


def _judge(context: Context, entry: Entry) -> Finding:
    catalogue, name = context.catalogue, entry.name
    values: dict[str, object] = {
        "name": name,
        "release": f"LLaMA Factory {context.target.llamafactory}",
        "command": context.command,
    }
    span = catalogue.history(name)
    others = catalogue.other_commands(name)
    code = UNKNOWN
    if others and (span is None or not span.present):
        code = OTHER_COMMAND
        values["commands"] = " and ".join(_COMMANDS[other] for other in others)
    elif span is not None:
        code, since = _when(context, span)
        values["since"] = since
    values["remedy"], values["meant"], fix = _remedy(context, entry)
    return at_key(code, entry, values, fix)


def _when(context: Context, span: Span) -> tuple[str, str]:
    """Return whether the key is gone or not there yet, and since when, in words."""
    from ftlint.target import parse_version

    own = context.target
    version = own.llamafactory if span.package == "LLaMA Factory" else own.transformers
    width = len(span.last.split("."))
    if parse_version(version)[:width] > parse_version(span.last):
        return REMOVED, f"{span.package} {span.last} was the last release that had it"
    return TOO_NEW, f"it came with {span.package} {span.first}"


def _remedy(context: Context, entry: Entry) -> tuple[str, str | None, Fix | None]:
    """Return the advice in words, the key that seems meant, and a fix where one is plain."""
    from ftlint.aliases import applies, is_told_only

    catalogue, name = context.catalogue, entry.name
    for alias in compiled.ALIASES.get(name, ()):
        to = alias.get("to")
        if not applies(alias, entry.value):
            continue
        if to is not None and catalogue.get(to) is None:
            continue
        note = f" ({alias['note']})" if alias.get("note") else ""
        if to is None:
            return f"remove it{note}", None, mend.delete(context, name, safe=alias["safe"])
        value = _new_value(context, alias, entry.value)
        wanted = to if value is None else f"{to}: {value}"
        into = "entry" in alias and to in context.entries  # a mapping that is there: by hand
        by_hand = into or is_told_only(alias)
        renaming = None if by_hand else mend.rename(context, entry, to, value, safe=alias["safe"])
        if to in context.entries and not into:
            return f"keep one of the two, {to} is there as well{note}", to, renaming
        return f"write {wanted} instead{note}", to, renaming
    near = None if is_known(name) else nearest(name, catalogue)
    if near is not None:
        slip = _is_slip(name, near)
        fix = (
            mend.rename(context, entry, near, None, safe=slip)
            if slip or near not in context.entries
            else None
        )
        there = ", which is there as well" if near in context.entries else ""
        return f"perhaps {near} is meant{there}", near, fix
    return "remove it, or see `ftlint schema` for the keys there are", None, None


def _new_value(context: Context, alias: dict[str, object], old: object) -> str | None:
    """Return the value to write with the new key, as YAML text; None leaves the old one."""
    transform = alias.get("transform")
    number = isinstance(old, (int, float)) and not isinstance(old, bool)
    if "value" in alias:
        value = alias["value"]
    elif transform == "negate" and isinstance(old, bool):
        value = not old
    elif transform == "square" and number:
        value = old * old  # type: ignore[operator]
    elif "entry" in alias:
        value = {alias["entry"]: old}
    elif transform == "gigabytes" and isinstance(old, str):
        return old.upper().removesuffix("B").removesuffix("G").strip()
    else:
        return None
    return mend.spelled(context, value)


def nearest(name: str, catalogue: Catalogue) -> str | None:
    """Return the key most like `name`, if one is near enough to be meant."""
    from difflib import get_close_matches

    folded = name.lower().replace("-", "_")
    if catalogue.get(folded) is not None:
        return folded
    found = get_close_matches(folded, catalogue.names(), n=3, cutoff=0.8)
    return next((one for one in found if _own_parts_alike(folded, one)), None)


def _own_parts_alike(one: str, other: str) -> bool:
    """Say whether two names are alike beyond a part that many names begin with, as `use_`."""
    from difflib import SequenceMatcher

    ours, theirs = one.split("_"), other.split("_")
    while len(ours) > 1 < len(theirs) and ours[0] == theirs[0]:
        del ours[0], theirs[0]
    return SequenceMatcher(None, "_".join(ours), "_".join(theirs)).ratio() >= OWN_PART


def _is_slip(name: str, near: str) -> bool:
    """Say whether the two differ by case, a dash, or one or two letters: a slip of the fingers."""
    folded = name.lower().replace("-", "_")
    return folded == near or (abs(len(folded) - len(near)) <= 1 and _distance(folded, near) <= 1)


def _distance(one: str, other: str) -> int:
    """Return the number of letters changed, added, dropped or swapped with a neighbour."""
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
