"""Reading DeepSpeed's source: what any release takes, strict where all releases are."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from extract import deepspeed
from ftlint.sources.modules import Release, SourceError

if TYPE_CHECKING:
    from pathlib import Path

MODULES = {
    "runtime/zero/config.py": """
from typing import Any, Dict, Optional
from enum import Enum
from .offload import OffloadConfig
class StageEnum(int, Enum):
    disabled = 0
    weights = 3
    max_stage = 3
class DeepSpeedZeroConfig(Model):
    stage: StageEnum = 0
    overlap_comm: Optional[bool] = None
    bucket: int = Field(5, ge=0, alias="stage3_bucket")
    offload: Optional[OffloadConfig] = None
    free: Dict[str, Any] = {}
""",
    "runtime/zero/offload.py": """
class OffloadConfig(Model):
    ratio: float = Field(1.0, ge=0, le=1)
""",
    "runtime/config.py": "",
    "runtime/constants.py": 'TRAIN_BATCH_SIZE = "train_batch_size"\nTYPE = "type"\n',
    "runtime/lr_schedules.py": """
WARMUP_LR = "WarmupLR"
VALID_LR_SCHEDULES = [WARMUP_LR]
class WarmupLR(object):
    def __init__(self, optimizer, total, low=0.0):
        pass
""",
}


def _release(folder: Path, version: str, changes: dict[str, str]) -> Release:
    with tarfile.open(folder / f"deepspeed-{version}.tar.gz", "w:gz") as archive:
        for name, text in {**MODULES, **changes}.items():
            data = text.encode()
            member = tarfile.TarInfo(f"deepspeed-{version}/deepspeed/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return deepspeed.archived(version, folder)


def _built(folder: Path, changes: dict[str, str]) -> dict[str, Any]:
    first = _release(folder, "0.1.0", {})
    return deepspeed.build([first, _release(folder, "0.2.0", changes)])


def test_fields_have_the_values_that_any_release_takes(tmp_path: Path) -> None:
    newer = MODULES["runtime/zero/config.py"].replace("overlap_comm: Optional[bool]", "added: str")
    newer = newer.replace("ge=0, alias", "gt=0, alias")
    found = _built(tmp_path, {"runtime/zero/config.py": newer})
    zero = found["sections"]["zero_optimization"]
    assert not zero["additionalProperties"]
    assert zero["properties"]["stage"] == {"enum": [0, 3]}
    assert zero["properties"]["overlap_comm"] == {"type": ["boolean", "null"], "x-until": "0.1.0"}
    assert zero["properties"]["added"]["x-since"] == "0.2.0"
    assert zero["properties"]["stage3_bucket"] == {"type": ["integer"]}  # bounds differ
    assert zero["properties"]["free"] == {}
    offload = found["sections"]["zero_optimization.offload"]["properties"]
    assert offload == {"ratio": {"type": ["number"], "minimum": 0, "maximum": 1}}
    assert found["schedulers"] == {"WarmupLR": {"takes": ["total", "low"], "needs": ["total"]}}
    assert "train_batch_size" in found["names"]
    assert "type" not in found["names"]


def test_a_section_that_one_release_does_not_have_is_not_strict(tmp_path: Path) -> None:
    precision = "class DeepSpeedBF16Config(Model):\n    enabled: bool = False\n"
    found = _built(tmp_path, {"runtime/precision_config.py": precision})
    assert found["sections"]["bf16"]["additionalProperties"]


@pytest.mark.parametrize("text", ["Callable", "Strange[int]"])
def test_annotations_that_are_not_understood_are_an_error(tmp_path: Path, text: str) -> None:
    config = f"class DeepSpeedZeroConfig(Model):\n    one: {text} = None\n"
    with pytest.raises(SourceError):
        _built(tmp_path, {"runtime/zero/config.py": config})
