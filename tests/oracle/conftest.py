from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # `pytest` alone, unlike `python -m pytest`, does not put it there
    sys.path.insert(0, str(ROOT))
