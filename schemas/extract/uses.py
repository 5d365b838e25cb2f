"""What each state of LLaMA Factory does with its keys, file by file, as it is kept and compiled."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ftlint.sources.uses import content, counts, of_file
from ftlint.sources.versions import order

if TYPE_CHECKING:
    from collections.abc import Mapping

NOTHING: dict[str, Any] = {"states": [], "files": {}}


def with_state(
    kept: dict[str, Any], state: str, texts: Mapping[str, str], names: set[str]
) -> dict[str, Any]:
    """Return what is kept with one state read anew."""
    states = sorted({*kept["states"], state}, key=order)
    place = states.index(state)
    files: dict[str, list[dict[str, Any]]] = {}
    for name, variants in kept["files"].items():
        for one in variants:
            others = [kept["states"][each] for each in one["states"]]
            staying = [states.index(each) for each in others if each != state]
            if staying:
                files.setdefault(name, []).append({**one, "states": staying})
    for name, text in texts.items():
        if not counts(name):
            continue
        own = {key: list(numbers) for key, numbers in of_file(name, text, names).items()}
        new = {"states": [place], "content": content(text), "uses": own}
        for one in files.setdefault(name, []):
            if one["content"] == new["content"] and one["uses"] == new["uses"]:
                one["states"] = sorted([*one["states"], place])
                break
        else:
            files[name].append(new)
    ordered = {
        name: sorted(files[name], key=lambda one: one["states"][0]) for name in sorted(files)
    }
    return {"states": states, "files": ordered}


def render(kept: dict[str, Any]) -> str:
    """Return the file, one version of a module a line."""
    modules = []
    for name, variants in kept["files"].items():
        lines = ",\n".join(f"   {json.dumps(one)}" for one in variants)
        modules.append(f"  {json.dumps(name)}: [\n{lines}\n  ]")
    inner = ",\n".join(modules)
    return f'{{"states": {json.dumps(kept["states"])}, "files": {{\n{inner}\n}}}}\n'
