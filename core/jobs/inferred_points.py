"""Occlusion-Net after a finder of cars' points: what is hidden goes where the other points put it.

It stands here and not beside the finders, for mining imports no networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from core.mining.keypoints.protocol import FoundPoints, KeypointFinder, ObjectCrop
from core.networks.crop_view import Placing, placing_of
from core.networks.occlusion_net.network import OcclusionNet
from core.records.shapes import KeypointTag
from core.training.data.said_cars import from_square, in_square
from core.training.tasks.hidden_points import nodes_of

HIDDEN = (KeypointTag.SELF_OCCLUDED, KeypointTag.OTHER_OCCLUDED)
"""Tags of the points that are replaced."""
LEAST_SEEN = 3
"""Points that a car must show for its hidden ones to be inferred from."""
_PX = 128

Floats = NDArray[np.float64]


class InferringFinder:
    """A `KeypointFinder` for cars.

    Of each car the points that its finder calls hidden by the car itself or by something else are replaced.
    The others stay. An inferred point is as sure as the points that are seen are on average, for it rests on
    them.

    Args:
        finder: finds all points, however unsure, with their tags.
        network: Occlusion-Net in evaluation mode; it is fast, and stays where it is.
        min_score: points that are less certain than this are left out, and nothing rests on them.
    """

    def __init__(self, finder: KeypointFinder, network: OcclusionNet, min_score: float) -> None:
        self.name = finder.name
        self._finder, self._network, self._min_score = finder, network, min_score

    def find(self, crops: Sequence[ObjectCrop]) -> list[list[FoundPoints]]:
        """The points of each crop's car.

        Raises:
            DetectionError: the finder failed.
        """
        found = self._finder.find(crops)
        return [
            [self._with_inferred(one, placing_of(crop.box, _PX)) for one in of_crop]
            for crop, of_crop in zip(crops, found, strict=True)
        ]

    def _with_inferred(self, found: FoundPoints, placing: Placing) -> FoundPoints:
        there = np.isfinite(found.pixels).all(axis=1)
        sure = there & (found.scores >= self._min_score)
        pixels, scores = np.where(sure[:, None], found.pixels, np.nan), found.scores
        if found.tags is None:
            return replace(found, pixels=pixels)
        seen = sure & np.array([tag is KeypointTag.VISIBLE for tag in found.tags])
        if int(seen.sum()) < LEAST_SEEN:
            return replace(found, pixels=pixels)
        hidden = np.array([tag in HIDDEN for tag in found.tags])
        places = placing.to_crop(
            from_square(self._asked(found, np.asarray(there, dtype=np.bool_), placing), placing.px)
        )
        return replace(
            found,
            pixels=np.where(hidden[:, None], places, pixels),
            scores=np.where(hidden, scores[seen].mean(), scores),
            inferred=tuple(hidden.tolist()),
        )

    def _asked(self, found: FoundPoints, there: NDArray[np.bool_], placing: Placing) -> Floats:
        """(12, 2) where the network puts the points, in the coordinates of the square."""
        # a point that was not found at all stands in the middle, and nobody is sure of it
        places = np.where(there[:, None], in_square(placing.to_square(found.pixels), placing.px), 0.0)
        scores = np.where(there, found.scores, 0.0)
        given = [torch.from_numpy(one.astype(np.float32))[None] for one in (places, scores)]
        with torch.inference_mode():
            said = self._network(nodes_of(given[0], given[1], self._network.settings))
        return np.asarray(said.points[0].double().numpy())
