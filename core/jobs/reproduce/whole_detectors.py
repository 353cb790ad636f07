"""Table 1 and figures 6 and 7 with whole detectors: who must find objects, and not only outline given ones.

Each network begins, for all kinds of labels alike, where labels of what is seen on streets of their own have
brought it (the paper's begin with COCO's), and then learns so many steps more from one kind of labels of the
same cameras' footage, all of its layers. Two cores cannot do that, so it is a part of the full size alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Dataset

from core.evaluation.bootstrap import Groups
from core.evaluation.precision import MOST_DRAWS
from core.jobs.reproduce.arms import CATEGORIES, Arm, samples_of, test_truth
from core.jobs.reproduce.detectors import BATCH, TaughtAlone, finds_of, state_of, teach
from core.jobs.reproduce.known_and_found import known_in, read_finds
from core.jobs.reproduce.precision import Measured, What, measured
from core.jobs.reproduce.sizes import Scale
from core.jobs.reproduce.units import Unit
from core.jobs.reproduce.whole_masks import pretraining_samples
from core.networks.amodal_rcnn.settings import AmodalRcnnSettings, PointKind, small
from core.networks.backbones import BackboneName
from core.training.composites import Sample
from core.training.data.windows import Windows
from core.training.plan import NoEvents, TrainPlan
from core.training.task import Schedule
from core.training.tasks.detector import DetectorSettings
from core.training.tasks.street_detector import WINDOW, FramesAlone

_FOUND = "found.json"
_WARMUP, _RATE = 500, 4e-4

MEASURED = (What.BOX, What.WHOLE)
"""What is told of a detector: the arms' have no keypoints."""

Key = tuple[str, Arm]
"""A network's name, and what it has learned from."""


@dataclass(frozen=True, slots=True)
class Learner:
    """One detector to be trained.

    Attributes:
        network: its name. arm: what it learns from; None: it is the start that all of its network share.
        seed: of all chance.
    """

    network: str
    arm: Arm | None
    seed: int

    @property
    def title(self) -> str:
        """For people."""
        if self.arm is None:
            return f"the {self.network} detectors' start"
        return f"the {self.network} detector, {self.arm.value}, seed {self.seed}"

    def home(self, folder: Path, scale: Scale) -> Path:
        """Where it and what it finds lie."""
        kind = "start" if self.arm is None else f"{self.arm.value}-{self.seed}"
        return folder / "detectors" / f"{self.network}-{kind}-{scale.detector_steps}"

    def made(self, folder: Path, scale: Scale) -> Path:
        """What is there once it is done."""
        return self.home(folder, scale) / ("done" if self.arm is None else _FOUND)


def networks_of(scale: Scale) -> dict[str, AmodalRcnnSettings]:
    """The detectors by name; they take pictures as large as they are, as their windows are in training."""
    side: dict[str, Any] = {"min_side_px": scale.streets.height, "max_side_px": scale.streets.width}
    common: dict[str, Any] = {"categories": CATEGORIES, "points": PointKind.NONE, **side}
    return {
        "small": small(**common),
        "large": AmodalRcnnSettings(backbone=BackboneName.RESNET50, anchor_px=16, **common),
    }


def units(folder: Path, scale: Scale, networks: Mapping[str, AmodalRcnnSettings] | None = None) -> list[Unit]:
    """All that is to be made, in order, once the whole masks' streets are drawn; nothing without steps.

    Args:
        networks: by name; None: `networks_of`.
    """
    forms = networks_of(scale) if networks is None else networks
    return [
        Unit(one.title, one.made(folder, scale), partial(_teach, folder, scale, forms[one.network], one))
        for one in _learners(scale, forms)
    ]


def figures(
    folder: Path, scale: Scale, networks: Mapping[str, AmodalRcnnSettings] | None = None
) -> dict[Key, dict[What, Measured]]:
    """Average precision of the detectors that are there, over their seeds."""
    paths: dict[Key, dict[int, Path]] = {}
    for one in _learners(scale, networks_of(scale) if networks is None else networks):
        if one.arm is not None and one.made(folder, scale).exists():
            paths.setdefault((one.network, one.arm), {})[one.seed] = one.made(folder, scale)
    if not paths:
        return {}
    test = test_truth(folder, scale.streets)
    known, cameras = known_in(test), Groups.of(test.cameras)
    draws = min(scale.draws, MOST_DRAWS)
    out = {}
    for key, seeds in paths.items():
        finds = {seed: read_finds(path, known) for seed, path in seeds.items()}
        out[key] = {what: measured(known, finds, cameras, draws, what) for what in MEASURED}
    return out


def _learners(scale: Scale, networks: Mapping[str, AmodalRcnnSettings]) -> Iterator[Learner]:
    """Each network's start, and then one seed after another."""
    if not scale.detector_steps:
        return
    for network in networks:
        yield Learner(network, None, 0)
        for seed in range(scale.seeds):
            for arm in Arm:
                yield Learner(network, arm, seed)


def _teach(folder: Path, scale: Scale, form: AmodalRcnnSettings, one: Learner) -> None:
    home = one.home(folder, scale)
    samples = pretraining_samples(folder, scale)
    start = None
    if one.arm is not None:
        samples = samples_of(folder, one.arm, scale.streets)
        start = state_of(Learner(one.network, None, 0).home(folder, scale))
        assert start is not None
    task = _task(scale, form, samples, one)
    workers = None if torch.cuda.is_available() else 0  # a processor has none to spare
    how = TrainPlan(task.schedule, workers=workers, seed=one.seed)
    teach(task, how, home, NoEvents(), start)
    if one.arm is not None:
        finds_of(home, test_truth(folder, scale.streets), device="auto")


def _task(scale: Scale, form: AmodalRcnnSettings, samples: Dataset[Sample], one: Learner) -> TaughtAlone:
    window = Windows(
        height=min(WINDOW.height, scale.streets.height),
        width=min(WINDOW.width, scale.streets.width),
        nearer=WINDOW.nearer,
        further=WINDOW.further,
    )
    settings = DetectorSettings(form, samples=BATCH * scale.detector_steps, augment=window)
    schedule = Schedule(
        epochs=1,
        batch=BATCH,
        learning_rate=_RATE,
        warmup_steps=_WARMUP,
        drops=(0.75, 0.92),
        clip_norm=10.0,
    )
    nothing: Any = None
    said = {"learner": one.title}
    return TaughtAlone(FramesAlone(nothing, nothing, said), settings, schedule, taught_by=samples)
