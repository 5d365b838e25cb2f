"""What each launcher takes, rejects and ignores, however ftlint is told of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ftlint.engine import lint
from ftlint.fixes.apply import fix
from ftlint.project.options import Options
from ftlint.syntax.source import of_text
from ftlint.target.keys import catalogue_of
from ftlint.target.launchers import LAUNCHERS
from ftlint.target.releases import resolve_target
from ftschemas import compiled, launchers
from tests.cli.calls import invoke
from tests.stating import stating

if TYPE_CHECKING:
    from pathlib import Path

    from ftlint.diagnostics import Diagnostic

HEAD = """model_name_or_path: Qwen/Qwen2.5-7B-Instruct
stage: sft
do_train: true
finetuning_type: full
dataset: faq
template: qwen
output_dir: saves/run
"""
V1_HEAD = "model: Qwen/Qwen3-0.6B\ntrain_dataset: data/faq.yaml\nmodel_class: llm\n"
SIZES = "tensor_model_parallel_size: 2\npipeline_model_parallel_size: 2\n"
MCA_ALONE = "expert_tensor_parallel_size: 1\n"
VARIABLES = ("USE_MCA", "USE_MEGATRON_BRIDGE")
BRIDGE = SIZES + "mixed_precision: bf16_mixed\nuse_packed_sequences: false\n"


def test_steps_call_launchers_as_variables_do() -> None:
    named = {one for name, one in vars(launchers).items() if name.isupper()}
    assert named == {launchers.TORCHRUN, *(launcher for _, launcher, _ in LAUNCHERS)}


def options(*env: str, target: str = "0.9.5", gpus: int | None = None) -> Options:
    facts = (("env", list(env)),) if env else ()
    return Options(resolve_target(target), stating(gpus, facts=facts))


def found(text: str, *env: str, **more: Any) -> dict[str, Diagnostic]:
    """Return the errors and warnings by their codes."""
    said = lint(of_text("c.yaml", text), options(*env, **more)).diagnostics
    return {one.code: one for one in said if one.severity != "info"}


def planned(folder: Path, text: str, *arguments: str) -> dict[str, Any]:
    (folder / "c.yaml").write_text(text, "utf-8")
    done = invoke("steps", str(folder / "c.yaml"), "--output-format", "json", *arguments)
    return json.loads(done.out)[0]  # type: ignore[no-any-return]


RAY = "per_device_train_batch_size: 2\ngradient_accumulation_steps: 4\nray_num_workers: 3\n"


class TestTelling:
    """The variables come from the command line, a comment, settings or this machine."""

    @pytest.mark.parametrize(
        "comment",
        [
            "# ftlint: gpus=2, env=USE_RAY, dataset-size=10000",
            "# ftlint: env=USE_RAY=1 gpus=2\n# ftlint: dataset-size=10000",
            "# ftlint: gpus=2, dataset-size=10000\n# ftlint: env=FORCE_TORCHRUN=0+USE_RAY=y",
            "# ftlint: env=FORCE_TORCHRUN=0, env=USE_RAY, gpus=2, dataset-size=10000",
        ],
    )
    def test_a_comment(self, tmp_path: Path, comment: str) -> None:
        plan = planned(tmp_path, f"{comment}\n{HEAD}{RAY}num_train_epochs: 2\n")
        assert (plan["world_size"], plan["total_steps"]) == (3, 834)
        assert plan["sources"]["env"] == "comment"

    @pytest.mark.parametrize("value", ["use_ray", "1", "USE_RAY+", "+USE_RAY", "=1"])
    def test_a_comment_that_names_no_variable(self, value: str) -> None:
        assert "FT903" in found(f"# ftlint: env={value}\n{HEAD}")

    def test_settings(self, tmp_path: Path) -> None:
        (tmp_path / "ftlint.toml").write_text("[facts]\nenv = ['USE_RAY=1']\n", "utf-8")
        plan = planned(tmp_path, HEAD + RAY, "--dataset-size", "10000")
        assert (plan["world_size"], plan["total_steps"]) == (3, 1251)

    @pytest.mark.parametrize(("value", "workers"), [("1", 3), ("Y", 3), ("TRUE", 3), ("yes", 8)])
    def test_this_machine(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, workers: int
    ) -> None:
        monkeypatch.setenv("USE_RAY", value)
        plan = planned(tmp_path, HEAD + RAY, "--here", "--gpus", "8", "--dataset-size", "10000")
        assert plan["world_size"] == workers

    @pytest.mark.parametrize(
        ("env", "more", "says"),
        [
            ("USE_RAY", "", "counted for Ray: `ray_num_workers` processes"),
            ("USE_KT", "use_kt: true\n", "counted for KTransformers: one process"),
            ("USE_MEGATRON_BRIDGE", "", "FT4172 LLaMA Factory 0.9.5 ignores `USE_MEGATRON_BR"),
        ],
    )
    def test_what_a_launcher_has_to_do_with_the_counts_is_said(
        self, tmp_path: Path, env: str, more: str, says: str
    ) -> None:
        run = ("--gpus", "8", "--dataset-size", "10000")
        said = planned(tmp_path, HEAD + more, "--fact", f"env={env}", *run)["assumptions"]
        assert any(says in one for one in said)
        assert not any(says in one for one in planned(tmp_path, HEAD + more, *run)["assumptions"])

    def test_of_several_the_one_that_is_asked_for_first(self) -> None:
        launch = stating(facts=(("env", ["USE_MCA", "USE_RAY", "USE_V1"]),)).layers[0].launch
        started = {
            version: launch.started_by(resolve_target(version))
            for version in ("0.9.1", "0.9.3", "0.9.5")
        }
        assert started == {"0.9.1": None, "0.9.3": "ray", "0.9.5": "v1"}


class TestMegatron:
    def test_its_keys_are_known_and_their_slips_told(self) -> None:
        assert found(HEAD + SIZES, "USE_MCA") == {}
        slip = found(HEAD + "tensor_model_paralel_size: 2\n", "USE_MCA")["FT101"]
        assert "tensor_model_parallel_size" in slip.message

    def test_keys_of_the_other_trainer(self) -> None:
        told = found(HEAD + BRIDGE)["FT124"]
        assert "USE_MEGATRON_BRIDGE=1" in told.message
        told = found(HEAD + BRIDGE, "USE_MCA")["FT124"]
        assert (told.key, "USE_MEGATRON_BRIDGE=1" in told.message) == ("mixed_precision", True)
        assert "use 0.9.4" in found(HEAD + SIZES, target="0.9.3")["FT124"].message
        assert len(told.message) <= 160

    @pytest.mark.parametrize(
        ("target", "lines", "variables"),
        [
            ("0.9.4", SIZES, ["USE_MCA"]),
            ("0.9.5", SIZES + "sequence_parallel: true\n", ["USE_MCA"]),
            ("main", SIZES, ["USE_MCA", "USE_MEGATRON_BRIDGE"]),
            ("main", BRIDGE, ["USE_MEGATRON_BRIDGE"]),
            ("main", SIZES + MCA_ALONE, ["USE_MCA"]),
        ],
    )
    def test_a_set_of_keys_is_an_error_only_where_the_environment_is_known(
        self, target: str, lines: str, variables: list[str]
    ) -> None:
        told = found(HEAD + lines, target=target)
        assert list(told) == ["FT4171"]
        assert told["FT4171"].severity == "warning"
        named = [one for one in VARIABLES if f"`{one}=1`" in told["FT4171"].message]
        assert named == variables
        assert len(told["FT4171"].message) <= 160
        for one in variables:
            assert not {"FT124", "FT4171", "FT101"} & set(found(HEAD + lines, one, target=target))
        told = found(HEAD + lines, "FORCE_TORCHRUN", target=target)
        assert (list(told), told["FT124"].severity) == (["FT124"], "error")

    @pytest.mark.parametrize(
        ("target", "lines"),
        [
            ("0.9.3", SIZES),  # no launcher yet
            ("0.9.5", BRIDGE),  # the launcher that takes them all comes later
            ("main", BRIDGE + MCA_ALONE),  # none takes them all
            ("main", "tensor_model_parallel_size: 2\n"),  # one may be a slip
            ("main", "tensor_model_parallel_size: 2\nmixed_precision: bf16_mixed\n"),
        ],
    )
    def test_what_no_environment_makes_right_is_an_error(self, target: str, lines: str) -> None:
        assert list(found(HEAD + lines, target=target)) == ["FT124"]

    def test_a_set_of_a_policy_or_another_command_is_none(self) -> None:
        text = "model_name_or_path: m\ntemplate: qwen\n" + SIZES
        assert "FT4171" not in found(text + "export_dir: out\n")

    def test_nothing_rests_on_a_launcher_that_is_not_known(self, tmp_path: Path) -> None:
        sharded = HEAD + "deepspeed: {zero_optimization: {stage: 2}}\n"
        assert {"FT482", "FT4125"} <= set(found(sharded, gpus=1))
        assert list(found(sharded + SIZES, gpus=1)) == ["FT4171"]
        ended = "max_steps: 10\nnum_train_epochs: 3\nwarmup_steps: 20\n"
        assert {"FT201", "FT210"} <= set(found(HEAD + ended))
        assert list(found(HEAD + ended + SIZES)) == ["FT4171"]
        plan = planned(tmp_path, HEAD + SIZES, "--gpus", "8", "--dataset-size", "8006")
        assert (plan["code"], plan["key"]) == ("FT4171", "tensor_model_parallel_size")
        known = ("--gpus", "8", "--dataset-size", "8006", "--fact", "env=USE_MCA")
        assert planned(tmp_path, HEAD + SIZES, *known)["world_size"] == 2

    def test_what_the_installed_adapter_may_read_is_not_told(self) -> None:
        lines = "key_of_a_later_adapter: 1\n"
        assert "FT101" in found(HEAD + lines)
        assert "FT101" not in found(HEAD + SIZES + lines)
        assert "FT101" not in found(HEAD + SIZES + lines, "USE_MCA")
        assert "FT101" in found(HEAD + BRIDGE + lines, target="main")
        assert "FT101" in found(HEAD + SIZES + "num_epochs: 3\n")

    @pytest.mark.parametrize("env", [(), ("USE_MCA",), ("FORCE_TORCHRUN",)])
    def test_no_fix_takes_a_key_away(self, env: tuple[str, ...]) -> None:
        text = HEAD + BRIDGE + "predict_with_generate: false\nray_num_workers: 2\n"
        after = fix(of_text("c.yaml", text), options(*env), unsafe=True).source.text
        assert after == text

    def test_a_name_that_others_have_is_theirs_where_it_stands_alone(self) -> None:
        alone = found(HEAD + "mixed_precision: bf16\n")
        assert "FT124" not in alone
        assert alone["FT101"].fix is not None

    @pytest.mark.parametrize(
        "line",
        [
            "overwrite_output_dir: true", "ray_num_workers: 2", "enable_torch_profiler: true",
            "generation_max_length: 128", "fp8_backend: te",
        ],
    )  # fmt: skip
    def test_keys_that_its_arguments_lack(self, line: str) -> None:
        assert "FT145" in found(f"{HEAD}{line}\n", "USE_MCA")
        assert "FT145" not in found(f"{HEAD}{line}\n")

    def test_transformers_own_keys_are_taken(self) -> None:
        text = HEAD + "overwrite_output_dir: true\n"
        assert "FT145" not in found(text, "USE_MCA", target="0.9.4")

    def test_processes_that_cannot_be_grouped(self) -> None:
        assert "FT204" in found(HEAD + SIZES, "USE_MCA", gpus=6)
        assert "FT204" not in found(HEAD + SIZES, "USE_MCA", gpus=8)
        assert "FT204" not in found(HEAD + SIZES, "USE_MCA")

    def test_torchrun_is_started_on_one_gpu_as_well(self) -> None:
        text = HEAD + "deepspeed: {zero_optimization: {stage: 2}}\n"
        assert "FT482" in found(text, gpus=1)
        assert set(found(text, "USE_MCA", gpus=1)) == {"FT591"}
        assert "FT482" not in found(text, "USE_RAY", gpus=1)


class TestRay:
    def test_its_workers_are_the_processes(self) -> None:
        text = HEAD + "use_badam: true\nbadam_mode: ratio\n"
        assert "FT481" in found(text, gpus=2)
        assert "FT481" not in found(text, "USE_RAY", gpus=2)
        assert "FT481" in found(text + "ray_num_workers: 2\n", "USE_RAY", gpus=2)

    def test_more_workers_than_gpus_are_told_and_planned(self, tmp_path: Path) -> None:
        told = found(HEAD + RAY, "USE_RAY", gpus=2)["FT596"]
        assert told.severity == "warning"
        assert "FT596" not in found(HEAD + RAY, "USE_RAY", gpus=3)
        assert "FT596" not in found(HEAD + RAY, "USE_RAY")
        plan = planned(
            tmp_path, HEAD + RAY, "--gpus", "2", "--fact", "env=USE_RAY", "--dataset-size", "10000"
        )
        assert plan["total_steps"] == 1251

    def test_keys_without_it(self) -> None:
        assert "FT590" not in found(HEAD + RAY)  # who knows
        assert found(HEAD + RAY, "FORCE_TORCHRUN")["FT590"].fix is None


class TestV1:
    def test_its_examples_are_judged_and_found_right(self) -> None:
        text = V1_HEAD + "peft_config:\n  name: lora\n  r: 16\ndist_config:\n  name: fsdp2\n"
        assert found(text + "max_steps: 10\n") == found(text, "USE_V1", "FORCE_TORCHRUN") == {}

    @pytest.mark.parametrize(
        ("lines", "code", "says"),
        [
            ("num_epochs: 1\n", "FT146", "not a key"),
            ("max_step: 1\n", "FT146", "did you mean `max_steps`"),
            ("pref_beta: 0.1\n", "FT146", "that of main has it"),
            ("per_device_train_batch_size: 1\n", "FT146", "use `micro_batch_size`"),
            ("cp_size: 2\n", "FT146", "below `dist_config`"),
            ("dist_config: fsdp2\n", "FT149", "is not a mapping"),
            ("dist_config: {dcp_path: x}\n", "FT149", "has no `name`"),
            ("dist_config: {name: fsdp}\n", "FT147", "`fsdp2` and `deepspeed`"),
            ("lr_scheduler_config: {name: cosine}\n", "FT147", "none"),
            ("flash_attn: fa2\n", "FT4161", "fa2"),
            ("global_batch_size: 3\nmicro_batch_size: 2\n", "FT204", "not a multiple"),
        ],
    )
    def test_what_it_rejects(self, lines: str, code: str, says: str) -> None:
        assert says in found(V1_HEAD + lines)[code].message

    def test_main_has_the_sizes_of_groups_beside_the_plugin(self) -> None:
        text = V1_HEAD + "flash_attn: flash_attention_2\nmicro_batch_size: 1\n"
        beside = text + "cp_size: 2\ndist_config:\n  name: fsdp2\n"
        below = text + "dist_config:\n  name: fsdp2\n  cp_size: 2\n"
        assert found(beside, target="main") == found(beside, "USE_V1", target="main") == {}
        assert found(below) == {}
        told = found(below, target="main")
        assert list(told) == ["FT148"]
        assert "write `cp_size` at the top level" in told["FT148"].message

    def test_main_refuses_what_0_9_5_ignores(self) -> None:
        lines = "peft_config:\n  name: lora\n  rank: 8\n"
        assert found(V1_HEAD + lines) == {}
        assert list(found(V1_HEAD + lines, target="main")) == ["FT148"]

    def test_what_only_main_has_is_of_no_doubt(self) -> None:
        lines = "use_kt: true\ngradient_checkpointing: true\n"
        assert "FT4167" in found(HEAD + lines, target="main")
        assert "FT4167" not in found(HEAD + lines)
        told = found(HEAD + "sequence_parallel: true\n", "USE_MEGATRON_BRIDGE", target="main")
        assert list(told) == ["FT4158"]

    def test_keys_of_v0_have_one_cause(self) -> None:
        told = found(HEAD, "USE_V1")
        assert list(told) == ["FT146"]
        assert "and 4 more" in told["FT146"].message
        assert fix(of_text("c.yaml", HEAD), options("USE_V1"), unsafe=True).source.text == HEAD

    def test_unknown_keys_that_it_may_ignore(self) -> None:
        told = found(V1_HEAD + "num_epochs: 1\n", "USE_V1", "ALLOW_EXTRA_KEYS")
        assert list(told) == ["FT599"]

    def test_releases_without_it(self) -> None:
        for target in ("0.9.2", "0.9.3", "0.9.4"):
            assert list(found(V1_HEAD + "micro_batch_size: 1\n",
                              target=target)) == ["FT017"]  # fmt: skip

    def test_no_rule_of_v0_judges_it(self) -> None:
        text = (
            V1_HEAD + "micro_batch_size: 2\nlearning_rate: 5.0\nmax_steps: 1\nlogging_steps: 10\n"
        )
        assert found(text) == {}

    def test_steps(self, tmp_path: Path) -> None:
        text = V1_HEAD + "micro_batch_size: 2\nglobal_batch_size: 16\n"
        plan = planned(tmp_path, text, "--gpus", "4", "--dataset-size", "1000")
        assert (plan["steps_per_epoch"], plan["total_steps"]) == (62, 186)
        sizes = ("--dataset-size", "a=600", "--dataset-size", "b=400")
        assert planned(tmp_path, text, "--gpus", "4", *sizes)["total_steps"] == 186
        forced = planned(tmp_path, HEAD, "--fact", "env=USE_V1", "--dataset-size", "9")
        assert forced["code"] == "FT146"

    def test_schema_for_editors(self) -> None:
        schema = json.loads(invoke("schema", "--command", "v1").out)
        catalogue = catalogue_of(resolve_target("0.9.5"), "v1")
        assert sorted(schema["properties"]) == sorted(catalogue.names())
        assert "lora" in schema["properties"]["peft_config"]["properties"]["name"]["examples"]
        assert "no v1" in invoke("schema", "--command", "v1", "--target", "0.9.3").err


def test_every_release_from_0_9_4_on_has_its_v1() -> None:
    assert list(compiled.V1) == [one for one in compiled.LLAMAFACTORY if one >= "0.9.4"]


def test_a_trainers_key_is_one_of_its_own() -> None:
    for launcher, keys in compiled.TRAINERS.items():
        catalogue = catalogue_of(resolve_target("0.9.5"), "train", launcher)
        for name in keys:
            key = catalogue.get(name)
            assert key is not None
            assert key.group == launcher
        assert catalogue.get("learning_rate") is not None
        assert set(keys) <= set(catalogue.names())
