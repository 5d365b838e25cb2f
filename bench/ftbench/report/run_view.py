"""What a report shows of a result: its summary, its steps, and what was predicted of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ftbench.analysis.summary import Summary, summarise
from ftbench.calibration import query, store
from ftbench.calibration.lookup import Answer, look_up
from ftbench.calibration.trainer_estimate import seconds_by_trainer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ftbench.calibration.forecast import Forecast
    from ftbench.calibration.record import Calibration
    from ftbench.results.record import Change, Result

PROBED_STEPS = 30
"""After so many steps the trainer's own rate is taken, as a short probe would."""


class RunView(NamedTuple):
    """One result of a report. `predicted` is by a calibration that is older than the run."""

    name: str
    when: str
    summary: Summary
    seconds: tuple[float, ...]
    wall: float | None
    training: float | None
    predicted: Forecast | None
    unpredicted: str | None
    trainer_estimate: float | None
    changes: tuple[Change, ...]
    error: str | None

    @property
    def miss(self) -> float | None:
        """Predicted over measured wall time, minus one."""
        if self.predicted is None or not self.wall:
            return None
        return self.predicted.seconds / self.wall - 1

    @property
    def inside(self) -> bool:
        """Return whether the measured wall time lies within the bounds that were stated."""
        said = self.predicted
        return said is not None and self.wall is not None and said.low <= self.wall <= said.high


def of_results(results: Sequence[tuple[str, Result]]) -> list[RunView]:
    """Return what is shown of results, each with the file that it is from."""
    records = list(store.everything())
    names = [Path(path).stem for path, _ in results]
    unique = names if len(set(names)) == len(names) else [path for path, _ in results]
    return [_view(name, result, records) for name, (_, result) in zip(unique, results)]


def _view(name: str, result: Result, records: list[Calibration]) -> RunView:
    phases, error = result["phases"], result["error"]
    predicted, why = None, None
    if result["schedule"] is None and error is None and phases is not None:
        predicted, why = _predicted(result, records)
    return RunView(
        name=name,
        when=result["when"],
        summary=summarise(result, store.peak_of(result)),
        seconds=tuple(step["seconds"] for step in result["steps"]),
        wall=None if phases is None else phases["wall"],
        training=None if phases is None else phases["train"],
        predicted=predicted,
        unpredicted=why,
        trainer_estimate=seconds_by_trainer(result, PROBED_STEPS),
        changes=tuple(result["config"]["changes"]),
        error=None if error is None else f"{error['kind']}: {error['message']}",
    )


def _predicted(result: Result, records: list[Calibration]) -> tuple[Forecast | None, str | None]:
    """Return what calibrations older than the run say of it, or why they do not."""
    asked = query.of_result(result)
    if asked is None:
        return None, None
    known = [record for record in records if record.when <= result["when"]]
    if records and not known:
        return None, "every calibration on this machine is newer than the run"
    found = look_up(asked, known)
    return (found.forecast, None) if isinstance(found, Answer) else (None, found.reason)
