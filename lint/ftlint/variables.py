"""Names of environment variables, and names whose value is a secret."""

from __future__ import annotations

import re

from ftlint.slips import guess
from ftschemas import compiled

_CAPITALS = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*_?\Z")
_SECRETS = ("token", "key", "apikey", "secret", "password", "passwd", "credential", "credentials")
"""What the name of a secret ends with, slips included."""
_MANY = ("tokens", "keys")
_PAIR = re.compile(r"(\s*(?:- )?[\"']?([\w.-]+)[\"']?\s*[:=]\s*)(\S.*)")


def is_variable(name: str) -> bool:
    """Say whether a key is the name of an environment variable: by its capitals, or a known one."""
    if len(name) > 1 and _CAPITALS.match(name):
        return True
    upper = name.upper().replace("-", "_")
    names, prefixes = compiled.VARIABLES
    if upper in names or upper.startswith(prefixes):
        return True
    return any(letter.isupper() for letter in name) and guess(upper, names) is not None


def is_secret(name: str) -> bool:
    """Say whether the value of a key or variable is to be kept from logs and other keys.

    >>> is_secret("hf_hub_token"), is_secret("WANDB_API_KEY"), is_secret("max_tokens")
    (True, True, False)
    """
    last = re.split(r"[\W_]+", name.rstrip("_").lower())[-1]
    return last in _SECRETS or (last not in _MANY and guess(last, _SECRETS) is not None)


def masked(line: str) -> str:
    """Return a line of a config with the value of a variable or secret starred out.

    >>> masked("WANDB_API_KEY: abc  # mine")
    'WANDB_API_KEY: ***  * ****'
    """
    match = _PAIR.match(line)
    if match is None:
        return line
    name = match[2]
    hidden = is_secret(name) or (is_variable(name) and name not in compiled.KEYS)
    return match[1] + re.sub(r"\S", "*", match[3]) if hidden else line
