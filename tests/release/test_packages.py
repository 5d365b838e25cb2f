"""What is in wheel and sdist: the packages, their data and licences, and nothing else."""

from __future__ import annotations

import email
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest
import yaml

from ftlint import __version__
from ftlint.support.addresses import REPOSITORY
from tests.docs.test_addresses import project

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"ftlint": "lint", "ftbench": "bench", "ftschemas": "schemas"}
SUFFIXES = {".py", ".yaml", ".json", ".bin", ".typed", ".js", ".css", ""}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel and an sdist of this checkout, made by the backend that is installed."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(one.name for one in folder.iterdir()) == [
        f"ftlint-{__version__}-py3-none-any.whl", f"ftlint-{__version__}.tar.gz"
    ]  # fmt: skip
    return folder


def tracked(*folders: str) -> set[str]:
    """Return the files of folders that belong to the repository."""
    found = subprocess.check_output(["git", "ls-files", *folders], cwd=ROOT, text=True)
    return set(found.splitlines())


def wheel(folder: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_the_wheel_holds_the_packages(built: Path) -> None:
    inside = {one for one in wheel(built).namelist() if ".dist-info/" not in one}
    wanted = {
        path.removeprefix(f"{place}/")
        for name, place in PACKAGES.items()
        for path in tracked(f"{place}/{name}")
    }
    assert inside == wanted
    assert "ftschemas/compiled.bin" in inside
    assert {PurePosixPath(one).suffix for one in inside} <= SUFFIXES
    assert not any("test" in part for one in inside for part in PurePosixPath(one).parts[:-1])


def test_the_sdist_holds_what_the_wheel_is_made_of(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {one.partition("/")[2] for one in archive.getnames()}
    sources = tracked(*(f"{place}/{name}" for name, place in PACKAGES.items()))
    others = {"README.md", "LICENSE", "CHANGELOG.md", "pyproject.toml", "PKG-INFO", ".gitignore"}
    assert names == sources | others


def test_licences_and_commands_are_in_the_wheel(built: Path) -> None:
    with wheel(built) as archive:
        (commands,) = [one for one in archive.namelist() if one.endswith("entry_points.txt")]
        assert "ftlint = ftlint.__main__:main" in archive.read(commands).decode()
        licences = [one for one in archive.namelist() if ".dist-info/licenses/" in one]
    assert [one.rpartition("licenses/")[2] for one in sorted(licences)] == [
        "LICENSE", "lint/ftlint/report/page/assets/uplot/LICENSE"
    ]  # fmt: skip


def test_links_on_the_index_lead_somewhere(built: Path) -> None:
    with wheel(built) as archive:
        (name,) = [one for one in archive.namelist() if one.endswith("METADATA")]
        metadata = email.message_from_string(archive.read(name).decode("utf-8"))
    text = str(metadata.get_payload())
    links = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M))
    assert len(links) > 20
    for link in links:
        assert link.startswith("https://"), link
        for head in (f"{REPOSITORY}/blob/main/", raw_head()):
            if link.startswith(head):
                assert (ROOT / link.removeprefix(head).partition("#")[0]).is_file(), link
    assert any(one.startswith(raw_head()) for one in links)  # the picture
    assert metadata["Description-Content-Type"] == "text/markdown"


def raw_head() -> str:
    """Return where files of the repository are served as they are."""
    return REPOSITORY.replace("github.com", "raw.githubusercontent.com") + "/main/"


def test_every_python_that_is_tried_is_named() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text("utf-8"))
    tried = workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    named = re.findall(r"Python :: (3\.\d+)$", "\n".join(project()["project"]["classifiers"]), re.M)
    assert tried == named
    assert project()["project"]["requires-python"] == f">={tried[0]}"


def test_nothing_is_published_that_was_not_tried() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text("utf-8"))
    jobs = workflow["jobs"]
    assert (jobs["test"]["needs"], jobs["publish"]["needs"]) == ("build", "test")
    assert jobs["image"]["needs"] == "publish"
    assert workflow["permissions"] == {}
    assert jobs["publish"]["permissions"]["id-token"] == "write"
    for name, job in jobs.items():
        permissions = {} if name == "publish" else job["permissions"]
        assert permissions.get("id-token") is None, name
        for step in job["steps"]:  # what others chose reaches a shell by the environment only
            assert "${{" not in step.get("run", ""), step


def test_the_recipe_asks_for_what_the_package_asks_for() -> None:
    recipe = yaml.safe_load((ROOT / "release/conda/recipe.yaml").read_text("utf-8"))
    assert recipe["context"]["version"] == __version__
    asked = [one.partition(";")[0].strip() for one in project()["project"]["dependencies"]]
    assert [one.replace(" ", "") for one in recipe["requirements"]["run"][1:]] == asked
    scripts = [f"{name} = {place}" for name, place in project()["project"]["scripts"].items()]
    assert recipe["build"]["python"]["entry_points"] == scripts
    assert recipe["about"]["license"] == project()["project"]["license"]
