"""URIs as editors write them, hostile ones too."""

from __future__ import annotations

import ntpath
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftlint.server import uris
from tests.server.client import Client
from tests.server.conftest import BASE, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///a/b.yaml", "/a/b.yaml"),
        ("file:///a%20b/%ED%95%9C%EA%B8%80.yaml", "/a b/한글.yaml"),
        ("file://localhost/a.yaml", "/a.yaml"),
        ("FILE:///a.yaml", "/a.yaml"),
        ("file:///a/../b.yaml", "/b.yaml"),
        ("file:///a/%2e%2e/b.yaml", "/b.yaml"),
        ("file:///a%25b%23c%3Fd.yaml", "/a%b#c?d.yaml"),
        ("file:///C%3A/x.yaml", "/C:/x.yaml"),  # such a folder may be there
        ("file:///%FF.yaml", os.fsdecode(b"/\xff.yaml")),
        ("file:///a%00b.yaml", None),
        ("file://server/share/a.yaml", None),
        ("file:a.yaml", None),
        ("file:", None),
        ("untitled:Untitled-1", None),
        ("git:/a/b.yaml?%7B%22ref%22%3A%22HEAD%22%7D", None),
        ("vscode-notebook-cell:/a.ipynb#x", None),
        ("http://[::1/a.yaml", None),
        ("file:///a\ud800.yaml", None),  # half of a character
        ("", None),
        ("/a.yaml", None),
    ],
)
def test_the_path_of_a_uri(uri: str, path: str | None) -> None:
    assert uris.to_path(uri) == path


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///C:/x/y.yaml", r"C:\x\y.yaml"),
        ("file:///c%3A/a%20b.yaml", r"C:\a b.yaml"),
        ("file://server/share/a.yaml", r"\\server\share\a.yaml"),
        ("file:///x/y.yaml", None),
        ("file:///c:/x/./y/../z.yaml", r"C:\x\z.yaml"),
    ],
)
def test_the_path_of_a_uri_on_windows(
    monkeypatch: pytest.MonkeyPatch, uri: str, path: str | None
) -> None:
    monkeypatch.setattr(uris, "os", _Windows)
    assert uris.to_path(uri) == path


class _Windows:
    """What of `os` differs there."""

    name = "nt"
    path = ntpath
    fsdecode = staticmethod(os.fsdecode)


@given(st.text(st.characters(blacklist_characters="\0/", codec="utf-8"), min_size=1))
def test_a_path_survives_its_uri(name: str) -> None:
    path = os.path.normpath(f"/a/{name}")
    assert uris.to_path(uris.to_uri(path)) == path


def test_files_with_odd_names_are_judged(editor: Client) -> None:
    for name in ("a b.yaml", "한글 😀.yaml", "100%.yaml", "a#b?.yaml", "%41.yaml"):
        write(editor.folder, name, BASE)
        found = editor.open(name, BASE + "learnig_rate: 1\n")
        assert [one["code"] for one in found] == ["FT101"], name


def test_one_file_under_many_uris_is_one_document(folder: Path) -> None:
    """As a plugin spells it, and the editor: what is typed under one is seen under the other."""
    with Client(folder) as editor:
        assert editor.open("a.yaml", BASE) == []
        uri = editor.uri("a.yaml")
        above, name = uri.rsplit("/", 1)
        for number, other in enumerate(
            (f"{above}/./{name}", f"{above}/x/../{name}", f"{above}/%61.yaml",
             uri.replace("file:", "FILE:"), uri.replace("file://", "file://localhost")), 2,
        ):  # fmt: skip
            change = {"text": BASE + f"learnig_rate: {number}\n"}
            document = {"uri": other, "version": number}
            editor.notify("textDocument/didChange", {
                "textDocument": document, "contentChanges": [change],
            })  # fmt: skip
            asked = editor.at(other, len(BASE.splitlines()), 2)
            assert editor.ask("textDocument/hover", asked) is not None, other
            assert other not in editor.diagnostics
            assert editor.diagnostics[uri]["version"] == number
            assert [one["code"] for one in editor.diagnostics[uri]["diagnostics"]] == ["FT101"]
        editor.notify("textDocument/didClose", {"textDocument": {"uri": other}})
        editor.ask("textDocument/hover", editor.at("a.yaml", 0, 0))
        assert editor.diagnostics[uri]["diagnostics"] == []


def test_what_is_no_file_is_left_alone(editor: Client) -> None:
    text = BASE + "learnig_rate: 1\n"
    for uri in ("git:/a.yaml?x", "http://x/a.yaml", "file://elsewhere/a.yaml", "x", "file:///%00"):
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        editor.notify("textDocument/didOpen", {"textDocument": document})
        assert editor.ask("textDocument/hover", editor.at(uri if ":" in uri else "x", 1, 1)) is None
        assert uri not in editor.diagnostics
        editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})


def test_what_is_not_written_yet_is_judged(editor: Client) -> None:
    found = editor.open("untitled:Untitled-1", BASE + "learnig_rate: 1\n")
    assert [one["code"] for one in found] == ["FT101"]
    assert editor.open("untitled:Untitled-2", BASE) == []
