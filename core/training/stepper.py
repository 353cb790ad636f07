"""One step of a training, over all its parts and processes; it is done whole, or nothing of it is."""

from __future__ import annotations

import gc
import json
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_, get_total_norm
from torch.utils.data import Dataset

from core.errors import TrainingError
from core.networks.losses.counted import Counted, Loss, mean_of
from core.training.devices import Place, fabric_of, free_memory, is_out_of_memory, usual_workers
from core.training.optimiser import learned_of, make_optimiser
from core.training.plan import TrainPlan
from core.training.sampling import SeededSamples, load, parts_of, seed_chance
from core.training.task import Task
from core.training.together import Together

_BEGIN, _STEP, _MEASURE = 3, 4, 5  # what a seed is for; see also `sampling`
T = TypeVar("T")
_WORKER_GONE = ("exited unexpectedly", "is killed by signal")


class MemoryRanOut(Exception):  # noqa: N818 - an outcome: the step is tried again in more parts
    """A part of a step did not fit, in some process; nothing was changed."""


class AskedToStop(Exception):  # noqa: N818 - an outcome
    """Another process was asked to stop."""


class NoNumber(Exception):  # noqa: N818 - an outcome, which the loop tells as an error
    """A loss or a gradient is no number; the step was not made.

    Attributes:
        words: which, for people.
        parts: the places of the samples in question, batch by batch.
        batches: these batches, once someone has made them again.
    """

    def __init__(self, words: str, parts: Sequence[list[int]]) -> None:
        super().__init__(words)
        self.words, self.parts = words, parts
        self.batches: list[Any] = []


@dataclass(frozen=True, slots=True)
class StepDone:
    """What a step gave; the times are this process's.

    Attributes:
        numbers: "loss", "loss.PART" of the whole step, and "grad_norm" before it was clipped.
        samples: how many, over all processes.
        seconds, waited_s: what it took, and how much of that it waited for samples.
    """

    numbers: dict[str, float]
    samples: int
    seconds: float
    waited_s: float


class Stepper:
    """The network, its optimiser, and where they are.

    Attributes:
        place, fabric, together: device, precision and processes.
        network: on its device.
        optimiser: of what it learns.
    """

    def __init__(self, task: Task, plan: TrainPlan, place: Place) -> None:
        self._task, self._plan = task, plan
        self.place = place
        self.fabric = fabric_of(place)
        self.together = Together(self.fabric)
        if plan.schedule.batch < self.together.count:
            raise TrainingError(
                f"A batch of {plan.schedule.batch} cannot be shared by {self.together.count} processes.",
                "Take a larger batch, or fewer processes.",
            )
        seed_chance(plan.seed, _BEGIN)
        self.network = task.network().train()
        with memory_told("The network does not fit", place):
            self.network.to(self.fabric.device)
        self.optimiser = make_optimiser(self.network, plan.schedule)
        self.learned = learned_of(self.optimiser)
        self._moving = moving_statistics(self.network)
        self._workers = usual_workers() if plan.workers is None else plan.workers

    def parts(
        self, order: Sequence[int], step: int, batch: int, rank: int, accumulate: int
    ) -> list[list[int]]:
        """What a process takes in a step of an epoch; see `sampling.parts_of`."""
        return parts_of(order, step, batch, rank, self.together.count, accumulate)

    def batches(self, samples: Dataset[Any], epoch: int, parts: Sequence[list[int]]) -> Iterator[Any]:
        """The batches of some parts, prepared ahead."""
        seeded = SeededSamples(samples, self._plan.seed, epoch)
        pinned = self.place.kind == "cuda"
        return load(self._task, seeded, parts, workers=self._workers, pinned=pinned)

    def batch(self, samples: Dataset[Any], epoch: int, part: Sequence[int]) -> Any:
        """One batch, made here and now: the same as `batches` gives."""
        seeded = SeededSamples(samples, self._plan.seed, epoch)
        return self._task.collate([seeded[place] for place in part])

    def step(
        self,
        number: int,
        rate: float,
        parts: Sequence[list[int]],
        everyone: Sequence[Sequence[list[int]]],
        batches: Iterator[Any],
        check_stop: Callable[[], None],
    ) -> StepDone:
        """Make a step.

        Args:
            number: of the step, which seeds its chance.
            rate: of learning.
            parts, everyone: what this process takes, and what each does.
            batches: of these parts.
            check_stop: raises where this is to stop.

        Raises:
            MemoryRanOut, NoNumber, AskedToStop: nothing was changed.
            TrainingError: memory ran out where no smaller part helps, or a worker is gone.
        """
        began = time.perf_counter()
        samples = sum(len(part) for share in everyone for part in share)
        self.optimiser.zero_grad(set_to_none=True)
        with self._whole_or_nothing():
            told, waited = self._parts_of_step(number, parts, everyone, batches, check_stop)
            norm = self._move(rate, everyone)
        numbers = {"loss": sum(told.values()), **{f"loss.{name}": value for name, value in told.items()}}
        return StepDone(numbers | {"grad_norm": norm}, samples, time.perf_counter() - began, waited)

    def _parts_of_step(
        self,
        number: int,
        parts: Sequence[list[int]],
        everyone: Sequence[Sequence[list[int]]],
        batches: Iterator[Any],
        check_stop: Callable[[], None],
    ) -> tuple[dict[str, float], float]:
        """Gather the gradients of a step; gives the parts of the loss, and the seconds waited for samples.

        What each mean is over has to be known of the whole step before the first gradient: a part that is the
        whole share of its process is looked at once, and several are looked at twice.
        """
        here = _Here()
        before = time.perf_counter()
        taken = self._taken(parts, batches, check_stop, here)
        waited = time.perf_counter() - before
        held: Mapping[str, Loss] | None = None
        counts: list[dict[str, float]] = []
        with _memory_noticed(here):
            if len(parts) == 1 and not here.failed:
                held = self._losses(number, parts[0], taken[0])
                counts = [_counts(held, parts[0])]
            elif not here.failed:
                counts = self._counted(number, parts, taken)
        whole = _total(self._agree(everyone, here, _total(counts)))
        sums: dict[str, float] = {}
        with _memory_noticed(here):
            for index, part in enumerate(parts):
                losses = self._losses(number, part, taken[index]) if held is None else held
                shares = {name: own / whole[name] if own else 0.0 for name, own in counts[index].items()}
                values = self._learn(losses, shares)
                if not math.isfinite(sum(values.values())):
                    here.bad = index + 1
                    here.words = ", ".join(name for name, one in values.items() if not math.isfinite(one))
                    break
                sums = _total([sums, {name: shares[name] * one for name, one in values.items()}])
        return _total(self._agree(everyone, here, sums)), waited

    def _taken(
        self,
        parts: Sequence[list[int]],
        batches: Iterator[Any],
        check_stop: Callable[[], None],
        here: _Here,
    ) -> list[Any]:
        """The batches of a step's parts; fewer where it is to stop, or memory runs out."""
        taken: list[Any] = []
        for _ in parts:
            try:
                check_stop()
            except BaseException as asked:
                if self.together.count == 1:
                    raise
                here.stop = asked
                break
            with _memory_noticed(here):
                taken.append(self._next(batches))
            if here.full:
                break
        return taken

    def _losses(self, number: int, part: Sequence[int], batch: Any) -> Mapping[str, Loss]:
        """The losses of a part; its chance comes from its samples' places, whoever takes it."""
        seed_chance(self._plan.seed, _STEP, number, *part)
        on_device = self.fabric.to_device(batch)
        with self.fabric.autocast():
            return self._task.losses(self.network, on_device)

    def _counted(
        self, number: int, parts: Sequence[list[int]], taken: Sequence[Any]
    ) -> list[dict[str, float]]:
        """Over how much the losses of several parts are means; nothing else comes of it."""
        counts: list[dict[str, float]] = []
        for part, batch in zip(parts, taken, strict=True):
            with torch.no_grad(), self._unmoved():
                losses = self._losses(number, part, batch)
            if not any(isinstance(one, Counted) for one in losses.values()):
                return [_counts(losses, one) for one in parts]
            counts.append(_counts(losses, part))
        return counts

    @contextmanager
    def _whole_or_nothing(self) -> Iterator[None]:
        """A step that is not made leaves the statistics of norms as they were; each batch moves them."""
        before = [one.clone() for one in self._moving]
        try:
            yield
        except BaseException:
            self._put_back(before)
            raise

    @contextmanager
    def _unmoved(self) -> Iterator[None]:
        """The statistics of norms are left as they were."""
        before = [one.clone() for one in self._moving]
        try:
            yield
        finally:
            self._put_back(before)

    def _put_back(self, statistics: Sequence[Tensor]) -> None:
        for one, old in zip(self._moving, statistics, strict=True):
            one.copy_(old)

    def take_less(self, batch: int, accumulate: int) -> tuple[int, int, int]:
        """After memory ran out: let go of what is left of the step, and halve what is taken at once.

        Args:
            batch: samples of a step.
            accumulate: in how many parts it was taken.

        Returns:
            In how many parts to take it now, how many samples at once that is, and how many it was.

        Raises:
            TrainingError: not even one sample fits.
        """
        self.optimiser.zero_grad(set_to_none=True)
        gc.collect()
        free_memory(self.place)
        share = -(-batch // self.together.count)
        before = -(-share // min(accumulate, share))
        if before == 1:
            raise TrainingError(
                f"Not even one sample at a time fits into the memory of {self.place.name}.",
                "Choose a smaller variant or another device, or close what else uses it.",
            )
        parts = -(-share // (before // 2))
        return parts, -(-share // parts), before

    def measured(self, work: Callable[[], T], number: int, portion: int = -1) -> T:
        """Do something with the network in evaluation mode, without gradients.

        Its chance is that of the step, and of the portion of the validation where it is for one.
        """
        self.network.eval()
        try:
            seed_chance(self._plan.seed, _MEASURE, number, portion + 1)
            with torch.no_grad(), self.fabric.autocast(), memory_told("It cannot be validated", self.place):
                return work()
        finally:
            self.network.train()

    def _next(self, batches: Iterator[Any]) -> Any:
        try:
            return next(batches)
        except (
            ConnectionError,
            EOFError,
        ) as error:  # it had a batch, and cannot hand it on
            raise _worker_is_gone() from error

    def _learn(self, losses: Mapping[str, Loss], shares: Mapping[str, float]) -> dict[str, float]:
        """The parts of a batch's loss; the gradient of each, by its share in the step, is added."""
        parts = {name: mean_of(value).float() for name, value in losses.items()}
        self.fabric.backward(torch.stack([shares[name] * value for name, value in parts.items()]).sum())
        told = torch.stack([value.detach() for value in parts.values()]).cpu().tolist()
        return dict(zip(parts, told, strict=True))

    def _agree(
        self, everyone: Sequence[Sequence[list[int]]], here: _Here, numbers: Mapping[str, float]
    ) -> list[dict[str, float]]:
        """Find out whether the step went well everywhere; gives the numbers of each process."""
        told = json.dumps([int(here.full), here.bad, int(here.stop is not None), here.words, dict(numbers)])
        rows = [json.loads(row) for row in self.together.of_all(told.encode())]
        if here.stop is not None:
            raise here.stop
        if any(row[2] for row in rows):
            raise AskedToStop
        if any(row[0] for row in rows):
            raise MemoryRanOut
        for share, (_, bad, _, words, _) in zip(everyone, rows, strict=True):
            if bad:
                raise NoNumber(f"The loss ({words})", [share[bad - 1]])
        return [row[4] for row in rows]

    def _move(self, rate: float, everyone: Sequence[Sequence[list[int]]]) -> float:
        """Move the weights by the gradients that there are; gives the gradients' norm."""
        self.together.sum_gradients(self.learned)
        self.together.mean([one for one in self._moving if one.is_floating_point()])
        with memory_told("The optimiser does not fit", self.place):
            clip = self._plan.schedule.clip_norm
            if clip is not None:
                norm: Tensor = clip_grad_norm_(self.learned, clip)
            else:
                norm = get_total_norm([one.grad for one in self.learned if one.grad is not None])
            told = float(norm)
            if not math.isfinite(told):
                raise NoNumber("The gradient of the loss", [part for share in everyone for part in share])
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            self.optimiser.step()
        return told


def moving_statistics(network: nn.Module) -> list[Tensor]:
    """The buffers of a network's batch norms, which training moves: means, variances and counts."""
    norms = (one for one in network.modules() if isinstance(one, nn.modules.batchnorm._NormBase))
    return [buffer for norm in norms for buffer in norm.buffers(recurse=False)]


@dataclass(slots=True)
class _Here:
    """How a step goes in this process.

    Attributes:
        full: memory ran out.
        bad, words: which part, from 1, had a loss that is no number, and which loss.
        stop: what asked this process to stop.
    """

    full: bool = False
    bad: int = 0
    words: str = ""
    stop: BaseException | None = None

    @property
    def failed(self) -> bool:
        """Whether there is no going on."""
        return self.full or self.stop is not None


@contextmanager
def _memory_noticed(here: _Here) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        here.full = True


def _counts(losses: Mapping[str, Loss], part: Sequence[int]) -> dict[str, float]:
    """Over how much each loss of a part is a mean."""
    return {
        name: float(one.count) if isinstance(one, Counted) else float(len(part))
        for name, one in losses.items()
    }


def _total(rows: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The sum of numbers by name."""
    sums: dict[str, float] = {}
    for row in rows:
        for name, value in row.items():
            sums[name] = sums.get(name, 0.0) + value
    return sums


@contextmanager
def workers_told() -> Iterator[None]:
    """Make it an expected error that a process which prepares samples has died.

    torch raises that in the main thread wherever this is then, and not only where it waits for samples.

    Raises:
        TrainingError: one has.
    """
    try:
        yield
    except RuntimeError as error:
        if not any(word in str(error) for word in _WORKER_GONE):
            raise
        raise _worker_is_gone() from error


def _worker_is_gone() -> TrainingError:
    return TrainingError(
        "A process that prepares samples ended before its work did, as when memory runs out.",
        "Resume the job, or begin a new run with fewer workers.",
    )


@contextmanager
def memory_told(what: str, place: Place) -> Iterator[None]:
    """Make memory that runs out an expected error, where smaller parts would not help.

    Raises:
        TrainingError: memory ran out.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise TrainingError(
            f"{what}: the memory of {place.name} ran out.",
            "Choose a smaller variant or another device, or close what else uses it.",
        ) from error
