"""Hostile inputs as data: what is sent in and how ftlint ends on it.

`test_inputs.py` sends each to a process of its own; docs/reliability.md shows this very table.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from ftlint.support.limits import DEFAULT
from tests.cli.calls import HEAD, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TRAINS = HEAD + "do_train: true\noutput_dir: o\n"
FILE = "c.yaml"


class Hostile(NamedTuple):
    """One input. `made` is the text of `c.yaml`, or writes what it likes into a folder."""

    name: str
    made: str | bytes | Callable[[Path], object]
    codes: tuple[str, ...] = ()
    """Every finding, each code once, in the order of codes."""
    status: int = 1
    said: str = ""
    """A part of what is printed, where no finding tells."""
    arguments: tuple[str, ...] = ("--output-format", "concise", ".")
    policy: str = ""
    settings: str = ""

    def write(self, folder: Path) -> None:
        """Put the input into a folder."""
        if callable(self.made):
            self.made(folder)
        else:
            write(folder / FILE, self.made)
        if self.policy:
            write(folder / "p.yaml", self.policy)
        if self.settings or self.policy:
            write(folder / "ftlint.toml", self.settings or "policies = ['p.yaml']\n")


def aliases(levels: int, width: int) -> str:
    lines = ["x:", f"  b0: &b0 [{', '.join(['x'] * width)}]"]
    lines += [f"  b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


def merges(levels: int, width: int) -> str:
    lines = ["x:", "  m0: &m0 {x: 1}"]
    lines += [f"  m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * width)}]}}"
              for n in range(1, levels)]  # fmt: skip
    return "\n".join(lines) + "\n"


def chain(length: int) -> str:
    lines = ["x:", "  c0: &c0 {x: 1}"]
    lines += [f"  c{n}: &c{n} [*c{n - 1}]" for n in range(1, length)]
    return "\n".join(lines) + "\n"


def outside(folder: Path) -> None:
    write(folder.parent / "outside.json", '[{"instruction": "secret", "output": "x"}]')
    info = '{"d": {"file_name": "../../outside.json"}}'
    write(folder / "data" / "dataset_info.json", info)
    write(folder / FILE, TRAINS + "dataset: d\ndataset_dir: data\n")


def outside_by_link(folder: Path) -> None:
    write(folder.parent / "outside.json", '[{"instruction": "secret", "output": "x"}]')
    write(folder / "data" / "dataset_info.json", '{"d": {"file_name": "in.json"}}')
    (folder / "data" / "in.json").symlink_to(folder.parent / "outside.json")
    write(folder / FILE, TRAINS + "dataset: d\ndataset_dir: data\n")


def fifo(folder: Path) -> None:
    os.mkfifo(folder / FILE)


def device(folder: Path) -> None:
    (folder / FILE).symlink_to("/dev/zero")


def circle(folder: Path) -> None:
    (folder / "a.yaml").symlink_to("b.yaml")
    (folder / "b.yaml").symlink_to("a.yaml")
    (folder / "sub").mkdir()
    (folder / "sub" / "up").symlink_to("..")
    write(folder / "sub" / FILE, HEAD)


def fifo_of_data(folder: Path) -> None:
    (folder / "data").mkdir()
    os.mkfifo(folder / "data" / "dataset_info.json")
    write(folder / FILE, TRAINS + "dataset: d\ndataset_dir: data\n")


def forged_name(folder: Path) -> None:
    write(folder / "x\n::error::forged\r\x1b[31m%0A.yaml", HEAD + "foo: 1\n")


def many_files(folder: Path) -> None:
    for number in range(5):
        write(folder / f"{number}.yaml", HEAD)


CATASTROPHE = """
code: ACME001
name: slow
summary: never ends
severity: error
message: "slow"
when: {config: {run_name: {type: string, pattern: '^(a+)+$'}}}
why: to test
bad: "x: 1"
good: "x: 1"
"""
GITHUB = ("--output-format", "github", ".")
NAMED = ("--output-format", "concise", FILE)

INPUTS = (
    Hostile("aliases that expand to 9⁹ values", HEAD + aliases(9, 9), ("FT012",)),
    Hostile("merge keys that expand without end", HEAD + merges(28, 9), ("FT012",)),
    Hostile("a chain of 3,000 aliases", HEAD + chain(3000), ("FT905",)),
    Hostile("a mapping that holds itself", HEAD + "x: &x {a: *x}\n", ("FT001",)),
    Hostile("5,000 lists inside one another", HEAD + "x: " + "[" * 5000, ("FT905",)),
    Hostile("a JSON file of 5,000 lists inside one another",
            lambda folder: write(folder / "c.json", '{"stage": "sft", "template": "qwen", '
                                 '"model_name_or_path": "m", "x": ' + "[" * 5000), ("FT905",)),
    Hostile("a value of 300,000 letters", HEAD + f"run_name: {'x' * 300_000}\n", ("FT905",)),
    Hostile("a number of 60,000 digits", HEAD + f"seed: {'9' * 60_000}\n", ("FT012", "FT105")),
    Hostile("a file of more than a MiB", HEAD + "# " + "x" * DEFAULT.bytes, ("FT905",)),
    Hostile("30,000 values", HEAD + f"x: [{'1,' * 30_000}]\n", ("FT905",)),
    Hostile("6,000 keys in a mapping", HEAD + "x:\n" + "".join(f"  k{n}: 1\n" for n in range(6000)),
            ("FT905",)),
    Hostile("more files than the limit", many_files, ("FT908",),
            arguments=("--limit", "files=4", "--output-format", "concise", ".")),
    Hostile("a policy whose pattern never ends", HEAD + f"run_name: {'a' * 60}b\n", ("FT907",),
            policy=CATASTROPHE, settings="policies = ['p.yaml']\n[limits]\nseconds = 1\n"),
    Hostile("a NUL", HEAD.encode() + b"a: \x00\n", ("FT011",)),
    Hostile("bytes that are no UTF-8", HEAD.encode() + b"a: caf\xe9\n", ("FT011",)),
    Hostile("UTF-16", HEAD.encode("utf-16"), ("FT011",)),
    Hostile("an escape sequence of a terminal", HEAD.encode() + b"a: \x1b[31m\n", ("FT011",)),
    Hostile("escape sequences in keys and values", HEAD + '"f\\e[31m": "\\e]0;x\\a"\n',
            ("FT101",), said="f\\x1b[31m"),
    Hostile("text that reorders what is read", HEAD + '"a\u202eb": 1\n', ("FT101",),
            said="a\\u202eb"),
    Hostile("newlines that forge a workflow command", HEAD + '"a\\n::error::b": 1\n', ("FT101",),
            arguments=GITHUB, said="::error file="),
    Hostile("a file name that forges a workflow command", forged_name, ("FT101",),
            arguments=GITHUB, said="::error file="),
    Hostile("markup in keys and values, as JSON",
            HEAD + "\"</script><svg onload=x>\": ']]>'\n", ("FT101",),
            arguments=("--output-format", "json", ".")),
    Hostile("a tag that makes an object",
            HEAD + "x: !!python/object/apply:os.system ['touch made']\n", ("FT012", "FT101")),
    Hostile("a policy with such a tag", HEAD, status=2, said="unknown tag",
            policy="code: !!python/object/apply:os.system ['touch made']\n"),
    Hostile("links in a circle, files and folders", circle, status=0, said="Clean: 1 config",
            arguments=(".",)),
    Hostile("a link to a device, found", device, status=0, said="No LLaMA Factory config",
            arguments=(".",)),
    Hostile("a link to a device, named", device, status=2, said="not a regular file",
            arguments=NAMED),
    Hostile("a FIFO, found", fifo, status=0, said="No LLaMA Factory config",
            arguments=(".",)),
    Hostile("a FIFO, named", fifo, status=2, said="not a regular file", arguments=NAMED),
    Hostile("a FIFO in the place of dataset_info.json", fifo_of_data, status=0,
            codes=("FT640",), said="1 config", arguments=(".",)),
    Hostile("a data file outside of dataset_dir, by dots", outside, status=0, said="outside",
            arguments=("steps", FILE)),
    Hostile("a data file outside of dataset_dir, by a link", outside_by_link, status=0,
            said="outside", arguments=("steps", FILE)),
    Hostile("a policy of merge keys without end", HEAD, status=2, said="expansion",
            policy=merges(28, 9)),
    Hostile("a policy of 5,000 lists inside one another", HEAD, status=2, said="levels",
            policy="[" * 5000),
    Hostile("a policy of half a MiB", HEAD, status=2, said="too large", policy="a" * (1 << 19)),
    Hostile("settings of 200,000 lists inside one another", HEAD, status=2, said="ftlint.toml",
            settings="a = " + "[" * 200_000),
    Hostile("a setting with a key of 100,000 parts", HEAD, status=2, said="ftlint.toml",
            settings=".".join(["a"] * 100_000) + " = 1"),
    Hostile("a pyproject.toml of more than a MiB",
            lambda folder: (write(folder / FILE, HEAD), write(folder / "pyproject.toml",
                            "[tool.ftlint]\nx = '" + "a" * (1 << 20) + "'")), status=2,
            said="pyproject.toml"),
)  # fmt: skip

ELSEWHERE = (
    ("data files outside, by dots, links and absolute paths", "never opened",
     "tests/hostile/test_disk.py::test_no_data_file_outside_is_read"),
    ("DeepSpeed configs outside", "never opened",
     "tests/hostile/test_disk.py::test_no_deepspeed_config_outside_is_read"),
    ("a fix through a link that leads out of the project", "nothing written",
     "tests/fixes/test_write.py::test_a_link_out_of_the_project_is_not_followed"),
    ("a file that vanishes before it is read", "status 2: no such file",
     "tests/cli/test_options.py::test_a_file_that_vanishes_meanwhile_is_told"),
    ("a file that changes before its fix is written", "not overwritten, told",
     "tests/fixes/test_write.py::test_a_file_that_changed_is_not_overwritten"),
    ("a data file that grows between two runs with a cache", "judged anew",
     "tests/test_kept.py::test_a_dataset_that_grows_changes_the_verdict"),
    ("files and folders that may not be read", "status 2, the others linted",
     "tests/hostile/test_disk.py::test_what_may_not_be_read_is_told_and_the_rest_linted"),
    ("no home, or one that is no folder", "nothing kept, no message",
     "tests/hostile/test_disk.py::test_without_a_home_nothing_is_kept_anywhere"),
    ("a cache folder that cannot be written", "nothing kept, no message",
     "tests/hostile/test_disk.py::test_a_cache_that_cannot_be_written_is_no_error"),
    ("a disk that cannot be written: lint, --fix, --output-file", "findings; status 2 in one line",
     "tests/hostile/test_disk.py::test_a_disk_that_cannot_be_written_is_told_in_one_line"),
    ("a full disk, for output", "status 2: No space left on device",
     "tests/cli/test_process.py::test_a_full_disk_is_one_line"),
    ("a full disk, for a fix", "the old file stays",
     "tests/fixes/test_write.py::test_a_disk_with_any_room_left_holds_the_old_file_or_the_new_one"),
    ("a kill at any moment of a fix", "the old file or the new one",
     "tests/fixes/test_write.py::test_killed_at_any_moment_it_leaves_the_old_file_or_the_new_one"),
    ("a pipe whose reader has gone", "the status it would have had",
     "tests/cli/test_process.py::test_a_reader_that_has_gone_is_no_error"),
    ("closed standard output", "the status it would have had",
     "tests/cli/test_process.py::test_a_closed_standard_output_leaves_the_status"),
    ("standard input without end", "FT905, or no config",
     "tests/cli/test_process.py::test_endless_standard_input_is_read_no_further_than_a_file"),
    ("Ctrl-C", "status 130: interrupted",
     "tests/cli/test_process.py::test_an_interrupted_run_says_so"),
    ("Ctrl-C amid many files and processes", "status 130, no process left",
     "tests/hostile/test_inputs.py::"
     "test_an_interrupted_run_over_many_files_ends_with_all_its_processes"),
    ("names and values on a terminal", "escaped",
     "tests/cli/test_process.py::test_hostile_names_and_values_reach_a_terminal_harmless"),
    ("markup in a result that the HTML report shows", "shown as text",
     "tests/bench/test_report.py::test_text_of_a_result_is_text"),
    ("anything that would open a socket or start a program", "nothing does",
     "tests/hostile/test_disk.py::test_nothing_opens_a_socket"),
)  # fmt: skip
"""What needs more than an input: its name, how it ends, and the test."""
