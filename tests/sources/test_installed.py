"""`auto`, `main` and builds between two states."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from ftlint.target.keys import catalogue_of
from ftlint.target.releases import KNOWN, resolve_target
from tests.imports import ROOT
from tests.sources.fork import FILES, lay_out

if TYPE_CHECKING:
    from pathlib import Path

PRINT = """
import sys
from ftlint.target.releases import resolve_target
from ftlint.target.keys import catalogue_of
found = resolve_target("auto")
own = catalogue_of(found, "train").get("fork_key") is not None
print(found.llamafactory, found.release, found.origin.source, found.origin.distribution, own)
assert "llamafactory" not in sys.modules
"""


TELL = """
from ftlint.target.releases import resolve_target
found = resolve_target("auto")
print(found.in_full, *found.origin.notes, sep="; ")
"""


def auto(site: Path, *more: Path, printing: str = PRINT) -> str:
    """Return what `auto` finds in a Python of its own with these folders on its path."""
    paths = [site, *more, ROOT / "lint", ROOT / "schemas"]
    done = subprocess.run(
        [sys.executable, "-c", printing],
        env={"PYTHONPATH": ":".join(map(str, paths)), "XDG_CACHE_HOME": str(site / "cache")},
        cwd=site, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def distribution(site: Path, name: str, version: str, direct: str | None = None) -> None:
    folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (folder / "RECORD").write_text("llamafactory/__init__.py,,\n")
    (folder / "top_level.txt").write_text("llamafactory\n")
    if direct is not None:
        (folder / "direct_url.json").write_text(direct)


def package(site: Path) -> None:
    for name, text in FILES.items():
        path = site / "llamafactory" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def test_a_release_that_is_installed_is_judged_by_its_metadata(tmp_path: Path) -> None:
    distribution(tmp_path, "llamafactory", "0.9.4")
    package(tmp_path)
    assert auto(tmp_path) == "0.9.4 0.9.4 installed llamafactory False"


@pytest.mark.parametrize(
    "name", ["llamafactory-kt", "llamafactory-songlab", "lazyllm-llamafactory"]
)
def test_any_distribution_of_the_package_is_found(tmp_path: Path, name: str) -> None:
    distribution(tmp_path, name, "0.9.6.dev0")
    package(tmp_path)
    version, _, source, found, own = auto(tmp_path).split()
    assert (version, source, found, own) == ("0.9.5.dev0", "installed", name, "True")


def test_an_editable_checkout_is_read_where_it_lies(tmp_path: Path) -> None:
    checkout = lay_out(tmp_path / "checkout")
    direct = '{"dir_info": {"editable": true}, "url": "file:///somewhere"}'
    distribution(tmp_path / "site", "llamafactory", "0.9.5", direct)
    found = auto(tmp_path / "site", checkout / "src")
    assert found.split()[2:] == ["installed", "llamafactory", "True"]


def test_a_fork_that_was_installed_is_no_release_of_the_index(tmp_path: Path) -> None:
    direct = '{"url": "https://example.org/fork", "vcs_info": {"vcs": "git", "commit_id": "1"}}'
    distribution(tmp_path, "llamafactory", "0.9.5", direct)
    package(tmp_path)
    assert auto(tmp_path).split()[2:] == ["installed", "llamafactory", "True"]


def test_a_checkout_before_a_release_on_the_path_is_what_runs(tmp_path: Path) -> None:
    distribution(tmp_path / "site", "llamafactory", "0.9.5")
    package(tmp_path / "site")
    checkout = lay_out(tmp_path / "checkout")
    found = auto(checkout / "src", tmp_path / "site")
    assert found.split()[2:] == ["installed", "llamafactory", "True"]


def test_a_development_build_is_judged_by_its_own_source(tmp_path: Path) -> None:
    distribution(tmp_path, "llamafactory", "0.9.6.dev0")
    package(tmp_path)
    assert auto(tmp_path).endswith("installed llamafactory True")


def test_it_is_said_which_checkout_judges_and_what_of_the_pair_is_not_there(tmp_path: Path) -> None:
    checkout, site = lay_out(tmp_path / "checkout"), tmp_path / "site"
    direct = '{"dir_info": {"editable": true}, "url": "file:///somewhere"}'
    distribution(site, "llamafactory", "0.9.5", direct)
    distribution(tmp_path / "other", "transformers", "5.1.0")
    beside = auto(site, checkout / "src", tmp_path / "other", printing=TELL)
    assert beside.startswith("LLaMA Factory 0.9.5.dev0 (llamafactory), transformers 5.1.0; ")
    assert f"target auto ({checkout / 'src' / 'llamafactory'}): " in beside
    assert "not installed" not in beside
    distribution(tmp_path / "bare", "llamafactory", "0.9.6.dev0")
    alone = auto(tmp_path / "bare", printing=TELL)
    assert alone.startswith("LLaMA Factory 0.9.6.dev0, judged by 0.9.5 and main (0.9.6.dev0), ")
    if find_spec("transformers") is None:
        assert "transformers is not installed; judged with 5.5.4" in alone


def test_nothing_installed_is_said(tmp_path: Path) -> None:
    assert "llamafactory is not installed" in auto(tmp_path)


def test_main_is_no_release_and_later_than_all() -> None:
    found = resolve_target("main")
    assert (found.release, found.origin.source) == ("main", "main")
    assert "main" not in KNOWN
    assert found.versions[0] > resolve_target().versions[0]
    assert catalogue_of(found, "train").get("kt_cpu_activation") is not None
    assert catalogue_of(resolve_target(), "train").get("kt_cpu_activation") is None


BETWEEN = {
    "0.9.6.dev0": ("main", "0.9.5"),
    "0.9.6.dev20260101+g0": ("main", "0.9.5"),
    "0.9.5.dev0": ("0.9.5", "0.9.4"),
    "0.9.4.dev0": ("0.9.4", "0.9.3"),
    "0.9.5rc1": ("0.9.5", "0.9.4"),
}


@pytest.mark.parametrize("name", BETWEEN)
def test_a_build_without_its_source_lies_between_two_states(name: str) -> None:
    found = resolve_target(name)
    assert found.besides is not None
    assert (found.release, found.besides.release) == BETWEEN[name]
    assert found.llamafactory == name
    assert name in found.origin.notes[0]


def test_a_release_that_is_packed_anew_is_that_release() -> None:
    assert resolve_target("0.9.5.post1") == resolve_target("0.9.5")
    assert resolve_target("0.9.5.post1").besides is None
