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
    from ftbench.results.record import Result

PROBED_STEPS = 30
"""After so many steps the trainer's own rate is taken, as a short probe would."""


class RunView(NamedTuple):
    """One result of a report. `predicted` is by a calibration that is older than the run."""

    name: str
    result: Result
    summary: Summary
    predicted: Forecast | None
    unpredicted: str | None
    trainer_estimate: float | None

    @property
    def when(self) -> str:
        """When the run ended."""
        return self.result["when"]

    @property
    def seconds(self) -> tuple[float, ...]:
        """Seconds of each step, warm-up included."""
        return tuple(step["seconds"] for step in self.result["steps"])

    @property
    def wall(self) -> float | None:
        """Seconds of the whole run, as its parent saw it."""
        phases = self.result["phases"]
        return None if phases is None else phases["wall"]

    @property
    def training(self) -> float | None:
        """Seconds of the training loop."""
        phases = self.result["phases"]
        return None if phases is None else phases["train"]

    @property
    def error(self) -> str | None:
        """Why there is no complete run."""
        error = self.result["error"]
        return None if error is None else f"{error['kind']}: {error['message']}"

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
    names = _names([path for path, _ in results])
    return [_view(name, result, records) for name, (_, result) in zip(names, results)]


def _names(paths: Sequence[str]) -> list[str]:
    """Return names that are as short as tells files apart: without suffix and common folders."""
    parts = [Path(path).with_suffix("").parts for path in paths]
    if len({one[-1:] for one in parts}) == len(parts):
        return [one[-1] if one else path for one, path in zip(parts, paths)]
    shared = 0
    while all(len(one) > shared + 1 and one[shared] == parts[0][shared] for one in parts):
        shared += 1
    names = ["/".join(one[shared:]) for one in parts]
    return names if len(set(names)) == len(names) else list(paths)


def _view(name: str, result: Result, records: list[Calibration]) -> RunView:
    phases, error = result["phases"], result["error"]
    predicted, why = None, None
    if result["schedule"] is None and error is None and phases is not None:
        predicted, why = _predicted(result, records)
    return RunView(
        name=name,
        result=result,
        summary=summarise(result, store.peak_of(result)),
        predicted=predicted,
        unpredicted=why,
        trainer_estimate=seconds_by_trainer(result, PROBED_STEPS),
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
