"""How the facts that no key of a config says become known: what a user can do for each."""

LAUNCH = "`--gpus` and `--nodes`, the settings `gpus` and `nodes`, or `# ftlint: gpus=N, nodes=N`"
DEEPSPEED = "`deepspeed` names a file in the repository, or is a mapping"
DATA_HERE = (
    "a dataset_info.json in `dataset_dir`, `--dataset-size`, the setting `datasets`,"
    " or `# ftlint: dataset-size=N`"
)
ENVIRONMENT = (
    "`--here`, `--fact env=FORCE_TORCHRUN,USE_MCA=1`, the setting `facts`,"
    " or `# ftlint: env=FORCE_TORCHRUN+USE_MCA=1`"
)
HOW_KNOWN = {
    "local_dataset": "a dataset_info.json in `dataset_dir`",
    "plan": DATA_HERE,
    "samples": DATA_HERE,
    "gpus": LAUNCH,
    "nodes": LAUNCH,
    "world_size": LAUNCH,
    "launcher": ENVIRONMENT,
    "deepspeed": DEEPSPEED,
    "zero_stage": DEEPSPEED,
    "installed": "`--here`, or `--fact installed=torch,peft==0.18.1`",
    "versions": "`--target auto`, `--here`, or `--fact installed=peft==0.18.1`",
    "env": ENVIRONMENT,
    "compute_capability": "`--here` asks NVIDIA's driver; `--fact compute_capability=7.5`",
    "memory": "`--gpu`, the setting `gpu`, `# ftlint: gpu=24g`, or `--here`",
    "room": "`--gpu`, the setting `gpu`, `# ftlint: gpu=24g`, or `--here`",
    "output_dir_holds": "`--here` looks into it; or `--fact output_dir_holds=checkpoint-500`",
    "resumes_at": "`resume_from_checkpoint`, or what `output_dir_holds`",
}
