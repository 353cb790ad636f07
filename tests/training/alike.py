"""The shipped networks, tiny, over five uneven samples: what a step's gradients are, however it is taken.

Norms over a batch are replaced by norms over a sample: in training they make samples see each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from core.networks.backbones import BackboneName
from core.networks.classifier import ClassifierSettings
from core.networks.prelabeller import PrelabellerSettings
from core.training.data.crop_sets import CropSet
from core.training.data.crops import Crops, packed
from core.training.data.real import RealFrame
from core.training.devices import place_of
from core.training.stepper import Stepper
from core.training.task import Schedule, Task
from core.training.tasks import classifier, prelabeller
from tests.networks.amodal_rcnn.pictures import tiny
from tests.training.data.made_crops import drawn_car, drawn_set
from tests.training.tasks.frames import Painted, PaintedSupply, painted_task
from tests.training.tiny import plan

SAMPLES = 5
TINY_POINTS = PrelabellerSettings(px=32, widths=(8, 16), blocks=(0, 1), hidden=32, bins=48, dropout=0.0)
TINY_LABEL = ClassifierSettings(px=32, widths=(8, 16), blocks=(0, 1), dropout=0.0)
_LABELLED = (12, 1, 3, 12, 2)
_HIDDEN = (0.0, 0.3, 0.01, 0.01, 0.3)  # nobody is sure of the third and fourth


class Uneven(Painted):
    """Frames with nothing, one thing and two things in them."""

    def frame(self, index: int) -> RealFrame:
        frame = super().frame(index)
        return replace(frame, objects=frame.objects[: index % 3])


@dataclass(frozen=True)
class UnevenSupply(PaintedSupply):
    def frames(self) -> Uneven:
        return Uneven(SAMPLES)


def points() -> Task:
    """The pre-labeller, of cars with as few as one labelled point."""
    cars = []
    for number, labelled in enumerate(_LABELLED):
        car = drawn_car(number)
        tags = car.tags.copy()
        tags[labelled:] = -1
        cars.append(packed(replace(car, tags=tags)))
    return _still(
        prelabeller.make_task(Crops(cars, cars, {}), settings=TINY_POINTS),
        CropSet(cars, TINY_POINTS.px, None, prelabeller.as_tensors),
    )


def labels() -> Task:
    """The classifier, of objects of which nobody is sure of some."""
    crops = [packed(drawn_car(number, hidden=share)) for number, share in enumerate(_HIDDEN)]
    return _still(
        classifier.make_task(Crops(drawn_set(), drawn_set(), {}), settings=TINY_LABEL),
        CropSet(crops, TINY_LABEL.px, None, classifier.as_tensors),
    )


def detector() -> Task:
    """The detector, of pictures with up to two objects; its anchors and proposals are drawn by chance."""
    return painted_task(
        UnevenSupply(train=SAMPLES),
        samples=SAMPLES,
        network=tiny(backbone=BackboneName.MOBILENET, anchor_px=16, finest_px=8),
    )


NETWORKS: dict[str, Callable[[], Task]] = {"points": points, "labels": labels, "detector": detector}


def gradients(task: Task, accumulate: int = 1) -> tuple[dict[str, Tensor], dict[str, float]]:
    """Of one step over all samples, by the processes there are: the gradients by name, and its numbers."""
    schedule = Schedule(batch=SAMPLES)
    stepper = Stepper(task, plan(schedule), place_of("cpu", "32"))
    ranks = range(stepper.together.count)
    everyone = [stepper.parts(range(SAMPLES), 0, SAMPLES, rank, accumulate) for rank in ranks]
    own = everyone[stepper.together.rank]
    batches = stepper.batches(task.training_set(0), 0, own)
    done = stepper.step(0, 1e-6, own, everyone, batches, lambda: None)
    named = stepper.network.named_parameters()
    return {name: one.grad for name, one in named if one.grad is not None}, done.numbers


def apart(one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    """How far gradients are from others, as a share of their length."""
    assert one.keys() == other.keys()
    flat = [torch.cat([part[name].flatten() for name in sorted(one)]) for part in (one, other)]
    return float((flat[0] - flat[1]).norm() / flat[0].norm())


def _still(task: Any, samples: Dataset[Any]) -> Task:
    """The task with these samples, unchanged, and without norms over batches."""
    make = task.network

    def network() -> nn.Module:
        made: nn.Module = make()
        for module in list(made.modules()):
            for name, child in module.named_children():
                if isinstance(child, nn.BatchNorm2d):
                    setattr(module, name, nn.GroupNorm(1, child.num_features))
        return made

    task.network, task.training_set = network, lambda epoch: samples
    return task
