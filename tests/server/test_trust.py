"""Reads stay in the workspace, and less counts where nobody trusts it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.server.client import Client
from tests.server.conftest import BASE, write

POLICY = """
code: ACME001
name: acme-no-lora
summary: "no LoRA"
severity: error
when: {config: {finetuning_type: {const: lora}}}
at: finetuning_type
message: "`finetuning_type: {finetuning_type}` is not ours: use `full`."
why: We decided so.
bad: "«finetuning_type»: lora\\n"
good: "finetuning_type: full\\n"
"""


def codes(found: list[Any]) -> set[str]:
    return {one["code"] for one in found}


def logged(editor: Client) -> str:
    return " ".join(one["params"]["message"] for one in editor.notifications
                    if one["method"] == "window/logMessage")  # fmt: skip


def test_policies_count_where_the_workspace_is_trusted(folder: Path) -> None:
    write(folder, "policy/acme.yaml", POLICY)
    write(folder, "ftlint.toml", 'policies = ["policy/*.yaml"]\n')
    with Client(folder) as editor:
        assert codes(editor.open("a.yaml", BASE)) == {"ACME001"}
    with Client(folder, options={"trusted": False}) as editor:
        assert codes(editor.open("a.yaml", BASE)) == set()
        assert "`policies` counts in trusted folders only" in logged(editor)


def test_what_is_installed_counts_where_the_workspace_is_trusted(folder: Path) -> None:
    write(folder, "ftlint.toml", 'target = "auto"\n')
    with Client(folder, options={"trusted": False}) as editor:
        assert editor.open("a.yaml", BASE) == []
        assert "`target` counts in trusted folders only" in logged(editor)
    (folder / "ftlint.toml").unlink()
    for target in ("auto", "/elsewhere/LLaMA-Factory", "./fork"):
        with Client(folder, options={"trusted": False, "target": target}) as editor:
            assert editor.open("a.yaml", BASE) == []
            assert f"target {target} counts in trusted folders only" in logged(editor)
    with Client(folder, options={"trusted": False, "target": "0.9.3"}) as editor:
        assert codes(editor.open("a.yaml", BASE + "oft_rank: 8\n")) == {"FT103"}


def test_a_fork_in_the_settings_counts_where_the_workspace_is_trusted(folder: Path) -> None:
    """A target by path, and one that each folder has for itself, as the docs say."""
    for target in ("./fork", "tree"):
        write(folder, "ftlint.toml", f'target = "{target}"\n')
        with Client(folder, options={"trusted": False}) as editor:
            assert editor.open("a.yaml", BASE) == []
            assert "`target` counts in trusted folders only" in logged(editor)
            assert not any(one["method"] == "window/showMessage" for one in editor.notifications)


def test_a_file_of_no_open_folder_is_judged_in_its_own_wherever_the_server_was_started(
    tmp_path: Path,
) -> None:
    """Editors start servers in any folder, / as well: what lies there is none of the file's."""
    write(tmp_path, "ftlint.toml", 'ignore = ["FT101"]\n')
    write(tmp_path, "other/dataset_info.json", '{"hidden": {"hf_hub_url": "a/b"}}')
    text = BASE.replace("faq", "") + "dataset_dir: ../other\nlearnig_rate: 1\n"
    path = write(tmp_path, "own/a.yaml", text)
    for start in (tmp_path, path.parent, Path(tmp_path.anchor)):
        with Client(start, folders=[]) as editor:
            assert "FT101" in codes(editor.open(path.as_uri(), text))
            line = text.splitlines().index("dataset: ")
            place = editor.at(path.as_uri(), line, len("dataset: "))
            assert editor.ask("textDocument/completion", place) == []


def test_here_never_counts(folder: Path) -> None:
    write(folder, "ftlint.toml", "here = true\n")
    with Client(folder) as editor:
        editor.open("a.yaml", BASE)
        assert "`here` counts from the command line only" in logged(editor)


def test_settings_outside_of_the_workspace_are_not_read(folder: Path) -> None:
    write(folder, "ftlint.toml", 'ignore = ["FT101"]\n')
    bad = BASE + "learnig_rate: 1\n"
    with Client(folder, folders=[folder / "configs"]) as editor:
        (folder / "configs").mkdir()
        assert "FT101" in codes(editor.open("configs/a.yaml", bad))
    with Client(folder) as editor:
        assert "FT101" not in codes(editor.open("configs/a.yaml", bad))


def test_files_outside_of_the_workspace_are_not_read(folder: Path, tmp_path: Path) -> None:
    """A DeepSpeed file of the same repository, but of a folder that is not open."""
    write(folder, "ds.json", '{"zero_optimization": {"stage": 7}}')
    write(folder, "configs/ds.json", '{"zero_optimization": {"stage": 7}}')
    inside, outside = BASE + "deepspeed: ds.json\n", BASE + "deepspeed: ../ds.json\n"
    write(tmp_path, "ds.json", '{"zero_optimization": {"stage": 7}}')
    (folder / "configs" / "ln.json").symlink_to(tmp_path / "ds.json")
    linked = BASE + "deepspeed: ln.json\n"
    with Client(folder, folders=[folder / "configs"]) as editor:
        said = codes(editor.open("configs/inside.yaml", inside))
        assert said
        assert not said & codes(editor.open("configs/outside.yaml", outside))
        assert not said & codes(editor.open("configs/linked.yaml", linked))


def test_a_file_outside_of_every_folder_is_judged_in_its_project(
    folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    (other / ".git").mkdir(parents=True)
    write(other, "ftlint.toml", 'target = "0.9.3"\n')
    with Client(folder) as editor:
        found = editor.open((other / "deep" / "a.yaml").as_uri(), BASE + "oft_rank: 8\n")
        assert "FT103" in codes(found)


def test_secrets_are_not_repeated(editor: Client) -> None:
    text = (
        BASE + "hub_token: hf_abcdefghijklmnopqrstuvwxyz0123456789\nWANDB_API_KEY: deadbeef1234\n"
    )
    found = editor.open("secret.yaml", text)
    assert found
    for one in found:
        assert "hf_abc" not in one["message"]
        assert "deadbeef" not in one["message"]
        where = editor.at("secret.yaml", one["range"]["start"]["line"], 2)
        told = editor.ask("textDocument/hover", where)
        assert "hf_abc" not in str(told)
        assert "deadbeef" not in str(told)
