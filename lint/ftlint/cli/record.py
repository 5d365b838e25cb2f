"""`ftlint record` without its options: counts the data of configs and writes what it found."""

from __future__ import annotations

import os

from ftlint import __version__
from ftlint.cli.check import guarded, say, write
from ftlint.cli.progress import bar
from ftlint.cli.steps import PlanRequest, configs
from ftlint.edits.write import replace
from ftlint.loading import Config
from ftlint.project.options import FACTS, OptionsResolver, facts_folders
from ftlint.project.request import CliOptions, UsageError
from ftlint.run.session import CLEAN, USAGE
from ftlint.support.containment import project_of
from ftlint.support.disk import Disk, ReadFailure
from ftlint.support.messages import plural
from ftlint.tokens.measure import TokenRequest
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from ftlint.datasets.recorded import Recorded
    from ftlint.target.releases import Target


def record(request: CliOptions, sample: int | None = None) -> int:
    """Record what the configs' data are and return the exit status. Never raises.

    `sample`: of how many rows of each dataset tokens are counted, None for all.
    """
    return guarded(lambda: _record(request, sample))


def _record(request: CliOptions, sample: int | None) -> int:
    from datetime import datetime, timezone

    from ftlint.facts.recording import NotRecorded, model_of, recorded

    today = datetime.now(timezone.utc).date().isoformat()
    found: dict[str, dict[str, Recorded]] = {}
    models: dict[str, dict[str, dict[str, object]]] = {}
    targets: dict[str, Target] = {}
    failures: dict[str, None] = {}
    resolver = OptionsResolver(request)
    for config in configs(PlanRequest(request)):
        if not isinstance(config, Config):
            failures[f"{config.path}: {config.reason}"] = None
            continue
        file = _place(config.path, resolver)
        targets.setdefault(file, config.target)
        model = model_of(config.context, today)
        if model is not None:
            models.setdefault(file, {})[model[0]] = model[1]
        for one in recorded(
            config.context, today, TokenRequest(sample, bounds=False, whole=True, progress=bar)
        ):
            if isinstance(one, NotRecorded):
                failures[f"{one.name}: not recorded: {one.reason}"] = None
                continue
            before = found.setdefault(file, {}).get(one.name)
            if before is not None and before.definition != one.definition:
                other = f"several datasets have this name; that of {config.path} is recorded"
                failures[f"{one.name}: {other}"] = None
                before = None
            stages = (*(before.dropped if before else ()), *one.dropped)
            lengths = {(of.way, of.model): of for of in (before.lengths if before else ())}
            lengths |= {(of.way, of.model): of for of in one.lengths}
            found[file][one.name] = one._replace(
                dropped=tuple(dict(stages).items()), lengths=tuple(lengths.values())
            )
    for file in dict.fromkeys((*found, *models)):
        _write(file, found.get(file, {}), models.get(file, {}), targets[file])
    say(failures)
    return CLEAN if found and not failures else USAGE


def _place(path: str, resolver: OptionsResolver) -> str:
    """Return the file to write: the one that is there, else the one nearest to the config."""
    folder = os.path.dirname(os.path.abspath(path))
    settings = resolver.settings.file(folder)
    reach = project_of(folder, settings and os.path.dirname(os.path.abspath(settings)))
    files = [os.path.join(one, FACTS) for one in facts_folders(settings, reach)]
    disk = Disk(reach)
    return next((one for one in files if disk.is_there(one)), files[0])


def _read(file: str, disk: Disk) -> tuple[bytes, dict[str, Any]] | str:
    """Return what is there, as bytes and as the object in them, or why that cannot be added to."""
    from ftlint.facts import recorded

    data = disk.read(file, recorded.MAX_BYTES + 1)
    if isinstance(data, ReadFailure):
        return data.reason
    found = recorded.parse(data)
    if isinstance(found, str):
        return found
    datasets = recorded.datasets_in(found)
    return datasets if isinstance(datasets, str) else (data, found)


def _write(
    file: str,
    datasets: dict[str, Recorded],
    models: dict[str, dict[str, object]],
    target: Target,
) -> None:
    from ftlint.facts import recorded

    reach = project_of(os.path.dirname(file))
    disk = Disk(reach)
    before: bytes | None = None
    old: dict[str, Any] = {}
    if (why := disk.objection(file)) is not None:
        raise UsageError(f"{file}: not written: {why}")
    if disk.is_there(file):
        found = _read(file, disk)
        if isinstance(found, str):
            raise UsageError(f"{file}: not written: it is not merged into what is there: {found}")
        before, old = found
    made_by = f"ftlint {__version__}"
    text = recorded.merged(old, datasets.values(), models, made_by, target.numbers)
    if len(text.encode("utf-8", "surrogatepass")) > recorded.MAX_BYTES:
        raise UsageError(f"{file}: not written: it would be larger than 1 MiB")
    if before is None:
        with open(file, "x", encoding="utf-8", newline="\n") as out:
            out.write(text)
    elif (why := replace(file, before, text.encode("utf-8"), reach)) is not None:
        raise UsageError(f"{file}: not written: {why}")
    for one in datasets.values():
        files = f"{len(one.files)} {plural('file', len(one.files))}"
        rows = f"{one.rows:,} {plural('row', one.rows)}"
        tokens = "".join(f", tokens for {of.model} ({of.template})" for of in one.lengths)
        write(f"{one.name}: {rows} in {files}{tokens}\n")
    for name in models:
        write(f"{name}: dimensions of the model\n")
    shown = os.path.relpath(file)
    count = f"{len(datasets)} {plural('dataset', len(datasets))}"
    write(f"Wrote {count} to {file if shown.startswith('..') else shown}.\n")
