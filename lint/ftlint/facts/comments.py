"""What a config's own comments state of its run: `# ftlint: dataset-size=5000, gpus=8`."""

from __future__ import annotations

from ftlint.facts.launch import Launch
from ftlint.facts.layers import COMMENT, Layer
from ftlint.syntax.directives import ENVIRONMENT
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ftlint.syntax.directives import Directives


def checked(asked: Directives) -> Directives:
    """Return the directives without a GPU that has no such name."""
    if "gpu" not in asked.facts:
        return asked
    from ftlint.memory.gpus import BadGpu, total_memory

    try:
        total_memory(asked.facts["gpu"])
    except BadGpu as error:
        return asked.without("gpu", str(error))
    return asked


def layer_of(stated: Mapping[str, str]) -> Layer:
    """Return the layer of what comments state, each value as it is written."""
    launch = Launch(_count(stated.get("gpus")), _count(stated.get("nodes")))
    sizes = tuple(_sizes(stated.get("dataset-size", "")))
    others = tuple((name, stated[name]) for name in ("budget", "gpu") if name in stated)
    layer = Layer(COMMENT, launch, dataset_sizes=sizes, facts=others)
    if ENVIRONMENT not in stated:
        return layer
    from ftlint.facts import machine

    variables = stated[ENVIRONMENT].split("+")
    return layer.with_facts(machine.stated([(ENVIRONMENT, variables)]))


def _sizes(text: str) -> Iterator[tuple[str, int]]:
    """Yield the sizes in `5000`, which is the only dataset's, or in `faq:500+chat:4500`."""
    for part in text.split("+"):
        name, _, number = part.rpartition(":")
        rows = _count(number.replace("_", ""))
        if rows is not None:
            yield name, rows


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and int(text) > 0 else None
