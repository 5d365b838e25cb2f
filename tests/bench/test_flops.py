"""FLOPs by formula against torch's own counter, and against figures worked out by hand."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from tests.oracle import environments

from ftbench.analysis.flops import (
    PROJECTIONS,
    DecoderShape,
    Flops,
    Learning,
    NotCounted,
    learning_of,
    of_batch,
    of_micro_batches,
    shape_of,
)

SMALL = DecoderShape(4, 64, 8, 2, 16, 176, 320)
LLAMA_8B = DecoderShape(32, 4096, 32, 8, 128, 14336, 128256)


def case(name: str, **changed: Any) -> Any:
    plain: dict[str, Any] = {
        "family": "llama", "shape": asdict(SMALL), "tied": False, "method": "full", "layers": None,
        "rank": None, "targets": None, "whole": [], "inputs": False, "checkpointing": False,
        "reentrant": True, "rows": 3, "length": 40,
    }  # fmt: skip
    return pytest.param({**plain, **changed}, id=name)


EVERY = list(PROJECTIONS)
LORA = {"method": "lora", "rank": 4, "targets": EVERY}
CASES = [
    case("full"),
    case("full, tied head", tied=True),
    case("full, qwen2", family="qwen2"),
    case("full, checkpointing", checkpointing=True),
    case("full, checkpointing, not reentrant", checkpointing=True, reentrant=False),
    case("freeze, last layer", method="freeze", layers=[3]),
    case("freeze, two in the middle", method="freeze", layers=[1, 2]),
    case("freeze, tied", method="freeze", layers=[2, 3], tied=True, family="qwen2"),
    case("freeze, checkpointing", method="freeze", layers=[2, 3], checkpointing=True),
    case("freeze, two in the middle, checkpointing", method="freeze", layers=[1, 2],
         checkpointing=True),
    case("freeze, not reentrant", method="freeze", layers=[3], checkpointing=True, reentrant=False),
    case("lora", **LORA),
    case("lora, inputs require a gradient", **LORA, inputs=True),
    case("lora, qwen2, tied", **LORA, family="qwen2", tied=True, inputs=True),
    case("lora, checkpointing", **LORA, inputs=True, checkpointing=True),
    case("lora, not reentrant", **LORA, inputs=True, checkpointing=True, reentrant=False),
    case("lora on q and v", method="lora", rank=8, targets=["q_proj", "v_proj"]),
    case("lora, head and embedding", **LORA, whole=["lm_head", "embed_tokens"]),
    case("lora, head", **LORA, whole=["lm_head"], inputs=True, checkpointing=True),
    case("freeze, head", method="freeze", layers=[3], whole=["lm_head"]),
    case("freeze, embedding", method="freeze", layers=[3], whole=["embed_tokens"]),
    case("freeze, embedding, checkpointing", method="freeze", layers=[2, 3],
         whole=["embed_tokens"], checkpointing=True),
    case("lora on the mlp", method="lora", rank=8, targets=["gate_proj", "down_proj"]),
    case("lora on v, not reentrant", method="lora", rank=8, targets=["v_proj"], inputs=True,
         checkpointing=True, reentrant=False),
]  # fmt: skip


def learning(case: dict[str, Any]) -> Learning:
    full = case["method"] == "full"
    return Learning(
        layers=None if case["layers"] is None else frozenset(case["layers"]), rank=case["rank"],
        targets=frozenset(case["targets"] or ()), head=full or "lm_head" in case["whole"],
        embedding=full or "embed_tokens" in case["whole"], inputs=case["inputs"],
        checkpointing=case["checkpointing"], reentrant=case["reentrant"],
    )  # fmt: skip


@pytest.fixture(scope="module")
def counted() -> dict[str, int]:
    """What torch counts, of all cases in one process."""
    cases = [param.values[0] for param in CASES]
    answer = subprocess.run(
        [str(environments.ensure("0.9.5")), str(Path(__file__).with_name("flop_counter.py"))],
        input=json.dumps(cases), capture_output=True, text=True, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout.splitlines()[-1])
    return {str(param.id): count for param, count in zip(CASES, found, strict=True)}


@pytest.mark.oracle
@pytest.mark.parametrize("case", CASES)
def test_formula_and_counter_agree(
    case: dict[str, Any], counted: dict[str, int], request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.id
    squares = case["rows"] * case["length"] ** 2
    ours = of_batch(SMALL, learning(case), case["rows"] * case["length"], squares, "full")
    assert ours.hardware == pytest.approx(counted[name], rel=1e-3)


def test_8b_by_hand() -> None:
    """7.505e9 parameters that multiply; attention of a causal mask [reference arithmetic]."""
    per_token = 1e9 * 2048
    full = of_batch(LLAMA_8B, Learning(head=True, embedding=True), 2048, 2048**2)
    assert full.model / per_token == pytest.approx(46.6, abs=0.05)
    adapters = Learning(rank=0, inputs=True, checkpointing=True)
    lora = of_batch(LLAMA_8B, adapters, 2048, 2048**2)
    assert lora.model / per_token == pytest.approx(31.6, abs=0.05)
    assert lora.hardware / per_token == pytest.approx(46.1, abs=0.05)


def test_all_scores_are_twice_the_causal_ones_but_for_the_diagonal() -> None:
    all_of_it = Learning(head=True, embedding=True)
    weights = of_batch(SMALL, all_of_it, 64, 0, "full").model
    full = of_batch(SMALL, all_of_it, 64, 64 * 64, "full").model - weights
    causal = of_batch(SMALL, all_of_it, 64, 64 * 64).model - weights
    assert causal / full == pytest.approx((64 + 1) / (2 * 64))


def test_reference_of_dpo_is_one_forward_more() -> None:
    forward = 2 * 64 * SMALL.vocab + 2 * SMALL.layers * sum(
        width * out for width, out in SMALL.linears().values()
    )
    plain = of_batch(SMALL, Learning(rank=4), 10, 0, "full")
    paired = of_batch(SMALL, Learning(rank=4, references=1), 10, 0, "full")
    assert paired.model - plain.model == pytest.approx(10 * forward)
    adapters = 2 * 4 * SMALL.layers * sum(a + b for a, b in SMALL.linears().values())
    other = of_batch(SMALL, Learning(rank=4, passes=1), 10, 0, "full")
    assert other.model - plain.model == pytest.approx(10 * (forward + adapters))


MODEL: Any = {"layers": 4, "hidden": 64, "heads": 8, "kv_heads": 2, "head_dim": 16, "mlp": 176,
              "vocab": 320, "gated": True, "experts": None}  # fmt: skip
METHOD: Any = {"stage": "sft", "finetuning_type": "lora", "lora_rank": 4, "lora_targets": ["all"],
               "trainable_layers": None, "gradient_checkpointing": True,
               "reentrant": True}  # fmt: skip


def test_of_a_result() -> None:
    total = of_micro_batches(
        shape_of(MODEL), learning_of(METHOD), [[3, 40, 100, 90, 4800], [1, 8, 8, 8, 64]], "full"
    )
    adapters = Learning(rank=4, inputs=True, checkpointing=True)
    parts = (of_batch(SMALL, adapters, 120, 4800, "full"), of_batch(SMALL, adapters, 8, 64, "full"))
    assert total == Flops(parts[0].model + parts[1].model, parts[0].hardware + parts[1].hardware)


def test_modules_that_learn_whole_are_counted() -> None:
    plain: Any = METHOD
    both: Any = {**METHOD, "whole_modules": ["embed_tokens", "lm_head", "norm"]}
    assert learning_of(both) == replace(learning_of(plain), head=True, embedding=True)


@pytest.mark.parametrize(
    ("model", "method"),
    [
        ({**MODEL, "experts": 8}, METHOD),
        (MODEL, {**METHOD, "stage": "ppo"}),
        (MODEL, {**METHOD, "finetuning_type": "oft"}),
        (MODEL, {**METHOD, "finetuning_type": "freeze"}),
        (MODEL, {**METHOD, "lora_rank": None}),
        (MODEL, {**METHOD, "lora_targets": ["embed_tokens"]}),
        (MODEL, {**METHOD, "whole_modules": ["mm_projector"]}),
    ],
)
def test_no_number_where_there_is_no_formula(model: Any, method: Any) -> None:
    with pytest.raises(NotCounted):
        of_micro_batches(shape_of(model), learning_of(method), [[1, 8, 8, 8, 64]], "full")
