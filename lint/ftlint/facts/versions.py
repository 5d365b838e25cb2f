"""What holds of the versions that a run has, for rules: whether its release starts with them.

The file says nothing of it: all its facts are about the target and the machine.
"""

from __future__ import annotations

from ftlint.target import pins
from ftlint.target.releases import parse_version
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ftlint.facts.layers import Stated
    from ftlint.target.pins import Misfit
    from ftlint.target.releases import Target

UNCHECKED = "DISABLE_VERSION_CHECK"
"""The variable with which LLaMA Factory checks no version [0.9.0 to 0.9.5, extras/misc.py]."""


def facts(target: Target, stated: Stated) -> dict[str, object]:
    """Return which packages the release does not take, and whether the schema is of another minor.

    What is installed is known under `auto`, `--here`, or when it is stated.
    """
    said = dict(stated.facts)
    versions = said.get("versions")
    installed: Mapping[str, str] = versions if isinstance(versions, dict) else {}
    found = (installed, {"transformers": target.transformers})
    rejected = _by_package(one for some in found for one in pins.rejected(target, some))
    refused = _by_package(one for some in found for one in pins.refused_by_pip(target, some))
    known: dict[str, object] = {}
    if rejected:
        known["unchecked_packages" if _is_unchecked(stated) else "rejected_packages"] = rejected
    if refused:
        known["unpinned_packages"] = refused
    if parse_version(target.layer) != parse_version(target.transformers)[:2]:
        known["schema_minor"] = target.layer
    return known


def _by_package(misfits: Iterable[Misfit]) -> dict[str, dict[str, str]]:
    """Return misfits as rules ask for them; of a package the last counts, which is judged by."""
    return {
        one.package: {"version": one.version, "takes": one.takes, "works": one.works}
        for one in misfits
    }


def _is_unchecked(stated: Stated) -> bool:
    environment = stated.launch.environment
    if environment is not None:
        return UNCHECKED in environment
    return bool(dict(stated.facts).get("version_check_disabled"))
