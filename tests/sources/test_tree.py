"""A source on the disk as a target: what it says of itself, what it does not, what may be read."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from ftlint.target import reading
from ftlint.target.editor_schema import editor_schema
from ftlint.target.keys import catalogue_of
from ftlint.target.models import find_model, find_template
from ftlint.target.pins import has_ppo
from ftlint.target.releases import UnknownTarget, resolve_target
from tests.sources.fork import CONSTANTS, FINETUNING, MISC, MODEL, PARSER, TEMPLATE, lay_out

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ftlint.target.releases import Target

CONFIG = """\
model_name_or_path: me/Mine-7B-Chat
stage: sft
do_train: true
finetuning_type: lora
template: mine
dataset: rows
output_dir: out
"""


@pytest.fixture(autouse=True)
def _anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(reading, "_read", {})


def target_of(checkout: Path) -> Target:
    return resolve_target(str(checkout))


def settled(checkout: Path) -> None:
    """Let the files be old enough that a later change would be seen."""
    for path in [*checkout.rglob("*")]:
        os.utime(path, (1_700_000_000, 1_700_000_000))


def test_keys_types_defaults_choices_templates_models_and_pins_are_its_own(tmp_path: Path) -> None:
    target = target_of(lay_out(tmp_path))
    catalogue = catalogue_of(target, "train")
    key = catalogue.get("fork_key")
    assert key is not None
    assert (key.kinds, key.default) == (("int",), 7)
    scaling = catalogue.get("rope_scaling")
    assert scaling is not None
    assert scaling.choices == ("linear", "dynamic", None)
    assert catalogue.get("lora_rank") is None  # a release's, not this one's
    assert catalogue.get("learning_rate") is not None  # transformers'
    assert find_template("mine", target.listing) is not None
    assert find_template("qwen", target.listing) is None
    model = find_model("me/Mine-7B-Chat", target.listing)
    assert model is not None
    assert model.templates == ("mine",)
    assert target.tree is not None
    assert target.tree.facts.pins["transformers"]["excluded"] == ["5.5.0"]
    assert (target.llamafactory, target.transformers) == ("0.9.5.dev0", "5.5.4")
    assert target.json_configs
    assert target.dialect.name == "OmegaConf"


@pytest.mark.parametrize("place", ["", "src", "src/llamafactory"])
def test_a_checkout_and_a_package_are_found(tmp_path: Path, place: str) -> None:
    lay_out(tmp_path)
    assert resolve_target(str(tmp_path / place)).llamafactory == "0.9.5.dev0"


def test_a_folder_without_a_source_is_no_target(tmp_path: Path) -> None:
    with pytest.raises(UnknownTarget, match="holds no source of LLaMA Factory"):
        target_of(tmp_path)


NOT_READ = {
    "an annotation": ("hparams_model_args", MODEL, ("fork_key: int", "fork_key: f()"), "fork_key"),
    "a default": ("hparams_model_args", MODEL, ("=7", "=f()"), "fork_key"),
    "templates": ("data_template", TEMPLATE, ("name=", ""), "register_template"),
    "models": ("extras_constants", CONSTANTS, ("models={", "{"), "register_model_group"),
    "pins": ("extras_misc", MISC, ("transformers>=4", "transformers~4"), "check_dependencies"),
    "how files are read": ("hparams_parser", PARSER, ("OmegaConf.load", "load"), "read_args"),
    "a base of another package": (
        "hparams_model_args",
        MODEL,
        (
            "@dataclass\nclass ModelArguments",
            "from x import Mixin\n@dataclass\nclass ModelArguments(Mixin)",
        ),
        "base x.Mixin",
    ),
    "a class that is wrapped": (
        "hparams_model_args",
        MODEL,
        ("=7)\n", "=7)\n\nModelArguments = extended(ModelArguments)\n"),
        "ModelArguments is assigned again",
    ),
    "an assertion": (
        "hparams_finetuning_args",
        FINETUNING,
        ('["lora", "full"],', "TYPES,"),
        "TYPES",
    ),
}


@pytest.mark.parametrize("name", NOT_READ)
def test_what_is_written_in_no_known_way_is_as_in_the_nearest_release_and_is_said(
    tmp_path: Path, name: str
) -> None:
    file, text, (old, new), named = NOT_READ[name]
    target = target_of(lay_out(tmp_path, **{file: text.replace(old, new)}))
    (note,) = [note for note in target.origin.notes if "not read" in note]
    assert named in note
    assert f"as in {target.release}" in note
    assert catalogue_of(target, "train").get("fork_key") is not None


HOSTILE: dict[str, dict[str, str]] = {
    "no Python": {"hparams_parser": "def ("},
    "brackets": {"hparams_parser": "(" * 5000},
    "a huge power": {"hparams_model_args": MODEL.replace("=7", "=9**9**9**9")},
    "a huge text": {"hparams_model_args": MODEL.replace("=7", "='x' * 10 ** 12")},
    "bases in a circle": {"hparams_model_args": MODEL.replace("ts:", "ts(ModelArguments):")},
    "imports in a circle": {
        "hparams_model_args": "from .data_args import ModelArguments\n",
        "hparams_data_args": "from .model_args import ModelArguments, DataArguments\n",
    },
    "a NUL": {"hparams_parser": "x = '\0'"},
    "deep": {"data_template": "register_template(name=" + "-" * 3000 + "1)"},
    "a number of no config": {"hparams_model_args": MODEL.replace("=7", "=1j")},
    "a number too long to write": {"hparams_model_args": MODEL.replace("=7", "=" + "9" * 4000)},
    "keys that are no text": {"hparams_model_args": MODEL.replace("=7", "={(1, 2): {3}, None: 4}")},
    "a template without a name": {"data_template": "register_template(format_user=None)"},
    "a template named by a list": {"data_template": "register_template(name=['mine'])"},
    "a slot that is a number": {"data_template": TEMPLATE.replace('["<q>', '[7, "<q>')},
    "a slot without a token": {"data_template": TEMPLATE.replace('["<q>', '[{"x": "y"}, "<q>')},
    "a model at a number": {"extras_constants": CONSTANTS.replace('"me/Mine-7B-Chat"', "7")},
    "no models": {"extras_constants": CONSTANTS.replace("models={", "others={")},
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_source_ends_in_words(tmp_path: Path, name: str) -> None:
    try:
        target = target_of(lay_out(tmp_path, **HOSTILE[name]))
    except UnknownTarget as error:
        told = [str(error)]
    else:
        told = list(target.origin.notes)
    assert any("not read" in one or "its source cannot be read" in one for one in told)


def test_nothing_of_a_source_is_executed(tmp_path: Path) -> None:
    flag = tmp_path / "executed"
    lay_out(tmp_path, hparams_parser=f"open({str(flag)!r}, 'w')\n" + PARSER)
    target_of(tmp_path)
    assert not flag.exists()


def test_links_do_not_lead_out_of_a_source(tmp_path: Path) -> None:
    secret = tmp_path / "elsewhere.py"
    secret.write_text(MODEL.replace("fork_key", "secret_key"), "utf-8")
    package = lay_out(tmp_path / "fork") / "src" / "llamafactory"
    (package / "hparams" / "model_args.py").unlink()
    (package / "hparams" / "model_args.py").symlink_to(secret)
    with pytest.raises(UnknownTarget, match="outside"):
        target_of(tmp_path / "fork")


def test_a_source_is_read_within_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(tmp_path)
    monkeypatch.setattr("ftlint.sources.tree.FILES", 5)
    with pytest.raises(UnknownTarget, match="more than 5 files"):
        target_of(tmp_path)
    monkeypatch.setattr("ftlint.sources.tree.FILES", 500)
    monkeypatch.setattr("ftlint.sources.tree.BYTES", 100)
    with pytest.raises(UnknownTarget, match="too large"):
        target_of(tmp_path)


def test_what_was_read_is_kept_until_a_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = lay_out(tmp_path / "fork")
    settled(checkout)
    first = target_of(checkout)
    monkeypatch.setattr(reading, "_read", {})
    with monkeypatch.context() as broken:
        broken.setattr(reading, "_facts", None)  # so that only what is kept can answer
        assert target_of(checkout) == first
    path = checkout / "src" / "llamafactory" / "hparams" / "model_args.py"
    path.write_text(MODEL.replace("fork_key", "other_key"), "utf-8")
    monkeypatch.setattr(reading, "_read", {})
    assert catalogue_of(target_of(checkout), "train").get("other_key") is not None
    (checkout / "src" / "llamafactory" / "hparams" / "new.py").write_text("", "utf-8")
    settled(checkout)
    monkeypatch.setattr(reading, "_read", {})
    assert target_of(checkout) != first


# As a user calls it ------------------------------------------------------------------------------

Said = tuple[list[tuple[str, str, str, str]], dict[str, Any], str]


@pytest.fixture
def lint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    from ftlint.__main__ import run

    monkeypatch.chdir(tmp_path)

    def said(*arguments: str) -> Said:
        with pytest.raises(SystemExit) if arguments[0] == "check" else pytest.MonkeyPatch.context():
            run([*arguments, "--output-format", "json", "--no-cache"])
        out, told = capsys.readouterr()
        report = json.loads(out) if out else {"diagnostics": [], "targets": [{}]}
        found = [
            (one["code"], one["severity"], one["key"], one["message"])
            for one in report["diagnostics"]
        ]
        return found, report["targets"][0], told

    return said


def errors(found: list[tuple[str, str, str, str]]) -> list[tuple[str, str]]:
    return [(code, key) for code, severity, key, _ in found if severity == "error"]


def test_a_fork_is_judged_by_its_own_source(tmp_path: Path, lint: Callable[..., Said]) -> None:
    lay_out(tmp_path)
    path = tmp_path / "examples" / "c.yaml"
    path.parent.mkdir()
    path.write_text(CONFIG + "fork_key: 3\nlora_rank: 8\n", "utf-8")
    found, target, _ = lint("check", "examples/c.yaml", "--target", "0.9.5")
    assert {("FT101", "fork_key"), ("FT106", "template")} <= set(errors(found))
    for name in ("./", str(tmp_path), "tree"):
        found, target, told = lint("check", "examples/c.yaml", "--target", name)
        assert errors(found) == [("FT101", "lora_rank")], name
        assert (target["source"], target["llamafactory"]) == ("path", "0.9.5.dev0")
        assert "its own source" in target["judged_by"]
        assert "its own source" in told


@pytest.mark.parametrize("place", ["src/llamafactory", "src/llmtuner"])
def test_no_fix_is_made_in_an_older_checkout_unless_its_release_is_named(
    tmp_path: Path, lint: Callable[..., Said], place: str
) -> None:
    """There `dpo_beta` is right, which the newest release has no more."""
    lay_out(tmp_path)
    (tmp_path / "src" / "llamafactory").rename(tmp_path / place)
    path = tmp_path / "c.yaml"
    text = CONFIG + "dpo_beta: 0.2\n"
    path.write_text(text, "utf-8")
    lint("check", "c.yaml", "--fix")
    assert path.read_text("utf-8") == text
    lint("check", "c.yaml", "--fix", "--target", "0.9.5")
    assert "pref_beta: 0.2" in path.read_text("utf-8")


def test_in_a_checkout_of_the_newest_release_fixes_are_made(
    tmp_path: Path, lint: Callable[..., Said]
) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(CONFIG + "dpo_beta: 0.2\n", "utf-8")
    lint("check", "c.yaml", "--fix")
    assert "pref_beta: 0.2" in config.read_text("utf-8")


def test_keys_and_plugins_of_v1_are_not_judged_by_a_release(
    tmp_path: Path, lint: Callable[..., Said]
) -> None:
    """A fork has its own, which are not read."""
    lay_out(tmp_path)
    text = "model: m\ntrain_dataset: d.yaml\ncp_siz: 2\noptim_config:\n  name: mine\n"
    (tmp_path / "c.yaml").write_text(text, "utf-8")
    found = lint("check", "c.yaml", "--command", "v1", "--target", "0.9.5")[0]
    assert errors(found) == [("FT146", "cp_siz"), ("FT147", "optim_config")]
    found, _, told = lint("check", "c.yaml", "--command", "v1", "--target", "./")
    assert errors(found) == []
    assert "some rules on keys and plugins of v1 are not applied" in told


POLICY = """\
code: OURS001
name: old-release
summary: an old release
severity: error
when:
  facts: {release: {const: "0.9.0"}}
at: output_dir
message: of an old release
why: what is new is not there
bad: "output_dir: here"
good: "stage: pt"
"""


def test_conditions_ask_for_the_release_nearest_to_a_fork(
    tmp_path: Path, lint: Callable[..., Said]
) -> None:
    """Not for what it calls itself, which is the name of no release."""
    lay_out(tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY, "utf-8")
    (tmp_path / "ftlint.toml").write_text('policies = ["policy.yaml"]', "utf-8")
    (tmp_path / "c.yaml").write_text(CONFIG, "utf-8")
    found = lint("check", "c.yaml", "--target", "./")[0]
    assert errors(found) == [("OURS001", "output_dir")]


@pytest.mark.parametrize(
    ("pin", "trains"), [(">=0.8.6,<=0.9.6", True), (">=0.18.0,<=0.24.0", False)]
)
def test_ppo_trains_with_the_trl_that_a_fork_checks_for(
    tmp_path: Path, pin: str, trains: bool
) -> None:
    misc = f'def check_dependencies():\n    check_version("trl{pin}")\n'
    lay_out(tmp_path, extras_misc=misc)
    assert has_ppo(resolve_target(str(tmp_path))) is trains


@pytest.mark.parametrize(
    ("version", "rejected"), [("5.6.0", False), ("5.5.0", True), ("6.0.0", True)]
)
def test_a_fork_takes_the_packages_that_it_checks_itself(
    tmp_path: Path, lint: Callable[..., Said], version: str, rejected: bool
) -> None:
    lay_out(tmp_path)
    (tmp_path / "c.yaml").write_text(CONFIG, "utf-8")
    found = lint("check", "c.yaml", "--target", "./", "--transformers", version)[0]
    told = [one[3] for one in found if one[0] == "FT4130"]
    assert bool(told) is rejected
    assert all("it takes 4.55.0 to 5.6.0" in one and "==5.5.4`" in one for one in told)


def test_a_word_that_a_fork_compares_a_key_with_is_one_of_its_own(
    tmp_path: Path, lint: Callable[..., Said]
) -> None:
    lay_out(tmp_path, train_tuner='def run(args):\n    if args.stage == "mine":\n        pass\n')
    (tmp_path / "c.yaml").write_text(CONFIG.replace("stage: sft", "stage: mine"), "utf-8")
    assert errors(lint("check", "c.yaml", "--target", "./")[0]) == []
    lay_out(tmp_path, train_tuner="")
    assert errors(lint("check", "c.yaml", "--target", ".")[0]) == [("FT106", "stage")]


def test_a_key_that_a_fork_takes_out_before_the_parser_is_known(
    tmp_path: Path, lint: Callable[..., Said]
) -> None:
    lay_out(tmp_path, train_tuner='def run(args):\n    seen = args.pop("before", None)\n')
    (tmp_path / "c.yaml").write_text(CONFIG + "before: 1\nbehind: 1\n", "utf-8")
    assert errors(lint("check", "c.yaml", "--target", "./")[0]) == [("FT101", "behind")]


def test_tree_without_a_source_above_is_the_newest_release(
    tmp_path: Path, lint: Callable[..., Said]
) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG, "utf-8")
    _, target, told = lint("check", "c.yaml", "--target", "tree")
    assert target["source"] == "release"
    assert "no src/llamafactory in a folder above" in told


def test_a_source_above_that_cannot_be_read_ends_no_run(
    tmp_path: Path, lint: Callable[..., Said]
) -> None:
    lay_out(tmp_path / "broken", hparams_model_args="<<<<<<< HEAD\n")
    lay_out(tmp_path / "whole")
    for name in ("broken", "whole"):
        (tmp_path / name / "c.yaml").write_text(CONFIG + "fork_key: 3\n", "utf-8")
    found, target, told = lint("check", "broken/c.yaml", "whole/c.yaml", "--target", "tree")
    assert [one[2] for one in found if one[0] == "FT101"] == ["fork_key"]
    assert target["source"] == "release"
    assert "model_args, line 1: invalid syntax; judged by" in told


@pytest.mark.parametrize(("version", "is_news"), [("0.9.0", True), ("0.9.5", False)])
def test_what_came_with_an_older_release_is_no_reason_to_upgrade(
    tmp_path: Path, lint: Callable[..., Said], version: str, is_news: bool
) -> None:
    lay_out(tmp_path, extras_env=f'VERSION = "{version}"\n')
    text = CONFIG.replace("mine", "deepseek3") + "use_dft_loss: true\n"
    (tmp_path / "c.yaml").write_text(text, "utf-8")
    found = lint("check", "c.yaml", "--target", "./")[0]
    told = {one[2]: one[3] for one in found if one[0] in ("FT101", "FT103", "FT106")}
    assert told.keys() == {"template", "use_dft_loss"}
    for message in told.values():
        assert ("new in LLaMA Factory 0.9." in message) is is_news


def test_an_editor_gets_the_keys_of_a_fork(tmp_path: Path) -> None:
    target = target_of(lay_out(tmp_path))
    keys = editor_schema(target, "train")["properties"]
    assert keys["fork_key"] == {"type": ["integer"], "default": 7}
    assert set(keys["rope_scaling"]["enum"]) == {"linear", "dynamic", None}
    assert "lora_rank" not in keys  # a release's, not this one's
    assert "learning_rate" in keys  # transformers'


def test_a_path_of_settings_lies_in_their_project(
    tmp_path: Path, lint: Callable[..., Said]
) -> None:
    project, outside = tmp_path / "project", lay_out(tmp_path / "outside")
    lay_out(project / "fork")
    (project / ".git").mkdir()
    (project / "c.yaml").write_text(CONFIG + "fork_key: 3\n", "utf-8")
    settings = project / "ftlint.toml"
    settings.write_text('target = "./fork"\n', "utf-8")
    assert errors(lint("check", "project/c.yaml")[0]) == []
    for path in (str(outside), "../outside"):
        settings.write_text(f'target = "{path}"\n', "utf-8")
        _, _, told = lint("check", "project/c.yaml")
        assert "counts only from the command line" in told
        assert errors(lint("check", "project/c.yaml", "--config", "project/ftlint.toml")[0]) == []
    link = project / "link"
    link.symlink_to(outside)
    settings.write_text('target = "./link"\n', "utf-8")
    assert "counts only from the command line" in lint("check", "project/c.yaml")[2]


def test_each_config_has_the_source_above_it(tmp_path: Path, lint: Callable[..., Said]) -> None:
    for name in ("one", "two"):
        model = MODEL.replace("fork_key", f"key_of_{name}")
        lay_out(tmp_path / name, hparams_model_args=model)
        (tmp_path / name / "c.yaml").write_text(CONFIG + "key_of_one: 3\n", "utf-8")
    found, _, _ = lint("check", "one/c.yaml", "two/c.yaml", "--target", "tree")
    assert [one[2] for one in found if one[0] == "FT101"] == ["key_of_one"]
