"""What a run ran on: GPU, driver, packages, the variables that change its speed."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import os
import platform
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from ftbench.measure.device import handle, nvml

if TYPE_CHECKING:
    from ftbench.results.record import Environment, Gpu

PACKAGES = tuple(
    """torch transformers peft accelerate trl datasets llamafactory tokenizers numpy triton
    bitsandbytes liger-kernel flash-attn deepspeed unsloth nvidia-ml-py ftlint""".split()
)
VARIABLES = (
    "CUDA_VISIBLE_DEVICES",
    "OPTIM_TORCH",
    "DISABLE_VERSION_CHECK",
    "TOKENIZERS_PARALLELISM",
)
COPIED, COPIES = 1 << 16, 9
"""Numbers of a copy, and how often it is timed."""
PREFIXES = ("PYTORCH_", "TORCH_", "NCCL_", "OMP_", "MKL_", "CUDA_LAUNCH", "ACCELERATE_", "FSDP_")


def environment() -> Environment:
    """Return what this process runs on. Call it after the run: it may start CUDA."""
    torch: Any = importlib.import_module("torch")
    gpu = _gpu(torch) if torch.cuda.is_available() else None
    return {
        "gpu": gpu,
        "driver": _driver(),
        "cuda": torch.version.cuda,
        "cpu": _cpu(),
        "packages": packages(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "env": {
            name: value
            for name, value in sorted(os.environ.items())
            if name in VARIABLES or name.startswith(PREFIXES)
        },
        "git": _git(),
        "threads": torch.get_num_threads(),
        "waking": _waking(torch),
    }


def _waking(torch: Any) -> float:
    """Return the median seconds of a copy that is large enough for torch to wake its threads."""
    numbers, seconds = torch.zeros(COPIED, dtype=torch.int64), []
    for _ in range(COPIES):
        time.sleep(0.01)  # as between two batches: threads that still spin are awake
        begun = time.perf_counter()
        numbers.clone()
        seconds.append(time.perf_counter() - begun)
    return median(seconds)


def packages() -> dict[str, str]:
    """Return the versions of the packages that matter, of those that are installed."""
    found = {}
    for name in PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def _gpu(torch: Any) -> Gpu:
    properties = torch.cuda.get_device_properties(torch.cuda.current_device())
    library = nvml()
    device = None if library is None else handle(library, torch.cuda.current_device())
    uuid = power = None
    if device is not None:
        with suppress(Exception):
            text = library.nvmlDeviceGetUUID(device)
            raw = text if isinstance(text, bytes) else str(text).encode()
            uuid = hashlib.sha256(raw).hexdigest()[:16]
        with suppress(Exception):
            power = library.nvmlDeviceGetEnforcedPowerLimit(device) / 1000.0
    if uuid is None and getattr(properties, "uuid", None) is not None:
        uuid = hashlib.sha256(f"GPU-{properties.uuid}".encode()).hexdigest()[:16]
    return {
        "name": properties.name,
        "uuid_hash": uuid,
        "power_limit_w": power,
        "count": int(os.environ.get("LOCAL_WORLD_SIZE", "1")),
        "memory_bytes": int(properties.total_memory),
        "capability": f"{properties.major}.{properties.minor}",
    }


def _driver() -> str | None:
    library = nvml()
    if library is None:
        return None
    with suppress(Exception):
        text = library.nvmlSystemGetDriverVersion()
        return text.decode() if isinstance(text, bytes) else str(text)
    return None


def _cpu() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _git() -> str | None:
    """Return the commit of the harness's own checkout, if it is one."""
    with suppress(OSError, subprocess.SubprocessError):
        folder = Path(__file__).parent
        command = ["git", "-C", str(folder), "rev-parse", "HEAD"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
        return done.stdout.strip() or None
    return None
