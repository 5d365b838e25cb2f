"""How a release writes a conversation: its template's slots, its words around tools, its habits.

The text is data of the release (schemas/extract/chat.py); what its code does with them is done here
by hand, for code that is known by its digest. Of any other code nothing is counted, and that is
said. Source: LLaMA Factory `data/template.py`, `formatter.py` (0.9.3 to 0.9.5).
"""

from __future__ import annotations

import marshal

from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Slot = str | dict[str, str]
    Slots = tuple[Slot, ...]


class NotCounted(Exception):
    """Why tokens cannot be counted; the text says what is not known."""


class Habits(NamedTuple):
    """What the code of releases does differently.

    `wide_thought`: an empty thought has blank lines between and after its words. `strips_words`:
    the words of a thought are looked for without the white space around them. `own_words`: a call
    of tools is looked for a thought in the template's own words. `discards`: with `mask_history`
    the thoughts of earlier turns are taken out.
    """

    wide_thought: bool = False
    strips_words: bool = True
    own_words: bool = True
    discards: bool = True


class Chat(NamedTuple):
    """A template as a release writes it, with what the config changes of it.

    `tools`: the words around tools, of the formats whose code is known.
    """

    kind: str
    user: Slots
    assistant: Slots
    system: Slots
    function: Slots
    observation: Slots
    prefix: Slots
    function_format: str
    tool_format: str
    default_system: str
    stop_words: tuple[str, ...]
    thought_words: tuple[str, str]
    tool_call_words: tuple[str, ...]
    efficient_eos: bool
    replace_eos: bool
    thinking: bool | None
    preserves_thinking: bool
    habits: Habits
    tools: Mapping[str, str]
    code: Mapping[str, str]
    """Digests of the code that makes rows, by class and function."""


BARE = Chat(
    "Template", (), (), (), (), (), (), "", "", "", (), ("", ""), (), False, False, True, False,
    Habits(), {}, {},
)  # fmt: skip
"""The template of stage pt, which writes nothing: it is asked for its tokenizer's marks alone."""

PLAIN, LLAMA2, REASONING, GLM47 = (
    "Template", "Llama2Template", "ReasoningTemplate", "Glm47ReasoningTemplate",
)  # fmt: skip
_CODE: dict[str, dict[str, dict[str, bool]]] = {
    PLAIN: {
        "bd882475e291": {"wide_thought": True},
        "d2c3ac546815": {},
        "0c14f769fc44": {},
    },
    LLAMA2: {"70e4facb30ba": {}, "2908ae3de724": {}, "6a16856f9ce1": {}},
    REASONING: {
        "0a4957c93b2d": {"strips_words": False, "discards": False},
        "f9ac6898425f": {"discards": False},
        "b461292c1fab": {},
    },
    GLM47: {"ad8b03bdd13b": {}},
    "StringFormatter": {"38e8b8b46adc": {}},
    "FunctionFormatter": {"778de657dc7a": {"own_words": False}, "c39ac530d955": {}},
    "ToolFormatter": {"882c3df2adf2": {}},
}
"""Digests of the code of templates that is done here by hand -> the habits that it shows."""
_ROWS = {
    "sft": ("SupervisedDatasetProcessor", "4123711d444a b90f72166e80 b5a1d8edd2c9"),
    "pt": ("PretrainDatasetProcessor", "bab5b07351cf"),
    "rm": ("PairwiseDatasetProcessor", "0b1449c5082e"),
    "kto": ("FeedbackDatasetProcessor", "6b7cf653b7c9"),
    "ppo": ("UnsupervisedDatasetProcessor", "0b152750d19b"),
    "cut": ("infer_seqlen", "5ffe223f2f19"),
    "alpaca": ("AlpacaDatasetConverter", "2a0041b3e2ea"),
    "sharegpt": ("SharegptDatasetConverter", "49b5caffb88f"),
    "openai": ("OpenAIDatasetConverter", "169e8e226a19 d6910e0c1e82"),
}
"""What makes rows of a stage or a format, and the digests of it that are known."""
_TOOLS = {
    "default": "888e19103dfc",
    "glm4": "333ed8d4453e",
    "llama3": "14bc77ece549",
    "mistral": "d55c3e5a1806",
    "qwen": "d13e716550f9",
    "minimax1": "a57478bbb817",
    "minimax2": "5651f801f5ec",  # that of 0.9.4 returns nothing, on which the run crashes
    "glm4_moe": "16530995a6c3",
    "seed_oss": "e20bcc7b9f2e",
    "ling": "ae4f79f34eed",
    "gemma4": "5d7199b896e1",
    "lfm2": "c308edf498c0",
    "qwen3_5": "094658092178",
}


def chat_of(values: Mapping[str, Any], release: str) -> Chat:
    """Return how a release writes the rows of a config. Raises NotCounted.

    `values` is the config over the release's defaults.
    """
    code, tools = _code_of(release)
    stage = values.get("stage")
    name = values.get("template")
    if stage == "pt":
        return _bare(name, release)._replace(code=code)
    if name is None:
        raise NotCounted("`template` is not set, so the tokenizer's own chat template is used")
    table = _table_of(str(name), release)
    habits = _habits(str(table["class"]), code)
    known = {one: words for one, (digest, words) in tools.items() if _TOOLS.get(one) == digest}
    chat = Chat(
        kind=table["class"],
        user=tuple(table["user"]),
        assistant=tuple(table["assistant"]),
        system=tuple(table["system"]),
        function=tuple(table["function"]),
        observation=tuple(table["observation"]),
        prefix=tuple(table["prefix"]),
        function_format=table["function_format"],
        tool_format=table["tool_format"],
        default_system=table["default_system"],
        stop_words=tuple(table["stop_words"]),
        thought_words=tuple(table["thought_words"]),
        tool_call_words=tuple(table["tool_call_words"]),
        efficient_eos=table["efficient_eos"],
        replace_eos=table["replace_eos"],
        thinking=values.get("enable_thinking", True),
        preserves_thinking=bool(values.get("preserve_thinking", False)),
        habits=habits,
        tools=known,
        code=code,
    )
    return _as_configured(chat, values)


def thinks(template: object) -> bool:
    """Return whether a template writes thoughts, in some release."""
    packed = compiled.CHAT.get(str(template))
    tables = () if packed is None else marshal.loads(packed)
    return any(table["class"] in (REASONING, GLM47) for _, _, table in tables)


def _bare(name: object, release: str) -> Chat:
    """Return what stage pt takes of a template: the marks that it makes tokens."""
    if name is None:
        return BARE
    table = _table_of(str(name), release)
    return BARE._replace(stop_words=tuple(table["stop_words"]), replace_eos=table["replace_eos"])


def _as_configured(chat: Chat, values: Mapping[str, Any]) -> Chat:
    form, system = values.get("tool_format"), values.get("default_system")
    if form is not None:
        answer: Slots = ("{{content}}",)
        if not chat.efficient_eos:
            answer = (*answer, {"special": "eos"})
        chat = chat._replace(function=answer, function_format=str(form), tool_format=str(form))
    return chat if system is None else chat._replace(default_system=str(system))


def known_to(chat: Chat, *needed: str) -> None:
    """Raise NotCounted unless the code that makes these rows is known: a stage, a format, `cut`."""
    for one in needed:
        name, digests = _ROWS.get(one, ("", ""))
        found = chat.code.get(name)
        if found is None:
            raise NotCounted(f"this release makes no rows of `{one}`")
        if found not in digests.split():
            raise NotCounted(f"ftlint does not know how this release makes rows of `{one}`")


def _code_of(release: str) -> tuple[Mapping[str, str], Mapping[str, tuple[str, str]]]:
    packed = compiled.CHAT_CODE.get(release)
    if packed is None:
        raise NotCounted(f"ftlint does not know how LLaMA Factory {release} writes conversations")
    found: tuple[Mapping[str, str], Mapping[str, tuple[str, str]]] = marshal.loads(packed)
    return found


def _table_of(name: str, release: str) -> dict[str, Any]:
    here = compiled.LLAMAFACTORY.index(release)
    packed = compiled.CHAT.get(name)
    for first, last, table in () if packed is None else marshal.loads(packed):
        if first <= here <= last:
            found: dict[str, Any] = table
            return found
    raise NotCounted(f"ftlint does not know how template `{name}` is written")


def _habits(kind: str, code: Mapping[str, str]) -> Habits:
    """Return what the code of a template shows. Raises NotCounted for code that is not known."""
    shown: dict[str, bool] = {}
    classes = [PLAIN, *([kind] if kind != PLAIN else []), *([REASONING] if kind == GLM47 else [])]
    for name in (*classes, "StringFormatter", "FunctionFormatter", "ToolFormatter"):
        found = _CODE.get(name, {}).get(code.get(name, ""))
        if found is None:
            raise NotCounted(f"ftlint does not know the `{name}` of this release")
        shown.update(found)
    return Habits()._replace(**shown)
