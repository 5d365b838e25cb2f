"""trainer_state.json of transformers: of a run, once that has ended, and of its checkpoints."""

from __future__ import annotations

import os

from ftlint.doctor.places import STATE
from ftlint.doctor.reading import NoRun, count, object_of
from ftlint.doctor.series import sums_up
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ftlint.doctor.trainer_log import Attempt
    from ftlint.support.disk import Disk

    State = dict[str, Any] | NoRun | None


def states_of(
    folder: str,
    own: State,
    checkpoints: tuple[int, ...],
    attempt: Attempt | None,
    disk: Disk,
) -> Iterator[tuple[str, State]]:
    """Yield the folder's own state, and those of checkpoints down to the newest that is whole.

    A run that is killed while it writes a checkpoint leaves half a file: the one before counts.
    What the attempt that was logged last neither wrote nor went on from is of an earlier run.
    """
    if not isinstance(own, dict) or is_of(own, attempt):
        yield STATE, own
    for step in checkpoints[::-1]:
        name = os.path.join(f"checkpoint-{step}", STATE)
        found = object_of(os.path.join(folder, name), disk)
        if not isinstance(found, dict):
            yield name, found
        elif is_of(found, attempt):
            yield name, found
            return


def is_of(state: dict[str, Any], attempt: Attempt | None) -> bool:
    """Return whether the attempt that was logged last wrote a state, or could go on from it."""
    logged = max((count(one.get("step")) or 0 for one in entries_of(state)), default=0)
    return attempt is None or attempt.follows(logged, count(state.get("max_steps")))


def entries_of(state: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what was logged until then."""
    logged = state.get("log_history")
    return [one for one in logged if isinstance(one, dict)] if isinstance(logged, list) else []


def is_summed_up(state: dict[str, Any]) -> bool:
    """Return whether the trainer has logged its summary."""
    return any(map(sums_up, entries_of(state)))


def steps_of(state: dict[str, Any]) -> int:
    """Return how many optimizer steps were done."""
    return count(state.get("global_step")) or 0


def patience_of(state: dict[str, Any]) -> int | None:
    """Return how many evaluations without a new best early stopping waits for."""
    return _early_stopping(state, "args", "early_stopping_patience")


def is_stopped(state: dict[str, Any]) -> bool:
    """Return whether it has waited for so many."""
    waited = _early_stopping(state, "attributes", "early_stopping_patience_counter")
    patience = patience_of(state)
    return patience is not None and waited is not None and waited >= patience


def _early_stopping(state: dict[str, Any], *names: str) -> int | None:
    found: Any = state
    for name in ("stateful_callbacks", "EarlyStoppingCallback", *names):
        found = found.get(name) if isinstance(found, dict) else None
    return count(found)


def came_to_its_end(
    own: State, newest: dict[str, Any], attempt: Attempt | None, results: Mapping[str, float]
) -> bool:
    """Return whether a run is over whose trainer has logged no summary.

    It did its last step, or early stopping ended it, and nothing was logged after that. A trainer
    writes its own state once it is done; of a last checkpoint only its results tell as much: it may
    still be evaluating.
    """
    its_own = isinstance(own, dict) and is_of(own, attempt)
    state = own if isinstance(own, dict) and its_own else newest
    done, planned = steps_of(state), count(state.get("max_steps"))
    logged_more = attempt is not None and attempt.last != done
    if not done or logged_more or not (is_stopped(state) or (planned and done >= planned)):
        return False
    return its_own or ("train_runtime" in results and results.get("epoch") == state.get("epoch"))
