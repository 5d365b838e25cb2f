"""What autograd keeps, and what comes and goes on the way back."""

from __future__ import annotations

from ftlint.memory.tape import Tape, Tensor


def test_what_a_gradient_needs_is_kept_once() -> None:
    x = Tensor(100, 4)
    tape = Tape((x,))
    y = tape.op((x,), 100, 4, kept=(x,), keeps_output=True)  # a root: keeps what it gives out
    z = tape.op((y, y), 100, 4, kept=(y,))
    cost = tape.cost(z)
    assert cost.kept == 400  # y; x is there anyway
    assert cost.forward == 800  # y, and z while it is made
    assert cost.plain == 800


def test_going_back_gradients_stand_beside_what_is_kept() -> None:
    x = Tensor(100, 4)
    tape = Tape((x,))
    y = tape.op((x,), 100, 4, kept=(x,))
    z = tape.op((y,), 100, 4, kept=(y,))
    # The gradient of z and what z keeps; then that of y beside both; then of x, without y.
    assert tape.cost(z).backward == 400 + 400 + 400


def test_an_addition_passes_its_gradient_on_and_makes_none() -> None:
    x = Tensor(100, 4)
    alone, beside = Tape((x,)), Tape((x,))
    total = alone.op((x, Tensor(100, 4, grad=False)), 100, 4, alias=True)
    other = beside.op((x,), 100, 4)
    assert alone.cost(total).backward < beside.cost(other).backward


def test_gradients_of_weights_stay_and_are_there_already_when_they_are_accumulated() -> None:
    x = Tensor(100, 4)
    tape = Tape((x,))
    y = tape.op((x,), 100, 4, kept=(x,), gradients=1000)
    assert tape.cost(y).gradients == 1000
    assert tape.cost(y, accumulated=True).gradients == 0
    assert tape.cost(y).backward == 400 + 1000 + 400  # of y, of the weight, of x
    assert tape.cost(y, accumulated=True).backward == 400 + 1000  # that of the weight was added


def test_nothing_is_kept_where_nothing_learns() -> None:
    x = Tensor(100, 4, grad=False)
    tape = Tape((x,))
    y = tape.op((x,), 100, 4, kept=(x,), held=77)
    assert tape.cost(y).kept == 0
    assert max(tape.plain) == 400


def test_what_frames_hold_lives_until_it_is_dropped() -> None:
    x = Tensor(100, 4, grad=False)
    tape = Tape((x,))
    y = tape.op((x,), 100, 4)
    tape.hold(y)
    tape.op((x,), 50, 4)
    tape.passing(1000)
    tape.drop()
    tape.op((x,), 10, 4)
    assert max(tape.plain) == 1400
