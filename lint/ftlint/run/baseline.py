"""Findings that a project has for now and knows of: a file of them, so that only new ones count.

A finding is known by its path and its fingerprint: an edit elsewhere in the file leaves it known,
an edit of its own line makes it new. Paths are relative to the folder of the baseline.
"""

from __future__ import annotations

import json
import os

from ftlint.report.fingerprint import fingerprints
from ftlint.results import Known
from ftlint.rulebook.registry import BUILT_IN
from ftlint.support.disk import Disk, ReadFailure
from ftlint.support.messages import visible
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ftlint.diagnostics import Diagnostic
    from ftlint.results import Result

    Findings = dict[str, dict[str, str]]

VERSION = 1
MAX_BYTES = 1 << 26


class BadBaseline(ValueError):
    """The file cannot be used; the message names it and why."""


def load(path: str, disk: Disk) -> Findings:
    """Return what is known, by path and fingerprint. Raises `BadBaseline`."""
    data = disk.read(path, MAX_BYTES + 1)
    if isinstance(data, ReadFailure):
        hint = "" if disk.is_there(path) else "; create it with --write-baseline"
        raise BadBaseline(f"{path}: {data.reason}{hint}")
    if len(data) > MAX_BYTES:
        raise BadBaseline(f"{path}: too large for a baseline")
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise BadBaseline(f"{path}: not JSON{(line and f', line {line}') or ''}") from None
    version = found.get("version") if isinstance(found, dict) else None
    if version != VERSION:
        raise BadBaseline(
            f"{path}: not a baseline of version {VERSION}: create a new one with --write-baseline"
        )
    findings = found.get("findings")
    if not isinstance(findings, dict) or not all(
        isinstance(one, dict) for one in findings.values()
    ):
        raise BadBaseline(f"{path}: `findings` must map paths to their findings")
    return findings


def without(
    known: Findings, path: str, results: Iterable[Result]
) -> tuple[tuple[Result, ...], Known]:
    """Return the results without what is known, and how much that was."""
    left, hidden, gone = [], 0, 0
    for result in results:
        theirs = known.get(_name(path, result.source.path), {})
        new = tuple(
            one for one, digest in fingerprints(result) if digest not in theirs or _is_own(one)
        )
        there = len(result.diagnostics) - len(new)
        hidden, gone = hidden + there, gone + len(theirs) - there
        left.append(result._replace(diagnostics=new, shown=None))
    return tuple(left), Known(path, hidden, gone)


def write(path: str, results: Iterable[Result], disk: Disk) -> None:
    """Write the findings of these files; those of others stay while the files are there.

    Raises:
        BadBaseline: what lies there is no baseline, or it cannot be written.
    """
    old = load(path, disk) if disk.is_there(path) else {}
    folder = os.path.dirname(path)
    found = {name: one for name, one in old.items() if disk.exists(os.path.join(folder, name))}
    for result in results:
        found[_name(path, result.source.path)] = {
            digest: visible(" ".join(filter(None, (one.code, one.name, one.key))))
            for one, digest in fingerprints(result)
            if not _is_own(one)
        }
    kept = {name: found[name] for name in sorted(found) if found[name]}
    text = json.dumps({"version": VERSION, "findings": kept}, indent=1) + "\n"
    _put(path, text.encode("ascii"), disk)


def _is_own(one: Diagnostic) -> bool:
    """Return whether it is about ftlint itself: what was not read or judged is never known."""
    return BUILT_IN.is_own(one.code) and BUILT_IN.kind(one.code) == "tool"


def _put(path: str, new: bytes, disk: Disk) -> None:
    from ftlint.edits.write import replace

    why = disk.objection(path)
    if why is not None:
        raise BadBaseline(f"{path}: not written: {why}")
    if not disk.is_there(path):
        try:
            with open(path, "xb") as file:
                file.write(new)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the name
            raise BadBaseline(f"{path}: {getattr(error, 'strerror', error)}") from None
        return
    old = disk.read(path, MAX_BYTES + 1)
    if isinstance(old, ReadFailure):
        raise BadBaseline(f"{path}: {old.reason}")
    reason = None if old == new else replace(path, old, new)
    if reason is not None:
        raise BadBaseline(f"{path}: not written: {reason}")


def _name(baseline: str, path: str) -> str:
    """Return a file's path from the baseline's folder, with slashes."""
    folder = os.path.dirname(os.path.abspath(baseline))
    try:
        name = os.path.relpath(path, folder)
    except ValueError:  # another drive
        name = os.path.abspath(path)
    return name.replace(os.sep, "/")
