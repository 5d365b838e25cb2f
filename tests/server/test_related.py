"""What one file says of another: judged again when that changes, saved or not."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from ftlint.server.review import PAUSE
from ftlint.server.workspace import LASTS
from tests.moments import PATIENCE
from tests.server.client import CAPABILITIES, Client
from tests.server.conftest import BASE, project, write

if TYPE_CHECKING:
    from pathlib import Path

INFO = "data/dataset_info.json"
ANOTHER = json.dumps({"other": {"file_name": "faq.json"}})


def codes(editor: Client, name: str) -> set[str]:
    """Return the codes of what is said of a document now."""
    editor.settled()
    return {one["code"] for one in editor.diagnostics[editor.uri(name)]["diagnostics"]}


def test_a_dataset_that_is_renamed_without_saving(folder: Path) -> None:
    with Client(folder) as editor:
        assert editor.open("a.yaml", BASE) == []
        editor.open(INFO, (folder / INFO).read_text(), "json")
        assert codes(editor, "a.yaml") == set()
        editor.write_anew(INFO, ANOTHER)
        assert codes(editor, "a.yaml") == {"FT701"}
        editor.close(INFO)  # without saving: what is stored counts again
        del editor.versions[editor.uri(INFO)]
        assert codes(editor, "a.yaml") == set()


def test_a_dataset_that_is_renamed_on_the_disk(folder: Path) -> None:
    with Client(folder) as editor:
        assert editor.open("a.yaml", BASE) == []
        write(folder, INFO, ANOTHER)
        watched = {"changes": [{"uri": editor.uri(INFO), "type": 2}]}
        editor.notify("workspace/didChangeWatchedFiles", watched)
        assert codes(editor, "a.yaml") == {"FT701"}


def test_saving_another_file(folder: Path) -> None:
    with Client(folder) as editor:
        assert editor.open("a.yaml", BASE) == []
        editor.open(INFO, (folder / INFO).read_text(), "json")
        write(folder, INFO, ANOTHER)
        editor.write_anew(INFO, ANOTHER)
        editor.save(INFO)
        assert codes(editor, "a.yaml") == {"FT701"}


def test_settings_that_are_not_saved_yet(folder: Path) -> None:
    bad = BASE + "learnig_rate: 1\n"
    with Client(folder) as editor:
        assert editor.open("a.yaml", bad)
        editor.begin("ftlint.toml", 'ignore = ["FT101"]\n', "toml")
        assert codes(editor, "a.yaml") == set()
        editor.change("ftlint.toml", {"text": 'target = "0.9.3"\n'})
        assert codes(editor, "a.yaml") == {"FT101"}
        assert "0.9.3" in editor.diagnostics[editor.uri("a.yaml")]["diagnostics"][0]["message"]


def test_settings_that_cannot_be_used_are_told_once(folder: Path) -> None:
    write(folder, "ftlint.toml", "taget = 1\n")
    with Client(folder) as editor:
        assert editor.ask("textDocument/hover", editor.at("a.yaml", 0, 0)) is None
        document = {"uri": editor.uri("a.yaml"), "languageId": "yaml", "version": 1, "text": BASE}
        for _ in range(3):
            editor.notify("textDocument/didOpen", {"textDocument": document})
            editor.ask("textDocument/hover", editor.at("a.yaml", 0, 0))
        told = [one["params"]["message"] for one in editor.notifications
                if one["method"] == "window/showMessage"]  # fmt: skip
        assert len(told) == 1
        assert "unknown setting 'taget'" in told[0]


def test_two_configs_that_write_to_one_folder(folder: Path) -> None:
    with Client(folder) as editor:
        write(folder, "a.yaml", BASE)
        other = BASE.replace("stage: sft", "stage: dpo").replace("output_dir: out", "output_dir: b")
        write(folder, "b.yaml", other)
        assert editor.open("a.yaml", BASE) == []
        editor.open("b.yaml", other)
        assert codes(editor, "a.yaml") == set()
        both = other.replace("output_dir: b", "output_dir: out")
        assert "FT650" in {one["code"] for one in editor.write_anew("b.yaml", both)}
        assert codes(editor, "a.yaml") == {"FT650"}  # of what is not saved yet


def test_a_neighbour_that_is_written_while_nobody_tells(folder: Path) -> None:
    """No keystroke waits for a look around; there is one when typing pauses."""
    other = BASE.replace("stage: sft", "stage: dpo")
    with Client(folder) as editor:
        write(folder, "a.yaml", BASE)
        assert editor.open("a.yaml", BASE) == []
        write(folder, "b.yaml", other)
        time.sleep(LASTS)
        assert editor.write_anew("a.yaml", BASE + "# more\n") == []
        editor.read()  # unasked
        assert {one["code"] for one in editor.published[-1]["diagnostics"]} == {"FT650"}


def test_a_neighbour_that_is_written_between_two_keystrokes(folder: Path) -> None:
    """The look is planned though what was seen has not aged yet, and hovers do not put it off."""
    with Client(folder) as editor:
        write(folder, "a.yaml", BASE)
        assert editor.open("a.yaml", BASE) == []
        write(folder, "b.yaml", BASE.replace("stage: sft", "stage: dpo"))
        assert editor.write_anew("a.yaml", BASE + "# more\n") == []
        before, end = len(editor.published), time.monotonic() + PATIENCE
        while len(editor.published) == before and time.monotonic() < end:
            editor.ask("textDocument/hover", editor.at("a.yaml", 1, 1))
            time.sleep(PAUSE / 2)
        assert codes(editor, "a.yaml") == {"FT650"}
        looked = len(editor.published)
        time.sleep(LASTS + 2 * PAUSE)
        editor.settled()
        assert len(editor.published) == looked  # who types nothing has nothing looked at


def test_settings_that_are_written_while_nobody_tells(folder: Path) -> None:
    bad = BASE.replace("num_train_epochs", "num_train_epoch")
    with Client(folder) as editor:
        editor.open("b.yaml", bad)
        assert editor.open("a.yaml", bad)
        for text, found in (('ignore = ["FT101"]\n', set()), ("", {"FT101"})):
            write(folder, "ftlint.toml", text)
            editor.write_anew("a.yaml", bad + f"# {text}")
            time.sleep(LASTS + 2 * PAUSE)
            editor.settled()
            assert codes(editor, "a.yaml") == found, text
            assert codes(editor, "b.yaml") == found, text


def test_what_a_client_is_asked(folder: Path) -> None:
    workspace = {
        "configuration": True,
        "didChangeWatchedFiles": {"dynamicRegistration": True},
        "codeLens": {"refreshSupport": True},
    }
    with Client(folder, capabilities={**CAPABILITIES, "workspace": workspace}) as editor:
        editor.replies["workspace/configuration"] = lambda _: [{"target": "0.9.3"}]
        editor.open("a.yaml", BASE + "oft_rank: 8\n")
        editor.settled()
        editor.settled()
        asked = {one["method"]: one["params"] for one in editor.requests}
        watched = asked["client/registerCapability"]["registrations"][0]
        assert "json" in watched["registerOptions"]["watchers"][0]["globPattern"]
        assert asked["workspace/configuration"] == {"items": [{"section": "ftlint"}]}
        assert "FT103" in codes(editor, "a.yaml")
        assert "workspace/codeLens/refresh" in {one["method"] for one in editor.requests}
        editor.replies["workspace/configuration"] = lambda _: [{"target": None}]
        editor.notify("workspace/didChangeConfiguration", {"settings": None})
        editor.settled()
        assert "FT103" not in codes(editor, "a.yaml")


def test_two_folders_with_the_same_names(folder: Path, tmp_path: Path) -> None:
    """What is relative to one is not looked for in the other, whichever was used last."""
    other = project(tmp_path / "other")
    write(other, INFO, ANOTHER)
    with Client(folder, folders=[folder, other]) as editor:
        theirs = (other / "a.yaml").as_uri()
        assert editor.open("a.yaml", BASE) == []
        assert {one["code"] for one in editor.open(theirs, BASE)} == {"FT701"}
        assert editor.write_anew("a.yaml", BASE + "# more\n") == []
        assert {one["code"] for one in editor.write_anew(theirs, BASE + "# more\n")} == {"FT701"}
        for name, rows in (("a.yaml", "data/faq.json"), (theirs, None)):
            asked = {"textDocument": {"uri": editor.uri(name)}}
            found = editor.ask("textDocument/documentLink", asked)
            assert [one["tooltip"] for one in found] == ([rows] if rows else [])


def test_folders_come_and_go(folder: Path) -> None:
    write(folder, "one/ftlint.toml", 'ignore = ["FT101"]\n')
    with Client(folder, folders=[folder / "one"]) as editor:
        bad = BASE + "learnig_rate: 1\n"
        assert "FT101" not in {one["code"] for one in editor.open("one/a/a.yaml", bad)}
        (folder / "one" / "a").mkdir()
        inner = {"uri": (folder / "one" / "a").as_uri(), "name": "a"}
        event = {"added": [inner], "removed": []}
        editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        assert "FT101" in codes(editor, "one/a/a.yaml")  # its settings lie outside of what is open
        event = {"added": [], "removed": [inner]}
        editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        assert "FT101" not in codes(editor, "one/a/a.yaml")


def test_rows_that_are_not_saved_yet(folder: Path) -> None:
    """They are counted, large files as well, of which counts are kept between runs."""
    rows = "data/faq.json"
    lens = {"textDocument": {"uri": (folder / "a.yaml").as_uri()}}
    with Client(folder) as editor:
        assert editor.open("a.yaml", BASE) == []
        for number, filling in ((800, 1), (1600, 2000)):
            row = {"instruction": "a" * filling, "input": "", "output": "b"}
            editor.begin(rows, json.dumps([row] * number), "json")
            editor.settled()
            said = editor.ask("textDocument/codeLens", lens)[0]["command"]["title"]
            assert f"{3 * number // 8} steps" in said.replace(",", "")
            editor.close(rows)
            del editor.versions[editor.uri(rows)]
        editor.settled()
        assert "189 steps" in editor.ask("textDocument/codeLens", lens)[0]["command"]["title"]


def test_a_fix_is_proven_by_what_is_open(folder: Path) -> None:
    """Not by what is stored: there the name that it writes is none."""
    text = BASE.replace("dataset: faq", "dataset: othre_rows")
    table = json.dumps({"other_rows": {"file_name": "faq.json"}})
    with Client(folder) as editor:
        editor.open(INFO, table, "json")
        found = editor.open("a.yaml", text)
        one = next(one for one in found if one["code"] == "FT701")
        offered = [one["title"] for one in editor.actions("a.yaml", one)]
        assert any("other_rows" in title for title in offered), offered
