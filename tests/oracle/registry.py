"""The models and templates that a LLaMA Factory really registers, as JSON. Runs inside one."""

from __future__ import annotations

import importlib
import json
import os
from typing import Any


def slots(formatter: Any) -> str:
    """Return the slots of a formatter as one text, tokens of the tokenizer in braces."""
    parts = []
    for slot in formatter.slots:
        if isinstance(slot, set):
            parts += [f"{{{name.removesuffix('_token')}}}" for name in slot]
        else:
            parts.append(slot["token"] if isinstance(slot, dict) else slot)
    return "".join(parts)


def main() -> None:
    """Print it all."""
    os.environ["DISABLE_VERSION_CHECK"] = "1"
    constants: Any = importlib.import_module("llamafactory.extras.constants")
    registered: Any = importlib.import_module("llamafactory.data.template").TEMPLATES
    media = ("image", "video", "audio")
    templates = {
        name: {
            "turns": [slots(one.format_user), slots(one.format_assistant)],
            "media": [m for m in media if getattr(one.mm_plugin, f"{m}_token", None)],
            "thinks": "Reasoning" in type(one).__name__,
        }
        for name, one in registered.items()
    }
    models = [
        [path, constants.DEFAULT_TEMPLATE.get(name), name in constants.MULTIMODAL_SUPPORTED_MODELS]
        for name, sources in constants.SUPPORTED_MODELS.items()
        for path in sources.values()
    ]
    print(json.dumps({"templates": templates, "models": models}))


if __name__ == "__main__":
    main()
