"""Write the Parquet and Arrow files that the readers are tested on. Needs pyarrow.

tables/ holds sound ones, odd/ such as the loader rejects, alone or beside another one.

Run by hand, where the format or a writer has something new to offer: python make_tables.py
"""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = Path(__file__).parent / "tables"


def alpaca(rows: int) -> pa.Table:
    return pa.table(
        {
            "instruction": [f"질문 {row}" for row in range(rows)],
            "output": [None if row % 5 == 0 else f"answer {row}" for row in range(rows)],
        }
    )


def nested(rows: int) -> pa.Table:
    turns = [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]
    return pa.table(
        {
            "conversations": [turns * (row % 3) for row in range(rows)],
            "meta": [{"a": {"b": row, "c": [row]}, "d": None} for row in range(rows)],
            "tag": pa.array(["x", "y"][row % 2] for row in range(rows)).dictionary_encode(),
            "last": list(range(rows)),
        }
    )


def odd() -> dict[str, pa.Table]:
    """Return tables of one column, each of a type of its own, and what has no type in datasets."""
    whole, word, map_ = (
        pa.array([1, 2]),
        pa.array(["x", "y", None]),
        pa.map_(pa.string(), pa.int8()),
    )
    pairs = pa.array([[("k", 1)]], map_)
    pair = pa.StructArray.from_arrays([whole, whole], names=["x", "x"])
    columns = {
        "text": word,
        "whole": whole,
        "fraction": pa.array([1.5]),
        "truth": pa.array([True]),
        "list": pa.array([["x"]]),
        "wholes": pa.array([[1], []]),
        "record": pa.array([{"x": 1}]),
        "wider": pa.array([{"x": 1, "y": "z"}]),
        "records": pa.array([[{"x": 1}], None]),
        "null": pa.array([None], pa.null()),
        "nulls": pa.array([None], pa.string()),
        "numerals": pa.array(["1", "2"]),
        "short": pa.array([1], pa.int32()),
        "large": pa.array(["x"], pa.large_string()),
        "coded": pa.array(["x", "x"]).dictionary_encode(),
        "time": pa.array([1], pa.timestamp("us")),
        "bytes": pa.array([b"x"]),
        "decimal": pa.array([1]).cast(pa.decimal128(20, 0)),
        "map": pairs,
        "maps": pa.array([[[("k", 1)]]], pa.list_(map_)),
        "fixed": pa.array([b"abcd"], pa.binary(4)),
        "twice-inside": pair,
        "rowless": word[:0],
    }
    found = {name: pa.table({"a": column}) for name, column in columns.items()}
    found["twice"] = pa.Table.from_arrays([whole, whole], names=["a", "a"])
    found["two"] = pa.table({"a": ["x"], "b": [1]})
    found["turned"] = pa.table({"b": [1], "a": ["x"]})
    return found


def write_odd() -> None:
    folder = FOLDER.parent / "odd"
    folder.mkdir(exist_ok=True)
    for name, table in odd().items():
        pq.write_table(table, folder / f"{name}.parquet")
        opened = pa.ipc.new_file if len(name) % 2 else pa.ipc.new_stream  # some of either
        with (
            pa.OSFile(str(folder / f"{name}.arrow"), "wb") as sink,
            opened(sink, table.schema) as writer,
        ):
            writer.write_table(table)
    text = odd()["text"]
    for name, parts in (
        ("no-groups", ()), ("empty-first", (text[:0], text)), ("empty-last", (text, text[:0])),
    ):  # fmt: skip
        with pq.ParquetWriter(folder / f"{name}.parquet", text.schema) as writer:
            for part in parts:
                writer.write_table(part)


def main() -> None:
    write_odd()
    FOLDER.mkdir(exist_ok=True)
    known = {}
    tables = {"empty": alpaca(0), "alpaca": alpaca(23), "nested": nested(40)}
    for name, table in tables.items():
        for version, compression, group in (
            ("1.0", "none", 7), ("2.6", "snappy", 1000), ("2.4", "zstd", 1),
        ):  # fmt: skip
            file = f"{name}-{version}-{compression}.parquet"
            pq.write_table(
                table, FOLDER / file, version=version, compression=compression, row_group_size=group
            )
            known[file] = [table.num_rows, table.column_names]
        for style, opened in (("stream", pa.ipc.new_stream), ("file", pa.ipc.new_file)):
            for detail, options in (
                ("plain", pa.ipc.IpcWriteOptions()),
                ("old", pa.ipc.IpcWriteOptions(
                    use_legacy_format=True, metadata_version=pa.ipc.MetadataVersion.V4)),
                ("zstd", pa.ipc.IpcWriteOptions(compression="zstd")),
            ):  # fmt: skip
                file = f"{name}-{style}-{detail}.arrow"
                with (
                    pa.OSFile(str(FOLDER / file), "wb") as sink,
                    opened(sink, table.schema, options=options) as writer,
                ):
                    writer.write_table(table, max_chunksize=9)
                known[file] = [table.num_rows, table.column_names]
    (FOLDER / "known.json").write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
