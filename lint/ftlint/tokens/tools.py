"""What is written of the tools that a row offers, and of the calls that its answers make.

A function a format; the words around them are data of the release. Source: LLaMA Factory
`data/tool_utils.py` (0.9.3 to 0.9.5).
"""

from __future__ import annotations

import json

from ftlint.tokens.chat import NotCounted
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Tool = dict[str, Any]

QUOTE = '<|"|>'
"""What Gemma 4 writes around a string."""


class ToolCall(NamedTuple):
    """A call of a tool; the arguments are JSON."""

    name: str
    arguments: str


def describe(form: str, tools: list[Tool], words: Mapping[str, str]) -> str:
    """Return what stands in the system turn. Raises NotCounted for a format that is not known."""
    prompt = words.get(form)
    if prompt is None:
        raise NotCounted(f"ftlint does not know the tool format `{form}` of this release")
    return _DESCRIBE[form](tools, prompt)


def written(form: str, calls: list[ToolCall], words: Mapping[str, str]) -> str:
    """Return what an answer writes to call tools. Raises NotCounted."""
    if form not in words:
        raise NotCounted(f"ftlint does not know the tool format `{form}` of this release")
    return _WRITTEN[form](calls)


def _json(value: object, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _bare(tool: Tool) -> Tool:
    """Return the function alone; what has none is an error there as well."""
    return tool.get("function", "") if tool.get("type") == "function" else tool


def _own(tool: Tool) -> Tool:
    return tool.get("function", tool) if tool.get("type") == "function" else tool


def _wrapped(tool: Tool) -> Tool:
    return tool if tool.get("type") == "function" else {"type": "function", "function": tool}


def _lines(of: Callable[[Tool], Tool]) -> Callable[[list[Tool], str], str]:
    """Return the description that has the JSON of each tool on a line of its own."""

    def described(tools: list[Tool], prompt: str) -> str:
        return prompt.format(tool_text="".join("\n" + _json(of(tool)) for tool in tools))

    return described


def _default(tools: list[Tool], prompt: str) -> str:
    text = ""
    names = []
    for each in tools:
        tool = _bare(each)
        arguments = "".join(
            _argument(name, one, tool["parameters"].get("required", []))
            for name, one in tool["parameters"]["properties"].items()
        )
        text += (
            f"> Tool Name: {tool['name']}\nTool Description: {tool.get('description', '')}\n"
            f"Tool Args:\n{arguments}\n"
        )
        names.append(tool["name"])
    return prompt.format(tool_text=text, tool_names=", ".join(names))


def _argument(name: str, argument: Tool, required: list[str]) -> str:
    must = ", required" if name in required else ""
    enum = items = ""
    if argument.get("enum"):
        enum = f", should be one of [{', '.join(argument['enum'])}]"
    if argument.get("items"):
        items = f", where each item should be {argument['items'].get('type', '')}"
    return (
        f"  - {name} ({argument.get('type', '')}{must}): {argument.get('description', '')}"
        f"{enum}{items}\n"
    )


def _glm4(tools: list[Tool], prompt: str) -> str:
    text = "".join(
        f"\n\n## {_bare(tool)['name']}\n\n{_json(_bare(tool), 4)}\n"
        "在调用上述函数时，请使用 Json 格式表示调用的参数。"
        for tool in tools
    )
    return prompt.format(tool_text=text)


def _llama3(tools: list[Tool], prompt: str) -> str:
    from datetime import datetime

    text = "".join(_json(_wrapped(tool), 4) + "\n\n" for tool in tools)
    return prompt.format(date=datetime.now().strftime("%d %b %Y"), tool_text=text)


def _gemma4(tools: list[Tool], _: str) -> str:
    return "\n".join(map(_declaration, tools))


def _declaration(tool: Tool) -> str:
    tool = _own(tool)
    text = f"declaration:{tool['name']}{{description:{QUOTE}{tool.get('description', '')}{QUOTE}"
    parameters = tool.get("parameters")
    if parameters:
        parts = []
        if parameters.get("properties"):
            inside = ",".join(
                f"{name}:{{{','.join(_described(one))}}}"
                for name, one in parameters["properties"].items()
            )
            parts.append(f"properties:{{{inside}}}")
        if parameters.get("required"):
            listed = ",".join(f"{QUOTE}{one}{QUOTE}" for one in parameters["required"])
            parts.append(f"required:[{listed}]")
        if parameters.get("type"):
            parts.append(f"type:{QUOTE}{str(parameters['type']).upper()}{QUOTE}")
        text += f",parameters:{{{','.join(parts)}}}"
    response = tool.get("response")
    if response:
        parts = []
        if response.get("description"):
            parts.append(f"description:{QUOTE}{response['description']}{QUOTE}")
        if str(response.get("type", "")).upper() == "OBJECT":
            parts.append(f"type:{QUOTE}OBJECT{QUOTE}")
        text += f",response:{{{','.join(parts)}}}"
    return text + "}"


def _described(argument: Tool) -> list[str]:
    parts = []
    if argument.get("description"):
        parts.append(f"description:{QUOTE}{argument['description']}{QUOTE}")
    if argument.get("type"):
        parts.append(f"type:{QUOTE}{str(argument['type']).upper()}{QUOTE}")
    return parts


_DESCRIBE: dict[str, Callable[[list[Tool], str], str]] = {
    "default": _default,
    "gemma4": _gemma4,
    "glm4": _glm4,
    "glm4_moe": _lines(_wrapped),
    "lfm2": lambda tools, prompt: prompt.format(tool_text=_json(list(map(_own, tools)))),
    "ling": lambda tools, prompt: f"{_lines(_wrapped)(tools, prompt)}\ndetailed thinking off",
    "llama3": _llama3,
    "minimax1": lambda tools, prompt: prompt.format(
        tool_text="".join(_json(_bare(tool)) + "\n" for tool in tools)
    ),
    "minimax2": lambda tools, prompt: prompt.format(
        tool_text="".join(f"<tool>{_json(_bare(tool))}</tool>\n" for tool in tools)
    ),
    "mistral": lambda tools, _: (
        f"[AVAILABLE_TOOLS] {_json(list(map(_wrapped, tools)))}[/AVAILABLE_TOOLS]"
    ),
    "qwen": _lines(_wrapped),
    "qwen3_5": _lines(_own),
    "seed_oss": lambda tools, prompt: prompt.format(tool_text="\n" + _json(tools)),
}


def _plain_value(value: object) -> str:
    return value if isinstance(value, str) else _json(value)


def _glm4_call(calls: list[ToolCall]) -> str:
    if len(calls) > 1:
        raise NotCounted("the tool format `glm4` has no parallel calls, on which the run crashes")
    return f"{calls[0].name}\n{calls[0].arguments}"


def _llama3_call(calls: list[ToolCall]) -> str:
    objects = [{"name": name, "parameters": json.loads(given)} for name, given in calls]
    return _json(objects[0] if len(objects) == 1 else objects)


def _objects(calls: list[ToolCall]) -> list[str]:
    return [_json({"name": name, "arguments": json.loads(given)}) for name, given in calls]


def _tagged(head: str, argument: str, value: str, tail: str) -> Callable[[list[ToolCall]], str]:
    """Return calls as marked text: `{}` stands for the name, the argument's name, its value."""

    def text(calls: list[ToolCall]) -> str:
        return "\n".join(
            head.format(name)
            + "".join(
                argument.format(key) + value.format(_plain_value(one))
                for key, one in json.loads(given).items()
            )
            + tail
            for name, given in calls
        )

    return text


def _gemma4_call(calls: list[ToolCall]) -> str:
    return "".join(
        f"<|tool_call>call:{name}{{{_inside(given)}}}<tool_call|>" for name, given in calls
    )


def _inside(arguments: str) -> str:
    try:
        parsed = json.loads(arguments)
    except json.JSONDecodeError:
        return arguments
    if isinstance(parsed, dict):
        return ",".join(f"{key}:{_gemma4_value(parsed[key])}" for key in sorted(parsed))
    return parsed if isinstance(parsed, str) else _gemma4_value(parsed)


def _gemma4_value(value: object) -> str:
    if isinstance(value, str):
        return f"{QUOTE}{value}{QUOTE}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{_gemma4_value(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_gemma4_value, value)) + "]"
    return "null" if value is None else str(value)


def _lfm2_call(calls: list[ToolCall]) -> str:
    texts = []
    for name, given in calls:
        parts = (
            f'{key}="{value}"' if isinstance(value, str) else f"{key}={_json(value)}"
            for key, value in json.loads(given).items()
        )
        texts.append(f"{name}({', '.join(parts)})")
    return f"<|tool_call_start|>[{', '.join(texts)}]<|tool_call_end|>"


def _qwen_call(calls: list[ToolCall]) -> str:
    return "\n".join(f"<tool_call>\n{text}\n</tool_call>" for text in _objects(calls))


_WRITTEN: dict[str, Callable[[list[ToolCall]], str]] = {
    "default": lambda calls: "\n".join(
        f"Action: {name}\nAction Input: {given}" for name, given in calls
    ),
    "gemma4": _gemma4_call,
    "glm4": _glm4_call,
    "glm4_moe": _tagged(
        "\n<tool_call>{}", "\n<arg_key>{}</arg_key>", "\n<arg_value>{}</arg_value>", ""
    ),
    "lfm2": _lfm2_call,
    "ling": _qwen_call,
    "llama3": _llama3_call,
    "minimax1": lambda calls: "<tool_calls>\n" + "\n".join(_objects(calls)) + "\n</tool_calls>",
    "minimax2": _tagged(
        '<invoke name="{}">', '\n<parameter name="{}">', "{}</parameter>", "\n</invoke>"
    ),
    "mistral": lambda calls: _json(
        [{"name": name, "arguments": json.loads(given)} for name, given in calls]
    ),
    "qwen": _qwen_call,
    "qwen3_5": _tagged(
        "<tool_call>\n<function={}>",
        "\n<parameter={}>",
        "\n{}\n</parameter>",
        "\n</function>\n</tool_call>",
    ),
    "seed_oss": _tagged(
        "\n<seed:tool_call>\n<function={}",
        "\n<parameter={}>",
        "{}</parameter>",
        "\n</function>\n</seed:tool_call>",
    ),
}  # fmt: skip
