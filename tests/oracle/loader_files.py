"""Data files, good and bad, to hold ftlint's reading of them against the real loader.

A case is the files of one dataset, all of one kind, and each is about one thing.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Case(NamedTuple):
    """The files of a dataset, by extension and content; `about` says what is tried."""

    about: str
    extension: str
    files: tuple[bytes, ...]
    workers: int | None = None


def encoded(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


# Values of one column: as lines and as an array ---------------------------------------------------

COLUMNS = """1|"x" "x"|1 1|1.5 1.5|1 true|1 1|true true|"x" "x"|true null|"x" "x"|null null|[1]
null|{"b":1} [1]|"x" "x"|["x"] {"b":1}|"x" {"b":1}|[1] [1]|["x"] [1,"x"] [["q","a"]]|[] [["q",1]]
[]|[] []|[null]|[1] {"b":1}|{"c":1} {"b":1}|{"b":"x"} {}|{} {}|{"b":1} [{"b":1}]|[{"c":1}]
[{"b":1}]|[{"b":"x"}] [{"b":1},{"b":"x"}] [{"b":1}]|["x"] [{"b":"x"},null] {"b":null}|null
[true,1] [1,true] [true,1.5] [1,1.5] [1.5,1] {"b":1}|{"b":1.5} true|1.5 true|null
1000000000000000000000000000000 1|9223372036854775808 18446744073709551615
18446744073709551616|1
9223372036854775807 -9223372036854775808 -9223372036854775809|1 1e400|1 -1e400 1e308 NaN|1
Infinity|1 -Infinity|1 NaN|"x" [NaN,1] 1.5|NaN "\\ud800" "\\udc00" "\\ud83d\\ude00" "\\ud800x"
["\\udc00"] "\\x" "\\u0000" "a\\tb" "2020-01-01"|"2021-02-03" "2020-01-01"|null "2020-01-01"|"x"
"x"|"2020-01-01" "2020-01-01T10:00:00Z" "2020-13-01" "2020-01-01"|1 ["2020-01-01"]
["2020-01-01","x"]
01|1 1.|1 .5|1 +1|1 -0 1E5 0x1|1 'x'|1 [1,] True|1 None|1 undefined|1 "a"|"b" ""|""
{"a":{"b":[1]}}
{"b":[]}|{"b":["x"]} {"b":{"c":1}}|{"b":{"c":"x"}} [[1],[2]]|[["x"]] [null]|[null] [[]]|[[1]]
"\\ud800\\ud800" [{"b":[1]}]|[{"b":["x"]}] [{"a":1},{"b":2}] {"":1} 1|null|2.5 null|null""".split()

LINES: dict[str, str | bytes] = {
    "a key twice": '{"a":1,"a":2}\n{"a":3}\n',
    "a key twice inside": '{"a":{"b":1,"b":2}}\n{"a":{}}\n',
    "a key twice in a list": '{"a":[{"b":1,"b":2}]}\n{"a":[]}\n',
    "BOM": b'\xef\xbb\xbf{"a":1}\n{"a":2}\n',
    "CRLF": '{"a":1}\r\n{"a":2}\r\n',
    "CR": '{"a":1}\r{"a":2}\r',
    "blank lines": '\n\n{"a":1}\n \n{"a":2}\n\n',
    "indented": '  {"a":1}\n\t{"a":2}',
    "several on a line": '{"a":1}{"a":2} {"a":3}\n',
    "over several lines": '{\n "a":1\n}\n{\n "a":2\n}\n',
    "one over several": '{\n "a":1\n}\n',
    "commas": '{"a":1},\n{"a":2},\n',
    "last comma": '{"a":1}\n{"a":2},\n',
    "numbers": "1\n2\n",
    "texts": '"x"\n"y"\n',
    "arrays": "[1]\n[2]\n",
    "an array later": '{"a":1}\n[1]\n',
    "null later": '{"a":1}\nnull\n{"a":2}\n',
    "true later": '{"a":1}\ntrue\n',
    "no keys": "{}\n{}\n",
    "no keys first": '{}\n{"a":1}\n',
    "one of a list": '{"a":[1,2]}\n',
    "nested data": '{"data":[{"a":1},{"a":2}]}',
    "garbage": '{"a":1}\nxyz\n',
    "cut": '{"a":1}\n{"a":',
    "no quotes": "{a:1}\n{a:2}\n",
    "not UTF-8": b'{"a":"\xff"}\n{"a":"x"}\n',
    "key not UTF-8": b'{"\xff":"x"}\n',
    "latin-1": b'{"a":"caf\xe9"}\n',
    "UTF-16": '{"a":1}\n'.encode("utf-16"),
    "NUL": '{"a":1}\n\0',
    "NUL in text": '{"a":"x\0y"}\n{"a":"z"}\n',
    "tab in text": '{"a":"x\ty"}\n{"a":"z"}\n',
    "control in text": '{"a":"x\x01y"}\n{"a":"z"}\n',
    "line end in text": '{"a":"x\ny"}\n{"a":"z"}\n',
    "DEL": '{"a":"x\x7f"}\n',
    "form feed": '\x0c{"a":1}\n',
    "line separator": '{"a":"x\u2028y"}\n{"a":"z"}\n',
    "no-break space": '\u00a0{"a":1}\n',
    "empty": "",
    "blanks": "\n\n ",
    "only a BOM": b"\xef\xbb\xbf",
    "62 lists": '{"a":' + "[" * 62 + "]" * 62 + '}\n{"a":[]}\n',
    "70 lists": '{"a":' + "[" * 70 + "1" + "]" * 70 + '}\n{"a":[]}\n',
    "other keys": '{"a":1}\n{"b":"x"}\n',
    "other order": '{"a":1,"b":2}\n{"b":2,"a":1}\n',
    "surrogate bytes": b'{"a":"\xed\xa0\x80"}\n',
    "one with a comma": '{"a":[1],}',
    "one with a tab": '{"a":["x\ty","z"]}',
    "one text with a tab": '{"a":"x\ty"}',
    "one of two kinds": '{"a":[1,"x"]}',
    "LFS": "version https://git-lfs.github.com/spec/v1\noid sha256:" + "ab" * 32 + "\nsize 12\n",
    "an array": '[{"a":1},{"a":2}]\n',
    "a long line": '{"a":"%s"}\n{"a":"y"}\n' % ("x" * 700_000),
    "over lines and long": "".join('{\n"p":"%s",\n"a":1\n}\n' % ("x" * 1000) for _ in range(800)),
    "over lines, short enough": "".join(
        '{\n"p":"%s",\n"a":1\n}\n' % ("x" * 1000) for _ in range(200)
    ),
    "glued and long": "".join('{"p":"%s","a":1} ' % ("x" * 1000) for _ in range(800)),
    "empty key": '{"":1}\n',
    "tool lists": '{"t":null}\n{"t":[{"x":1}]}\n',
    "63 objects": ('{"a":' * 63 + "1" + "}" * 63 + "\n") * 2,
    "64 objects": ('{"a":' * 64 + "1" + "}" * 64 + "\n") * 2,
    "64 objects, nothing inside": ('{"a":' * 63 + "{}" + "}" * 63 + "\n") * 2,
    "Inf": '{"a":-Inf,"b":"Inf -NaN"}\n{"a":Inf}\n',
    "Inf with a sign": '{"a":+Inf}\n',
    "-NaN": '{"a":[-NaN,1]} {"a":[]}\n',
    "number 400 digits": '{"a":1%s}\n{"a":2}\n' % ("0" * 400),
}

ARRAYS: dict[str, str | bytes] = {
    "empty": "[]",
    "blanks": " [ ]\n",
    "numbers": "[1,2]",
    "texts": '["a","b"]',
    "lists": "[[1],[2]]",
    "objects without keys": "[{},{}]",
    "null among objects": '[{"a":1},null]',
    "number among objects": '[{"a":1},5]',
    "list among objects": '[{"a":1},[5]]',
    "null first": '[null,{"a":1}]',
    "number first": '[5,{"a":1}]',
    "two arrays": '[{"a":1}][{"a":2}]',
    "garbage": '[{"a":1}] x',
    "line end": '[{"a":1}]\n\n',
    "a key twice": '[{"a":1,"a":2}]',
    "a key twice, two kinds": '[{"a":"x","a":2},{"a":3}]',
    "BOM": b'\xef\xbb\xbf[{"a":1}]',
    "not UTF-8": b'[{"a":"\xff"}]',
    "UTF-16": '[{"a":1}]'.encode("utf-16"),
    "1100 lists": '[{"a":' + "[" * 1100 + "]" * 1100 + "}]",
    "62 lists": '[{"a":' + "[" * 62 + "1" + "]" * 62 + "}]",
    "70 lists": '[{"a":' + "[" * 70 + "1" + "]" * 70 + "}]",
    "63 objects": "[" + '{"a":' * 63 + "1" + "}" * 63 + "]",
    "64 objects": "[" + '{"a":' * 64 + "1" + "}" * 64 + "]",
    "Inf": '[{"a":Inf}]',
    "-NaN": '[{"a":-NaN}]',
    "NUL in text": '[{"a":"x\0y"}]',
    "NUL after": '[{"a":"x"}]\0',
    "comma": '[{"a":1},]',
    "two commas": '[{"a":1},,{"a":2}]',
    "comma first": '[,{"a":1}]',
    "no comma": '[{"a":1} {"a":2}]',
    "comma in object": '[{"a":1,}]',
    "cut": '[{"a":1}',
    "cut in text": '[{"a":"x',
    "cut after comma": '[{"a":1},',
    "tab in text": '[{"a":"x\ty"}]',
    "line end in text": '[{"a":"x\ny"}]',
    "control in text": '[{"a":"x\x01"}]',
    "form feed": '\x0c[{"a":1}]',
    "no-break space": '\u00a0[{"a":1}]',
    "dates": '[{"date":"2020-01-01","x":1}]',
    "date and number": '[{"timestamp":"a"},{"timestamp":5}]',
    "other keys": '[{"a":1},{"b":"x"}]',
    "large and negative": '[{"a":18446744073709551615},{"a":-5}]',
    "large in list": '[{"a":[18446744073709551615]}]',
    "float and wide": '[{"a":[1.5,9007199254740993]}]',
    "comment": '[{"a":1} // x\n]',
    "surrogate bytes": b'[{"a":"\xed\xa0\x80"}]',
    "one object": '{"a":1}',
    "empty file": "",
    "blank file": "\n\n",
    "pretty": json.dumps([{"a": i, "b": ["x"]} for i in range(50)], indent=2),
    "half key": '[{"\\ude00":1}]',
}

N = 10_000
CSVS: dict[str, str | bytes] = {
    "plain": "a,b\n1,x\n2,y\n",
    "field too many": "a,b\n1,x\n2,y,z\n",
    "too many at once": "a,b\n1,x,z\n2,y\n",
    "always one more": "a,b\n1,x,z\n2,y,w\n",
    "comma at the end": "a,b\n1,x,\n2,y,\n",
    "fields missing": "a,b\n1\n2,y\n",
    "open quote at the end": 'a,b\n1,x\n2,"y\n',
    "open quote": 'a,b\n1,"x\n2,y\n3,z\n',
    "open quote, no line end": 'a,b\n1,x\n2,"y',
    "quote inside": 'a,b\n1,x"y\n2,y\n',
    "text after quote": 'a,b\n1,"x"y\n2,y\n',
    "two quotes": 'a,b\n1,"x""y"\n',
    "line end in quotes": 'a,b\n1,"x\ny"\n',
    "blank lines": "a,b\n\n1,x\n\n\n2,y\n",
    "blanks in a line": "a,b\n  \n1,x\n",
    "one column, blanks": "a\n  \nx\n",
    "one column, blank line": "a\n1\n\n2\n",
    "empty in quotes": 'a\n""\nx\n',
    "only commas": "a,b\n,\n,\n",
    "only a header": "a,b\n",
    "header, no line end": "a,b",
    "empty": "",
    "blank": "\n\n",
    "BOM": b"\xef\xbb\xbfa,b\n1,2\n",
    "CR": "a,b\r1,x\r2,y\r",
    "CRLF": "a,b\r\n1,x\r\n2,y\r\n",
    "latin-1": b"a,b\n1,caf\xe9\n",
    "UTF-16": "a,b\n1,x\n".encode("utf-16"),
    "NUL": "a,b\n1,x\0y\n2,z\n",
    "name twice": "a,a\n1,2\n",
    "no name": ",b\n1,2\n",
    "semicolons": "a;b\n1;2\n3;4,5\n",
    "semicolons, comma first": "a;b\n1,5;2\n",
    "mixed": "a\n1\nx\n2\n",
    "quoted header": '"a,b",c\n1,2\n',
    "blanks in quotes": 'a\nx\n" "\ny\n"\t"\n"  "\n',
    "blank line, blanks in quotes": 'a\nx\n  \n" "\ny\n',
    "blank before quote": 'a, b\n1, "x, y"\n2, z\n',
    "latin-1 header": b"caf\xe9,b\n1,2\n",
    "no line end": "a,b\n1,x",
    "long": "a,b\n1,%s\n" % ("x" * 200_000),
    "number, then text in the next chunk": "a,b\n" + "1,x\n" * N + "y,x\n",
    "empty, then text": "a,b\n" + ",x\n" * N + "y,x\n",
    "text, then empty": "a,b\n" + "y,x\n" * N + ",x\n",
    "text, then number": "a,b\n" + "y,x\n" * N + "1,x\n",
    "whole, then fraction": "a,b\n" + "1,x\n" * N + "1.5,x\n",
    "whole, then empty": "a,b\n" + "1,x\n" * N + ",x\n",
    "fraction, then whole": "a,b\n" + "1.5,x\n" * N + "1,x\n",
    "number and text within": "a,b\n" + "1,x\n" * (N - 1) + "y,x\n",
    "truth, then text": "a,b\n" + "True,x\n" * N + "y,x\n",
    "whole, then truth": "a,b\n" + "1,x\n" * N + "True,x\n",
    "text, then truth": "a,b\n" + "y,x\n" * N + "True,x\n",
    "truth and number": "a,b\nTrue,x\n1,x\n",
    "truth and nothing": "a,b\nTrue,x\n,x\n",
    "missing in the next chunk": "a,b\n" + "1,x\n" * N + "1\n",
    "too many in the next chunk": "a,b\n" + "1,x\n" * N + "1,x\n1,x,y\n",
    "too many first in it": "a,b\n" + "1,x\n" * N + "1,x,y\n",
    "large": "a\n99999999999999999999\n1\n",
    "dates": "a\n2020-01-01\n",
    "two chunks": "a,b\n" + "1,x\n" * N + "2,y\n" * N,
    "whole with gaps, twice": "a,b\n" + ("1,x\n,x\n" * (N // 2)) * 2,
    "gaps later": "a,b\n" + "1,x\n" * N + "1,x\n,x\n",
}

TEXTS: dict[str, str | bytes] = {
    "plain": "a\nb\n",
    "blank line": "a\n\nb\n",
    "CR": "a\rb\r",
    "CRLF": "a\r\nb",
    "empty": "",
    "latin-1": b"caf\xe9\n",
    "cut character": b"caf\xc3",
    "NUL": "a\0b\n",
    "BOM": b"\xef\xbb\xbfa\n",
    "separators": "a\x0cb\n\x1cc\n\u2028d",
    "one line end": "\n",
    "latin-1 late": "x\n" * 3000 + "é\n",
    "latin-1 later": b"x\n" * 3000 + b"\xe9\n",
}

SHARDS = """
{"a":"x"}&{"a":"y"} {"a":"x"}&{"a":"y","b":1} {"a":"y","b":1}&{"a":"x"} {"a":"x"}&{"a":1}
{"a":1}&{"a":"x"} {"a":1}&{"a":"5"} {"a":1}&{"a":1.5} {"a":1}&{"a":1.0} {"a":1.5}&{"a":1}
{"a":null}&{"a":"x"} {"a":"x"}&{"a":null} {"a":true}&{"a":1} {"a":1}&{"a":true}
{"a":true}&{"a":"x"} {"a":"x"}&{"a":true} {"a":"x"}&{"a":1.5} {"a":[]}&{"a":[1]}
{"a":[1]}&{"a":[]} {"a":[1]}&{"a":["x"]} {"a":["x"]}&{"a":[1]} {"a":"x"}&{"a":[1]}
{"a":[1]}&{"a":"x"} {"a":{"b":1}}&{"a":{"b":1,"c":1}} {"a":{"b":1,"c":1}}&{"a":{"b":1}}
{"a":{"b":1}}&{"a":null} {"a":null}&{"a":{"b":1}} {"a":[{"b":1}]}&{"a":[{"b":1,"c":1}]}
{"a":[{"b":1,"c":1}]}&{"a":[{"b":1}]} {"a":[]}&{"a":[{"b":1}]} {"a":[{"b":1}]}&{"a":[]}
{"a":1,"b":2}&{"b":1,"a":2} {"a":{"b":1,"c":2}}&{"a":{"c":1,"b":2}}
{"a":"x"}&{"a":"2020-01-01"} {"a":"2020-01-01"}&{"a":"x"} {"a":{"b":1}}&{"a":[1]}
{"a":{"b":1}}&{"a":"x"} {"a":"x"}&{"a":{"b":1}} &{"a":1} {"a":1}& &
{"a":9223372036854775808}&{"a":1} {"a":1}&{"a":9223372036854775808} {"a":1}&{"a":2}&{"a":"x"}
{"a":"x"}&{"b":"y"} {"a":"x"}&{}
""".split()


def _zip(*members: tuple[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in members:
            archive.writestr(name, text)
    return buffer.getvalue()


def _tar(name: str, text: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(text)
        archive.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


ODD = Path(__file__).parents[1] / "datasets" / "odd"
TABLES = ODD.with_name("tables")
TABLE_SHARDS = """text+whole text+fraction text+truth text+list text+record text+null text+large
text+coded text+two text+rowless text+map list+wholes list+null record+wider record+list record+null
whole+fraction whole+truth whole+null nulls+whole nulls+list numerals+whole short+whole two+turned
time+text time+whole bytes+text bytes+list decimal+whole records+list records+null
text+large+coded""".split()


def _tables() -> Iterator[Case]:
    """Yield Parquet and Arrow files: of every type, of several types, and damaged ones."""
    for folder in (ODD, TABLES):
        for path in sorted(folder.glob("*.*[tw]")):
            yield Case(path.stem, path.suffix[1:], (path.read_bytes(),))
    for extension in ("parquet", "arrow"):
        for shards in TABLE_SHARDS:
            files = tuple((ODD / f"{name}.{extension}").read_bytes() for name in shards.split("+"))
            for workers in (None, 2):
                yield Case(f"shards {shards}", extension, files, workers)
    text = (ODD / "text.parquet").read_bytes()
    for name in ("no-groups", "empty-first", "empty-last"):
        files = text, (ODD / f"{name}.parquet").read_bytes()
        yield Case(f"shards {name}", "parquet", files)
    for path in sorted(TABLES.glob("alpaca*.*[tw]")):
        data, extension = path.read_bytes(), path.suffix[1:]
        damaged = {
            "gzip": gzip.compress(data), "cut at its beginning": data[20:],
            "no magic": bytes(4) + data[4:], "cut by 9 bytes": data[:-9],
            "half": data[: len(data) // 2],
            "cut in the middle": data[:100] + data[130:], "more behind": data + b"\n",
            "twice": data + data, "empty": b"", "JSON": b'{"a":1}\n',
        }  # fmt: skip
        for about, content in damaged.items():
            yield Case(f"{path.stem} {about}", extension, (content,))


def made() -> Iterator[Case]:
    """Yield the cases that were made by hand."""
    for column in COLUMNS:
        rows = [f'{{"a": {value}}}' for value in column.split("|")]
        yield Case(column, "jsonl", (encoded("\n".join(rows) + "\n"),))
        yield Case(column, "json", (encoded(f"[{', '.join(rows)}]"),))
    for extension, table in (("jsonl", LINES), ("json", ARRAYS), ("csv", CSVS), ("txt", TEXTS)):
        for about, text in table.items():
            yield Case(about, extension, (encoded(text),))
    for shards in SHARDS:
        parts = shards.split("&")
        for workers in (None, 2):
            lines = tuple(encoded(part + "\n" * bool(part)) for part in parts)
            yield Case(f"shards {shards}", "jsonl", lines, workers)
            yield Case(
                f"shards {shards}", "json", tuple(encoded(f"[{part}]") for part in parts), workers
            )
    for about, csvs in (
        ("same", ("a\nx\n", "a\ny\n")),
        ("one more", ("a\nx\n", "a,b\ny,1\n")),
        ("only a header", ("a\n", "a\nx\n")),
        ("header later", ("a\nx\n", "a\n")),
        ("empty", ("a\nx\n", "")),
        ("number, text", ("a\n1\n", "a\nx\n")),
        ("index", ("a,b\n1,x,z\n", "a,b\n1,2\n")),
    ):
        yield Case(f"shards {about}", "csv", tuple(map(encoded, csvs)))
    yield Case("shards", "txt", (b"", b"a\n"))
    for extension, text in (
        ("jsonl", '{"a":1}\n{"a":2}\n'),
        ("json", '[{"a":1}]'),
        ("csv", "a\n1\n"),
        ("txt", "a\n"),
    ):
        plain = text.encode()
        for name, packed in (
            ("gzip", gzip.compress(plain)),
            ("bzip2", bz2.compress(plain)),
            ("xz", lzma.compress(plain)),
            ("zip", _zip((f"in.{extension}", text))),
            ("two in a zip", _zip((f"a.{extension}", text), (f"b.{extension}", text))),
            ("tar", _tar(f"in.{extension}", text)),
            ("broken gzip", gzip.compress(plain)[:-8]),
            ("empty zip", _zip()),
        ):
            yield Case(name, extension, (packed,))
    yield from _tables()
    yield from _large()


def _large() -> Iterator[Case]:
    """Yield files of more than a batch, and blocks that end where a kind changes."""

    def rows(value: str, more: str = "") -> str:
        line = json.dumps({"p": "x" * 10_000})[:-1] + f', "a": {value}}}\n'
        return line * ((10 << 20) // len(line) + 3) + more

    for first, later in (
        ("1", '{"p":"x","a":"x"}\n'),
        ("null", '{"p":"x","a":"x"}\n'),
        ('"x"', '{"p":"x","a":null}\n'),
        ('"x"', '{"p":"x"}\n'),
        ("[]", '{"p":"x","a":[1]}\n'),
        ("1", '{"p":"x","a":1,"b":1}\n'),
        ('{"b":1}', '{"p":"x","a":{"b":1,"c":1}}\n'),
        ('{"b":1,"c":1}', '{"p":"x","a":{"b":1}}\n'),
        ('"x"', "\n\n"),
        ('"x"', '{"p":"x"'),
    ):
        yield Case(
            f"a batch of {first}, then {later!r}", "jsonl", (encoded(rows(first, later * 4)),)
        )
    for kinds in ('1|"x"', '"x"|1', "1|1.5", 'null|"x"', '1|"5"', '{"b":1}|{"b":"x"}', "[1]|{}"):
        before, after = kinds.split("|")
        line = '{"p":"%s","a":%s}\n'
        head = line % ("x" * 1000, before)
        text = head * ((10 << 15) // len(head) - 1)
        text += line % ("x" * (1000 + (10 << 15) - len(text) - len(head)), before)
        yield Case(
            f"a block of {kinds}", "jsonl", (encoded(text + (line % ("x" * 1000, after)) * 400),)
        )
