"""A process that has everything imported and forks one child a run: for many short runs.

`python -m ftbench.runners.warm` reads requests from standard input, one JSON object a line::

    {"id": 1, "request": PATH, "log": PATH, "limit": seconds or null}

forks a child for each at once, and answers `{"id": 1, "status": 0, "seconds": 2.5, "overdue":
false}` when it has ended; before all that, `{"ready": true}`. It ends with its standard input,
after its children. How many run at a time is up to who asks.

CUDA cannot be used after a fork that came after its start: this process sees no GPU at all, and
each child is shown them again before it looks.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

VISIBLE = "CUDA_VISIBLE_DEVICES"
POLL_SECONDS = 0.05


class Child(NamedTuple):
    """A run that is under way."""

    number: int
    began: float
    limit: float | None


def main() -> None:
    """Serve until standard input ends and the last child with it."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    shown = os.environ.get(VISIBLE)
    os.environ[VISIBLE] = ""
    os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "1"
    _import_everything()

    def answer(found: dict[str, Any]) -> None:
        answers.write(json.dumps(found) + "\n")
        answers.flush()

    answer({"ready": True})
    children: dict[int, Child] = {}
    overdue: set[int] = set()
    buffered, open_ = b"", True
    while open_ or children:
        readable = select.select([0] if open_ else [], [], [], POLL_SECONDS)[0]
        if readable:
            data = os.read(0, 1 << 16)
            open_ = bool(data)
            *lines, buffered = (buffered + data).split(b"\n")
            for line in lines:
                asked = json.loads(line)
                pid = _start(asked, shown)
                children[pid] = Child(asked["id"], time.time(), asked["limit"])
        for pid, child in children.items():
            if child.limit is not None and time.time() - child.began > child.limit:
                overdue.add(pid)
                with suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
        while children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            child = children.pop(pid)
            answer({
                "id": child.number,
                "status": os.waitstatus_to_exitcode(status),
                "seconds": time.time() - child.began,
                "overdue": pid in overdue,
            })  # fmt: skip


def _import_everything() -> None:
    """Import what a run imports on its way, so that no child pays for it again."""
    torch: Any = importlib.import_module("torch")
    if not os.environ.get("OMP_NUM_THREADS"):
        torch.set_num_threads(max(1, torch.get_num_threads()))
    importlib.import_module("llamafactory.train.tuner")
    for name in (
        "transformers.models.llama.modeling_llama", "transformers.models.qwen2.modeling_qwen2",
        "transformers.trainer_seq2seq", "transformers.integrations", "peft.tuners.lora",
        "accelerate.data_loader", "datasets.packaged_modules.json.json", "ftbench.runners.child",
        "ftbench.measure.callback", "ftbench.models.weights",
    ):  # fmt: skip
        with suppress(ImportError):
            importlib.import_module(name)


def _start(asked: dict[str, Any], shown: str | None) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        os.setsid()
        log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        from ftbench.runners import child

        child.die_with_parent()
        _show_gpus(shown)
        request = json.loads(Path(asked["request"]).read_text(encoding="utf-8"))
        status = child.train(request, time.time())
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _show_gpus(shown: str | None) -> None:
    """Undo in a child that the GPUs were hidden, and forget what was concluded from it."""
    os.environ.pop("PYTORCH_NVML_BASED_CUDA_CHECK", None)
    if shown is None:
        os.environ.pop(VISIBLE, None)
    else:
        os.environ[VISIBLE] = shown
    found: Any = importlib.import_module("transformers.utils.import_utils")
    for value in vars(found).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()
    misc: Any = importlib.import_module("llamafactory.extras.misc")
    with suppress(AttributeError):
        misc._is_fp16_available = misc.is_torch_cuda_available()
        misc._is_bf16_available = misc.is_torch_bf16_gpu_available()
    if "bitsandbytes" in sys.modules:  # galore-torch imports it, beside LLaMA Factory's trainers
        _load_bitsandbytes_for_gpus()


def _load_bitsandbytes_for_gpus() -> None:
    """Give bitsandbytes, which picked its library while no GPU was seen, that of the GPUs.

    Where that cannot be, a run that needs it says so.
    """
    torch: Any = importlib.import_module("torch")
    if not torch.cuda.is_available():
        return
    with suppress(Exception):
        native: Any = importlib.import_module("bitsandbytes.cextension")
        for_cpu, for_gpus = native.lib, native.get_native_library()
        for name, module in list(sys.modules.items()):
            if name.startswith("bitsandbytes.") and getattr(module, "lib", None) is for_cpu:
                vars(module)["lib"] = for_gpus
        importlib.import_module("bitsandbytes.backends.cuda.ops")


if __name__ == "__main__":
    main()
