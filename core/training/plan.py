"""How a training goes about it, what it tells on its way, and how its rate moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from core.errors import TrainingError
from core.records.runs import MetricPoint, RunPicture
from core.training.task import Schedule

DeviceName = Literal["auto", "cpu", "cuda", "mps"]
PrecisionName = Literal["auto", "32", "bf16"]
Kept = Literal["best", "last"]
"""What a checkpoint is: the best weights so far, or all from which the run goes on."""

_DROP = 0.1
_WARMUP_SHARE = 0.1
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class TrainPlan:
    """How a training goes about it.

    Attributes:
        schedule: of the optimiser.
        accumulate: in how many parts, one after another, each process takes its share of a step. It doubles
            where memory runs out.
        device: "auto" takes a GPU where there is one. What is named is taken or refused.
        precision: "auto" is bf16 on a GPU that has it, and 32 elsewhere.
        workers: processes that prepare samples, for each process that trains; 0: it does so itself; None: as
            many as the machine has processors to spare, at most 8.
        seed: of everything random.
        patience: validations without a better value after which it stops; None: never.
        validate_every: steps; None: after each epoch.
        checkpoint_every_s: from one to the next; they take no more than a fiftieth of the time.
    """

    schedule: Schedule
    accumulate: int = 1
    device: DeviceName = "auto"
    precision: PrecisionName = "auto"
    workers: int | None = None
    seed: int = 0
    patience: int | None = None
    validate_every: int | None = None
    checkpoint_every_s: float = 60.0

    def __post_init__(self) -> None:
        """Refuses what cannot be.

        Raises:
            TrainingError: a number is below 1, or the rate is none.
        """
        counts = {
            "epochs": self.schedule.epochs,
            "batch": self.schedule.batch,
            "accumulate": self.accumulate,
            "patience": 1 if self.patience is None else self.patience,
            "validate_every": 1 if self.validate_every is None else self.validate_every,
        }
        for name, count in counts.items():
            if count < 1:
                raise TrainingError(f"A training cannot have {count} as {name}.", "Take 1 or more.")
        if not self.schedule.learning_rate > 0:
            raise TrainingError("The learning rate must be above 0.", "Take the one that is proposed.")


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a training is.

    Attributes:
        step, epoch: of the optimiser, and how many whole epochs.
        seconds: it has run so far, in all sittings together.
        value, best_step: the best of the task's metric, and when that was; None before the first validation.
    """

    step: int
    epoch: int
    seconds: float
    value: float | None
    best_step: int | None


@dataclass(frozen=True, slots=True)
class TrainResult:
    """How a training ended.

    Attributes:
        reached: how far it came.
        device: on which it ran, in words.
        early: it stopped before its last epoch because it got no better.
        stopped: another process was asked to stop, and this one with it.
    """

    reached: Reached
    device: str
    early: bool
    stopped: bool = False


class TrainEvents(Protocol):
    """Who hears of a training; of several processes, only the first has one that does anything."""

    def begun(self, reached: Reached) -> None:
        """It begins, or goes on from here: what was told of later steps is not so."""
        ...

    def check_stop(self) -> None:
        """Raises an exception of its own where the training is to stop; often asked.

        The training writes where it is, and lets the exception pass.
        """
        ...

    def log(self, line: str) -> None:
        """A line for people to read later."""
        ...

    def progress(self, share: float, words: str) -> None:
        """How far it is (0 to 1), and what it is doing."""
        ...

    def metrics(self, points: Sequence[MetricPoint], reached: Reached) -> None:
        """New numbers."""
        ...

    def pictures(self, pictures: Sequence[RunPicture]) -> None:
        """New pictures of the gallery."""
        ...

    def checkpoint(self, kept: Kept, path: Path, reached: Reached) -> None:
        """A checkpoint is whole and on the disk; once this returns, older ones of its kind are removed."""
        ...


class NoEvents:
    """Hears nothing: for the processes beside the first."""

    def begun(self, reached: Reached) -> None:
        """Nothing."""

    def check_stop(self) -> None:
        """Never stops."""

    def log(self, line: str) -> None:
        """Nothing."""

    def progress(self, share: float, words: str) -> None:
        """Nothing."""

    def metrics(self, points: Sequence[MetricPoint], reached: Reached) -> None:
        """Nothing."""

    def pictures(self, pictures: Sequence[RunPicture]) -> None:
        """Nothing."""

    def checkpoint(self, kept: Kept, path: Path, reached: Reached) -> None:
        """Nothing."""


def rate_at(schedule: Schedule, step: int, steps: int, epochs_done: float) -> float:
    """The learning rate of a step.

    Args:
        schedule: how it moves.
        step: from 0.
        steps: of the whole run.
        epochs_done: before this step, with the part of the present one.
    """
    drops = sum(epochs_done >= share * schedule.epochs - _ROUNDING for share in schedule.drops)
    rate = schedule.learning_rate * _DROP**drops
    warmup = min(schedule.warmup_steps, int(steps * _WARMUP_SHARE))
    if step >= warmup:
        return rate
    return rate * (schedule.warmup_from + (1 - schedule.warmup_from) * step / warmup)
