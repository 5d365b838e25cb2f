"""Reading a release's source: a small wheel with every form that the real ones use."""

from __future__ import annotations

import ast
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from extract.wheels import of_wheel
from ftlint.sources import postinit
from ftlint.sources.annotations import meaning
from ftlint.sources.classes import fields
from ftlint.sources.modules import Release, SourceError

if TYPE_CHECKING:
    from pathlib import Path

ENUMS = """
from enum import Enum
class Word(str, Enum):
    NO = "no"
    YES = "yes"
"""
ARGUMENTS = """
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Optional, Union
import torch
from .words import Word
from elsewhere import Handle

@dataclass
class Left:
    shared: int = 1
    left: Union[Word, str] = Word.YES

@dataclass
class Right:
    right: Optional[str] = field(default=None, metadata={"choices": ["a", "b"]})
    shared: int = 2

    def __post_init__(self):
        def split_arg(arg):
            return arg
        self.right = split_arg(self.right)
        assert self.shared in [None, 8, 4]
        if self.kind == "hidden":
            raise ValueError

@dataclass
class Both(Left, Right):
    need: str = field(metadata={"help": "no default"})
    fields_of_all: ClassVar[list] = []
    area: int = field(default=512 * 2)
    names: list[str] = field(default_factory=list)
    size: "dict | str | None" = field(default=None)
    kind: Literal["x", "y"] | None = None
    handle: Optional[Handle] = None
    best = "old"
    if torch.new():
        best = "new"
    optim: str = field(default=best)
    hidden: Optional[torch.dtype] = field(default=None, init=False)
"""


def wheel(folder: Path, **modules: str) -> Release:
    path = folder / "pkg-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("pkg/__init__.py", "")
        for name, text in modules.items():
            archive.writestr(f"pkg/{name}.py", text)
    return of_wheel("pkg", "1", path)


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return wheel(tmp_path, words=ENUMS, arguments=ARGUMENTS)


@pytest.fixture
def found(release: Release) -> dict[str, Any]:
    module = release.module("pkg.arguments")
    return {each.name: each for each in fields(release, module, "Both")}


def test_fields_come_in_the_order_and_with_the_values_of_a_dataclass(
    found: dict[str, Any],
) -> None:
    # Right is read before Left, whose redeclared field keeps Right's place
    assert list(found)[:4] == ["right", "shared", "left", "need"]
    assert "fields_of_all" not in found
    assert found["shared"].default.value == 1
    assert found["shared"].owner == "Left"
    assert found["left"].default.value == "yes"
    assert found["need"].default is None
    assert found["area"].default.value == 1024
    assert found["names"].default.value == []
    assert not found["hidden"].init
    assert ast.literal_eval(found["right"].choices) == ["a", "b"]


def test_the_last_branch_of_a_default_counts(found: dict[str, Any]) -> None:
    assert found["optim"].default.value == "new"
    assert found["optim"].default.otherwise == ("old",)


@pytest.mark.parametrize(
    ("key", "schema"),
    [
        ("left", {"type": "string", "enum": ["no", "yes"]}),
        ("names", {"type": "array", "items": {"type": "string"}}),
        ("size", {"type": ["string", "object", "null"]}),
        ("kind", {"type": ["string", "null"], "enum": ["x", "y", None]}),
        ("handle", {"type": ["object", "null"]}),
    ],
)
def test_annotations(
    release: Release, found: dict[str, Any], key: str, schema: dict[str, Any]
) -> None:
    each = found[key]
    assert meaning(release, each.module, each.annotation, key).schema() == schema


def test_what_post_init_says(release: Release) -> None:
    checks = postinit.read(release, release.module("pkg.arguments"), "Both")
    assert checks.asserted == {"shared": [None, 8, 4]}
    assert checks.split == {"right"}
    assert "hidden" in checks.compared["kind"]


@pytest.mark.parametrize(
    "text",
    [
        "class Both:\n    x: int = compute()",
        "class Both:\n    x: int = field(default_factory=compute)",
        "class Both:\n    x: int = field(kind=3)",
        "class Both:\n    if True:\n        x: int = 1",
        "class Both(make()):\n    x: int = 1",
        "class Both(Unknown):\n    x: int = 1",
    ],
)
def test_source_that_is_not_understood_is_an_error(tmp_path: Path, text: str) -> None:
    release = wheel(tmp_path, arguments=text)
    with pytest.raises(SourceError):
        fields(release, release.module("pkg.arguments"), "Both")


@pytest.mark.parametrize("text", ["tuple[int, int]", "Unknown", "compute()"])
def test_annotations_that_are_not_understood_are_an_error(tmp_path: Path, text: str) -> None:
    release = wheel(tmp_path, arguments="")
    with pytest.raises(SourceError):
        meaning(release, release.module("pkg.arguments"), ast.parse(text, mode="eval").body, "x")
