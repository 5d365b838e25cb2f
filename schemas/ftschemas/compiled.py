"""What the linter runs on, compiled ahead of time; each table is read when it is first asked for.

schemas/compile.py writes compiled.bin: marshalled tables, and where each lies. It is marshal's
format 2, which every Python since 2.5 reads and which gives the same bytes for the same data.

RELEASES: LLaMA Factory release -> loader, whether JSON configs load, suffixes, oldest and newest
transformers that it takes, groups of keys by command, and the newest transformers that works.
PINS: the same -> package -> (what the release takes when it starts, what pip installs with it), as
requirements.
LLAMAFACTORY: its releases, oldest first, and `main`, the development state. VERSIONS: state -> the
version that it calls itself. COMMIT: that of `main`.
KEYS: name -> variants (layer, first, last, group, kinds, choices, checked, separator, default)
with first and last as indexes into LLAMAFACTORY or TRANSFORMERS, choices None when open.
SECRETS: keys whose value is one.
TEMPLATES: name -> spans (first, last, format, media) with first and last as indexes into
LLAMAFACTORY. CHAT: the same with a table of what the template writes. CHAT_CODE: release ->
(digests of the code that makes rows of tokens, format of tools -> (digest, words)). MODELS: name ->
spans (first, last, templates, chat, media). All four are marshalled once more, as a file names one
of each; ftlint/sources/models.py and chat.py tell what they hold.
MODULES: families (names, modules, blocks) of modules.yaml. DEEPSPEED: sections (path -> (whether
other keys are rejected, field -> JSON Schema)), names that the top of a config may have, schedulers
(name -> what it takes and needs).
TRAINERS: launcher -> (key -> (kinds, choices, checked, separator, default)) that its trainer adds.
LACKING: launcher -> keys of transformers that its trainer does not take.
V1: release -> (key -> as in TRAINERS, key -> (plugin that it may name -> what that takes, None for
anything)) of LLaMA Factory v1.
USES: LLaMA Factory's states that are known file by file, and file -> ((places of states, digest of
the content, key -> number), ...): ftlint/sources/uses.py tells what the numbers stand for.
PROBED: LLaMA Factory releases of which the next three tell, oldest first.
TYPES: (LLaMA Factory version, key) -> ((kind, fate), ...): what wrong kinds of value really meet.
LIVE_WHERE: the same -> ((key, value), ...): the configs that were seen to crash on them; None
stands for any value, 2 for two datasets. TAKE_ANY: the same, keys that do with any word.
ABOUT: code -> fields of `ftschemas.rule.About`. BASES: name -> the config that examples begin
with.
RULES: code -> fields of `ftschemas.rule.Rule`, marshalled once more, as are its conditions
and fixes in there: most of them no file ever asks for. NAMES: code -> name. OF_RUN: codes of rules
about versions or the whole run. UNJUDGED: code -> what it leaves unjudged where nobody knows the
rows. PROBLEMS: problem of reading -> code of the rule that speaks of it. JUDGING: command -> fields
of `ftschemas.judging.Group`, marshalled once more. RENAMED: name that a rule had before -> its
code. CHECKS: module of rules -> keys and facts, of which a file has at least one where the module
says anything.
"""

from __future__ import annotations

import marshal
import os

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

MAIN = "main"
"""The development state of LLaMA Factory that is known beside its releases."""

ARTEFACT = os.path.join(os.path.dirname(__file__), "compiled.bin")
TABLES = (
    *("LLAMAFACTORY", "TRANSFORMERS", "TRANSFORMERS_RELEASES", "RELEASES", "PINS"),
    *("VERSIONS", "COMMIT", "KEYS", "SECRETS", "REMOVED"),
    *("ALIASES", "VALUE_ALIASES", "VARIABLES", "TRAINERS", "LACKING", "V1", "DEEPSPEED"),
    *("TEMPLATES", "MODELS", "MODULES", "USES", "CHAT", "CHAT_CODE"),
    *("PROBED", "TYPES", "LIVE_WHERE", "TAKE_ANY", "POLICY", "ABOUT", "BASES"),
    *("RULES", "NAMES", "OF_RUN", "UNJUDGED", "PROBLEMS", "JUDGING", "RENAMED", "CHECKS"),
)
_HEAD = 4
"""Bytes that tell the size of the index, which follows them."""

_index: dict[str, tuple[int, int]] = {}
_opened: list[int] = []
"""The artefact, open from the first table on: the process may be another user's by the next one,
or a newer artefact may have taken its place.
"""


def __getattr__(name: str) -> Any:
    """Return a table, read on first use; it is an attribute of the module from then on."""
    if name not in TABLES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if not _index:
        size = int.from_bytes(_read(0, _HEAD), "little")
        _index.update(marshal.loads(_read(_HEAD, size)))
    table = globals()[name] = marshal.loads(_read(*_index[name]))
    return table


def _read(start: int, size: int) -> bytes:
    """Return bytes of the artefact; processes that share it after a fork do not move its place."""
    if not _opened:
        _opened.append(os.open(ARTEFACT, os.O_RDONLY | getattr(os, "O_BINARY", 0)))
    if hasattr(os, "pread"):
        return os.pread(_opened[0], size, start)
    os.lseek(_opened[0], start, os.SEEK_SET)
    return os.read(_opened[0], size)


def folded(name: str) -> str:
    """Return a model's name as MODELS spells it; hubs write a dot as three underscores.

    >>> folded("Qwen2___5-7B_Instruct")
    'qwen2.5-7b-instruct'
    """
    return name.lower().replace("___", ".").replace("_", "-")


def packed(tables: dict[str, Any]) -> bytes:
    """Return the bytes of compiled.bin for these tables."""
    parts = {name: marshal.dumps(table, 2) for name, table in tables.items()}

    def index_from(start: int) -> bytes:
        places: dict[str, tuple[int, int]] = {}
        for name, part in parts.items():
            places[name] = start, len(part)
            start += len(part)
        return marshal.dumps(places, 2)

    size = len(index_from(0))  # an int takes as many bytes whatever its value
    index = index_from(_HEAD + size)
    return b"".join([len(index).to_bytes(_HEAD, "little"), index, *parts.values()])
