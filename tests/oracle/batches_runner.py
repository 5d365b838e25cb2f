"""Trains a tiny model and tells the batches it is handed. Runs inside a release's environment.

Usage: `batches_runner.py WORK`. Reads one JSON object a line, `{"folder": …, "config": {…}}`: the
data lie in the folder, and the model's tokenizer below it in `model`. Answers with one,
`{"batches": [[rows, tokens, optimizer step]]}`, or `{"refused": …}`.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import shutil
import sys
from pathlib import Path
from typing import Any

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", CUDA_VISIBLE_DEVICES="",
                  DISABLE_VERSION_CHECK="1", HF_DATASETS_DISABLE_PROGRESS_BARS="1",
                  OMP_NUM_THREADS="1")  # fmt: skip


def add_weights(folder: Path) -> None:
    """Write the smallest Llama there is, for the tokenizer that is in a folder."""
    transformers: Any = importlib.import_module("transformers")
    tokens = len(transformers.AutoTokenizer.from_pretrained(folder))
    config = transformers.LlamaConfig(
        hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1,
        num_key_value_heads=1, vocab_size=tokens + 8, max_position_embeddings=4096,
    )  # fmt: skip
    transformers.LlamaForCausalLM(config).save_pretrained(folder)


def train(folder: str, config: dict[str, Any]) -> dict[str, Any]:
    """Train, and return each micro-batch."""
    trainer: Any = importlib.import_module("transformers").Trainer
    run: Any = importlib.import_module("llamafactory.train.tuner").run_exp
    found: list[list[int]] = []
    step = trainer.training_step

    def told(self: Any, model: Any, inputs: Any, *more: Any, **named: Any) -> Any:
        found.append([*inputs["input_ids"].shape, self.state.global_step + 1])
        return step(self, model, inputs, *more, **named)

    trainer.training_step = told
    try:
        run({**config, "model_name_or_path": f"{folder}/model", "dataset_dir": folder,
             "output_dir": f"{folder}/out", "report_to": "none", "use_cpu": True,
             "overwrite_cache": True, "save_strategy": "no"})  # fmt: skip
    except BaseException as error:
        return {"refused": f"{type(error).__name__}: {error}"[:300]}
    finally:
        trainer.training_step = step
        shutil.rmtree(f"{folder}/out", ignore_errors=True)
    return {"batches": found}


def main() -> None:
    """Answer until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the program prints
    logging.disable(logging.CRITICAL)
    print("{}", file=answers, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        model = Path(asked["folder"]) / "model"
        if not list(model.glob("*.safetensors")):
            add_weights(model)
        print(json.dumps(train(asked["folder"], asked["config"])), file=answers, flush=True)


if __name__ == "__main__":
    main()
