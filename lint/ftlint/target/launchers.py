"""Who starts the processes of a run, by the environment variables of LLaMA Factory.

Source: launcher.py and extras/misc.py `is_env_enabled`, 0.9.0 to 0.9.5 and the state after.
"""

from __future__ import annotations

from ftschemas.launchers import BRIDGE, KT, MCA, RAY, V1
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from ftlint.target.releases import Version

LAUNCHERS: tuple[tuple[str, str, Version], ...] = (
    ("USE_V1", V1, (0, 9, 4)),
    ("USE_MCA", MCA, (0, 9, 4)),
    ("USE_MEGATRON_BRIDGE", BRIDGE, (0, 9, 6)),
    ("USE_RAY", RAY, (0, 9, 2)),
    ("USE_KT", KT, (0, 9, 4)),
)
"""Variable, the launcher it turns on, and the first release that asks for it: in this order."""
FORCE_TORCHRUN = "FORCE_TORCHRUN"
"""The variable that has torchrun start the processes, whatever `USE_KT` says."""
_FORCING = frozenset([FORCE_TORCHRUN, "USE_MCA", "USE_MEGATRON_BRIDGE"])
_WITHOUT = frozenset(["USE_RAY", "USE_KT"])
_OTHERS = ("ALLOW_EXTRA_ARGS", "ALLOW_EXTRA_KEYS", "DISABLE_VERSION_CHECK", FORCE_TORCHRUN)
SWITCHES = tuple(sorted((*_OTHERS, *(variable for variable, _, _ in LAUNCHERS))))
"""Environment variables of LLaMA Factory that decide what it makes of a config."""


def turns_on(value: str) -> bool:
    """Return whether a value turns a switch on, as LLaMA Factory reads it."""
    return value.lower() in ("true", "y", "1")


def variable_of(launcher: str) -> str:
    """Return the variable that turns a launcher on."""
    return next(variable for variable, name, _ in LAUNCHERS if name == launcher)


def forces_torchrun(on: Collection[str]) -> bool:
    """Return whether `llamafactory-cli train` starts torchrun for one GPU as well."""
    return not _FORCING.isdisjoint(on)


def is_by_torchrun(on: Collection[str], gpus: int | None) -> bool:
    """Return whether it is known to start torchrun, with these switches on and so many GPUs."""
    return forces_torchrun(on) or ((gpus or 0) > 1 and _WITHOUT.isdisjoint(on))
