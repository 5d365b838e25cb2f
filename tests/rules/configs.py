"""The head of a config that trains, to which tests add what they are about."""

HEAD = """model_name_or_path: Qwen/Qwen2.5-0.5B
stage: sft
do_train: true
finetuning_type: lora
dataset: alpaca
template: qwen
output_dir: saves/run
"""
