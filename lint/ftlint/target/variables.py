"""Names of environment variables, and names whose value is a secret."""

from __future__ import annotations

import re
from functools import lru_cache

from ftlint.support.pattern import pattern
from ftlint.target.slips import distance, guess
from ftschemas import compiled

_CAPITALS = pattern(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*_?\Z")
WEBHOOK = "webhook"
_SECRETS = (
    "token", "key", "apikey", "secret", "password", "passwd", "credential", "credentials", WEBHOOK,
)  # fmt: skip
"""What the name of a secret ends with, one letter more, less or other included."""
_MANY = ("tokens", "keys")
_JOINED = tuple(word for word in _SECRETS if len(word) > 3)
"""Those that are told from other words where nothing stands between."""


def is_variable(name: str) -> bool:
    """Return whether a key is an environment variable: in capitals, or a known one."""
    if len(name) > 1 and _CAPITALS.match(name):
        return True
    upper = name.upper().replace("-", "_")
    names, prefixes = compiled.VARIABLES
    if upper in names or upper.startswith(prefixes):
        return True
    return any(letter.isupper() for letter in name) and guess(upper, names) is not None


def spelled(name: str) -> str:
    """Return the name of the variable that is meant, in the capitals that the environment tells.

    >>> spelled("wandb_project"), spelled("Cuda_Visible_Devicfes")
    ('WANDB_PROJECT', 'CUDA_VISIBLE_DEVICES')
    """
    upper = name.upper().replace("-", "_")
    near = guess(upper, compiled.VARIABLES[0]) if upper != name else None
    return upper if near is None else near.name


@lru_cache(256)
def is_secret(name: str) -> bool:
    """Return whether the value of a key or variable is to be kept from logs and other keys.

    So is that of a slip of one: what is masked for nothing costs a look into the file. The address
    of a webhook lets whoever has it write there.

    >>> is_secret("hf_hub_token"), is_secret("WANDB_API_KEY"), is_secret("max_tokens")
    (True, True, False)
    >>> is_secret("swanlab_api_ky"), is_secret("swanlab_lark_webhook_url")
    (True, True)
    """
    if name in compiled.KEYS:
        return name in compiled.SECRETS
    return names_secret(name) or guess(name, compiled.SECRETS) is not None


def names_secret(name: str) -> bool:
    """Return whether a name ends as names of secrets do: of keys the artefact knows it."""
    *others, last = re.split(r"[\W_]+", name.strip("_").lower())
    if last in _MANY:
        return False
    if any(_is_nearly(word, WEBHOOK) for word in others):
        return True  # a webhook's URL
    return last.endswith(_JOINED) or any(_is_nearly(last, secret) for secret in _SECRETS)


def _is_nearly(word: str, secret: str) -> bool:
    return word == secret or (word[:1] == secret[0] and distance(word, secret) == 1)
