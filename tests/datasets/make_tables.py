"""Write tables/, the Parquet and Arrow files that the readers are tested on. Needs pyarrow.

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


def main() -> None:
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
