"""Trains any task: steps, validations, checkpoints, and going on where it was, to the same numbers.

All chance is seeded anew, for each part of a step and each sample, from the run's seed and its place in the
run. So a checkpoint needs no state of a generator, and neither workers nor validations change a number.
`docs/decisions/0053` says why.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Dataset

from core.errors import AmodalError, CheckpointError, DiskFullError, LossError, TrainingError
from core.records.runs import MetricPoint
from core.training.checkpoints import (
    Checkpoint,
    check_kind,
    check_room,
    forget_others,
    load_network,
    read_checkpoint,
    write_checkpoint,
)
from core.training.devices import Place, memory_metrics, place_of
from core.training.numbers import Numbers, told_every
from core.training.offending import keep_batch
from core.training.optimiser import restore, tensors_of
from core.training.plan import Kept, NoEvents, Reached, TrainEvents, TrainPlan, TrainResult, rate_at
from core.training.sampling import order_of, steps_of
from core.training.stepper import AskedToStop, MemoryRanOut, NoNumber, StepDone, Stepper, workers_told
from core.training.task import Task
from core.training.validating import Answer, InPortions, main_number, validated_together

_SHARE_OF_TIME = 50  # between two checkpoints at least so many times what one takes


def train(
    task: Task,
    plan: TrainPlan,
    events: TrainEvents,
    folder: Path,
    *,
    resume: Path | None = None,
    start: Path | None = None,
    place: Place | None = None,
) -> TrainResult:
    """Train a task to its end. Started by torchrun, all its processes call this alike and train together.

    Args:
        task, plan: what, and how.
        events: hears of it, in the first process.
        folder: for its files; the first process alone writes any.
        resume: its last checkpoint, from which it goes on; in the first process.
        start: a checkpoint of the same network, with whose weights it begins; in the first process.
        place: where it runs; found from the plan without one.

    Raises:
        TrainingError: it cannot begin or go on; its last checkpoint stands.
        LossError: a loss is no number; the batch is kept in the folder, and so is the state before it.
        DiskFullError: there is no room for a checkpoint; the one before stands.
        CheckpointError: what it is to go on from is of another network, or damaged.
        Exception: what `events.check_stop` raised, after the state was kept.
    """
    training = _Training(task, plan, events, folder, place or place_of(plan.device, plan.precision))
    with workers_told():
        training.begin(resume, start)
        return training.run()


@dataclass(slots=True)
class _State:
    """Where a training is, as plain values: steps and epochs that are done, and done of the present epoch."""

    step: int = 0
    epoch: int = 0
    done: int = 0
    accumulate: int = 1
    seconds: float = 0.0
    value: float | None = None
    best_step: int | None = None
    waiting: int = 0  # validations since the best
    validated: int | None = None  # the step of the last one


class _Training:
    def __init__(self, task: Task, plan: TrainPlan, events: TrainEvents, folder: Path, place: Place) -> None:
        self._task, self._plan, self._folder, self._place = task, plan, folder, place
        self._stepper = Stepper(task, plan, place)
        self._together = self._stepper.together
        self._events: TrainEvents = events if self._together.first else NoEvents()
        self._state = _State(accumulate=plan.accumulate)
        self._numbers = Numbers()
        self._steps = 1  # of this epoch
        self._kept_step = -1
        self._since = self._kept_at = time.perf_counter()
        self._keeping_s = 0.0

    def begin(self, resume: Path | None, start: Path | None) -> None:
        """Take the weights and the state to begin with, the same in all processes."""
        optimiser: dict[str, torch.Tensor] = {}
        if self._together.first:
            if resume is not None:
                optimiser = self._read(resume)
            elif start is not None:
                self._load(start)
            check_room(self._folder, self._stepper.network)
        self._share(optimiser)
        self._events.begun(self._reached())

    def run(self) -> TrainResult:
        """Train to the end."""
        try:
            ended = self._validate_where_due() or self._got_no_better()
            while self._state.epoch < self._plan.schedule.epochs and not ended:
                ended = self._epoch()
        except NoNumber as problem:
            raise self._kept_batch(problem) from problem
        except AskedToStop:
            return TrainResult(self._reached(), self._place.name, early=False, stopped=True)
        except _Stop as stop:
            self._keep_after(stop.asked)
            raise stop.asked from None
        self._keep("last")
        return TrainResult(self._reached(), self._place.name, early=ended)

    def _epoch(self) -> bool:
        """The rest of the present epoch; whether the training ends early."""
        epoch = self._state.epoch
        samples = self._task.training_set(epoch)
        count = len(samples)  # type: ignore[arg-type]
        if count < self._together.count:
            raise TrainingError(
                f"There are {count} samples to learn from, for {self._together.count} processes.",
                "Label more, or choose other data.",
            )
        order = order_of(count, self._plan.seed, epoch)
        batch = min(self._plan.schedule.batch, count)
        self._steps = steps_of(count, batch)
        if self._state.done >= self._steps:  # there is less to learn from than when this epoch began
            self._state.epoch, self._state.done = epoch + 1, 0
        while self._state.epoch == epoch:
            full = False
            try:
                if self._pass(samples, order, batch):
                    return True
            except MemoryRanOut:
                full = True
            if full:  # only now nothing holds the step any more
                self._take_less(batch)
        return False

    def _pass(self, samples: Dataset[Any], order: Sequence[int], batch: int) -> bool:
        """Steps to the end of the epoch, with one loader; whether the training ends early."""
        epoch, accumulate, together = self._state.epoch, self._state.accumulate, self._together
        places = range(self._state.done, self._steps)
        own = [self._stepper.parts(order, place, batch, together.rank, accumulate) for place in places]
        batches = self._stepper.batches(samples, epoch, [part for parts in own for part in parts])
        for place, parts in zip(places, own, strict=True):
            everyone = [
                self._stepper.parts(order, place, batch, rank, accumulate) for rank in range(together.count)
            ]
            rate = self._rate()
            try:
                done = self._stepper.step(self._state.step, rate, parts, everyone, batches, self._check_stop)
            except NoNumber as problem:
                if together.first:
                    problem.batches = [self._stepper.batch(samples, epoch, part) for part in problem.parts]
                raise
            self._count(done, rate)
            if self._validate_where_due():
                return True
            self._keep_now_and_then()
        return False

    def _count(self, done: StepDone, rate: float) -> None:
        """Take in a step, and tell of it."""
        state = self._state
        state.step += 1
        state.done += 1
        if state.done == self._steps:
            state.epoch, state.done = state.epoch + 1, 0
        self._numbers.add(done)
        epochs = self._plan.schedule.epochs
        share = (state.epoch + state.done / self._steps) / epochs
        shown = min(state.epoch + 1, epochs)
        self._events.progress(share, f"Epoch {shown} of {epochs}, loss {done.numbers['loss']:.4g}")
        if state.step % told_every(self._all_steps()) == 0:
            now = {"learning_rate": rate, "epoch": share * epochs, **memory_metrics(self._place)}
            self._events.metrics(self._numbers.tell(state.step, now), self._reached())

    def _rate(self) -> float:
        state = self._state
        epochs_done = state.epoch + state.done / self._steps
        return rate_at(self._plan.schedule, state.step, self._all_steps(), epochs_done)

    def _all_steps(self) -> int:
        return self._steps * self._plan.schedule.epochs

    def _validate_where_due(self) -> bool:
        """Measure, where it is time for it; whether the training ends early."""
        state, every = self._state, self._plan.validate_every
        at_end = state.epoch >= self._plan.schedule.epochs
        due = at_end or (state.done == 0 if every is None else state.step % every == 0)
        if not due or state.step == 0 or state.validated == state.step:
            return False
        stop: BaseException | None = None
        try:
            self._validate()
        except _Stop as asked:
            stop = asked
        ended, stopped = self._together.tell([int(self._got_no_better()), int(stop is not None)])[0]
        if stop is not None:
            raise stop
        if stopped:
            raise AskedToStop
        if ended:
            self._events.log(
                f"It got no better in {state.waiting} validations, and stops after step {state.step}."
            )
        return bool(ended)

    def _got_no_better(self) -> bool:
        patience, state = self._plan.patience, self._state
        return patience is not None and state.waiting >= patience and state.epoch < self._plan.schedule.epochs

    def _validate(self) -> None:
        """Measure, all processes together where the task allows it; the first takes in what comes of it."""
        state, task, stepper = self._state, self._task, self._stepper
        device = stepper.fabric.device
        self._events.progress(self._share_done(), "Validating")
        if isinstance(task, InPortions):
            found = validated_together(task, self._together, self._answer, self._check_portion)
        elif self._together.first:
            found = stepper.measured(
                lambda: task.validate(stepper.network, device, self._check_stop), state.step
            )
        else:
            found = None
        if found is None:
            return
        self._events.pictures(
            stepper.measured(lambda: task.show(stepper.network, device, state.step), state.step)
        )
        value = main_number(found, task.metric)
        better = math.isfinite(value) and (state.value is None or value > state.value)
        if better:
            state.value, state.best_step, state.waiting = value, state.step, 0
        else:
            state.waiting += 1
        state.validated = state.step
        points = [MetricPoint(state.step, name, float(number)) for name, number in found.items()]
        self._events.metrics(points, self._reached())
        if better:
            self._keep("best")

    def _answer(self, portion: int) -> Answer:
        task, stepper = self._task, self._stepper
        assert isinstance(task, InPortions)
        device = stepper.fabric.device
        return stepper.measured(
            lambda: task.answer(stepper.network, device, portion), self._state.step, portion
        )

    def _check_portion(self, done: int, of: int) -> None:
        self._check_stop()
        if of > 1:
            self._events.progress(self._share_done(), f"Validating, {done} of {of}")

    def _take_less(self, batch: int) -> None:
        """After memory ran out: half as many samples at once, from here on."""
        state = self._state
        state.accumulate, now, before = self._stepper.take_less(batch, state.accumulate)
        self._events.log(
            f"Memory ran out at step {state.step + 1} with {before} samples at once: it goes on with {now}, "
            f"{state.accumulate} times for each step. A step still learns from {batch}."
        )

    def _keep_now_and_then(self) -> None:
        wait = max(self._plan.checkpoint_every_s, _SHARE_OF_TIME * self._keeping_s)
        if time.perf_counter() - self._kept_at >= wait:
            self._keep("last")

    def _keep(self, kept: Kept) -> None:
        """Write a checkpoint, tell of it, and remove what it replaces."""
        state = self._state
        if not self._together.first or (kept == "last" and self._kept_step == state.step):
            return
        began = time.perf_counter()
        reached = self._reached()
        facts: dict[str, Any] = {
            "purpose": self._task.purpose.value,
            "architecture": dict(self._task.architecture),
        }
        network, optimiser = self._stepper.network, self._stepper.optimiser
        if kept == "best":
            facts |= {"metric": self._task.metric, "value": state.value, "step": state.step}
            checkpoint = Checkpoint(network.state_dict(), {}, facts)
        else:
            facts |= {"state": asdict(state), "numbers": self._numbers.as_json()}
            checkpoint = Checkpoint(network.state_dict(), tensors_of(optimiser, network), facts)
        try:
            path = write_checkpoint(self._folder, kept, checkpoint)
            self._events.checkpoint(kept, path, reached)
        except DiskFullError as full:
            stands = (
                "nothing is kept yet" if self._kept_step < 0 else f"what is kept is of step {self._kept_step}"
            )
            raise DiskFullError(
                f"The disk is full, and the state after step {state.step} could not be written; {stands}.",
                "Make room, and resume the job.",
            ) from full
        forget_others(path)
        if kept == "last":
            self._kept_step, self._kept_at = state.step, time.perf_counter()
            self._keeping_s = self._kept_at - began

    def _keep_after(self, asked: BaseException) -> None:
        """Keep the state before a stop; what stopped it counts more than that it cannot be written."""
        try:
            if self._state.step > 0:
                self._keep("last")
        except AmodalError as problem:
            if not isinstance(asked, AmodalError):
                self._events.log(str(problem))

    def _kept_batch(self, problem: NoNumber) -> Exception:
        """The error that tells of a loss that is no number, after its batch and the state were kept.

        Where they cannot be, it tells of both: the disk alone would hide why the training has failed.
        """
        state = self._state
        said = f"{problem.words} is no number at step {state.step + 1}"
        way_out = "Look for what is odd in it, or take a lower learning rate."
        if not self._together.first:
            return LossError(f"{said}. The weights before it are kept.", way_out)
        facts = {
            "problem": said,
            "step": state.step + 1,
            "epoch": state.epoch + 1,
            "seed": self._plan.seed,
            "places": problem.parts,
            "learning_rate": self._rate(),
        }
        batches = problem.batches[0] if len(problem.batches) == 1 else problem.batches
        try:
            self._keep("last")
            path = keep_batch(self._folder, f"batch-{state.step + 1}", batches, facts)
        except AmodalError as lost:
            return LossError(
                f"{said}, and its batch could not be kept. {lost.problem}", f"{lost.way_out} {way_out}"
            )
        said = f"{said}; its batch is kept as {path.name} in {self._folder}"
        return LossError(f"{said}. The weights before it are kept.", way_out)

    def _check_stop(self) -> None:
        try:
            self._events.check_stop()
        except Exception as asked:
            raise _Stop(asked) from None

    def _reached(self) -> Reached:
        state, now = self._state, time.perf_counter()
        state.seconds, self._since = state.seconds + now - self._since, now
        return Reached(state.step, state.epoch, state.seconds, state.value, state.best_step)

    def _share_done(self) -> float:
        return (self._state.epoch + self._state.done / self._steps) / self._plan.schedule.epochs

    def _load(self, path: Path) -> Checkpoint:
        checkpoint = read_checkpoint(path)
        check_kind(path, checkpoint.facts, self._task.purpose.value, self._task.architecture)
        load_network(self._stepper.network, path, checkpoint.network)
        return checkpoint

    def _read(self, path: Path) -> dict[str, torch.Tensor]:
        checkpoint = self._load(path)
        try:
            state = {one.name: checkpoint.facts["state"][one.name] for one in fields(_State)}
            self._numbers = Numbers.from_json(checkpoint.facts["numbers"])
        except (KeyError, TypeError):
            raise _unfit(path) from None
        if not all(value is None or isinstance(value, int | float) for value in state.values()):
            raise _unfit(path)
        self._state = _State(**state)
        self._kept_step = self._state.step
        return checkpoint.optimiser

    def _share(self, optimiser: dict[str, torch.Tensor]) -> None:
        """Give all processes the first one's weights and state."""
        network, together = self._stepper.network, self._together
        together.as_the_first(network.state_dict().values())
        form = {name: list(one.shape) for name, one in optimiser.items()}
        told = json.dumps({"state": asdict(self._state), "optimiser": form}).encode()
        said = json.loads(together.bytes_of_the_first(told))
        self._state = _State(**said["state"])
        if not together.first:
            optimiser = {name: torch.zeros(shape) for name, shape in said["optimiser"].items()}
        together.as_the_first(optimiser.values())
        restore(self._stepper.optimiser, network, optimiser)


def _unfit(path: Path) -> CheckpointError:
    return CheckpointError(f"From {path.name} no run can go on.", "Begin a new one.")


class _Stop(Exception):  # noqa: N818 - an outcome
    """Carries what `check_stop` raised through the parts of a step."""

    def __init__(self, asked: BaseException) -> None:
        super().__init__(str(asked))
        self.asked = asked
