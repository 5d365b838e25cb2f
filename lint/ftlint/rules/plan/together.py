"""Faults of several datasets that have one cause become one finding.

A file is told by itself, whatever else a run looks at: what an editor, a hook and a CI job say of
it is the same, and baselines and kept results hold.
"""

from __future__ import annotations

from ftlint.diagnostics import Finding, Related
from ftlint.rules.places import span_of
from ftlint.support.messages import listed
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ftlint.diagnostics import Fix
    from ftlint.facts.context import Context
    from ftlint.syntax.construct import Entry

UNDEFINED, MISSING, PLACEHOLDER, POINTER = "FT701", "FT703", "FT014", "FT714"


class DatasetFault(NamedTuple):
    """What is wrong with one dataset that a key names; with none, what is wrong with them all."""

    entry: Entry
    dataset: str
    code: str
    values: Mapping[str, object]
    fix: Fix | None = None

    @property
    def cause(self) -> object:
        """What faults have in common that one remedy mends; None: nothing."""
        if self.code == PLACEHOLDER:
            return self.code
        if self.code in (UNDEFINED, MISSING) and self.fix is None:
            return self.code, self.values["hint"]
        if self.code == POINTER:
            return self.code, self.values["what"]
        return None


def findings(faults: Iterable[DatasetFault], context: Context) -> Iterator[Finding]:
    """Yield a finding for each cause, at the first dataset that it concerns."""
    groups: dict[object, list[DatasetFault]] = {}
    for number, fault in enumerate(faults):
        groups.setdefault(fault.cause or number, []).append(fault)
    for group in groups.values():
        first = group[0]
        start, end = span_of(context, first.entry, first.dataset)
        values = {"dataset": first.dataset, **first.values, **_of_all(group)}
        yield Finding(
            first.code, start, end, first.entry.name, values, first.fix,
            related=tuple(
                Related(
                    *span_of(context, one.entry, one.dataset),
                    f"`{one.dataset}` is named on this line",
                )
                for one in group[1:]
            ),
        )  # fmt: skip


def _of_all(group: Sequence[DatasetFault]) -> dict[str, object]:
    """Return the values of a message that speaks of several datasets."""
    first, names = group[0], list(dict.fromkeys(one.dataset for one in group))
    if first.code == UNDEFINED:
        many = len(names) > 1
        return {"what": f"Dataset{'s' * many} {listed(names)} {'are' if many else 'is'}"}
    if first.code == POINTER:
        stated = names[0] if len(names) == 1 else "NAME"
        return {"unknown": f"the rows of {listed(names)} are unknown",
                "otherwise": f", or state them with `--dataset-size {stated}=N`"}  # fmt: skip
    if first.code == PLACEHOLDER:
        return {"others": f" (and {len(names) - 1} more)" if len(names) > 1 else ""}
    if first.code != MISSING:
        return {}
    files = list(dict.fromkeys(str(one.values["file"]) for one in group))
    told: dict[str, object] = {"datasets": f"dataset{'s' * (len(names) > 1)} {listed(names)}"}
    if len(files) > 1:
        more = f"{len(files) - 1} more file{'s' * (len(files) > 2)}"
        told["what"] = f"{files[0]} and {more} are not in {first.values['folder']}"
    return told
