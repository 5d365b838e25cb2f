"""What a rule is, once its file is read (`ftschemas.ruleformat`) and when it is run."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Condition = dict[str, Any]
    Place = tuple[int, int]
    """The number of a rule, and that of a condition among its own."""
    Needing = dict[str | None, list[Place]]

Range = tuple[tuple[str, tuple[int, ...]], ...]

COMMANDS = ("train", "export", "chat", "eval")
MISREADING = frozenset(["misread", "unknown-key"])
"""Kinds of rules after which nothing may rest on the key: what its author means is not known."""
READING = MISREADING | {"converted"}
"""Kinds of rules on how a file is read, rather than on what it says."""
EFFECTLESS = frozenset(["ignored", "unused"])
"""Kinds of rules on keys that change nothing."""
OF_RUN = "file"
"""How a rule is shown that is about versions or the whole run: at no key of the file."""


class Check(NamedTuple):
    """One condition of a rule; `key` is what `$key` stands for in it.

    `needs` are keys of the config, some with a text (`stage: ppo`), and facts: without any of them
    the condition cannot hold. They are derived ahead of time, so that most conditions need not be
    asked about most files; empty where they are not known.
    """

    key: str | None
    when: Condition
    needs: tuple[str, ...] = ()


class FixRecipe(NamedTuple):
    """How a fix is made of the file: key names, and values as YAML text.

    Of a rule's recipes the first counts whose `when` holds, or that has none.
    """

    applicability: str
    message: str
    when: Condition | None = None
    delete: tuple[str, ...] = ()
    rename: tuple[tuple[str, str], ...] = ()
    replace: tuple[tuple[str, str], ...] = ()
    insert: tuple[tuple[str, str], ...] = ()


class Wording(NamedTuple):
    """Another message of a rule: for some of the keys that `$key` stands for, or under a condition.

    Of a rule's wordings the first counts that fits; where none does, its `message`.
    """

    message: str
    of: tuple[str, ...] = ()
    when: Condition | None = None


class Rule(NamedTuple):
    """What the engine needs of a rule; the rest of its file is documentation.

    Exactly one of `checks`, `problems` and `module` is not empty. Policies carry their `about`
    along; that of ftlint's own rules is a table of its own, which few runs read.
    """

    code: str
    name: str
    severity: str
    commands: tuple[str, ...]
    llamafactory: Range
    transformers: Range
    message: str
    at: tuple[str, ...]
    show: str
    checks: tuple[Check, ...]
    problems: tuple[str, ...]
    module: str | None
    fixes: tuple[FixRecipe, ...]
    starts: bool = False
    """Whether an error leaves the run its first step, and ends or spoils it later."""
    kind: str = "advice"
    yields_to: tuple[str, ...] = ()
    """Codes of rules beside which this one says nothing of the same key."""
    code_fixes: tuple[str, ...] = ()
    """Applicability of the fixes that its module makes."""
    related: tuple[str, ...] = ()
    """Keys that the finding is about as well, pointed at where the file has them."""
    together: bool = False
    """Whether all keys that `$key` stands for have one cause, and so one finding."""
    unjudged_without_rows: str | None = None
    """What it leaves unjudged, epochs or steps, where nobody says how many rows the data have."""
    read_by_forks: bool = False
    """Whether forks read the key, so that beside keys of a fork nothing is said of it."""
    trains_nothing: bool = False
    """Whether it says that the run takes no step at all, which is why there is no plan."""
    instead: tuple[Wording, ...] = ()
    """Messages in place of the general one, each where it fits."""
    about: About | None = None

    @property
    def applicabilities(self) -> tuple[str, ...]:
        """How the fixes that it may offer can be applied; empty where it offers none."""
        found = [*(fix.applicability for fix in self.fixes), *self.code_fixes]
        return tuple(dict.fromkeys(found))


class About(NamedTuple):
    """What a rule's file says to its readers."""

    summary: str
    why: str
    source: str
    since: str
    verified: tuple[str, ...]
    """LLaMA Factory releases that were seen to behave so, rather than read."""
    targets: tuple[tuple[str, str], ...]
    """Packages and the releases of them that it holds for, as written."""
    bad: str
    """The example with « and » around its findings; empty where no file shows it."""
    good: str
    file: str = "config.yaml"
    facts: Mapping[str, Any] = {}
    target: str | None = None
    """The LLaMA Factory release that judges the examples, where not the newest it holds for."""


class Group(NamedTuple):
    """Rules that judge one command's files for the same releases.

    `modules`: those that check, each with the number of the first rule of the group that has it,
    and whether one of its rules is on what is misread. `misread`, `judged`: the conditions of the
    phases by what a file must have for them to hold; those of several names are under each, those
    that any file may meet under None.
    """

    llamafactory: Range
    transformers: Range
    modules: dict[str, tuple[int, bool]]
    misread: Needing
    judged: Needing
