"""What the name of a model and a template tell of a run: if they belong together, media, bits."""

from __future__ import annotations

from ftlint.target.classify import placeholder_in
from ftlint.target.models import basename, find_model, find_template, fits, quantized
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ftlint.target.releases import Target
    from ftlint.target.tree import Tree


def facts(values: Mapping[str, Any], target: Target) -> dict[str, object | None]:
    """Return what is known of model and template; `values` is the effective config."""
    release = target.listing
    path, name = values.get("model_name_or_path"), values.get("template")
    known: dict[str, object | None] = {}
    if name is None or placeholder_in(name) is None:
        known["template_media"] = _media(name, release)
    if not isinstance(path, str) or placeholder_in(path) is not None:
        return known
    known["model_quantized"] = quantized(path)
    model = find_model(path, release)
    if model is None:
        return known
    known["model_name"] = basename(path)
    known["model_template"] = model.templates[0] if model.templates else None
    if isinstance(name, str):
        known["template_fits"] = fits(model, name, release)
    # Some are listed as models of text, with a template for images.
    if model.exact and (model.media or not any(_media(one, release) for one in model.templates)):
        known["model_takes_media"] = model.media
    return known


def _media(name: object, release: Tree | str) -> list[str] | None:
    """Return the media that a template has tokens for; without one it is the tokenizer's own."""
    if name is None:
        return []
    template = find_template(name, release)
    return None if template is None else list(template.media)
