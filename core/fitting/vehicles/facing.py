"""Which keypoints a pose turns away from the camera: a quick test, without rays, that tells poses apart.

A car whose left and right were exchanged, or that is turned round, may explain its points by a pose that
shows the camera its other side. What was seen there then lies behind the car's own body.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.shapes.keypoints import COUNT, LEFT, WHEELS, Keypoint

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]

# sine of the angle by which a side must be turned away before nothing on it can be seen
GRAZING = 0.05
# lamps wrap round the corner: they may show from the far end where their side is turned so much to one
WRAPPED = 0.2

_LEFTWARDS = np.where(np.isin(np.arange(COUNT), LEFT), 1.0, -1.0)
_FORWARDS = np.where(
    np.isin(np.arange(COUNT), (Keypoint.RIGHT_HEADLIGHT, Keypoint.LEFT_HEADLIGHT)), 1.0, -1.0
)
_IS_WHEEL = np.isin(np.arange(COUNT), WHEELS)
_IS_ROOF = np.arange(COUNT) >= Keypoint.RIGHT_FRONT_ROOF


def turned_away(camera: Array, points: Array) -> Bits:
    """Which keypoints cannot be seen because the car's body is before them.

    A wheel shows on its own side only, a lamp at its end or well from its side, a roof corner always.

    Args:
        camera: (b, 3) where the camera is, car frame, metres.
        points: (b, 3, 12) keypoints, car frame.

    Returns:
        (b, 12).
    """
    way = camera[..., None] - points
    away = np.maximum(np.linalg.norm(way, axis=1), 1e-9)
    side = way[:, 1] * _LEFTWARDS / away
    end = way[:, 0] * _FORWARDS / away < -GRAZING
    lamp = end & (side < WRAPPED) & ~_IS_WHEEL & ~_IS_ROOF
    return np.asarray(lamp | (_IS_WHEEL & (side < -GRAZING)))
