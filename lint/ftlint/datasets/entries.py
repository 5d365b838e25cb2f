"""Dataset definitions: dataset_info.json in every form that LLaMA Factory reads.

Source: LLaMA Factory `data/parser.py` (0.9.3 to 0.9.5).
"""

from __future__ import annotations

import os.path

from ftlint.support.disk import ReadFailure
from ftlint.support.lfs import is_pointer
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ftlint.support.disk import Disk

INFO = "dataset_info.json"
ALPACA, SHAREGPT, OPENAI = "alpaca", "sharegpt", "openai"
FILE, SCRIPT, CLOUD = "file", "script", "cloud_file"
HF_HUB, MS_HUB, OM_HUB = "hf_hub", "ms_hub", "om_hub"
MOST = 64 << 20
"""Bytes of a table; it would take minutes to read more, and gigabytes to hold it."""
HUBS = {HF_HUB: "Hugging Face", MS_HUB: "ModelScope", OM_HUB: "Modelers"}


class Columns(NamedTuple):
    """Column names; null means that the column is not read."""

    prompt: str | None = "instruction"
    query: str | None = "input"
    response: str | None = "output"
    history: str | None = None
    messages: str | None = "conversations"
    system: str | None = None
    tools: str | None = None
    images: str | None = None
    videos: str | None = None
    audios: str | None = None
    chosen: str | None = None
    rejected: str | None = None
    kto_tag: str | None = None


class Tags(NamedTuple):
    """Names of roles and fields within a message; null ones stay null."""

    role_tag: str | None = "from"
    content_tag: str | None = "value"
    user_tag: str | None = "human"
    assistant_tag: str | None = "gpt"
    observation_tag: str | None = "observation"
    function_tag: str | None = "function_call"
    system_tag: str | None = "system"


class DatasetEntry(NamedTuple):
    """One dataset as LLaMA Factory would read it. Values of a wrong type are kept as they are."""

    name: str
    load_from: str  # FILE, SCRIPT, CLOUD or one of HUBS
    location: object  # file name, repository or address
    formatting: object = ALPACA
    ranking: object = False
    split: object = "train"
    num_samples: object = None
    columns: Columns = Columns()
    tags: Tags = Tags()


class Info(NamedTuple):
    """The table of definitions, or why it cannot be had.

    `table` is None when there is none: then `online` says that names are hub repositories, or
    `problem` says what is wrong and `elsewhere` that it may be there on the machine of the run.
    """

    table: Mapping[str, object] | None
    online: bool = False
    problem: str = ""
    elsewhere: bool = False
    path: str = ""
    shown: bool = True
    """Whether what it holds may be shown, and what its files do; without, both only count."""
    unfetched: bool = False
    """Whether a Git LFS pointer is in its place: what it defines is not known here."""


def read_info(dataset_dir: object, cwd: str, disk: Disk) -> Info:
    """Return the definitions of a `dataset_dir` as the config has it, relative to `cwd`.

    They are read wherever they lie; whether what they hold may be `shown` is for others to say.
    """
    if isinstance(dataset_dir, dict):
        names = {name: one for name, one in dataset_dir.items() if isinstance(name, str)}
        return Info(names, path="dataset_dir")
    if not isinstance(dataset_dir, str):
        return Info(None, problem=f"`dataset_dir: {dataset_dir}` is not a string")
    if dataset_dir == "ONLINE":
        return Info(None, online=True)
    if dataset_dir.startswith("REMOTE:"):
        return Info(None, problem=f"{INFO} of {dataset_dir[7:]} is on the hub", elsewhere=True)
    path = os.path.join(cwd, dataset_dir, INFO)
    folder = os.path.join(cwd, dataset_dir)
    data = disk.anywhere().read(path, MOST + 1)
    if isinstance(data, ReadFailure):
        elsewhere = not disk.is_folder(folder) and (
            os.path.isabs(dataset_dir) or "$" in dataset_dir
        )
        return Info(None, problem=f"{os.path.join(dataset_dir, INFO)} cannot be read: "
                    f"{data.reason}", elsewhere=elsewhere, path=path)  # fmt: skip
    if len(data) > MOST:
        return Info(None, problem=f"{os.path.join(dataset_dir, INFO)} is larger than "
                    f"{MOST >> 20} MiB", path=path)  # fmt: skip
    import json

    try:
        table = json.loads(data.decode("utf-8"), object_pairs_hook=_object)
    except UnicodeDecodeError:
        problem = f"{os.path.join(dataset_dir, INFO)} is not UTF-8"
        return Info(None, problem=problem, path=path)
    except (ValueError, RecursionError) as error:
        if is_pointer(data):
            problem = f"{os.path.join(dataset_dir, INFO)} is a Git LFS pointer"
            return Info(None, problem=problem, elsewhere=True, path=path, unfetched=True)
        return Info(None, problem=f"{os.path.join(dataset_dir, INFO)} is not JSON: {error}",
                    path=path)  # fmt: skip
    if not isinstance(table, dict):
        return Info(None, problem=f"{os.path.join(dataset_dir, INFO)} is not a JSON object",
                    path=path)  # fmt: skip
    return Info(table, path=path)


class Repeating(dict[str, object]):
    """An object of which keys are written more than once; the last of them counts."""

    repeated: tuple[str, ...] = ()


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    names = [name for name, _ in pairs]
    again = Repeating(made)
    again.repeated = tuple(name for name in made if names.count(name) > 1)
    return again


def define(
    name: str, info: Info, *, modelscope: bool = False, openmind: bool = False
) -> DatasetEntry | str:
    """Return the definition of one dataset, or what is wrong with it.

    `modelscope` and `openmind` say that USE_MODELSCOPE_HUB or USE_OPENMIND_HUB is set.
    """
    if info.online:
        return DatasetEntry(name, MS_HUB if modelscope else OM_HUB if openmind else HF_HUB, name)
    if info.table is None:
        return info.problem
    if name not in info.table:
        return f"dataset {name!r} is not defined in {INFO}"
    attributes = info.table[name]
    if not isinstance(attributes, dict):
        return f"dataset {name!r} in {INFO} is not an object"
    source = _source(attributes, modelscope, openmind)
    if source is None:
        return f"dataset {name!r} names neither a file nor a repository"
    columns, tags = attributes.get("columns"), attributes.get("tags")
    entry = DatasetEntry(
        name,
        *source,
        formatting=attributes.get("formatting", ALPACA),
        ranking=attributes.get("ranking", False),
        split=attributes.get("split", "train"),
        num_samples=attributes.get("num_samples"),
    )
    problem = _unusable(name, attributes, entry)
    if problem:
        return problem
    # Where the table names any column or tag, those that it does not name are null.
    if isinstance(columns, dict):
        read = map(columns.get, Columns._fields)
        entry = entry._replace(
            columns=Columns(*(one if isinstance(one, str) else None for one in read))
        )
    if isinstance(tags, dict):
        entry = entry._replace(tags=Tags(*map(tags.get, Tags._fields)))
    return entry


def _unusable(name: str, attributes: Mapping[str, object], entry: DatasetEntry) -> str:
    """Return what keeps columns or tags from being read: they are looked up as names."""
    for key, fields in (("columns", _looked_up(entry)), ("tags", Tags._fields)):
        table = attributes.get(key, {})
        if not isinstance(table, dict):
            return f"`{key}` of dataset `{name}` is not an object"
        if key == "tags" and entry.formatting == ALPACA:
            continue
        for field in fields:
            value = table.get(field)
            if isinstance(value, (list, dict)) and (value or key == "tags"):
                return f"`{field}` in {key} of dataset `{name}` is not a string"
            if value and key == "columns" and not isinstance(value, str):
                return f"`{field}` in {key} of dataset `{name}` is not a string"
    return ""


def _looked_up(entry: DatasetEntry) -> tuple[str, ...]:
    """Return the fields of `columns` that a row is asked for."""
    common: tuple[str, ...] = ("images", "videos", "audios", "kto_tag")
    common += () if entry.formatting == OPENAI else ("system", "tools")
    pair = ("chosen", "rejected") if entry.ranking else ()
    own = ("prompt", "query", "history") if entry.formatting == ALPACA else ("messages",)
    answer = ("response",) if entry.formatting == ALPACA and not entry.ranking else ()
    return (*common, *pair, *own, *answer)


def columns_read(entry: DatasetEntry) -> tuple[str, ...]:
    """Return the columns that must be there: each one that is missing is a KeyError."""
    columns = entry.columns
    common = [columns.images, columns.videos, columns.audios]
    common += [columns.tools] if entry.formatting != OPENAI else []
    if entry.formatting == ALPACA:
        common += [columns.history, columns.prompt, columns.query, columns.system, columns.kto_tag]
        common += [columns.chosen, columns.rejected] if entry.ranking else []
        if not columns.kto_tag and not entry.ranking:
            common += [columns.response]
    else:
        common += [columns.messages, columns.kto_tag]
        common += [columns.chosen, columns.rejected] if entry.ranking else []
    return tuple(dict.fromkeys(name for name in common if name))


def fields_by_default(entry: DatasetEntry) -> tuple[str, ...]:
    """Return the fields of `columns` that name a column where there is no such table."""
    return ("prompt", "query", "response") if entry.formatting == ALPACA else ("messages",)


def text_columns(entry: DatasetEntry) -> list[str]:
    """Return the columns that must be text."""
    columns = entry.columns
    if entry.formatting != ALPACA:
        return []
    answers = (columns.chosen, columns.rejected) if entry.ranking else (columns.response,)
    return [name for name in (columns.prompt, columns.query, *answers) if name]


def _source(
    attributes: Mapping[str, object], modelscope: bool, openmind: bool
) -> tuple[str, object] | None:
    hf, ms, om = (f"{hub}_hub_url" in attributes for hub in ("hf", "ms", "om"))
    if ms and (modelscope or not hf):
        return MS_HUB, attributes["ms_hub_url"]
    if om and (openmind or not hf):
        return OM_HUB, attributes["om_hub_url"]
    if hf:
        return HF_HUB, attributes["hf_hub_url"]
    for key, kind in (("script_url", SCRIPT), ("cloud_file_name", CLOUD), ("file_name", FILE)):
        if key in attributes:
            return kind, attributes[key]
    return None
