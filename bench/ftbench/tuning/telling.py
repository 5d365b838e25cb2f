"""What is told of a tuning: a line and a record of each trial, and the record of all."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ftbench.tuning.candidate import told, variables
from ftbench.tuning.record import KIND, VERSION
from ftbench.tuning.steadiness import difference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftbench.tuning.candidate import Candidate
    from ftbench.tuning.known import Known
    from ftbench.tuning.record import TrialRecord, Tuned, Ways
    from ftbench.tuning.session import Session
    from ftbench.tuning.trial import Trial


def of_trial(known: Known, found: Trial, expected: float | None) -> TrialRecord:
    """Return the record of a trial."""
    written, seconds = known.written, found.seconds
    alike = known.sameness(found) if found is not known.before else None
    tokens = sum(one[2] for step in found.steps for one in step["micro_batches"])
    timed = sum(step["seconds"] for step in found.steps)
    return {
        "purpose": found.purpose,
        "candidate": found.candidate._asdict(),
        "keys": dict(known.keys(found.candidate)),
        "variables": dict(variables(found.candidate, written)),
        "expected": expected,
        "seconds": seconds,
        "rows_per_second": written.effective * known.world / seconds if seconds else None,
        "tokens_per_second": tokens * known.world / timed if seconds and timed else None,
        "peak_allocated": found.allocated,
        "peak_reserved": found.reserved,
        "wall": found.wall,
        "same": None if alike is None else alike.same,
        "loss": None if alike is None else alike.loss,
        "gradient": None if alike is None else alike.gradient,
        "losses": [one.get("loss") for one in found.traces],
        "gradient_norms": [one.get("gradient_norm") for one in found.traces],
        "why_not": known.why_not(found),
        "error": None if found.error is None else found.error["message"],
    }


def line(known: Known, found: Trial) -> str:
    """Return what a line on the terminal says of a trial."""
    parts = [f"{found.wall:5.0f} s", f"{found.purpose:7} {told(found.candidate)}:"]
    if found.seconds is not None:
        parts.append(f"{found.seconds:.3g} s a step")
    if found.allocated:
        parts.append(f"{found.allocated / 1e9:.1f} GB")
    why_not = known.why_not(found)
    return "  ".join([*parts, *([f"not taken: {why_not}"] if why_not else [])])


def on_timing(known: Known, chosen: Candidate | None) -> Iterator[str]:
    """Yield what is said of how sure the times of the config as written and of the result are."""
    made, disturbed = known.timings_as_written(), known.disturbed()
    if disturbed is not None:
        times = ", then ".join(f"{one.seconds:.3g} s" for one in made)
        yield (
            f"the machine was busy for a while: as written a step took {times}, and chance explains"
            f" no more than {disturbed.noise:.0%}: tune again when the machine is idle"
        )
    if chosen in (None, known.written) or not made:
        return
    before, after = known.counting(known.written), known.counting(chosen)
    if len(made) == 1:
        yield (
            "the config as written was timed only at the beginning: if the machine was busy then,"
            " the gain is smaller"
        )
    elif before and after and after.purpose == "again" and known.has_same_rows(chosen):
        found = difference(after.each, before.each)
        if found.is_chance:
            yield (
                f"the gain may be chance: timings of the same config differ by up to"
                f" {found.noise:.0%}"
            )


def of_session(session: Session, *, done: bool) -> Tuned:
    """Return the record of a tuning as far as it is.

    What is found is the same training: the steps of the whole run are held against each other.
    """
    known, after_trial = session.known, session.after
    before = _ways(session, known.counting(known.written) or known.before)
    as_written = after_trial is not None and after_trial.candidate == known.written
    after = before if as_written else _ways(session, after_trial)
    speedup = None
    if before is not None and after is not None and before["seconds"] and after["seconds"]:
        speedup = before["seconds"] / after["seconds"]
    kept = known.written if after_trial is None else after_trial.candidate
    packed = kept.packing != known.written.packing
    assert packed or known.steps_of(kept) == known.steps_of(known.written)
    loaded, sample = known.of.loaded, known.sample()
    return {
        "version": VERSION,
        "kind": KIND,
        "when": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "config": {"path": loaded.path, "sha256": loaded.sha256},
        "environment": known.environment,
        "budget": session.request.budget,
        "spent": session.spent,
        "world": known.world,
        "rows_per_step": known.written.effective * known.world,
        "sample": {"rows": sample["per_step"], "timed": sample["timed"]},
        "tolerance": known.sameness(known.trials[0]).allowed if known.trials else (0.0, 0.0),
        "axes": {axis.name: list(axis.values) for axis in known.axes.offered},
        "trials": list(session.records),
        "before": before,
        "after": after,
        "speedup": speedup,
        "keys": dict(known.keys(kept)),
        "variables": dict(variables(kept, known.written)),
        "notes": list(dict.fromkeys(session.notes)),
        "ended": session.ended,
        "done": done,
    }


def _ways(session: Session, one: Trial | None) -> Ways | None:
    """Return a trial that was noted, with the steps of the whole run."""
    pairs = list(zip(session.known.trials, session.records))
    noted = [record for other, record in pairs if other is one]
    if one is None or not noted:
        return None
    of_it = [record for other, record in pairs if other.candidate == one.candidate]
    trial: TrialRecord = {
        **noted[0],
        "peak_allocated": max(each["peak_allocated"] or 0 for each in of_it) or None,
        "peak_reserved": max(each["peak_reserved"] or 0 for each in of_it) or None,
    }
    steps = session.known.steps_of(one.candidate, one.rows)
    whole = None if steps is None or one.seconds is None else steps * one.seconds
    return {"trial": trial, "steps": steps, "seconds": whole}
