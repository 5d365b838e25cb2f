"""What measuring costs: one run in which every other block of steps is not measured.

`python bench/suites/overhead.py CONFIG RESULT [--steps N] [--block N] [--model M] [--python P]`
trains CONFIG on this machine and writes RESULT: the seconds of each block, measured or not, in
turn. Both kinds see the same process, the same card and the same drift, so a per cent can be told.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from ftbench.measure import callback
from ftbench.measure.device import Sampler
from ftbench.results.files import write

WARM = 10
"""Steps before the first block."""
KIND = "overhead"
BLOCKS = "blocks.json"


class Alternating(callback.Watch):
    """Measures one block of steps and leaves the next alone; a block's clock reads its two ends."""

    def __init__(self, block: int) -> None:
        super().__init__(detail=True)
        self.block = block
        self.done = 0
        self.blocks: list[dict[str, Any]] = []
        self.begun = 0.0
        self.resting: Any = None

    def step_end(self, state: Any) -> None:
        """Count the step, and change between measuring and not at the end of a block."""
        super().step_end(state)
        self.done += 1
        if self.done < WARM or (self.done - WARM) % self.block:
            return
        torch = sys.modules["torch"]
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        now = time.perf_counter()
        if self.done > WARM:
            measured = self.steps is not None
            self.blocks.append({"measured": measured, "seconds": now - self.begun})
            self._turn()
        self.begun = time.perf_counter()

    def _turn(self) -> None:
        """Swap the collector for nothing or back; the sampler of the card rests as well."""
        self.steps, self.resting = self.resting, self.steps
        assert self.sampler is not None
        if self.steps is None:
            self.sampler.stop()
            self.resting.counted.paused = True
        else:
            self.steps.counted.paused = False
            self.steps.begin()
            self.sampler = Sampler()
            self.sampler.start()


def train(request: str, block: str) -> int:
    """Train a request in this process, and write its blocks beside it; return the exit status."""
    from ftbench.runners import child

    watch = Alternating(int(block))
    callback.Watch = lambda *, detail: watch  # type: ignore[misc, assignment]
    status = child.main(request)
    write(Path(request).with_name(BLOCKS), {"blocks": watch.blocks})
    return status


def ratio(blocks: list[dict[str, Any]]) -> float:
    """Return steps/s with measuring over without: the median over blocks with two neighbours.

    Each block is held against the mean of the two of the other kind beside it.
    """
    found = []
    for before, this, after in zip(blocks, blocks[1:], blocks[2:]):
        beside = (before["seconds"] + after["seconds"]) / 2
        found.append(beside / this["seconds"] if this["measured"] else this["seconds"] / beside)
    return float(median(found))


def main() -> int:
    """Train a config for some steps, every other block unmeasured."""
    from ftbench.runners import launch
    from ftbench.runners.interpreter import probe
    from ftbench.runners.job import Job, prepare, working_folder

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("config")
    parser.add_argument("result")
    parser.add_argument("--steps", type=int, default=130)
    parser.add_argument("--block", type=int, default=10)
    parser.add_argument("--model")
    parser.add_argument("--python")
    asked = parser.parse_args()
    interpreter = probe(asked.python)
    with working_folder() as folder:
        made = prepare(Job(asked.config, interpreter, model=asked.model, steps=asked.steps), folder)
        log = folder / "log"
        arguments = [interpreter.python, str(Path(__file__).absolute()), "--train",
                     str(folder / "request.json"), str(asked.block)]  # fmt: skip
        ended = launch.run(arguments, made.env, log, None, lambda _: None)
        if ended.status:
            sys.stderr.write(log.read_text("utf-8", errors="replace")[-3000:])
            return 1
        ran = json.loads((folder / "result.json").read_text("utf-8"))
        blocks = json.loads((folder / BLOCKS).read_text("utf-8"))["blocks"]
    found = {
        "version": 1, "kind": KIND, "config": Path(asked.config).name, "runner": made.runner,
        "model": made.source.label, "block": asked.block, "environment": ran["environment"],
        "blocks": blocks,
    }  # fmt: skip
    write(asked.result, found)
    print(f"steps/s measured over not measured: {ratio(blocks):.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(train(*sys.argv[2:]) if sys.argv[1:2] == ["--train"] else main())
