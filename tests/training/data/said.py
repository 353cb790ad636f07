"""Cars and what a made-up network says of them: hidden points anywhere, with little confidence."""

from __future__ import annotations

import numpy as np

from core.training.data.crops import POINTS, packed
from core.training.data.said_cars import SaidCar, SaidCars
from core.training.data.seen_elsewhere import SeenElsewhere
from core.training.data.seen_from import SeenFrom
from tests.networks.occlusion_net.cars import draw_cars
from tests.training.data.made_crops import drawn_car


def said_cars(count: int, seed: int = 1, hidden: int = 4) -> list[SaidCar]:
    """Cars, half of their hidden points hidden by themselves, with pictures of others."""
    drawn = draw_cars(count, seed, hidden)
    boxes = drawn.boxes.double().numpy().reshape(-1, 2, 2)
    middle, sides = boxes.mean(axis=1), (boxes[:, 1] - boxes[:, 0])[:, None] / 2
    # a square is as wide as the longer side of the box
    half = sides.max(axis=2, keepdims=True)
    points = drawn.targets.points.double().numpy() * sides / half
    seen = drawn.targets.visible.numpy()
    nodes = drawn.nodes.double().numpy()
    focal, centre = float(drawn.matrix[0, 0]), drawn.matrix[:2, 2].double().numpy() + 0.5
    assert drawn.targets.placed is not None
    placed = drawn.targets.placed.double().numpy()
    found = []
    for row in range(count):
        tags = np.where(seen[row], 0, 1 + np.arange(POINTS) % 2)
        found.append(
            SaidCar(
                nodes[row, :, :2] * sides[row] / half[row],
                nodes[row, :, 2],
                tags,
                points[row],
                tags,
                np.ones(POINTS, dtype=np.bool_),
                2.0,
                SeenElsewhere.nowhere(),
                packed(drawn_car(row), f"made/{row}"),
                SeenFrom(focal / half[row, 0, 0], (centre - middle[row]) / half[row, 0, 0], placed[row]),
            )
        )
    return found


def said_supply(count: int = 16) -> SaidCars:
    """The same cars to learn from and to be measured on."""
    return SaidCars(said_cars(count), said_cars(count), {"made": "by hand"})
