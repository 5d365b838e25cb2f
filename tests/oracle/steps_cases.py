"""Random training configs with random data, of which every count can be known beforehand."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

KINDS = ("json", "json", "jsonl", "csv", "parquet", "arrow", "lines.json", "folder", "txt")
FRACTIONS = (0.07, 0.1, 0.25, 0.3333, 0.5, 0.9)


class Case(NamedTuple):
    id: str
    release: str
    world: int
    config: dict[str, Any]
    undecided: tuple[str, ...] = ()
    """Why the file alone may leave counts open; without a reason every count must be exact."""


class Writer:
    """Writes datasets of a few rows into a folder, with the table that defines them."""

    def __init__(self, folder: Path, rng: Random) -> None:
        self.folder, self.rng = folder, rng
        self.info: dict[str, Any] = {}
        self.tables: list[dict[str, Any]] = []
        self.flawed: set[str] = set()
        """Datasets with rows that are dropped: a batch of nothing else has columns of no type."""
        (folder / "data").mkdir(parents=True, exist_ok=True)

    def finish(self) -> None:
        info, tables = json.dumps(self.info, indent=1), json.dumps(self.tables)
        (self.folder / "data" / "dataset_info.json").write_text(info, encoding="utf-8")
        (self.folder / "tables.json").write_text(tables, encoding="utf-8")

    def add(self, stage: str, streaming: bool, whole: bool = False) -> str:
        rng = self.rng
        name = f"d{len(self.info)}"
        count = rng.choice([1, 2, 3, 5, 8, 13, 20, 33, 50, 64, 77, 90])
        style = rng.choice(["alpaca", "alpaca", "sharegpt", "openai"]) if stage != "pt" else "pt"
        broken = 0.08 if rng.random() < 0.2 and not whole else 0.0
        rows = [self.row(stage, style, rng.random() < broken) for _ in range(count)]
        entry: dict[str, Any] = {"formatting": style} if style in ("sharegpt", "openai") else {}
        if stage in ("dpo", "rm"):
            entry["ranking"] = True
        columns = {
            "pt": {"prompt": "text"},
            "alpaca": {"prompt": "instruction", "query": "input", "response": "output"},
        }.get(style, {"messages": "messages"})
        if stage in ("dpo", "rm"):
            columns |= {"chosen": "chosen", "rejected": "rejected"}
        if stage == "kto":
            columns |= {"kto_tag": "label"}
        entry["columns"] = columns
        if style == "openai":
            entry["tags"] = {
                "role_tag": "role", "content_tag": "content", "user_tag": "user",
                "assistant_tag": "assistant", "observation_tag": "tool",
                "function_tag": "function", "system_tag": "system",
            }  # fmt: skip
        entry["file_name"] = self.write(name, rows, flat=style in ("alpaca", "pt"), stage=stage)
        if rng.random() < 0.15 and not streaming and all(self.kept(row, stage) for row in rows):
            entry["num_samples"] = rng.choice([3, 17, 60, 110])
        if rng.random() < 0.15 and all(self.kept(row, stage) for row in rows) and count > 8:
            entry["split"] = rng.choice(["train[:50%]", "train[3:]", "train[:33%]+train[-2:]"])
        self.info[name] = entry
        if not all(self.kept(row, stage) for row in rows):
            self.flawed.add(name)
        return name

    def words(self) -> str:
        return " ".join(f"w{self.rng.randrange(100)}" for _ in range(self.rng.randint(1, 7)))

    def row(self, stage: str, style: str, broken: bool) -> dict[str, Any]:
        if style == "pt":
            return {"text": self.words()}
        rng = self.rng
        if style == "alpaca":
            row: dict[str, Any] = {"instruction": self.words(), "input": ""}
            if stage in ("dpo", "rm"):
                return row | {"chosen": self.words(), "rejected": None if broken else self.words()}
            row["output"] = None if broken and stage != "kto" else self.words()
            if stage == "kto":
                row["label"] = None if broken else rng.random() < 0.5
            return row
        role, content = ("role", "content") if style == "openai" else ("from", "value")
        user, assistant = ("user", "assistant") if style == "openai" else ("human", "gpt")
        turns = 2 * rng.randint(1, 2) - (stage in ("dpo", "rm"))
        if broken and stage != "kto":  # a conversation without an answer ends a run of kto
            turns += 1
        roles = [(user, assistant)[turn % 2] for turn in range(turns)]
        if rng.random() < 0.2:
            roles.insert(0, "system")
        found: dict[str, Any] = {
            "messages": [{role: name, content: self.words()} for name in roles]
        }
        if stage in ("dpo", "rm"):
            for key in ("chosen", "rejected"):
                found[key] = {role: assistant, content: self.words()}
        if stage == "kto":
            found["label"] = rng.random() < 0.5
        return found

    @staticmethod
    def kept(row: dict[str, Any], stage: str) -> bool:
        """Return whether a row is made well, so that any sample of its like is kept."""
        if "messages" in row:
            roles = [message.get("role", message.get("from")) for message in row["messages"]]
            return (len(roles) - ("system" in roles)) % 2 == (stage in ("dpo", "rm"))
        return None not in row.values()

    def write(self, name: str, rows: list[dict[str, Any]], *, flat: bool, stage: str) -> str:
        rng, data = self.rng, self.folder / "data"
        kind = rng.choice(KINDS)
        if (kind == "csv" and (not flat or stage == "kto")) or (kind == "txt" and stage != "pt"):
            kind = "json"
        if kind == "folder":
            (data / name).mkdir(exist_ok=True)
            cut = rng.randint(0, len(rows) - 1)
            for number, part in enumerate((rows[:cut], rows[cut:])):
                if part:
                    self.one(data / name / f"{number}.json", "json", part)
            return name
        path = data / (f"{name}.{kind}" if "." not in kind else f"{name}.json")
        self.one(path, kind, rows)
        return path.name

    def one(self, path: Path, kind: str, rows: list[dict[str, Any]]) -> None:
        rng = self.rng
        if kind in ("parquet", "arrow"):
            columns = {key: [row.get(key) for row in rows] for key in rows[0]}
            self.tables.append(
                {"path": str(path), "columns": columns, "file_format": rng.random() < 0.5}
            )
        elif kind == "txt":
            ended = [row["text"] + rng.choice(["\n", "\n", "\r\n"]) for row in rows]
            ended[-1] = ended[-1].rstrip() if rng.random() < 0.5 else ended[-1]
            path.write_text("".join(ended), encoding="utf-8", newline="")
        elif kind == "csv":
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
        elif kind == "json":
            text = json.dumps(rows, indent=rng.choice([None, 2]), ensure_ascii=rng.random() < 0.5)
            path.write_text(text, encoding="utf-8")
        else:
            end = rng.choice(["\n", "\n", "\r\n", "\n\n"])
            lines = "".join(json.dumps(row) + end for row in rows)
            path.write_text(lines, encoding="utf-8", newline="")


def make(rng: Random, number: int, release: str, world: int, writer: Writer) -> Case:
    """Return a config that runs in a few seconds, or is refused for a reason that is foreseen."""
    stage = rng.choice(["sft"] * 7 + ["pt", "dpo", "kto", "rm"])
    streaming = rng.random() < 0.1 and (world == 1 or stage != "rm")
    names = [writer.add(stage, streaming) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
    config: dict[str, Any] = {
        "model_name_or_path": f"model-{release}", "stage": stage, "do_train": True,
        "finetuning_type": "full", "template": "empty", "use_cpu": True, "report_to": "none",
        "dataset_dir": "data", "cutoff_len": 64, "output_dir": f"out/{number}",
        "dataset": rng.choice([", ".join(names), ",".join(names), names]),
        "per_device_train_batch_size": rng.choice([1, 2, 3, 4, 5, 6, 6, 40]),
        "gradient_accumulation_steps": rng.choice([1, 1, 2, 3, 4, 7]),
        "per_device_eval_batch_size": rng.choice([3, 8, 64]), "learning_rate": 1e-4,
    }  # fmt: skip
    if rng.random() < 0.05:  # a name counts once, however often it is written
        config["dataset"] = ",".join([*names, names[0]])
    if rng.random() < 0.3 or (stage == "rm" and world > 1):
        config["finetuning_type"] = "lora"  # DDP cannot train a full reward model's unused head
    if stage == "dpo" and rng.random() < 0.7:
        config["pref_loss"] = "orpo"
    add_length(rng, config)
    if len(names) > 1 and rng.random() < 0.6:
        add_mixing(rng, config, len(names), release)
    if rng.random() < 0.2 and not streaming:
        config["max_samples"] = rng.choice([2, 7, 30, 1_000])
    add_batches(rng, config, world, release, streaming)
    if rng.random() < 0.15 and not streaming and writer.flawed.isdisjoint(names):
        config["preprocessing_num_workers"] = 2
        config["preprocessing_batch_size"] = 5
    if streaming:
        add_streaming(rng, config, world)
    add_packing(rng, config, release, streaming)
    add_events(rng, config, writer, stage, streaming, release)
    keep_runnable(config, stage)
    if rng.random() < 0.02 and stage == "sft":
        config |= {"stage": "ppo", "reward_model": f"model-{release}", "finetuning_type": "lora"}
    return Case(f"{number}", release, world, config, undecided(config, writer, names))


def keep_runnable(config: dict[str, Any], stage: str) -> None:
    """Take out what would run for long, or die where nothing is left to evaluate on."""
    if config.get("mix_strategy") == "interleave_over" and config.get("num_train_epochs", 3) > 1:
        config["num_train_epochs"] = 0.5  # long as it is
    rows_unknown = "eval_dataset" in config or config.get("packing", stage == "pt")
    if rows_unknown and (stage == "pt" or "metric_for_best_model" in config):
        config.pop("dataloader_drop_last", None)  # a batch to evaluate on must be left


def undecided(config: dict[str, Any], writer: Writer, names: list[str]) -> tuple[str, ...]:
    """Return what in a config makes counts depend on more than it and the number of rows."""
    possible = {
        "packing": config["stage"] in ("sft", "pt")
        and bool(config.get("packing", config["stage"] == "pt") or config.get("neat_packing")),
        "early stopping": "early_stopping_steps" in config,
        "save_strategy best": config.get("save_strategy") == "best",
        "rows that are dropped": not writer.flawed.isdisjoint(names),
        "streaming with several workers": config.get("streaming", False)
        and config["dataloader_num_workers"] > 1,
    }
    return tuple(reason for reason, given in possible.items() if given)


def add_length(rng: Random, config: dict[str, Any]) -> None:
    if rng.random() < 0.35:
        config["max_steps"] = rng.choice([1, 2, 5, 9, 14, 23, -1, -3, 0])
    if config.get("max_steps", -1) <= 0 or rng.random() < 0.3:
        config["num_train_epochs"] = rng.choice(
            [1, 1.0, 2, 3.0, 0.5, 1.1, 2.2, 2.5, 0.07, 0, round(rng.uniform(0.05, 3), 3)]
        )


def add_streaming(rng: Random, config: dict[str, Any], world: int) -> None:
    config |= {"streaming": True, "dataloader_num_workers": rng.choice([1, 1, 2, 3])}
    config["max_steps"] = rng.choice([1, 4, 9])
    config.pop("mix_strategy", None)
    config.pop("interleave_probs", None)
    if world > 1:  # batches of different length cannot be dealt out by one process
        config["accelerator_config"] = {"dispatch_batches": False}
    config["gradient_accumulation_steps"] = rng.choice([1, 1, 1, 2, 4])


def add_mixing(rng: Random, config: dict[str, Any], count: int, release: str) -> None:
    strategies = ["concat", *["interleave_under", "interleave_over"] * 3]
    odd = "interleave_once" if release == "0.9.5" else "interleave_ovr"  # refused; over, in 0.9.4
    config["mix_strategy"] = rng.choice([*strategies, odd])
    if config["mix_strategy"] != "concat" and rng.random() < 0.6:
        weights = [rng.randint(1, 9) for _ in range(count)]
        config["interleave_probs"] = ",".join(str(weight / sum(weights)) for weight in weights)
        config["seed"] = rng.choice([0, 1, 42, 123_456])


def add_batches(
    rng: Random, config: dict[str, Any], world: int, release: str, streaming: bool
) -> None:
    if rng.random() < 0.2:
        config["dataloader_drop_last"] = True
    if rng.random() < 0.1 and config["stage"] == "sft" and not streaming:
        if release == "0.9.5":
            orders = ["group_by_length", "group_by_length", "sequential"]
            config["train_sampling_strategy"] = rng.choice(orders)
        else:
            config["group_by_length"] = True
    elif rng.random() < 0.05:
        config["disable_shuffling"] = True
    if rng.random() < 0.1 and world > 1 and not streaming:
        config["per_device_train_batch_size"] = rng.choice([2, 4])
        config["accelerator_config"] = {"split_batches": True}
    if rng.random() < 0.1 and not streaming:
        config["dataloader_num_workers"] = 1


def add_packing(rng: Random, config: dict[str, Any], release: str, streaming: bool) -> None:
    if config["stage"] == "pt":
        chosen = rng.choice([False, False, False, None, True])
        if chosen is not None:
            config["packing"] = chosen
        if chosen is not False:
            config["cutoff_len"] = rng.choice([8, 16, 64])
    elif config["stage"] == "sft" and rng.random() < 0.06:
        neat = release == "0.9.5" and rng.random() < 0.5
        config["neat_packing" if neat else "packing"] = True
    elif rng.random() < 0.05:
        config["packing"] = config["stage"] != "sft"  # no effect elsewhere


def add_events(
    rng: Random, config: dict[str, Any], writer: Writer, stage: str, streaming: bool, release: str
) -> None:
    config["logging_strategy"] = rng.choice(["steps", "steps", "epoch", "no"])
    config["logging_steps"] = rng.choice([1, 2, 5, 10, 500, *FRACTIONS])
    config["logging_first_step"] = rng.random() < 0.3
    config["save_strategy"] = rng.choice(["no", "no", "steps", "epoch"])
    config["save_steps"] = rng.choice([0, 2, 3, 5, 500, *FRACTIONS])
    if rng.random() < 0.3:
        config["save_total_limit"] = rng.choice([1, 2, 3])
    if rng.random() < 0.4:
        if rng.random() < 0.6:
            config["val_size"] = rng.choice(
                [2, 3, 1, 5.7] if streaming else [*FRACTIONS, *FRACTIONS, 1, 2, 5.7, 1.0]
            )
        else:
            count = len(config.get("interleave_probs", "").split(","))  # one list serves both
            count = count if count > 1 else rng.choice([1, 1, 2])
            names = [writer.add(stage, streaming, whole=True) for _ in range(count)]
            if rng.random() < 0.08:
                names[-1] = "nowhere"  # no such dataset: it is loaded even if never evaluated
            config["eval_dataset"] = ",".join(names)
            config["eval_on_each_dataset"] = not streaming and rng.random() < 0.4
        config["eval_strategy"] = rng.choice(["no", "steps", "steps", "epoch"])
        if config["eval_strategy"] == "no":
            config["do_eval"] = rng.random() < 0.5
        config["eval_steps"] = rng.choice([None, 0, 2, 3, 7, *FRACTIONS])
        config["eval_delay"] = rng.choice([0, 0, 0, 1, 2, 1.5, 6])
        config["eval_on_start"] = config["eval_strategy"] != "no" and rng.random() < 0.2
        if config["eval_strategy"] != "no" and not config.get("eval_on_each_dataset"):
            add_best(rng, config)
    newer = release == "0.9.5"
    if rng.random() < 0.4:
        config["warmup_steps"] = rng.choice([0, 3, 7, 1_000] + ([0.1, 0.33, 1.0] if newer else []))
    if rng.random() < 0.3:
        config["warmup_ratio"] = rng.choice([0.0, 0.03, 0.1, 0.5, 1.0] + ([3] if newer else []))


def add_best(rng: Random, config: dict[str, Any]) -> None:
    """Sometimes keep the best model, or stop when it gets no better."""
    if rng.random() < 0.15:
        config["metric_for_best_model"] = "eval_loss"
        config["early_stopping_steps"] = rng.choice([1, 1, 2, 5])
        if rng.random() < 0.5:  # far too high a rate, so that some runs do stop
            config["learning_rate"] = 10.0
    if rng.random() < 0.1:
        config |= {"metric_for_best_model": "eval_loss", "save_strategy": "best"}
