"""Which versions a LLaMA Factory takes: runs inside its environment, and asks its own check.

Standard input: JSON, a list of [package, version]. Standard output: for each what the check raises
when the package says to have this version, or null. A folder of metadata before all others on the
path is all that a package needs for that.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from llamafactory.extras import misc


def raised(package: str, version: str) -> str | None:
    """Return what checking the versions ends with, while a package has another version."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, f"{package}-{version}.dist-info")
        made.mkdir()
        text = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
        (made / "METADATA").write_text(text, "utf-8")
        sys.path.insert(0, folder)
        try:
            misc.check_dependencies()
        except ImportError as error:
            return f"ImportError: {error}"
        finally:
            sys.path.remove(folder)
    return None


if __name__ == "__main__":
    print(json.dumps([raised(*pair) for pair in json.load(sys.stdin)]))
