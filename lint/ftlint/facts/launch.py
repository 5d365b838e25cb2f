"""How a run is started, as far as its config cannot say it: one record from flag to plan."""

from __future__ import annotations

from ftlint.target.releases import KNOWN, MAIN, parse_version
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ftlint.target.releases import Target, Version

STEP_KEYS = frozenset(
    """dataset dataset_dir max_samples val_size eval_dataset mix_strategy streaming packing stage
    do_train per_device_train_batch_size gradient_accumulation_steps dataloader_drop_last
    num_train_epochs max_steps""".split()
)
"""Keys that the plan rests on: with one of them misread there is none."""

UNSTATED = "FT4171"
"""The rule on a config that is for another launcher, where it is not known what starts the run."""
OF_THE_LAUNCH = frozenset(
    "deepspeed devices gpus launcher memory nodes plan samples world_size".split()
)
"""What depends on the launcher, so that nothing rests on it there."""


class Launch(NamedTuple):
    """GPUs of a node, nodes, what starts the processes; None for what is not known.

    `overrides` are keys that whoever starts the run sets over the config's. `environment` are the
    variables of LLaMA Factory that are on.
    """

    gpus: int | None = None
    nodes: int | None = None
    launcher: str | None = None
    overrides: tuple[tuple[str, object], ...] = ()
    environment: tuple[str, ...] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """GPUs of a node, and nodes: one of what is not known."""
        return self.gpus or 1, self.nodes or 1

    def over(self, config: Mapping[str, object]) -> dict[str, object]:
        """Return the config that is run."""
        return {**config, **dict(self.overrides)}

    def started_by(self, target: Target) -> str | None:
        """Return the launcher: the one that is stated, or that which a variable turns on."""
        if self.launcher is not None or not self.environment:
            return self.launcher
        from ftlint.target.launchers import FORCE_TORCHRUN, LAUNCHERS
        from ftschemas.launchers import KT

        for variable, launcher, since in LAUNCHERS:
            if variable in self.environment and target.versions[0] >= since:
                return None if launcher == KT and FORCE_TORCHRUN in self.environment else launcher
        return None

    def unread(self, target: Target) -> dict[str, str]:
        """Return the variables of launchers that are on and that a target does not read.

        With each the first state that does. Of a source that is no release that is not known.
        """
        if target.tree is not None or not self.environment:
            return {}
        from ftlint.target.launchers import LAUNCHERS

        return {
            variable: first_with(since)
            for variable, _, since in LAUNCHERS
            if variable in self.environment and target.versions[0] < since
        }


def first_with(since: Version) -> str:
    """Return the state that came with a version: `main` where no release has it yet."""
    return next((one for one in KNOWN if parse_version(one) == since), MAIN)
