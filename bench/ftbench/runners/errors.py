"""What went wrong in a run, as data: the kind, what was said, and what to do about it."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ftbench.results.record import Failure

LONGEST = 2000
GB = 1e9


class Refused(ValueError):
    """The hf runner does not train a config. The text says why, `remedy` what to do about it."""

    remedy: ClassVar[str]


class Unsupported(Refused):
    """Something in the config that this runner does not do."""

    remedy = "`--runner llamafactory` does it, where LLaMA Factory is installed"


class Untrainable(Refused):
    """Data that nothing can be trained on, in LLaMA Factory as here."""

    remedy = "LLaMA Factory stops there, too: correct the config or its data"


def out_of_memory_types(torch: Any) -> tuple[type[BaseException], ...]:
    """Return the exceptions by which the device says that it is full."""
    found = [getattr(torch, "OutOfMemoryError", None)]
    found.append(getattr(getattr(torch, "cuda", None), "OutOfMemoryError", None))
    return tuple({one for one in found if isinstance(one, type)}) or (MemoryError,)


def of_exception(
    error: BaseException, phase: str, config: Mapping[str, Any], memory: Mapping[str, Any]
) -> Failure:
    """Return the failure that an exception in a phase of the run stands for."""
    text = f"{type(error).__name__}: {error}".strip()[:LONGEST]
    if _is_full(error):
        peak = memory.get("peak_allocated")
        where = "the GPU" if peak else "the machine"
        said = "" if not peak else f"; {peak / GB:.1f} GB were allocated at the peak"
        return {
            "kind": "out_of_memory",
            "message": f"{where} is out of memory in phase {phase}{said}: {text}",
            "remedy": remedy(config),
        }
    if isinstance(error, KeyboardInterrupt):
        return {"kind": "interrupted", "message": "interrupted", "remedy": "start it again"}
    if isinstance(error, ImportError):
        return {
            "kind": "missing",
            "message": text,
            "remedy": "install what is named, in the environment that trains",
        }
    where = _where(error)
    if isinstance(error, Refused):
        return {
            "kind": "refused",
            "message": f"the hf runner rejects the config: {error}",
            "remedy": error.remedy,
        }
    if phase == "parse":
        return {
            "kind": "refused",
            "message": f"the trainer rejects the config: {text}",
            "remedy": "`ftlint CONFIG` says what to change",
        }
    return {
        "kind": "crash",
        "message": f"failed in phase {phase}{where}: {text}",
        "remedy": "--log FILE keeps what the trainer printed, with the whole traceback",
    }


def _is_full(error: BaseException) -> bool:
    if type(error).__name__ == "OutOfMemoryError" or isinstance(error, MemoryError):
        return True
    said = str(error)
    return isinstance(error, RuntimeError) and any(
        sign in said for sign in ("out of memory", "can't allocate memory", "ALLOC_FAILED")
    )


def _where(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        _, found, tail = frame.filename.partition("/site-packages/")
        if found:
            return f" ({tail}:{frame.lineno})"
    return ""


def remedy(config: Mapping[str, Any]) -> str:
    """Return what to lower, in the order in which it costs least."""
    ways = []
    if config.get("disable_gradient_checkpointing"):
        ways.append("remove disable_gradient_checkpointing")
    batch = config.get("per_device_train_batch_size", 8)
    if isinstance(batch, int) and batch > 1:
        accumulation = config.get("gradient_accumulation_steps", 1)
        doubled = accumulation * 2 if isinstance(accumulation, int) else 2
        ways.append(
            f"per_device_train_batch_size: {batch // 2} with gradient_accumulation_steps: {doubled}"
        )
    if not config.get("enable_liger_kernel"):
        ways.append("enable_liger_kernel: true")
    cutoff = config.get("cutoff_len")
    if cutoff is None:
        ways.append("a lower cutoff_len")
    elif isinstance(cutoff, int) and cutoff > 512:
        ways.append(f"cutoff_len below {cutoff}")
    if config.get("finetuning_type", "lora") == "full":
        ways.append("finetuning_type: lora")
    elif not config.get("quantization_bit"):
        ways.append("quantization_bit: 4")
    return "; or ".join(ways) or "a smaller model"


def of_death(status: int, log: str) -> Failure:
    """Return the failure of a process that ended without a word."""
    last = [line for line in log.strip().splitlines() if line.strip()][-1:] or ["nothing was said"]
    if status in (-9, 137):
        return {
            "kind": "crash",
            "message": "the process was killed (signal 9): most likely the machine, not the GPU,"
            " ran out of memory",
            "remedy": "a smaller model or data set, or more memory",
        }
    how = f"signal {-status}" if status < 0 else f"status {status}"
    return {
        "kind": "crash",
        "message": f"the process ended with {how}: {last[0][:LONGEST]}",
        "remedy": "--log FILE keeps what the trainer printed",
    }
