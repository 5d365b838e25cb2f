"""LLaMA Factory v1, which reads keys of its own: those it rejects, and plugins that it has not.

A key `…_config` names a plugin of its family and holds that plugin's parameters.
"""

from __future__ import annotations

from ftlint.diagnostics import at_key, at_value
from ftlint.steps.v1 import TRAINS_FROM
from ftlint.support.messages import listed
from ftlint.target.launchers import variable_of
from ftlint.target.releases import parse_version
from ftlint.target.slips import guess
from ftschemas import compiled
from ftschemas.launchers import V1
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ftlint.diagnostics import Finding
    from ftlint.facts.context import Context
    from ftlint.syntax.construct import Entry

NO_V1, UNKNOWN, PLUGIN, PARAMETER, MALFORMED = "FT017", "FT146", "FT147", "FT148", "FT149"
SWITCH, IGNORED = "FT4160", "FT599"
VARIABLE, LAX = variable_of(V1), "ALLOW_EXTRA_KEYS"
SEVERAL = "kernel_config"
"""The key that may name several plugins, with commas between, where parameters are not fixed."""
SEVERAL_FROM = (0, 9, 6)
RENAMED = {
    "model_name_or_path": "model",
    "per_device_train_batch_size": "micro_batch_size",
    "gradient_accumulation_steps": "global_batch_size",
    "dataset": "train_dataset",
    "finetuning_type": "peft_config",
    "lora_rank": "peft_config",
    "lora_target": "peft_config",
    "deepspeed": "dist_config",
    "fsdp": "dist_config",
    "quantization_bit": "quant_config",
    "optim": "optim_config",
    "enable_liger_kernel": "kernel_config",
}
"""Keys of the first program, and where v1 has what they say."""
PARALLEL = frozenset("cp_size cp_mode dp_size mp_replicate_size mp_shard_size".split())
"""Parameters of `dist_config` that are keys of the config in later releases."""


def check(context: Context) -> Iterator[Finding]:
    """Yield what v1 rejects of a config, and where no v1 reads it."""
    first = next(iter(context.entries.values()), None)
    if first is None or context.target.tree is not None:
        return  # a source may have keys and plugins of its own, and those of v1 are not read
    target, environment = context.target, context.stated.launch.environment
    if target.release not in compiled.V1 or target.versions[0] < TRAINS_FROM:
        yield at_key(NO_V1, first, {"release": target.label})
        return
    if environment is not None and VARIABLE not in environment:
        yield at_key(SWITCH, first)
    plugins = compiled.V1[target.release][1]
    unknown = [one for one in context.entries.values() if context.catalogue.get(one.name) is None]
    yield from _unknown_keys(context, unknown, lax=LAX in (environment or ()))
    for entry in context.entries.values():
        if entry.name in plugins and entry.value is not None:
            yield from _plugin(context, entry, plugins[entry.name])


def _unknown_keys(context: Context, entries: list[Entry], *, lax: bool) -> Iterator[Finding]:
    """Yield what is to be said of keys that v1 does not have; those of v0 have one cause."""
    if lax:
        yield from (at_key(IGNORED, one, {"name": one.name}) for one in entries)
        return
    of_v0 = [one for one in entries if one.name in compiled.KEYS and _since(context, one) is None]
    if of_v0:
        yield _of_v0(of_v0)
    names = context.catalogue.names()
    for entry in entries:
        if entry in of_v0:
            continue
        since, near = _since(context, entry), guess(entry.name, names)
        if entry.name in PARALLEL:
            remedy = "write it below `dist_config`"
        elif since is not None:
            remedy = f"that of {since} has it"
        elif near is not None:
            remedy = f"did you mean `{near.name}`?"
        else:
            remedy = "remove it, or see `ftlint schema --command v1`"
        values = {"names": f"`{entry.name}` is not a key", "remedy": remedy}
        meant = near.name if near is not None and since is None else None
        yield at_key(UNKNOWN, entry, values)._replace(meant=meant)


def _of_v0(entries: list[Entry]) -> Finding:
    first, more = entries[0], len(entries) - 1
    written = f"`{first.name}` and {more} more are keys" if more else f"`{first.name}` is a key"
    to = RENAMED.get(first.name)
    remedy = f"use `{to}`" if to is not None else "remove it" if not more else "remove them"
    if more:
        remedy += f", or start v0 without `{VARIABLE}=1`"
    return at_key(UNKNOWN, first, {"names": f"{written} of v0, none", "remedy": remedy})


def _since(context: Context, entry: Entry) -> str | None:
    """Return another release whose v1 trains and has a key: the newest."""
    others = [
        name
        for name, (keys, _) in compiled.V1.items()
        if entry.name in keys and parse_version(compiled.VERSIONS[name]) >= TRAINS_FROM
    ]
    return others[-1] if others and context.target.release not in others else None


def _plugin(
    context: Context, entry: Entry, family: Mapping[str, tuple[str, ...] | None]
) -> Iterator[Finding]:
    """Yield what keeps v1 from making a plugin of a value."""
    value, values = entry.value, {"name": entry.name}
    if not isinstance(value, dict):
        if not (isinstance(value, str) and value.startswith("{")):
            yield at_value(MALFORMED, entry, {**values, "what": "is not a mapping"})
        return
    named = value.get("name")
    if "name" not in value:
        yield at_key(MALFORMED, entry, {**values, "what": "has no `name`"})
        return
    if not isinstance(named, str):
        return
    names = [named]
    if entry.name == SEVERAL and context.target.versions[0] >= SEVERAL_FROM:
        names = [one.strip() for one in named.split(",") if one.strip()]
    for name in names:
        if name not in family:
            known = f"use one of {listed(list(family))}" if family else "this release has none"
            yield at_value(PLUGIN, entry, {**values, "written": name, "remedy": known})
            return
    parameters = family[names[0]] if len(names) == 1 else None
    for name in value:
        if parameters is not None and name not in parameters:
            near = guess(str(name), parameters)
            remedy = f"did you mean `{near.name}`?" if near else "remove it"
            if context.catalogue.get(str(name)) is not None:
                remedy = f"write `{name}` at the top level"
            yield at_value(
                PARAMETER, entry,
                {**values, "parameter": name, "plugin": named, "remedy": remedy},
            )  # fmt: skip
