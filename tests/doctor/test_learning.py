"""Signs in training losses, gradients, rates and rewards: figures that show them, and some not."""

from __future__ import annotations

import math
import random
import re

import pytest

from ftlint.doctor.history import History, Loss
from ftlint.doctor.levels import lasting_rise
from ftlint.doctor.symptoms import signs

from .test_signs import FALLING, GUIDE, history, losses, names


def series(values: list[float], every: int = 100) -> tuple[Loss, ...]:
    return losses(values, every)


def noisy(level: float, logs: int, scale: float, fall: float = 0.0) -> list[float]:
    draw = random.Random(3)
    return [level * (1 - fall * at / logs) * (1 + draw.gauss(0, scale)) for at in range(logs)]


def said(run: History, name: str) -> str:
    return next(sign.text for sign in signs(run, 3) if sign.name == name)


def test_a_run_that_learned_nothing() -> None:
    flat = history([], noisy(2.0, 100, 0.02), epochs=2.0)
    slow = flat._replace(series={"learning_rate": series([1e-7] * 100)})
    assert next(sign.severity for sign in signs(slow, 3)) == "warning"
    assert "did not fall beyond its noise in 2.0 epochs (100 logs" in (
        said(slow, "nothing-learned")
    )
    assert "the highest learning rate was 1e-07" in said(slow, "nothing-learned")
    assert next(sign.severity for sign in signs(flat, 3)) == "info"  # it may have known the data
    assert names(slow._replace(epochs=0.5))[0] == "not-evaluated"


@pytest.mark.parametrize(
    "training",
    [
        noisy(2.0, 100, 0.02, fall=0.1), noisy(2.0, 100, 0.3), noisy(2.0, 19, 0.001),
        FALLING,
    ],
)  # fmt: skip
def test_what_learned_or_is_too_noisy_to_tell(training: list[float]) -> None:
    assert "nothing-learned" not in names(history([], training, epochs=2.0))


UP = [1 + 0.03 * at for at in range(60)]
BACK = [2.0 - 1.2 * (1 - abs(at - 30) / 30) for at in range(60)]
"""A loss that rises, and one that fell, and rose to where it had begun."""


def shaken(values: list[float], scale: float = 0.02, seed: int = 5) -> list[float]:
    draw = random.Random(seed)
    return [one + draw.gauss(0, scale) for one in values]


@pytest.mark.parametrize("course", [UP, BACK])
@pytest.mark.parametrize("evaluated", [False, True])
@pytest.mark.parametrize("epochs", [0.5, 2.0])
def test_a_loss_that_rises(course: list[float], evaluated: bool, epochs: float) -> None:
    run = history(course[5::6] if evaluated else [], shaken(course), epochs=epochs)
    (sign,) = (one for one in signs(run, 3) if one.name == "loss-rises")
    assert sign.severity == "warning"
    low, high = map(float, re.findall(r"[0-9.]+[0-9]", sign.text))
    assert low < 1.3
    assert high > 1.6
    assert sign.remedy.startswith("lower `learning_rate`")
    assert not any("raise `learning_rate`" in one.remedy for one in signs(run, 3))


def test_a_small_rise_beyond_its_noise() -> None:
    run = history([], shaken([2.0 + 0.001 * at for at in range(100)], 0.01), epochs=2.0)
    assert "loss-rises" in names(run)
    assert "nothing-learned" not in names(run)
    slow = run._replace(series={"learning_rate": series([1e-7] * 100)})
    assert "nothing-learned" in names(slow)  # so low a rate did not do that


@pytest.mark.parametrize(
    ("training", "evaluation"),
    [
        (shaken([2.0] * 60), []),
        (shaken([2.0 * 0.95**at for at in range(30)] * 2), []),  # started again
        (shaken([1.4 + 0.6 * math.cos(at / 60 * 5 * math.pi) for at in range(60)]), []),
        (shaken([1.4 + 0.6 * math.cos(at / 60 * 4 * math.pi) for at in range(60)]), []),
        (shaken([1.4 + 0.6 * math.cos(at / 60 * 20 * math.pi) for at in range(60)]), []),
        (shaken([2.0] * 30 + [1.0] * 20 + [1.4] * 10), []),  # less than half of what it fell
        (shaken([2.0, *[1.0] * 56, 2.0, 2.0, 2.0]), []),  # just now: too early to tell
        (shaken(BACK), [2.0, 1.5, 1.2, 1.1, 1.1]),  # other data at the end
    ],
)  # fmt: skip
def test_what_does_not_rise_for_good(training: list[float], evaluation: list[float]) -> None:
    assert "loss-rises" not in names(history(evaluation, training, epochs=2.0))


@pytest.mark.parametrize("logs", [20, 25, 60, 200])
@pytest.mark.parametrize("scale", [0.02, 0.1, 0.3])
def test_noise_does_not_rise(logs: int, scale: float) -> None:
    draw = random.Random(logs)
    found = 0
    for _ in range(300):
        values = [2 * (1 + math.exp(-at / 5)) * math.exp(draw.gauss(0, scale))
                  for at in range(logs)]  # fmt: skip
        found += "loss-rises" in names(history([], values, epochs=2.0))
        flat = [2 * math.exp(draw.gauss(0, scale)) for _ in range(logs)]
        found += "loss-rises" in names(history([], flat, epochs=2.0))
    assert found <= 2


def test_noise_that_lasts_rarely_rises() -> None:
    """As where rows that are alike stand together: a correlation of 0.7 from log to log."""
    draw, found = random.Random(7), 0
    for _ in range(300):
        off, values = draw.gauss(0, 1), []
        for _ in range(60):
            values.append(2 * math.exp(0.1 * off))
            off = 0.7 * off + math.sqrt(1 - 0.7**2) * draw.gauss(0, 1)
        found += lasting_rise(series(values), ()) is not None
    assert found <= 9  # 3 %


def test_evaluations_show_that_something_was_learned() -> None:
    run = history([2.5, 2.3, 2.2, 2.2], noisy(2.0, 100, 0.01), epochs=2.0)
    assert "nothing-learned" not in names(run)


def test_a_loss_of_0_or_of_one_value() -> None:
    assert names(history([], [0.0] * 10)) == ["loss-zero"]
    assert names(history([], [2.1] * 30)) == ["loss-constant"]


def test_few_losses_that_left_for_good() -> None:
    blown = history([], [1.64, 1.6, 1.55, 1.5, 1.5, 1.5, 1.5, 1.5, 11.8, 10.37])
    assert names(blown)[0] == "diverged"
    guessing = history([], [1.64, 1.6, 3.0, 10.9, 10.37], vocabulary=32000)
    assert "the loss of guessing at random among 32,000 tokens" in said(guessing, "diverged")
    for fine in ([1.64, 1.6, 1.55, 1.5, 1.7], [2.0, 1.0, 0.5, 0.2, 0.1], [1.0, 1.4, 1.1, 1.5, 1.4]):
        assert "diverged" not in names(history([], fine))


def test_a_staircase_is_memorisation() -> None:
    draw = random.Random(1)
    stairs = [level * (1 + draw.gauss(0, 0.03)) for level in (2.0, 1.0, 0.1) for _ in range(20)]
    run = history([], stairs, epochs=3.0, done=6000, planned=6000)
    run = run._replace(training=series(stairs))
    assert names(run) == ["not-evaluated", "memorised"]
    assert "drops where an epoch begins (2 times by 20% or more)" in said(run, "memorised")
    smooth = [2.0 * 0.95**at for at in range(60)]
    assert "memorised" not in names(run._replace(training=series(smooth)))


def test_nothing_is_left_to_learn_of_a_loss_of_nearly_0() -> None:
    run = history([0.1, 0.01, 0.001, 0.00067], FALLING)
    assert names(run) == []
    assert "under-training" not in names(history([], [0.1 * 0.9**at for at in range(25)]))


def test_the_log_refutes_an_early_stop() -> None:
    later = [2.5, 2.3, 2.35, 2.34, 2.33, 2.2, 2.1, 2.0, 1.95, 1.94]
    found = [sign for sign in signs(history(later, FALLING), 3) if sign.name == "early-stopping"]
    assert "before the best evaluation at step 1,000, whose loss is 16% lower" in found[0].text
    assert found[0].remedy == "`early_stopping_steps: 4` would have reached it"


def test_a_spike_that_came_back() -> None:
    training = noisy(1.0, 60, 0.05)
    assert "spikes" not in names(history([], training))
    training[30] = 4.0
    assert "the training loss jumped once and came back: from about 0.98 to 4 at step" in (
        said(history([], training), "spikes")
    )


def test_gradients_that_were_clipped() -> None:
    run = history([], FALLING, series={"grad_norm": series([7.0] * 24 + [0.5])})
    assert "clipped in 24 of 25 logged steps: its median norm is 7" in said(run, "clipped")
    assert "clipped" not in names(run._replace(clipped_at=10.0))
    assert "clipped" not in names(run._replace(clipped_at=0.0))  # switched off


def test_rates() -> None:
    zero = history([], FALLING, series={"learning_rate": series([0.0] * 25)})
    assert "the learning rate is 0 in all 25 logs" in said(zero, "rate-zero")
    other = zero._replace(series={"learning_rate": series([1e-5, 1e-4, 5e-5, 0.0])}, rate=5e-5)
    assert "reached 0.0001, but the config sets `learning_rate: 5e-05`" in said(other, "other-rate")
    assert "other-rate" not in names(other._replace(rate=1e-4))


def preferring(training: list[float], **measures: list[float]) -> History:
    named = {name.replace("_", "/"): series(values, 10) for name, values in measures.items()}
    return history([], training)._replace(series=named)


def test_preferences_that_did_not_move() -> None:
    run = preferring([0.6931] * 12 + [0.6925], rewards_accuracies=[0.5] * 13)
    assert "ln 2 = 0.6931" in said(run, "nothing-learned")
    moved = preferring([0.69 * 0.95**at for at in range(13)], rewards_accuracies=[0.7] * 13)
    assert "nothing-learned" not in names(moved)


def test_pairs_that_are_told_apart_at_once() -> None:
    run = preferring([0.0] * 3 + [0.001], rewards_accuracies=[1.0] * 4)
    assert "pairs-trivial" in names(run)
    assert "loss-zero" not in names(run)
    learned = preferring([0.69, 0.1, 0.01, 0.001], rewards_accuracies=[0.5, 1.0, 1.0, 1.0])
    assert "pairs-trivial" not in names(learned)


def test_a_reference_that_is_another_model() -> None:
    run = preferring([0.6] * 12, rewards_margins=[0.095] * 12)
    first = run.series["rewards/margins"]
    run = run._replace(series={"rewards/margins": (Loss(1, 0.095), *first[1:])})
    assert "the reward margin is 0.095 at step 1" in said(run, "other-reference")
    same = run._replace(series={"rewards/margins": (Loss(1, 0.0), *first[1:])})
    assert "other-reference" not in names(same)
    assert "other-reference" not in names(run._replace(series={"rewards/margins": first}))


def test_chosen_answers_that_become_less_likely() -> None:
    falling = [-0.2 * at for at in range(12)]
    run = preferring(
        [0.69 * 0.9**at for at in range(12)], rewards_chosen=falling,
        rewards_rejected=[2 * one for one in falling],
    )  # fmt: skip
    assert "their rewards are -2 and -4 at the end" in said(run, "chosen-falls")


def test_pace() -> None:
    seconds = [float(at if at < 20 else 20 + 3 * (at - 20)) for at in range(40)]
    run = history([], FALLING, series={"elapsed_seconds": series(seconds, 1)})
    assert "a step took 3 s in the last third of the run, 1 s in the first" in said(run, "slower")
    even = run._replace(series={"elapsed_seconds": series([float(at) for at in range(40)], 1)})
    assert "slower" not in names(even)


def test_pace_by_a_clock_of_whole_seconds() -> None:
    """Steps that are shorter than its tick are not taken to last one."""

    def run_at(*paces: float) -> History:
        ends = [sum(paces[:at]) for at in range(1, len(paces) + 1)]
        seconds = series([float(int(end)) for end in ends], 1)
        return history([], FALLING, series={"elapsed_seconds": seconds})

    assert "less than 0.1 s in the first" in said(run_at(*[0.01] * 60, *[1.0] * 30), "slower")
    assert "slower" not in names(run_at(*[0.3] * 90))
    assert "slower" not in names(run_at(*[0.1] * 85, 30.0, *[0.1] * 4))  # once, as a save takes it
    assert "slower" not in names(run_at(*[0.02] * 60, *[0.05] * 30))  # the clock does not tell


def test_what_evaluations_and_padding_cost() -> None:
    run = history(
        GUIDE, FALLING, processes=1,
        summary={"train_runtime": 100.0, "effective_tokens_per_sec": 60.0},
        series={"eval_runtime": series([10.0] * 5), "num_input_tokens_seen": series([10_000.0])},
    )  # fmt: skip
    assert "5 evaluations took 50% of the run's time" in said(run, "slow-evaluation")
    assert "40% of all computed tokens were padding" in said(run, "padding")
    for processes in (2, None):  # the one is of a process, the other of all: none is told unknown
        assert "padding" not in names(run._replace(processes=processes))
    cheap = run._replace(series={"eval_runtime": series([1.0] * 5)})
    assert {"slow-evaluation", "padding"}.isdisjoint(names(cheap))


def test_few_evaluations_cannot_tell() -> None:
    run = history([2.5, 2.3, 2.34], FALLING)
    text = said(run, "too-few-evaluations")
    assert "ended 1.7% above its lowest; 3 evaluations do not tell" in text
    assert "over-fitting" not in names(run)


def test_the_evidence_stands_in_the_message() -> None:
    text = said(history(GUIDE, FALLING), "over-fitting")
    assert "rose by 5%" in text
    assert "evaluation noise is about 0." in text
    assert text.endswith("(5 evaluations)")


@pytest.mark.parametrize(
    ("told", "said_so"),
    [
        ({"summary": {"eval_samples": 1200.0}}, "(5 evaluations of 1,200 rows)"),
        (
            {"series": {"eval_runtime": series([2.0] * 5),
                        "eval_samples_per_second": series([20.0] * 5)}},
            "(5 evaluations of 40 rows: too few rows to stand for other data)",
        ),
        (
            {"evaluated_on": "faq",
             "series": {"eval_faq_runtime": series([0.5, 0.4]),
                        "eval_faq_samples_per_second": series([200.1, 249.9])}},
            "(5 evaluations of 100 rows)",
        ),
        ({"summary": {"eval_samples": 2.5e6}}, "(5 evaluations of 2,500,000 rows)"),
        ({"summary": {"eval_samples": 1e300}}, "(5 evaluations)"),
        ({"series": {"eval_runtime": series([2.0] * 5)}}, "(5 evaluations)"),
    ],
)  # fmt: skip
def test_how_many_rows_were_evaluated(told: dict[str, object], said_so: str) -> None:
    text = said(history(GUIDE, FALLING, **told), "over-fitting")
    assert text.endswith(said_so)


def test_a_watched_metric_names_its_step() -> None:
    rising = [1.0, 1.1, 1.2, 1.3, 1.4, 1.5]
    run = history(rising, FALLING, other_metric=True, chosen=400)
    (sign,) = signs(run, 3)
    assert "use that model, step 400" in sign.remedy


def test_the_last_checkpoint_of_a_run() -> None:
    last = history(
        GUIDE[:3], FALLING, ended=False, done=2800, planned=2808, saved_every=100
    )  # fmt: skip
    assert names(last)[0] == "checkpoint"
    assert names(last._replace(done=2700))[0] == "not-finished"


def test_nan_is_nothing_to_average() -> None:
    run = history([], [math.nan] * 3 + noisy(2.0, 100, 0.01), epochs=2.0)
    assert "nothing-learned" in names(run)
