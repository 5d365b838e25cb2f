"""Datasets against dataset_info.json and the files it names."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from ftlint.engine import lint
from ftlint.syntax.source import of_text
from tests.planning.helpers import HEAD, context_of, found, options
from tests.stating import stating

if TYPE_CHECKING:
    from pathlib import Path

ALPACA = [{"instruction": f"q{i}", "input": "", "output": f"a{i}"} for i in range(8)]
CHATS = [
    {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}
    for _ in range(4)
]
PAIRS = [{"instruction": "q", "input": "", "chosen": "good", "rejected": "bad"} for _ in range(4)]
PAIRED: dict[str, Any] = {
    "file_name": "pairs.json", "ranking": True,
    "columns": {
        "prompt": "instruction", "query": "input", "chosen": "chosen", "rejected": "rejected",
    },
}  # fmt: skip


def columns(**names: str) -> dict[str, Any]:
    return {"file_name": "faq.json", "columns": names}


class Project:
    """A working directory with a data folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "data").mkdir()
        self.info: dict[str, Any] = {}
        self.file("faq.json", ALPACA)
        self.define("faq", {"file_name": "faq.json"})

    def file(self, name: str, content: object) -> None:
        text = content if isinstance(content, str) else json.dumps(content)
        (self.root / "data" / name).write_text(text, encoding="utf-8")

    def define(self, name: str, definition: Any) -> None:
        self.info[name] = definition
        self.file("dataset_info.json", self.info)

    def judge(self, dataset: str = "faq", more: str = "", **target: Any) -> list[tuple[str, str]]:
        text = HEAD.replace("dataset: faq", f"dataset: {dataset}") + more
        return [(one.code, one.message) for one in found(text, **target) if one.code[2] in "79"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


def test_a_dataset_that_fits_is_silent(project: Project) -> None:
    assert project.judge() == []
    assert project.judge("[faq]") == []


def test_a_slip_of_a_name_is_told_at_its_own_place(project: Project) -> None:
    project.define("chat", {"file_name": "faq.json"})
    text = HEAD.replace("dataset: faq", "dataset: chat, fqa") + "eval_dataset: faqs\n"
    first, second = (one for one in found(text) if one.code == "FT701")
    assert (text[first.start : first.end], first.key) == ("fqa", "dataset")
    assert (text[second.start : second.end], second.key) == ("faqs", "eval_dataset")
    assert "did you mean `faq`?" in first.message
    assert first.fix is not None
    assert first.fix.applicability == "unsafe"
    (edit,) = first.fix.edits
    assert "dataset: chat, faq\n" in text[: edit.start] + edit.text + text[edit.end :]


def test_other_ways_to_be_undefined(project: Project) -> None:
    ((code, message),) = project.judge("faq,")
    assert (code, "extra comma" in message) == ("FT701", True)
    ((code, message),) = project.judge('["faq "]')  # items of a list are not stripped
    assert (code, "did you mean `faq`?" in message) == ("FT701", True)
    ((code, message),) = project.judge("something_else_entirely")
    assert (code, "it defines faq" in message) == ("FT701", True)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("acme/chats", "add an entry with `hf_hub_url` there, and use its name"),
        ("acme/web", "write `web`"),
        ("rows.json", "write `chat`"),
        ("data/rows.json", "write `chat`"),
        ("./data/rows.json", "write `chat`"),
        ("other.jsonl", "add an entry with `file_name` there, and use its name"),
        ("something_else_entirely", "it defines faq, chat, web"),
    ],
)
def test_a_file_or_repository_in_the_place_of_a_name(
    project: Project, written: str, hint: str
) -> None:
    project.define("chat", {"file_name": "rows.json"})
    project.define("web", {"hf_hub_url": "acme/web"})
    ((code, message),) = project.judge(written)
    assert (code, message.endswith(f": {hint}.")) == ("FT701", True), message
    assert len(message) <= 160


@pytest.mark.parametrize(
    ("dataset", "more", "codes"),
    [
        ("labelled", "", ["FT708"]),
        ("labelled,faq", "", ["FT707"]),
        ("faq,labelled", "preprocessing_batch_size: 1\n", ["FT708"]),
        ("faq,labelled", "preprocessing_batch_size: 1\nstreaming: true\n", ["FT707"]),
        ("faq", "eval_dataset: faq,labelled\n", ["FT707"]),
        ("faq", "eval_dataset: faq,labelled\neval_on_each_dataset: true\n", ["FT708"]),
        ("faq,unanswered", "", ["FT708"]),
    ],
)
def test_rows_of_another_dataset_keep_the_run_going(
    project: Project, dataset: str, more: str, codes: list[str]
) -> None:
    """Beside rows with one answer too many; rows without any are not joined with others."""
    project.file("labels.json", [{**row, "good": True} for row in ALPACA])
    labels = {"prompt": "instruction", "response": "output", "kto_tag": "good"}
    project.define("labelled", {"file_name": "labels.json", "columns": labels})
    project.define("unanswered", columns(prompt="instruction"))
    found = [code for code, _ in project.judge(dataset, more)]
    assert [code for code in found if code in ("FT707", "FT708")] == codes


@pytest.mark.parametrize("written", ["shop.json", "data/shop.json", "shop_v2.json"])
def test_a_file_in_the_place_of_a_name_is_known_wherever_it_lies(
    project: Project, written: str
) -> None:
    project.define("shop", {"file_name": "/your/path/shop_v2.json"})
    text = HEAD.replace("dataset: faq", f"dataset: {written}")
    (one,) = (one for one in found(text) if one.code == "FT701")
    assert one.message.endswith(": did you mean `shop`?")
    assert one.fix is not None
    assert [edit.text for edit in one.fix.edits] == ["shop"]


def test_two_entries_of_a_file_leave_the_choice_open(project: Project) -> None:
    project.define("chat", {"file_name": "rows.json"})
    project.define("talk", {"file_name": "rows.json"})
    ((_, message),) = project.judge("rows.json")
    assert "an entry with" in message

    project.define("far", {"file_name": "/a/far.json"})
    project.define("away", {"file_name": "/b/far_off.json"})
    project.define("off", {"file_name": "/c/far_off.json"})
    ((_, message),) = project.judge("far_off.json")
    assert "an entry with" in message


@pytest.fixture
def nested(project: Project) -> Path:
    """A checkout in a folder of a project, each with definitions of its own; both have `faq`."""
    checkout = project.root / "train" / "LLaMA-Factory"
    (checkout / "data").mkdir(parents=True)
    (checkout / "examples" / "deep").mkdir(parents=True)
    table = {"identity": {"file_name": "identity.json"}, "faq": {"file_name": "few.json"}}
    (checkout / "data" / "dataset_info.json").write_text(json.dumps(table), encoding="utf-8")
    for name, rows in (("identity", 3), ("few", 2)):
        text = json.dumps(ALPACA[:rows])
        (checkout / "data" / f"{name}.json").write_text(text, encoding="utf-8")
    project.define("mine", {"file_name": "faq.json"})
    return checkout


def _of_nested(folder: Path, dataset: str, more: str = "") -> tuple[list[str], list[int]]:
    """Return what is said of the names in a config, and the rows that are counted for them."""
    text = HEAD.replace("dataset: faq", f"dataset: {dataset}") + more
    path = str(folder / "a.yaml")
    planned = context_of(text, path=path).planned
    assert planned is not None
    assert planned.data is not None
    said = [one.message for one in found(text, path=path) if one.code[:3] == "FT7"]
    return said, [size.usable.high or 0 for size in planned.data.train]


@pytest.mark.parametrize("package", ["llamafactory", "llmtuner"])
@pytest.mark.parametrize("more", ["", "dataset_dir: data\n"])
def test_a_config_in_a_checkout_is_started_at_its_top(
    nested: Path, package: str, more: str
) -> None:
    (nested / "src" / package).mkdir(parents=True)
    for folder in (nested, nested / "examples" / "deep"):
        assert _of_nested(folder, "identity, faq", more) == ([], [3, 2])


def test_of_several_tables_the_one_that_has_the_names_counts(nested: Path) -> None:
    """Which of them a run reads cannot be seen."""
    assert _of_nested(nested / "examples", "faq") == ([], [8])  # here, as it is no checkout
    assert _of_nested(nested / "examples", "identity") == ([], [3])
    (nested / "src" / "llamafactory").mkdir(parents=True)
    assert _of_nested(nested / "examples", "mine") == ([], [8])
    ((said,), _) = _of_nested(nested / "examples", "mine, identity, faq, nobody")
    assert "`mine` and `nobody` are not defined in train/LLaMA-Factory/data" in said
    ((said,), _) = _of_nested(nested / "examples", "nobody")
    assert "`nobody` is not defined in train/LLaMA-Factory/data/dataset_info.json" in said


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "ab" * 32 + "\nsize 9\n"


def test_a_pointer_in_the_place_of_definitions_is_not_broken(project: Project) -> None:
    project.file("dataset_info.json", POINTER)
    place = "data/dataset_info.json is a Git LFS pointer, so the rows of"
    assert project.judge("nobody") == [
        ("FT714", f"{place} `nobody` are unknown: run `git lfs pull`, or state them with "
                  "`--dataset-size nobody=N`.")
    ]  # fmt: skip
    assert project.judge("a, b", "eval_dataset: c\n") == [
        ("FT714", f"{place} `a`, `b` and `c` are unknown: run `git lfs pull`, or state them with "
                  "`--dataset-size NAME=N`.")
    ]  # fmt: skip
    stated = stating(dataset_sizes=(("a", 9),))
    text = HEAD.replace("dataset: faq", "dataset: a")
    assert "FT714" not in [one.code for one in found(text, stated)]
    planned = context_of(text).planned
    assert planned is not None
    assert planned.data is not None
    assert [size.source for size in planned.data.train] == ["unknown"]


def test_a_pointer_may_define_what_no_other_table_does(nested: Path) -> None:
    (nested / "data" / "dataset_info.json").write_text(POINTER, encoding="utf-8")
    ((said,), _) = _of_nested(nested, "nobody")
    assert "train/LLaMA-Factory/data/dataset_info.json is a Git LFS pointer" in said
    assert _of_nested(nested, "mine") == ([], [8])


@pytest.mark.parametrize(
    ("definition", "target", "code"),
    [
        ([], "0.9.5", "FT702"), ({}, "0.9.5", "FT702"),
        ({"file_name": "faq.json", "formatting": "chatml"}, "0.9.5", "FT702"),
        ({"file_name": "chats.json", "formatting": "openai"}, "0.9.3", "FT702"),
        ({"file_name": "nowhere.json"}, "0.9.5", "FT703"),
        ({"file_name": "nothing.json"}, "0.9.5", "FT704"),
        ({"file_name": "empty.jsonl"}, "0.9.5", "FT704"),
        ({"file_name": "broken.json"}, "0.9.5", "FT704"),
        ({"file_name": "rows.tsv"}, "0.9.5", "FT704"),
        ({"file_name": "chats.json"}, "0.9.5", "FT705"),
        ({"file_name": "faq.json", "formatting": "sharegpt"}, "0.9.5", "FT705"),
        (columns(prompt="question", response="output"), "0.9.5", "FT705"),
        (PAIRED, "0.9.5", "FT706"),
        ({"file_name": "gaps.json"}, "0.9.5", "FT707"),
        (columns(prompt="instruction"), "0.9.5", "FT708"),
        ({"file_name": "faq.json", "hf_hub_url": "acme/faq"}, "0.9.5", "FT710"),
        ({"file_name": "faq.json", "colums": {}}, "0.9.5", "FT711"),
        (columns(prompt="instruction", reponse="output"), "0.9.5", ["FT708", "FT711"]),
        ({"hf_hub_url": "acme/faq"}, "0.9.5", None),
        ({"file_name": "chats.json", "formatting": "sharegpt"}, "0.9.5", None),
        ({"file_name": "faq.json", "comment": "ours"}, "0.9.5", None),
    ],
)  # fmt: skip
def test_definitions(project: Project, definition: Any, target: str, code: Any) -> None:
    project.file("chats.json", CHATS)
    project.file("pairs.json", PAIRS)
    project.file(
        "gaps.json", [{**row, "output": None if i % 2 else "a"} for i, row in enumerate(ALPACA)]
    )
    project.file("nothing.json", "[]")
    project.file("empty.jsonl", "")
    project.file("broken.json", '[{"instruction": "q", "input": "", "output": "a"},')
    project.file("rows.tsv", "instruction\toutput\nq\ta\n")
    project.define("other", definition)
    codes = code if isinstance(code, list) else [code] * bool(code)
    assert [found for found, _ in project.judge("other", target=target)] == codes


def test_ranking_and_stage(project: Project) -> None:
    project.file("pairs.json", PAIRS)
    project.define("pairs", PAIRED)
    text = HEAD.replace("stage: sft", "stage: dpo")
    assert [one.code for one in found(text) if one.code[2] == "7"] == ["FT706"]
    paired = text.replace("dataset: faq", "dataset: pairs")
    assert [one.code for one in found(paired) if one.code[2] == "7"] == []


def test_rows_left_out_are_counted(project: Project) -> None:
    project.file("gaps.json", [*ALPACA, {"instruction": "q", "input": "", "output": None}])
    project.define("gaps", {"file_name": "gaps.json"})
    ((_, message),) = project.judge("gaps")
    assert "1 of 9 rows of dataset `gaps`" in message
    assert "`output` of row 9 is null" in message


def test_files_of_another_machine_are_not_missed(project: Project) -> None:
    """With no data file here at all, the data live where the run will be."""
    project.define("tickets", {"file_name": "tickets.json"})
    assert [code for code, _ in project.judge("tickets")] == ["FT703"]
    (project.root / "data" / "faq.json").unlink()
    assert project.judge("tickets") == []


@pytest.mark.parametrize(
    "name",
    [
        "YOUR_DATASET_PATH", "your data path here", "<your_file>.json", "/path/to/data.json",
        "path/to/your/file.json", "${DATA}/x.json", "{{file}}.json", "your-file.json",
        "CHANGE_ME.json", "PATH_TO_DATA",
    ],
)  # fmt: skip
def test_a_placeholder_is_told_as_one(project: Project, name: str) -> None:
    project.define("x", {"file_name": name})
    ((code, message),) = gaps(project, "x")
    assert (code, message) == (
        "FT014",
        f"`file_name: {name}` looks like an unfilled placeholder. Loading dataset `x` crashes "
        "until data/dataset_info.json names a file.",
    )
    (project.root / "data" / "faq.json").unlink()  # also where all data live on another machine
    assert [code for code, _ in gaps(project, "x")] == ["FT014"]


@pytest.mark.parametrize("name", ["yourself.json", "todos.json", "/srv/your_own.json", "a<b.json"])
def test_other_names_are_none(project: Project, name: str) -> None:
    project.define("x", {"file_name": name})
    assert not [message for _, message in project.judge("x") if "placeholder" in message]


def gaps(project: Project, dataset: str) -> list[tuple[str, str]]:
    text = HEAD.replace("dataset: faq", f"dataset: {dataset}")
    said = lint(of_text("config.yaml", text), options()).diagnostics
    told = [(one.code, one.message) for one in said if one.code == "FT014"]
    return told + project.judge(dataset)


def test_missing_files_are_one_finding(project: Project) -> None:
    for name in ("x", "y", "z"):
        project.define(name, {"file_name": f"{name}.json"})
    ((code, message),) = project.judge("x,faq,y", "eval_dataset: z\n")
    assert code == "FT703"
    assert message.startswith("x.json and 2 more files are not in data: loading datasets `x`, `y`")
    ((_, message),) = project.judge("x", "eval_dataset: x\n")
    assert message.startswith("x.json is not in data: loading dataset `x` crashes")


def test_a_slip_in_a_file_name_is_told_by_itself(project: Project) -> None:
    project.define("x", {"file_name": "x.json"})
    project.define("y", {"file_name": "nearby_rows.json"})
    project.file("nearby_rows.jsonl", ALPACA)
    told = [message for code, message in project.judge("x,y") if code == "FT703"]
    assert len(told) == 2
    assert "did you mean `nearby_rows.jsonl`?" in told[1]


def test_demo_files_are_no_sign_of_the_authors_data(project: Project) -> None:
    project.define("x", {"file_name": "x.json"})
    (project.root / "data" / "faq.json").rename(project.root / "data" / "alpaca_en_demo.json")
    project.define("demo", {"file_name": "alpaca_en_demo.json"})
    assert project.judge("x") == []
    project.file("faq.json", ALPACA)
    assert [code for code, _ in project.judge("x")] == ["FT703"]


def test_examples_are_not_missed_where_their_demo_files_were_deleted(project: Project) -> None:
    project.define("identity", {"file_name": "identity.json"})
    project.define("dpo_en_demo", {"file_name": "dpo_en_demo.json"})
    assert project.judge("identity,dpo_en_demo") == []
    assert [code for code, _ in project.judge("identity,faq")] == ["FT703"]


def test_undefined_datasets_are_one_finding_but_each_slip_is_its_own(project: Project) -> None:
    told = project.judge("here,there,fqa", "eval_dataset: nowhere\n")
    assert [code for code, _ in told] == ["FT701", "FT701"]
    assert any("Datasets `here`, `there` and `nowhere` are not defined" in one for _, one in told)
    assert any("did you mean `faq`?" in one for _, one in told)


def test_a_file_that_is_there_is_no_placeholder(project: Project) -> None:
    project.file("your_file.json", ALPACA)
    project.define("x", {"file_name": "your_file.json"})
    assert project.judge("x") == []


def test_definitions_of_another_machine_are_not_missed(project: Project) -> None:
    assert project.judge("nowhere", "dataset_dir: /mnt/data/of/another/machine\n") == []
    assert project.judge("nowhere", "dataset_dir: no_such_folder\n") == []
    assert project.judge("nowhere", "dataset_dir: ONLINE\n") == []


def test_broken_definitions_are_said_once(project: Project) -> None:
    project.file("dataset_info.json", '{"faq": ')
    codes = [code for code, _ in project.judge("faq,chat", "eval_dataset: faq\n")]
    assert codes == ["FT702"]


def test_dataset_dir_may_be_given(project: Project) -> None:
    (project.root / "data").rename(project.root / "elsewhere")
    text = HEAD.replace("dataset: faq", "dataset: fqa")
    given = stating(dataset_dir="elsewhere")
    result = lint(of_text("config.yaml", text), options(given))
    assert "FT701" in [one.code for one in result.diagnostics]


def test_stated_sizes_do_not_hide_a_wrong_name(project: Project) -> None:
    assert [code for code, _ in project.judge("fqa", "# ftlint: dataset-size=500\n")] == ["FT701"]


def test_a_name_twice_counts_once(project: Project) -> None:
    assert [code for code, _ in project.judge("faq,faq")] == ["FT709"]


def test_text_of_control_characters_stays_in_one_line(project: Project) -> None:
    project.define("odd", {"file_name": "a\x1b[31m\nb.json"})
    ((_, message),) = project.judge("odd")
    assert "\x1b" not in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("faq: {hf_hub_url: us/faq}", []),
        ("faq: {file_name: data/faq.json}", ["FT704"]),
        ("faqs: {hf_hub_url: us/faq}", ["FT701"]),
        ("1: {hf_hub_url: us/faq}", ["FT701"]),
        ("faq: text", ["FT702"]),
    ],
)
def test_a_table_in_dataset_dir_is_what_names_are_looked_up_in(
    project: Project, table: str, told: list[str]
) -> None:
    """Not the file that lies in the folder it would be by default."""
    more = f"dataset_dir:\n  {table}\n"
    assert [code for code, _ in project.judge(more=more)] == told
    everything = lint(of_text("config.yaml", HEAD + more), options()).diagnostics
    assert "FT105" not in [one.code for one in everything]


CHAT_TAGS = {"role_tag": "from", "content_tag": "value", "user_tag": "user",
             "assistant_tag": "assistant"}  # fmt: skip


@pytest.mark.parametrize(
    ("content", "definition", "code", "says"),
    [
        ("\ufeff" + json.dumps(ALPACA), {}, "FT704", "byte order mark"),
        (json.dumps(ALPACA)[:-1] + ",]", {}, "FT704", "a comma after its last row"),
        (json.dumps([*ALPACA, {"instruction": "q", "output": 5}]), {}, "FT704", "row 9: `output`"),
        (json.dumps([{**CHATS[0], "label": True}] * 3),
         {"formatting": "sharegpt", "columns": {"messages": "conversations", "kto_tag": "label"}},
         "FT708", '`"kto_tag": "label"` makes two answers'),
        (json.dumps(CHATS),
         {"formatting": "sharegpt", "columns": {"messages": "conversations"}, "tags": CHAT_TAGS},
         "FT708",
         'row 1 has `from: human`; set `"user_tag": "human", "assistant_tag": "gpt"` in tags'),
        (json.dumps([{"conversations": [{"role": "user", "content": "q"}]}]),
         {"formatting": "sharegpt"}, "FT705", 'they have role, content: set `"tags": {"role_tag":'),
        (json.dumps(
            [{"conversations": [{"from": "system", "value": "s"}, *CHATS[0]["conversations"]]}]),
         {"formatting": "sharegpt", "columns": {"messages": "conversations"},
          "tags": {**CHAT_TAGS, "user_tag": "human", "assistant_tag": "gpt"}},
         "FT708", 'set `"system_tag": "system"` in tags'),
        ('{"instruction": "q", "input": "", "output": "2024-05-01"}\n', {}, "FT705", "only dates"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:" + "ab" * 32 + "\nsize 9\n", {},
         "FT714", "x.json is a Git LFS pointer, so the rows of `x` are unknown: run `git lfs"),
        ('{"instruction": ["q"], "output": ["a"],}', {}, "FT716", "may fail to load"),
    ],
)  # fmt: skip
def test_reasons(project: Project, content: str, definition: Any, code: str, says: str) -> None:
    project.file("x.json", content)
    project.define("x", {"file_name": "x.json", **definition})
    ((found, message),) = project.judge("x")
    assert (found, says in message) == (code, True), message
    assert "alternate" not in message


NAMED = {"role_tag": "role", "content_tag": "content", "user_tag": "user",
         "assistant_tag": "assistant"}  # fmt: skip


@pytest.mark.parametrize("formatting", ["sharegpt", "openai"])
@pytest.mark.parametrize(
    "given",
    [
        None,
        {},
        *({tag: key for tag, key in NAMED.items() if tag != lost} for lost in NAMED),
        {"role_tag": "role"},
        {"user_tag": "user", "assistant_tag": "assistant"},
        {**NAMED, "user_tag": "human", "assistant_tag": "gpt"},
        {"role_tag": "from", "content_tag": "value"},
    ],
)
def test_one_remedy_names_all_tags(project: Project, formatting: str, given: Any) -> None:
    """A tag that a given table does not name is null: the loader looks up `message[None]`."""
    row = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}
    project.file("x.json", [row] * 8)
    definition = {"file_name": "x.json", "formatting": formatting,
                  "columns": {"messages": "messages"}}  # fmt: skip
    project.define("x", definition if given is None else {**definition, "tags": given})
    ((code, message),) = project.judge("x")
    assert code in ("FT705", "FT708")
    remedy = re.search(r'set `(?:"tags": \{)?("[^`}]*)', message)
    assert remedy is not None, message
    tags = {**(given or {}), **json.loads("{" + remedy[1] + "}")}
    assert tags == NAMED
    project.define("x", {**definition, "tags": tags})
    assert project.judge("x") == []


@pytest.mark.parametrize(
    ("names", "definition", "says"),
    [
        ("instruction response", {}, '"prompt": "instruction", "response": "response"'),
        ("instruction output", {}, '"prompt": "instruction", "response": "output"'),
        ("prompt query response", {}, '"prompt": "prompt", "query": "query", "response": "res'),
        ("query response", {}, '"prompt": "query", "response": "response"'),
        ("question context answer id", {}, '"query": "context", "response": "answer"'),
        ("question answer sys", {"columns": {"prompt": "q", "response": "answer", "system": "sys"}},
         '"prompt": "question", "response": "answer", "system": "sys"'),
        ("question answer response", {}, None),
        ("text label", {}, None),
        ("messages", {"formatting": "sharegpt"}, '"columns": {"messages": "messages"}'),
        ("conversations", {}, '"formatting": "sharegpt"'),
        ("messages", {}, '"formatting": "sharegpt", "columns": {"messages": "messages"}'),
        ("conversations", {"formatting": "sharegpt", "columns": {"messages": "messages"}},
         '"columns": {"messages": "conversations"}'),
    ],
)  # fmt: skip
def test_the_columns_to_set(
    project: Project, names: str, definition: dict[str, Any], says: str | None
) -> None:
    talks = CHATS[0]["conversations"]
    row = {name: talks if name in ("messages", "conversations") else "t" for name in names.split()}
    project.file("x.json", [row] * 8)
    project.define("x", {"file_name": "x.json", **definition})
    ((code, message),) = project.judge("x")
    assert code == "FT705"
    remedy = re.search(r": set `([^`]*)`", message)
    assert (remedy is None) == (says is None)
    if remedy is not None and says is not None:
        assert says in remedy[1]
        project.define(
            "x", {"file_name": "x.json", **definition, **json.loads("{" + remedy[1] + "}")}
        )
        assert project.judge("x") == []


def test_rows_below_a_key_are_one_row(project: Project) -> None:
    project.file("x.json", json.dumps({"data": ALPACA, "version": 1}))
    project.define("x", {"file_name": "x.json"})
    ((code, message),) = project.judge("x")
    assert code == "FT705"
    assert message.endswith("its rows are below `data`; they must be the top-level list.")


@pytest.mark.parametrize("dataset", ["faqx", "cut_off", "faq\nval_size: 8"])
def test_data_beside_a_tokenized_path_end_no_run_for_certain(
    project: Project, dataset: str
) -> None:
    """With the folder there, which git ignores nearly everywhere, `dataset` is not read at all."""
    project.file("cut_off.json", "[{")
    project.define("cut_off", {"file_name": "cut_off.json"})
    text = HEAD.replace("dataset: faq", f"dataset: {dataset}")
    beside = text + "tokenized_path: saves/tok\n"
    errors = [[one.code for one in found(one) if one.severity == "error"] for one in (text, beside)]
    assert errors[0]
    assert errors[1] == []


def test_a_key_that_means_formatting(project: Project) -> None:
    project.file("x.json", CHATS)
    project.define("x", {"file_name": "x.json", "format": "sharegpt",
                         "columns": {"messages": "conversations"}})  # fmt: skip
    (code, message), (other, told) = project.judge("x")
    assert (code, other) == ("FT708", "FT711")
    assert '`"formatting": "sharegpt"`' in message
    assert "did you mean `formatting`?" in told


def test_shards_of_other_columns(project: Project) -> None:
    (project.root / "data" / "x").mkdir()
    project.file("x/a.json", ALPACA)
    project.file("x/b.json", [{**row, "source": "wiki"} for row in ALPACA])
    project.define("x", {"file_name": "x"})
    ((code, message),) = project.judge("x")  # by the order in which the file system lists them
    assert code in ("FT704", "FT717")
    assert "he same columns and types" in message
    assert "`source` is not in the rows that come first" in message
