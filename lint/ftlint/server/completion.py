"""What may be written at the cursor: keys that the config has not, and values that a key takes."""

from __future__ import annotations

import json
import os

from ftlint.edits.spelling import spell
from ftlint.facts.data import data_of
from ftlint.facts.listing import listed, upwards
from ftlint.loading import Config, load_text
from ftlint.rules.liveness import ignored_keys
from ftlint.server import cursor
from ftlint.server.explaining import of_key
from ftlint.server.judging import catalogue_of
from ftlint.server.spot import KEY
from ftlint.support.messages import show
from ftlint.syntax.source import of_text
from ftlint.target.models import find_model
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator
    from typing import Any

    from ftlint.server.judging import Judged
    from ftlint.server.spot import Spot
    from ftlint.target.keys import Catalogue, Key

    Json = dict[str, Any]

PROPERTY, VALUE, FILE = 10, 12, 17
"""Kinds of items."""
DATASETS = ("dataset", "eval_dataset")
IGNORED = "ignored by this run"
MOST_FOLDERS, MOST_FILES, MOST_BYTES = 40, 200, 1 << 16
"""Folders that are looked into for DeepSpeed files, files, and bytes of each."""


class ValueOffer(NamedTuple):
    """A value that a key takes, and what to say of it. Those of a lower `rank` come first."""

    value: object
    detail: str = ""
    rank: int = 1
    kind: int = VALUE


class Site(NamedTuple):
    """Where something is to be written, in which config, where it can be read, and of which keys.

    `written` spells a key or a value as it has to stand there; None for what cannot.
    """

    judged: Judged
    spot: Spot
    config: Config | None
    catalogue: Catalogue
    written: Callable[[object], str | None]


def complete(judged: Judged, position: Json) -> list[Json]:
    """Return the items that may stand at a position of a config."""
    document, path = judged.document, judged.scope.name
    found = cursor.spot(document.source, document.offset(position))
    if found is None:
        return []
    config = _config(judged, found)
    catalogue = catalogue_of(judged) if config is None else config.context.catalogue
    if found.kind == KEY:
        present = frozenset[str]() if config is None else frozenset(config.context.entries)
        before, behind = _around_key(found, document.text, path)
        site = Site(judged, found, config, catalogue, lambda one: before + str(one) + behind)
        return [*keys(site, present)]
    space = " " if document.text[found.start - 1 : found.start] == ":" else ""
    site = Site(judged, found, config, catalogue, lambda one: _written(one, found, judged, path))
    return [*values(site, space)]


def resolve(item: Json, judged: Judged | None) -> Json:
    """Return an item with what its key does."""
    name = (item.get("data") or {}).get("key")
    if judged is None or not isinstance(name, str):
        return item
    told = of_key(name, catalogue_of(judged))
    return item if told is None else {**item, "documentation": {"kind": "markdown", "value": told}}


def _config(judged: Judged, spot: Spot) -> Config | None:
    """Return the config as it is, or as it is without the line that is being written."""
    source, scope = judged.document.source, judged.scope
    begin, end = source.line_start(spot.start), source.line_end(spot.start)
    for text in (source.text, source.text[:begin] + " " * (end - begin) + source.text[end:]):
        config = load_text(of_text(scope.name, text), scope.options, judged.disk)
        if isinstance(config, Config):
            return config
    return None


# Keys --------------------------------------------------------------------------------------------


def keys(site: Site, present: Container[str]) -> Iterator[Json]:
    """Yield the keys that may stand there, those that are not present."""
    spot, document, catalogue = site.spot, site.judged.document, site.catalogue
    ignored = frozenset[str]() if site.config is None else ignored_keys(site.config.context)
    where = document.range(spot.start, spot.end)
    for name in catalogue.names():
        if name in present and name != spot.key:
            continue
        key, text = catalogue.get(name), site.written(name)
        if key is None or text is None:
            continue
        told = IGNORED if name in ignored else f"default {show(key.default)}"
        yield {
            "label": name,
            "kind": PROPERTY,
            "detail": told,
            "sortText": f"{int(name in ignored)}{name}",
            # What editors match with the text that it replaces: with the dashes of a flag.
            "filterText": name if spot.quote else text.strip(' "=:'),
            "textEdit": {"range": where, "newText": text},
            "data": {"uri": document.uri, "key": name},
        }


def _around_key(spot: Spot, text: str, path: str) -> tuple[str, str]:
    """Return what to write before and behind a key: quotes and a colon that are not there yet."""
    if not path.lower().endswith(".json"):
        closed = not spot.quote or text[spot.end : spot.end + 1] == spot.quote
        return "", "" if spot.follows or spot.quote else (": " if closed else "")
    if spot.quote:
        closed = text[spot.end : spot.end + 1] == spot.quote
        return "", "" if closed else '": '
    return '"', '": '


# Values ------------------------------------------------------------------------------------------


def values(site: Site, space: str = "") -> Iterator[Json]:
    """Yield the values that the key there takes, each behind a space that is still to be written.

    Nothing where it is no key.
    """
    spot, config, document = site.spot, site.config, site.judged.document
    key = site.catalogue.get(spot.key)
    if key is None:
        return
    where = document.range(spot.start, spot.end)
    seen: set[str] = set()
    for number, one in enumerate(sorted(_taken(key, spot, config), key=lambda one: one.rank)):
        text = site.written(one.value)
        if text is None or text in seen:
            continue
        seen.add(text)
        label = one.value if isinstance(one.value, str) else show(one.value)
        item: Json = {
            "label": label,
            "kind": one.kind,
            "sortText": f"{number:04}",
            "filterText": label,
            "textEdit": {"range": where, "newText": space + text},
        }
        detail = one.detail or ("default" if one.value == key.default else "")
        yield item | ({"detail": detail} if detail else {})


def _written(value: object, spot: Spot, judged: Judged, path: str) -> str | None:
    """Return a value as it is to be written there; None where the quotes around it would break."""
    if spot.quote:
        fits = isinstance(value, str) and spot.quote not in value and "\\" not in value
        return str(value) if fits else None
    if path.lower().endswith(".json"):
        return json.dumps(value, ensure_ascii=False)
    return spell(value, judged.scope.options.target.dialect_of(path))


def _taken(key: Key, spot: Spot, config: Config | None) -> Iterator[ValueOffer]:
    if config is not None and key.name in DATASETS:
        yield from _datasets(config, spot)
    elif config is not None and key.name == "deepspeed":
        yield from _deepspeed(config)
    elif config is not None and key.name == "template":
        yield from _templates(config, key)
    else:
        yield from (ValueOffer(one) for one in key.choices or () if one is not None)
        if "bool" in key.kinds:
            yield from (ValueOffer(one) for one in (True, False))


def _datasets(config: Config, spot: Spot) -> Iterator[ValueOffer]:
    """Yield the names in dataset_info.json that the value has not yet."""
    place = data_of(config.context)
    if place is None:
        return
    entry = config.context.entries.get(spot.key)
    value = None if entry is None else entry.value
    named = value if isinstance(value, list) else str(value or "").split(",")
    taken = {str(one).strip() for one in named}
    for name, definition in place.shown.items():
        if name not in taken or name == spot.typed:
            yield ValueOffer(name, _where(definition))


def _where(definition: object) -> str:
    """Return where the rows of a dataset are."""
    if not isinstance(definition, dict):
        return ""
    for name in ("file_name", "hf_hub_url", "ms_hub_url", "om_hub_url", "cloud_file_name"):
        if isinstance(definition.get(name), str):
            return show(definition[name])
    return ""


def _templates(config: Config, key: Key) -> Iterator[ValueOffer]:
    """Yield the templates of the release, those of the model first."""
    release = config.target.listing
    model = find_model(str(config.values.get("model_name_or_path")), release)
    own = () if model is None else model.templates
    for one in key.choices or ():
        rank = own.index(str(one)) - len(own) if one in own else 1
        if one is not None:
            yield ValueOffer(
                one, f"of {model.name}" if model is not None and one in own else "", rank
            )


def _deepspeed(config: Config) -> Iterator[ValueOffer]:
    """Yield the JSON files of the project that have a setting of DeepSpeed's, the nearest first."""
    disk, here = config.context.disk, os.getcwd()
    own = os.path.dirname(os.path.abspath(config.path))
    above = list(upwards(own, disk))
    waiting = above[: above.index(here) + 1] if here in above else above
    seen: set[str] = set()
    files = 0
    while waiting and len(seen) < MOST_FOLDERS and files < MOST_FILES:
        folder = waiting.pop(0)
        if folder in seen or not disk.holds(folder):
            continue
        seen.add(folder)
        inside = listed(folder, disk)
        waiting += inside.folders
        for path in inside.configs:
            files += 1
            data = disk.read(path, MOST_BYTES) if path.lower().endswith(".json") else None
            if isinstance(data, bytes) and b'"zero_optimization"' in data:
                yield ValueOffer(
                    os.path.relpath(path, here).replace(os.sep, "/"), rank=files, kind=FILE
                )
