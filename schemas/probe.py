"""Measures which kinds of value a key is really accepted with, in the real parser and trainer.

    python -m schemas.probe parse 0.9.3 0.9.4 0.9.5    arguments only: some minutes a release
    python -m schemas.probe train 0.9.5 [--keys K…]    a few steps on a tiny model as well

writes ftschemas/observed/RELEASE.json, one key a line:

    "lora_rank": {"live": true, "base": "lora", "ok": ["int"], "refused": ["null"],
                  "crashes": {"int_text": "model: TypeError"}}

Every key that `train` accepts is changed alone in a config that trains, to one value of each kind
(`tests/oracle/meant.py`): null, true, false, int, whole_float (8.0), float (0.5), int_text ("16"),
float_text ("0.5"), text (the text that the key is for), word ("banana"), true_text, false_text,
empty_text, list, mapping. `refused`: while arguments are parsed. `crashes`: later, with the place
and the error. `unsettled`: not to be told here, for want of a package, the network or a device, or
because what the key is for is refused in the same words.
`live`: the value was looked at after parsing, in a run that trained and where it can matter; where
that is false, only parsing was observed, and `ok` means no more than that.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.oracle import bases, environments, meant
from tests.oracle.client import Case, Judge, Trainer

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).resolve().parent / "ftschemas"
STEPS = 12
"""More than an epoch of any base, so that what happens at its end is seen too."""


def keys_of(release: str) -> dict[str, dict[str, Any]]:
    """Schema of every key that `train` accepts under a release and the transformers beside it."""
    own = json.loads((DATA / "llamafactory" / f"{release}.json").read_text("utf-8"))
    minor = environments.RELEASES[release].transformers.rpartition(".")[0]
    training = json.loads((DATA / "transformers" / f"{minor}.json").read_text("utf-8"))
    groups = own["x-commands"]["train"]
    found = {**training["properties"], **own["properties"]}
    for key, schema in own["properties"].items():
        if schema["x-group"] not in groups:
            found.pop(key)
            if key in training["properties"]:
                found[key] = training["properties"][key]
    return found


def config_of(key: str, release: str, keys: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Name and content of the config in which a key is changed."""
    name = meant.BASE_OF.get(key, "lora")
    if key == "length_column_name":
        name = "length" if "train_sampling_strategy" in keys else "group_by_length"
    if not bases.trains(name, release, keys):
        name = "lora"
    return name, {**bases.base(name), **meant.BESIDE.get(key, {})}


def parse(release: str, keys: dict[str, dict[str, Any]], only: list[str]) -> dict[str, Any]:
    """What the parser says of every kind of every key."""
    found: dict[str, Any] = {}
    with Trainer(release) as trainer:
        folder = trainer.fixture
    with Judge(release) as judge:
        for key in only:
            name, config = config_of(key, release, keys)
            values = meant.values(key, keys[key])
            values["meant"] = meant.meant(key, keys[key])
            *verdicts, plain = judge.each(
                Case(kind, config={**config, key: value}, cwd=str(folder))
                for kind, value in values.items()
            )
            record: dict[str, Any] = {"live": False, "base": name, "ok": [], "refused": []}
            for verdict in verdicts:
                # A refusal that also meets what the key is for says nothing about the kind.
                same = verdict.refused and verdict.error == plain.error
                if key in verdict.set_aside or verdict.verdict == "undecided" or same:
                    record.setdefault("unsettled", []).append(verdict.id)
                else:
                    record["refused" if verdict.refused else "ok"].append(verdict.id)
            found[key] = {**record, "crashes": {}}
    return found


def train(
    release: str, keys: dict[str, dict[str, Any]], records: dict[str, Any], only: list[str]
) -> Iterator[None]:
    """Train what the parser accepted, and note in the records what became of it, key by key."""
    with Trainer(release) as trainer:
        for key in only:
            record = records[key]
            _, config = config_of(key, release, keys)
            values = meant.values(key, keys[key])
            plain = meant.meant(key, keys[key])
            first = trainer.train({**config, key: plain}, key, STEPS, trace=True)
            looked_at = key in (*first.read, *meant.HANDED_ON) and key not in meant.IDLE
            if first.outcome != "trained" or not looked_at:
                reason = first.error[:200] if first.error else "never looked at"
                print(f"{release} {key}: {reason}", file=sys.stderr, flush=True)
                continue
            accepted, record["ok"] = record["ok"], []
            for kind in accepted:
                outcome = trainer.train({**config, key: values[kind]}, f"{key} {kind}", STEPS)
                if outcome.outcome == "trained":
                    record["ok"].append(kind)
                elif outcome.outcome == "refused" or outcome.environmental:
                    record.setdefault("unsettled", []).append(kind)
                else:
                    record["crashes"][kind] = f"{outcome.where}: {outcome.error_type}"
            record["live"] = True
            yield


SIZES = frozenset(
    """cutoff_len max_new_tokens max_steps eval_steps save_steps output_dir optim
    lr_scheduler_kwargs per_device_train_batch_size per_device_eval_batch_size
    dataloader_num_workers ref_model metric_for_best_model reward_model
    reward_model_type""".split()
)
"""What a base sets for its own convenience: no way of training is told by it."""


def switches(name: str) -> dict[str, Any]:
    """What makes a config one of this base: key -> value, None for any, 2 for two datasets."""
    found: dict[str, Any] = {}
    for key, value in bases.BASES[name].items():
        if key == "dataset":
            if "," in value:
                found[key] = 2
        elif key not in SIZES:
            free = isinstance(value, (int, float)) and not isinstance(value, bool)
            named = key in ("eval_dataset", "adapter_name_or_path", "resume_from_checkpoint")
            found[key] = None if free or named or key == "add_tokens" else value
    return found


def path_of(release: str) -> Path:
    """The file of a release's observations."""
    return DATA / "observed" / f"{release}.json"


def write(release: str, records: dict[str, Any]) -> None:
    """Write the file of a release, one key a line."""
    lines = []
    for key, record in records.items():
        beside = {name: value for name, value in meant.BESIDE.get(key, {}).items() if not value}
        record |= {"beside": beside} if beside else {}
        lines.append(f"    {json.dumps(key)}: {json.dumps(record)}")
    head = {
        "llamafactory": release,
        "transformers": environments.RELEASES[release].transformers,
        "bases": {name: switches(name) for name in bases.BASES},
    }
    text = json.dumps(head, indent=2)[:-2] + ',\n  "keys": {\n' + ",\n".join(lines) + "\n  }\n}\n"
    path_of(release).parent.mkdir(exist_ok=True)
    path_of(release).write_text(text, "utf-8")


def main(argv: list[str] | None = None) -> None:
    """Probe the releases named on the command line."""
    parser = argparse.ArgumentParser(description="Measure which kinds of value keys accept.")
    parser.add_argument("phase", choices=["parse", "train"])
    parser.add_argument("release", nargs="+", choices=list(environments.RELEASES))
    parser.add_argument("--keys", nargs="+", help="only these; the others stay as they are")
    options = parser.parse_args(argv)
    for release in options.release:
        keys = keys_of(release)
        only = options.keys or list(keys)
        records: dict[str, Any] = {}
        if options.keys:
            records = json.loads(path_of(release).read_text("utf-8"))["keys"]
        with Trainer(release):  # builds the files that values name
            pass
        records.update(parse(release, keys, only))
        write(release, {key: records[key] for key in keys})
        if options.phase == "train":
            for _ in train(release, keys, records, only):
                write(release, {key: records[key] for key in keys})


if __name__ == "__main__":
    main()
