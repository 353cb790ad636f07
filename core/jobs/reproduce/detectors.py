"""Teaches one of the street's detectors, and keeps what it finds in the test.

What is cut off goes on where its state was last kept.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import Dataset

from core.jobs.reproduce.arms import CATEGORIES, Arm, ArmPlan, samples_of, whole_sample
from core.jobs.reproduce.rows import row_of
from core.jobs.reproduce.units import write_whole
from core.networks.amodal_rcnn.settings import AmodalRcnnSettings, PointKind, small
from core.records.runs import MetricPoint, RunPicture
from core.training.checkpoints import read_checkpoint
from core.training.composites import Sample
from core.training.data.mixing import Mixed
from core.training.data.street_frames import StreetTruth
from core.training.devices import place_of
from core.training.loop import train
from core.training.plan import DeviceName, Kept, Reached, TrainEvents, TrainPlan
from core.training.starting_weights import begin_on_street, begin_with
from core.training.task import Schedule
from core.training.tasks.detector import DetectorSettings, network_of
from core.training.tasks.detector_pictures import drawn
from core.training.tasks.seen import known_objects, said_objects
from core.training.tasks.street_detector import WINDOW, FramesAlone, WindowedDetector, scaled_to
from core.training.validating import Answer

BATCH = 4
GALLERY = 4


class OutOfTime(Exception):  # noqa: N818 - an outcome
    """The minutes that were given are over."""


@dataclass(frozen=True)
class ArmTraining:
    """One of the detectors.

    Attributes:
        arm: what it learns from. seed: of all chance. steps: of BATCH windows.
        weights: what it begins with, or None for the program's own.
    """

    arm: Arm
    seed: int
    steps: int
    weights: Path | None = None

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{self.arm.value}-{self.seed}-{self.steps}"


def network_settings() -> AmodalRcnnSettings:
    """The small variant with WALT's masks and no points, whose backbone's body does not learn."""
    return small(
        categories=CATEGORIES,
        points=PointKind.NONE,
        trained_stages=1,
        sampled=64,
        proposals_in_training=200,
        proposals=100,
    )


@dataclass
class TaughtAlone(WindowedDetector):
    """A detector that learns from some samples; it is measured once it has learned."""

    taught_by: Dataset[Sample] | None = None

    def training_set(self, epoch: int) -> Dataset[Any]:
        """Windows of their pictures."""
        assert self.taught_by is not None
        return Mixed([self.taught_by], [1.0], self.samples, epoch, self.settings.augment)

    def portions(self) -> int:
        """None: nothing is chosen by what the test says."""
        return 0

    def figures(self, answers: Sequence[Answer]) -> dict[str, float]:
        """Of nothing."""
        return {self.metric: 0.0}

    def show(self, *_: Any) -> Sequence[RunPicture]:
        """Likewise."""
        return ()


@dataclass
class ArmTask(TaughtAlone):
    """One that begins with weights of a backbone whose body learns no more."""

    weights: Path | None = None

    def network(self) -> nn.Module:
        """With the weights to begin with; the body below the pyramid stays as it is."""
        network: Any = super().network()
        self.started = (
            begin_on_street(network).message("the program's own weights")
            if self.weights is None
            else begin_with(network, self.weights).message(self.weights.name)
        )
        for parameter in network.backbone.body.parameters():
            parameter.requires_grad_(False)
        return network


class _Told:
    """Stops a training in time."""

    def __init__(self, ends: float, name: str) -> None:
        self._ends, self._name = ends, name

    def begun(self, reached: Reached) -> None:
        print(f"{self._name}: from step {reached.step}", flush=True)

    def check_stop(self) -> None:
        if time.monotonic() > self._ends:
            raise OutOfTime

    def log(self, line: str) -> None:
        print(line, flush=True)

    def progress(self, share: float, words: str) -> None:
        pass

    def metrics(self, points: Sequence[MetricPoint], reached: Reached) -> None:
        losses = {one.name: round(one.value, 3) for one in points if "loss" in one.name}
        print(f"  step {reached.step}, {reached.seconds:.0f} s: {json.dumps(losses)}", flush=True)

    def pictures(self, pictures: Sequence[RunPicture]) -> None:
        pass

    def checkpoint(self, kept: Kept, path: Path, reached: Reached) -> None:
        pass


def arm_task(folder: Path, plan: ArmPlan, training: ArmTraining) -> ArmTask:
    """The task of one of the detectors."""
    schedule = Schedule(
        epochs=1,
        batch=BATCH,
        learning_rate=4e-4,
        warmup_steps=20,
        drops=(),
        clip_norm=10.0,
    )
    settings = DetectorSettings(network_settings(), samples=BATCH * training.steps, augment=replace(WINDOW))
    nothing: Any = None
    task = ArmTask(FramesAlone(nothing, nothing, {"arm": training.arm.value}), settings, schedule)
    task.taught_by, task.weights = samples_of(folder, training.arm, plan), training.weights
    return task


def train_arm(folder: Path, home: Path, plan: ArmPlan, training: ArmTraining, ends: float) -> None:
    """Trains it, or goes on; what is done is not done again.

    Raises:
        OutOfTime: the time is over; its state is kept.
    """
    task = arm_task(folder, plan, training)
    how = TrainPlan(task.schedule, device="cpu", precision="32", workers=0, seed=training.seed)
    teach(task, how, home, _Told(ends, training.name))


def teach(
    task: TaughtAlone, how: TrainPlan, home: Path, events: TrainEvents, start: Path | None = None
) -> None:
    """Trains a detector in its folder, or goes on; what is done is not done again.

    Args:
        start: a checkpoint of the same network, with whose weights it begins.
    """
    if (home / "done").exists():
        return
    home.mkdir(parents=True, exist_ok=True)
    last = state_of(home)
    train(task, how, events, home / "files", resume=last, start=start if last is None else None)
    (home / "done").touch()


def state_of(home: Path) -> Path | None:
    """The last checkpoint of a detector's folder, if there is one."""
    return next(iter((home / "files").glob("last-*.safetensors")), None)


def finds_of(home: Path, test: StreetTruth, *, ends: float = math.inf, device: DeviceName = "cpu") -> Path:
    """What the detector of a folder finds in each picture of the test; some pictures are kept to look at.

    Returns:
        the file, which is written last: JSON as `figures.read_finds` reads it.

    Raises:
        OutOfTime: the time is over; this is begun anew.
    """
    path = home / "found.json"
    if path.exists():
        return path
    last = state_of(home)
    assert last is not None
    checkpoint = read_checkpoint(last)
    where = torch.device(place_of(device, "32").kind)
    network = network_of(checkpoint.facts["architecture"])
    network.load_state_dict(checkpoint.network)
    network.eval().to(where)
    settings = network.settings
    scaled_to(network, (settings.min_side_px, settings.max_side_px))
    rows = []
    every = max(1, len(test) // GALLERY)
    for place in range(len(test)):
        if time.monotonic() > ends:
            raise OutOfTime
        image, target = whole_sample(test.frame(place))
        with torch.inference_mode():
            [said] = network([image.to(where)])
        objects = said_objects(said, settings, image.shape[-2:])
        rows.append([row_of(one, image.shape[-2:]) for one in objects])
        if place % every == 0:
            pixels = (image.permute(1, 2, 0) * 255).round().to(torch.uint8).contiguous().numpy()
            sure = [one for one in objects if one.score >= 0.5]
            (home / f"found-{place}.jpg").write_bytes(drawn(pixels, sure))
            known = known_objects(target, settings)
            (home / f"known-{place}.jpg").write_bytes(drawn(pixels, known))
    write_whole(path, json.dumps(rows))
    return path
