"""GPUs by the names that people give them, and the memory that a process finds there."""

from __future__ import annotations

import re
from collections import Counter

GIB = 1 << 30

_TOTALS = {
    "h100": {80: 79.6, 94: 93.6}, "h200": {141: 139.8}, "h20": {96: 95.6}, "h800": {80: 79.6},
    "a100": {40: 39.5, 80: 79.3}, "a800": {80: 79.3}, "b200": {192: 178.4}, "l40s": {48: 44.5},
    "l40": {48: 44.5}, "l20": {48: 44.5}, "l4": {24: 22.0}, "a10": {24: 22.0}, "a10g": {24: 22.0},
    "a30": {24: 23.6}, "a40": {48: 44.5}, "a6000": {48: 47.4}, "rtx-6000-ada": {48: 47.4},
    "v100": {16: 15.8, 32: 31.7}, "t4": {16: 14.6}, "rtx-5090": {32: 31.4}, "rtx-4090": {24: 23.6},
    "rtx-4080": {16: 15.6}, "rtx-3090": {24: 23.6}, "rtx-3080": {10: 9.6, 12: 11.6},
    "rtx-3060": {12: 11.6}, "rtx-2080-ti": {11: 10.6}, "mi300x": {192: 191.5},
}  # fmt: skip
"""GiB that torch reports (`total_memory`), by the GB that are sold; rounded down. ECC takes its
part of the smaller cards."""

CONTEXT = 600 << 20
"""What CUDA's context and the kernels that are loaded take outside of torch's allocator; 500 to 590
MiB on an H100."""


class BadGpu(ValueError):
    """A name that is no GPU's; the text says what to write. `said` is the text behind the name."""

    def __init__(self, name: str, said: str) -> None:
        super().__init__(f"`{name}`{said}")
        self.said = said


def total_memory(name: str) -> int:
    """Return the bytes of a GPU, by its name or size. Raises `BadGpu`.

    >>> total_memory("24g") == 24 << 30, total_memory("NVIDIA H100 80GB HBM3") < 80 << 30
    (True, True)
    """
    text = re.sub(r"[\s_]+", "-", name.strip().lower())
    text = re.sub(r"^(?:(?:nvidia|geforce|tesla)-)+", "", text)
    text = re.sub(r"^rtx-(?=a\d)", "", re.sub(r"^rtx(?=\d)", "rtx-", text))
    text = re.sub(r"-(?:sxm\d?|pcie|hbm\de?|nvl|generation)(?=-|$)", "", text)  # as nvidia-smi says
    if text.isdecimal() and f"rtx-{text}" not in _TOTALS:
        raise BadGpu(
            name, f" is a plain number: write `{text}g` for memory, `--gpus {text}` for how many"
        )
    size = re.fullmatch(r"(\d{1,9}(?:\.\d+)?)-?(g|gb|gib|mib)", text)
    if size is not None:
        total = int(float(size[1]) * (GIB >> 10 if size[2] == "mib" else GIB))
        if GIB <= total <= 10_000 * GIB:
            return total
        raise BadGpu(name, " is not the memory of a GPU: write it as `24g`, from 1g to 10000g")
    kind, _, last = text.rpartition("-")
    gigabytes = re.fullmatch(r"(\d+)(?:g|gb|gib)", last)
    kind = kind if gigabytes else text
    kind = next((one for one in (kind, f"rtx-{kind}") if one in _TOTALS), kind)
    sizes = _TOTALS.get(kind)
    if sizes is None:
        near = _nearest(text)
        advice = "write its memory (`24g`) or a name such as `rtx-4090`"
        if near is not None:
            advice = f"did you mean {near}? Or write its memory (`24g`)"
        raise BadGpu(name, f" is an unknown GPU: {advice}")
    if gigabytes is not None:
        found = sizes.get(int(gigabytes[1]))
    else:
        found = next(iter(sizes.values())) if len(sizes) == 1 else None
    if found is None:
        raise BadGpu(name, f": write {_choices(kind)}")
    return int(found * GIB)


def _has_digits_of(known: str, text: str) -> bool:
    """Return whether a name has the digits of another, in any order, but for one more or less.

    >>> _has_digits_of("rtx-5090", "rtx-5900"), _has_digits_of("rtx-3060", "rtx-4060")
    (True, False)
    """
    one, other = (Counter(re.sub(r"\D", "", name.replace("o", "0"))) for name in (known, text))
    return sum(((one - other) + (other - one)).values()) <= 1


def _choices(kind: str) -> str:
    """Return what to write for a kind of which there are several sizes."""
    return " or ".join(f"`{kind}-{size}g`" for size in _TOTALS[kind])


def _nearest(text: str) -> str | None:
    """Return what to write for the known name that is most like this one, if any is.

    Another digit is another card: `rtx-4070-ti` is no `rtx-2080-ti`.
    """
    from ftschemas.form import nearest

    whole = [f"{kind}-{size}g" for kind, sizes in _TOTALS.items() for size in sizes]
    near = nearest(text, [one for one in (*_TOTALS, *whole) if _has_digits_of(one, text)])
    if near is None:
        return None
    return _choices(near) if len(_TOTALS.get(near, ())) > 1 else f"`{near}`"
