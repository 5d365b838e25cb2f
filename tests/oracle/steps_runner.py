"""Run configs to their end in an installed LLaMA Factory, and write down what the trainer did.

Runs inside its environment: `steps_runner.py WORK MODEL CASES ANSWERS`. CASES has one JSON line a
case, `{"id": …, "config": {…}}`; ANSWERS gets one for each. Every case is run in a child of its
own, with WORK as its working folder. With RANK and WORLD_SIZE set, this is one of several processes
that run the same cases together, each at a port of its own from MASTER_PORT on, and the first of
them answers. MODEL is a folder of WORK that is
filled with a random model on first use. `tables.json` in WORK lists data files that only pyarrow
can write: `[{"path": …, "columns": {…}}]`.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

RANK = int(os.environ.get("RANK", "0"))
WORDS = [f"w{number}" for number in range(100)]
SECONDS = 180  # that a case may take; some never end, and that is foreseen


def build_model(folder: Path) -> None:
    """Write a random model of a few thousand parameters, with a tokenizer of whole words."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    names = ["<unk>", "<s>", "</s>", "<pad>", *WORDS]
    vocabulary = {word: number for number, word in enumerate(names)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>",
        pad_token="<pad>", model_max_length=100_000,
    ).save_pretrained(folder)  # fmt: skip
    config = LlamaConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, vocab_size=len(names), max_position_embeddings=4096,
        bos_token_id=1, eos_token_id=2, pad_token_id=3,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)


def write_tables(listed: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for item in json.loads(listed.read_text(encoding="utf-8")):
        path = Path(item["path"])
        if path.exists():
            continue
        table = pa.table(item["columns"])
        if path.suffix == ".parquet":
            pq.write_table(table, path, row_group_size=7)
        else:
            opened = pa.ipc.new_file if item.get("file_format") else pa.ipc.new_stream
            with pa.OSFile(str(path), "wb") as sink, opened(sink, table.schema) as writer:
                writer.write_table(table, max_chunksize=5)


def rows_of(dataset: Any) -> int:
    """Count the rows of a dataset; a stream has no length, and is read once more."""
    try:
        return len(dataset)
    except TypeError:
        whole = getattr(dataset, "dataset", dataset)  # of which a process sees its share
        return sum(1 for _ in whole)


def recorder(seen: dict[str, Any]) -> Any:
    from transformers import TrainerCallback

    class Recorder(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            seen["max_steps"] = state.max_steps
            seen["warmup_steps"] = args.get_warmup_steps(state.max_steps)
            seen["world_size"] = args.world_size
            loader = more.get("train_dataloader")
            counted: Any
            for name, counted in (("batches", loader), ("rows", getattr(loader, "dataset", None))):
                with suppress(TypeError):  # a stream has no length
                    seen[name] = len(counted)

        def on_evaluate(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            seen["evaluations"].append(state.global_step)
            seen["evaluated"].append(rows_of(more["eval_dataloader"].dataset))

        def on_save(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            seen["saves"].append(state.global_step)

        def on_epoch_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            seen["epoch_ends"].append(state.global_step)

    return Recorder()


def record_batches(seen: dict[str, Any]) -> None:
    """Have the trainer write down the rows of its largest batches; a pair counts once."""
    from transformers import Trainer

    def watched(name: str, pairs: int, step: Any) -> Any:
        def told(model: Any, inputs: Any, *more: Any, **named: Any) -> Any:
            rows = len(next(value for key, value in inputs.items() if key.endswith("input_ids")))
            seen[name] = max(seen[name] or 0, rows // pairs)
            return step(model, inputs, *more, **named)

        return told

    def pairs_of(trainer: Any) -> int:
        return 2 if type(trainer).__name__ in ("CustomDPOTrainer", "PairwiseTrainer") else 1

    train, evaluate = Trainer.training_step, Trainer.evaluation_loop

    def training_step(self: Any, *given: Any, **named: Any) -> Any:
        return watched("batch", pairs_of(self), train.__get__(self))(*given, **named)

    def evaluation_loop(self: Any, *given: Any, **named: Any) -> Any:
        # Each trainer predicts in its own way.
        self.prediction_step = watched("eval_batch", pairs_of(self), self.prediction_step)
        try:
            return evaluate(self, *given, **named)
        finally:
            del self.prediction_step

    Trainer.training_step, Trainer.evaluation_loop = training_step, evaluation_loop


def run(case: dict[str, Any]) -> dict[str, Any]:
    from llamafactory.train.tuner import run_exp

    seen: dict[str, Any] = {
        "evaluations": [], "saves": [], "epoch_ends": [], "rows": None, "batches": None,
        "error": None, "evaluated": [], "batch": None, "eval_batch": None,
    }  # fmt: skip
    record_batches(seen)
    output = Path(case["config"]["output_dir"])
    try:
        run_exp(dict(case["config"]), callbacks=[recorder(seen)])
    except BaseException as error:
        seen["error"] = f"{type(error).__name__}: {str(error)[:300]}"
    state = output / "trainer_state.json"
    if state.exists():
        final = json.loads(state.read_text(encoding="utf-8"))
        seen["global_step"] = final["global_step"]
        seen["epoch"] = final["epoch"]
        seen["logs"] = sum("loss" in entry for entry in final["log_history"])
    if output.is_dir():
        seen["kept"] = len(list(output.glob("checkpoint-*")))
    return seen


def in_child(case: dict[str, Any], number: int, log: Path) -> dict[str, Any]:
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        if "WORLD_SIZE" in os.environ:
            os.environ["MASTER_PORT"] = str(int(os.environ["MASTER_PORT"]) + number)
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1)
        os.dup2(out, 2)
        answer = run(case)
        with open(writer, "w", encoding="utf-8") as pipe:  # noqa: PTH123
            json.dump(answer, pipe, default=str)
        os._exit(0)
    os.close(writer)
    with open(reader, encoding="utf-8") as pipe:  # noqa: PTH123
        if not select.select([pipe], [], [], SECONDS)[0]:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return {"error": f"still running after {SECONDS} seconds"}
        text = pipe.read()
    os.waitpid(child, 0)
    return dict(json.loads(text)) if text else {"error": "the process died"}


def main(work: str, model: str, cases: str, answers: str) -> None:
    os.chdir(work)
    os.environ.update(
        DISABLE_VERSION_CHECK="1", OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1", HF_HOME=f"{work}/hf",
        HF_DATASETS_DISABLE_PROGRESS_BARS="1", LLAMAFACTORY_VERBOSITY="WARN",
        TOKENIZERS_PARALLELISM="false",
    )  # fmt: skip
    import torch

    torch.set_num_threads(1)
    import llamafactory.train.tuner  # noqa: F401  # once, for all the children

    if RANK == 0:
        if not Path(model, "config.json").exists():
            build_model(Path(model))
        if Path("tables.json").exists():
            write_tables(Path("tables.json"))
    for number, line in enumerate(Path(cases).read_text(encoding="utf-8").splitlines()):
        case = json.loads(line)
        answer = in_child(case, number, Path(f"{case['id']}.{RANK}.log"))
        if RANK == 0:
            with Path(answers).open("a", encoding="utf-8") as file:
                file.write(json.dumps({"id": case["id"], "seen": answer}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
