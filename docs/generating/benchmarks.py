"""The page of runs on a GPU, from the raw results that are kept beside it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from docs.generating.markdown import table

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

if TYPE_CHECKING:
    from collections.abc import Iterator

RAW = ROOT / "docs" / "benchmarks" / "raw"
HEAD = """# On a GPU

Every figure here is computed by `make docs` from the raw results in
[raw/](https://github.com/ftlint/ftlint/tree/main/docs/benchmarks/raw), a folder a machine and day.
"""
COUNTS = """## Step counts

Configs of `bench/suites/validation.py`, each trained to its end by the real LLaMA Factory; checked
are rows, batches and steps an epoch, steps planned and done, epochs, warmup, logs, evaluations and
checkpoints. Made by

```sh
python bench/suites/validation.py FOLDER
bench validate FOLDER/one/*.yaml --jobs 8 --output validate-one.json
bench validate FOLDER/two/*.yaml --gpus 2 --jobs 3 --output validate-two.json
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
"""
HINDSIGHT = """## The same in hindsight

What the present code makes of the calibrations and runs above. It was written with them at hand, so
this proves nothing of its forecasts: it shows what has changed since. Micro-batches are forward and
backward alone, without fetching, start-up, evaluations and checkpoints; in the runs before the
second pair of H100s fetching was slowed by our own counting. Made by
`python bench/suites/hindsight.py FOLDER`.

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
left out. Made by

```sh
python bench/suites/rates.py FOLDER runners-8b runners-0.5b
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
        TIMES, _times(), HINDSIGHT, table(_HINDSIGHT, _hindsight()), RATES, table(_RATES, _rates()),
        PUBLISHED, table(_PUBLISHED, _published()),
        RUNNERS, table(_RUNNERS, _runners()), OVERHEAD, table(_OVERHEAD, _overhead()),
    ]  # fmt: skip
    return {"benchmarks/gpu.md": "\n".join(parts)}


def _load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _gpu(result: Any) -> str:
    gpu = result["environment"]["gpu"]
    return f"{gpu['count']} × {gpu['name']}" if gpu else "none"


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


def _times() -> str:
    """Return a table of runs for each machine and day, the newest first."""
    sessions: dict[str, list[Any]] = {}
    for path, run, said in _held():
        sessions.setdefault(path.relative_to(RAW).parts[0], []).append((path, run, said))
    return "\n".join(_session(name, sessions[name]) for name in sorted(sessions, reverse=True))


def _session(name: str, held: list[Any]) -> str:
    from ftbench.calibration.naive import seconds_by_trainer

    rows, errors, inside, naive = [], [], 0, []
    for path, run, said in held:
        wall = run["phases"]["wall"]
        error = said["seconds"] / wall - 1
        errors.append(abs(error))
        within = said["low"] <= wall <= said["high"]
        inside += within
        probe = min(10, len(run["steps"]) // 2)
        alone = seconds_by_trainer(run, probe)
        train = sum(step["seconds"] for step in run["steps"])
        off = None if alone is None else alone / train - 1
        naive += [] if off is None else [abs(off)]
        values = run["config"]["values"]
        shape = (
            f"{values['per_device_train_batch_size']} × {values['gradient_accumulation_steps']} "
            f"× {values['cutoff_len']}, {len(run['steps'])} steps"
        )
        rows.append((
            f"{path.parent.name} {path.stem}", shape, f"{wall:.1f}",
            f"{said['seconds']:.1f} ({said['low']:.1f} – {said['high']:.1f})",
            f"{error:+.1%}", "yes" if within else "no", "-" if off is None else f"{off:+.1%}",
        ))  # fmt: skip
    head = ("run", "batch × accumulation × length", "wall s", "said s", "error", "inside",
            "trainer's rate after 10 steps")  # fmt: skip
    summary = (
        f"\n{len(rows)} runs: median error {median(errors):.1%}, worst {max(errors):.1%}, "
        f"{inside} inside the stated interval. The trainer's own rate: median "
        f"{median(naive):.1%}, worst {max(naive):.1%}.\n"
    )
    link = f"https://github.com/ftlint/ftlint/tree/main/docs/benchmarks/raw/{name}"
    about = f"### {_gpu(held[0][1])}, {name[:10]}\n\n[What to know of these runs]({link}).\n\n"
    return about + table(head, rows) + summary


_HINDSIGHT = ("results", "runs", "wall, median error", "worst", "inside",
              "micro-batches, median error", "worst")  # fmt: skip


def _hindsight() -> Iterator[tuple[str, ...]]:
    from suites.hindsight import misses, summary

    for folder in sorted({path.parents[1] for path, _, _ in _held()}, reverse=True):
        yield folder.name, *summary(list(misses(folder)))


_RATES = ("run", "GPU", "median step s", "tokens/s", "MFU", "HFU", "peak GB")


def _rates() -> Iterator[tuple[str, ...]]:
    from ftbench.analysis.summary import summarise

    for path, run, _ in _held():
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
        shape = (
            f"{values['per_device_train_batch_size']} × {values['gradient_accumulation_steps']} "
            f"× {values['cutoff_len']}"
        )
        yield (
            ", ".join([name, *notes]), shape, f"{found.tokens.all:,.0f}",
            f"{causal.mfu_spec:.1%}" if causal.mfu_spec else "-",
        )  # fmt: skip
    yield NEMO


_RUNNERS = ("config", "GPU", "steps", "median step s, llamafactory", "hf", "hf over llamafactory",
            "middle half of the steps")  # fmt: skip


def _runners() -> Iterator[tuple[str, ...]]:
    for path in sorted(RAW.glob("*/rates/*.hf.json")):
        theirs, ours = (
            _load(path.with_name(path.name.replace(".hf.", ".llamafactory."))),
            _load(path),
        )
        pairs = [
            (one["seconds"], other["seconds"])
            for one, other in zip(theirs["steps"], ours["steps"])
            if one["micro_batches"] == other["micro_batches"]
        ][5:]
        low, middle, high = quantiles([other / one for one, other in pairs], n=4)
        yield (
            path.name.partition(".hf.")[0],
            _gpu(ours),
            str(len(pairs)),
            f"{median(one for one, _ in pairs):.3f}",
            f"{median(other for _, other in pairs):.3f}",
            f"{middle:.3f}",
            f"{low:.3f} – {high:.3f}",
        )


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
