"""What a rule sees of one file."""

from __future__ import annotations

import os

from ftlint.facts.effective import apply_old_names, coerce_like_target, effective, source_key
from ftlint.facts.known import facts
from ftlint.facts.layers import NOTHING, SILENT, Given, Layer, Stated, merge
from ftlint.facts.paths import info_root, is_local
from ftlint.rulebook.condition import Instance
from ftlint.syntax.nodes import Scalar, Sequence
from ftlint.target.classify import placeholder_of
from ftlint.target.keys import NO_EXTRA, ForkKeys, catalogue_of
from ftschemas.launchers import V1
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.facts.plan import Planned
    from ftlint.launch.record import Launched
    from ftlint.rulebook.registry import RuleBook
    from ftlint.support.disk import Disk
    from ftlint.syntax.construct import Constructed, Entry
    from ftlint.syntax.dotlist import Overrides
    from ftlint.syntax.nodes import Comment, Document, Node
    from ftlint.syntax.source import Source
    from ftlint.target.classify import Command
    from ftlint.target.keys import Catalogue
    from ftlint.target.releases import Target
    from ftlint.target.tree import Tree


class Context(NamedTuple):
    """One config, read for one target and command.

    `given` is what holds for all configs of its project, `stated` what is stated of its run. Rules
    look at nothing outside but through `disk`. `constructed` is what is run: what `overrides` set
    over what is `written` in the file.
    """

    source: Source
    document: Document
    constructed: Constructed
    command: Command
    target: Target
    catalogue: Catalogue
    instance: Instance
    rules: RuleBook
    disk: Disk
    given: Given = Given()
    stated: Stated = NOTHING
    planned: Planned | None = None
    """The step plan; None where nothing is known that a plan could be made of."""
    written: Constructed | None = None
    """What the file says, where overrides change that."""
    overrides: Overrides | None = None
    launched: Launched | None = None
    """The start in a script whose flags are the config; None where that is a file."""

    @property
    def present(self) -> set[str | None]:
        """What rules may need to say anything: keys, facts, `planned`; None is for no need.

        A key that has a text is there with it as well: `stage: ppo`. Defaults are there in a source
        that is no release: what rules need was told by those of releases.
        """
        config, effective, facts, _ = self.instance
        values = config if self.target.tree is None else effective
        present: set[str | None] = {None, *values, *facts}
        present.update(
            f"{name}: {value}" for name, value in values.items() if isinstance(value, str)
        )
        if self.planned is not None:
            present.add("planned")
        return present

    @property
    def dataset_dir(self) -> object:
        """Where the datasets are defined: as it is stated, else as the config says."""
        return self.stated.dataset_dir or self.instance.effective.get("dataset_dir")

    @property
    def entries(self) -> dict[str, Entry]:
        """The keys of the file, and those set over it."""
        return self.constructed.entries

    def effective_entry(self, name: str) -> Entry | None:
        """Return the entry that sets `name`, by an old name where the target still copies that."""
        key = source_key(name, self.instance.config, self.catalogue)
        return self.constructed.entries.get(key)

    def named(self, name: str) -> object:
        """Return what `{name}` in a rule's message stands for; the field itself if nothing does."""
        if "." in name:
            section, *parts = name.split(".")
            found: object = self.instance.section(section)
            for part in parts:
                found = found.get(part, f"{{{name}}}") if isinstance(found, dict) else found
            return found
        entry = self.effective_entry(name)
        if entry is not None:
            return self.source_text(entry) or None
        return self.instance.effective.get(name, f"{{{name}}}")

    def source_text(self, entry: Entry) -> str:
        """Return a value as it is written."""
        start, end = entry.node.start, entry.node.end
        if self.launched is not None:
            return _words(entry.node)
        if self.is_override(entry):
            assert self.overrides is not None
            return self.overrides.text(start, end)
        return self.source.text[start:end]

    def is_override(self, entry: Entry) -> bool:
        """Return whether a key is set over the file, not by it."""
        return self.overrides is not None and self.overrides.at(entry.key.start) is not None


def make_context(
    source: Source,
    document: Document,
    constructed: Constructed,
    command: Command,
    target: Target,
    given: Given,
    rules: RuleBook,
    disk: Disk,
    comment: Layer = SILENT,
    extra: ForkKeys = NO_EXTRA,
    overrides: Overrides | None = None,
    launched: Launched | None = None,
) -> Context:
    """Return what rules ask of a file. `comment` is what its own comments state."""
    of_file = None
    if overrides is not None:
        from ftlint.syntax.dotlist import overridden

        of_file, constructed = constructed, overridden(constructed, overrides)
    stated = merge((*given.layers, comment))
    launcher = stated.launch.started_by(target)
    command, stated = _as_started(command, launcher, stated)
    catalogue = catalogue_of(target, command, launcher, extra)
    written = {name: entry.value for name, entry in constructed.entries.items()}
    config = {
        name: coerce_like_target(value, catalogue.get(name)) for name, value in written.items()
    }
    config = apply_old_names(config, catalogue)
    values = effective(config, catalogue)
    known = facts(values, written, target, given, stated, source.path, disk)
    planned = None
    if command != V1:
        known = {**_beside(config, source.path, known, disk, target.listing), **known}
    if command == "train":
        root = info_root(stated.dataset_dir or values.get("dataset_dir"), source.path, disk, known)
        sizes = stated.dataset_sizes or stated.recorded
        if root or sizes or _counts_steps(config, document.comments) or _warms_up(values):
            from ftlint.facts import plan

            planned = plan.prepare(config, values, known, target, given, stated, root, disk)
            planned_facts = plan.facts(planned, values)
            if planned.plan is not None and "budget" in known:
                from ftlint.facts import timing

                planned_facts["plan"] |= timing.facts(
                    planned, values, str(known["budget"]), disk, here=stated.here is not None
                )
            known = {**planned_facts, **known}
    unknown = {name for name, value in config.items() if placeholder_of(name, value) is not None}
    instance = Instance(config, values, known, unknown)
    context = Context(
        source, document, constructed, command, target, catalogue, instance, rules, disk, given,
        stated, planned, of_file, overrides, launched,
    )  # fmt: skip
    if command == "train" and "gpu" in known:
        from ftlint.facts import fitting

        known.update(fitting.facts(context))  # which asks for the plan's inputs, so for a context
    return context


def _words(node: Node) -> str:
    """Return the value of a flag as the program is handed it."""
    if isinstance(node, Sequence):
        return " ".join(map(_words, node.items))
    return node.text if isinstance(node, Scalar) else ""


def _as_started(command: Command, launcher: str | None, stated: Stated) -> tuple[Command, Stated]:
    """Return what a file is for where v1 is started, or that v1 is where the file is one of its."""
    if launcher == V1 and command == "train":
        return "v1", stated
    if command == V1 and launcher != V1:
        return command, stated._replace(launch=stated.launch._replace(launcher=V1))
    return command, stated


def _beside(
    config: dict[str, object], path: str, known: dict[str, object], disk: Disk, release: Tree | str
) -> dict[str, object]:
    """Return what the configs near a file say of the folders that it reads and writes."""
    if not disk.is_file(path):
        return {}
    from ftlint.facts.neighbours import neighbourhood

    near = neighbourhood(path, disk)
    found: dict[str, object] = {}
    output, model = config.get("output_dir"), str(config.get("model_name_or_path"))
    if isinstance(output, str) and near.writing(os.path.normpath(output)):
        from ftlint.facts import outputs

        found.update(outputs.facts(config, path, near))
    begins = config.get("adapter_name_or_path") or config.get("resume_from_checkpoint")
    if begins or is_local(model) or near.writers_of(model) or near.exporters_of(model):
        from ftlint.facts import stages

        in_place = known.get("zero_stage") == 3
        found.update(stages.facts(config, path, near, disk, release, in_place=in_place))
    return found


_STEP_WORDS = (" steps", "步", "스텝")


def _counts_steps(config: dict[str, object], comments: tuple[Comment, ...]) -> bool:
    """Return whether the file itself counts steps: by max_steps, or in an author's comment."""
    return config.get("max_steps", -1) != -1 or any(
        word in comment.text for comment in comments for word in _STEP_WORDS
    )


def _warms_up(values: dict[str, object]) -> bool:
    """Return whether warmup has a length of its own, and the run one at most, by max_samples."""
    steps, limit = values.get("warmup_steps"), values.get("max_samples")
    return isinstance(steps, (int, float)) and steps >= 1 and isinstance(limit, int)
