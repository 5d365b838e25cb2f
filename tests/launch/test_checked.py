"""Scripts as the commands take them: findings at their places, plans, fixes, what is passed over."""

# ruff: noqa: E501 - a script is a line
from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ftlint.facts.handed import sources
from ftlint.launch.scripts import look
from ftlint.support.containment import project_of
from ftlint.support.disk import Disk
from tests.cli.calls import invoke, write

if TYPE_CHECKING:
    from ftlint.launch.record import Launched

FLAGS = (
    "--model_name_or_path a/b --stage sft --do_train --finetuning_type lora --bf16"
    " --dataset x --template qwen --output_dir saves/x --logging_steps 5"
)
RUN = f"llamafactory-cli train {FLAGS}"
YAML = """\
model_name_or_path: a/b
stage: sft
do_train: true
finetuning_type: lora
bf16: true
dataset: x
template: qwen
output_dir: saves/x
logging_steps: 5
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path


def check(script: str, *more: str, name: str = "run.sh") -> list[dict[str, Any]]:
    write(Path(name), script)
    done = invoke("check", name, "--output-format", "jsonl", *more)
    assert done.status in (0, 1), done.err
    return [json.loads(line) for line in done.out.splitlines()]


def codes(script: str, *more: str, name: str = "run.sh") -> list[str]:
    return [one["code"] for one in check(script, *more, name=name)]


def plans(*arguments: str) -> list[dict[str, Any]]:
    done = invoke("steps", *arguments, "--dataset-size", "1000", "--output-format", "json")
    made: list[dict[str, Any]] = json.loads(done.out)
    return made


def starts(name: str) -> list[Launched]:
    """Return what a script starts, files beside it read."""
    text = Path(name).read_text("utf-8")
    return [*look(text, name, sources(name, Disk(project_of(str(Path.cwd()))), [])).launches]


def fixed(script: str, *more: str) -> str:
    write(Path("run.sh"), script)
    invoke("check", "run.sh", "--fix", *more)
    return Path("run.sh").read_text("utf-8")


def test_flags_are_a_config_that_is_right() -> None:
    assert codes(RUN, "--target", "0.9.3") == codes(RUN) == []


@pytest.mark.parametrize(
    ("more", "code", "place"),
    [
        ("--learnig_rate 1e-4", "FT101", "learnig_rate"),
        ("--lora_rank abc", "FT4180", "abc"),
        ("--lora_rank", "FT4181", "lora_rank"),
        ("--lora_target q_proj v_proj", "FT4182", "v_proj"),
        ("--lora_rank 8 --lora_rank 16", "FT4183", "lora_rank"),
        ("--warmup 10", "FT4184", "warmup"),
        ("--val_size 0.1 --eval_dataset y", "FT402", "val_size"),
        ("--save_strategy never", "FT106", "never"),
        ("--num_train_epochs 3 --max_steps 9", "FT201", "num_train_epochs"),
        ("\\\n  --max_steps 5 \\ \n", "FT4182", "\\ "),
        ("\\\n --max_steps 5\n --lora_rank 8", "FT4188", "--lora_rank"),
        ("\\\n # --max_steps 5 \\\n --lora_rank 8", "FT4188", "--lora_rank"),
        ("\\\n --max_steps 5 \\\n\n --lora_rank 8", "FT4188", "--lora_rank"),
    ],
)
def test_a_slip_is_shown_where_it_stands(more: str, code: str, place: str) -> None:
    script = f"{RUN} {more}\n"
    found = {one["code"]: one for one in check(script)}
    assert code in found, found
    span = found[code]["start"]["offset"], found[code]["end"]["offset"]
    assert script[slice(*span)] == place


@pytest.mark.parametrize(
    "more",
    ["--learning_rate 1e-4", "--num_train_epoch 3", "--lora-rank 8", "--lora_rank=8",
     "--no_use_fast_tokenizer", "--packing false", "--overwrite_cache", "--report_to none",
     "--lora_target q_proj,v_proj", "$MORE", '"$@"', '--lora_rank "$RANK"', "--output_dir ~/x",
     "--lora_rank ${RANK:-8}", "--deepspeed $DS"],
)  # fmt: skip
def test_what_argparse_takes_is_no_error(more: str) -> None:
    script = RUN.replace("--output_dir saves/x", "") if "output_dir" in more else RUN
    assert [one for one in check(f"{script} {more}\n") if one["severity"] == "error"] == []


def test_what_may_be_among_unknown_words_is_not_missed() -> None:
    assert codes('llamafactory-cli train --stage sft --do_train "$@"') == []
    assert codes("llamafactory-cli train --stage sft --do_train") != []
    assert codes('llamafactory-cli train --stagee sft "$@"') == ["FT101"]


def test_a_script_with_windows_line_ends_is_told_once() -> None:
    script = "llamafactory-cli train \\\r\n  --stage sft \\\r\n  --do_train\r\n"
    (one,) = check(script)
    assert one["code"] == "FT4188"
    assert "CRLF" in one["message"]


def test_a_blank_behind_the_backslash_is_told() -> None:
    (one,) = check(f"{RUN} \\  \n --lora_rank 8\n")
    assert one["code"] == "FT4188"
    assert "a space after the `\\`" in one["message"]


def test_flags_behind_a_config_are_told() -> None:
    write(Path("c.yaml"), YAML)
    (one,) = check("llamafactory-cli train c.yaml --learning_rate 1e-4")
    assert one["code"] == "FT4185"
    assert "`learning_rate=1e-4`" in one["message"]
    assert codes("llamafactory-cli train c.yaml learning_rate=1e-4") == []


@pytest.mark.parametrize(
    ("start", "told"),
    [
        ("webchat c.yaml --port $PORT", "set `GRADIO_SERVER_PORT=…` in its environment"),
        ("webchat c.yaml --share", "set `GRADIO_SHARE=1` in its environment"),
        ("api c.yaml --port 8001", "set `API_PORT=8001` in its environment"),
        ("api c.yaml --infer-backend vllm", "write `infer_backend=vllm` there"),
        ("train c.yaml --port 8001", "remove or correct it, since `train` has no key `port`"),
    ],
)
def test_only_a_key_of_the_command_is_advised_behind_a_config(start: str, told: str) -> None:
    write(Path("c.yaml"), YAML if "train" in start else "model_name_or_path: a/b\ntemplate: qwen\n")
    (one,) = [one for one in check(f"llamafactory-cli {start}") if one["code"] == "FT4185"]
    assert told in one["message"]


def test_a_value_that_two_flags_take_is_told_once() -> None:
    found = codes(f'MODEL="a/b of"\n{RUN} --run_name $MODEL --ref_model $MODEL\n')
    assert found.count("FT4182") == 1


def test_what_is_set_over_a_file_is_judged_in_the_script() -> None:
    write(Path("c.yaml"), YAML)
    script = "llamafactory-cli train c.yaml learnig_rate=1e-4 lora_rank=x\n"
    found = {one["code"]: one for one in check(script)}
    assert set(found) == {"FT101", "FT105"}
    start = found["FT101"]["start"]["offset"]
    assert script[start:].startswith("learnig_rate")


@pytest.mark.parametrize(
    ("before", "code"),
    [("export CUDA_VISIBLE_DEVCES=0,1\n", "FT4189"), ("srun --ntasks=2 ", "FT4186"),
     ("srun -n4 ", "FT4186")],
)  # fmt: skip
def test_slips_around_a_start_are_told(before: str, code: str) -> None:
    assert codes(f"{before}{RUN}") == [code]
    assert codes(f"export CUDA_VISIBLE_DEVICES=0,1 MY_OWN=1\nsrun --ntasks=1 {RUN}") == []


def test_one_process_for_many_gpus() -> None:
    python = RUN.replace("llamafactory-cli train", "python src/train.py")
    assert codes(f"CUDA_VISIBLE_DEVICES=0,1 {python}") == ["FT4187"]
    assert codes(f"CUDA_VISIBLE_DEVICES=0 {python}") == []


def test_torchrun_cuts_what_has_a_blank() -> None:
    more = ' --default_system "Be kind"'
    assert codes(f"FORCE_TORCHRUN=1 {RUN}{more}") == ["FT4182"]
    assert codes(f"CUDA_VISIBLE_DEVICES=0 {RUN}{more}") == []
    assert codes(f"CUDA_VISIBLE_DEVICES=0,1 {RUN}{more}") == ["FT4182"]
    for variable in ("USE_RAY", "USE_KT"):  # which start no torchrun
        assert "FT4182" not in codes(f"CUDA_VISIBLE_DEVICES=0,1 {variable}=1 {RUN}{more}")


def test_a_comment_above_a_command_is_for_all_of_it() -> None:
    command = f"{RUN} \\\n  --learnig_rate 1e-4\n"
    assert codes(f"# ftlint: ignore[FT101] a fork's\n{command}") == []
    assert codes(f"{command}# ftlint: ignore[FT101] below\necho\n") == ["FT101", "FT901"]


def test_secrets_are_masked() -> None:
    write(Path("run.sh"), f"HF_TOKEN=abcdefgh12345\n{RUN} --hub_token sekretsekret --foo 1\n")
    done = invoke("check", "run.sh")
    assert "sekretsekret" not in done.out + done.err
    assert "abcdefgh12345" not in done.out + done.err


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("--learnig_rate 1e-4", "--learning_rate 1e-4"),
        ("\\\n  --learnig_rate 1e-4 \\\n  --seed 1", "\\\n  --learning_rate 1e-4 \\\n  --seed 1"),
        ("--learnig_rate=1e-4", "--learning_rate=1e-4"),
        ("--learnig_rate \"$LR\"", "--learning_rate \"$LR\""),
    ],
)  # fmt: skip
def test_a_flag_is_renamed_in_place(before: str, after: str) -> None:
    assert fixed(f"LR=1\n{RUN} {before}\n") == f"LR=1\n{RUN} {after}\n"


def test_a_flag_that_does_nothing_goes_with_its_line() -> None:
    full = RUN.replace("lora", "full")
    script = f"{full} \\\n    --lora_rank 16 \\\n    --seed 1\n"
    found = [one["code"] for one in check(script)]
    assert "FT500" in found
    assert fixed(script, "--unsafe-fixes") == f"{full} \\\n    --seed 1\n"
    last = f"{full} \\\n    --seed 1 \\\n    --lora_rank 16\n"
    assert fixed(last, "--unsafe-fixes") == f"{full} \\\n    --seed 1\n"


def test_a_fix_inside_a_list_holds_for_each_command_that_uses_it() -> None:
    script = f'A=(--learnig_rate 1e-4)\n{RUN} "${{A[@]}}"\n{RUN} "${{A[@]}}" --seed 1\n'
    assert fixed(script) == script.replace("learnig", "learning")


def test_no_fix_where_the_flag_stands_in_a_variable() -> None:
    script = f"K=learnig_rate\n{RUN} --$K 1e-4\n"
    assert codes(script) == ["FT101"]
    assert fixed(script) == script


@pytest.mark.parametrize(
    ("start", "world"),
    [
        (f"CUDA_VISIBLE_DEVICES=0,1 FORCE_TORCHRUN=1 {RUN}", 2),
        (f"export CUDA_VISIBLE_DEVICES=0,1,2\n{RUN}", 3),
        (f"CUDA_VISIBLE_DEVICES=0,1\n{RUN}", 1),
        (f"FORCE_TORCHRUN=1 NNODES=2 NPROC_PER_NODE=4 {RUN}", 8),
        (f"#SBATCH --gres=gpu:4\nsrun {RUN}", 4),
        (f"#SBATCH --gres=gpu:4\n#SBATCH --nodes=2\nsrun bash -c 'NNODES=$SLURM_NNODES {RUN}'", 8),
        (f"#SBATCH -N 3\n#SBATCH --gpus-per-node=h100:2\nexport NNODES=${{SLURM_JOB_NUM_NODES:-1}} NPROC_PER_NODE=$SLURM_GPUS_ON_NODE FORCE_TORCHRUN=1\nsrun {RUN}", 6),
        (RUN.replace("llamafactory-cli train", "torchrun --nproc_per_node 4 src/train.py"), 4),
        (RUN.replace("llamafactory-cli train", "torchrun --nnodes=2 --nproc-per-node=4 src/train.py"), 8),
        (RUN.replace("llamafactory-cli train", "python -m torch.distributed.run --nproc_per_node=2 src/train.py"), 2),
        (RUN.replace("llamafactory-cli train", "deepspeed --num_gpus 4 src/train_bash.py"), 4),
        (RUN.replace("llamafactory-cli train", "deepspeed --include localhost:0,2 src/train_bash.py"), 2),
        (RUN.replace("llamafactory-cli train", "accelerate launch --num_processes 6 --num_machines 2 src/train.py"), 6),
        (RUN.replace("llamafactory-cli train", "python src/train.py"), 1),
    ],
)  # fmt: skip
def test_steps_count_the_processes_that_a_script_starts(start: str, world: int) -> None:
    write(Path("run.sh"), start)
    (one,) = plans("run.sh")
    assert one["world_size"] == world
    assert one["launch"] == {
        "path": "run.sh",
        "line": start[: start.index("--model")].count("\n") + 1,
    }


def test_a_default_that_stands_for_no_secret_hides_no_words() -> None:
    write(Path("run.sh"), f"{RUN} --report_to none --hub_token ${{HF_TOKEN:-none}} --seed none\n")
    assert "`--seed none`" in invoke("check", "run.sh", "--output-format", "concise").out


@pytest.mark.parametrize("said", ["CUDA_VISIBLE_DEVICES 0,1", "CUDA_VISIBLE_DEVICES=0,1 A=b"])
def test_what_an_image_sets_counts(said: str) -> None:
    write(Path("Dockerfile"), f"FROM x\nENV {said}\nENV FORCE_TORCHRUN 1  \nRUN {RUN}\n")
    assert [one["world_size"] for one in plans("Dockerfile")] == [2]


def test_a_cell_that_writes_a_config_is_judged() -> None:
    lines = [f"%%writefile w.yaml\n{YAML}", "learnig_rate: 1.0e-4"]
    cells = [{"cell_type": "code", "source": lines},
             {"cell_type": "code", "source": ["!llamafactory-cli train w.yaml seed=1"]}]  # fmt: skip
    text = json.dumps({"cells": cells}, indent=1)
    (one,) = check(text, name="a.ipynb")
    assert (one["code"], text[one["start"]["offset"] : one["end"]["offset"]]) == (
        "FT101", "learnig_rate",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "code"),
    [("-1e-4", "FT4181"), ("-x", "FT4181"), ("-0.1", ""), ("-.5", ""), ("'-1 e'", "FT4180")],
)
def test_a_word_with_a_dash_is_a_flag_unless_it_is_a_plain_number(value: str, code: str) -> None:
    found = [one["code"] for one in check(f"{RUN} --lora_dropout {value}\n")]
    assert [one for one in found if one.startswith("FT418")] == ([code] if code else [])


@pytest.mark.parametrize(
    "default", ["${WANDB_API_KEY:-plain}", '"${HF_TOKEN:=plain}"', "${HF_TOKEN-plain}"]
)
def test_a_default_that_is_a_secret_is_masked_wherever_it_is_put(default: str) -> None:
    write(Path("run.sh"), f"{RUN} --learning_rate {default}\n")
    for format in ("text", "json", "sarif"):
        done = invoke("check", "run.sh", "--output-format", format)
        assert "FT4180" in done.out
        assert "plain" not in done.out


@pytest.mark.parametrize("nodes", ["", "NNODES=1", "NNODES=$WORLD_NODES"])
def test_nodes_that_only_the_cluster_tells_are_said_to_be_assumed(nodes: str) -> None:
    write(Path("run.sh"), f"CUDA_VISIBLE_DEVICES=0,1 FORCE_TORCHRUN=1 {nodes} {RUN}\n")
    (one,) = plans("run.sh")
    assert any("one node" in note for note in one["assumptions"]) == ("$" in nodes)


ACCELERATE = "distributed_type: {}\nnum_machines: {}\nnum_processes: 8\nmixed_precision: bf16\n"
BY_FILE = "accelerate launch --config_file a/acc.yaml {} src/train.py {}"
HOSTS = "# two\nworker-1 slots=4\nworker-2 slots=4\n"


@pytest.mark.parametrize(
    ("start", "text", "shape"),
    [
        (BY_FILE.format("", FLAGS), ACCELERATE.format("MULTI_GPU", 1), (8, 1)),
        (BY_FILE.format("", FLAGS), ACCELERATE.format("DEEPSPEED", 2), (4, 2)),
        (BY_FILE.format("", FLAGS), ACCELERATE.format("'NO'", 1), (1, 1)),
        (BY_FILE.format("--num_processes 6", FLAGS), ACCELERATE.format("FSDP", 3), (2, 3)),
        (BY_FILE.format("--num_machines 4", FLAGS), ACCELERATE.format("FSDP", 1), (2, 4)),
        (BY_FILE.format("", FLAGS), ACCELERATE.format("XLA", 1), (None, None)),
        (BY_FILE.format("", FLAGS), ACCELERATE.format("MULTI_GPU", 3), (None, None)),
        (BY_FILE.format("", FLAGS), '{\n "distributed_type": "MULTI_GPU",\n "num_processes": 3\n}', (3, 1)),
        (BY_FILE.format("", FLAGS).replace("a/", "b/"), ACCELERATE.format("FSDP", 1), (None, None)),
        ('D=$(dirname "$0")\n' + BY_FILE.format("", FLAGS).replace("a/", "$D/a/"),
         ACCELERATE.format("FSDP", 1), (8, 1)),
        (f"deepspeed --hostfile a/acc.yaml src/train.py {FLAGS}", HOSTS, (4, 2)),
        (f"deepspeed --hostfile a/acc.yaml --num_gpus 2 src/train.py {FLAGS}", HOSTS, (2, 2)),
        (f"deepspeed -H a/acc.yaml src/train.py {FLAGS}", HOSTS.replace("2 slots=4", "2 slots=8"),
         (None, None)),
        (f"deepspeed -H a/none src/train.py {FLAGS}", HOSTS, (None, None)),
    ],
)  # fmt: skip
def test_files_of_starters_say_how_many_processes_run(
    start: str, text: str, shape: tuple[int | None, int | None]
) -> None:
    write(Path("a/acc.yaml"), text)
    write(Path("run.sh"), start)
    (one,) = starts("run.sh")
    assert (one.gpus, one.nodes) == shape


def test_the_columns_of_a_loop_are_told_apart() -> None:
    write(Path("c.yaml"), YAML)
    loop = f"for n in 1 2; do\n  {RUN} --max_steps $n\ndone\n"
    write(Path("run.sh"), f"{loop}llamafactory-cli train c.yaml max_steps=7\n")
    head = invoke("steps", "run.sh", "--dataset-size", "1000").out.splitlines()[2]
    columns = head.replace("in the trainer's log", "").split("   ")
    assert [one.strip() for one in columns if one] == [
        "run.sh:2 #1",
        "run.sh:2 #2",
        "c.yaml run.sh:4",
    ]


def test_steps_of_a_file_that_a_script_starts_and_of_one_that_it_writes() -> None:
    write(Path("c.yaml"), YAML)
    here = f"cat > w.yaml <<E\n{YAML}num_train_epochs: 2\nE\nllamafactory-cli train w.yaml\n"
    write(
        Path("run.sh"),
        f"CUDA_VISIBLE_DEVICES=0,1 llamafactory-cli train c.yaml max_steps=7\n{here}",
    )
    assert [one["total_steps"] for one in plans("run.sh")] == [7, 250]


def test_a_config_that_a_script_writes_is_judged_in_it() -> None:
    script = f"N=$1\ncat > c.yaml <<E\n{YAML}learnig_rate: 1.0e-4\nrun_name: $N\nE\n{RUN}\n"
    (one,) = check(script)
    assert one["code"] == "FT101"
    assert script[one["start"]["offset"] : one["end"]["offset"]] == "learnig_rate"
    assert one["fix"] is None or one["fix"]["edits"] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Dockerfile", f"FROM x\nENV A=1\nRUN pip install x && \\\n    {RUN} --foo 1\n"),
        ("Dockerfile.gpu", 'CMD ["llamafactory-cli", "train", "--stage", "sft", "--foo", "1"]\n'),
        ("Makefile", f"M = 1\ntrain: x\n\t@{RUN} \\\n\t\t--foo $(M)\n"),
        (".github/workflows/a.yml", f"jobs:\n  a:\n    steps:\n      - run: |\n          {RUN} --foo 1\n"),
        (".github/workflows/a.yaml", f"jobs:\n  a:\n    steps:\n      - run: {RUN} --foo 1\n"),
        ("a.py", f"import subprocess\nsubprocess.run({[*RUN.split(), '--foo', '1']!r}, check=True)\n"),
        ("b.py", f"import os\nos.system('{RUN} --foo 1')\n"),
        ("a.bat", f"set CUDA_VISIBLE_DEVICES=0\r\n{RUN} ^\r\n  --foo 1\r\n"),
        ("a.ps1", f"$env:CUDA_VISIBLE_DEVICES='0'\n{RUN} `\n  --foo 1\n"),
        ("a.ipynb", json.dumps({"cells": [{"source": ["import x\n", f"!{RUN} \\\n", "  --foo 1"]}]})),
        ("b.ipynb", json.dumps({"cells": [{"source": ["%%bash\n", f"{RUN} --foo 1"]}]})),
        ("c.ipynb", json.dumps({"cells": [{"source": [f"!{RUN} --bar 1"], "cell_type": "markdown"},
                                          {"source": f"import x\n!{RUN} --foo 1", "cell_type": "code",
                                           "outputs": [{"data": {"source": ["!no"]}}]}]})),
        (".github/workflows/c.yaml", f"on: push\njobs:\n  a:\n    steps:\n      - run: \"{RUN} --foo \\\"1\\\"\"\n"),
        (".github/workflows/d.yaml", f"on: push\njobs:\n  a:\n    steps:\n      - run: '{RUN} --foo ''1'' '\n"),
        ("d.ps1", f"& {RUN} --foo 1\n"),
        ("e.ps1", f'& "C:\\a b\\llamafactory-cli.exe" train {FLAGS} --foo 1\n'),
        ("f.ps1", f"& python -m llamafactory.cli train {FLAGS} --foo 1\n"),
        ("g.ps1", f'Write-Host "`nStart `"x`""\n{RUN} --foo 1\n'),
        ("h.ps1", f"if ($x) {{ exit 1 }} else {{ $y = 2 }}\n{RUN} --foo 1\n"),
        ("k.ps1", f'{RUN} --foo 1\npython "abc\n'),  # what cannot be read comes later
        ("i.ps1", f"try {{ {RUN} --foo 1 2>&1 | Tee-Object log }} catch {{ throw }}\n"),
        ("j.ps1", f"Write-Host {RUN} --bar 1\n'{RUN} --bar 1'\n$out = {RUN} --foo 1\n"),
        ("b.bat", f"if errorlevel 1 exit /b 1\r\n{RUN} --foo 1\r\n"),
        ("c.bat", f'if not exist "a b" (\n  echo it\'s "not\n  exit /b 1\n) else call {RUN} --foo 1\n'),
        ("d.bat", f"echo {RUN} --bar 1 & start \"\" /wait {RUN} --foo 1 > log 2>&1\n"),
        ("e.cmd", f"goto run\n:no\nexit /b\n:run\n{RUN} --foo 1\n"),
        ("f.bat", f"{RUN} --foo 1\nset A=x^"),
        ("g.bat", f"for %%m in ({'a' * 60}*.yaml) do echo %%m\n{RUN} --foo 1\n"),
        ("h.bat", f"{RUN} --foo 1\n" + "".join(f"set a{n}=1\n" for n in range(999)) + "endlocal\n" * 999),
        ("c.ps1", f"<# {RUN} --bar 1\n{RUN} --bar 1 #>\n{RUN} --foo 1\n"),
        ("a.slurm", f"#SBATCH -N 1\nsrun bash -c '{RUN} --foo 1'\n"),
    ],
)  # fmt: skip
def test_commands_in_other_files_are_judged_where_they_stand(name: str, text: str) -> None:
    found = [one for one in check(text, name=name) if one["code"] == "FT101"]
    assert [text[one["start"]["offset"] : one["end"]["offset"]] for one in found] == ["foo"]


@pytest.mark.parametrize(
    ("name", "text", "files"),
    [
        ("a.ps1", '$r = "C:\\x"\n$c = "$r\\a.yaml"\n& "$r\\llamafactory-cli.exe" train $C', ["C:/x/a.yaml"]),
        ("a.ps1", '$c = "a.yaml"\nif ($x) { $c = "b.yaml" }\nllamafactory-cli train $c', [None]),
        ("a.ps1", '$c = "a.yaml"\n$c = Get-Item x\nllamafactory-cli train $c', [None]),
        ("a.ps1", 'param([string]$C = "a.yaml")\nllamafactory-cli train $C', ["a.yaml"]),
        ("a.ps1", "$a = @('train', 'a.yaml')\nllamafactory-cli @a", ["a.yaml"]),
        ("a.ps1", "foreach ($f in 'a.yaml', 'b.yaml') { lmf train $f }\n#llamafactory", ["a.yaml", "b.yaml"]),
        ("a.ps1", 'llamafactory-cli train "$(Get-Name).yaml"', [None]),
        ("a.ps1", '$c = "lmf train a.yaml"\nInvoke-Expression $c', ["a.yaml"]),
        ("a.ps1", "Start-Process llamafactory-cli -ArgumentList 'train', 'a.yaml' -Wait", ["a.yaml"]),
        ("a.ps1", "$c, $d = 'a', 'b'\nllamafactory-cli train $c.yaml", [None]),
        ("a.ps1", '$c = Join-Path $PSScriptRoot "a.yaml"\nllamafactory-cli train $c.Trim()', [None]),
        ("a.ps1", '$c = Join-Path "x" "a.yaml"\nllamafactory-cli train $c', ["x/a.yaml"]),
        ("a.ps1", "llamafactory-cli train 'a.yaml\n", []),
        ("a.bat", "set C=a b.yaml\nllamafactory-cli train \"%c%\"", ["a b.yaml"]),
        ("a.bat", "set C=a.yaml\nif %X%==1 set C=b.yaml\nllamafactory-cli train %C%", [None]),
        ("a.bat", "if 1==1 (\nset C=a.yaml\nllamafactory-cli train %C%\n)", [None]),
        ("a.bat", "set C=a.yaml\ngoto b\n:a\nset C=b.yaml\n:b\nllamafactory-cli train %C%", [None]),
        ("a.bat", "for %%f in (a.yaml b.yaml) do llamafactory-cli train x\\%%f", ["x/a.yaml", "x/b.yaml"]),
        ("a.bat", "for /f %%f in (a.txt) do llamafactory-cli train %%f", [None]),
        ("a.bat", "llamafactory-cli train %1", [None]),
    ],
)  # fmt: skip
def test_what_windows_hands_over_is_read_or_said_to_be_unknown(
    name: str, text: str, files: list[str | None]
) -> None:
    found = [one.config for one in look(text, name).launches]
    assert [one and one.text for one in found] == files


@pytest.mark.parametrize("start", ["& ", "if errorlevel 1 exit /b 1\n"])
def test_a_folder_of_a_drive_is_none_of_the_project(start: str) -> None:
    name = "a.ps1" if start == "& " else "a.bat"
    write(Path("a.yaml"), f"{YAML}learnig_rate: 1.0\n")
    write(Path(name), f"cd C:\\work\n{start}llamafactory-cli train a.yaml\n")
    assert "known only when the script runs" in invoke("check", name).err


@pytest.mark.parametrize(
    "script",
    ["echo llamafactory-cli train --foo 1", "cat <<E\nllamafactory-cli train --foo 1\nE",
     "llamafactory-cli version", "llamafactory-cli webui --foo 1", "llamafactory-cli train -h",
     "python train.py --foo 1", "python src/train.py --lr 1 --epochs 3", "# llamafactory-cli train --foo",
     "git clone https://example.org/llamafactory.git", "pip install llamafactory && true"],
)  # fmt: skip
def test_nothing_is_said_where_nothing_is_started(script: str) -> None:
    assert codes(script) == []
    write(Path("run.sh"), script)
    done = invoke("check", "run.sh", "--output-format", "json")
    assert json.loads(done.out)["files"]["checked"] == 0


def test_a_folder_gives_its_scripts_and_a_setting_takes_them_out() -> None:
    write(Path("run.sh"), f"{RUN} --foo 1")
    write(Path("other.sh"), "echo nothing")
    done = invoke("check", ".", "--output-format", "json")
    assert [one["path"] for one in json.loads(done.out)["diagnostics"]] == ["run.sh"]
    write(Path("ftlint.toml"), "scripts = false\n")
    assert invoke("check", ".").status == 0
    assert codes(f"{RUN} --foo 1") == []


def test_an_unrelated_script_changes_no_verdict() -> None:
    write(Path("c.yaml"), YAML + "learnig_rate: 1.0e-4\n")
    alone = invoke("check", "c.yaml", "--output-format", "json").out
    write(Path("run.sh"), f"{RUN} --foo 1\nllamafactory-cli train other.yaml max_steps=5\n")
    assert invoke("check", "c.yaml", "--output-format", "json").out == alone


def test_a_script_that_breaks_off_is_read_as_far_as_the_shell_does() -> None:
    found = codes(f'{RUN} --foo 1\necho "never closed\n{RUN} --bar 2\n')
    assert found == ["FT101", "FT019"]


def test_steps_of_a_script_that_starts_nothing() -> None:
    write(Path("run.sh"), "echo llamafactory\n")
    done = invoke("steps", "run.sh")
    assert done.status == 2
    assert "starts no training" in done.err


def test_a_byte_order_mark_is_part_of_the_first_word() -> None:
    assert codes(f"\ufeff{RUN} --foo 1\n") == []
    assert codes(f"\ufeff#!/bin/bash\n{RUN} --foo 1\n") == ["FT101"]


def test_starts_of_which_none_can_be_read_are_said_not_to_be_judged(tmp_path: Path) -> None:
    """Not "Clean": nothing was looked at. In a folder such scripts are passed over."""
    script = tmp_path / "run.sh"
    script.write_text("llamafactory-cli train $1\nllamafactory-cli train nowhere.yaml\n", "utf-8")
    named = invoke(script, "--no-cache")
    assert (named.status, named.out) == (
        0,
        "No LLaMA Factory config found, 1 other file skipped.\n",
    )
    assert "every config that it starts is missing, or known only when the script runs" in named.err
    assert invoke(tmp_path, "--no-cache").err == ""


@pytest.mark.parametrize(
    ("word", "remedy"),
    [("logging_stesp=9", "did you mean `logging_steps`?"),
     ("logging_stesp=9 logging_steps=7", "`logging_steps` is already set over the file; keep one"),
     ("max_seq_length=9", "write `cutoff_len`")],
)  # fmt: skip
def test_a_misspelt_word_is_written_right_though_the_file_has_its_key(
    word: str, remedy: str
) -> None:
    write(Path("c.yaml"), YAML + "cutoff_len: 64\n")
    found = check(f"llamafactory-cli train c.yaml {word}\n")
    assert "FT101" in {one["code"] for one in found}
    assert any(remedy in one["message"] for one in found), found
