"""A result read from a file and written to one."""

from __future__ import annotations

import json
import math
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftbench.results.form import BadForm, parse
from ftbench.results.record import KIND, VERSION, Result, Step

if TYPE_CHECKING:
    from collections.abc import Mapping


class UnusableResult(Exception):
    """A file that is not a result, or one of another version. The text says which and why."""


def read(path: str | os.PathLike[str]) -> Result:
    """Return a result.

    Raises:
        UnusableResult: the file is missing, no JSON, no result, or of another version.
    """
    place = Path(path)
    if place.exists() and not place.is_file():
        raise UnusableResult(f"{path}: not a regular file")
    try:
        found = json.loads(place.read_text(encoding="utf-8"), parse_constant=_no_number)
    except OSError as error:
        raise UnusableResult(f"{path}: {error.strerror or error}") from None
    except RecursionError:
        raise UnusableResult(
            f"{path}: not JSON of a result: too many brackets inside others"
        ) from None
    except ValueError as error:
        raise UnusableResult(f"{path}: not JSON: {error}") from None
    if not isinstance(found, dict) or found.get("kind") != KIND:
        raise UnusableResult(f"{path}: not the result of a run")
    if found.get("version") != VERSION:
        raise UnusableResult(
            f"{path}: version {found.get('version')!r} is not read, only {VERSION}"
        )
    if missing := [name for name in Result.__annotations__ if name not in found]:
        raise UnusableResult(f"{path}: lacks {', '.join(missing)}")
    try:
        result = parse(found, Result)
    except BadForm as error:
        raise UnusableResult(f"{path}: its {error.place} is not that of a result") from None
    for at, one in enumerate(result["steps"]):
        if not _is_step(one):
            raise UnusableResult(f"{path}: its steps[{at}] is not that of a result")
    return result


def _is_step(one: Step) -> bool:
    """Return whether the numbers are there that everything else is made of."""
    return "micro_batches" in one and "seconds" in one and one["seconds"] > 0


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def write(path: str | os.PathLike[str], value: Mapping[str, Any]) -> None:
    """Write JSON, whole or not at all. NaN and infinities become null.

    Raises:
        OSError: the folder cannot be written to.
    """
    target = Path(path)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(_finite(value), file, allow_nan=False)
            file.write("\n")
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, (list, tuple)) else value
