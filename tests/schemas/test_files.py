"""The schema files are valid, and what they say about each other is true."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ftlint.sources.versions import order

Layer = dict[str, dict[str, Any]]


@pytest.fixture(params=["llamafactory", "transformers"])
def layer(request: pytest.FixtureRequest) -> Layer:
    found: Layer = request.getfixturevalue(request.param)
    return found


def _listed(prop: dict[str, Any]) -> list[Any] | None:
    found: list[Any] | None = prop.get("enum", prop.get("items", {}).get("enum"))
    return found


def test_each_file_is_a_json_schema(layer: Layer) -> None:
    for schema in layer.values():
        Draft202012Validator.check_schema(schema)


def test_each_default_is_valid(layer: Layer) -> None:
    for version, schema in layer.items():
        for key, prop in schema["properties"].items():
            if prop.get("x-required"):
                assert "default" not in prop, (version, key)
                continue
            problems = [e.message for e in Draft202012Validator(prop).iter_errors(prop["default"])]
            assert not problems, (version, key)


def test_each_property_says_what_readers_rely_on(layer: Layer) -> None:
    for version, schema in layer.items():
        commands = schema.get("x-commands", {"train": ["training"]})
        groups = {group for groups in commands.values() for group in groups}
        for key, prop in schema["properties"].items():
            assert prop["x-group"] in groups, (version, key)
            assert prop["x-owner"], (version, key)
            noticed = prop.get("x-choices-checked")
            assert (noticed in {"parse", "later", "never"}) == (_listed(prop) is not None), key
            if "null" in prop["type"] and "enum" in prop:
                assert None in prop["enum"], (version, key)


def test_commands_name_groups_that_exist(llamafactory: Layer) -> None:
    for version, schema in llamafactory.items():
        assert schema["x-commands"].keys() == {"train", "infer", "eval"}
        own = {prop["x-group"] for prop in schema["properties"].values()}
        named = {group for groups in schema["x-commands"].values() for group in groups}
        assert own <= named, version
        assert "training" in schema["x-commands"]["train"]
        assert "training" not in schema["x-commands"]["infer"]


def test_since_and_until_are_where_the_key_is(
    llamafactory: Layer, transformers: Layer, history: dict[str, list[str]]
) -> None:
    for schemas, past in ((llamafactory, history), (transformers, {})):
        present = {**past, **{v: schemas[v]["properties"] for v in schemas}}
        newest = list(schemas)[-1]
        for version, schema in schemas.items():
            for key, prop in schema["properties"].items():
                having = sorted((v for v in present if key in present[v]), key=order)
                assert prop["x-since"] == having[0], (version, key)
                assert prop.get("x-until", newest) == having[-1], (version, key)
                between = [v for v in present if order(having[0]) <= order(v) <= order(having[-1])]
                assert len(between) == len(having), f"{key} comes and goes: {having}"


def test_removed_keys_are_those_that_earlier_releases_had(
    llamafactory: Layer, transformers: Layer, history: dict[str, list[str]]
) -> None:
    for schemas, past in ((llamafactory, history), (transformers, {})):
        present = {**past, **{v: schemas[v]["properties"] for v in schemas}}
        for version, schema in schemas.items():
            earlier = [v for v in present if order(v) < order(version)]
            gone = {key for v in earlier for key in present[v]} - schema["properties"].keys()
            assert schema["x-removed"].keys() == gone, version
            for key, entry in schema["x-removed"].items():
                assert key in present[entry["until"]], (version, key)


def test_successors_exist_in_the_newest_release(llamafactory: Layer, transformers: Layer) -> None:
    newest = {
        key
        for layer in (llamafactory, transformers)
        for key in list(layer.values())[-1]["properties"]
    }
    named = {
        prop["x-successor"]
        for layer in (llamafactory, transformers)
        for schema in layer.values()
        for prop in [*schema["properties"].values(), *schema["x-removed"].values()]
        if prop.get("x-successor")
    }
    named |= {
        entry["successor"]
        for layer in (llamafactory, transformers)
        for schema in layer.values()
        for entry in schema["x-removed"].values()
        if entry["successor"]
    }
    assert named
    assert named <= newest


def test_a_transformers_file_for_each_end_of_every_range(
    llamafactory: Layer, transformers: Layer
) -> None:
    for version, schema in llamafactory.items():
        pin = schema["x-release"]["transformers"]
        for end in (pin["min"], pin["max"]):
            assert ".".join(end.split(".")[:2]) in transformers, version
    pins = [schema["x-release"]["transformers"] for schema in llamafactory.values()]
    last = max((pin["max"] for pin in pins), key=order)
    for minor, schema in transformers.items():
        release = schema["x-release"]["version"]
        taken = any(_allows(pin, release) for pin in pins)
        assert taken or order(release) > order(last), minor


def _allows(pin: dict[str, Any], release: str) -> bool:
    inside = order(pin["min"]) <= order(release) <= order(pin["max"])
    return inside and release not in pin["excluded"]


@pytest.mark.parametrize(
    ("version", "loader", "json_configs", "overrides"),
    [
        ("0.9.0", "pyyaml", True, False),
        ("0.9.2", "pyyaml", True, False),
        ("0.9.3", "pyyaml", True, True),
        ("0.9.4", "omegaconf", True, True),
        ("0.9.5", "omegaconf", False, True),
    ],
)
def test_how_a_release_reads_its_configs(
    llamafactory: Layer, version: str, loader: str, json_configs: bool, overrides: bool
) -> None:
    release = llamafactory[version]["x-release"]
    assert (release["loader"], release["json-configs"], release["overrides"]) == (
        loader,
        json_configs,
        overrides,
    )


def test_descriptions_are_short_and_of_known_keys(
    llamafactory: Layer, transformers: Layer, descriptions: dict[str, str]
) -> None:
    known = {
        key
        for layer in (llamafactory, transformers)
        for schema in layer.values()
        for key in schema["properties"]
    }
    assert descriptions.keys() == known
    for key, text in descriptions.items():
        assert len(text.split()) <= 12, key
        assert text[0].isupper(), key
        assert not text.endswith("."), key
