"""Rows of a config, by LLaMA Factory and by the `hf` runner: run where the former is installed.

`python rows_by_both.py` reads configs as JSON and writes, for each and by both, the rows to
train on and those held out, each as [input_ids, labels].
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path[:0] = [
    str(Path(__file__).resolve().parents[2] / part) for part in ("bench", "lint", "schemas")
]
os.environ |= {"DISABLE_VERSION_CHECK": "1", "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"}

import transformers  # noqa: E402
from llamafactory.data import get_dataset, get_template_and_fix_tokenizer  # noqa: E402
from llamafactory.hparams import get_train_args  # noqa: E402
from llamafactory.model import load_tokenizer  # noqa: E402

from ftbench.runners.hf_rows import fitted, train_and_held_out  # noqa: E402


def both(config: dict[str, Any], output: str) -> list[Any]:
    """The rows as LLaMA Factory makes them, and as the runner does."""
    model, data, training, _, _ = get_train_args(
        {**config, "do_train": True, "output_dir": output, "use_cpu": True, "report_to": "none"}
    )
    module = load_tokenizer(model)
    tokenizer = module["tokenizer"]
    template = get_template_and_fix_tokenizer(tokenizer, data)
    stage = config.get("stage", "sft")
    own = fitted(transformers.AutoTokenizer.from_pretrained(config["model_name_or_path"]), config)
    theirs = get_dataset(template, model, data, training, stage, **module)
    sets = [theirs.get(name) or [] for name in ("train_dataset", "eval_dataset")]
    # of documents the collator makes the labels: all that is there
    return [
        [[[row["input_ids"], row.get("labels", row["input_ids"])] for row in rows] for rows in each]
        for each in (sets, train_and_held_out({"cutoff_len": data.cutoff_len, **config}, own))
    ]


if __name__ == "__main__":
    configs = json.load(sys.stdin)
    said, sys.stdout = sys.stdout, sys.stderr
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HF_DATASETS_CACHE"] = folder
        json.dump([both(config, folder) for config in configs], said)
