"""A network's points as a project keeps them."""

from __future__ import annotations

import numpy as np

from core.records.found_points import FoundPoints
from core.records.keypoints import PlacedPoint
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag


def placed_points(found: FoundPoints, width: int, height: int) -> tuple[PlacedPoint | None, ...]:
    """Points by what the network says of them; those beyond the picture are truncated.

    Args:
        found: in the picture's pixels; without tags all are called visible.
        width, height: of the picture, pixels.
    """
    count = len(found.pixels)
    tags, inferred = found.tags or (KeypointTag.VISIBLE,) * count, found.inferred or (False,) * count
    placed: list[PlacedPoint | None] = []
    for (x, y), score, tag, guess in zip(
        found.pixels.tolist(), found.scores.tolist(), tags, inferred, strict=True
    ):
        if not (np.isfinite(x) and np.isfinite(y)):
            placed.append(None)
            continue
        inside = -0.5 <= x <= width - 0.5 and -0.5 <= y <= height - 0.5
        origin = LabelOrigin.INFERRED if guess else LabelOrigin.NETWORK
        placed.append(PlacedPoint(x, y, tag if inside else KeypointTag.TRUNCATED, origin, score))
    return tuple(placed)
