"""Configs to start from: `ftlint init`. The presets are the guide's, made to run by every target.

A preset says how long and how closely watched a run is; a method brings its own rate, batch and
memory. What is written reads the same under both loaders: `1.0e-4`, no bare `no`, no key that one
of the releases from 0.9.3 on does not have.
"""

from __future__ import annotations

from ftlint.target.models import find_model, find_template, quantized
from ftlint.target.releases import NEWEST
from ftschemas.named import NamedTuple

PRESETS = ("beginner", "quick", "production", "research")
METHODS = ("lora", "qlora", "full")


class PresetMethod(NamedTuple):
    """What a way of training asks for. Rates and most epochs: policy.yaml, the guide's table."""

    title: str
    model: str
    lines: str
    learning_rate: str
    most_epochs: int
    device_batch: int
    accumulation: int


_LORA = """finetuning_type: lora
lora_rank: 8
lora_target: all  # every linear layer; naming only q_proj,v_proj trains fewer parameters
"""

_METHODS = {
    "lora": PresetMethod("LoRA", "Qwen/Qwen2.5-7B-Instruct", _LORA, "1.0e-4", 5, 4, 4),
    "qlora": PresetMethod(
        "QLoRA", "Qwen/Qwen2.5-7B-Instruct",
        _LORA + "quantization_bit: 4  # turns LoRA into QLoRA; needs bitsandbytes\n"
        "upcast_layernorm: true  # layer norms in 32-bit precision, as LLaMA Factory advises\n",
        "2.0e-4", 4, 8, 2,
    ),
    "full": PresetMethod(
        "full fine-tuning", "Qwen/Qwen2.5-1.5B-Instruct",
        "finetuning_type: full\n"
        "# deepspeed: examples/deepspeed/ds_z3_config.json  # shards a large model across GPUs\n",
        "1.0e-5", 2, 1, 16,
    ),
}  # fmt: skip

_HELD_OUT = """val_size: 0.1  # hold out 10 % of the rows for evaluation
"""
_BEST = """load_best_model_at_end: true  # needs equal eval_strategy and save_strategy
metric_for_best_model: eval_loss
greater_is_better: false
"""
_BY_EPOCH = """eval_strategy: epoch
save_strategy: epoch
"""
_TEN_TIMES = """eval_strategy: steps
eval_steps: 0.1  # every 10 % of the run; 100 would be every 100 steps
save_strategy: steps
save_steps: 0.1
"""
_BY_STEPS = """eval_strategy: steps
eval_steps: 100
save_strategy: steps
save_steps: 100
"""


class Preset(NamedTuple):
    """How long a run is, how it is watched and what it leaves."""

    title: str
    epochs: int | None
    max_steps: int | None
    data: str
    watch: str
    extra: str = ""


_PRESETS = {
    "beginner": Preset(
        "a safe first run", 3, None, _HELD_OUT,
        _BY_EPOCH + _BEST + "early_stopping_steps: 2  # evaluations without improvement\n",
    ),
    "quick": Preset(
        "a quick trial of minutes, not hours", None, 500,
        "max_samples: 8000  # max_steps uses no more rows, so tokenize no more\n",
        'eval_strategy: "no"\nsave_strategy: steps\nsave_steps: 500  # once, at the end\n',
    ),
    "production": Preset(
        "the best result on this data", 5, None, _HELD_OUT,
        _TEN_TIMES + "save_total_limit: 3\n" + _BEST + "early_stopping_steps: 3\n",
    ),
    "research": Preset(
        "comparable runs with fixed seeds", None, 2000, _HELD_OUT,
        _BY_STEPS,
        "seed: 42\ndata_seed: 42\n# use_swanlab: true  # needs: pip install swanlab\n",
    ),
}  # fmt: skip


def unfit(method: str, model: str) -> str | None:
    """Return why a model cannot be trained by a method, as far as its name tells."""
    kind = quantized(model)
    if kind is None or method == "lora":
        return None
    why = "keeps its own bits" if method == "qlora" else "can only be trained with lora"
    return f"--method {method}: a model quantized with {kind} {why}; choose --method lora"


def template_line(model: str, template: str) -> str:
    """Return the line that names the template, which is the model's unless another is given."""
    if template:
        return f"template: {template}"
    listed = find_model(model, NEWEST)
    if listed is None:
        return (
            "# template:  # LLaMA Factory does not list this model: name its template. Without\n"
            "# one the chat template of the tokenizer is used, if it has one"
        )
    names = [*listed.templates, "default"]
    media = [name for name in listed.templates if _takes_media(name)]
    return f"template: {(media if listed.media and media else names)[0]}"


def _takes_media(name: str) -> bool:
    found = find_template(name, NEWEST)
    return found is not None and bool(found.media)


def render(preset: str, method: str, model: str, template: str, dataset: str) -> str:
    """Return the text of a config. `preset` is one of PRESETS, `method` one of METHODS.

    Without `model` it is one that suits the method, without `template` the model's own.
    """
    plan, way = _PRESETS[preset], _METHODS[method]
    batch = way.device_batch * way.accumulation
    evaluated = (
        f"per_device_eval_batch_size: {way.device_batch}\n" if plan.data == _HELD_OUT else ""
    )
    if plan.max_steps is None:
        epochs = min(plan.epochs or 1, way.most_epochs)
        length = f"num_train_epochs: {epochs}.0  # max_steps would override this\n"
    else:
        length = f"max_steps: {plan.max_steps}  # overrides num_train_epochs\n"
    report = "tensorboard" if preset == "research" else "none"
    return f"""# {way.title}, {plan.title}.
# `ftlint FILE` checks it, `ftlint steps FILE` shows its optimization steps.

### model
model_name_or_path: {model or way.model}

### method
stage: sft
do_train: true
{way.lines}
### data
dataset: {dataset}  # a name in data/dataset_info.json
{template_line(model or way.model, template)}
cutoff_len: 2048
{plan.data}
### training
# effective batch size per GPU: {way.device_batch} x {way.accumulation} = {batch}
per_device_train_batch_size: {way.device_batch}
gradient_accumulation_steps: {way.accumulation}
learning_rate: {way.learning_rate}
{length}lr_scheduler_type: cosine
warmup_ratio: 0.03
bf16: true

### evaluation and checkpoints
{plan.watch}{evaluated}
### output
output_dir: saves/{preset}-{method}
logging_steps: 10
report_to: {report}
{plan.extra}"""
