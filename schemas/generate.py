"""Builds the schemas under ftschemas/ from releases on the package index.

    python schemas/generate.py llamafactory 0.9.5     write one release, refresh the others
    python schemas/generate.py transformers 5.6.0
    python schemas/generate.py --check llamafactory 0.9.5    exit 1 with a diff on a difference
    python schemas/generate.py --refresh              after editing aliases or descriptions
    python schemas/generate.py deepspeed 0.10.0 0.16.9    what all of these releases take

LLaMA Factory releases before 0.9.0 are kept as bare key lists in llamafactory/history.json: they
only serve to say when a key went away.
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

from extract import deepspeed, layers, llamafactory, transformers
from extract.checked import order
from extract.source import Release, SourceError, fetch

DATA = Path(__file__).resolve().parent / "ftschemas"
FIRST_WITH_SCHEMA = "0.9.0"


def main(argv: list[str] | None = None) -> int:
    """Exit status: 0 done or no difference, 1 a difference, 2 the release cannot be read."""
    parser = argparse.ArgumentParser(description="Build the schemas from released packages.")
    parser.add_argument("layer", nargs="?", choices=(*layers.LAYERS, "deepspeed"))
    parser.add_argument("version", nargs="*", help="releases, oldest first")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--refresh", action="store_true", help="fetch nothing")
    parser.add_argument("--wheels", type=Path, help="folder with wheels already downloaded")
    options = parser.parse_args(argv)
    if bool(options.layer and options.version) == options.refresh:
        parser.error("give a layer and its versions, or --refresh")
    before = {
        path: path.read_text("utf-8")
        for path in (*DATA.glob("*/*.json"), DATA / "deepspeed.json")
        if path.exists()
    }
    try:
        if options.layer == "deepspeed":
            after = {DATA / "deepspeed.json": of_deepspeed(options.version, options.wheels)}
        else:
            after = build(options.layer, options.version, options.wheels)
    except SourceError as problem:
        print(f"generate.py: {problem}", file=sys.stderr)
        return 2
    if options.check:
        return compare(before, after)
    for path, text in after.items():
        if before.get(path) != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
    return 0


def build(layer: str | None, versions: list[str], wheels: Path | None) -> dict[Path, str]:
    """The text of every schema file, with the given releases of one layer read anew."""
    texts: dict[Path, str] = {}
    tables = [
        yaml.safe_load((DATA / name).read_text("utf-8"))
        for name in ("aliases.yaml", "descriptions.yaml")
    ]
    for each in layers.LAYERS:
        schemas = layers.load(DATA / each)
        past = DATA / each / "history.json"
        history = json.loads(past.read_text("utf-8")) if past.exists() else {}
        for version in versions if each == layer else []:
            schema = read(each, version, wheels)
            if each == "transformers":
                schemas[transformers.minor(version)] = schema
            elif order(version) < order(FIRST_WITH_SCHEMA):
                history[version] = sorted(schema["properties"])
            else:
                schemas[version] = schema
        schemas = {key: schemas[key] for key in sorted(schemas, key=order)}
        layers.refresh(schemas, history, tables[0]["keys"], tables[1])
        texts |= {DATA / each / f"{key}.json": layers.render(schemas[key]) for key in schemas}
        if history:
            history = {key: history[key] for key in sorted(history, key=order)}
            texts[past] = layers.render(history)
    return texts


def of_deepspeed(versions: list[str], sources: Path | None) -> str:
    """The text of deepspeed.json, which is made of all the releases at once."""
    with tempfile.TemporaryDirectory() as folder:
        if sources is not None:
            found = [deepspeed.archived(version, sources) for version in versions]
        else:
            found = [deepspeed.fetch(version, Path(folder)) for version in versions]
        return layers.render(deepspeed.build(found))


def read(layer: str, version: str, wheels: Path | None) -> dict[str, Any]:
    """One release as it is on the package index."""
    with tempfile.TemporaryDirectory() as folder:
        if wheels is not None:
            (wheel,) = wheels.glob(f"{layer}-{version}-*.whl")
            release = Release(layer, version, wheel)
        else:
            release = fetch(layer, version, Path(folder))
        extract = llamafactory.extract if layer == "llamafactory" else transformers.extract
        return extract(release)


def compare(before: dict[Path, str], after: dict[Path, str]) -> int:
    """Prints what would change; 1 when anything would."""
    different = [path for path in after if before.get(path) != after[path]]
    for path in different:
        old = before.get(path, "").splitlines(keepends=True)
        new = after[path].splitlines(keepends=True)
        name = path.relative_to(DATA).as_posix()
        sys.stdout.writelines(difflib.unified_diff(old, new, name, f"{name} (released)"))
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
