"""A small LLaMA Factory of our own, written as the real ones are: a fork that tests change."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ENV = 'VERSION = "0.9.5.dev0"\n'
MODEL = """
from dataclasses import dataclass, field
from typing import Literal

@dataclass
class ModelArguments:
    model_name_or_path: str | None = field(default=None)
    rope_scaling: Literal["linear", "dynamic"] | None = field(default=None)
    fork_key: int = field(default=7)
"""
DATA = """
from dataclasses import dataclass, field

@dataclass
class DataArguments:
    template: str | None = field(default=None)
    dataset: str | None = field(default=None)
    cutoff_len: int = field(default=2048)
"""
FINETUNING = """
from dataclasses import dataclass, field
from typing import Literal

@dataclass
class FinetuningArguments:
    stage: Literal["pt", "sft"] = field(default="sft")
    finetuning_type: Literal["lora", "full"] = field(default="lora")

    def __post_init__(self):
        assert self.finetuning_type in ["lora", "full"], "no such type"
"""
GENERATING = """
from dataclasses import dataclass, field

@dataclass
class GeneratingArguments:
    top_k: int = field(default=50)
"""
PARSER = """
import sys
from transformers import Seq2SeqTrainingArguments as TrainingArguments
from omegaconf import OmegaConf
from .data_args import DataArguments
from .finetuning_args import FinetuningArguments
from .generating_args import GeneratingArguments
from .model_args import ModelArguments

_TRAIN_ARGS = [ModelArguments, DataArguments, TrainingArguments, FinetuningArguments,
               GeneratingArguments]
_INFER_ARGS = [ModelArguments, DataArguments, FinetuningArguments, GeneratingArguments]
_EVAL_ARGS = [ModelArguments, DataArguments, FinetuningArguments]

def read_args(args=None):
    if sys.argv[1].endswith(".yaml") or sys.argv[1].endswith(".yml"):
        return OmegaConf.to_container(OmegaConf.merge(OmegaConf.load(sys.argv[1]),
                                                      OmegaConf.from_cli(sys.argv[2:])))
    elif sys.argv[1].endswith(".json"):
        return OmegaConf.create(json.loads(open(sys.argv[1]).read()))
"""
TEMPLATE = """
def register_template(**given):
    pass

register_template(name="mine", format_user=StringFormatter(slots=["<q>{{content}}</q>"]))
"""
CONSTANTS = """
def register_model_group(models, template=None):
    pass

register_model_group(models={"Mine-7B-Chat": {DownloadSource.DEFAULT: "me/Mine-7B-Chat"}},
                     template="mine")
"""
MISC = """
def check_dependencies():
    check_version("transformers>=4.55.0,<=5.6.0")
    check_version("transformers!=5.5.0")
    check_version("trl>=0.18.0,<=0.24.0")
"""
FILES = {
    "__init__.py": "",
    "extras/__init__.py": "",
    "extras/env.py": ENV,
    "extras/misc.py": MISC,
    "extras/constants.py": CONSTANTS,
    "data/__init__.py": "",
    "data/template.py": TEMPLATE,
    "hparams/__init__.py": "",
    "hparams/parser.py": PARSER,
    "hparams/model_args.py": MODEL,
    "hparams/data_args.py": DATA,
    "hparams/finetuning_args.py": FINETUNING,
    "hparams/generating_args.py": GENERATING,
}


def lay_out(checkout: Path, **changes: str) -> Path:
    """Write the fork below `checkout/src`; `hparams_parser=TEXT` writes `hparams/parser.py`."""
    changed = {name.replace("_", "/", 1) + ".py": text for name, text in changes.items()}
    for name, text in {**FILES, **changed}.items():
        path = checkout / "src" / "llamafactory" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return checkout
