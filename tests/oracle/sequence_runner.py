"""Run commands one after another in one folder, where each finds what those before have written.

Runs inside a LLaMA Factory environment: `sequence_runner.py FOLDER ASKED ANSWERS`. FOLDER must not
exist: it becomes the fixture (see fixture.py), with a larger model `large` besides. ASKED has one
JSON line a case, `{"id": …, "command": "train"|"export"|"chat", "config": {…}}`, ANSWERS gets one
for each::

    {"id": …, "error": "Type: message" | null, "steps": 4, "losses": 2, "margin": 0.0,
     "saves": [2, 4], "weights": "digest", "wrote": true}

`losses`: how often a training loss was logged, those of a checkpoint included; `margin`: the first
reward margin of a preference run; `weights`: of the adapter or model that was written.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.oracle import fixture, forked
else:
    import fixture
    import forked

SECONDS = 120.0
WEIGHTS = ("adapter_model.safetensors", "model.safetensors")


def build_large(folder: Path, small: Path) -> None:
    """Write a model of other sizes with the tokenizer of `small`."""
    transformers: Any = importlib.import_module("transformers")
    config = transformers.AutoConfig.from_pretrained(small)
    config.hidden_size = 2 * config.hidden_size
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(small).save_pretrained(folder)


def run(command: str, config: dict[str, Any]) -> dict[str, Any]:
    """Run one command on the CPU and return what it did."""
    tuner: Any = importlib.import_module("llamafactory.train.tuner")
    answer: dict[str, Any] = {"error": None}
    try:
        if command == "export":
            tuner.export_model(dict(config))
        elif command == "chat":
            chat: Any = importlib.import_module("llamafactory.chat").ChatModel(dict(config))
            chat.chat([{"role": "user", "content": "w1 w2"}], max_new_tokens=2)
        else:
            tuner.run_exp({"use_cpu": True, "report_to": "none", **config})
    except BaseException as error:
        answer["error"] = f"{type(error).__name__}: {str(error)[:300]}"
    return {**answer, **_left_in(Path(config.get("output_dir") or config.get("export_dir") or "-"))}


def _left_in(folder: Path) -> dict[str, Any]:
    state = folder / "trainer_state.json"
    final = json.loads(state.read_text(encoding="utf-8")) if state.exists() else {}
    log = final.get("log_history", [])
    margins = [entry["rewards/margins"] for entry in log if "rewards/margins" in entry]
    weights = next((folder / name for name in WEIGHTS if (folder / name).exists()), None)
    return {
        "steps": final.get("global_step"),
        "losses": sum("loss" in entry for entry in log),
        "margin": margins[0] if margins else None,
        "saves": sorted(int(one.name.rpartition("-")[2]) for one in folder.glob("checkpoint-*")),
        "weights": weights and hashlib.sha256(weights.read_bytes()).hexdigest()[:16],
        "wrote": folder.is_dir(),
    }


def main(folder: str, asked: str, answers: str) -> None:
    """Build the fixture and run what is asked."""
    forked.clean_environment(tempfile.mkdtemp(prefix="ftlint-sequence-"))
    torch: Any = importlib.import_module("torch")
    torch.set_num_threads(1)
    importlib.import_module("llamafactory.train.tuner")
    work = Path(folder).absolute()
    torch.manual_seed(0)  # the same random model, and the same margins, each time
    fixture.build(work)
    build_large(work / "large", work / "tiny")
    lines = Path(asked).read_text(encoding="utf-8").splitlines()
    target = Path(answers).absolute()
    os.chdir(work)
    for line in lines:
        case = json.loads(line)
        seen = forked.call(
            lambda case=case: run(case["command"], case["config"]),  # type: ignore[misc]
            SECONDS,
            f"{case['id']}.log",
        )
        with target.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"id": case["id"], **seen}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
