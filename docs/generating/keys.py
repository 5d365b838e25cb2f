"""The reference of keys and the history of releases, from the schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docs.generating.markdown import code, codes, plain, table

import ftschemas
from ftlint.target.keys import PARSER
from ftlint.target.pins import is_usable
from ftlint.target.releases import KNOWN, parse_version, resolve_target

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(ftschemas.__file__).parent
TYPES = {
    "string": "text",
    "boolean": "true or false",
    "integer": "integer",
    "number": "number",
    "array": "list",
    "object": "mapping",
    "null": "null",
}
CHECKED = {"parse": "", "later": " †", "never": " ‡"}
LONGEST_LIST = 12

Property = dict[str, Any]
Layer = dict[str, dict[str, Any]]


def pages() -> dict[str, str]:
    """Return the two pages, by path below docs."""
    own, trainer = _layer("llamafactory"), _layer("transformers")
    usable = {minor: schema for minor, schema in trainer.items() if is_usable(minor)}
    return {"keys.md": _reference(own, usable), "versions.md": _releases(own, trainer)}


def _layer(package: str) -> Layer:
    """Return the schemas of one layer, oldest release first."""
    files = [path for path in (DATA / package).glob("*.json") if path.stem[0].isdigit()]
    files.sort(key=lambda path: parse_version(path.stem))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in files}


# --- the reference


def _reference(own: Layer, trainer: Layer) -> str:
    """Return every key of every release, as the newest release that has it defines it."""
    groups: dict[str, dict[str, dict[str, Property]]] = {}
    for name, prop in (*_newest(own).items(), *_newest(trainer).items()):
        owners = groups.setdefault(prop["x-group"], {})
        owners.setdefault(prop["x-owner"], {})[name] = prop
    reads: dict[str, list[str]] = own[KNOWN[-1]]["x-commands"]
    parts = [_REFERENCE_HEAD]
    for group in dict.fromkeys(group for read in reads.values() for group in read):
        readers = [word for name, read in reads.items() if group in read for word in _words(name)]
        parts += [f"## {group}", "", f"Read by {codes(readers)}.", ""]
        for owner, entries in groups[group].items():
            rows = [_row(name, entries[name]) for name in sorted(entries)]
            head = ("key", "type", "default", "values", "releases", "meaning")
            parts += [f"### {owner}", "", table(head, rows)]
    parts += ["## Long lists of values", ""]
    listed = {
        name: choices(prop) for layer in (own, trainer) for name, prop in _newest(layer).items()
    }
    for name in sorted(name for name, values in listed.items() if len(values) > LONGEST_LIST):
        parts += [f"### Values of {name}", "", codes(listed[name]), ""]
    return "\n".join(parts)


_REFERENCE_HEAD = f"""# Keys

Every key that LLaMA Factory {KNOWN[0]} to {KNOWN[-1]} reads, below the dataclass that declares it,
as the newest release that has it defines it. The keys of `TrainingArguments` and
`Seq2SeqTrainingArguments` come from transformers, and so do their release numbers. No releases:
all that ftlint knows have the key. [Releases](versions.md) says what changed when;
`ftlint schema --target V` prints the keys of one release for an editor.

The type is what the program means to get. Its parser checks almost none of this, and ftlint reports
only what was seen to be refused or to fail later ([FT105](rules/FT105.md)). A value that is not
listed is refused at start-up; † it fails later; ‡ it is taken as something else without a word
([FT106](rules/FT106.md)).
"""


def _newest(releases: Layer) -> dict[str, Property]:
    """Return each key as its newest release defines it; without x-since when always there."""
    oldest = next(iter(releases.values()))["properties"]
    found: dict[str, Property] = {}
    for schema in reversed(releases.values()):
        for name, prop in schema["properties"].items():
            found.setdefault(name, prop)
    for name in oldest:
        found[name] = {key: value for key, value in found[name].items() if key != "x-since"}
    return found


def _words(parser: str) -> list[str]:
    """Return the commands whose files a parser reads."""
    return [name for name, own in PARSER.items() if own == parser and name != "v1"] or [parser]


def _row(name: str, prop: Property) -> tuple[str, ...]:
    values = choices(prop)
    listed = codes(values)
    if len(values) > LONGEST_LIST:
        listed = f"[{len(values)} values](#values-of-{name})"
    if values:
        listed += CHECKED[prop["x-choices-checked"]]
    span = [f"from {prop['x-since']}"] if "x-since" in prop else []
    if "x-until" in prop:
        span.append(f"to {prop['x-until']}")
    if "x-successor" in prop:
        span.append(f"(now {code(prop['x-successor'])})")
    meaning = prop.get("description", "")
    return code(name), types(prop), default(prop), listed, " ".join(span), meaning


def types(prop: Property) -> str:
    """Return the types of a key in words."""
    names = prop["type"] if isinstance(prop["type"], list) else [prop["type"]]
    return ", ".join(TYPES[name] for name in names)


def default(prop: Property) -> str:
    """Return the default of a key, and the one it has under an older torch."""
    if prop.get("x-required"):
        return "required"
    values = (prop["default"], *prop.get("x-default-otherwise", []))
    return " or ".join(code(plain(value)) for value in values)


def choices(prop: Property) -> list[str]:
    """Return the values that a key takes beside null, when they are listed."""
    listed = prop.get("enum") or prop.get("items", {}).get("enum") or []
    return [plain(value) for value in listed if value is not None]


# --- the releases


def _releases(own: Layer, trainer: Layer) -> str:
    """Return what each release pins, and what it added, removed and changed."""
    history = json.loads((DATA / "llamafactory" / "history.json").read_text(encoding="utf-8"))
    others = ("datasets", "accelerate", "peft", "trl")
    rows = []
    for name in reversed(own):
        pins = own[name]["x-release"]
        ranges = (pins["transformers"], *(pins["requires"][package] for package in others))
        target = resolve_target(name)
        rows.append((name, target.dialect.name, target.transformers, *map(_range, ranges)))
    head = ("LLaMA Factory", "loader", "judged with", "transformers", *others)
    pins_table = table(head, rows)
    before = history[max(history, key=parse_version)]
    changes = (_changes("LLaMA Factory", own, before), _changes("transformers", trainer, None))
    return "\n".join((_RELEASES_HEAD, pins_table, *changes))


_RELEASES_HEAD = """# Releases

What `--target` and `--transformers` choose between. Without `--transformers`, a target is judged
with the newest transformers release that works with it ("judged with"): 0.9.5 takes 5.6.0 as well,
with which flash attention fails ([FT4134](rules/FT4134.md)). [How a file is read](how-it-reads.md)
says what the loaders make of a file.

A version outside the ranges is an error ([FT4130](rules/FT4130.md)), unless
`DISABLE_VERSION_CHECK` is on ([FT4132](rules/FT4132.md)). One that is excluded, or that pip alone
rejects, is reported as well ([FT4136](rules/FT4136.md), [FT4131](rules/FT4131.md)).

ftlint also has schemas of transformers beyond those ranges, up to the newest release that there was
when it was built. A version without one is judged by the one before it, which is reported
([FT4133](rules/FT4133.md)).
"""


def _range(pin: dict[str, Any]) -> str:
    excluded = f", not {', '.join(pin['excluded'])}" if pin["excluded"] else ""
    return f"{pin['min']} to {pin['max']}{excluded}"


def _changes(package: str, releases: Layer, before: list[str] | None) -> str:
    """Return a section a release, newest first. `before`: the keys of the release before all."""
    sections: list[str] = []
    older: dict[str, Property] = {name: {} for name in before or []}
    for name, schema in releases.items():
        keys: dict[str, Property] = schema["properties"]
        lines: list[str] = []
        if older:
            removed = schema["x-removed"]
            lines += _listed("Added", [code(key) for key in sorted(keys.keys() - older.keys())])
            gone = sorted(older.keys() & removed.keys())
            lines += _listed("Removed", [_gone(key, removed[key]["successor"]) for key in gone])
        both = sorted(key for key in keys if older.get(key))
        changed = [(key, what) for key in both for what in _difference(older[key], keys[key])]
        if changed:
            lines += ["Changed:", "", *(f"- {code(key)}: {what}" for key, what in changed), ""]
        if lines:
            sections.append("\n".join([f"### {package} {name}", "", *lines]))
        older = keys
    return "\n".join([f"## {package}", "", *reversed(sections)])


def _listed(title: str, names: list[str]) -> list[str]:
    return [f"{title}: {', '.join(names)}.", ""] if names else []


def _gone(name: str, successor: str | None) -> str:
    return f"{code(name)} (now {code(successor)})" if successor else code(name)


def _difference(old: Property, new: Property) -> Iterator[str]:
    """Yield in words what changed about a key."""
    if types(old) != types(new):
        yield f"{types(old)} became {types(new)}"
    if default(old) != default(new):
        yield f"default {default(old)} became {default(new)}"
    before, after = choices(old), choices(new)
    if before and after:
        added = [value for value in after if value not in before]
        dropped = [value for value in before if value not in after]
        if added:
            yield f"also takes {codes(added)}"
        if dropped:
            yield f"no longer takes {codes(dropped)}"
