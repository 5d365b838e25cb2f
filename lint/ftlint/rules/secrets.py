"""Secrets that are written into the file."""

from __future__ import annotations

from ftlint.diagnostics import Finding
from ftlint.target.secrets import is_stand_in, secrets_in
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.facts.context import Context
    from ftlint.target.secrets import Secret

SECRET = "FT129"

_VARIABLES = {
    "hub_token": "HF_TOKEN",
    "hf_hub_token": "HF_TOKEN",
    "push_to_hub_token": "HF_TOKEN",
    "swanlab_api_key": "SWANLAB_API_KEY",
    "a Hugging Face token": "HF_TOKEN",
    "a Weights & Biases API key": "WANDB_API_KEY",
}
"""Variables that the program reads by itself, by the key or by the form of the secret."""

SHORTEST = 8
"""Characters of a value that is a secret by the name of a key that no release has."""


def check(context: Context) -> Iterator[Finding]:
    """Yield one finding for each secret."""
    text, end = context.source.text, -1
    for secret in secrets_in(text):
        value = text[secret.start : secret.end]
        if secret.start < end or is_stand_in(value) or not _is_told(context, secret, value):
            continue
        end = secret.end
        entry = next(
            (one for one in context.entries.values() if one.start <= secret.start < one.end), None
        )
        if entry is None and context.launched is not None:
            continue  # a script's own variable, which is in the environment that it hands over
        key = secret.name or (entry.name if entry else "")
        values = {
            "place": f"`{key}`" if key else "A comment",
            "kind": secret.kind or "a secret",
            "remedy": _remedy(key, secret.kind),
        }
        start = entry.key.start if entry else secret.start
        stop = entry.key.end if entry else secret.end
        yield Finding(SECRET, start, stop, entry.name if entry else None, values)


def _is_told(context: Context, secret: Secret, value: str) -> bool:
    """Return whether a value is a secret, and not only kept from view in case it is one."""
    if secret.kind or not secret.name:
        return True
    from ftlint.target.variables import is_secret

    if not is_secret(secret.name):
        return False
    entry = context.entries.get(secret.name)
    if entry is not None and not isinstance(entry.value, str):
        return False
    if context.catalogue.get(secret.name) is not None:
        return True
    drawn = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
    return len(value.strip()) >= SHORTEST and drawn and " " not in value.strip()


def _remedy(key: str, kind: str) -> str:
    from ftlint.target.variables import is_variable, spelled

    variable = _VARIABLES.get(key) or _VARIABLES.get(kind)
    if variable is None and is_variable(key):
        variable = spelled(key)
    if variable is not None:
        return f"set the environment variable `{variable}` instead"
    return "pass it when the run is launched instead"
