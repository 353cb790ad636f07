"""How long a step of a training takes and how much memory, measured on a few: nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import TrainingError
from core.training.devices import Place, memory_metrics, place_of
from core.training.plan import TrainPlan
from core.training.sampling import order_of, steps_of
from core.training.stepper import MemoryRanOut, Stepper, workers_told
from core.training.task import Task

_WARMUP = 2


@dataclass(frozen=True, slots=True)
class Measured:
    """What a training needs.

    Attributes:
        device, precision: on which it was measured.
        step_s: of one step; waited_s: how much of that it waits for samples.
        epoch_steps, steps: of an epoch, and of all of them. Validations come on top.
        memory_mib: name -> MiB, as `devices.memory_metrics`.
        accumulate: in how many parts a step fits into memory.
    """

    device: str
    precision: str
    step_s: float
    waited_s: float
    epoch_steps: int
    steps: int
    memory_mib: dict[str, float]
    accumulate: int

    @property
    def seconds(self) -> float:
        """Of all steps together."""
        return self.step_s * self.steps


def measure(
    task: Task,
    plan: TrainPlan,
    *,
    steps: int = 8,
    check_stop: Callable[[], None] = lambda: None,
    place: Place | None = None,
) -> Measured:
    """Make a few steps of a training, for their time; the first ones, which are slower, do not count.

    Args:
        task, plan: as for `loop.train`.
        steps: that count.
        check_stop: raises where this is to stop.
        place: where; found from the plan without one.

    Raises:
        TrainingError: not even one sample fits into memory, no such device is here, or nothing to learn from.
    """
    with workers_told():
        return _measure(task, plan, steps, check_stop, place or place_of(plan.device, plan.precision))


def _measure(
    task: Task, plan: TrainPlan, steps: int, check_stop: Callable[[], None], place: Place
) -> Measured:
    stepper = Stepper(task, plan, place)
    samples = task.training_set(0)
    count = len(samples)  # type: ignore[arg-type]
    if count < 1:
        raise TrainingError("There is nothing to learn from.", "Label more, or choose other data.")
    order = order_of(count, plan.seed, 0)
    batch = min(plan.schedule.batch, count)
    epoch_steps = steps_of(count, batch)
    accumulate = plan.accumulate
    while True:
        wanted = (number % epoch_steps for number in range(_WARMUP + steps))
        ranks = range(stepper.together.count)
        shares = [[stepper.parts(order, at, batch, rank, accumulate) for rank in ranks] for at in wanted]
        own = [everyone[stepper.together.rank] for everyone in shares]
        batches = stepper.batches(samples, 0, [part for parts in own for part in parts])
        try:
            done = [
                stepper.step(number, plan.schedule.learning_rate, parts, everyone, batches, check_stop)
                for number, (parts, everyone) in enumerate(zip(own, shares, strict=True))
            ][_WARMUP:]
            break
        except MemoryRanOut:
            pass
        accumulate, _, _ = stepper.take_less(batch, accumulate)
    return Measured(
        place.name,
        place.precision,
        sum(one.seconds for one in done) / len(done),
        sum(one.waited_s for one in done) / len(done),
        epoch_steps,
        epoch_steps * plan.schedule.epochs,
        memory_metrics(place),
        accumulate,
    )
