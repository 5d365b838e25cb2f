"""`--add-ignores`: comments above what is found, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.calls import HEAD, invoke, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def without_comments(text: str) -> str:
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    return "".join(line for line in lines if not line.strip().startswith("# ftlint:"))


TEXTS = {
    "keys": HEAD + "foo: 1\nbar: 2  # kept\n",
    "two of a line": HEAD + "lora_rnk: 8\nseed: 042\n",
    "block scalar": HEAD + "foo: |\n  text: 1\n  more\nbar: 1\n",
    "flow over lines": "{model_name_or_path: m, template: qwen,\n  stage: sft,\n  foo: 1}\n",
    "value on the next line": HEAD + "val_size:\n  [2]\n",
    "crlf": (HEAD + "foo: 1\nbar: 2\n").replace("\n", "\r\n"),
    "byte order mark": "\ufefffoo: 1\n" + HEAD,
    "no final newline": HEAD + "foo: 1",
    "indented": "  model_name_or_path: m\n  template: qwen\n  stage: sft\n  foo: 1\n",
    "ignored in part": HEAD + "# ftlint: ignore[FT101]\nfoo: 1\nbar: 1\n",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_is_found_is_ignored_and_nothing_else_changes(folder: Path, text: str) -> None:
    path = write(folder / "c.yaml", text)
    assert invoke("c.yaml").status == 1
    done = invoke("check", "--add-ignores", "c.yaml")
    assert (done.status, done.err) == (0, "")
    made = path.read_bytes().decode()
    assert made.startswith("\ufeff") == text.startswith("\ufeff")
    assert without_comments(made) == without_comments(text)
    assert made.count("\r\n") == (made.count("\n") if "\r" in text else 0)
    again = invoke("check", "--fail-on", "info", "c.yaml")
    assert again.status == 0, again.out
    assert invoke("check", "--add-ignores", "c.yaml").out == "Ignored 0 findings in 0 files.\n"
    assert path.read_bytes().decode() == made


def test_what_no_comment_can_ignore_is_told(folder: Path) -> None:
    path = write(folder / "c.json", '{"model_name_or_path": "m", "stage": "sft", "foo": 1}')
    before = path.read_bytes()
    done = invoke("check", "--add-ignores", "c.json")
    assert done.status == 1
    assert "c.json: no comment can ignore `FT010` and `FT101` there" in done.err
    assert path.read_bytes() == before


def test_a_script_is_ignored_above_its_command(folder: Path) -> None:
    text = (
        "#!/bin/bash\nset -e\nllamafactory-cli train \\\n  --stage sft \\\n  --do_train \\\n"
        "  --model_name_or_path m --template qwen \\\n  --output_dir o --foo 1\n"
    )
    path = write(folder / "run.sh", text)
    assert "FT101" in invoke("run.sh").out
    done = invoke("check", "--add-ignores", "run.sh")
    assert (done.status, done.err) == (0, "")
    made = path.read_text()
    assert without_comments(made) == text
    assert made.startswith("#!/bin/bash\n")
    assert invoke("check", "--fail-on", "info", "run.sh").status == 0


def test_the_difference_is_shown_without_writing(folder: Path) -> None:
    path = write(folder / "c.yaml")
    before = path.read_bytes()
    done = invoke("check", "--add-ignores", "--diff", "c.yaml")
    assert "+# ftlint: ignore[FT101]" in done.out
    assert path.read_bytes() == before


def test_the_options_that_select_rules_count(folder: Path) -> None:
    path = write(folder / "c.yaml", HEAD + "foo: 1\nseed: 042\n")
    assert invoke("check", "--add-ignores", "--select", "FT015", "c.yaml").status == 0
    assert path.read_text().count("# ftlint: ignore[FT015]") == 1
    assert "FT101" in invoke("c.yaml").out


@pytest.mark.parametrize("other", ["--fix", "--unsafe-fixes", "--write-baseline"])
def test_it_is_no_fix(folder: Path, other: str) -> None:
    write(folder / "c.yaml")
    assert invoke("check", "--add-ignores", other, "c.yaml").status == 2
