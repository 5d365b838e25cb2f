"""Memory forecast against memory measured, for every result below a folder.

`python bench/suites/memory_check.py docs/benchmarks/raw [--all]` reads results of `bench run` (the
law is asked for the very batches that they had) and the memory.jsonl of bench/suites/memory.py
(forecasts written before the runs), and prints how far apart the two are; with --all each of them,
with --again by the law of today in place of what was forecast, where no limit was set.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.models.source import file_of, known_shapes, read_shape
from ftlint.memory.estimate import Load, estimate
from ftlint.memory.manner import Batch
from ftlint.memory.method import Method
from ftlint.memory.shape import Shape, Unknown
from ftlint.memory.shape import read_shape as dimensions
from ftlint.memory.sharding import Sharding

if TYPE_CHECKING:
    from collections.abc import Iterator


class Pair(NamedTuple):
    """A forecast and what was measured, in bytes; `band` is that of reserved memory.

    `enough`: what it was said to fit into for sure, where that is known.
    """

    run: str
    phase: str
    said: int
    measured: int
    band: tuple[int, int]
    reserved: int
    enough: int | None = None

    @property
    def error(self) -> float:
        """How much more was said than measured."""
        return self.said / self.measured - 1

    @property
    def holds(self) -> bool:
        """Return whether what was reserved lies inside its band."""
        return self.band[0] <= self.reserved <= self.band[1]


class Verdict(NamedTuple):
    """Whether a run was said to fit into a limit, and whether it did."""

    run: str
    said: bool
    did: bool


def results(folder: Path) -> list[Path]:
    """Return the results below a folder, without the trials of a tuning.

    Those have the longest rows, some of them before Adam's states are there.
    """
    return [one for one in sorted(folder.rglob("*.json")) if one.parent.suffix != ".raw"]


def of_result(path: Path) -> Iterator[Pair]:
    """Yield the forecast for the batches of a result of `bench run`."""
    result = json.loads(path.read_text("utf-8"))
    if not isinstance(result, dict) or result.get("kind") != "run":
        return
    memory, name = result.get("memory") or {}, str((result.get("model") or {}).get("source"))
    shape = name.removeprefix("random:")
    if not memory.get("peak_allocated") or shape not in known_shapes():
        return
    if result["config"]["values"].get("deepspeed") or result["trainer"]["world_size"] > 1:
        return
    model = dimensions(read_shape(file_of(shape)))
    if isinstance(model, Unknown):
        return
    evaluated = bool(result["trainer"]["evaluations"])
    if evaluated and not memory.get("phases"):
        return  # its peak may be that of an evaluation, whose batches are not known
    found = max(_estimates(result, model), key=lambda one: one.training.allocated, default=None)
    if found is not None:
        peaks: dict[str, int] = (memory.get("phases") or {"training": memory})["training"]
        yield Pair(
            str(path), "training", found.training.allocated, peaks["peak_allocated"],
            (found.training.low, found.training.high), peaks["peak_reserved"],
        )  # fmt: skip


def _method(result: Any, shape: Shape) -> Method:
    """Return how a result was trained.

    Results of reward models from before 2026-11-30 were read outside of the value head, where no
    adapter is found: of these the config is asked.
    """
    how, values = result["method"], result["config"]["values"]
    rank, targets = how["lora_rank"], frozenset(how["lora_targets"])
    checkpointing, attention = how["gradient_checkpointing"], how["attention"]
    if how["finetuning_type"] == "lora" and rank is None:
        rank, asked = values.get("lora_rank", 8), str(values.get("lora_target", "all"))
        named = {one.name for one in shape.linears}
        targets = frozenset(named if asked == "all" else named & set(asked.split(",")))
        checkpointing = not values.get("disable_gradient_checkpointing")
    reference = how["stage"] in ("dpo", "kto") and how.get("pref_loss") not in ("orpo", "simpo")
    return Method(
        stage=how["stage"], kind=how["finetuning_type"], rank=rank or 0, targets=targets,
        bits=how["quantization_bit"] or 16, dora=bool(values.get("use_dora")),
        layers=len(how["trainable_layers"] or ()), checkpointing=checkpointing,
        liger=bool(how["liger"]), attention=attention, reference=reference,
        reference_weights=reference and how["finetuning_type"] != "lora",
        accumulation=max((len(step["micro_batches"]) for step in result["steps"]), default=1),
        sharding=Sharding(result["trainer"]["world_size"]),
    )  # fmt: skip


def _estimates(result: Any, shape: Shape) -> Iterator[Any]:
    method = _method(result, shape)
    batches = {tuple(one) for step in result["steps"] for one in step["micro_batches"]}
    for rows, length, real, *_ in batches:
        # Pairs were counted as the model sees them.
        batch = Batch(rows // method.rows_factor, length, real < rows * length)
        found = estimate(shape, method, Load(batch, ragged=not result["method"]["packing"]))
        if not isinstance(found, Unknown):
            yield found


def of_suite(path: Path) -> Iterator[Pair | Verdict]:
    """Yield what was forecast and measured by bench/suites/memory.py."""
    entries = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    told = {entry["run"]: entry["memory"] for entry in entries if entry["kind"] == "forecast"}
    for entry in entries:
        if entry["kind"] != "measured" or (said := told.get(entry["run"])) is None:
            continue
        kind = (entry["error"] or {}).get("kind")
        if entry["limit"] is not None:
            if kind in (None, "out_of_memory"):
                yield Verdict(entry["key"], entry["expected_to_fit"], kind is None)
        elif kind is None:
            for phase, peaks in _peaks(entry["memory"]).items():
                if (of := said[phase]) is not None:
                    yield Pair(
                        entry["key"], phase, of["allocated"], peaks["peak_allocated"],
                        tuple(of["reserved"]), peaks["peak_reserved"],
                    )  # fmt: skip


def again(path: Path) -> Iterator[Pair]:
    """Yield what the law of today says of the runs of bench/suites/memory.py, and what they took.

    This is no forecast where the law was mended with those runs in view.
    """
    suite: Any = importlib.import_module("memory")
    entries = suite.entries(path)
    specs = {entry["run"]: entry["spec"] for entry in entries if entry["kind"] == "forecast"}
    with tempfile.TemporaryDirectory() as root:
        for entry in entries:
            if entry["kind"] != "measured" or entry["error"] or entry["limit"] is not None:
                continue
            spec = suite.Spec(**specs[entry["run"]])
            spread = suite.memory_spread.SPREADS[spec.spread] if spec.spread else {}
            suite.write_any_model(Path(root, "models", spec.model), spec.model)
            written = suite.write_config(Path(root), spec, spread)
            home = Path.cwd()
            os.chdir(root)  # where the config says that its model is
            try:
                said = suite.forecast(written, len(entry["memory"]["ranks"])).estimate
            finally:
                os.chdir(home)
            for phase, peaks in _peaks(entry["memory"]).items():
                if (of := getattr(said, phase)) is not None:
                    yield Pair(
                        entry["key"], phase, of.allocated, peaks["peak_allocated"],
                        (of.low, of.high), peaks["peak_reserved"], of.enough,
                    )  # fmt: skip


def _peaks(memory: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Return the peaks of each phase: of several processes the highest."""
    found: dict[str, dict[str, int]] = {}
    for rank in memory["ranks"]:
        for phase, peaks in (rank["phases"] or {}).items():
            before = found.get(phase, peaks)
            found[phase] = {name: max(size, before[name]) for name, size in peaks.items()}
    return found


def main() -> None:
    """Print it."""
    parser = argparse.ArgumentParser(description="Memory forecast against memory measured.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true", help="print each run")
    parser.add_argument("--again", action="store_true", help="by the law of today")
    asked = parser.parse_args()
    found: list[Pair | Verdict] = []
    for path in results(asked.folder):
        found += of_result(path)
    for path in sorted(asked.folder.rglob("memory.jsonl")):
        found += again(path) if asked.again else of_suite(path)
    pairs = [one for one in found if isinstance(one, Pair)]
    verdicts = [one for one in found if isinstance(one, Verdict)]
    for one in sorted(pairs, key=lambda one: one.error) if asked.all else ():
        low, high = (size / 2**30 for size in one.band)
        print(f"{one.error:+8.2%}  {one.said / 2**30:7.2f} said {one.measured / 2**30:7.2f} GiB"
              f"  reserved {one.reserved / 2**30:7.2f} in {low:.2f} to {high:.2f}"
              f"{'' if one.holds else ' OUT'}  {one.phase}  {one.run}")  # fmt: skip
    for phase in ("training", "evaluation"):
        errors = [one.error for one in pairs if one.phase == phase]
        if errors:
            sizes = sorted(map(abs, errors))
            print(f"{phase}: {len(errors)} runs, allocated median {statistics.median(sizes):.2%},"
                  f" worst {sizes[-1]:.2%}, lowest {min(errors):+.2%}")  # fmt: skip
    inside = sum(one.holds for one in pairs)
    print(f"reserved inside its band: {inside} of {len(pairs)}")
    if verdicts:
        right = sum(one.said is one.did for one in verdicts)
        false = [one.run for one in verdicts if one.said and not one.did]
        print(f"verdicts right: {right} of {len(verdicts)}")
        print(f"said to fit and did not: {', '.join(false) or 'none'}")


if __name__ == "__main__":
    main()
