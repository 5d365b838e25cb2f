"""What a run comes to, above its config: `= 1,875 steps · 14.2 GiB · 2 h`.

Each part stands there where it is known, and in place of the steps the reason why they are not.
"""

from __future__ import annotations

from ftlint.api import plan
from ftlint.facts.budget import format_duration
from ftlint.facts.memory import gigabytes
from ftlint.facts.run_plan import Time
from ftlint.loading import Config, for_training
from ftlint.report.plan_table import bounds
from ftlint.server.judging import config_of, content
from ftlint.steps import NoPlan
from ftlint.support.files import is_script
from ftlint.support.messages import visible
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ftlint.facts.run_plan import RunPlan
    from ftlint.server.judging import Judged

    Json = dict[str, Any]

UNKNOWN = "unknown"


def lenses(judged: Judged) -> Iterator[Json]:
    """Yield a line above a training config; in a script above each start of one."""
    if judged.result.command is None:
        return
    for line, config in _configs(judged):
        start = {"line": line, "character": 0}
        command = {"title": f"= {_told(plan(config))}", "command": ""}
        yield {"range": {"start": start, "end": start}, "command": command}


def _configs(judged: Judged) -> Iterator[tuple[int, Config]]:
    """Yield the training configs of a document, and the line from 0 that each begins in."""
    place = judged.place
    if not is_script(place.name):
        found = for_training(config_of(judged))
        if isinstance(found, Config):
            yield 0, found
        return
    from ftlint.starts import scripts

    script = scripts.load_bytes(place.name, content(judged.document), place.options, judged.disk)
    if isinstance(script, scripts.Script):
        for config in script.counted:
            if isinstance(for_training(config), Config) and config.start is not None:
                yield config.start.line - 1, config


def _told(run: RunPlan) -> str:
    """Return what is known of a run, in one line."""
    if isinstance(run.plan, NoPlan):
        return f"no steps: {visible(run.plan.reason)}"
    steps = run.plan.total_steps
    told = bounds(steps)
    parts = [f"{told} {'step' if steps.exact == 1 else 'steps'}"]
    if told == UNKNOWN:
        parts = ["steps unknown: the rows of the data are not known"]
    if run.memory is not None:
        parts.append(gigabytes(run.memory.training))
    if isinstance(run.time, Time):
        parts.append(format_duration(run.time.seconds))
    return " · ".join(parts)
