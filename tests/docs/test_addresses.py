"""Addresses and the version are the same wherever they stand."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from ftlint import __version__
from ftlint.support.addresses import REPOSITORY, SITE
from tests.docs.pages import ROOT

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_the_package_and_the_site_have_the_addresses_of_the_code() -> None:
    urls = project()["project"]["urls"]
    assert urls["Homepage"] == SITE
    assert urls["Repository"] == REPOSITORY
    assert all(one.startswith((SITE, REPOSITORY)) for one in urls.values())
    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8").replace("!!python", "#"))
    assert (site["site_url"], site["repo_url"]) == (SITE, REPOSITORY)


@pytest.mark.parametrize("name", ["README.md", "docs/hook.md", "docs/ci.md", "CHANGELOG.md"])
def test_no_page_names_another_repository_of_ours(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    found = set(
        re.findall(r"https://github\.com/ftlint/[\w.-]+|https://[\w.-]*ftlint[\w.-]*/\w+/", text)
    )
    assert found <= {REPOSITORY, SITE}


def test_the_changelog_begins_with_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.findall(r"^## \[(.+?)\]", text, re.M)[0] == __version__
