"""Fleets without a cluster: what is sent and what not, keys of jobs, the store, the table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from tests.bench.made import result, step

from ftbench.cli.fleet import command
from ftbench.fleet import bundle, worker
from ftbench.fleet.cluster import SAID, _end_of
from ftbench.fleet.jobs import JobSettings, Store, jobs_of
from ftbench.report import fleet

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """\
model_name_or_path: meta-llama/Llama-3.1-8B
stage: sft
do_train: true
finetuning_type: lora
dataset: faq,web
template: llama3
output_dir: saves/run
per_device_train_batch_size: 2
"""
SETTINGS = JobSettings(30, 1)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config, the file of one of its datasets, and files that nobody names."""
    data = tmp_path / "data"
    data.mkdir()
    rows = [{"instruction": f"q{one}", "output": "a"} for one in range(20)]
    for name in ("faq.json", "secret.json"):
        (data / name).write_text(json.dumps(rows if name == "faq.json" else []), encoding="utf-8")
    (data / "dataset_info.json").write_text(json.dumps({
        "faq": {"file_name": "faq.json"}, "secret": {"file_name": "secret.json"},
        "web": {"hf_hub_url": "somebody/web"}, "up": {"file_name": "../../up.json"},
    }), encoding="utf-8")  # fmt: skip
    (tmp_path / "run.yaml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_only_what_is_named_is_sent(here: Path) -> None:
    made = bundle.of_config("run.yaml", 1)
    assert [one.place for one in made.files] == [
        "config.yaml", "data/dataset_info.json", "data/faq.json"
    ]  # fmt: skip
    table = json.loads(made.files[1].read())
    assert set(table) == {"faq", "web"}
    assert made.elsewhere == ("dataset web: each node reads somebody/web itself",)
    assert bundle.without_data(made).files == made.files[:1]


def test_nothing_outside_is_sent(here: Path) -> None:
    (here.parent / "up.json").write_text("[]", encoding="utf-8")
    (here / "data" / "link.json").symlink_to(here.parent / "up.json")
    (here / "run.yaml").write_text(CONFIG.replace("faq,web", "up"), encoding="utf-8")
    made = bundle.of_config("run.yaml", 1)
    assert [one.place for one in made.files] == ["config.yaml"]
    assert "outside" in made.elsewhere[0]


def test_no_more_than_the_limit_is_sent(here: Path) -> None:
    made = bundle.of_config("run.yaml", 1)
    total = sum(one.size for one in made.files)
    assert bundle.within([made, made], total) == total  # the same file is sent once
    with pytest.raises(bundle.TooLarge, match=r"faq\.json"):
        bundle.within([made], total - 1)
    (here / "data" / "faq.json").write_text("[" + " " * 1_100_000 + "]", encoding="utf-8")
    told = call("--gpu", "H100", "--dry-run", "--send-limit", "1")
    assert told.exit_code == 2
    assert "--send-limit is 1 MB" in told.stderr


def call(*options: str) -> Any:
    return CliRunner().invoke(command, ["run.yaml", "--ray", "head", *options])


def test_a_dry_run_shows_jobs_and_files(here: Path) -> None:
    done = call("--gpu", "H100", "--gpu", "A100-40G", "--dry-run", "--steps", "7")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert [line.split("  ", 2)[-1] for line in lines[:2]] == [
        f"run.yaml on {kind}, 1 GPU, 7 steps" for kind in ("H100", "A100-40G")
    ]
    assert sum(line.startswith("send ") for line in lines) == 3
    assert lines[-1].startswith("2 jobs; 3 files, ")
    assert not (here / "fleet").exists()


def test_a_dry_run_needs_no_cluster(here: Path) -> None:
    def bare(*options: str) -> Any:
        return CliRunner().invoke(command, ["run.yaml", *options])

    done = bare("--dry-run")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == "job   run.yaml on each kind of GPU of the cluster"
    assert sum(line.startswith("send ") for line in lines) == 3
    assert lines[-1].startswith("1 job a config and kind of GPU; 3 files, ")
    assert "run.yaml on L4, 1 GPU, 30 steps" in bare("--dry-run", "--gpu", "L4").stdout
    refused = bare()
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "--ray ADDRESS says on which cluster to run" in refused.stderr


def test_without_ray_it_is_one_line(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    done = call()
    assert done.exit_code == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "pip install 'ftlint[fleet]'" in done.stderr


@pytest.mark.parametrize("price", ["H100", "H100=", "=2", "H100=-1", "H100=nan", "H100=x"])
def test_a_price_that_is_none(here: Path, price: str) -> None:
    done = call("--price", price, "--dry-run", "--gpu", "H100")
    assert done.exit_code == 2
    assert "KIND=PRICE" in done.stderr


def test_jobs_of_the_same_work_are_one(here: Path) -> None:
    made = bundle.of_config("run.yaml", 1)
    (here / "copy.yaml").write_text(CONFIG, encoding="utf-8")
    copy = bundle.of_config("copy.yaml", 1)
    assert len(jobs_of([made, copy], ["H100", "L4", "H100"], SETTINGS)) == 2
    key = jobs_of([made], ["H100"], SETTINGS)[0].key
    for changed in (SETTINGS._replace(steps=31), SETTINGS._replace(model="tiny")):
        assert jobs_of([made], ["H100"], changed)[0].key != key
    assert jobs_of([made], ["H100"], SETTINGS._replace(time_limit=9.0))[0].key == key
    (here / "data" / "faq.json").write_text("[]", encoding="utf-8")
    assert jobs_of([bundle.of_config("run.yaml", 1)], ["H100"], SETTINGS)[0].key != key


def test_a_job_has_one_record(here: Path) -> None:
    (job,) = jobs_of([bundle.of_config("run.yaml", 1)], ["A100/40 G"], SETTINGS)
    store = Store(here / "kept")
    assert store.found(job) is None
    for seconds in (1.0, 2.0):
        store.add(job, result([step(seconds, [(2, 64)])] * 9))
    (path,) = (here / "kept").iterdir()
    assert path.name == f"run-A100_40_G-{job.key}.json"
    found = store.found(job)
    assert found is not None
    assert found["steps"][0]["seconds"] == 2.0
    path.write_text("{", encoding="utf-8")
    assert store.found(job) is None  # half a record is none


def test_the_table_has_a_row_a_job(here: Path) -> None:
    made = bundle.of_config("run.yaml", 1)
    one, other = jobs_of([made._replace(steps=1800)], ["H100", "L4"], SETTINGS)
    done = result([step(2.0, [(2, 64)])] * 30)
    rows = [fleet.Row(one, done), fleet.Row(other, None, "crash: no")]
    table = list(fleet.table(rows, {"H100": 3.0}))
    assert table[1].split() == ["run.yaml", "H100", "2", "s", "64", "35.0", "GB", "1", "h", "3.00"]
    assert table[2].split() == ["run.yaml", "L4", "failed", *"––––"]
    assert table[3] == "! run.yaml on L4: crash: no"
    assert "cost" not in next(fleet.table(rows, {}))


def test_a_place_outside_of_the_run_is_refused(here: Path) -> None:
    order = worker.Order("run.yaml", (), SETTINGS)
    for place in ("../x", "/etc/x", "data/../../x"):
        with pytest.raises(worker.CannotRun, match="no place"):
            worker.work(order, {place: b""})
    assert not (here / "x").exists()


def test_of_a_long_answer_the_end_is_shown() -> None:
    """It may be a traceback: what went wrong stands in its last line."""
    assert _end_of("nobody is there") == "nobody is there"
    assert _end_of("x" * 1000) == "… " + "x" * SAID
    found = _end_of("Traceback " + "line of a file " * 50 + "RuntimeError: no port")
    assert found.startswith("… ")
    assert found.endswith("file RuntimeError: no port")
    assert SAID / 2 < len(found) <= SAID + 2
    assert set(found.split()[1:-3]) == {"line", "of", "a", "file"}
