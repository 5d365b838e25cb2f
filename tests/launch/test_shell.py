"""Words as a real bash hands them over: snippets of our own, run and read."""

# ruff: noqa: E501 - a script is a line
from __future__ import annotations

import shutil
import subprocess
import time

import pytest

from ftlint.launch.parser import parse
from ftlint.launch.scripts import read

BASH = shutil.which("bash")
PROLOGUE = "llamafactory-cli() { printf '%s\\0' @call \"$@\"; }\n"

SAME = [
    "llamafactory-cli train --a 1 \\\n  --b 2 \\\n  --c",
    "llamafactory-cli train a.yaml x=1 'y=a b' z=\"c d\"",
    "LR=1e-4\nllamafactory-cli train --lr $LR --x \"${LR}\" --y ${LR}0 '$LR'",
    "ARGS=\"--a 1   --b 2\"\nllamafactory-cli train $ARGS \"$ARGS\"",
    "A=(--a 1 --b \"x y\")\nA+=(--c)\nllamafactory-cli train \"${A[@]}\" ${A[1]} \"${#A[@]}\"",
    "declare -A M=([x]=1 [\"y z\"]=2)\nllamafactory-cli train ${M[x]} \"${M[y z]}\"",
    "llamafactory-cli train ${N:-5} ${N-6} \"${N:+x}\" a${N:-b c}d",
    ": ${OUT:=saves}\nllamafactory-cli train --output_dir $OUT",
    "for i in 1 2 3; do llamafactory-cli train --seed $i; done",
    "for i in {1..3} a{x,y}; do llamafactory-cli train --seed $i; done",
    "for d in \"a b\" c; do\n  llamafactory-cli train --d $d \"$d\"\ndone",
    "f() { local x=$1; shift; llamafactory-cli train --x $x \"$@\"; }\nf a b c\nf d",
    "if [ -z \"$UNSET_X\" ]; then X=1; else X=2; fi\nllamafactory-cli train $X",
    "X=2\nif [[ $X == 2 && -n $X ]]; then llamafactory-cli train a; else llamafactory-cli train b; fi",
    "case abc in a*) llamafactory-cli train a ;; *) llamafactory-cli train b ;; esac",
    "M=org/Model-7B\nllamafactory-cli train ${M##*/} ${M%/*} ${M%%-*} ${M#*/} ${M/B/C} ${M//o/0} ${M:4:5}",
    "M=Ab\nllamafactory-cli train ${M,,} ${M^^} ${#M}",
    "N=$((2 * 3 + 1))\nllamafactory-cli train $N $((N / 2)) $((-7 / 2)) $(( N > 3 ))",
    "llamafactory-cli train $(echo a b) \"$(echo a b)\" $(basename /x/y.yaml .yaml)",
    "M=a/b\nS=$(echo $M | sed 's|/|-|g')\nllamafactory-cli train $S $(echo a_b | tr _ -)",
    "CMD=\"llamafactory-cli train --a 1\"\n$CMD --b 2\neval $CMD --c \"'d e'\"",
    "eval \"llamafactory-cli train --x 'a b'\"",
    "bash -c 'echo no' ; (cd /; llamafactory-cli train x) && llamafactory-cli train y",
    "llamafactory-cli train a# '#' \\# # no\n# llamafactory-cli train no",
    "echo llamafactory-cli train no\ncat <<EOF\nllamafactory-cli train no\nEOF\nllamafactory-cli train yes",
    "cat <<'A' <<-B >/dev/null\n$x\nA\n\t$y\n\tB\nllamafactory-cli train yes",
    "llamafactory-cli train a \\ \nllamafactory-cli train \\ # b",
    "llamafactory-cli train a \\\n  # c \\\n\nllamafactory-cli train b",
    "llamafactory-cli train $'a\\tb\\'c' \"a\\\"b\\$c\\d\" a\\ b ''",
    "llamafactory-cli train '\"no\"' \"it's\" a'b'\"c\"",
    "set -- p q\nllamafactory-cli train $1 \"$2\" $# \"$@\" \"$*\"",
    "X=1; { X=2; }; (X=3); llamafactory-cli train $X",
    "X=; X=a | true\nllamafactory-cli train \"$X\"",
    "true && llamafactory-cli train a || llamafactory-cli train b\nfalse && llamafactory-cli train c",
    "read A B <<< 'x y'\nllamafactory-cli train $A $B",
    "i=0\nL=(a b c)\nllamafactory-cli train ${L[i]} ${L[$i+1]} ${L[0]} ${L[-1]} \"${L[*]}\"",
    "A=1 B=2\nexport A\nC=$A$B\nunset A\nllamafactory-cli train \"$A\" $C",
    "llamafactory-cli train --a=1 --b=\"x y\" --c='' \\\n--d",
    "size=4\\\n  llamafactory-cli train a",
    "function g { llamafactory-cli train \"$1\"; }; g \"a b\"; g",
    "while false; do llamafactory-cli train no; done; until true; do llamafactory-cli train no; done",
    "exit 0\nllamafactory-cli train no",
    "f() { return; llamafactory-cli train no; }; f; llamafactory-cli train yes",
    "for x in a b c; do [ $x = b ] && continue; llamafactory-cli train $x; done",
    "for x in a b c; do if [ $x = b ]; then break; fi; llamafactory-cli train $x; done",
    "llamafactory-cli train a;llamafactory-cli train b&\nwait",
    "X=\"a\n b\"\nllamafactory-cli train $X \"$X\"",
    "llamafactory-cli train --p <path>\nllamafactory-cli train after",
    "llamafactory-cli train \"open\necho never",
    "IFS=$'\\n\\t'\nA=\"--a 1\"\nB=(\"x y\")\nllamafactory-cli train $A ${B[@]}\nunset IFS\nllamafactory-cli train $A",
    "A=(--a 1 \"x y\")\nllamafactory-cli train ${A[@]} ${A[*]} \"${A[*]}\"",
    "A=(--a 1 \"x y\")\nllamafactory-cli train \"${A[@]:0:2}\" \"${A[@]:1}\" \"${A[@]:-z}\"",
    "f() { llamafactory-cli train $@ \"${@:2}\" \"${@:1:1}\"; }\nf a 'b c' d",
    "llamafactory-cli train {a,{b,c}} {x}{d,e} {a..c} {1..03} {,z} '{a,b}' \\{a,b\\}",
]  # fmt: skip


def handed(script: str, **variables: str) -> list[list[str]]:
    """Return what bash hands to the program."""
    done = subprocess.run(
        [str(BASH), "--norc", "--noprofile", "-c", PROLOGUE + script],
        capture_output=True, check=False, timeout=20, env={"PATH": "/usr/bin:/bin", **variables},
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    calls: list[list[str]] = []
    for word in done.stdout.decode().split("\0")[:-1]:
        if word.endswith("@call"):
            calls.append([])
        elif calls:
            calls[-1].append(word)
    return [one[1:] for one in calls if one[:1] == ["train"]]


@pytest.mark.skipif(BASH is None, reason="there is no bash")
@pytest.mark.parametrize("script", SAME)
def test_words_are_those_that_bash_hands_over(script: str) -> None:
    sure = [one for one in read(script, "run.sh") if one.sure]
    assert [[word.text for word in one.words] for one in sure] == handed(script)


def test_enough_of_them_start_something() -> None:
    assert sum(len(read(script, "run.sh")) for script in SAME) > 60


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("llamafactory-cli train --m $MODEL --x", ["--m", None, "--x"]),
        ("llamafactory-cli train --o saves/$NAME", ["--o", None]),
        ("X=$(date)\nllamafactory-cli train --x \"$X\"", ["--x", None]),
        ("if test -f x; then X=1; else X=2; fi\nllamafactory-cli train $X", [None]),
        ("if test -f x; then X=1; else X=1; fi\nllamafactory-cli train $X", ["1"]),
        ("X=1\nwhile some; do X=2; done\nllamafactory-cli train $X", [None]),
        ("A=(a)\nsome && A+=(b)\nllamafactory-cli train \"${A[@]}\"", ["a", "b"]),
        ("A=(a)\n[ -d x ] && A+=(b)\nllamafactory-cli train \"${A[@]}\"", ["a"]),
        ("llamafactory-cli train ~/x", [None]),
        ("llamafactory-cli train `echo a`", [None]),
        ("A=(a b)\nllamafactory-cli train \"${A[@]/a/c}\" d", [None, "d"]),
        ("A=(a b)\nunset 'A[0]'\nllamafactory-cli train \"${A[@]}\"", [None]),
        ("IFS=,\nX=a,b\nllamafactory-cli train $X", [None]),
        ("IFS=, read A B <<< 'a,b c'\nllamafactory-cli train $A", [None]),
        ("X=a\nllamafactory-cli train \"$X\"/{b,c}.yaml", [None]),
        ("llamafactory-cli train " + "{a,b}" * 40, [None]),
        ("A=0123456789\n" + "A=$A$A\n" * 40 + "llamafactory-cli train \"$A\"", [None]),
        ("A=(a b)\n" + "A+=(\"${A[@]}\")\n" * 40 + "llamafactory-cli train \"${A[@]}\"", [None]),
    ],
)  # fmt: skip
def test_what_only_the_run_can_tell_is_unknown(script: str, words: list[str | None]) -> None:
    (one,) = read(script, "run.sh")
    known = [word.text for word in one.words]
    assert known[: len(words)] == words
    assert one.whole == (len(known) == len(words))


@pytest.mark.parametrize(
    ("script", "assumed"),
    [
        ("llamafactory-cli train --n ${N:-5}", "`N` is `5`"),
        ("X=${1:-5}\nllamafactory-cli train --n $X", "the script is started without arguments"),
        ("[ -z \"$M\" ] && M=5\nllamafactory-cli train --n $M", "`M` is not set"),
        ("M=5\nwhile [ $# -gt 0 ]; do M=$1; shift; done\nllamafactory-cli train --n $M",
         "the script is started without arguments"),
    ],
)  # fmt: skip
def test_defaults_are_taken_and_said(script: str, assumed: str) -> None:
    (one,) = read(script, "run.sh")
    assert [word.text for word in one.words] == ["--n", "5"]
    assert assumed in one.assumed


ARRAY = """#!/bin/bash
#SBATCH --array={array}
R=(1e-4 2e-4 3e-4 4e-4 5e-4 6e-4 7e-4 8e-4)
if [ $SLURM_ARRAY_TASK_ID -gt 2 ]; then M=large; else M=small; fi
llamafactory-cli train --lr ${{R[$SLURM_ARRAY_TASK_ID]}} --m $M --port $((29500+SLURM_ARRAY_TASK_ID))
"""


@pytest.mark.skipif(BASH is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("array", "tasks"),
    [("0-3", "0123"), ("1,4-5%2", "145"), ("0-7:3", "036"), ("7   # the last", "7")],
)
def test_a_job_array_starts_once_for_each_of_its_tasks(array: str, tasks: str) -> None:
    script = ARRAY.format(array=array)
    made = [one for task in tasks for one in handed(script, SLURM_ARRAY_TASK_ID=task)]
    found = read(script, "run.sbatch")
    assert [[word.text for word in one.words] for one in found] == made
    assert len(made) == len(tasks)


@pytest.mark.parametrize("array", ["0-9999", "$N", "a-b"])
def test_tasks_that_are_not_told_apart_are_unknown(array: str) -> None:
    assert all(one.words[1].text is None for one in read(ARRAY.format(array=array), "run.sbatch"))


def test_a_job_array_whose_tasks_are_alike_starts_one_thing() -> None:
    script = ARRAY.partition("R=")[0].format(array="0-3") + "llamafactory-cli train c.yaml\n"
    assert len(read(script, "run.sbatch")) == 1


def test_arguments_of_the_script_may_add_flags() -> None:
    (one,) = read('llamafactory-cli train --stage sft "$@"', "run.sh")
    assert [word.text for word in one.words] == ["--stage", "sft"]
    assert one.unknown == ("what the script is started with may add arguments",)


def test_every_word_lies_where_it_is_written() -> None:
    script = 'LR=1e-4\nA=(--b "x y")\nC="--c 1"\nllamafactory-cli train --lr $LR "${A[@]}" $C\n'
    (one,) = read(script, "run.sh")
    shown = [script[word.start : word.end] for word in one.words]
    assert shown == ["--lr", "$LR", "--b", '"x y"', "--c", "1"]
    assert script[one.start : one.end] == 'llamafactory-cli train --lr $LR "${A[@]}" $C'


def test_texts_within_texts_lie_in_the_script() -> None:
    script = "bash <<'E'\nssh host 'llamafactory-cli train --x 1'\nE\n"
    (one,) = read(script, "run.sh")
    assert [script[word.start : word.end] for word in one.words] == ["--x", "1"]


@pytest.mark.parametrize("script", ["", "\0", "$(" * 500, "{" * 500, "`", "((", "${", "<<A", "if",
                                    "case", "f(", "a=(", "[[", "for", "for x in", "\\",
                                    "echo " + "${A:-" * 3000 + "}" * 3000])  # fmt: skip
def test_nothing_makes_it_fail(script: str) -> None:
    parse(script)
    for one in read(f"{script}\nllamafactory-cli train x", "run.sh"):
        assert one.command == "train"


def test_a_loop_without_end_ends() -> None:
    assert len(read("f() { f; f; }\nllamafactory-cli train x\nf", "run.sh")) == 1
    script = "for a in {1..60}; do for b in {1..60}; do for c in {1..60}; do x=$c; done; done; done"
    assert read(script, "run.sh") == ()


@pytest.mark.parametrize("start", ["torchrun $ARGS src/train.py", "accelerate launch $ARGS src/train.py",
                                   "deepspeed $ARGS src/train.py"])  # fmt: skip
def test_options_that_are_not_known_may_say_how_many_processes(start: str) -> None:
    (one,) = read(f"{start} c.yaml", "run.sh")
    assert (one.gpus, one.nodes) == (None, None)
    (one,) = read(f"ARGS='--master_port 1'\n{start} c.yaml", "run.sh")
    assert one.nodes == 1


@pytest.mark.parametrize(
    "script",
    [
        "A=\n" + 'A="$A --x 1"\n' * 10_000,
        "".join(f"export V{count}=1\n" for count in range(3000)) + "lmf train c.yaml\n" * 1000,
        "".join(f"if [ $X{count} ]; then V{count}=1; fi\n" for count in range(5000)),
    ],
)
def test_what_grows_with_every_command_is_not_followed_for_long(script: str) -> None:
    begun = time.process_time()
    assert len(read(script, "run.sh")) < 100
    assert time.process_time() - begun < 2
