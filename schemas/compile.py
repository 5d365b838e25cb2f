"""Compile the data the linter runs on: `python schemas/compile.py` writes ftschemas/compiled.bin.

Keys of every release are folded into spans of releases, rules are parsed and validated, aliases
joined. The result is one file of tables, of which a run reads what it needs (ftschemas.compiled
tells how). `--check` exits 1 when the file on disk is not what the data make.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

sys.path.insert(0, str(Path(__file__).parents[1] / "lint"))
sys.path.insert(0, str(Path(__file__).parent))

import listed
import rulefiles
from ftlint.sources.versions import order
from ftlint.target.releases import parse_version
from ftlint.target.variables import names_secret
from ftschemas import compiled, tables
from ftschemas.schema_facts import key_facts, requirement
from observed import observed

if TYPE_CHECKING:
    from ftschemas.rule import Rule

DATA = Path(__file__).parent / "ftschemas"
ARTEFACT = Path(compiled.ARTEFACT)
NO_RELEASES = ("history",)
"""Files beside the schemas that are none."""


def releases(layer: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the schemas of a layer, oldest first."""
    files = [path for path in (DATA / layer).glob("*.json") if path.stem not in NO_RELEASES]
    return [
        (path.stem, json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(files, key=lambda path: order(path.stem))
    ]


def fold(layer: int, schemas: list[tuple[str, dict[str, Any]]]) -> dict[str, list[tuple[Any, ...]]]:
    """Fold each key's facts into spans of releases in which they are the same."""
    keys: dict[str, list[tuple[Any, ...]]] = {}
    for index, (_, schema) in enumerate(schemas):
        for name, prop in schema["properties"].items():
            facts = key_facts(prop)
            variants = keys.setdefault(name, [])
            for place, variant in enumerate(variants):
                # repr, since False == 0 and 1 == 1.0 would merge different defaults
                if (
                    variant[0] == layer
                    and variant[2] == index - 1
                    and repr(variant[3:]) == repr(facts)
                ):
                    variants[place] = (layer, variant[1], index, *facts)
                    break
            else:
                variants.append((layer, index, index, *facts))
    return keys


def aliases() -> dict[str, Any]:
    """Return the two alias tables; every key has a tuple of entries, tried in order."""
    data = YAML(typ="safe", pure=True).load((DATA / "aliases.yaml").read_text(encoding="utf-8"))
    keys = {
        name: tuple(entries if isinstance(entries, list) else [entries])
        for name, entries in data["keys"].items()
    }
    return {"keys": keys, "values": data["values"]}


def launching() -> dict[str, Any]:
    """Return the names of the environment (whole ones, beginnings), and the trainers' keys."""
    data = YAML(typ="safe", pure=True).load((DATA / "launching.yaml").read_text(encoding="utf-8"))
    found = data["variables"]
    return {
        "variables": (tuple(found["names"]), tuple(found["prefixes"])),
        "trainers": {
            launcher: {name: _trainers_key(key) for name, key in keys.items()}
            for launcher, keys in data["trainers"].items()
        },
        "lacking": {launcher: tuple(names) for launcher, names in data["lacking"].items()},
    }


def _trainers_key(key: dict[str, Any]) -> tuple[Any, ...]:
    """Return a key as KEYS has it, without where and when it is one."""
    return (tuple(key["type"]), _listed(key.get("choices")), None, None, key["default"])


def second_program(schema: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the keys of LLaMA Factory v1, and its plugins by the key that names them."""
    data = schema["x-v1"]
    keys = {
        name: (tuple(one["kinds"]), _listed(one.get("choices")), None, None, one["default"])
        for name, one in data["properties"].items()
    }
    plugins = {
        key: {name: _listed(parameters) for name, parameters in family.items()}
        for key, family in data["plugins"].items()
    }
    return keys, plugins


def _listed(values: list[Any] | None) -> tuple[Any, ...] | None:
    return None if values is None else tuple(values)


def deepspeed() -> dict[str, Any]:
    """Return what DeepSpeed takes: sections as (strict, fields), names, schedulers."""
    data = json.loads((DATA / "deepspeed.json").read_text(encoding="utf-8"))
    sections = {
        path: (
            not section["additionalProperties"],
            {
                name: {word: value for word, value in field.items() if not word.startswith("x-")}
                for name, field in section["properties"].items()
            },
        )
        for path, section in data["sections"].items()
    }
    return {"sections": sections, "names": data["names"], "schedulers": data["schedulers"]}


def uses() -> tuple[tuple[str, ...], dict[str, tuple[tuple[Any, ...], ...]]]:
    """Return the states whose uses are kept, and file -> (states, content, key -> number)."""
    data = json.loads((DATA.parent / "uses.json").read_text(encoding="utf-8"))
    return tuple(data["states"]), {
        name: tuple(
            (
                tuple(one["states"]),
                one["content"],
                {key: tuple(numbers) for key, numbers in one["uses"].items()},
            )
            for one in variants
        )
        for name, variants in data["files"].items()
    }


def modules() -> tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...]:
    """Return the families of models: names, those excepted, modules for an adapter, and blocks."""
    data = YAML(typ="safe", pure=True).load((DATA / "modules.yaml").read_text(encoding="utf-8"))
    return tuple(
        (one["models"], one.get("except", ""), tuple(one["modules"]), tuple(one["blocks"]))
        for one in data
    )


def policy() -> Any:
    """Return the table of rules of thumb that FT3 judges by."""
    data = YAML(typ="safe", pure=True).load((DATA / "policy.yaml").read_text(encoding="utf-8"))
    try:
        tables.validate(data)
    except tables.BadTable as error:
        raise SystemExit(f"policy.yaml: {error}") from None
    return data


def newest_that_works(
    release: str, schema: dict[str, Any], transformers: list[tuple[str, dict[str, Any]]]
) -> str:
    """Return the newest transformers that a release takes and that no rule says to fail with it.

    A rule on a single version of transformers is about a pair that fails whatever the config says,
    or about a common key with it.
    """
    pin = schema["x-release"]["transformers"]
    failing = {
        rule.transformers[0][1]
        for rule in _rules()[0]
        if len(rule.transformers) == 1 and rule.transformers[0][0] == "=="
    }
    versions = [layer["x-release"]["version"] for _, layer in transformers]
    least, most = parse_version(pin["min"]), parse_version(pin["max"])
    within = [one for one in versions if least <= parse_version(one) <= most]
    works = [
        one
        for one in (*within, pin["max"])
        if parse_version(one) not in failing and one not in pin["excluded"]
    ]
    return str(max(works, key=parse_version))


def pins(release: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return by package what a release takes when it starts, and what pip installs beside it."""
    checked = {"transformers": release["transformers"], **release["requires"]}
    return {
        package: (requirement(pin), release.get("metadata", {}).get(package, ""))
        for package, pin in checked.items()
    }


@cache
def _all_keys() -> dict[str, list[tuple[Any, ...]]]:
    keys = fold(0, releases("llamafactory"))
    for name, variants in fold(1, releases("transformers")).items():
        keys.setdefault(name, []).extend(variants)
    return keys


@cache
def _all_defaults() -> dict[str, list[object]]:
    found = {name: [variant[-1] for variant in rows] for name, rows in _all_keys().items()}
    second = [
        second_program(schema)[0] for _, schema in releases("llamafactory") if "x-v1" in schema
    ]
    for keys in (*launching()["trainers"].values(), *second):
        for name, row in keys.items():
            found.setdefault(name, []).append(row[-1])
    return found


@cache
def _rules() -> tuple[list[Rule], dict[str, tuple[Any, ...]]]:
    return rulefiles.rules(_all_defaults())


def removed(llamafactory: list[Any], transformers: list[Any]) -> dict[str, Any]:
    """Return keys that no release here has any more, or ever had: name -> (layer, last release)."""
    gone: dict[str, Any] = {}
    for layer, schemas in enumerate((llamafactory, transformers)):
        for _, schema in schemas:
            for name, entry in schema.get("x-removed", {}).items():
                gone.setdefault(name, (layer, entry["until"]))
    return gone


def artefact() -> bytes:
    """Return the content of the compiled file."""
    llamafactory, transformers = releases("llamafactory"), releases("transformers")
    kinds = {name: variants[-1][4] for name, variants in _all_keys().items()}
    probed, (rules, about) = observed(DATA / "observed", kinds), _rules()
    made: dict[str, Any] = {
        "LLAMAFACTORY": tuple(name for name, _ in llamafactory),
        "TRANSFORMERS": tuple(name for name, _ in transformers),
        "TRANSFORMERS_RELEASES": tuple(s["x-release"]["version"] for _, s in transformers),
        "RELEASES": {
            name: (
                schema["x-release"]["loader"],
                schema["x-release"]["json-configs"],
                tuple(schema["x-release"]["suffixes"]),
                schema["x-release"]["transformers"]["min"],
                schema["x-release"]["transformers"]["max"],
                {command: tuple(groups) for command, groups in schema["x-commands"].items()},
                newest_that_works(name, schema, transformers),
            )
            for name, schema in llamafactory
        },
        "PINS": {name: pins(schema["x-release"]) for name, schema in llamafactory},
        "VERSIONS": {name: schema["x-release"]["version"] for name, schema in llamafactory},
        "COMMIT": llamafactory[-1][1]["x-release"].get("commit", ""),
        "KEYS": {name: tuple(variants) for name, variants in sorted(_all_keys().items())},
        "SECRETS": tuple(filter(names_secret, sorted(_all_keys()))),
        "REMOVED": removed(llamafactory, transformers),
        "ALIASES": aliases()["keys"],
        "VALUE_ALIASES": aliases()["values"],
        "VARIABLES": launching()["variables"],
        "TRAINERS": launching()["trainers"],
        "LACKING": launching()["lacking"],
        "V1": {name: second_program(schema) for name, schema in llamafactory if "x-v1" in schema},
        "DEEPSPEED": deepspeed(),
        "TEMPLATES": listed.templates(llamafactory),
        "MODELS": listed.models(llamafactory),
        "MODULES": modules(),
        "USES": uses(),
        "CHAT": listed.chat(llamafactory),
        "CHAT_CODE": listed.chat_code(llamafactory),
        "PROBED": probed.releases,
        "TYPES": probed.types,
        "LIVE_WHERE": probed.live_where,
        "TAKE_ANY": dict.fromkeys(sorted(probed.take_any), True),
        "POLICY": policy(),
        "ABOUT": about,
        "BASES": rulefiles.bases(),
        **rulefiles.tables(rules),
    }
    assert tuple(made) == compiled.TABLES
    return compiled.packed(made)


def main(arguments: list[str]) -> int:
    """Write the file, or with --check compare it."""
    data = artefact()
    if "--check" in arguments:
        current = ARTEFACT.read_bytes() if ARTEFACT.exists() else b""
        if current != data:
            print(f"{ARTEFACT.name} is stale: run `python schemas/compile.py`")
        return int(current != data)
    written = ARTEFACT.with_suffix(".new")
    written.write_bytes(data)
    written.replace(ARTEFACT)  # whoever has the old one open goes on with it
    print(f"{ARTEFACT.name}: {len(data) // 1024} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
