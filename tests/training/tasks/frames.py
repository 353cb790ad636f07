"""A detector's task over a handful of painted frames, with a network small enough to train in a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.geometry.masks import full_to_patch, patch_to_rle
from core.records.boxes import Box
from core.records.detections import Category
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.shapes import KeypointTag
from core.training.data.augment import Augment
from core.training.data.real import RealFrame, RealObject
from core.training.task import Schedule
from core.training.tasks.detector import DetectorSettings, DetectorTask, make_task
from tests.networks.amodal_rcnn.pictures import HEIGHT, WIDTH, tiny


@dataclass(frozen=True)
class Painted:
    """Frames with a red car and a green person, elsewhere in each."""

    count: int
    first: int = 0

    def __len__(self) -> int:
        return self.count

    def frame(self, index: int) -> RealFrame:
        rng = np.random.default_rng(self.first + index)
        picture = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
        objects = []
        for category, (w, h), colour, left in (
            (Category.CAR, (34, 22), (220, 40, 30), (2, 22)),
            (Category.PERSON, (12, 34), (40, 200, 60), (60, 80)),
        ):
            x, y = int(rng.integers(*left)), int(rng.integers(2, HEIGHT - h - 2))
            full = np.zeros((HEIGHT, WIDTH), np.bool_)
            full[y : y + h, x : x + w] = True
            picture[full] = colour
            objects.append(
                RealObject(
                    category,
                    Box(x, y, w, h),
                    patch_to_rle(full_to_patch(full), HEIGHT, WIDTH),
                    points_in(category, x, y, w, h),
                )
            )
        return RealFrame(picture, tuple(objects), (Box(0.0, 0.0, 1.0, 1.0),))


def points_in(category: Category, x: int, y: int, w: int, h: int) -> KeypointSet:
    """The first four of an object's points near its corners, two seen and two not."""
    template = Template.of(category)
    assert template is not None
    tags = (KeypointTag.VISIBLE, KeypointTag.VISIBLE, KeypointTag.SELF_OCCLUDED, KeypointTag.OTHER_OCCLUDED)
    places = ((0.2, 0.2), (0.8, 0.2), (0.2, 0.8), (0.8, 0.8))
    placed = [PlacedPoint(x + a * w, y + b * h, tag) for (a, b), tag in zip(places, tags, strict=True)]
    return KeypointSet(template, (*placed, *[None] * (template.size - 4)))


@dataclass(frozen=True)
class PaintedSupply:
    """No composites, and so many frames."""

    train: int = 6
    validation: int = 3

    def composites(self) -> None:
        return None

    def frames(self) -> Painted | None:
        return Painted(self.train) if self.train else None

    def validation_composites(self) -> None:
        return None

    def validation_frames(self) -> Painted | None:
        return Painted(self.validation, 100) if self.validation else None

    def cameras(self) -> None:
        return None

    def said(self) -> Mapping[str, Any]:
        return {"frames": self.train}


def painted_task(supply: PaintedSupply | None = None, **more: Any) -> DetectorTask:
    """A task with the tiniest network that learns."""
    values: dict[str, Any] = {
        "network": tiny(anchor_px=16, finest_px=8),
        "samples": 8,
        "augment": Augment(nearer=1.1, further=0.95),
        "gallery": 2,
    }
    people = more.pop("people", None)
    schedule = Schedule(epochs=1, batch=4, learning_rate=3e-3, clip_norm=10.0)
    return make_task(supply or PaintedSupply(), DetectorSettings(**(values | more)), schedule, people=people)
