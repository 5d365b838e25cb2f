"""Every alias leads somewhere, from a name that is not the right one already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Layer = dict[str, dict[str, Any]]
FIELDS = {"to", "value", "transform", "entry", "safe", "note", "by_hand", "fork"}
CONDITIONS = {"if", "least", "most"}
TRANSFORMS = {"negate", "square", "gigabytes"}


def entries(aliases: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, found in aliases["keys"].items():
        for entry in found if isinstance(found, list) else [found]:
            yield key, entry


def newest(llamafactory: Layer, transformers: Layer) -> set[str]:
    """Return the keys of the newest release with the newest transformers that it takes."""
    own = list(llamafactory.values())[-1]
    minor = own["x-release"]["transformers"]["max"].rpartition(".")[0]
    return {*own["properties"], *transformers[minor]["properties"]}


def test_entries_have_the_documented_shape(aliases: dict[str, Any]) -> None:
    for key, entry in entries(aliases):
        assert entry.keys() <= FIELDS | CONDITIONS, key
        assert {"to", "safe", "note"} <= entry.keys(), key
        assert isinstance(entry["safe"], bool), key
        assert entry.get("transform") in {None, *TRANSFORMS}, key
        assert len({"value", "transform", "entry", "by_hand"} & entry.keys()) <= 1, key
        assert not (entry["safe"] and (entry.get("by_hand") or entry.get("fork"))), key
        if entry["to"] is None:
            assert not {"value", "transform", "entry"} & entry.keys(), key


def test_only_the_last_entry_of_a_list_holds_for_any_value(aliases: dict[str, Any]) -> None:
    for key, found in aliases["keys"].items():
        if isinstance(found, list):
            assert all(CONDITIONS & entry.keys() for entry in found[:-1]), key
            values = [repr(entry["if"]) for entry in found if "if" in entry]
            assert len(set(values)) == len(values), key


def test_targets_exist(aliases: dict[str, Any], llamafactory: Layer, transformers: Layer) -> None:
    now = newest(llamafactory, transformers)
    ever = {
        key
        for layer in (llamafactory, transformers)
        for schema in layer.values()
        for key in schema["properties"]
    }
    for key, entry in entries(aliases):
        if entry["to"] is not None:
            # a key of today may have an older name, for older targets
            assert entry["to"] in (ever if key in now else now), (key, entry["to"])
            assert entry["to"] != key, key


def test_written_values_are_valid_for_their_target(
    aliases: dict[str, Any], llamafactory: Layer, transformers: Layer
) -> None:
    props = {
        key: prop
        for layer in (llamafactory, transformers)
        for schema in layer.values()
        for key, prop in schema["properties"].items()
    }
    kinds = {str: "string", bool: "boolean", int: "integer", list: "array"}
    for key, entry in entries(aliases):
        if "value" in entry:
            prop = props[entry["to"]]
            assert kinds[type(entry["value"])] in prop["type"], (key, entry)
            assert entry["value"] in prop.get("enum", [entry["value"]]), (key, entry)


def test_no_alias_hides_a_key_of_every_release(
    aliases: dict[str, Any], llamafactory: Layer, transformers: Layer
) -> None:
    for key in aliases["keys"]:
        for layer in (llamafactory, transformers):
            holders = [
                s["properties"][key]["x-group"] for s in layer.values() if key in s["properties"]
            ]
            # legal everywhere means that the entry can never be used, save for another command
            assert len(holders) < len(layer) or set(holders) == {"evaluation"}, key


def test_value_aliases_lead_from_a_wrong_value_to_a_right_one(
    aliases: dict[str, Any], llamafactory: Layer, transformers: Layer
) -> None:
    listed: dict[str, list[list[Any]]] = {}
    for layer in (llamafactory, transformers):
        for schema in layer.values():
            for key, prop in schema["properties"].items():
                values = prop.get("enum", prop.get("items", {}).get("enum"))
                if values is not None:
                    listed.setdefault(key, []).append(values)
    for key, table in aliases["values"].items():
        for written, entry in table.items():
            assert entry.keys() == {"to", "safe", "note"}, (key, written)
            assert any(written not in values for values in listed[key]), (key, written)
            if entry["to"] is not None:
                assert any(entry["to"] in values for values in listed[key]), (key, written)
