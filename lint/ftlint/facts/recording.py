"""Counting the datasets of a config on the machine that has them, to be judged by elsewhere."""

from __future__ import annotations

import os

from ftlint.datasets import Question
from ftlint.datasets.recorded import Recorded, digest_of, files_of
from ftlint.facts.data import DataPlace, data_of
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.datasets import DatasetSize
    from ftlint.datasets.recorded import RecordedLengths
    from ftlint.facts.context import Context
    from ftlint.tokens.measure import TokenRequest


class NotRecorded(NamedTuple):
    """A dataset that cannot be recorded here, and why."""

    name: str
    reason: str


def model_of(context: Context, date: str) -> tuple[str, dict[str, object]] | None:
    """Return the name of a config's model and its dimensions, where they are on this machine.

    A model that is quantized has none of its own; of a folder elsewhere the name says nothing.
    """
    from ftlint.facts.dimensions import BUNDLED, dimensions
    from ftlint.memory.shape import DIMENSIONS, Unknown

    name = context.instance.effective.get("model_name_or_path")
    found = dimensions(name, context.source.path, context.stated, context.disk)
    if isinstance(found, Unknown) or not isinstance(name, str) or os.path.isabs(name):
        return None
    if found.source.startswith(BUNDLED) or found.config.get("quantization_config"):
        return None
    kept = {key: found.config[key] for key in DIMENSIONS if key in found.config}
    return name, {"recorded": date, "config": kept}


def recorded(
    context: Context, date: str, tokens: TokenRequest | None = None
) -> Iterator[Recorded | NotRecorded]:
    """Yield what is to be recorded of each dataset that a config names.

    With `tokens` those of its rows too, where they can be counted.
    """
    values, known = context.instance.effective, context.instance.facts
    names = [*(known.get("dataset_names") or ()), *(known.get("eval_dataset_names") or ())]
    place = data_of(context)
    texts = [name for name in dict.fromkeys(names) if isinstance(name, str)]
    if place is None or not isinstance(place.dataset_dir, str):
        for name in texts:
            yield NotRecorded(name, "no dataset_info.json was found")
        return
    stage = str(values.get("stage"))
    lengths = {} if tokens is None else _lengths(context, tokens)
    for size in place.sizes(texts, Question(stage)):
        found = _of(size, place, stage, date)
        tokens_of = lengths.get(size.name)
        if tokens_of is not None and isinstance(found, Recorded):
            found = found._replace(lengths=(tokens_of,))
        yield found


def _lengths(context: Context, wanted: TokenRequest) -> dict[str, RecordedLengths]:
    """Return the tokens of each dataset of which all rows were counted with a tokenizer."""
    from ftlint.facts.recorded_tokens import to_record
    from ftlint.facts.tokens import count

    found = count(context, wanted)
    return {} if found is None else to_record(context, found)


def _of(size: DatasetSize, place: DataPlace, stage: str, date: str) -> Recorded | NotRecorded:
    rows, definition = size.usable.exact, place.definition(size.name)
    if size.source != "file" or rows is None or definition is None:
        why = "its rows cannot be counted" if size.trouble is None else size.trouble.text
        return NotRecorded(size.name, why)
    try:
        files = files_of(size, place.folder, place.disk, place.cache)
    except OSError as error:
        return NotRecorded(size.name, error.strerror or str(error))
    left_out = size.dropped.exact
    shown = place.info is not None and place.disk.holds(place.info.path)
    return Recorded(
        size.name, date, digest_of(definition), files, rows, size.columns if shown else (),
        () if left_out is None else ((stage, left_out),),
    )  # fmt: skip
