"""`ftlint doctor` without its options: reads what runs left, prints what it is a sign of."""

from __future__ import annotations

import json
import os

from ftlint.cli.check import guarded, say, wants_colour, write
from ftlint.doctor.history import read
from ftlint.doctor.reading import NoRun
from ftlint.doctor.symptoms import signs
from ftlint.project.request import UsageError
from ftlint.run.session import CLEAN, FINDINGS
from ftlint.support.disk import Disk
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ftlint.cli.steps import PlanRequest
    from ftlint.doctor.history import History
    from ftlint.doctor.keeping import Keeping
    from ftlint.doctor.symptom import Symptom
    from ftlint.loading import Config
    from ftlint.report.doctor_report import Judged
    from ftlint.steps import StepPlan

PATIENCE = 3
"""Evaluations that the guide waits for a new best."""
SECONDS = 5.0
"""Between two looks at a run that is watched."""


class DoctorRequest(NamedTuple):
    """What the command line asks for; `of` is the config of the runs, to be planned."""

    folders: tuple[str, ...]
    of: PlanRequest | None = None
    log: str | None = None
    patience: int | None = None
    watch: bool = False
    prune: bool = False
    yes: bool = False
    format: str = "text"
    colour: str = "auto"


class Planned(NamedTuple):
    """The config of a run: what it plans and sets, and where."""

    path: str
    plan: StepPlan
    effective: dict[str, Any]
    where: dict[str, str]


def doctor(wanted: DoctorRequest) -> int:
    """Print the report and return the exit status. Never raises."""
    return guarded(lambda: _doctor(wanted))


def parted(paths: tuple[str, ...]) -> tuple[tuple[str, ...], str | None]:
    """Return the folders of runs, and the config where a file is the last that is named."""
    disk = Disk()
    if len(paths) > 1 and not disk.is_folder(paths[-1]) and not _is_run(paths[-1]):
        return paths[:-1], paths[-1]
    return paths, None


def _is_run(path: str) -> bool:
    return not os.path.splitext(path)[1]


def _doctor(wanted: DoctorRequest) -> int:
    planned = None if wanted.of is None else _planned(wanted.of)
    if wanted.watch:
        return _watch(wanted, planned)
    judged = [_judged(folder, wanted, planned) for folder in wanted.folders]
    _show(judged, wanted)
    if wanted.prune:
        return _prune(judged, wanted)
    return _status(judged)


def _status(judged: list[Judged]) -> int:
    loud = any(sign.severity != "info" for one in judged for sign in one.signs)
    return FINDINGS if loud else CLEAN


def _show(judged: list[Judged], wanted: DoctorRequest) -> None:
    from ftlint.report.doctor_report import as_object, compared, lines

    if wanted.format == "json":
        objects = [as_object(one) for one in judged]
        shown = objects[0] if len(objects) == 1 else {"version": 1, "runs": objects}
        write(json.dumps(shown, indent=1, allow_nan=False) + "\n")
        return
    if wanted.format == "html":
        from ftlint.report.doctor_page import page

        write(page(judged))
        return
    colour = wants_colour(wanted.colour)
    found = lines(judged[0], colour) if len(judged) == 1 else compared(judged, colour)
    write("".join(f"{line}\n" for line in found))


def _judged(folder: str, wanted: DoctorRequest, planned: Planned | None) -> Judged:
    from ftlint.doctor.config import against_plan, as_set_up
    from ftlint.doctor.keeping import keeping
    from ftlint.report.doctor_report import Judged

    history = read(folder)
    ended = _ended_by(folder, history, wanted, planned)
    if isinstance(history, NoRun):
        if ended is None:
            raise UsageError(f"{folder}: {history.reason}")
        return Judged(None, folder, (ended,), None)
    found = [] if ended is None else [ended]
    if planned is not None:
        found += against_plan(history, planned.plan, os.fspath(planned.path))
        history = as_set_up(history, planned.effective, planned.where, planned.plan.world_size)
    patience = wanted.patience or history.patience or PATIENCE
    found += signs(history, patience, explained=ended is not None)
    return Judged(history, folder, tuple(found), _deletable(folder, keeping(history)))


def _deletable(folder: str, keep: Keeping | None) -> Keeping | None:
    """Return what to keep, with nothing expendable that would not be deleted, as links are."""
    from ftlint.doctor.pruning import real

    if keep is None or not keep.expendable:
        return keep
    names = real(folder)
    return keep._replace(
        expendable=tuple(step for step in keep.expendable if f"checkpoint-{step}" in names)
    )


def _ended_by(
    folder: str, history: History | NoRun, wanted: DoctorRequest, planned: Planned | None
) -> Symptom | None:
    """Return why the run ended early, from the log that is named, or from one in its folder."""
    from ftlint.doctor.cause import TAIL, ended_by, logs_among

    disk, where, values = Disk(), {}, {}
    if planned is not None:
        where, values = planned.where, planned.effective
    if wanted.log is not None:
        text = _tail(wanted.log, TAIL, disk)
        if text is None:
            raise UsageError(f"{wanted.log}: cannot be read")
        found = ended_by(text, where, values)
        if found is None:
            say([f"{wanted.log}: no error in it whose cause is known"])
        return found
    if isinstance(history, NoRun):
        if history.below or not disk.is_folder(folder):
            return None
    elif history.ended or history.is_checkpoint:
        return None
    for name in sorted(logs_among(disk.names(folder))):
        text = _tail(os.path.join(folder, name), TAIL, disk)
        found = None if text is None else ended_by(text, where, values)
        if found is not None:
            return found
    return None


def _tail(path: str, size: int, disk: Disk) -> str | None:
    """Return the end of a log, None where it cannot be read."""
    if not disk.is_file(path):
        return None
    try:
        with disk.open(path) as file:
            file.seek(max(0, disk.size(path) - size))
            return (file.read(size) or b"").decode("utf-8", "replace")
    except OSError:
        return None


def _watch(wanted: DoctorRequest, planned: Planned | None) -> int:
    """Report again whenever something was logged, until the runs have ended."""
    import sys
    import time

    shown: object = None
    waits = False
    while True:
        try:
            judged = [_judged(folder, wanted, planned) for folder in wanted.folders]
        except UsageError as nothing:  # it has only begun, or a file is just being written
            if not all(Disk().is_folder(folder) for folder in wanted.folders):
                raise
            say([] if waits else [f"{nothing}; waiting"])
            waits = True
            time.sleep(SECONDS)
            continue
        if shown != judged:
            shown = judged
            if wanted.format == "text" and sys.stdout is not None and sys.stdout.isatty():
                write("\x1b[H\x1b[2J")
            _show(judged, wanted)
        if all(one.history is None or one.history.ended for one in judged):
            return _status(judged)
        time.sleep(SECONDS)


def _prune(judged: list[Judged], wanted: DoctorRequest) -> int:
    """Delete the checkpoints that can go, once that is confirmed; a refusal is a finding, too."""
    from ftlint.doctor import pruning

    status = _status(judged)
    for one in judged:
        why = "no run" if one.history is None else pruning.objection(one.history)
        if why is None and one.keep is None:
            why = "no evaluation tells which checkpoint is the best"
        if why is not None or one.keep is None:
            say([f"{one.folder}: nothing deleted: {why}"])
            status = FINDINGS
            continue
        status = max(status, _prune_run(one.folder, one.keep.expendable, wanted))
    return status


def _prune_run(folder: str, steps: tuple[int, ...], wanted: DoctorRequest) -> int:
    from ftlint.doctor import pruning

    # a report for programs or browsers has the standard output to itself
    tell = _tell if wanted.format == "text" else _tell_aside
    sizes = dict(pruning.folders(folder))
    names = {f"checkpoint-{step}": step for step in steps if f"checkpoint-{step}" in sizes}
    named = _named(folder, tuple(names.values()))
    if named is None:
        say([f"{folder}: nothing deleted: the project is too large to look for configs that name"
             " a checkpoint"])  # fmt: skip
        return FINDINGS
    for step, by in sorted(named.items()):
        say([f"{folder}: checkpoint-{step} stays: {by.path}:{by.line} names it"])
    going = {name: step for name, step in names.items() if step not in named}
    if not going:
        tell(f"{folder}: no checkpoint to delete")
        return FINDINGS if named else CLEAN
    for name in going:
        tell(f"{os.path.join(folder, name)}  {_size(sizes[name])}")
    whole = _size(sum(sizes[name] for name in going))
    if not wanted.yes and not _confirmed(f"Delete these {len(going)} checkpoints ({whole})?", tell):
        tell("Nothing deleted.")
        return FINDINGS if named else CLEAN
    for name in going:
        pruning.delete(folder, name)
    tell(f"Deleted {len(going)} ({whole}).")
    return FINDINGS if named else CLEAN


def _tell(text: str, end: str = "\n") -> None:
    write(text + end)


def _tell_aside(text: str, end: str = "\n") -> None:
    import sys

    if sys.stderr is not None:
        sys.stderr.write(text + end)
        sys.stderr.flush()


def _named(folder: str, steps: tuple[int, ...]) -> Mapping[int, Any] | None:
    """Return what names them in the projects that the run and this command are in."""
    from ftlint.doctor import pruning
    from ftlint.support.containment import repository

    roots = [repository(os.path.abspath(folder)), repository(os.getcwd()) or os.getcwd()]
    found: dict[int, Any] = {}
    for root in dict.fromkeys(one for one in roots if one is not None):
        here = pruning.named_by(root, steps, Disk())
        if here is None:
            return None
        found = {**here, **found}
    return found


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def _confirmed(question: str, tell: Callable[[str, str], None]) -> bool:
    import sys

    if sys.stdin is None or not sys.stdin.isatty():
        say(["--prune asks on a terminal only: --yes deletes without asking"])
        return False
    tell(f"{question} [y/N] ", "")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _planned(of: PlanRequest) -> Planned:
    """Return the plan of the config, what it sets, and where."""
    from ftlint.cli.steps import planned
    from ftlint.steps import NoPlan

    (path,) = map(os.fspath, of.request.paths)
    if Disk().is_folder(path):
        raise UsageError(f"{path}: CONFIG must be the config of the run, not a folder")
    found = planned(of)
    if found is None or isinstance(found, str):
        raise UsageError(f"{path}: {found or 'not a training config'}")
    plan, config = found
    if isinstance(plan, NoPlan):
        raise UsageError(f"{path}: {plan.reason}")
    return Planned(path, plan, config.values, _where(path, config))


def _where(path: str, config: Config) -> dict[str, str]:
    """Return file and line of each key that the config sets."""
    source = config.context.source
    return {
        name: f"{path}:{source.position(entry.start).line}"
        for name, entry in config.context.entries.items()
    }
