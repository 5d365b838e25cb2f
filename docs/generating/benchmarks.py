"""The page of runs on a GPU, from the raw results that are kept beside it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median
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
same machine. Wall time is that of the whole process, as its parent sees it. Beside it: what the
trainer's own `train_steps_per_second` after as many steps as were calibrated, scaled to the run,
would have said of the training alone. Made by

```sh
python bench/suites/families.py FOLDER
bench calibrate FOLDER/FAMILY/calibrate.yaml --batch B --length L --raw FAMILY/cal
bench predict FOLDER/FAMILY/held-1.yaml --json > FAMILY/held-1.predicted.json
bench run FOLDER/FAMILY/held-1.yaml --full --output FAMILY/held-1.json
```

"""
RATES = """## Rates of the held-out runs

Random weights in the named shape, which cost what real ones do. MFU counts the model's work with
causal attention, HFU what checkpointing repeats besides; both over the bf16 peak of the data sheet.

"""


def pages() -> dict[str, str]:
    """Return the page, by path below docs; none where no result is kept."""
    sessions = sorted(path for path in RAW.glob("*") if path.is_dir())
    if not sessions:
        return {}
    parts = [HEAD, COUNTS, table(("results", "GPU", "configs", "exact", "other"), _counts())]
    parts += ["\n", TIMES, _times(), "\n", RATES, table(_RATES, _rates())]
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
    from ftbench.calibration.naive import seconds_by_trainer

    rows, errors, inside, naive = [], [], 0, []
    for path, run, said in _held():
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
    if not rows:
        return "None yet."
    head = ("run", "batch × accumulation × length", "wall s", "said s", "error", "inside",
            "trainer's rate after 10 steps")  # fmt: skip
    summary = (
        f"\n{len(rows)} runs: median error {median(errors):.1%}, worst {max(errors):.1%}, "
        f"{inside} inside the stated interval. The trainer's own rate: median "
        f"{median(naive):.1%}, worst {max(naive):.1%}."
    )
    return table(head, rows) + summary


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
