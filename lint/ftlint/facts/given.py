"""What is known of a run before its config is read, and how far reading may go."""

from __future__ import annotations

from ftlint.facts.layers import COMMAND_LINE, Layer
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ftlint.support.containment import Reach


class Given(NamedTuple):
    """The layers that state facts of a run, and what is the same for all configs of a project."""

    layers: tuple[Layer, ...] = ()
    bands: Mapping[str, Any] = compiled.POLICY
    """The table of rules of thumb (see `ftlint.facts.rules_of_thumb`)."""
    cache: bool = True
    """Whether counts of rows may be taken from, and put into, the user's cache folder."""
    reach: Reach | None = None
    """Within which what a config names is read; None for the working directory."""
    scripts: bool = True
    """Whether a config is judged as well as scripts of its project start it."""

    def launched(self, gpus: int) -> Given:
        """Return the same with so many GPUs on the command line."""
        said = next((one for one in self.layers if one.name == COMMAND_LINE), Layer())
        again = said._replace(launch=said.launch._replace(gpus=gpus))
        return self._replace(layers=(again, *(one for one in self.layers if one is not said)))
