"""The parser of an installed LLaMA Factory as a judge of configs. Runs inside its environment.

One JSON line a request on standard input::

    {"id": …, "command": "train"|"export"|"chat"|"eval",
     "path": FILE | "text": "…", "suffix": ".yaml" | "config": {…},
     "cwd": FOLDER, "env": {…}, "as_is": false, "arguments": false, "timeout": 60}

and one answer a line::

    {"id": …, "verdict": "accepted"|"refused"|"undecided", "stage": "command"|"load"|"parse",
     "error_type": …, "message": …, "set_aside": ["deepspeed"], "arguments": {"seed": 42, …}}

It runs what `llamafactory-cli COMMAND FILE` runs, through the program's own entry point, and stops
when the arguments are parsed. Only what depends on the machine is taken out (`as_is` leaves it in):
whether bf16 and tf32 exist, whether optional packages are installed, and the keys of `ELSEWHERE`,
which are set aside. Every case runs in a child of its own, in an empty working folder unless `cwd`
names one, and nothing is written. `undecided`: the child died or ran out of time. Where `arguments`
are asked for, an accepted config's come along as the program has them once it has parsed them.
"""

from __future__ import annotations

import copy
import dataclasses
import enum
import importlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.oracle import forked
else:
    import forked

MESSAGE_LIMIT = 2000
ELSEWHERE = ("deepspeed", "ddp_backend", "use_mps_device", "push_to_hub_model_id")
"""Training keys that only another machine can parse: with the package and the file (deepspeed is
judged where both are here), under a launcher, on a Mac, logged in to the hub."""


class ReachedEnd(BaseException):
    """Raised where the arguments are parsed, past every `except Exception` on the way out."""


class Case:
    """What one child knows of its case: how far it came and what it was spared."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request
        self.stage = "command"
        self.set_aside: list[str] = []
        self.arguments: dict[str, Any] = {}


def plain(value: Any) -> Any:
    """An argument as JSON can say it; what it cannot say, by its representation."""
    if value is None or isinstance(value, (bool, int, str)):
        return value.value if isinstance(value, enum.Enum) else value
    if isinstance(value, float):
        return value if value == value else "nan"
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def import_program() -> dict[str, Any]:
    """The modules that a command passes through, imported once for all children."""
    names = {
        "cli": "llamafactory.cli",
        "tuner": "llamafactory.train.tuner",
        "chat": "llamafactory.chat.chat_model",
        "evaluator": "llamafactory.eval.evaluator",
        "parser": "llamafactory.hparams.parser",
        "training_args": "transformers.training_args",
    }
    modules = {name: importlib.import_module(path) for name, path in names.items()}
    # What the entry points import on their way, so that no child pays for it.
    for path in ("llamafactory.launcher", "llamafactory.api.app", "llamafactory.webui.interface"):
        importlib.import_module(path)
    if importlib.util.find_spec("deepspeed"):
        importlib.import_module("deepspeed.comm.torch")
    return modules


def _spare(modules: dict[str, Any]) -> None:
    """Take out what depends on the machine."""

    def available(*_args: object, **_kwargs: object) -> bool:
        return True

    def unchecked(*_args: object, **_kwargs: object) -> None:
        return None

    parser, training_args = modules["parser"], modules["training_args"]
    for module, name, stand_in in (
        (parser, "is_torch_bf16_gpu_available", available),
        (parser, "_check_extra_dependencies", unchecked),
        (parser, "check_version", unchecked),
        (training_args, "is_torch_bf16_gpu_available", available),
        (training_args, "is_torch_tf32_available", available),
        (training_args, "is_apex_available", available),
    ):
        if hasattr(module, name):
            setattr(module, name, stand_in)


def _launched(deepspeed: Any) -> bool:
    """Start what a launcher of one process starts for deepspeed; False where that cannot be."""
    if not importlib.util.find_spec("deepspeed") or not deepspeed:
        return False
    if isinstance(deepspeed, str) and deepspeed[:1] != "{" and not Path(deepspeed).exists():
        return False  # its author's file
    importlib.import_module("deepspeed.comm.torch")
    sys.modules["deepspeed.comm.torch"].__dict__["build_shm_op"] = lambda: None  # compiles C++
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), DS_ACCELERATOR="cpu")
    os.environ.update(RANK="0", LOCAL_RANK="0", WORLD_SIZE="1", LOCAL_WORLD_SIZE="1")
    return True


def _observe(modules: dict[str, Any], case: Case) -> None:
    """Note the stages as they pass, and stop where the arguments are parsed."""
    parser, tuner = modules["parser"], modules["tuner"]
    read = parser.read_args
    known = parser.TrainingArguments.__dataclass_fields__
    training = case.request.get("command", "train") == "train"
    elsewhere = [key for key in ELSEWHERE if training and key in known]

    def read_args(args: Any = None) -> Any:
        if args is not None:
            return args
        case.stage = "load"
        config = case.request.get("config")
        loaded = read() if config is None else copy.deepcopy(config)
        case.stage = "parse"
        if isinstance(loaded, dict) and not case.request.get("as_is"):
            case.set_aside = [key for key in loaded if key in elsewhere]
            if "deepspeed" in case.set_aside and _launched(loaded["deepspeed"]):
                case.set_aside.remove("deepspeed")
            for key in case.set_aside:
                case.arguments[key] = plain(loaded.pop(key))
        return loaded

    def noted(parse: Any) -> Any:
        def parsed(args: Any = None) -> Any:
            groups = parse(args)
            for group in groups:
                fields = dataclasses.fields(group) if dataclasses.is_dataclass(group) else ()
                for field in fields:
                    found = plain(getattr(group, field.name, None))
                    case.arguments.setdefault(field.name, found)
            return groups

        return parsed if case.request.get("arguments") else parse

    def then_stop(parse: Any) -> Any:
        def parsed(args: Any = None) -> None:
            noted(parse)(args)
            raise ReachedEnd

        return parsed

    def stop(*_args: object, **_kwargs: object) -> None:
        raise ReachedEnd

    parser.read_args = tuner.read_args = read_args
    tuner.get_train_args = then_stop(tuner.get_train_args)
    tuner.get_infer_args = noted(tuner.get_infer_args)
    tuner.load_tokenizer = stop  # `export` checks two more keys between its parser and this
    modules["chat"].get_infer_args = then_stop(modules["chat"].get_infer_args)
    modules["evaluator"].get_eval_args = then_stop(modules["evaluator"].get_eval_args)


def _run(modules: dict[str, Any], request: dict[str, Any], folder: Path) -> dict[str, Any]:
    case = Case(request)
    os.environ.update(request.get("env") or {})
    file = Path(request.get("path") or folder / f"config{request.get('suffix', '.yaml')}")
    if "text" in request:
        file.write_bytes(request["text"].encode())
    empty = folder / "cwd"
    empty.mkdir()
    os.chdir(request.get("cwd") or empty)
    if not request.get("as_is"):
        _spare(modules)
    _observe(modules, case)
    sys.argv = ["llamafactory-cli", request.get("command") or "train", str(file.absolute())]
    try:
        modules["cli"].main()
    except ReachedEnd:
        accepted = {"verdict": "accepted", "stage": case.stage, "set_aside": case.set_aside}
        asked = request.get("arguments")
        return {**accepted, "arguments": case.arguments} if asked else accepted
    except BaseException as error:
        return {
            "verdict": "refused",
            "stage": case.stage,
            "error_type": type(error).__name__,
            "message": str(error)[:MESSAGE_LIMIT],
            "set_aside": case.set_aside,
        }
    raise AssertionError(f"{sys.argv[1]} ended without parsing its arguments")


def main() -> None:
    """Serve requests until standard input ends."""
    forked.own_stdout()
    home = tempfile.mkdtemp(prefix="ftlint-judge-")
    forked.clean_environment(home)
    modules = import_program()

    def handle(request: dict[str, Any]) -> dict[str, Any]:
        folder = Path(tempfile.mkdtemp(dir=home))
        timeout = float(request.get("timeout") or 60)
        answer = forked.call(lambda: _run(modules, request, folder), timeout)
        shutil.rmtree(folder, ignore_errors=True)
        if "died" in answer:
            return {"verdict": "undecided", "message": answer["died"]}
        return answer

    versions = {
        name: importlib.metadata.version(name) for name in ("llamafactory", "transformers", "torch")
    }
    try:
        forked.serve(versions, handle)
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
