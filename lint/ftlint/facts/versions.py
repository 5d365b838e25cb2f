"""What holds of the versions that a run has, for rules: whether its release starts with them.

The file says nothing of it: all its facts are about the target and the machine.
"""

from __future__ import annotations

from ftlint.target import pins
from ftlint.target.releases import parse_version
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ftlint.facts.layers import Stated
    from ftlint.target.releases import Target

UNCHECKED = "DISABLE_VERSION_CHECK"
"""The variable with which LLaMA Factory checks no version [0.9.0 to 0.9.5, extras/misc.py]."""


def facts(target: Target, stated: Stated) -> dict[str, object]:
    """Return which packages the release does not take, and whether the schema is of another minor.

    What is installed is known under `auto`, `--here`, or when it is stated. Of a transformers that
    is installed and another that is stated the one counts that the config is judged by.
    """
    said = dict(stated.facts)
    versions = said.get("versions")
    installed: Mapping[str, str] = versions if isinstance(versions, dict) else {}
    found = (installed, {"transformers": target.transformers})
    known: dict[str, object] = {}
    unchecked = _is_unchecked(stated)
    for misfit in [one for some in found for one in pins.misfits(target, some)]:
        met = _UNCHECKED.get(misfit.met, misfit.met) if unchecked else misfit.met
        of_kind = known.setdefault(f"{met}_packages", {})
        assert isinstance(of_kind, dict)
        of_kind[misfit.package] = {
            "version": misfit.version, "takes": misfit.takes, "works": misfit.works,
            "by": target.label,
        }  # fmt: skip
    if parse_version(target.layer) != parse_version(target.transformers)[:2]:
        known["schema_minor"] = target.layer
    return known


_UNCHECKED = {"rejected": "unchecked", "neither": "unchecked", "either": "unchecked"}
"""What a version meets where none is checked."""


def _is_unchecked(stated: Stated) -> bool:
    environment = stated.launch.environment
    if environment is not None:
        return UNCHECKED in environment
    return bool(dict(stated.facts).get("version_check_disabled"))
