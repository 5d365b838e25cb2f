"""The trainer's own numbers and the time of its steps, from hooks inside the trainer."""

from __future__ import annotations

import importlib
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ftbench.measure.clock import Clock
from ftbench.measure.device import Sampler
from ftbench.measure.memory import EVALUATION, TRAINING, Memory
from ftbench.measure.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from ftbench.results.record import FailedBatch
    from ftbench.results.record import Trainer as Numbers
    from ftbench.runners.protocol import Enough


class Watch:
    """Everything that a run leaves behind. `detail` false keeps to what costs nothing a step.

    `traced`: with it the loss and the gradient norm of every step. `enough`: as in a request.
    """

    def __init__(self, *, detail: bool, traced: bool = False, enough: Enough | None = None) -> None:
        self.detail = detail
        self.traced = traced
        self.enough = enough
        self.averaged: str | None = None
        self.failed: FailedBatch | None = None
        self.steps: Steps | None = None
        self.sampler: Sampler | None = None
        self.memory = Memory()
        self.numbers: Numbers | None = None
        self.first_end: float | None = None
        self.last_end: float | None = None
        self.began: float | None = None
        self.train_seconds: float | None = None
        self.evaluations: list[float] = []
        self.saves: list[float] = []
        self.epoch_ends: list[int] = []
        self.facts: dict[str, Any] = {}
        self.on_progress: Callable[[int, int], None] = lambda _done, _all: None
        self.on_begin: Callable[[Any, Any], None] = lambda _args, _model: None

    def install(self) -> None:
        """Wrap the trainer's methods. Call once, before any trainer is made."""
        trainer: Any = importlib.import_module("transformers").Trainer
        watch = self

        def timed(name: str, seconds: list[float], phase: str | None = None) -> None:
            inner = getattr(trainer, name)
            depth = [0]

            def outer(self: Any, *args: Any, **kwargs: Any) -> Any:
                begun = time.perf_counter()
                depth[0] += 1
                watch.pause(True)
                if phase is not None:
                    watch.memory.turn(phase)
                try:
                    return inner(self, *args, **kwargs)
                except BaseException:
                    watch.failed = watch.failed or watch.failed_batch()
                    raise
                finally:
                    watch.pause(False)
                    depth[0] -= 1
                    if depth[0] == 0:  # an evaluation of several sets calls itself
                        seconds.append(time.perf_counter() - begun)
                        watch.memory.turn(TRAINING)

            setattr(trainer, name, outer)

        timed("evaluate", self.evaluations, EVALUATION)
        timed("_save_checkpoint", self.saves)
        train = trainer.train

        def trained(self: Any, *args: Any, **kwargs: Any) -> Any:
            begun = time.perf_counter()
            watch.averaged = averaged_over(self)
            try:
                return train(self, *args, **kwargs)
            except BaseException:
                watch.failed = watch.failed or watch.failed_batch()
                raise
            finally:
                watch.train_seconds = time.perf_counter() - begun

        trainer.train = trained
        if self.detail:
            self._install_steps(trainer)

    def _install_steps(self, trainer: Any) -> None:
        def spanned(name: str, part: str) -> None:
            inner = getattr(trainer, name, None)
            if inner is None:
                return

            def outer(self: Any, *args: Any, **kwargs: Any) -> Any:
                if watch.steps is None:
                    return inner(self, *args, **kwargs)
                begun = watch.steps.clock.mark()
                result = inner(self, *args, **kwargs)
                watch.steps.span(part, begun)
                if part == "data":
                    watch.steps.batches(result[0])
                if part == "forward_backward" and watch.traced:
                    watch.steps.losses.append(result)
                return result

            setattr(trainer, name, outer)

        watch = self
        spanned("get_batch_samples", "data")
        spanned("training_step", "forward_backward")
        spanned("_maybe_log_save_evaluate", "other")
        if self.traced:
            self._install_norms(importlib.import_module("accelerate").Accelerator)

    def _install_norms(self, accelerator: Any) -> None:
        inner, watch = accelerator.clip_grad_norm_, self

        def outer(self: Any, *args: Any, **kwargs: Any) -> Any:
            norm = inner(self, *args, **kwargs)
            if watch.steps is not None:
                watch.steps.norm = norm
            return norm

        accelerator.clip_grad_norm_ = outer

    def pause(self, evaluating: bool) -> None:
        """While evaluating, batches are not training's."""
        if self.steps is not None:
            self.steps.counted.paused = evaluating

    def failed_batch(self) -> FailedBatch | None:
        """Return the batch at which training, or an evaluation, has just failed."""
        if self.steps is None:
            return None
        step, batch, longest = self.steps.under_way()
        if self.memory.phase == EVALUATION:
            return {
                "step": max(1, step - 1), "rows": None, "length": None, "longest": False,
                "evaluating": True,
            }  # fmt: skip
        if batch is None:
            return None
        return {
            "step": step, "rows": batch[0], "length": batch[1], "longest": longest,
            "evaluating": False,
        }  # fmt: skip

    def callback(self) -> Any:
        """Return the callback to give to the trainer."""
        transformers: Any = importlib.import_module("transformers")
        body = {name: getattr(_Hooks, name) for name in dir(_Hooks) if name.startswith("on_")}
        made: Any = type("BenchCallback", (transformers.TrainerCallback,), body)()
        made.watch = self
        return made

    def begin(self, args: Any, state: Any, more: dict[str, Any]) -> None:
        """Note the plan of the trainer, and start the clocks."""
        loader = more.get("train_dataloader")
        self.numbers = {
            "max_steps": state.max_steps,
            "global_step": None,
            "batches_per_epoch": _length(loader),
            "rows": _length(getattr(loader, "dataset", None)),
            "epochs": None,
            "epochs_entered": None,
            "warmup_steps": _warmup(args, state.max_steps),
            "world_size": args.world_size,
            "logs": None,
            "evaluations": 0,
            "checkpoints": 0,
            "checkpoints_kept": None,
            "train_steps_per_second": None,
            "train_runtime": None,
        }
        self.on_begin(args, more.get("model"))
        self.memory.reset()
        if self.detail:
            self.steps = Steps(Clock())
            self.steps.counted.install(importlib.import_module("accelerate.data_loader"))
            self.sampler = Sampler()
            self.sampler.start()
            self.steps.begin()
        self.began = time.perf_counter()

    def step_end(self, state: Any) -> None:
        """One more step is done."""
        held = self.memory.step_end()
        if self.steps is not None:
            self.steps.end(held)
        self.last_end = time.perf_counter()
        if self.first_end is None:
            self.first_end = self.last_end
        self.on_progress(state.global_step, state.max_steps)

    def has_enough(self, state: Any) -> bool:
        """Return whether training may end after the step that is just done."""
        if self.enough is None or self.first_end is None or self.last_end is None:
            return False
        seconds = self.last_end - self.first_end
        return bool(state.global_step >= self.enough["steps"] and seconds > self.enough["seconds"])

    def end(self, state: Any) -> None:
        """Training is over."""
        self.memory.read()
        if self.sampler is not None:
            self.sampler.stop()
        if self.numbers is not None:
            self.numbers["global_step"] = state.global_step
            self.numbers["epochs"] = state.epoch
            self.numbers["epochs_entered"] = len(self.epoch_ends)

    def finish(self, state: Any) -> None:
        """Take over what the trainer's log says, which is complete only after the run."""
        if self.numbers is None:
            return
        history = state.log_history
        self.numbers["logs"] = sum("loss" in entry for entry in history)
        for entry in history:
            for name in ("train_steps_per_second", "train_runtime"):
                if name in entry:
                    self.numbers[name] = entry[name]


class _Hooks:
    watch: Watch

    def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        self.watch.begin(args, state, more)

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        if self.watch.steps is not None:
            self.watch.facts["optimizer"] = self.watch.steps.clock.mark()

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        begun = self.watch.facts.pop("optimizer", None)
        if self.watch.steps is not None and begun is not None:
            self.watch.steps.span("optimizer", begun)

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        self.watch.step_end(state)
        if self.watch.has_enough(state):
            control.should_training_stop = True
            control.should_evaluate = args.eval_strategy != "no"
            control.should_save = args.save_strategy != "no"

    def on_epoch_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        self.watch.epoch_ends.append(state.global_step)

    def on_evaluate(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        if self.watch.numbers is not None:
            self.watch.numbers["evaluations"] += 1
        self.watch.facts["state"] = state

    def on_save(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        if self.watch.numbers is not None:
            self.watch.numbers["checkpoints"] += 1

    def on_log(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        self.watch.facts["state"] = state

    def on_train_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        self.watch.facts["state"] = state
        self.watch.end(state)


def averaged_over(trainer: Any) -> str:
    """Return over what a trainer averages its loss: the tokens of a step or of a micro-batch.

    Source: Trainer.training_step and get_batch_samples [transformers 4.46 to 5.6]; before, and
    where a trainer of LLaMA Factory says so, each micro-batch has its own mean.
    """
    own = getattr(trainer, "compute_loss_func", None) is not None
    if not own and not getattr(trainer, "model_accepts_loss_kwargs", False):
        return "micro-batch"
    across = getattr(trainer.args, "average_tokens_across_devices", False)
    return "step" if across or trainer.args.world_size == 1 else "step of a GPU"


def _length(sized: Any) -> int | None:
    with suppress(TypeError):  # a stream has no length
        return None if sized is None else len(sized)
    return None


def _warmup(args: Any, steps: int) -> int | None:
    with suppress(Exception):
        return int(args.get_warmup_steps(steps))
    return None
