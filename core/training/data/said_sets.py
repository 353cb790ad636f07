"""What is said of cars as a data set: turned, mirrored and blurred by chance, and made tensors of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from core.shapes.keypoints import FLIP
from core.training.data.said_cars import SaidCar
from core.training.data.seen_from import SeenFrom

Floats = NDArray[np.float64]

USUAL = SeenFrom(7.0, np.zeros(2), np.zeros((len(FLIP), 3)))
"""What stands for a camera that nobody knows, in a square's coordinates.

It looks straight at the car, whose 4.5 m fill their part of the square 20 m away.
"""


@dataclass(frozen=True, slots=True)
class SaidNoise:
    """What chance changes of what a network said, beyond what the network's own errors are.

    Attributes:
        mirror: how often a car is seen in a mirror.
        turn_rad: how far it is turned about the square's middle; grow: how much larger or smaller it is, a
            share; both standard deviations.
        place: standard deviation of each place, in L.
        lost: how often a point is lost: it stands anywhere in the square, and the network is not sure.
        score: standard deviation of how sure it is.
    """

    mirror: float = 0.5
    turn_rad: float = 0.08
    grow: float = 0.08
    place: float = 0.005
    lost: float = 0.03
    score: float = 0.03


class SaidSet(Dataset[dict[str, Tensor]]):
    """The samples of an epoch.

    Args:
        cars: the looks.
        noise: None: none, and the same always.
    """

    def __init__(self, cars: Sequence[SaidCar], noise: SaidNoise | None) -> None:
        self._cars, self._noise = cars, noise

    def __len__(self) -> int:
        return len(self._cars)

    def __getitem__(self, place: int) -> dict[str, Tensor]:
        car = self._cars[place]
        if self._noise is None:
            return tensors_of(car)
        # the loop seeds torch's generator for each sample
        return _changed(car, self._noise, np.random.default_rng(int(torch.randint(2**62, ()))))


def tensors_of(car: SaidCar, turn: Floats | None = None, mirrored: bool = False) -> dict[str, Tensor]:
    """A look as the network and its losses take it.

    Args:
        turn: (2, 2) applied to all that is in the square's coordinates.
        mirrored: whether the points exchange left and right; the mirror itself is part of `turn`.

    Returns:
        `places` (12, 2), `scores` (12,), `points` (12, 2), `tags` (12,), `labelled` (12,), `size` (); of
        other cameras, `first` and `second` (12, 2), `tensor` (3, 3, 3), `seen` (12,); of the own camera,
        `camera` (3, 3), `space` (12, 3) and whether they are known, `solid` (): else `camera` is USUAL's.
    """
    order = list(FLIP) if mirrored else list(range(len(FLIP)))
    whole = np.eye(3)
    if turn is not None:
        whole[:2, :2] = turn
    part = whole[:2, :2].T
    other = car.elsewhere.changed(whole[:2])
    values: dict[str, NDArray[np.generic]] = {
        "places": (car.places @ part)[order],
        "scores": car.scores[order],
        "points": (car.points @ part)[order],
        "first": other.first,
        "second": other.second,
        "tensor": other.tensor,
    }
    solid = car.solid or USUAL
    if turn is not None:
        solid = solid.changed(np.column_stack([turn, np.zeros(2)]))
    values |= {"camera": solid.matrix, "space": solid.space}
    found = {name: torch.from_numpy(one.astype(np.float32)) for name, one in values.items()}
    found |= {
        "tags": torch.from_numpy(car.tags[order].astype(np.int64)),
        "labelled": torch.from_numpy(car.labelled[order]),
        "seen": torch.from_numpy(other.seen),
        "solid": torch.tensor(car.solid is not None),
    }
    grown = 1.0 if turn is None else float(np.sqrt(abs(np.linalg.det(turn))))
    return found | {"size": torch.tensor(car.size * grown, dtype=torch.float32)}


def _changed(car: SaidCar, noise: SaidNoise, rng: np.random.Generator) -> dict[str, Tensor]:
    mirrored = bool(rng.random() < noise.mirror)
    angle, grown = rng.normal(0, noise.turn_rad), np.exp(rng.normal(0, noise.grow))
    cosine, sine = np.cos(angle) * grown, np.sin(angle) * grown
    turn = np.array([[cosine, -sine], [sine, cosine]])
    if mirrored:
        turn[:, 0] = -turn[:, 0]
    found = tensors_of(car, turn, mirrored)
    count = len(car.places)
    places = found["places"].numpy() + rng.normal(0, noise.place, (count, 2)) * float(found["size"])
    scores = np.clip(found["scores"].numpy() + rng.normal(0, noise.score, count), 0.0, 1.0)
    lost = rng.random(count) < noise.lost
    places[lost] = rng.uniform(-1, 1, (int(lost.sum()), 2))
    scores[lost] = rng.uniform(0, 0.5, int(lost.sum()))
    found["places"] = torch.from_numpy(places.astype(np.float32))
    found["scores"] = torch.from_numpy(scores.astype(np.float32))
    return found
