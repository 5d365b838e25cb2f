"""The page of runs on a GPU, from the raw results that are kept beside it."""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from docs.generating.markdown import table

from ftlint.support.addresses import REPOSITORY

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

RAW = ROOT / "docs" / "benchmarks" / "raw"
KEPT = f"{REPOSITORY}/tree/main/docs/benchmarks/raw"
HEAD = f"""# On a GPU

Every figure here is computed by `make docs` from the raw results in
[raw/]({KEPT}), a folder a machine and day.
"""
COUNTS = """## Step counts

Configs of `bench/suites/validation.py`, each trained to its end by the real LLaMA Factory; checked
are rows, batches and steps an epoch, steps planned and done, epochs, warmup, logs, evaluations and
checkpoints. Made by

```sh
python bench/suites/validation.py FOLDER
bench validate FOLDER/one/*.yaml --jobs 8 --output-file validate-one.json
bench validate FOLDER/two/*.yaml --gpus 2 --jobs 3 --output-file validate-two.json
bench validate FOLDER/zero --gpus 2 --output-file validate-zero.json    # DeepSpeed, ZeRO 2 and 3
bench validate FOLDER/fsdp --gpus 2 --output-file validate-fsdp.json \\
  --accelerate-config FOLDER/data/fsdp.yaml
bench validate FOLDER/stages --output-file validate-stages.json    # dpo, kto, rm, freeze, DoRA
bench validate FOLDER/pair --gpus 2 --output-file validate-pair.json    # and streaming, packing
```

"""
TIMES = """## Times

Families of `bench/suites/families.py`: each is calibrated once, then runs that differ from it in
batch, length, accumulation and step count are predicted and, after that, run to their end on the
same machine. Wall time is that of the whole process, as its parent sees it, start-up included.
Beside it: what the trainer's own `train_steps_per_second` after ten steps, scaled to the run, would
have said of the training alone. Made by

```sh
python bench/suites/families.py FOLDER lora-0.5b full-0.5b lora-8b qlora-8b
```

Folders whose name ends in `blind` are of `bench/suites/blind.py`: families of every stage that the
code had not been tried on before, calibrated with no options; the commit is in `blind.jsonl`. After
each session the code was mended by what its runs showed, and the next held-out runs were
others: each row says what forecasts were worth on that day, made before the runs they are of.

"""
HINDSIGHT = """## The same in hindsight

What the present code makes of the calibrations and runs above. It was written with them at hand, so
this proves nothing of its forecasts: it shows what has changed since. *Without start-up*: the error
of all other seconds, as a share of the wall time; start-ups of one machine and config differ by one
to three seconds, and are half of the runs of 2026-11-29 and -30. *Micro-batches*: forward and
backward alone, without fetching, start-up, evaluations and checkpoints; in the runs before the
second pair of H100s fetching was slowed by our own counting. *Longer rows*: shapes of the
calibrations longer than 0.7 of the longest are left out of the fit and forecast from the rest, once
with the price of attention fitted freely and once with the one expected from the model's FLOPs.
Shapes whose time the host decides are not counted; where it decides the time of all that stay in
the fit, they do not show what longer rows take. Made by `python bench/suites/hindsight.py FOLDER`.

"""
RATES = """## Rates of the held-out runs

Random weights in the named shape, which cost what real ones do. MFU counts the model's work with
causal attention, HFU what checkpointing repeats besides; both over the bf16 peak of the data sheet.

"""
PUBLISHED = """## An 8B LoRA beside published rates

Llama-3-8B in shape, rank 16 on all linear layers, packed rows, AdamW, bf16, no gradient
checkpointing; the plain trainer of LLaMA Factory with torch's attention. Made by

```sh
python bench/suites/rates.py FOLDER
```

"""
RUNNERS = """## The two runners

The same config by LLaMA Factory's own trainer and by `hf`, transformers and peft set up alike: the
same batches in the same order. Held against each other are steps of the same number, the first five
left out; of several processes the median of each step. What a host takes to launch a step, and most
of all one of a shape that has not come before, differs from process to process: the small model
shows it, so the longest rows, which keep the GPU busy, are shown for themselves, once their shape
has come before. Made by

```sh
python bench/suites/rates.py FOLDER runners-8b runners-0.5b:3
```

"""
OVERHEAD = """## What measuring costs

One run in which every other block of steps is not measured; each block is held against the two
beside it, of the other kind. `overhead-before` counted batches by torch, whose threads are slow to
wake; `overhead-after` and what follows count them by numpy. Made by
`python bench/suites/overhead.py CONFIG RESULT`.

"""
NEMO = (
    "NeMo Automodel's performance summary: 1 × H100, rank 16, own kernels",
    "2 × 16 × 4096", "12,473", "40.6%",
)  # fmt: skip
"""Published: who and on what, shape, tokens a second, MFU as they count it (see reference)."""


def pages() -> dict[str, str]:
    """Return the page, by path below docs; none where no result is kept."""
    if not any(RAW.glob("*/*")):
        return {}
    parts = [
        HEAD, COUNTS, table(("results", "GPU", "configs", "exact", "other"), _counts()),
        TIMES, table(_SESSIONS, _session_rows()), _newest(),
        HINDSIGHT, table(_HINDSIGHT, _hindsight()), RATES, table(_RATES, _rates()),
        PUBLISHED, table(_PUBLISHED, _published()),
        RUNNERS, table(_RUNNERS, _runners()), OVERHEAD, table(_OVERHEAD, _overhead()),
    ]  # fmt: skip
    return {"benchmarks/gpu.md": "\n".join(parts)}


def _load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _gpu(result: Any) -> str:
    gpu = result["environment"]["gpu"]
    return f"{gpu['count']} × {gpu['name']}" if gpu else "none, a CPU"


def _counts() -> Iterator[tuple[str, ...]]:
    for path in sorted(RAW.glob("*/validate-*.json")):
        report = _load(path)
        verdicts = [run["verdict"] for run in report["runs"]]
        exact = verdicts.count("exact")
        name = str(path.relative_to(RAW))
        yield name, _gpu(report), str(len(verdicts)), str(exact), str(len(verdicts) - exact)


def _held() -> Iterator[tuple[Path, Any, Any]]:
    for path in sorted(RAW.glob("*/*/held-*.predicted.json")):
        run = path.with_name(path.name.replace(".predicted", ""))
        if run.exists():
            yield run, _load(run), _load(path)


@cache
def _sessions() -> list[tuple[str, list[Any]]]:
    """The held-out runs of each machine and day, the newest first."""
    sessions: dict[str, list[Any]] = {}
    for path, run, said in _held():
        sessions.setdefault(path.relative_to(RAW).parts[0], []).append((path, run, said))
    return sorted(sessions.items(), reverse=True)


def _newest() -> str:
    name, held = _sessions()[0]
    return f"\nThe runs of {name}:\n\n{table(_RUNS, _run_rows(held))}"


def _miss(run: Any, said: Any) -> tuple[float, bool]:
    """How far a forecast is from the wall time, a share of it, and whether that is inside."""
    wall = run["phases"]["wall"]
    return said["seconds"] / wall - 1, said["low"] <= wall <= said["high"]


def _trainers_miss(run: Any) -> float | None:
    """The same of the trainer's own rate, for the training alone."""
    from ftbench.calibration.trainer_estimate import seconds_by_trainer

    said = seconds_by_trainer(run, min(10, len(run["steps"]) // 2))
    return None if said is None else said / sum(step["seconds"] for step in run["steps"]) - 1


_SESSIONS = ("results", "GPU", "longest calibration", "runs", "median error", "worst", "inside",
             "trainer's rate after 10 steps: median", "worst")  # fmt: skip


def _session_rows() -> Iterator[tuple[str, ...]]:
    for name, held in _sessions():
        kept = (RAW / name).glob("*/calibration.jsonl")
        lines = [json.loads(line) for path in kept for line in path.read_text("utf-8").splitlines()]
        misses = [_miss(run, said) for _, run, said in held]
        errors = [abs(error) for error, _ in misses]
        naive = [abs(off) for _, run, _ in held if (off := _trainers_miss(run)) is not None]
        link = f"{KEPT}/{name}"
        yield (
            f"[{name}]({link})", _gpu(held[0][1]),
            f"{max(line['seconds'] for line in lines):.0f} s", str(len(held)),
            f"{median(errors):.1%}", f"{max(errors):.1%}",
            f"{sum(inside for _, inside in misses)} of {len(held)}",
            f"{median(naive):.1%}", f"{max(naive):.1%}",
        )  # fmt: skip


_RUNS = ("run", "batch × accumulation × length", "wall s", "said s", "error", "inside",
         "trainer's rate after 10 steps")  # fmt: skip


def _run_rows(held: list[Any]) -> Iterator[tuple[str, ...]]:
    for path, run, said in held:
        error, inside = _miss(run, said)
        off = _trainers_miss(run)
        yield (
            f"{path.parent.name} {path.stem}", f"{_shape(run)}, {len(run['steps'])} steps",
            f"{run['phases']['wall']:.1f}",
            f"{said['seconds']:.1f} ({said['low']:.1f} – {said['high']:.1f})",
            f"{error:+.1%}", "yes" if inside else "no", "-" if off is None else f"{off:+.1%}",
        )  # fmt: skip


def _shape(run: Any) -> str:
    """Per-device batch × gradient accumulation × longest row."""
    values = run["config"]["values"]
    return (
        f"{values['per_device_train_batch_size']} × {values['gradient_accumulation_steps']} "
        f"× {values['cutoff_len']}"
    )


_HINDSIGHT = ("results", "runs", "wall, median error", "worst", "inside",
              "without start-up, median error", "worst", "micro-batches, median error", "worst",
              "longer rows", "free: median error", "worst",
              "by FLOPs: median error", "worst")  # fmt: skip


def _hindsight() -> Iterator[tuple[str, ...]]:
    from suites.hindsight import beyond, misses, summary, summary_beyond

    for name, _ in _sessions():
        yield (
            name, *summary(list(misses(RAW / name))), *summary_beyond(list(beyond(RAW / name)))
        )  # fmt: skip


_RATES = ("run", "GPU", "median step s", "tokens/s", "MFU", "HFU", "peak GB")


def _rates() -> Iterator[tuple[str, ...]]:
    from ftbench.analysis.summary import summarise

    for path, run, _ in _sessions()[0][1]:
        found = summarise(run)
        causal = next((one for one in found.utilisation if one.attention == "causal"), None)
        yield (
            f"{path.parent.name} {path.stem}",
            _gpu(run),
            f"{found.step.value:.3f}" if found.step else "-",
            f"{found.tokens.all:,.0f}" if found.tokens else "-",
            f"{causal.mfu_spec:.1%}" if causal and causal.mfu_spec else "-",
            f"{causal.hfu_spec:.1%}" if causal and causal.hfu_spec else "-",
            f"{found.peak_allocated / 1e9:.1f}" if found.peak_allocated else "-",
        )


_PUBLISHED = ("whose", "batch × accumulation × length", "tokens/s", "MFU, causal")


def _published() -> Iterator[tuple[str, ...]]:
    from ftbench.analysis.summary import summarise

    for path in sorted(RAW.glob("*/rates/8b-*.json")):
        run = _load(path)
        found, values = summarise(run), run["config"]["values"]
        causal = next(one for one in found.utilisation if one.attention == "causal")
        assert found.tokens is not None
        notes = [text for key, text in (("enable_liger_kernel", "Liger"),) if values.get(key)]
        if not values.get("disable_gradient_checkpointing"):
            notes.append("checkpointing")
        name = f"measured, {_gpu(run)}, {path.relative_to(RAW).parts[0][:10]}"
        yield (
            ", ".join([name, *notes]), _shape(run), f"{found.tokens.all:,.0f}",
            f"{causal.mfu_spec:.1%}" if causal.mfu_spec else "-",
        )  # fmt: skip
    yield NEMO


_RUNNERS = ("config", "results", "processes of each", "median step s, llamafactory", "hf",
            "hf over llamafactory", "longest rows", "single processes")  # fmt: skip


_FIRST = 5
"""Steps of a run that are left out: they warm up."""


def _runners() -> Iterator[tuple[str, ...]]:
    pairs: dict[tuple[str, str], list[tuple[Any, Any]]] = {}
    for path in sorted(RAW.glob("*/rates/*.hf.json")):
        theirs = _load(path.with_name(path.name.replace(".hf.", ".llamafactory.")))["steps"]
        name = path.name.partition(".hf.")[0]
        config = name.rpartition(".")[0] if name[-1].isdigit() else name
        pairs.setdefault((config, path.relative_to(RAW).parts[0]), []).append(
            (theirs, _load(path)["steps"])
        )
    for (config, folder), found in pairs.items():
        yield config, folder, str(len(found)), *_beside(found)


def _beside(pairs: list[tuple[Any, Any]]) -> Iterator[str]:
    """Medians of steps by LLaMA Factory and by hf, and how they compare."""
    shapes = [step["micro_batches"] for step in pairs[0][0]]
    assert all(shapes == [s["micro_batches"] for s in steps] for pair in pairs for steps in pair)
    theirs, ours = ([median(step["seconds"] for step in steps) for steps in zip(*runs)]
                    for runs in zip(*pairs))  # fmt: skip
    lengths = [[one[1] for one in shape] for shape in shapes]
    longest, later = max(lengths), range(_FIRST, len(lengths))
    again = [at for at in later if lengths[at] == longest and longest in lengths[:at]]
    yield f"{median(theirs[_FIRST:]):.3f}"
    yield f"{median(ours[_FIRST:]):.3f}"
    yield f"{_over(ours, theirs, later):.3f}"
    yield f"{_over(ours, theirs, again):.3f}"
    seconds = ([[step["seconds"] for step in steps] for steps in pair] for pair in pairs)
    single = [_over(mine, other, later) for other, mine in seconds]
    yield f"{min(single):.3f} – {max(single):.3f}" if len(pairs) > 1 else ""


def _over(ours: list[float], theirs: list[float], steps: Iterable[int]) -> float:
    return median(ours[step] / theirs[step] for step in steps)


_OVERHEAD = ("results", "run", "GPU", "blocks × steps", "steps/s, measured over not measured")


def _overhead() -> Iterator[tuple[str, ...]]:
    from suites.overhead import ratio

    for path in sorted(RAW.glob("*/overhead*.json")):
        found = _load(path)
        yield (
            str(path.relative_to(RAW)),
            f"{found['model'].removeprefix('random:')}, {found['runner']}",
            _gpu(found),
            f"{len(found['blocks'])} × {found['block']}",
            f"{ratio(found['blocks']):.3f}",
        )
