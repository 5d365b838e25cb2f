"""When a value outside a key's list is noticed: facts about code, which no annotation tells.

"parse": refused while the arguments are parsed. "later": crashes or is refused after that.
"never": taken as something else without a word. Held against the real parsers by the slow tests.
"""

from __future__ import annotations

from typing import Final, Literal

Checked = Literal["parse", "later", "never"]

# Keys that are not listed: "later".
LLAMAFACTORY: Final[dict[str, Checked]] = {}

# Keys that are not listed: "parse".
TRANSFORMERS: Final[dict[str, Checked]] = {}
