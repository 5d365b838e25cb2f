"""What a definition names against what its rows hold, and what neither of them can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.planning.helpers import HEAD, found
from tests.planning.test_data import ALPACA, Project

if TYPE_CHECKING:
    from pathlib import Path

FILLED = [{**row, "input": f"i{number}" if number else ""} for number, row in enumerate(ALPACA)]
TALK = [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]
TOOL = '{"name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}}'
SEEN = {"formatting": "sharegpt", "columns": {"messages": "conversations", "images": "images"}}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


def said(project: Project, rows: list[Any], definition: dict[str, Any], more: str = "") -> Any:
    project.file("x.json", rows)
    project.define("x", {"file_name": "x.json", **definition})
    return project.judge("x", more)


def columns(**names: str) -> dict[str, Any]:
    return {"columns": names}


@pytest.mark.parametrize(
    ("rows", "definition", "says"),
    [
        (FILLED, columns(prompt="instruction", response="output"),
         'Column `input` of dataset `x` (filled in row 2) is ignored: to use it, set `"query": '
         '"input"` in data/dataset_info.json.'),
        ([{**row, "system": "s"} for row in ALPACA], {},
         'set `"columns": {"prompt": "instruction", "query": "input", "response": "output", '
         '"system": "system"}`'),
        ([{**row, "history": [["q", "a"]]} for row in ALPACA],
         columns(prompt="instruction", query="input", response="output"),
         'set `"history": "history"`'),
        ([{"conversations": TALK, "tools": f"[{TOOL}]"}], {"formatting": "sharegpt"},
         'set `"columns": {"messages": "conversations", "tools": "tools"}`'),
        ([{"conversations": TALK, "image": ["a.png"]}], {"formatting": "sharegpt"},
         '"images": "image"'),
    ],
)  # fmt: skip
def test_a_filled_column_that_is_not_read(
    project: Project, rows: list[Any], definition: dict[str, Any], says: str
) -> None:
    ((code, message),) = said(project, rows, definition)
    assert (code, says in message) == ("FT732", True), message


@pytest.mark.parametrize(
    ("rows", "definition"),
    [
        (ALPACA, columns(prompt="instruction", response="output")),  # empty in every row
        (FILLED, columns(prompt="input", query="instruction", response="output")),
        (FILLED, columns(prompt="instruction", query="input", response="output")),
        ([{**row, "system": "s"} for row in ALPACA],
         columns(prompt="instruction", response="output", system="system")),
        ([{**row, "id": 5, "source": "wiki"} for row in ALPACA], {}),
        ([{"conversations": TALK, "instruction": "the task", "id": "7"}],
         {"formatting": "sharegpt"}),
    ],
)  # fmt: skip
def test_columns_that_are_read_or_say_nothing(
    project: Project, rows: list[Any], definition: dict[str, Any]
) -> None:
    assert said(project, rows, definition) == []


@pytest.mark.parametrize(
    ("rows", "definition", "says"),
    [
        (ALPACA, columns(instruction="instruction", response="output"),
         'not a key of `columns`; write `"prompt": "instruction"`'),
        (FILLED, columns(response="output"), 'set `"prompt": "instruction", "query": "input"`'),
        (ALPACA, columns(response="output"), 'set `"prompt": "instruction"`'),
        (ALPACA, columns(prompt="input", response="output"),
         '`input` is empty in each: set `"prompt": "instruction"`'),
        ([{**row, "instruction": ""} for row in ALPACA], {},
         "`instruction`, `input` is empty in each"),
    ],
)  # fmt: skip
def test_a_question_that_is_empty_in_every_row(
    project: Project, rows: list[Any], definition: dict[str, Any], says: str
) -> None:
    ((code, message),) = said(project, rows, definition)
    assert (code, says in message) == ("FT733", True), message


def test_one_question_is_enough(project: Project) -> None:
    rows = [{**row, "instruction": ""} for row in ALPACA]
    assert said(project, [*rows, ALPACA[0]], {}) == []
    cut = [*rows, ALPACA[0]]  # of rows that are not used nothing is said
    assert [code for code, _ in said(project, cut, {}, "max_samples: 8\n")] == ["FT733"]


def test_data_that_are_not_in_the_project_are_judged_by_their_definition(project: Project) -> None:
    project.define("x", {"hf_hub_url": "acme/x", "columns": {"response": "text"}})
    assert [code for code, _ in project.judge("x")] == ["FT733"]
    project.define("x", {"hf_hub_url": "acme/x", "columns": {"prompt": "text"}})
    ((code, message),) = project.judge("x")
    assert (code, 'set `"response"` in columns' in message) == ("FT730", True)
    pre = HEAD.replace("stage: sft", "stage: pt").replace("dataset: faq", "dataset: x")
    assert [one.code for one in found(pre) if one.code[2] == "7"] == []
    project.define("x", {"hf_hub_url": "acme/x", "columns": {"text": "text"}})
    assert [one.code for one in found(pre) if one.code[2] == "7"] == ["FT731", "FT733"]


@pytest.mark.parametrize(
    ("stage", "definition", "lost"),
    [
        ("kto", {}, 'set `"prompt", "query", "response", "kto_tag"` in columns'),
        ("kto", columns(prompt="q", response="a"), 'set `"kto_tag"` in columns'),
        ("dpo", {"ranking": True}, 'set `"prompt", "query", "chosen", "rejected"` in columns'),
        ("rm", {"ranking": True, **columns(prompt="instruction", chosen="chosen")}, "rejected"),
        ("sft", {"formatting": "sharegpt", **columns(prompt="instruction")}, "messages"),
        ("sft", {"formatting": "sharegpt", "tags": {"role_tag": "role"}}, "content_tag"),
        ("sft", {"formatting": "sharegpt", "tags": {"user_tag": "user"}}, "role_tag"),
        ("sft", columns(messages="messages"), '"formatting": "sharegpt"'),
    ],
)  # fmt: skip
def test_what_every_row_needs(
    project: Project, stage: str, definition: dict[str, Any], lost: str
) -> None:
    project.define("x", {"hf_hub_url": "acme/x", **definition})
    text = HEAD.replace("dataset: faq", "dataset: x").replace("stage: sft", f"stage: {stage}")
    (one,) = (one for one in found(text) if one.code == "FT730")
    assert lost in one.message
    assert one.severity == "error"


def test_rows_that_the_model_answers_need_no_answer(project: Project) -> None:
    project.file("asked.json", [{"instruction": "q", "input": ""}] * 3)
    project.define("asked", {"file_name": "asked.json", **columns(prompt="instruction")})
    more = "eval_dataset: asked\ndo_predict: true\n"
    assert [code for code, _ in project.judge("faq", more)] == ["FT708"]
    assert project.judge("faq", more + "predict_with_generate: true\n") == []


@pytest.mark.parametrize(
    ("value", "text", "says"),
    [
        (["a.png", "b.png"], "<image>q", "row 2 has 2 in `images` and 1 `<image>`"),
        (["a.png"], "q", "row 2 has 1 in `images` and 0 `<image>`"),
        ("a.png", "<image><image>q", "row 2 has 1 in `images` and 2 `<image>`"),
        (["a.png"], "<image>q", None),
        ([], "q", None),
    ],
)
def test_numbers_of_media(project: Project, value: object, text: str, says: str | None) -> None:
    """What holds for every template: where rows have images, as many must be written."""
    good = {"conversations": [{"from": "human", "value": "<image>q"}, TALK[1]], "images": ["a.png"]}
    row = {"conversations": [{"from": "human", "value": text}, TALK[1]], "images": value}
    if isinstance(value, str):
        good = {**good, "images": "a.png"}
    text = HEAD.replace("template: qwen\n", "template: not_known\n")
    project.file("x.json", [good, row])
    project.define("x", {"file_name": "x.json", **SEEN})
    told = [one for one in found(text.replace("dataset: faq", "dataset: x"))
            if one.code == "FT734"]  # fmt: skip
    assert [says in one.message for one in told if says] == [True] * bool(says)
    assert [one.severity for one in told] == ["error"] * bool(says)


def test_a_mark_in_the_system_prompt_or_a_dropped_row_counts_for_nothing(project: Project) -> None:
    system = {"from": "system", "value": "Pictures are written <image>."}
    seen = [{"from": "human", "value": "<image>q"}, TALK[1]]
    rows = [{"conversations": [system, *seen], "images": ["a.png"]},
            {"conversations": seen[:1], "images": ["a.png", "b.png"]}]  # fmt: skip
    codes = [code for code, _ in said(project, rows, SEEN)]
    assert "FT734" not in codes
    assert "FT707" in codes


@pytest.mark.parametrize(
    ("tools", "says"),
    [
        ([{"name": "f"}], "is a list (TypeError)"), ({"name": "f"}, "is an object (TypeError)"),
        ("call f", "is not JSON"), (f"[{TOOL}]", None), ("", None), (None, None), ([], None),
    ],
)  # fmt: skip
def test_tools(project: Project, tools: object, says: str | None) -> None:
    rows = [{"conversations": TALK, "tools": tools}]
    definition = {"formatting": "sharegpt",
                  "columns": {"messages": "conversations", "tools": "tools"}}  # fmt: skip
    told = said(project, rows, definition)
    assert [code for code, _ in told] == ["FT735"] * bool(says)
    assert says is None or says in told[0][1]
    talk = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    tags = {"role_tag": "role", "content_tag": "content", "user_tag": "user",
            "assistant_tag": "assistant"}  # fmt: skip
    opened = said(project, [{"conversations": talk, "tools": tools}],
                  {**definition, "formatting": "openai", "tags": tags})  # fmt: skip
    assert "FT735" not in [code for code, _ in opened]


@pytest.mark.parametrize(
    ("definition", "more", "codes"),
    [
        ({"columns": {"instruction": "instruction", "prompt": "instruction", "response": "output"}},
         "", ["FT731"]),
        ({"columns": {"prompt": "instruction", "response": "output", "input": "input"}}, "",
         ["FT711"]),
        ({"columns": {"prompt": "instruction", "respones": "output", "response": "output"}}, "",
         ["FT731"]),
        ({"tags": {"role": "from"}}, "", ["FT711"]),
        ({"subset": "en", "folder": "a"}, "", ["FT738", "FT738"]),
        ({"num_samples": 4}, "", []),
        ({"num_samples": 4}, "streaming: true\nmax_steps: 9\n", ["FT738"]),
        ({"columns": None}, "", ["FT702"]), ({"tags": []}, "", ["FT702"]),
        ({"columns": {"prompt": ["instruction"], "response": "output"}}, "", ["FT702"]),
        ({"columns": {"prompt": "instruction", "response": "output", "messages": 5}}, "", []),
        ({"ranking": "false"}, "", ["FT702"]),
    ],
)  # fmt: skip
def test_keys_of_a_definition(
    project: Project, definition: dict[str, Any], more: str, codes: list[str]
) -> None:
    assert [code for code, _ in said(project, ALPACA, definition, more)] == codes


def test_stage_pt_reads_the_first_turn_alone(project: Project) -> None:
    project.file("x.json", [{"conversations": TALK, "tools": [{"name": "f"}], "system": "s"}])
    told = {"formatting": "sharegpt", **columns(messages="conversations", tools="tools")}
    text = HEAD.replace("stage: sft", "stage: pt").replace("dataset: faq", "dataset: x")
    project.define("x", {"file_name": "x.json", **told})
    assert [one.code for one in found(text) if one.code[2] == "7"] == []
    project.file("x.json", [{"conversations": TALK[1:]}])
    project.define("x", {"file_name": "x.json", "formatting": "sharegpt"})
    (one,) = (one for one in found(text) if one.code[2] == "7")
    assert (one.code, "has no turn for stage pt" in one.message) == ("FT705", True)


def test_a_key_that_is_written_twice(project: Project) -> None:
    for text in (
        '{"x": {"file_name": "no.json", "file_name": "faq.json"}}',
        '{"x": {"file_name": "no.json"}, "x": {"file_name": "faq.json"}}',
        '{"x": {"file_name": "faq.json", "columns": {"prompt": "input", "prompt": "instruction", '
        '"response": "output"}}}',
    ):
        project.file("dataset_info.json", text)
        ((code, message),) = project.judge("x")
        assert (code, "more than once" in message) == ("FT739", True)
    project.file("dataset_info.json", '{"y": {"a": 1, "a": 2}, "x": {"file_name": "faq.json"}}')
    assert project.judge("x") == []


EVALUATED = "eval_strategy: epoch\neval_dataset: "


def test_evaluation_on_rows_that_are_trained_on(project: Project) -> None:
    project.define("same", {"file_name": "faq.json", **columns(prompt="instruction",
                                                               response="output")})  # fmt: skip
    project.define("part", {"file_name": "faq.json", "split": "train[:50%]"})
    project.file("other.json", ALPACA)
    project.define("other", {"file_name": "other.json"})
    codes = [code for code, _ in project.judge("faq", EVALUATED + "faq\n")]
    assert codes == ["FT736"]
    (_, message) = project.judge("faq", EVALUATED + "other, same\n")[0]
    assert "`eval_dataset: same` has the rows of `dataset: faq`" in message
    assert project.judge("faq", EVALUATED + "other, part\n") == []
    assert project.judge("faq", "eval_dataset: faq\n") == []  # which never runs


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ("/opt/data/train1.json", ["/opt/data/train1.json"]), ("./rows", ["./rows"]),
        ("a, data/b.jsonl", ["data/b.jsonl"]), ("acme/faq", []), ("alpaca_en_demo", []),
        ("please define it in dataset_info.json", []), ("v1.5", []),
    ],
)  # fmt: skip
def test_paths_in_the_place_of_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: str, told: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = HEAD.replace("dataset: faq", f"dataset: {names}")
    places = [text[one.start : one.end] for one in found(text) if one.code == "FT737"]
    assert places == told
    assert [one for one in found(text + "dataset_dir: ONLINE\n") if one.code == "FT737"] == []
