"""The camera that saw a car, in the coordinates of a picture of it, and where the car's points are in space.

A picture that is shifted, scaled, turned or mirrored is what another camera would have taken of the car: of
another focal length and middle, turned about its axis, or of the car in a mirror, which is a car again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.geometry.cameras import Camera
from core.shapes.keypoints import FLIP

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SeenFrom:
    """A camera without distortion, and a car's twelve points before it.

    Attributes:
        focal: length, in the picture's unit.
        middle: (2,) where the camera's axis meets the picture.
        space: (12, 3) the points, metres, camera frame.
    """

    focal: float
    middle: Floats
    space: Floats

    @property
    def matrix(self) -> Floats:
        """(3, 3) intrinsics."""
        return np.array(
            [[self.focal, 0.0, self.middle[0]], [0.0, self.focal, self.middle[1]], [0.0, 0.0, 1.0]]
        )

    def shifted(self, left: float, top: float) -> SeenFrom:
        """The same where the picture begins so much farther right and down."""
        return replace(self, middle=self.middle - (left, top))

    def changed(self, matrix: Floats) -> SeenFrom:
        """The same in a picture whose places are `matrix` (2, 3) applied to those here.

        Args:
            matrix: scales both sides alike; sides that differ a little count by their mean. Where it is a
                mirror, left and right points exchange.
        """
        part = matrix[:, :2]
        determinant = float(np.linalg.det(part))
        scale = float(np.sqrt(abs(determinant)))
        space = np.column_stack([self.space[:, :2] @ (part / scale).T, self.space[:, 2]])
        if determinant < 0:
            space = space[list(FLIP)]
        return SeenFrom(self.focal * scale, part @ self.middle + matrix[:, 2], space)


def seen_from(camera: Camera, space: Floats) -> SeenFrom:
    """A car's points (12, 3), metres, camera frame, as a camera without distortion sees them."""
    return SeenFrom(float(np.mean(camera.focal)), np.array(camera.matrix[:2, 2]), np.asarray(space))
