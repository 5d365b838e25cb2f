"""Published configs are judged alike whatever scripts lie near them that do not start them."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.calls import invoke, write
from tests.shared import CORPUS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.shared

UNRELATED = """\
export USE_MCA=1 NPROC_PER_NODE=8
llamafactory-cli train other.yaml max_steps=50 lora_rank=x
echo llamafactory-cli train {name} max_steps=50
# llamafactory-cli train {name} lora_rank=x
llamafactory-cli train elsewhere/{name} lora_rank=x
cd /srv && llamafactory-cli train {name} lora_rank=x
f() {{ llamafactory-cli train {name} lora_rank=x; }}
torchrun --nproc_per_node 8 other.py {name}
cat <<END
llamafactory-cli train {name} lora_rank=x
END
llamafactory-cli train --stage sft --learnig_rate 1
"""


def findings(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return what is said of each file in a folder."""
    done = invoke("check", str(folder), "--no-cache", "--isolated", "--output-format", "jsonl")
    assert done.status in (0, 1), done.err
    found: dict[str, list[dict[str, Any]]] = {}
    for line in done.out.splitlines():
        one = json.loads(line)
        found.setdefault(one["path"].rpartition("/")[2], []).append(one)
    return found


def test_no_verdict_on_a_published_config_changes_by_an_unrelated_script(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    configs = tmp_path / "configs"
    shutil.copytree(CORPUS / "files", configs)
    names = sorted(path.name for path in configs.iterdir() if path.suffix in (".yaml", ".yml"))
    before = findings(configs)
    assert len(before) > 100
    for place in ("configs", "scripts", "."):
        for number, name in enumerate(names[::40]):
            write(tmp_path / place / f"{number}.sh", UNRELATED.format(name=name))
    after = findings(configs)
    assert {name: found for name, found in after.items() if not name.endswith(".sh")} == before
    started = names[::60]
    for number, name in enumerate(started):
        write(tmp_path / "scripts" / f"s{number}.sh", f"lmf train configs/{name} not_a_key=1\n")
    after = findings(configs)
    assert {name for name in before if after[name] != before[name]} <= {*started}
    told = {name for name in started if any(one["launch"] for one in after.get(name, ()))}
    assert len(told) > len(started) // 2
