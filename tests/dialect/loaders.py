"""The loaders of LLaMA Factory's releases, called exactly as its `read_args` calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml
from omegaconf import OmegaConf

from ftlint.syntax.dialect import OMEGACONF, PYYAML, PYYAML_CONTAINERS, Dialect

if TYPE_CHECKING:
    from collections.abc import Callable


def pyyaml(text: str) -> object:
    """0.9.0 to 0.9.2."""
    return yaml.safe_load(text)


def pyyaml_containers(text: str) -> object:
    """0.9.3: the result goes through a merge with the (empty) command-line overrides."""
    return OmegaConf.to_container(OmegaConf.merge(yaml.safe_load(text), OmegaConf.from_cli([])))


def omegaconf(text: str) -> object:
    """0.9.4 and later; OmegaConf.load takes a file object as well as a path."""
    import io

    loaded = OmegaConf.load(io.StringIO(text))
    return OmegaConf.to_container(OmegaConf.merge(loaded, OmegaConf.from_cli([])))


LOADERS: dict[Dialect, Callable[[str], object]] = {
    PYYAML: pyyaml,
    PYYAML_CONTAINERS: pyyaml_containers,
    OMEGACONF: omegaconf,
}
