"""Reading a release's models and templates: a wheel with every form that the real ones use."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from extract.wheels import of_wheel
from ftlint.sources.models import models, templates
from ftlint.sources.modules import Release, SourceError

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATES = """
register_template(
    name="marks",
    format_user=StringFormatter(slots=["<u>{{content}}", {"token": "<a>"}, "\\n"]),
    format_assistant=StringFormatter(slots=["{{content}}", {"eos_token"}, "\\n"]),
    template_class=ReasoningTemplate,
)
register_template(name="bare", efficient_eos=True)
_register_template(
    name="old",
    format_user=StringFormatter(slots=[{"bos_token"}, "[Q] {{content}}"]),
    format_separator=EmptyFormatter(slots=["\\n\\n"]),
    mm_plugin=get_mm_plugin("any", image_token="<i>", audio_token="<s>"),
)
"""
MODELS = """
register_model_group(
    models={
        "M-1B-Chat": {DownloadSource.DEFAULT: "org/M-1B-it", DownloadSource.MODELSCOPE: "Org/m-1b"},
        "M-1B": {DownloadSource.DEFAULT: "org/M-1B-pt"},
    },
    template="marks",
)
register_model_group(models={"V": {DownloadSource.DEFAULT: "org/V"}}, template="old", vision=True)
register_model_group(models={"W": {DownloadSource.DEFAULT: "org/W"}}, multimodal=False)
register_model_group(models={"V-2": {DownloadSource.DEFAULT: "org/V"}}, template="marks")
register_model_group(
    models={
        "B": {DownloadSource.DEFAULT: "org/B"},
        "B-Instruct": {DownloadSource.DEFAULT: "org/B-it", DownloadSource.MODELSCOPE: "other/b"},
    },
    template="marks",
)
"""


def wheel(folder: Path, text: str, module: str) -> Release:
    path = folder / "llamafactory-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"llamafactory/{module}.py", text)
    return of_wheel("llamafactory", "1", path)


def test_templates(tmp_path: Path) -> None:
    found = templates(wheel(tmp_path, TEMPLATES, "data/template"))
    assert found == {
        "bare": {"format": "{{content}}|{{content}}", "media": [], "thinks": False},
        "marks": {"format": "<u>{{content}}<a>|{{content}}", "media": [], "thinks": True},
        "old": {"format": "[Q]{{content}}|{{content}}", "media": ["image", "audio"],
                "thinks": False},
    }  # fmt: skip


def test_models(tmp_path: Path) -> None:
    assert models(wheel(tmp_path, MODELS, "extras/constants")) == {
        "b": {"templates": ["marks"], "chat": False, "media": False},
        "b-it": {"templates": ["marks"], "chat": True, "media": False},
        "m-1b": {"templates": ["marks"], "chat": True, "media": False},
        "m-1b-it": {"templates": ["marks"], "chat": True, "media": False},
        "m-1b-pt": {"templates": ["marks"], "chat": False, "media": False},
        "v": {"templates": ["old", "marks"], "chat": False, "media": True},
        "w": {"templates": [], "chat": False, "media": False},
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        'register_template("x")',
        "register_template(name='x', **more)",
        "register_template(name='x', format_user=made)",
        "register_template(name='x', format_user=StringFormatter(made()))",
        "register_template(name='x', mm_plugin=made)",
        "register_template(name='x', mm_plugin=get_mm_plugin('a', '<i>'))",
    ],
)
def test_templates_that_are_not_understood_are_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourceError):
        templates(wheel(tmp_path, text, "data/template"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "register_model_group(made())",
        "register_model_group(models=made())",
        "register_model_group(models={**made})",
        "register_model_group(models={'M': 'org/M'})",
    ],
)
def test_models_that_are_not_understood_are_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourceError):
        models(wheel(tmp_path, text, "extras/constants"))
