"""What a run comes to, above its config: `= 1,875 steps · 14.2 GiB · 2 h`.

Each part stands there where it is known, and beside the steps the reason where they are not.
"""

from __future__ import annotations

from ftlint.api import plan
from ftlint.facts.budget import format_duration
from ftlint.facts.memory import gigabytes
from ftlint.facts.run_plan import Time
from ftlint.loading import Config, for_training
from ftlint.report.plan_rows import bounds
from ftlint.server.judging import config_of, content
from ftlint.steps import NoPlan
from ftlint.support.files import is_script
from ftlint.support.messages import listed, visible
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ftlint.facts.run_plan import RunPlan
    from ftlint.server.judging import Judged
    from ftlint.steps import StepPlan

    Json = dict[str, Any]


def lenses(judged: Judged) -> Iterator[Json]:
    """Yield a line above a training config; in a script above each start of one."""
    if judged.result.command is None:
        return
    for line, config in _configs(judged):
        start = {"line": line, "character": 0}
        command = {"title": _told(plan(config)), "command": ""}
        yield {"range": {"start": start, "end": start}, "command": command}


def _configs(judged: Judged) -> Iterator[tuple[int, Config]]:
    """Yield the training configs of a document, and the line from 0 that each begins in."""
    scope = judged.scope
    if not is_script(scope.name):
        found = for_training(config_of(judged))
        if isinstance(found, Config):
            yield 0, found
        return
    from ftlint.starts import scripts

    script = scripts.load_bytes(scope.name, content(judged.document), scope.options, judged.disk)
    if isinstance(script, scripts.ScriptStarts):
        for config in script.counted:
            if isinstance(for_training(config), Config) and config.start is not None:
                yield config.start.line - 1, config


def _told(run: RunPlan) -> str:
    """Return what is known of a run, in one line."""
    if isinstance(run.plan, NoPlan):
        return f"no steps: {visible(run.plan.reason)}"
    parts = [_steps(run.plan)]
    if run.memory is not None:
        parts.append(gigabytes(run.memory.training))
    if isinstance(run.time, Time):
        parts.append(format_duration(run.time.seconds))
    return " · ".join(parts)


def _steps(made: StepPlan) -> str:
    """Return the steps of a plan; where there is no end to them, what would tell it."""
    steps = made.total_steps
    if steps.exact is not None:
        return f"= {bounds(steps)} {'step' if steps.exact == 1 else 'steps'}"
    if steps.high is not None:
        return f"{bounds(steps)} steps"
    names = [visible(name) for name, rows in made.samples.per_dataset if rows.exact is None]
    missing = f"the rows of {listed(names)} are not known" if names else "no rows are known"
    return f"{bounds(steps)} steps ({missing})" if steps.low > 1 else f"steps unknown: {missing}"
