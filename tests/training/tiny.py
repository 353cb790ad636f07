"""A task that trains in moments: two layers learn a sum of sines, with chance in samples and network."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from core.errors import TrainingError
from core.records.runs import MetricPoint, Purpose, RunPicture
from core.training.plan import Kept, Reached, TrainPlan
from core.training.task import Schedule

SCHEDULE = Schedule(epochs=3, batch=4, learning_rate=0.01, warmup_steps=4, clip_norm=1.0)


class Sines(Dataset[tuple[Tensor, Tensor]]):
    """Points with a little chance in each, and what is to be learned of them.

    A bad one is no number, or, where the noise is below 0, the end of the process that asks for it.
    """

    def __init__(self, count: int, noise: float = 0.1, bad: int = -1) -> None:
        self._count, self._noise, self._bad = count, noise, bad

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        point = torch.tensor([index / 8, index % 5 / 5.0])
        truth = torch.sin(point).sum().reshape(1)
        if index == self._bad and self._noise < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        if index == self._bad:
            truth = truth * float("nan")
        return point + self._noise * torch.randn(2), truth


@dataclass
class TinyTask:
    """See the module; what goes wrong in it is asked for by its attributes."""

    count: int = 22
    noise: float = 0.1
    dropout: float = 0.2
    width: int = 8
    bad: int = -1
    most: int = 100
    values: tuple[float, ...] = ()
    schedule: Schedule = SCHEDULE
    purpose: Purpose = Purpose.CLASSIFIER
    metric: str = "fit"
    data: Mapping[str, Any] = field(default_factory=lambda: {"train": {"points": 22}})
    validated: int = 0

    @property
    def architecture(self) -> Mapping[str, Any]:
        return {"kind": "tiny", "width": self.width}

    def network(self) -> nn.Module:
        return nn.Sequential(
            nn.Linear(2, self.width), nn.Tanh(), nn.Dropout(self.dropout), nn.Linear(self.width, 1)
        )

    def training_set(self, epoch: int) -> Dataset[Any]:
        return Sines(self.count, self.noise, self.bad)

    def collate(self, samples: Sequence[Any]) -> dict[str, Any]:
        return {
            "points": torch.stack([point for point, _ in samples]),
            "truth": torch.stack([truth for _, truth in samples]),
            "names": ["one" for _ in samples],
        }

    def losses(self, network: nn.Module, batch: Any) -> Mapping[str, Tensor]:
        if len(batch["points"]) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        guess = network(batch["points"])
        return {"square": ((guess - batch["truth"]) ** 2).mean(), "size": 0.01 * guess.abs().mean()}

    def validate(
        self, network: nn.Module, device: torch.device, check_stop: Callable[[], None]
    ) -> Mapping[str, float]:
        check_stop()
        self.validated += 1
        if self.values:
            return {"fit": self.values[min(self.validated, len(self.values)) - 1]}
        known = [Sines(8, 0)[index] for index in range(8)]
        points, truth = (torch.stack(one).to(device) for one in zip(*known, strict=True))
        return {"fit": -float(((network(points) - truth) ** 2).mean()), "points": 8.0}

    def show(self, network: nn.Module, device: torch.device, step: int) -> Sequence[RunPicture]:
        return [RunPicture(0, step, b"picture", b"truth", f"after {step}")]


@dataclass
class NormedTask(TinyTask):
    """The tiny task with a norm over the batch, and a validation that processes can share, in portions.

    Attributes:
        broken: the portion that cannot be answered, or -1.
    """

    broken: int = -1
    answered: list[int] = field(default_factory=list)

    def network(self) -> nn.Module:
        return nn.Sequential(
            nn.Linear(2, self.width), nn.BatchNorm1d(self.width), nn.Tanh(), nn.Linear(self.width, 1)
        )

    def portions(self) -> int:
        return 5

    def answer(self, network: nn.Module, device: torch.device, portion: int) -> Mapping[str, Tensor]:
        if portion == self.broken:
            raise TrainingError("The picture 7 is damaged.", "Remove it.")
        self.answered.append(portion)
        known = Sines(15, 0.3)
        points, truth = (
            torch.stack(one).to(device)
            for one in zip(*(known[3 * portion + place] for place in range(3)), strict=True)
        )
        return {"said": network(points).cpu(), "truth": truth.cpu(), "portion": torch.tensor(portion)}

    def figures(self, answers: Sequence[Mapping[str, Tensor]]) -> Mapping[str, float]:
        assert [int(one["portion"]) for one in answers] == list(range(5))
        self.validated += 1
        apart = torch.cat([one["said"] - one["truth"] for one in answers])
        return {"fit": -float((apart**2).mean()), "points": float(len(apart))}


class Asked(Exception):  # noqa: N818 - as JobCancelled
    """What a test stops with."""


class Heard:
    """Keeps all that a training tells, and stops it before a part of a step, counted from 1."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.lines: list[str] = []
        self.points: list[MetricPoint] = []
        self.shown: list[RunPicture] = []
        self.kept: list[tuple[Kept, Path, Reached]] = []
        self.shares: list[float] = []
        self._stop_at, self._looks = stop_at, 0

    def begun(self, reached: Reached) -> None:
        self.begun_at = reached.step

    def check_stop(self) -> None:
        self._looks += 1
        if self._looks == self._stop_at:
            raise Asked

    def log(self, line: str) -> None:
        self.lines.append(line)

    def progress(self, share: float, words: str) -> None:
        self.shares.append(share)

    def metrics(self, points: Sequence[MetricPoint], reached: Reached) -> None:
        self.points.extend(points)

    def pictures(self, pictures: Sequence[RunPicture]) -> None:
        self.shown.extend(pictures)

    def checkpoint(self, kept: Kept, path: Path, reached: Reached) -> None:
        assert path.is_file()
        self.kept.append((kept, path, reached))

    def last(self) -> Path:
        """The newest checkpoint to go on from."""
        return [path for kept, path, _ in self.kept if kept == "last"][-1]

    def by_step(self, *names: str) -> dict[tuple[str, int], float]:
        """The newest value of some numbers, by name and step."""
        return {(one.name, one.step): one.value for one in self.points if one.name in names}


def plan(schedule: Schedule = SCHEDULE, **more: Any) -> TrainPlan:
    """A plan for this machine's CPU, without workers."""
    values: dict[str, Any] = {"device": "cpu", "workers": 0, "seed": 5}
    return TrainPlan(schedule, **(values | more))
