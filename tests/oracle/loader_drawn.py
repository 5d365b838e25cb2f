"""Data files that chance makes: a fault, or none, in rows of several layouts or in their text."""

from __future__ import annotations

import csv
import io
import json
import random
from typing import TYPE_CHECKING, Any

from tests.oracle.loader_files import ODD, Case, encoded

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORDS = ("what", "is", "naïve", "데이터", "{x}", "a,b", "\\n", "1", "2020-01-01", "true", "[1]")


def _text(draw: random.Random) -> str:
    return " ".join(draw.choice(_WORDS) for _ in range(draw.randint(0, 5)))


def _row(draw: random.Random, layout: str) -> dict[str, Any]:
    if layout == "chat":
        turns = [
            {"from": who, "value": _text(draw)} for who in ("human", "gpt") * draw.randint(0, 3)
        ]
        return {"conversations": turns, "system": draw.choice([None, _text(draw)])}
    if layout == "tools":
        return {
            "messages": [{"role": "user", "content": _text(draw)}],
            "score": draw.randint(-9, 9),
            "ok": draw.random() < 0.5,
            "images": [_text(draw)] * draw.randint(0, 2),
        }
    return {
        "instruction": _text(draw),
        "input": draw.choice(["", None, _text(draw)]),
        "output": _text(draw),
    }


_VALUES: tuple[Any, ...] = (
    None,
    True,
    3,
    2.5,
    "x",
    [],
    ["x"],
    [1],
    {},
    {"b": 1},
    [{"b": 1}],
    2**63,
    [[1]],
)


def _spoil(draw: random.Random, rows: list[dict[str, Any]]) -> str:
    """Change one row, and say how."""
    row = draw.choice(rows)
    name = draw.choice(list(row))
    kind = draw.choice(["value", "value", "missing", "extra", "inside", "none"])
    if kind == "value":
        row[name] = draw.choice(_VALUES)
    elif kind == "missing":
        del row[name]
    elif kind == "extra":
        row[draw.choice(["note", "id"])] = draw.choice(_VALUES)
    elif kind == "inside" and isinstance(row[name], list) and row[name]:
        inner = draw.choice(row[name])
        if isinstance(inner, dict):
            inner[draw.choice([*inner, "loss"])] = draw.choice(_VALUES)
    return kind


def _damage(draw: random.Random, text: str) -> str:
    """Change the text itself at one place."""
    place = draw.randrange(len(text) + 1)
    piece = draw.choice(["", ",", "}", "]", '"', "\t", "\\", "\n", "x", "\\ud800", "\x00"])
    return text[:place] + piece + text[place + draw.randint(0, 1) :]


def drawn(count: int, seed: int) -> Iterator[Case]:
    """Yield cases that chance makes."""
    draw = random.Random(seed)
    for _ in range(count):
        layout = draw.choice(["plain", "chat", "tools"])
        extension = draw.choice(["json", "jsonl", "json", "jsonl", "csv"])
        layout = "plain" if extension == "csv" else layout
        files, done = [], []
        for _ in range(draw.choice([1, 1, 1, 2])):
            rows = [_row(draw, layout) for _ in range(draw.randint(1, 12))]
            if draw.random() < 0.6:
                done.append(_spoil(draw, rows))
            if extension == "json":
                text = json.dumps(
                    rows, indent=draw.choice([None, 2]), ensure_ascii=draw.random() < 0.5
                )
            elif extension == "jsonl":
                text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            else:
                text = _as_csv(draw, rows)
            if draw.random() < 0.25:
                text = _damage(draw, text)
                done.append("text")
            files.append(encoded(text))
        yield Case(f"drawn {layout}: {', '.join(done) or 'sound'}", extension, tuple(files))


def drawn_tables(count: int, seed: int) -> Iterator[Case]:
    """Yield one to three Parquet or Arrow files together, some of them without their beginning."""
    draw = random.Random(seed)
    paths = {kind: sorted(ODD.glob(f"*.{kind}")) for kind in ("parquet", "arrow")}
    for _ in range(count):
        extension = draw.choice(["parquet", "arrow"])
        chosen = draw.choices(paths[extension], k=draw.randint(1, 3))
        files = [path.read_bytes() for path in chosen]
        if draw.random() < 0.1:
            files[0] = files[0][draw.randint(1, 40) :]
        names = "+".join(path.stem for path in chosen)
        yield Case(f"drawn {names}", extension, tuple(files), draw.choice([None, None, 2]))


def _as_csv(draw: random.Random, rows: list[dict[str, Any]]) -> str:
    buffer = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.writer(buffer, lineterminator=draw.choice(["\n", "\r\n"]))
    writer.writerow(names)
    for row in rows:
        values = [row.get(name) for name in names]
        writer.writerow(values + (["more"] if draw.random() < 0.02 else []))
    return buffer.getvalue()
