"""What is offered in commands that start LLaMA Factory, and what comes of taking it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from tests.server.client import Client
from tests.server.conftest import BASE, write
from tests.server.test_completion import offered, taken

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "#!/bin/bash\nset -e\n"
FLAGS = "llamafactory-cli train --model_name_or_path Qwen/Qwen3-8B --stage sft --dataset faq"
FILE = "llamafactory-cli train a.yaml stage=sft"


@pytest.mark.parametrize(
    ("written", "label", "becomes"),
    [
        (" --warm|", "warmup_ratio", " --warmup_ratio "),
        (" --|", "warmup_ratio", " --warmup_ratio "),
        (" |", "warmup_ratio", " --warmup_ratio "),
        (" --warm| 0.1", "warmup_ratio", " --warmup_ratio 0.1"),
        (" --warm|=0.1 --do_train", "warmup_ratio", " --warmup_ratio=0.1 --do_train"),
        (" \\\n  --do_train \\\n  --warm|", "warmup_ratio",
         " \\\n  --do_train \\\n  --warmup_ratio "),
        (" --lr_scheduler_type |", "cosine", " --lr_scheduler_type cosine"),
        (" --lr_scheduler_type lin|ear --do_train", "cosine",
         " --lr_scheduler_type cosine --do_train"),
        (" --lr_scheduler_type=l|", "cosine", " --lr_scheduler_type=cosine"),
        (" --lr-scheduler-type 'l|'", "cosine", " --lr-scheduler-type 'cosine'"),
        (" --bf16 |", "true", " --bf16 true"),
        (" --eval_dataset faq,|", "chats", " --eval_dataset faq,chats"),
        (" --save_strategy |", "no", " --save_strategy no"),
    ],
)  # fmt: skip
def test_flags(editor: Client, written: str, label: str, becomes: str) -> None:
    text = f"{HEAD}{FLAGS}{written}\necho done\n"
    found = taken(editor, "flags.sh", text, label, "shellscript")
    assert found == f"{HEAD}{FLAGS}{becomes}\necho done\n"


@pytest.mark.parametrize(
    ("written", "label", "becomes"),
    [
        (" warm|", "warmup_ratio", " warmup_ratio="),
        (" |", "warmup_ratio", " warmup_ratio="),
        (" --warm|", "warmup_ratio", " warmup_ratio="),
        (" --|", "warmup_ratio", " warmup_ratio="),
        (" --warm|=0.1", "warmup_ratio", " warmup_ratio=0.1"),
        (" warm|>log", "warmup_ratio", " warmup_ratio=>log"),
        (" warm|=0.1", "warmup_ratio", " warmup_ratio=0.1"),
        (" lr_scheduler_type=|", "cosine", " lr_scheduler_type=cosine"),
        (" eval_dataset=faq,c|", "chats", " eval_dataset=faq,chats"),
        (" save_strategy=|", "no", " save_strategy='\"no\"'"),
    ],
)
def test_what_is_set_over_a_file(editor: Client, written: str, label: str, becomes: str) -> None:
    write(editor.folder, "a.yaml", BASE)
    text = f"{HEAD}{FILE}{written} logging_steps=5\n"
    found = taken(editor, "file.sh", text, label, "shellscript")
    assert found == f"{HEAD}{FILE}{becomes} logging_steps=5\n"
    assert len(shlex.split(found.splitlines()[-1])) == len(shlex.split(FILE)) + 2


def test_what_a_command_has_is_not_offered(editor: Client) -> None:
    found = offered(editor, "has.sh", f"{FLAGS} --|\n", "shellscript")
    assert not {"stage", "dataset", "model_name_or_path"} & set(found)
    assert found["lora_rank"]["detail"] == "default 8"
    assert found["pref_beta"]["detail"] == "ignored by this run"
    assert found["lora_rank"]["filterText"] == "--lora_rank"  # as editors match it to what is typed
    write(editor.folder, "a.yaml", BASE)
    found = offered(editor, "has.sh", f"{FILE} |\n", "shellscript")
    assert "stage" not in found
    dashes = offered(editor, "has.sh", f"{FILE} --|\n", "shellscript")
    assert dashes["lora_rank"]["filterText"] == "--lora_rank"
    assert dashes.keys() == found.keys()
    assert "dataset" in found  # which the file sets, and may be set over it


def test_the_templates_of_the_model_come_first(editor: Client) -> None:
    found = [*offered(editor, "model.sh", f"{FLAGS} --template |\n", "shellscript")]
    assert found[0] == "qwen3"


def test_each_command_has_its_keys(folder: Path) -> None:
    export = "llamafactory-cli export --model_name_or_path m "
    with Client(folder) as editor:
        found = offered(editor, "two.sh", f"{FLAGS} --do_train\n{export}--|\n", "shellscript")
        assert "export_size" in found
        assert "learning_rate" not in found


@pytest.mark.parametrize(
    "text",
    ["llamafactory-cli tr|ain --stage sft", "echo --|", f"{FLAGS}\n|", f"{FLAGS}; |",
     f"{FLAGS} --run_name |", f"{FLAGS} --template $|T", f"{FLAGS} # --|", "llamafactory-cli |",
     "llamafactory-cli train a.y|", f"{FLAGS} > log|",
     f"{FILE} > log.t|", f"{FILE} &> l|", f"{FILE} 2>|", f"{FILE} 2> |", f"{FILE} < f|",
     f"{FILE} >> l|", f"{FILE} 2>&|1", f"{FLAGS} 2>|", f"{FLAGS} > --|", f"{FLAGS} &>|",
     f"{FILE} > \\\n  l|", f"{FLAGS} --run_name $(date --|)", f"{FLAGS} --run_name $(date --i)|",
     f"{FLAGS} --run_name `date --|`", f"{FILE} run_name=$(date --|)",
     f"{FILE} run_name=$(date |)"],
)  # fmt: skip
def test_nothing_is_offered_elsewhere(editor: Client, text: str) -> None:
    assert offered(editor, "elsewhere.sh", f"{HEAD}{text}\n", "shellscript") == {}
