"""Crops drawn by hand: a box for a car, with its points where they can be reckoned."""

from __future__ import annotations

import numpy as np

from core.records.boxes import Box
from core.records.detections import Category
from core.training.data.crops import CropSample, PackedCrop, packed

WIDTH, HEIGHT = 80, 60
BOX = Box(20, 20, 40, 24)


def drawn_car(seed: int = 0, *, hidden: float = 0.0, category: Category = Category.CAR) -> CropSample:
    """A bright box on a dark ground; right points on its left half, left ones on its right half.

    All points are seen but the last two, which the car itself hides.
    """
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 60, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    own = np.zeros((HEIGHT, WIDTH), dtype=np.bool_)
    own[20:44, 20:60] = True
    image[own] = rng.integers(120, 255, 3)
    image[20:28, 20:30] = (255, 0, 0)
    points = np.array([[24.0 + 30 * (n % 2), 22.0 + 3 * (n // 2)] for n in range(12)])
    tags = np.array([0] * 10 + [1, 1])
    others = np.zeros_like(own)
    if hidden:
        others[30:50, 10:40] = True
        own &= ~others
        image[others] = (10, 120, 20)
    return CropSample(image, BOX, own, others, points, tags, 40.0, hidden, category)


def drawn_set(count: int = 8) -> list[PackedCrop]:
    """Some that are covered, and some that are not."""
    return [packed(drawn_car(n, hidden=0.3 * (n % 2)), f"made/{n}") for n in range(count)]
