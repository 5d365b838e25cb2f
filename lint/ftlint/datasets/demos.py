"""The data files that come with a checkout of LLaMA Factory: no sign that the author's are here.

Source: LLaMA Factory data/, 0.6 to 0.9.5.
"""

from __future__ import annotations

import os.path

from ftlint.support.pattern import pattern

_SHIPPED = pattern(
    r"identity|self_cognition|lima|glaive_toolcall_10k|oaast_(rm|sft)(_zh)?"
    r"|(alpaca|dpo|glaive_toolcall)_(en|zh)_demo|kto_en_demo|(c4|wiki)_demo|v1_(sft|dpo)_demo"
    r"|mllm(_video)?(_audio)?_demo|reason_tool_use_demo(_\d+)?"
    r"|alpaca_(gpt4_)?data_(en|zh)(_\d+k)?|comparison_gpt4_data_(en|zh)"
)


def is_shipped(file_name: object) -> bool:
    """Return whether a `file_name` is that of one of LLaMA Factory's own data files."""
    if not isinstance(file_name, str):
        return False
    stem, suffix = os.path.splitext(os.path.basename(file_name))
    return suffix in (".json", ".jsonl", ".txt") and _SHIPPED.fullmatch(stem) is not None
