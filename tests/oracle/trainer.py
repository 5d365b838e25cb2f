"""An installed LLaMA Factory that really runs configs, as a judge. Runs inside its environment.

Usage: `trainer.py FIXTURE`, a folder that is built on first use (see fixture.py). One JSON line a
request on standard input::

    {"id": …, "command": "train"|"export"|"chat", "config": {…} | "text": "…", "steps": 2,
     "trace": false, "timeout": 120}

and one answer a line::

    {"id": …, "outcome": "trained"|"refused"|"crashed", "where": …, "error_type": …, "message": …,
     "frame": "transformers/trainer.py:get_decay_parameter_names", "steps": 2, "seconds": 0.9,
     "read": ["learning_rate", …]}

The config goes through the program's own `run_exp` on the CPU, in a child of its own whose working
folder is a fresh copy of the fixture, and is stopped after `steps` optimizer steps. `export` writes
the model, `chat` answers one message; one that came to its end is called trained as well. `where`:
parse (then the outcome is `refused`), data, model, trainer_init, train_begin, step or end. `read`
(with `trace`): the keys whose values were looked at after parsing, other than to be printed or
copied.
"""

from __future__ import annotations

import copy
import copyreg
import importlib
import importlib.metadata
import os
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.oracle import fixture, forked
else:
    import fixture
    import forked

MESSAGE_LIMIT = 2000
STAGES = ("pt", "sft", "rm", "dpo", "kto", "ppo")
MARK = "@@where="
COPIERS = {"to_dict", "to_sanitized_dict", "to_json_string", "copyfrom", "__repr__", "__str__"}
"""Functions that look at every value without using it."""


class Progress:
    """Where the run is. Each change is also printed, for a child that dies without an answer."""

    def __init__(self) -> None:
        self.where = "parse"

    def at(self, where: str) -> None:
        self.where = where
        print(f"\n{MARK}{where}", flush=True)


def _before(progress: Progress, where: str, function: Any, after: str = "") -> Any:
    """`function`, with the progress noted before it and, when it returns, after it."""

    def wrapped(*args: object, **kwargs: object) -> Any:
        progress.at(where)
        result = function(*args, **kwargs)
        if after:
            progress.at(after)
        return result

    return wrapped


def _is_copy(frame: Any) -> bool:
    """Return whether an attribute is read only to be copied, printed or saved."""
    if frame.f_globals.get("__name__") in ("dataclasses", "copy", "pickle"):
        return True
    if frame.f_code.co_name.startswith("<"):  # a comprehension inside such a function
        frame = frame.f_back
    return frame is not None and frame.f_code.co_name in COPIERS


def _traced(arguments: Any, read: set[str]) -> None:
    """Make an argument object note which of its fields are looked at."""
    original: Any = type(arguments)
    names = set(original.__dataclass_fields__)

    def look_up(self: Any, name: str) -> Any:
        if name in names and name not in read and not _is_copy(sys._getframe(1)):
            read.add(name)
        return original.__getattribute__(self, name)

    def reduce(
        self: Any, _protocol: int
    ) -> Any:  # saved as what it was: nobody can load this class
        rebuild: Any = copyreg.__dict__["_reconstructor"]
        return rebuild, (original, object, None), object.__getattribute__(self, "__dict__")

    body = {"__getattribute__": look_up, "__reduce_ex__": reduce, "__module__": original.__module__}
    arguments.__class__ = type(original.__name__, (original,), body)


def _callback(progress: Progress, limit: int) -> Any:
    transformers: Any = importlib.import_module("transformers")

    class Watch(transformers.TrainerCallback):  # type: ignore[misc]
        done = 0

        def on_step_begin(self, _args: Any, _state: Any, _control: Any, **_: Any) -> None:
            if progress.where == "train_begin":
                progress.at("step")

        def on_step_end(self, _args: Any, state: Any, control: Any, **_: Any) -> None:
            self.done = state.global_step
            if self.done >= limit:
                control.should_training_stop = True

        def on_train_end(self, _args: Any, _state: Any, _control: Any, **_: Any) -> None:
            progress.at("end")

    return Watch()


def _watch(progress: Progress, read: set[str] | None) -> None:
    """Note every phase of the run as it is entered."""
    tuner: Any = importlib.import_module("llamafactory.train.tuner")
    trainer: Any = importlib.import_module("transformers").Trainer
    parse = tuner.get_train_args

    def parsed(args: Any = None) -> Any:
        arguments = parse(args)
        if read is not None:
            for one in arguments:
                _traced(one, read)
        progress.at("model")
        return arguments

    tuner.get_train_args = parsed
    chat: Any = importlib.import_module("llamafactory.chat.chat_model")
    for module in (tuner, chat):
        module.get_infer_args = _before(progress, "parse", module.get_infer_args, "model")
    for stage in STAGES:
        flow: Any = importlib.import_module(f"llamafactory.train.{stage}.workflow")
        flow.load_tokenizer = _before(progress, "model", flow.load_tokenizer, "data")
        flow.get_dataset = _before(progress, "data", flow.get_dataset, "model")
        flow.load_model = _before(progress, "model", flow.load_model, "trainer_init")
    for name in ("train", "evaluate", "predict"):
        inner = getattr(trainer, name)

        def outer(self: Any, *args: Any, inner: Any = inner, **kwargs: Any) -> Any:
            if progress.where == "trainer_init":
                progress.at("train_begin")
            return inner(self, *args, **kwargs)

        setattr(trainer, name, outer)


def _frame(error: BaseException) -> str:
    """`package/file.py:function` of the innermost frame in LLaMA Factory, transformers or peft."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        _, found, tail = frame.filename.partition("/site-packages/")
        if found and tail.startswith(("llamafactory/", "transformers/", "peft/")):
            return f"{tail}:{frame.name}"
    return ""


def _answer(config: dict[str, Any], progress: Progress) -> None:
    """Start the chat and let it answer one message, briefly where the config does not say."""
    model = importlib.import_module("llamafactory.chat").ChatModel(config)
    progress.at("step")
    short = {} if {"max_new_tokens", "max_length"} & {*config} else {"max_new_tokens": 2}
    model.chat([{"role": "user", "content": "w1 w2"}], **short)


def _run(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    os.chdir(folder)
    progress = Progress()
    read: set[str] | None = set() if request.get("trace") else None
    callback = _callback(progress, int(request.get("steps") or 2))
    _watch(progress, read)
    answer: dict[str, Any] = {"outcome": "trained", "error_type": "", "message": "", "frame": ""}
    begun = time.monotonic()
    try:
        tuner: Any = importlib.import_module("llamafactory.train.tuner")
        config = copy.deepcopy(request.get("config"))
        if config is None:
            Path("config.yaml").write_bytes(request["text"].encode())
            sys.argv = ["llamafactory-cli", "config.yaml"]
            config = tuner.read_args()
        command = request.get("command") or "train"
        if command == "export":
            tuner.export_model(config)
        elif command == "chat":
            _answer(config, progress)
        else:
            tuner.run_exp({"use_cpu": True, **config}, callbacks=[callback])
    except BaseException as error:
        answer = {
            "outcome": "refused" if progress.where == "parse" else "crashed",
            "error_type": type(error).__name__,
            "message": str(error)[:MESSAGE_LIMIT],
            "frame": _frame(error),
        }
        traceback.print_exc()
    answer.update(where=progress.where, steps=callback.done, read=sorted(read or ()))
    answer["seconds"] = round(time.monotonic() - begun, 2)
    if request.get("modules"):
        answer["modules"] = sorted(sys.modules)
    return answer


class Server:
    """Runs cases in turn in one folder, whose path stays the same so that caches hit."""

    def __init__(self, fixture_folder: Path, home: Path) -> None:
        self.fixture, self.folder, self.log = fixture_folder, home / "case", home / "log"

    def handle(self, request: dict[str, Any]) -> dict[str, Any]:
        """Train one config."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.fixture, self.folder)  # keeps the times that the data caches go by
        timeout = float(request.get("timeout") or 120)
        answer = forked.call(lambda: _run(request, self.folder), timeout, str(self.log))
        if "died" in answer:
            where = self.log.read_text(errors="replace").rpartition(MARK)[2].partition("\n")[0]
            return {
                "outcome": "crashed",
                "where": where if where in ("data", "model", "step", "end") else "train_begin",
                "error_type": "Died",
                "message": answer["died"],
            }
        return answer

    def warm_up(self) -> None:
        """Import here whatever a run imports on its way, so that no child pays for it again.

        The run also leaves the checkpoint that belongs to the fixture.
        """
        config = {
            "model_name_or_path": "tiny",
            "stage": "sft",
            "do_train": True,
            "finetuning_type": "lora",
            "dataset": "alpaca",
            "template": "empty",
            "output_dir": "ran",
            "overwrite_output_dir": True,
            "report_to": "none",
            "save_steps": 1,
            "max_steps": 1,
        }
        answer = self.handle({"config": config, "steps": 1, "modules": True})
        if answer["outcome"] != "trained":
            raise SystemExit(f"the plain config does not train: {answer}")
        if not (self.fixture / "ran").exists():
            shutil.copytree(self.folder / "ran", self.fixture / "ran")
        for name in answer["modules"]:
            if name not in sys.modules and name.partition(".")[0] not in (
                "__main__",
                "__mp_main__",
            ):
                try:
                    importlib.import_module(name)
                except Exception as error:
                    print(f"not preloaded: {name}: {error!r}", file=sys.stderr)


def main() -> None:
    """Serve requests until standard input ends."""
    forked.own_stdout()
    folder = Path(sys.argv[1]).absolute()
    home = Path(tempfile.mkdtemp(prefix="ftlint-trainer-"))
    forked.clean_environment(str(home))
    torch: Any = importlib.import_module("torch")
    torch.set_num_threads(1)
    importlib.import_module("llamafactory.train.tuner")
    edition = folder / "edition"
    if not edition.exists() or edition.read_text(encoding="utf-8") != fixture.EDITION:
        shutil.rmtree(folder, ignore_errors=True)
        answer = forked.call(lambda: fixture.build(folder), 120)
        if "died" in answer:
            raise SystemExit(answer["died"])
    server = Server(folder, home)
    server.warm_up()
    versions = {
        name: importlib.metadata.version(name)
        for name in ("llamafactory", "transformers", "peft", "trl", "torch")
    }
    try:
        forked.serve(versions, server.handle)
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
