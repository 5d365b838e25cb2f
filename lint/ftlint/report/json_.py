"""For programs: version 1 of the JSON format, and the same findings one a line.

Everything outside ASCII is escaped: the output is valid in whatever encoding it is printed.
"""

from __future__ import annotations

import json

from ftlint import __version__
from ftlint.diagnostics import SEVERITIES
from ftlint.rulebook.registry import BUILT_IN
from ftlint.support.addresses import rule_page
from ftlint.support.messages import visible
from ftlint.target.releases import MAIN
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Diagnostic
    from ftlint.results import Result, Run, Unjudged
    from ftlint.syntax.source import Source
    from ftlint.target.releases import Target


def url(code: str) -> str | None:
    """Return where a rule is explained; None for a team's policy, which has no page."""
    return rule_page(code) if code in BUILT_IN else None


def report(run: Run, colour: bool) -> Iterator[str]:
    """Yield one object: tool, target, diagnostics, files, summary."""
    yield dumped(
        {
            "version": 1,
            "tool": {"name": "ftlint", "version": __version__},
            "target": run.targets[0].numbers,
            "targets": [as_target(one, run.doubted_for(one)) for one in run.targets],
            "diagnostics": [
                as_object(result, diagnostic)
                for result in run.results
                for diagnostic in result.diagnostics
            ],
            "files": {
                "checked": run.checked,
                "skipped": run.skipped,
                "unreadable": [
                    {"path": path, "reason": visible(reason)} for path, reason in run.failures
                ],
            },
            "not_judged": [_unjudged(path, one) for path, one in run.unjudged],
            "summary": {severity: run.count(severity) for severity in SEVERITIES},
            **_of_repairs(run),
            **_of_baseline(run),
        },
        indent=1,
    )


def _unjudged(path: str, one: Unjudged) -> dict[str, object]:
    """Return what of a file was not judged, why, and the fact that is missing."""
    names = ", ".join(one.datasets)
    return {
        "path": path,
        "judgements": list(one.what),
        "fact": "dataset-size",
        "datasets": list(one.datasets),
        "reason": visible(f"rows of {names} are unknown" if names else "rows are unknown"),
    }


def _of_repairs(run: Run) -> dict[str, object]:
    if not run.fixing:
        return {}
    fixed = [
        {
            "path": repair.path,
            "code": made.code,
            "applicability": made.applicability,
            "message": visible(made.message),
        }
        for repair in run.repairs
        for made in repair.written
    ]
    return {"fixed": fixed}


def _of_baseline(run: Run) -> dict[str, object]:
    if not run.known:
        return {}
    found = [{"path": one.path, "hidden": one.hidden, "gone": one.gone} for one in run.known]
    return {"baseline": found[0], "baselines": found}


def target_id(target: Target) -> str:
    """Return by what a diagnostic names its target."""
    name = target.origin.path or (MAIN if target.origin.source == MAIN else target.llamafactory)
    return visible(f"{name}+transformers-{target.transformers}")


def as_target(target: Target, doubted: tuple[str, ...]) -> dict[str, object]:
    """Return a target as plain data: what it is, what judges it, what is not judged."""
    origin = target.origin
    return {
        "id": target_id(target),
        **target.numbers,
        "source": origin.source,
        "judged_by": visible(origin.judged_by),
        "distribution": origin.distribution,
        "notes": [visible(note) for note in origin.notes],
        "keys_not_judged": list(doubted),
    }


def lines(run: Run, colour: bool) -> Iterator[str]:
    """Yield one object a finding."""
    for result in run.results:
        for diagnostic in result.diagnostics:
            yield dumped(as_object(result, diagnostic), indent=None)


def as_object(result: Result, one: Diagnostic) -> dict[str, object]:
    """Return a diagnostic as plain data; lines and columns from 1, offsets in characters."""
    source = result.source
    fix = one.fix and {
        "applicability": one.fix.applicability,
        "message": visible(one.fix.message),
        "edits": [edit._asdict() for edit in one.fix.edits],
    }
    return {
        "path": one.path,
        "code": one.code,
        "name": one.name,
        "severity": one.severity,
        "message": visible(one.message),
        "key": one.key,
        "start": _place(source, one.start),
        "end": _place(source, one.end),
        "url": url(one.code),
        "target": None if result.target is None else target_id(result.target),
        "command": result.command,
        "launch": one.launch and one.launch._asdict(),
        "fix": fix,
        **_related(source, one),
    }


def _related(source: Source, one: Diagnostic) -> dict[str, object]:
    if not one.related:
        return {}
    places = [
        {
            "path": one.path,
            "start": _place(source, other.start),
            "end": _place(source, other.end),
            "message": visible(other.message),
        }
        for other in one.related
    ]
    return {"related": places}


def dumped(data: object, indent: int | None) -> str:
    """Write JSON in printing ASCII alone; `json` leaves DEL as it is."""
    return json.dumps(data, indent=indent).replace("\x7f", "\\u007f")


def _place(source: Source, offset: int) -> dict[str, int]:
    line, column = source.position(offset)
    return {"line": line, "column": column, "offset": offset}
