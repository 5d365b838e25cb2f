"""Loads and preprocesses datasets in an installed LLaMA Factory. Runs inside its environment.

Usage: `contents_runner.py WORK`. Reads one JSON object a line, `{"folder": …, "config": {…}}`: the
config's dataset lies in the folder, and gets an image `i.png`. Answers with one, what came out of
the release's own `get_dataset`: `{"rows": …, "text": [the text of each row's tokens]}`, or
`{"refused": …}`. With `"model": FOLDER` that folder's tokenizer is used, and the answer has
`"lengths"` in place of the text: of each row the tokens of its sequences, and those learned from.
"""

from __future__ import annotations

import copy
import importlib
import json
import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.oracle import steps_runner
else:
    import steps_runner

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", CUDA_VISIBLE_DEVICES="",
                  DISABLE_VERSION_CHECK="1", HF_DATASETS_DISABLE_PROGRESS_BARS="1")  # fmt: skip
STAGES = {"dpo": "rm"}


def processor() -> Any:
    """Return what a template with images asks of a processor, with a real one for images."""
    transformers: Any = importlib.import_module("transformers")
    images = transformers.CLIPImageProcessor(
        size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}
    )
    images.merge_size = images.temporal_patch_size = 2
    return SimpleNamespace(
        boi_token="", eoi_token="", boa_token="", eoa_token="", image_token_id=0,
        image_token="", video_token="", audio_token="",
        image_processor=images, video_processor=images, feature_extractor=images, patch_size=14,
        num_additional_image_tokens=1, vision_feature_select_strategy="default",
        audio_processor=images,
    )  # fmt: skip


class Judge:
    """A release with a tokenizer of whole words."""

    def __init__(self, work: Path) -> None:
        transformers: Any = importlib.import_module("transformers")
        self.model = work / "model"
        if not self.model.exists():
            steps_runner.build_model(self.model)
        self.image: Any = importlib.import_module("PIL.Image")
        self.factory: Any = importlib.import_module("llamafactory.data")
        self.arguments: Any = importlib.import_module("llamafactory.hparams").get_train_args
        templates: Any = importlib.import_module("llamafactory.data.template")
        self.templates, self.registered = templates.TEMPLATES, copy.deepcopy(templates.TEMPLATES)
        self.load: Any = importlib.import_module("llamafactory.model").load_tokenizer
        self.tokenizers: Any = transformers.AutoTokenizer

    def judge(
        self, folder: str, config: dict[str, Any], model: str | None = None, **_: object
    ) -> dict[str, Any]:
        """Return what becomes of a config's dataset."""
        path = model or str(self.model)
        self.templates.update(copy.deepcopy(self.registered))  # a run may write into its own
        cache = tempfile.mkdtemp(dir=folder)
        self.image.new("RGB", (28, 28)).save(f"{folder}/i.png")
        given = {**config, "model_name_or_path": path, "dataset_dir": folder,
                 "cache_dir": cache, "output_dir": f"{folder}/out", "media_dir": folder,
                 "overwrite_cache": True, "report_to": "none", "use_cpu": True}  # fmt: skip
        try:
            model_, data, training, finetuning, _ = self.arguments(given)
            if model is None:
                tokenizer = self.tokenizers.from_pretrained(path)
            else:
                tokenizer = self.load(model_)["tokenizer"]
            template = self.factory.get_template_and_fix_tokenizer(tokenizer, data)
            stage = STAGES.get(finetuning.stage, finetuning.stage)
            made = self.factory.get_dataset(
                template, model_, data, training, stage=stage, tokenizer=tokenizer,
                processor=processor(),
            )["train_dataset"]  # fmt: skip
            if model is not None:
                return {"rows": len(made), "lengths": [_lengths(row) for row in made]}
            return {"rows": len(made), "text": [_text(row, tokenizer) for row in made]}
        except BaseException as error:  # whatever ends the run
            cause: BaseException = error
            while cause.__cause__ is not None:
                cause = cause.__cause__
            return {"refused": f"{type(cause).__name__}: {cause}"[:300]}
        finally:
            shutil.rmtree(cache, ignore_errors=True)


def _text(row: dict[str, Any], tokenizer: Any) -> str:
    names = ("input_ids", "chosen_input_ids", "rejected_input_ids")
    return " ".join(tokenizer.decode(row[name]) for name in names if name in row)


def _lengths(row: dict[str, Any]) -> list[int]:
    names = ("input_ids", "chosen_input_ids", "rejected_input_ids", "kl_input_ids")
    labels = [row[name] for name in ("labels", "chosen_labels", "rejected_labels") if name in row]
    learned = sum(label != -100 for one in labels for label in one)
    return [*(len(row[name]) for name in names if name in row), learned]


def main() -> None:
    """Answer until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the program prints
    logging.disable(logging.CRITICAL)
    judge = Judge(Path(sys.argv[1]))
    print("{}", file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(judge.judge(**json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
