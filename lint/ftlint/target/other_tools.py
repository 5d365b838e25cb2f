"""Files of other tools: the shapes they are told by, as data.

Asked of files that a person or a hook named, and by --show-files; folders are decided without it.
"""

from __future__ import annotations

import re

from ftschemas.named import NamedTuple

DATA = (".jsonl", ".csv", ".parquet", ".arrow", ".tsv")
"""Suffixes of data, which no release loads as a config."""

_SUFFIXES = {
    **dict.fromkeys(DATA, "a data file"),
    **dict.fromkeys((".sh", ".bash", ".zsh", ".fish", ".slurm", ".sbatch", ".ps1", ".bat"),
                    "a shell script"),
    **dict.fromkeys((".py", ".js", ".ts", ".ipynb", ".toml", ".ini", ".cfg"),
                    "source or settings of another language"),
    **dict.fromkeys((".md", ".rst", ".html"), "a text for readers"),
}  # fmt: skip
_FILES = {
    "dataset_info.json": "definitions of datasets",
    "package.json": "a package file",
    "package-lock.json": "a package file",
    "tsconfig.json": "a package file",
    "composer.json": "a package file",
    "environment.yml": "a conda environment",
    "environment.yaml": "a conda environment",
    "mkdocs.yml": "settings of mkdocs",
    "Chart.yaml": "a Helm chart",
    ".gitlab-ci.yml": "a GitLab pipeline",
    ".pre-commit-config.yaml": "settings of pre-commit",
    ".pre-commit-hooks.yaml": "hooks of pre-commit",
    "action.yml": "a GitHub action",
    "dvc.yaml": "a DVC pipeline",
    "dvc.lock": "a DVC pipeline",
    "trainer_state.json": "the log of a run",
}
HELM = r"""(?mx) \A\s*\{\{ | ^[ \t]*\{\{-?[ \t]*(?:if|with|range|end|include|define|template)\b
    | \{\{-?[ ]*\.(?:Values|Chart|Release)\b"""
"""What a template of Helm has, and no template of a config."""


BOARD = "settings of LLaMA Board, which nothing else reads"
"""What the web page of LLaMA Factory writes for itself, named `top.model_name` and the like.

Source: webui/common.py save_config, webui/runner.py save_args [0.9.0 to 0.9.5].
"""


class Signs(NamedTuple):
    """What a file is if all of `every`, and `least` of `some` where there are any, are its keys.

    With a key of `lacks` it is not. `inside`: keys that stand somewhere below the top level.
    """

    what: str
    every: str = ""
    some: str = ""
    least: int = 1
    lacks: str = ""
    inside: str = ""


_LLAMA_FACTORY = "stage finetuning_type dataset template cutoff_len do_train"
_SHAPES = (
    # containers, clusters, pipelines
    Signs("a Docker Compose file", "services"),
    Signs("a Docker Compose file", "", "volumes networks secrets configs", 2),
    Signs("a workflow", "jobs", "", 1, "model_name_or_path"),
    Signs("a GitHub action", "runs", "inputs outputs name description"),
    Signs("a GitLab pipeline", "", "stages before_script after_script include image variables "
          "workflow default cache pages", 2, inside="script"),
    Signs("a pipeline", "", "stages steps trigger pool pr schedules resources parameters "
          "variables", 2, "model_name_or_path"),
    Signs("settings of Travis", "language", "script install before_install matrix"),
    Signs("a Kubernetes manifest or Helm chart", "apiVersion"),
    Signs("a Kubernetes manifest or Helm chart", "", "replicaCount image service ingress "
          "resources nodeSelector tolerations affinity serviceAccount autoscaling", 3),
    Signs("a template of CloudFormation", "Resources"),
    Signs("a serverless application", "functions provider"),
    Signs("a SkyPilot task or job", "run", "resources setup envs num_nodes file_mounts workdir"),
    Signs("a Ray cluster", "", "cluster_name head_node_type available_node_types provider "
          "head_setup_commands setup_commands max_workers", 2),
    Signs("settings of Prometheus or Grafana", "", "scrape_configs alerting rule_files groups "
          "panels datasources", 1, inside="targets rules expr url job_name"),
    Signs("an OpenAPI description", "", "openapi swagger asyncapi"),
    Signs("a playbook", "hosts tasks"),
    # packages, editors, sites
    Signs("a package file", "", "dependencies devDependencies peerDependencies "
          "optionalDependencies lockfileVersion bundledDependencies"),
    Signs("a package file", "name version", "main scripts private license author description "
          "repository require engines type exports files"),
    Signs("a conda environment", "dependencies"),
    Signs("a conda recipe", "package", "source build requirements about test"),
    Signs("settings of TypeScript", "", "compilerOptions"),
    Signs("a lock file", "packages", "lockfileVersion metadata snapshots importers version"),
    Signs("a JSON Schema", "", "$schema $id $ref $defs definitions"),
    Signs("a JSON Schema", "type", "properties items enum required"),
    Signs("settings of a site", "", "site_name baseurl theme_config navbar"),
    Signs("settings of a linter or formatter", "", "extends plugins rules overrides ignorePatterns "
          "parserOptions printWidth singleQuote tabWidth", 2),
    Signs("settings of pre-commit or its hooks", "", "repos default_language_version ci", 1,
          inside="hooks rev"),
    Signs("settings of Dependabot", "updates version"),
    Signs("settings of Read the Docs", "version", "sphinx python conda mkdocs formats"),
    Signs("settings of code coverage", "", "coverage codecov flag_management component_management",
          1, "model_name_or_path"),
    Signs("a citation", "", "cff-version"),
    Signs("a notebook", "cells", "nbformat metadata"),
    Signs("a bill of materials", "", "bomFormat spdxVersion SPDXID"),
    Signs("a map or its data", "type", "features coordinates geometry"),
    Signs("a source map", "mappings", "sources version"),
    Signs("a SARIF log", "runs", "$schema version"),
    # training, by other trainers
    Signs("settings of accelerate", "", "compute_environment distributed_type "
          "main_training_function downcast_bf16 fsdp_config deepspeed_config machine_rank "
          "num_machines num_processes main_process_port", 2, _LLAMA_FACTORY),
    Signs("settings of DeepSpeed", "", "zero_optimization train_micro_batch_size_per_gpu "
          "zero_allow_untested_optimizer wall_clock_breakdown zero_force_ds_cpu_optimizer "
          "steps_per_print", 1, f"model_name_or_path output_dir {_LLAMA_FACTORY}"),
    Signs("settings of FSDP", "", "fsdp_transformer_layer_cls_to_wrap fsdp_auto_wrap_policy "
          "transformer_layer_cls_to_wrap backward_prefetch forward_prefetch sync_module_states "
          "xla xla_fsdp_settings cpu_ram_efficient_loading", 1, "model_name_or_path output_dir"),
    Signs("a recipe of axolotl", "base_model", "datasets sequence_len adapter micro_batch_size "
          "val_set_size dataset_prepared_path rl load_in_8bit load_in_4bit strict flash_attention "
          "sample_packing", 1, _LLAMA_FACTORY),
    Signs("a recipe of the alignment handbook", "", "dataset_mixer dataset_splits "
          "dataset_configs dataset_mixture", 1, "finetuning_type cutoff_len"),
    Signs("a recipe of TRL or a script of transformers", "", "dataset_name dataset_config "
          "dataset_config_name dataset_train_split use_peft train_file validation_file "
          "max_train_samples max_source_length max_target_length source_prefix block_size "
          "lora_target_modules dataset_kwargs dataset_text_field reward_funcs num_generations",
          1, _LLAMA_FACTORY.replace(" do_train", "")),
    Signs("a recipe of ms-swift", "", "train_type tuner_type sft_type rlhf_type swift_version "
          "model_id_or_path loss_scale", 1, "finetuning_type cutoff_len stage model_name_or_path"),
    Signs("a recipe of ms-swift", "model target_modules dataset", "", 1,
          "finetuning_type cutoff_len stage model_name_or_path"),
    Signs("a recipe of verl", "", "actor_rollout_ref critic algorithm custom_reward_function "
          "reward_manager", 1, "model_name_or_path stage"),
    Signs("a recipe of torchtune", "", "tokenizer model dataset optimizer loss checkpointer", 2,
          inside="_component_"),
    Signs("a recipe of Unsloth", "", "load_in_4bit max_seq_length use_gradient_checkpointing "
          "random_state", 2, f"model_name_or_path {_LLAMA_FACTORY}"),
    Signs("a recipe of Lightning or NeMo", "trainer", "", 1, "model_name_or_path stage"),
    Signs("settings of Hydra", "", "defaults hydra", 1, "model_name_or_path finetuning_type"),
    Signs("a task of lm-evaluation-harness", "", "output_type doc_to_text doc_to_target "
          "metric_list dataset_path fewshot_split group process_docs", 2),
    Signs("a task of lm-evaluation-harness", "group", "task aggregate_metric_list group_alias"),
    Signs("a sweep", "method", "parameters metric program"),
    Signs("a project of MLflow", "entry_points"),
    Signs(BOARD, "", "top.model_name top.finetuning_type train.dataset "
          "train.training_stage top.template"),
    Signs(BOARD, "last_model path_dict"),
    # what models and runs leave
    Signs("a model's config", "", "architectures transformers_version model_type hidden_size "
          "num_hidden_layers num_attention_heads vocab_size", 2, _LLAMA_FACTORY),
    Signs("a model's generation config", "", "eos_token_id bos_token_id pad_token_id "
          "decoder_start_token_id transformers_version", 1, "model_name_or_path"),
    Signs("a tokenizer's or processor's config", "", "tokenizer_class added_tokens_decoder "
          "added_tokens special_tokens_map chat_template bos_token eos_token pad_token "
          "image_processor_type processor_class feature_extractor_type", 1, "model_name_or_path"),
    Signs("a LoRA adapter's config", "", "peft_type base_model_name_or_path", 1,
          "model_name_or_path"),
    Signs("an index of weights", "weight_map"),
    Signs("the log of a run", "", "log_history global_step trial_params is_world_process_zero"),
    Signs("results of a run", "", "train_runtime train_loss train_samples_per_second eval_loss "
          "eval_runtime eval_samples_per_second predict_loss predict_runtime total_flos", 1,
          "model_name_or_path"),
    Signs("results of lm-evaluation-harness", "results", "config configs versions"),
    # data
    Signs("definitions of datasets", inside="file_name hf_hub_url ms_hub_url script_url "
          "cloud_file_name"),
    Signs("rows of data", "", "instruction input output conversations messages prompt response "
          "chosen rejected question answer completion", 2, "model_name_or_path"),
)  # fmt: skip


def shape_of(names: set[str], text: str) -> str | None:
    """Return what a file with these top-level keys and this text (or its head) is, as words."""
    start = text.lstrip("\ufeff \t\r\n")[:2]
    if start == "#!":
        return "a script"
    if start[:1] == "[" or start in ("- ", "-\n"):
        return "a list, such as rows of data"
    if re.search(HELM, text) and not {"stage", "model_name_or_path"} & names:
        return "a template of Helm"
    return next((shape.what for shape in _SHAPES if _has(shape, names, text)), None)


def by_name(path: str) -> str | None:
    """Return what a file is that only one tool gives this name."""
    return _FILES.get(path.replace("\\", "/").rpartition("/")[2])


def by_suffix(path: str) -> str | None:
    """Return what a file is by how its name ends, where nobody writes configs under such names."""
    return _SUFFIXES.get(path[max(path.rfind("."), 0) :].lower())


def by_text(text: str) -> str | None:
    """Return what a file is in which nothing of its own stands."""
    text = text.strip("\ufeff \t\r\n")
    if not text:
        return "an empty file"
    return "a Git LFS pointer" if text.startswith("version https://git-lfs.github.com/") else None


def _has(shape: Signs, names: set[str], text: str) -> bool:
    some = shape.some.split()
    return (
        names.issuperset(shape.every.split())
        and (not some or len(names.intersection(some)) >= shape.least)
        and names.isdisjoint(shape.lacks.split())
        and (
            not shape.inside
            or re.search(rf"""["']?\b(?:{"|".join(shape.inside.split())})\b["']?\s*:""", text)
            is not None
        )
    )
