"""Rows of a config's local data as token ids, for the `hf` runner: laid out as LLaMA Factory does.

Known: stages sft and pt, and the templates in `TEMPLATES`. Source: `data/template.py`,
`data/processor/` and `data/data_utils.py` of LLaMA Factory 0.9.5; tests compare the rows.
"""

from __future__ import annotations

import importlib
import math
from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.runners.errors import Unsupported, Untrainable
from ftbench.runners.hf_documents import Conversation, documents

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

IGNORED = -100
BATCH = 1000


class Template(NamedTuple):
    """How a conversation is laid out; `{}` is where the text goes, `<eos>` the tokenizer's end."""

    user: str
    assistant: str
    system: str = "{}"
    default_system: str = ""
    begins: bool = False
    ends: str | None = None
    """What becomes the tokenizer's own end of a text."""


_CHATML = Template(
    "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n",
    "{}<|im_end|>\n",
    "<|im_start|>system\n{}<|im_end|>\n",
    ends="<|im_end|>",
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
        ends="<|eot_id|>",
    ),
    "default": Template("Human: {}<eos>\nAssistant:", "{}<eos>\n", "System: {}<eos>\n"),
    "empty": Template("{}", "{}"),
}


DOCUMENT_ENDS = {"llama3": "<|end_of_text|>"}
"""By template, what ends a document of pre-training if not the tokenizer's own end."""


def train_and_held_out(config: Mapping[str, Any], tokenizer: Any) -> tuple[list[Any], list[Any]]:
    """Return the rows to train on and those held out, as dicts of input_ids, labels and mask.

    Which are held out is decided as `datasets` does, before rows without an answer are left out.
    """
    said = [row for name in _names(config) for row in documents(config, name)]
    if not said:
        raise Untrainable("no rows: is dataset named, and does its file have any?")
    share = config.get("val_size") or 0
    held: list[Any] = []
    if share > 1e-6:
        numpy: Any = importlib.import_module("numpy")
        size = math.ceil(share * len(said)) if share < 1 else int(share)
        order = numpy.random.default_rng(config.get("seed", 42)).permutation(len(said))
        shuffled = [said[number] for number in order]
        held, said = shuffled[:size], shuffled[size:]
    train, held_out = (_encoded(config, part, tokenizer) for part in (said, held))
    if not train:
        raise Untrainable("no row is left: all are held out, without an answer or too short")
    return train, held_out


def fitted(tokenizer: Any, config: Mapping[str, Any]) -> Any:
    """Return the tokenizer with the end of a text that the template asks for, and with padding."""
    template = _template(config)
    if template.ends is not None and tokenizer.eos_token != template.ends:
        tokenizer.add_special_tokens({"eos_token": template.ends})
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _template(config: Mapping[str, Any]) -> Template:
    name = config.get("template") or "empty"
    if name not in TEMPLATES:
        raise Unsupported(f"template {name}: known are {', '.join(TEMPLATES)}")
    template = TEMPLATES[name]
    default = config.get("default_system")
    return template if default is None else template._replace(default_system=default)


def _names(config: Mapping[str, Any]) -> list[str]:
    named = config.get("dataset") or []
    names = named.split(",") if isinstance(named, str) else named
    if len(names) > 1 and config.get("mix_strategy", "concat") != "concat":
        raise Unsupported("mix_strategy other than concat")
    return list(dict.fromkeys(str(name).strip() for name in names if name))


def _encoded(config: Mapping[str, Any], documents: list[Any], tokenizer: Any) -> list[Any]:
    cutoff = int(config["cutoff_len"])
    batch = int(config.get("preprocessing_batch_size") or BATCH)
    packing = config.get("packing")
    groups = [
        share[at : at + batch]
        for share in _shares(documents, config.get("preprocessing_num_workers") or 1)
        for at in range(0, len(share), batch)
    ]
    if config.get("stage", "sft") == "pt":
        whole = packing is None or packing
        if getattr(tokenizer, "add_bos_token", False):
            raise Unsupported("documents that begin with a token of the tokenizer's")
        end = DOCUMENT_ENDS.get(str(config.get("template"))) or tokenizer.eos_token or ""
        texts = [[text + end for text in group] for group in groups]
        return [row for group in texts for row in _grouped(group, tokenizer, cutoff, whole)]
    template = _template(config)
    end = tokenizer.eos_token or ""
    user, assistant, before = (part.replace("<eos>", end) for part in template[:3])
    template = template._replace(user=user, assistant=assistant, system=before)
    room = cutoff - 1 if packing else cutoff
    rows: list[Any] = []
    for group in groups:
        made = [_laid_out(one, template, tokenizer, room) for one in group if one.turns]
        rows += _packed(made, tokenizer, room) if packing else [_row(*pair) for pair in made]
    return rows


def _shares(documents: list[Any], processes: int) -> Iterator[list[Any]]:
    """Yield what each process prepares: neighbours, one more for each of the first if need be."""
    count = max(1, min(processes, len(documents)))
    each, more = divmod(len(documents), count)
    at = 0
    for number in range(count):
        size = each + (number < more)
        yield documents[at : at + size]
        at += size


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
        source = _ids(tokenizer, template.user.format(turn.prompt))
        if number == 0:
            source = [*_ids(tokenizer, head), *source]
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
    documents = [_ids(tokenizer, text) for text in texts]
    if not whole:
        for ids in documents:
            yield _row(ids[:cutoff], ids[:cutoff])
        return
    stream = [one for ids in documents for one in ids]
    for at in range(0, len(stream) - cutoff + 1, cutoff):
        yield _row(stream[at : at + cutoff], stream[at : at + cutoff])
