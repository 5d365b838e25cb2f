"""Rows of a config's local data as token ids, for the `hf` runner: laid out as LLaMA Factory does.

Known: alpaca and sharegpt JSON or JSONL, stages sft and pt, and the templates in `TEMPLATES`. The
layouts are those of LLaMA Factory 0.9.5 (`data/template.py`, `data/processor/`), so that batches
have the same shapes.
"""

from __future__ import annotations

import importlib
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

IGNORED = -100
BATCH = 1000


class Unsupported(ValueError):
    """Something in the config that this runner does not do. The text names it."""


class Template(NamedTuple):
    """How a conversation is laid out; `{}` is where the text goes, `<eos>` the tokenizer's end."""

    user: str
    assistant: str
    system: str = "{}"
    default_system: str = ""
    begins: bool = False


_CHATML = Template(
    "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n",
    "{}<|im_end|>\n",
    "<|im_start|>system\n{}<|im_end|>\n",
)
TEMPLATES = {
    "qwen": _CHATML._replace(
        default_system="You are Qwen, created by Alibaba Cloud. You are a helpful assistant."
    ),
    "chatml": _CHATML,
    "llama3": Template(
        "<|start_header_id|>user<|end_header_id|>\n\n{}<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n",
        "{}<|eot_id|>",
        "<|start_header_id|>system<|end_header_id|>\n\n{}<|eot_id|>",
        begins=True,
    ),
    "default": Template("Human: {}<eos>\nAssistant:", "{}<eos>\n", "System: {}<eos>\n"),
    "empty": Template("{}", "{}"),
}


class Turn(NamedTuple):
    """A prompt and its answer."""

    prompt: str
    answer: str


class Conversation(NamedTuple):
    """Turns, and what is said before them; an empty `system` leaves it to the template."""

    turns: list[Turn]
    system: str = ""


ELSEWHERE = ("hf_hub_url", "ms_hub_url", "om_hub_url", "script_url", "cloud_file_name", "subset",
             "folder", "num_samples", "ranking")  # fmt: skip
"""Keys of a definition by which LLaMA Factory reads other rows than those of the file."""
COLUMNS = ("prompt", "query", "response", "history", "messages", "system")


def train_and_held_out(config: Mapping[str, Any], tokenizer: Any) -> tuple[list[Any], list[Any]]:
    """Return the rows to train on and those held out, as dicts of input_ids, labels and mask.

    Which are held out is decided as `datasets` does, before rows without an answer are left out.
    """
    documents = [row for name in _names(config) for row in _rows(config, name)]
    share = config.get("val_size") or 0
    held: list[Any] = []
    if share > 1e-6:
        numpy: Any = importlib.import_module("numpy")
        size = math.ceil(share * len(documents)) if share < 1 else int(share)
        order = numpy.random.default_rng(config.get("seed", 42)).permutation(len(documents))
        shuffled = [documents[number] for number in order]
        held, documents = shuffled[:size], shuffled[size:]
    return _encoded(config, documents, tokenizer), _encoded(config, held, tokenizer)


def _names(config: Mapping[str, Any]) -> list[str]:
    named = config.get("dataset") or []
    names = named.split(",") if isinstance(named, str) else named
    if len(names) > 1 and config.get("mix_strategy", "concat") != "concat":
        raise Unsupported("mix_strategy other than concat")
    return [str(name).strip() for name in names]


def _rows(config: Mapping[str, Any], name: str) -> Iterator[Any]:
    """Yield the rows of a data set: texts for pt, conversations for sft."""
    root = Path(config.get("dataset_dir", "data"))
    info = json.loads((root / "dataset_info.json").read_text(encoding="utf-8"))
    if name not in info:
        raise Unsupported(f"dataset {name!r}: not in {root / 'dataset_info.json'}")
    entry = info[name]
    file = root / entry.get("file_name", "")
    columns = entry.get("columns", {})
    beyond = [key for key in ELSEWHERE if entry.get(key)] + [
        key for key in columns if key not in COLUMNS and columns[key]
    ]
    if file.suffix not in (".json", ".jsonl") or entry.get("split", "train") != "train" or beyond:
        also = f", without {', '.join(beyond)}" if beyond else ""
        raise Unsupported(f"dataset {name!r}: only local JSON and JSONL for pt and sft{also}")
    text = file.read_text(encoding="utf-8")
    found = json.loads(text) if text.lstrip().startswith("[") else _lines(text)
    limit = config.get("max_samples")
    for row in found[:limit]:
        if config.get("stage", "sft") == "pt":
            yield str(row[columns.get("prompt", "instruction")])
        else:
            yield _conversation(row, entry)


def _lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _conversation(row: Mapping[str, Any], entry: Mapping[str, Any]) -> Conversation:
    """Return a row's conversation: without turns where LLaMA Factory leaves the row out."""
    formatting = entry.get("formatting", "alpaca")
    columns = entry.get("columns", {})
    system = str(row[columns["system"]] or "") if columns.get("system") else ""
    if formatting == "alpaca":
        return Conversation(_alpaca(row, columns), system)
    if formatting != "sharegpt":
        raise Unsupported(f"formatting {formatting}: known are alpaca and sharegpt")
    return _sharegpt(row[columns.get("messages", "conversations")], entry.get("tags"), system)


def _alpaca(row: Mapping[str, Any], columns: Mapping[str, Any]) -> list[Turn]:
    given = columns or {"prompt": "instruction", "query": "input", "response": "output"}
    parts = [row.get(given[key]) for key in ("prompt", "query") if key in given]
    answer = row.get(given.get("response", "output"))
    if not isinstance(answer, str):
        return []
    before = row.get(given["history"]) if given.get("history") else None
    turns = [Turn(*old) for old in before] if isinstance(before, list) else []
    return [*turns, Turn("\n".join(part for part in parts if part), answer)]


def _sharegpt(messages: list[Any], tags: Mapping[str, Any] | None, system: str) -> Conversation:
    """Return what is said in turn; calls of functions are laid out by templates' own rules."""
    named: dict[str, Any] = {"role_tag": "from", "content_tag": "value"}
    roles: dict[str, Any] = {
        "user_tag": "human", "assistant_tag": "gpt", "observation_tag": "observation",
        "function_tag": "function_call", "system_tag": "system",
    }  # fmt: skip
    if tags is not None:
        named, roles = ({key: tags.get(key) for key in known} for known in (named, roles))
    said = [(one[named["role_tag"]], one[named["content_tag"]]) for one in messages]
    if said and roles["system_tag"] and said[0][0] == roles["system_tag"]:
        system, said = said[0][1], said[1:]
    if any(role in (roles["observation_tag"], roles["function_tag"]) for role, _ in said):
        raise Unsupported("calls of functions in a conversation")
    turns = [Turn(said[at][1], said[at + 1][1]) for at in range(0, len(said) - 1, 2)]
    in_turn = [role for role, _ in said] == [roles["user_tag"], roles["assistant_tag"]] * len(turns)
    return Conversation(turns if in_turn else [], system)


def _encoded(config: Mapping[str, Any], documents: list[Any], tokenizer: Any) -> list[Any]:
    cutoff = int(config.get("cutoff_len", 2048))
    batch = int(config.get("preprocessing_batch_size") or BATCH)
    packing = config.get("packing")
    groups = [documents[at : at + batch] for at in range(0, len(documents), batch)]
    if config.get("stage", "sft") == "pt":
        whole = packing is None or packing
        return [row for group in groups for row in _grouped(group, tokenizer, cutoff, whole)]
    name = config.get("template") or "empty"
    if name not in TEMPLATES:
        raise Unsupported(f"template {name}: known are {', '.join(TEMPLATES)}")
    template = TEMPLATES[name]
    if (default := config.get("default_system")) is not None:
        template = template._replace(default_system=default)
    end = tokenizer.eos_token or ""
    user, assistant, before = (part.replace("<eos>", end) for part in template[:3])
    template = template._replace(user=user, assistant=assistant, system=before)
    room = cutoff - 1 if packing else cutoff
    rows: list[Any] = []
    for group in groups:
        made = [_laid_out(one, template, tokenizer, room) for one in group if one.turns]
        rows += _packed(made, tokenizer, room) if packing else [_row(*pair) for pair in made]
    return rows


def _row(ids: list[int], labels: list[int]) -> dict[str, list[int]]:
    return {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": labels}


def _laid_out(
    conversation: Conversation, template: Template, tokenizer: Any, room: int
) -> tuple[list[int], list[int]]:
    """Return ids and labels of a conversation, each turn cut to what room there is."""
    system = conversation.system or template.default_system
    head = template.system.format(system) if system else ""
    ids: list[int] = []
    labels: list[int] = []
    for number, turn in enumerate(conversation.turns):
        if len(ids) >= room:
            break
        source = _ids(tokenizer, (head if number == 0 else "") + template.user.format(turn.prompt))
        if number == 0 and template.begins and tokenizer.bos_token_id is not None:
            source = [tokenizer.bos_token_id, *source]
        target = _ids(tokenizer, template.assistant.format(turn.answer))
        first, second = _cut(len(source), len(target), room - len(ids))
        ids += source[:first] + target[:second]
        labels += [IGNORED] * first + target[:second]
    return ids, labels


def _ids(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False))


def _cut(source: int, target: int, room: int) -> tuple[int, int]:
    """Return how much of a prompt and of its answer is kept."""
    if target * 2 < room:
        most = room
    elif source * 2 < room:
        most = room - source
    else:
        most = int(room * target / (source + target))
    kept = min(most, target)
    return min(max(room - kept, 0), source), kept


def _packed(made: list[tuple[list[int], list[int]]], tokenizer: Any, room: int) -> Iterator[Any]:
    """Yield rows of `room` + 1 tokens, the longest conversations first; the rest is padding."""
    waiting = sorted((pair for pair in made if len(pair[0]) <= room), key=lambda pair: len(pair[0]))
    while waiting:
        ids: list[int] = []
        labels: list[int] = []
        positions: list[int] = []
        while True:
            fitting = [at for at, pair in enumerate(waiting) if len(pair[0]) <= room - len(ids)]
            if not fitting:
                break
            more, theirs = waiting.pop(fitting[-1])
            ids += more
            labels += theirs
            positions += range(len(more))
        empty = room + 1 - len(ids)
        pad = tokenizer.pad_token_id
        row = _row(ids + [pad] * empty, labels + [IGNORED] * empty)
        yield {**row, "position_ids": positions + [0] * empty}


def _grouped(texts: list[str], tokenizer: Any, cutoff: int, whole: bool) -> Iterator[Any]:
    """Yield documents as blocks of `cutoff` tokens without a border, or a row each."""
    end = tokenizer.eos_token or ""
    documents = [_ids(tokenizer, text + end) for text in texts]
    if not whole:
        for ids in documents:
            yield _row(ids[:cutoff], ids[:cutoff])
        return
    stream = [one for ids in documents for one in ids]
    for at in range(0, len(stream) - cutoff + 1, cutoff):
        yield _row(stream[at : at + cutoff], stream[at : at + cutoff])
