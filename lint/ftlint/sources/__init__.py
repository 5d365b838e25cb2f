"""The source of a LLaMA Factory, read as text: keys, templates, models, pins, uses.

Everything is read from the syntax tree: nothing of a release is imported or executed, so any can be
read with any Python and without its dependencies.

May import: support.
"""

import os

PACKAGE = "llamafactory"
PARSER = os.path.join("hparams", "parser.py")
"""What every source of LLaMA Factory has, and no other package of this name."""
