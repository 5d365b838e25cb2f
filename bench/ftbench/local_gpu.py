"""Which GPU a run would see here, found out without torch."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING

from ftbench.visible_devices import visible_devices

if TYPE_CHECKING:
    from ftbench.results.record import GpuIdentity


def local_gpu() -> GpuIdentity | None:
    """Return the first GPU that a run would see, as results name it; None where there is none."""
    tool, names = shutil.which("nvidia-smi"), visible_devices()
    if tool is None or names == []:
        return None
    return _ask_driver(tool, names[0] if names is not None else None)


@cache
def _ask_driver(tool: str, name: str | None) -> GpuIdentity | None:
    """Return what the driver says; asked once a process, although each config of a folder asks."""
    command = [tool, "--query-gpu=name,uuid,power.limit", "--format=csv,noheader,nounits"]
    if name is not None:
        command += ["--id", name]
    try:
        text = subprocess.run(
            command, capture_output=True, text=True, timeout=30, check=True
        ).stdout
        device, uuid, power = (part.strip() for part in text.splitlines()[0].split(","))
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None
    limit = float(power) if power.replace(".", "", 1).isdigit() else None
    digest = hashlib.sha256(uuid.encode()).hexdigest()[:16]
    return {"name": device, "uuid_hash": digest, "power_limit_w": limit}
