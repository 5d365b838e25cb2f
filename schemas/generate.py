"""Builds the schemas under ftschemas/ from releases on the package index, or from where they lie.

    python schemas/generate.py llamafactory 0.9.5     write one release, refresh the others
    python schemas/generate.py llamafactory main --from SOURCE    a checkout, a wheel, REPO@COMMIT
    python schemas/generate.py transformers 5.6.0
    python schemas/generate.py --check llamafactory 0.9.5    exit 1 with a diff on a difference
    python schemas/generate.py --refresh              after editing aliases or descriptions
    python schemas/generate.py deepspeed 0.10.0 0.16.9    what all of these releases take

LLaMA Factory releases before 0.9.0 are kept as bare key lists in llamafactory/history.json: they
only serve to say when a key went away. `main` is the development state; it stands after the
releases until the next one takes its place.
"""

from __future__ import annotations

import argparse
import difflib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "lint"))
sys.path.insert(0, str(Path(__file__).parent))

import compile as compiling
from extract import chat, deepspeed, layers, transformers, uses, v1, wheels
from ftlint.sources import llamafactory
from ftlint.sources.modules import Release, SourceError
from ftlint.sources.tree import version_of
from ftlint.sources.versions import order
from ftschemas.compiled import MAIN

DATA = Path(__file__).resolve().parent / "ftschemas"
USES = DATA.parent / "uses.json"
FIRST_WITH_SCHEMA = "0.9.0"
PINNED = ("transformers", "datasets", "accelerate", "peft", "trl")
"""Packages of which it is told what pip installs beside a release."""


def main(argv: list[str] | None = None) -> int:
    """Exit status: 0 done or no difference, 1 a difference, 2 the release cannot be read."""
    parser = argparse.ArgumentParser(description="Build the schemas from released packages.")
    parser.add_argument("layer", nargs="?", choices=(*layers.LAYERS, "deepspeed"))
    parser.add_argument("version", nargs="*", help="releases, oldest first")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--refresh", action="store_true", help="fetch nothing")
    parser.add_argument("--wheels", type=Path, help="folder with wheels already downloaded")
    parser.add_argument("--from", dest="source", help="checkout, wheel or REPOSITORY@COMMIT")
    options = parser.parse_args(argv)
    if bool(options.layer and options.version) == options.refresh:
        parser.error("give a layer and its versions, or --refresh")
    if options.source and (options.layer != "llamafactory" or len(options.version) != 1):
        parser.error("--from goes with one version of llamafactory")
    before = {
        path: path.read_text("utf-8")
        for path in (*DATA.glob("*/*.json"), DATA / "deepspeed.json", USES)
        if path.exists()
    }
    try:
        if options.layer == "deepspeed":
            after = {DATA / "deepspeed.json": of_deepspeed(options.version, options.wheels)}
        else:
            after = build(options.layer, options.version, options.wheels, options.source)
    except SourceError as problem:
        print(f"generate.py: {problem}", file=sys.stderr)
        return 2
    if options.check:
        return compare(before, after)
    for path, text in after.items():
        if before.get(path) != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
    return compiling.main([])


def build(
    layer: str | None, versions: list[str], folder: Path | None, source: str | None = None
) -> dict[Path, str]:
    """The text of every schema file, with the given releases of one layer read anew."""
    texts: dict[Path, str] = {}
    tables = [
        yaml.safe_load((DATA / name).read_text("utf-8"))
        for name in ("aliases.yaml", "descriptions.yaml")
    ]
    sources: dict[str, dict[str, str]] = {}
    names: set[str] = set()
    for each in layers.LAYERS:
        schemas = layers.load(DATA / each)
        past = DATA / each / "history.json"
        history = json.loads(past.read_text("utf-8")) if past.exists() else {}
        for version in versions if each == layer else []:
            schema, sources[version] = read(each, version, folder, source)
            if each == "transformers":
                schemas[transformers.minor(version)] = schema
            elif order(version) < order(FIRST_WITH_SCHEMA):
                history[version] = sorted(schema["properties"])
            else:
                schemas[version] = schema
        schemas = {key: schemas[key] for key in sorted(schemas, key=order)}
        layers.refresh(schemas, history, tables[0]["keys"], tables[1])
        names.update(*(schema["properties"] for schema in schemas.values()))
        texts |= {DATA / each / f"{key}.json": layers.render(schemas[key]) for key in schemas}
        if history:
            history = {key: history[key] for key in sorted(history, key=order)}
            texts[past] = layers.render(history)
    if layer == "llamafactory":
        kept = json.loads(USES.read_text("utf-8")) if USES.exists() else uses.NOTHING
        for version, files in sources.items():
            if order(version) >= order(FIRST_WITH_SCHEMA):
                kept = uses.with_state(kept, version, files, names)
        texts[USES] = uses.render(kept)
    return texts


def of_deepspeed(versions: list[str], sources: Path | None) -> str:
    """The text of deepspeed.json, which is made of all the releases at once."""
    with tempfile.TemporaryDirectory() as folder:
        if sources is not None:
            found = [deepspeed.archived(version, sources) for version in versions]
        else:
            found = [deepspeed.fetch(version, Path(folder)) for version in versions]
        return layers.render(deepspeed.build(found))


def read(
    layer: str, version: str, folder: Path | None, source: str | None
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the schema of one release, and its modules by path."""
    commit = None
    with tempfile.TemporaryDirectory() as temporary:
        if source is not None and "@" in source:
            repository, _, commit = source.rpartition("@")
            commit = wheels.commit_name(Path(repository), commit)
            texts = wheels.texts_of_commit(Path(repository), commit)
        elif source is not None and not source.endswith(".whl"):
            texts = wheels.texts_of_folder(Path(source))
        else:
            if source is not None:
                wheel = Path(source)
            elif folder is not None:
                (wheel,) = folder.glob(f"{layer}-{version}-*.whl")
            else:
                wheel = wheels.download(layer, version, Path(temporary))
            texts = wheels.texts_of_wheel(wheel)
    if layer == "transformers":
        return transformers.extract(Release(layer, version, texts.get)), texts
    states = version_of(Release(layer, version, texts.get)) or version
    release = Release(layer, states, texts.get)
    schema = llamafactory.extract(release)
    written = chat.chat(release)
    if written is not None:
        schema = _before_properties(schema, {"x-chat": written})
    second = v1.extract(release, wheels.modules_in(texts))
    if second is not None:
        schema = _before_properties(schema, {"x-v1": second})
    schema["x-release"]["metadata"] = {
        name: held for name in PINNED if (held := wheels.requirement(texts, name))
    }
    if version == MAIN:
        about = {**schema["x-release"], **({"commit": commit} if commit else {})}
        schema |= {"$id": "urn:ftlint:llamafactory:main", "x-release": about}
    return schema, texts


def _before_properties(schema: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with more in it, where it is read before its many properties."""
    properties = schema.pop("properties")
    return {**schema, **more, "properties": properties}


def compare(before: dict[Path, str], after: dict[Path, str]) -> int:
    """Prints what would change; 1 when anything would."""
    different = [path for path in after if before.get(path) != after[path]]
    for path in different:
        old = before.get(path, "").splitlines(keepends=True)
        new = after[path].splitlines(keepends=True)
        name = path.relative_to(DATA.parent).as_posix()
        sys.stdout.writelines(difflib.unified_diff(old, new, name, f"{name} (released)"))
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
