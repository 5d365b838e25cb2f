"""What a release writes around the turns of a conversation before they become tokens.

`x-chat` of a schema: the slots of each template, the words around the tools of each format, and for
every class and function that makes rows of tokens what tells its code from a changed one. ftlint
does by hand what that code does (`ftlint.tokens`), and only for code that it knows.
"""

from __future__ import annotations

import ast
import hashlib
from typing import TYPE_CHECKING, Any

from ftlint.sources.models import calls
from ftlint.sources.modules import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.sources.modules import Module, Release

TEMPLATE = "llamafactory.data.template"
TOOLS = "llamafactory.data.tool_utils"
MIRRORED = {
    TEMPLATE: (),
    "llamafactory.data.formatter": ("StringFormatter", "FunctionFormatter", "ToolFormatter"),
    "llamafactory.data.converter": (
        "AlpacaDatasetConverter", "SharegptDatasetConverter", "OpenAIDatasetConverter",
    ),
    "llamafactory.data.processor.supervised": (
        "SupervisedDatasetProcessor", "PackedSupervisedDatasetProcessor",
    ),
    "llamafactory.data.processor.pairwise": ("PairwiseDatasetProcessor",),
    "llamafactory.data.processor.feedback": ("FeedbackDatasetProcessor",),
    "llamafactory.data.processor.pretrain": ("PretrainDatasetProcessor",),
    "llamafactory.data.processor.unsupervised": ("UnsupervisedDatasetProcessor",),
    "llamafactory.data.processor.processor_utils": ("greedy_knapsack", "infer_seqlen"),
}  # fmt: skip
"""Classes and functions by module; of templates every class that one is registered with."""
UNREAD = frozenset(
    """extract extract_tool get_stop_token_ids fix_jinja_template _jinja_escape print_data_example
    _convert_slots_to_jinja _get_jinja_template _convert_slots_to_ollama _get_ollama_template
    get_ollama_modelfile tool_extractor _ast_to_value""".split()
)
"""Methods that make no row."""
DEFAULT = ["{{content}}"]


def chat(release: Release) -> dict[str, Any] | None:
    """Return how a release writes conversations, None for one that does it in another way."""
    module = release.module(TEMPLATE)
    register = module.functions.get("register_template")
    if register is None or "thought_words" not in _arguments(register):
        return None
    templates = dict(sorted(_templates(release, register)))
    used = {one["class"] for one in templates.values()} | {"Template"}
    code = {name: _digest(module, name) for name in sorted(used)}
    for origin, names in MIRRORED.items():
        found = release.find(origin)
        for name in names:
            if found is not None and (name in found.classes or name in found.functions):
                code[name] = _digest(found, name)
    return {"code": code, "tools": _tools(release.module(TOOLS)), "templates": templates}


def _templates(release: Release, register: ast.FunctionDef) -> Iterator[tuple[str, dict[str, Any]]]:
    words = {name: _fallback(register, name) for name in ("thought_words", "tool_call_words")}
    for given in calls(release, TEMPLATE, "register_template"):
        name = ast.literal_eval(given["name"])
        plain = {key: value for key, value in given.items() if not key.startswith("format_")}
        values = {key: ast.literal_eval(plain[key]) for key in PLAIN if key in plain}
        efficient = values.get("efficient_eos", False)
        answer = DEFAULT if efficient else [*DEFAULT, {"special": "eos"}]
        forms = {
            key.removeprefix("format_"): _formatter(value, name)
            for key, value in given.items()
            if key.startswith("format_")
        }
        user = forms.get("user", (DEFAULT, None))
        assistant = forms.get("assistant", (answer, None))
        function = forms.get("function", (assistant[0], "default"))
        yield (
            name,
            {
                "class": ast.unparse(given["template_class"])
                if "template_class" in given
                else "Template",
                "user": user[0],
                "assistant": assistant[0],
                "system": forms.get("system", (DEFAULT, None))[0],
                "function": function[0],
                "function_format": function[1],
                "observation": forms.get("observation", user)[0],
                "tool_format": forms.get("tools", ([], "default"))[1],
                "prefix": forms.get("prefix", ([], None))[0],
                "default_system": values.get("default_system", ""),
                "stop_words": list(values.get("stop_words") or []),
                **{key: list(values.get(key) or words[key]) for key in words},
                "efficient_eos": efficient,
                "replace_eos": values.get("replace_eos", False),
                "preserve_thinking": values.get("preserve_thinking", False),
            },
        )


PLAIN = (
    *("default_system", "stop_words", "thought_words", "tool_call_words", "efficient_eos"),
    *("replace_eos", "preserve_thinking"),
)


def _arguments(function: ast.FunctionDef) -> set[str]:
    return {one.arg for one in (*function.args.args, *function.args.kwonlyargs)}


def _fallback(register: ast.FunctionDef, name: str) -> tuple[str, ...]:
    """Return what `register_template` takes where a template names no such words."""
    if name not in _arguments(register):
        return ()
    for node in ast.walk(register):
        if (
            isinstance(node, ast.keyword)
            and node.arg == name
            and isinstance(node.value, ast.BoolOp)
        ):
            words: tuple[str, ...] = ast.literal_eval(node.value.values[-1])
            return words
    raise SourceError(f"register_template: what is {name} by default?")


def _formatter(formatter: ast.expr, name: str) -> tuple[list[Any], str | None]:
    """Return the slots of a formatter, and the format of tools that it writes."""
    if not isinstance(formatter, ast.Call):
        raise SourceError(f"template {name}: {ast.unparse(formatter)}")
    given = {one.arg: ast.literal_eval(one.value) for one in formatter.keywords}
    if formatter.args or not given.keys() <= {"slots", "tool_format"}:
        raise SourceError(f"template {name}: {ast.unparse(formatter)}")
    return [_slot(one, name) for one in given.get("slots", [])], given.get("tool_format")


def _slot(slot: Any, name: str) -> Any:
    """Return a slot: text, a token by its name, or one that the tokenizer is asked for."""
    if isinstance(slot, str):
        return slot
    if isinstance(slot, dict) and slot.keys() == {"token"}:
        return slot
    if isinstance(slot, set) and len(slot) == 1:  # what is neither bos nor eos writes nothing
        return {"special": slot.pop().removesuffix("_token")}
    raise SourceError(f"template {name}: the slot {slot}")


def _tools(module: Module) -> dict[str, Any]:
    """Return each format of tools: its words, and what tells its code."""
    (listing,) = module.assigned["TOOLS"]
    if not isinstance(listing, ast.Dict):
        raise SourceError("TOOLS is no dictionary")
    found = {}
    for key, value in zip(listing.keys, listing.values, strict=True):
        if key is None or not isinstance(value, ast.Call):
            raise SourceError("TOOLS: a format without its class")
        name = ast.unparse(value.func)
        words = [
            node.id
            for node in ast.walk(module.classes[name])
            if isinstance(node, ast.Name) and node.id.endswith("_PROMPT")
        ]
        found[ast.literal_eval(key)] = {
            "code": _digest(module, name),
            "prompt": ast.literal_eval(module.assigned[words[0]][0]) if words else "",
        }
    return found


def _digest(module: Module, name: str) -> str:
    """Return what tells the code of a class or function; of a class with what it inherits there."""
    node: ast.AST
    if name in module.classes:
        node = module.classes[name]
        bases = [ast.unparse(one) for one in module.classes[name].bases]
        inherited = "".join(_digest(module, one) for one in bases if one in module.classes)
    else:
        node, inherited = module.functions[name], ""
    text = _canonical(node) + inherited
    return hashlib.sha256(text.encode()).hexdigest()[:12]


_LEFT_OUT = frozenset(
    "annotation returns decorator_list ctx kind type_comment type_params bases".split()
)


def _canonical(node: Any) -> str:
    """Return code as text that no comment, annotation, log line or Python release changes."""
    if isinstance(node, list):
        kept = [one for one in node if not _is_passed_over(one)]
        return "[" + ",".join(map(_canonical, kept)) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = (
        f"{name}={_canonical(value)}"
        for name, value in ast.iter_fields(node)
        if value is not None and value != [] and name not in _LEFT_OUT
    )
    return f"{type(node).__name__}({','.join(fields)})"


def _is_passed_over(node: Any) -> bool:
    """Return whether a statement says nothing: a docstring, a line of the log, an unread method."""
    if isinstance(node, ast.FunctionDef):
        return node.name in UNREAD
    if not isinstance(node, ast.Expr):
        return False
    value = node.value
    if isinstance(value, ast.Constant):
        return True
    return isinstance(value, ast.Call) and ast.unparse(value.func).startswith("logger.")
