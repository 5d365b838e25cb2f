"""Keys whose value is a secret: no edit moves it, no message shows it."""

from __future__ import annotations

import re

_SECRET = re.compile(
    r"(^|_)(api_?key|secret|secret_key|password|passwd|credentials?|webhook_url)$"
    r"|(^|_)(hub|hf|ms|om|auth|access|api|login)_token$|^token$",
    re.I,
)


def is_secret(name: str) -> bool:
    """Say whether the value of a key is one to be kept.

    >>> is_secret("hf_hub_token"), is_secret("swanlab_api_key"), is_secret("cls_positive_token")
    (True, True, False)
    """
    return _SECRET.search(name) is not None
