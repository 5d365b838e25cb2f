"""Who starts the processes of a run, by the names that launches, step plans and key tables share.

Source: LLaMA Factory launcher.py and extras/misc.py `is_env_enabled`.
"""

TORCHRUN = "torchrun"
RAY = "ray"
"""`USE_RAY`: workers of a Ray cluster."""
KT = "kt"
"""`USE_KT`: KTransformers, in one process."""
MCA = "mca"
"""`USE_MCA`: torchrun, and the trainer of mcore_adapter."""
BRIDGE = "megatron_bridge"
"""`USE_MEGATRON_BRIDGE`: torchrun, and the loop of Megatron Bridge."""
V1 = "v1"
"""`USE_V1`: LLaMA Factory's rewrite, with a trainer and keys of its own, so a command as well."""
