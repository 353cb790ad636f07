"""Rendered cars in a project, as mining would have kept them, with what is true of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from core.geometry.masks import patch_to_rle
from core.jobs.mine.crops import cut_crop
from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import FoundInstance
from core.records.masks import MaskPatch
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag
from core.store.project import Project
from core.store.writers.detections import add_instances
from core.synthesis.street.car_renders import CarRender, CarRenders
from tests.jobs.parking import HEIGHT, WIDTH, Parking

SEED = 77  # of no crops that networks learn from
SIDE = 160


@cache
def renders(count: int) -> tuple[CarRender, ...]:
    """Cars that no network has seen."""
    made = CarRenders(SEED, SIDE, 8)
    return tuple(made.render(index) for index in range(count))


@dataclass(frozen=True, eq=False)
class Placed:
    """A rendered car in a project: its id, and its points in the picture with their tags."""

    instance_id: int
    pixels: NDArray[np.float64]
    tags: tuple[KeypointTag, ...]
    size_px: float


def add_rendered(parking: Parking, count: int, frame: int = 0) -> list[Placed]:
    """Adds cars to a frame of a parking, side by side in its picture."""
    found, truths = [], []
    for number, one in enumerate(renders(count)):
        left, top = SIDE * (number % (WIDTH // SIDE)), SIDE * (number // (WIDTH // SIDE))
        assert one.car.box is not None
        assert top + SIDE <= HEIGHT
        picture = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
        picture[top : top + SIDE, left : left + SIDE] = one.picture
        box = Box(one.car.box.x + left, one.car.box.y + top, one.car.box.w, one.car.box.h)
        mask = MaskPatch(one.car.modal.x + left, one.car.modal.y + top, one.car.modal.bits)
        found.append(
            FoundInstance(
                box,
                Category.CAR,
                0.9,
                rle=patch_to_rle(mask, HEIGHT, WIDTH),
                mask_area=int(mask.bits.sum()),
                crop=cut_crop(picture, box, 256),
            )
        )
        pixels = one.car.points.pixels + np.array([left, top])
        truths.append((pixels, one.car.points.tags, one.car.amodal_box.size))
    fresh = [(parking.frame_ids[frame], one) for one in found]
    with Project.open(parking.path) as project, project.bulk() as bulk:
        ids: list[int] = bulk.run(lambda c: add_instances(c, fresh, "made", LabelOrigin.NETWORK, None))
    return [Placed(i, *truth) for i, truth in zip(ids, truths, strict=True)]
