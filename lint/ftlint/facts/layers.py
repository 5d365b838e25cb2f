"""Facts that a file cannot say come in layers; here, once, they become one record.

The first layer that speaks of a fact wins, and the fact keeps the name of its layer. From the top:
the command line, a typed `--here` and what is installed last of it; a comment in the file; the
script that starts it; the nearest settings; what is counted in files that are here; recorded facts
(`ftlint-facts.json`); `here = true` of settings.

What is counted is known only once the data are looked at, so the rows that layers below it state
are kept apart (`recorded`): they count for a dataset of which no rows were counted.
"""

from __future__ import annotations

from ftlint.facts.launch import Launch
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, TypeVar

    from ftlint.facts.recorded import FactsFile
    from ftlint.support.containment import Reach

    _T = TypeVar("_T")

COMMAND_LINE = "command line"
HERE = "--here"
INSTALLED = "target `auto`"
COMMENT = "comment"
SCRIPT = "script"
SETTINGS = "settings"
COUNTED = "counted"
RECORDED = "recorded"
MACHINE = "setting `here`"
ORDER = (COMMAND_LINE, HERE, INSTALLED, COMMENT, SCRIPT, SETTINGS, COUNTED, RECORDED, MACHINE)
"""The layers from the top down."""
PLACES = {
    COMMAND_LINE: "the command line",
    HERE: "--here",
    INSTALLED: "what is installed",
    COMMENT: "a comment in the file",
    SCRIPT: "the script that starts it",
    SETTINGS: "the settings",
    COUNTED: "data files",
    RECORDED: "ftlint-facts.json",
    MACHINE: "`here = true` of the settings",
}
"""Where a layer's facts stand, in words."""

Facts = tuple[tuple[str, object], ...]
Rows = tuple[tuple[str, int], ...]
"""Rows of datasets by name; the name "" stands for all that the config names."""


class Layer(NamedTuple):
    """What one layer states of a run; None and empty where it is silent.

    `facts` are any others by their name. `here`: the run is on this machine, so its folders count.
    """

    name: str = COMMAND_LINE
    launch: Launch = Launch()
    dataset_dir: str | None = None
    dataset_sizes: Rows = ()
    facts: Facts = ()
    here: bool = False
    records: FactsFile | None = None
    """Where the rows were recorded, and what their counts rest on."""

    def with_facts(self, facts: Facts) -> Layer:
        """Return a layer that states these as well; the environment belongs to the launch."""
        named = dict(facts)
        variables = named.pop("env", None)
        if variables is None:
            return self._replace(facts=(*self.facts, *named.items()))
        launch = self.launch._replace(environment=tuple(variables))  # type: ignore[arg-type]
        return self._replace(launch=launch, facts=(*self.facts, *named.items()))


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


class Stated(NamedTuple):
    """What is stated of a run, each fact by the first layer that speaks of it.

    `layers` names that layer, by fact; that of a dataset's rows is in `layers_of_rows`, by dataset.
    """

    launch: Launch
    dataset_dir: str | None
    dataset_sizes: Rows
    recorded: Rows
    facts: Facts
    here: str | None
    """The layer that says that the run is on this machine."""
    records: FactsFile | None
    layers: dict[str, str]
    layers_of_rows: dict[str, str]

    def is_over_here(self, fact: str) -> bool:
        """Return whether a fact is stated by a layer above the one that looks at this machine."""
        layer = self.layers.get(fact)
        if layer is None or self.here is None:
            return layer is not None
        return ORDER.index(layer) < ORDER.index(self.here)


_NOTHING_SAID = Layer()[1:]


def merge(layers: Iterable[Layer]) -> Stated:
    """Return what the layers state together."""
    speaking = [layer for layer in layers if layer[1:] != _NOTHING_SAID]
    if not speaking:
        return NOTHING
    return _merged(sorted(speaking, key=lambda layer: ORDER.index(layer.name)))


def _merged(ordered: list[Layer]) -> Stated:
    origin: dict[str, str] = {}

    def first(fact: str, of: Callable[[Layer], _T | None]) -> _T | None:
        for layer in ordered:
            value = of(layer)
            if value is not None:
                origin[fact] = layer.name
                return value
        return None

    def each(of: Callable[[Layer], Facts]) -> Facts:
        found: dict[str, object] = {}
        for layer in ordered:
            for name, value in of(layer):
                if name not in found:
                    found[name] = value
                    origin[name] = layer.name
        return tuple(found.items())

    launch = Launch(
        first("gpus", lambda layer: layer.launch.gpus),
        first("nodes", lambda layer: layer.launch.nodes),
        first("launcher", lambda layer: layer.launch.launcher),
        each(lambda layer: layer.launch.overrides),
        first("env", lambda layer: layer.launch.environment),
    )
    counted = ORDER.index(COUNTED)
    above = [layer for layer in ordered if ORDER.index(layer.name) < counted]
    below = [layer for layer in ordered if ORDER.index(layer.name) > counted]
    sizes, of_sizes = _rows(above)
    recorded, of_recorded = _rows(below)
    return Stated(
        launch=launch,
        dataset_dir=first("dataset_dir", lambda layer: layer.dataset_dir),
        dataset_sizes=sizes,
        recorded=recorded,
        facts=each(lambda layer: layer.facts),
        here=next((layer.name for layer in ordered if layer.here), None),
        records=next((layer.records for layer in ordered if layer.records is not None), None),
        layers=origin,
        layers_of_rows={**of_recorded, **of_sizes},
    )


def _rows(layers: Iterable[Layer]) -> tuple[Rows, dict[str, str]]:
    """Return the rows that are stated, and by which layer.

    Under a layer that states all rows as one, no other says how many there are of a dataset.
    """
    rows: dict[str, int] = {}
    origin: dict[str, str] = {}
    for layer in layers:
        if "" in rows:
            break
        for name, number in dict(layer.dataset_sizes).items():
            if name not in rows:
                rows[name] = number
                origin[name] = layer.name
    return tuple(rows.items()), origin


NOTHING = _merged([])
SILENT = Layer(COMMENT)
"""What a file states that has no such comment."""
