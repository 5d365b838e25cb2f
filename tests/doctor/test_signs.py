"""What the losses of a run are taken for: by figures that leave no doubt, and by none that do."""

from __future__ import annotations

import math
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftlint.doctor.curves import HEIGHT, WIDTH, curves
from ftlint.doctor.evidence import evidence
from ftlint.doctor.history import History, Loss
from ftlint.doctor.levels import loss_spike
from ftlint.doctor.lost import Logged, nan_from
from ftlint.doctor.stopping import best, stops_at
from ftlint.doctor.symptoms import signs

GUIDE = [2.5, 2.3, 2.35, 2.4, 2.42]
"""Evaluations of the guide's example."""


def losses(values: list[float], every: int = 100) -> tuple[Loss, ...]:
    return tuple(Loss(every * number, value) for number, value in enumerate(values, 1))


def history(
    evaluation: list[float] = [],  # noqa: B006
    training: list[float] = [],  # noqa: B006
    **more: object,
) -> History:
    done = 100 * max(len(evaluation), 1)
    plain = History(
        "run", ("trainer_state.json",), planned=done, done=done, epochs=done / 100, ended=True,
        training=losses(training, max(1, done // max(len(training), 1))),
        evaluation=losses(evaluation), evaluated_on=None, patience=None, checkpoints=(),
    )  # fmt: skip
    return plain._replace(**more)  # type: ignore[arg-type]


def names(run: History, patience: int = 3) -> list[str]:
    return [sign.name for sign in signs(run, patience)]


FALLING = [3 * 0.9**number for number in range(25)]


def test_the_guides_example() -> None:
    assert best(losses(GUIDE)) == Loss(200, 2.3)
    assert stops_at(losses(GUIDE), 3) == 5
    (sign,) = signs(history(GUIDE, FALLING, checkpoints=(200, 500)), 3)
    assert (sign.name, sign.severity) == ("over-fitting", "warning")
    assert "by 5% from its lowest, 2.3 at step 200 (epoch 2.00), to 2.42 at the end" in sign.text
    assert sign.remedy.startswith(
        "use checkpoint-200, or train again with `num_train_epochs: 2` or"
    )


def test_where_early_stopping_would_have_ended_it() -> None:
    longer = history([*GUIDE, 2.5, 2.6, 2.7, 2.8, 2.9], FALLING)
    found = {sign.name: sign for sign in signs(longer, 3)}
    assert list(found) == ["over-fitting", "early-stopping"]
    assert "at step 500 (evaluation 5): 50% of all steps came after that" in (
        found["early-stopping"].text
    )


@pytest.mark.parametrize(
    ("evaluation", "found"),
    [
        ([2.5, 2.3, 2.2, 2.19, 2.185], []),  # flat: trained to the end
        ([2.5, 2.3, 2.2, 2.1, 2.0], ["under-training"]),
        ([2.5, 2.3, 2.29, 2.295, 2.3], []),  # risen by less than a hundredth
        ([2.5, 2.3, 2.4], ["too-few-evaluations"]),
        ([2.5, 2.3, 2.4, 2.6, 2.2], []),  # noisy, best at the end
        ([2.3, 2.4, 2.5], ["over-fitting"]),
        ([2.5, 2.3], []),
    ],
)
def test_what_is_said_of_evaluations(evaluation: list[float], found: list[str]) -> None:
    assert names(history(evaluation, FALLING)) == found


def test_no_over_fitting_where_the_training_loss_rises_too() -> None:
    assert names(history(GUIDE, FALLING[::-1])) == []


def test_a_run_that_only_made_it_worse() -> None:
    """`eval_on_start` evaluates at step 0, and nothing was better than that."""
    worse = history([2.0, 2.5, 3.0], FALLING)
    worse = worse._replace(evaluation=(Loss(0, 2.0), Loss(100, 2.5), Loss(200, 3.0)))
    (sign,) = signs(worse, 3)
    assert sign.remedy == "training never improved it: lower `learning_rate`, and check the data"


def test_without_evaluations() -> None:
    assert names(history([], [2.0, 2.1] * 5)) == ["not-evaluated"]
    assert names(history([], FALLING)) == ["not-evaluated", "under-training"]
    assert names(history([], [2.0, 1.0])) == ["not-evaluated"]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_no_number(bad: float) -> None:
    sign = next(iter(signs(history(GUIDE[:2], [2.0, bad]), 3)))
    assert (sign.name, sign.severity) == ("diverged", "error")
    assert str(bad) in sign.text
    alone = next(iter(signs(history([2.0, bad], [2.0, 1.9]), 3)))
    assert (alone.name, alone.severity) == ("evaluation-lost", "warning")
    assert f"the evaluation loss is {bad} at step 200, while the training loss is finite" in (
        alone.text
    )
    assert "learning_rate" not in alone.remedy


def test_a_loss_that_was_no_number_for_once() -> None:
    assert names(history([math.nan, *GUIDE], FALLING)) == ["evaluation-lost", "over-fitting"]
    assert names(history([], [*FALLING, math.nan])) == ["diverged"]
    cut = history([], [2.0, math.nan, 2.0], planned=900, ended=False, resumable="run/checkpoint-4")
    assert [sign.remedy for sign in signs(cut, 3) if sign.name == "not-finished"] == [
        "resume with `resume_from_checkpoint: run/checkpoint-4`"
    ]


def test_how_far_it_went() -> None:
    early = history(GUIDE, FALLING, planned=900, patience=3)
    assert names(early)[0] == "stopped-early"
    assert names(early._replace(patience=None))[0] == "ended-early"
    cut = early._replace(ended=False, resumable="run/checkpoint-400")
    sign = next(iter(signs(cut, 3)))
    assert sign.name == "not-finished"
    assert "500 of 900 planned steps were done (56%)" in sign.text
    assert sign.remedy == "resume with `resume_from_checkpoint: run/checkpoint-400`"


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ([math.nan] * 3 + [1.0] * 4, 7), ([math.nan] * 4, 4), ([math.inf, math.inf, 2.0], None),
        ([math.inf] * 4, 4), ([1.0, 2.0, 2.0, 2.0], 4), ([1.0, *[math.nan] * 3], 4),
    ],
)  # fmt: skip
def test_the_first_evaluation_never_counts(values: list[float], ends: int | None) -> None:
    """As transformers' EarlyStoppingCallback was run; tests/oracle runs it again."""
    assert stops_at(losses(values), 3) == ends


LOSSES = st.lists(st.floats(allow_nan=True, width=32), max_size=40)


ADVICE = re.compile(r"`early_stopping_steps: ([0-9]+)`")


def best_within(values: list[float], patience: int) -> float | None:
    """Return the least loss before early stopping ends the run, waiting as its words say."""
    least, waited = None, 0
    for value in values:
        if least is None or value < least:
            least, waited = value, 0
        else:
            waited += 1
        if waited >= patience:
            break
    return least


@given(st.lists(st.floats(1.0, 2.0), min_size=2, max_size=25), st.integers(1, 5))
def test_the_log_holds_what_is_advised_on_early_stopping(
    values: list[float], patience: int
) -> None:
    """A patience that is advised keeps the best loss that the log has, none smaller does so.

    Where the run's own one is advised, what it would lose is small, or noise.
    """
    sign = next((one for one in signs(history(values), patience) if one.name == NAME), None)
    ends = stops_at(losses(values), patience)
    if sign is None:
        assert ends is None or ends == len(values)
        return
    (advised,) = map(int, ADVICE.findall(sign.remedy))
    assert ADVICE.findall(sign.text) == [str(patience)]
    kept = best_within(values, advised)
    assert kept is not None
    if "would have reached it" in sign.remedy:
        assert advised > patience
        assert kept == min(values)
        before = best_within(values, advised - 1)
        assert before is not None
        assert before > kept
    else:
        assert advised == patience
        found = evidence(values)
        noise = 0.0 if found is None else 3 * found.noise
        assert 1 - min(values) / kept < max(0.01, noise)


NAME = "early-stopping"


@given(LOSSES, st.integers(1, 5))
def test_early_stopping_is_that_of_its_words(values: list[float], patience: int) -> None:
    """It ends with the first evaluation that follows `patience` - 1 others since a new best."""
    ends, since = None, 0
    for number in range(1, len(values) + 1):
        seen = [value for value in values[: number - 1] if value == value]
        new = number == 1 or values[number - 1] < min(seen, default=math.inf)
        since = 0 if new else since + 1
        if since >= patience:
            ends = number
            break
    assert stops_at(losses(values), patience) == ends


@given(LOSSES, LOSSES)
def test_a_picture_of_whatever_was_logged(training: list[float], evaluation: list[float]) -> None:
    run = history(evaluation, training)
    drawn = list(curves(run.training, run.evaluation, best(run.evaluation)))
    assert len(drawn) in (0, HEIGHT + 2)
    assert all(len(line) <= WIDTH + 20 and line.isprintable() for line in drawn)
    assert {one.severity for one in signs(run, 3)} <= {"error", "warning", "info"}


def test_the_best_is_seen_however_crowded() -> None:
    evaluation = losses([1 + abs(number - 100) / 100 for number in range(200)], 10)
    least = best(evaluation)
    assert sum(line.count("●") for line in curves((), evaluation, least)) == 1


def test_a_picture_in_full() -> None:
    drawn = list(curves(losses([4.0, 3.0, 2.0, 1.0]), losses([3.4, 2.5], 200), Loss(400, 2.5)))
    assert drawn[0] == f"{4:8} │{'·':>17}"
    assert drawn[-1].endswith("step 400")
    assert sum(line.count("·") for line in drawn) == 4
    assert [sum(line.count(mark) for line in drawn) for mark in "o●"] == [1, 1]


def logged(*entries: tuple[float, float | None]) -> list[Logged]:
    return [Logged(number, value, norm) for number, (value, norm) in enumerate(entries, 1)]


@pytest.mark.parametrize(
    ("entries", "lost"),
    [
        ([(2.0, 1.0), (1.3, math.nan), (0.0, math.nan)], 2),
        ([(2.0, 1.0), (0.0, math.inf)], 2),
        ([(0.0, math.nan)], 1),
        ([(2.0, 1.0), (0.0, math.nan), (1.9, 1.0)], None),  # fp16 passed over a batch
        ([(2.0, math.inf), (2.0, math.inf), (2.0, math.inf)], None),  # fp16 finds its scale
        ([(2.0, math.inf)] * 6, 1),
        ([(0.1, 1.0), (0.0, 0.0), (0.0, 0.0)], None),  # learnt by heart, in four digits
        ([(2.0, None), (1.3, None), (0.0, None), (0.0, None)], 3),
        ([(2.0, None), (0.0, None)], None),
        ([(0.001, None), (0.0, None), (0.0, None)], None),  # of dpo, in four digits
        ([(0.0, None), (0.0, None)], None),
        ([(2.0, None), (0.0, None), (0.0, None), (1.9, None)], None),
        ([], None),
    ],
)
def test_a_loss_of_0_that_was_never_measured(
    entries: list[tuple[float, float | None]], lost: int | None
) -> None:
    assert nan_from(logged(*entries)) == lost


BLOWN = [3.0, 2.0, 1.2, 1.0, 1.0] + [9.5] * 15


def test_a_loss_that_left_its_level_for_good() -> None:
    for evaluation in ([], [1.0, 9.5, 9.6]):
        (sign,) = signs(history(evaluation, BLOWN), 3)
        assert (sign.name, sign.severity) == ("diverged", "error")
    assert (
        sign.text == "the training loss rose from 3 to 9.5 or more, and stays there from step 90 on"
    )
    assert "diverged" not in names(history([], BLOWN, rewarded=True))


@pytest.mark.parametrize(
    ("training", "evaluation"),
    [
        ([*[9.5] * 3, *[1.0] * 22], []),  # the first steps
        ([*[1.0] * 22, *[9.5] * 3], []),  # just now: too early to tell
        ([*[1.0] * 10, 30.0, *[1.0] * 10, 30.0], []),  # spikes
        ([*[1.0] * 10, *[9.5] * 5, *[1.0] * 10], []),  # it came back
        ([*[0.8] * 20, *[3.0] * 10], [1.5, 1.4, 1.45]),  # other data at the end
        ([*[0.69, 0.4, 0.1, 0.01, 0.002] * 3, *[0.3] * 10], []),  # dpo
        ([*[6.0] * 20, *[9.0] * 10], []),
        (BLOWN[:19], []),  # few
        (BLOWN[::-1], []),
    ],
)
def test_what_is_no_such_loss(training: list[float], evaluation: list[float]) -> None:
    assert "diverged" not in names(history(evaluation, training))


@pytest.mark.parametrize("level", [0.5, 2.0, 6.0])
@pytest.mark.parametrize("logs", [20, 25, 60, 200])
def test_noise_is_no_such_loss(level: float, logs: int) -> None:
    draw = random.Random(logs)
    for _ in range(200):
        noisy = [level * math.exp(draw.gauss(0, 0.3)) for _ in range(logs)]
        assert loss_spike(losses(noisy), ()) is None


@given(LOSSES, LOSSES)
def test_any_losses_have_levels(training: list[float], evaluation: list[float]) -> None:
    found = loss_spike(losses(training), losses(evaluation))
    assert found is None or found.low < found.high


def test_a_rise_beyond_all_per_cent_is_told_by_its_losses() -> None:
    (sign,) = [
        one for one in signs(history([1e-9, 1.0, 2.0, 3.0, 4.0]), 9) if one.name == "over-fitting"
    ]
    assert "the evaluation loss rose from its lowest, 1e-09 at step 100 (" in sign.text


def test_how_much_lower_a_loss_below_zero_is_is_not_told_in_per_cent() -> None:
    (sign,) = [
        one for one in signs(history([0.5, 0.6, 0.6, 0.6, -1.0]), 3) if one.name == "early-stopping"
    ]
    assert "before the best evaluation at step 500, whose loss is lower" in sign.text
