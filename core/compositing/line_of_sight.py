"""The way along which an object of a composite can be dragged: its line of sight, laid on the ground."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

import numpy as np

from core.compositing.moved import along_sight
from core.errors import CompositeError
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.records.recipes import Move

_NEAREST_M, _FARTHEST_M = 2.0, 250.0
_LEAST_SHARE, _MOST_SHARE = 0.2, 5.0
# an object enlarged by more shows its pixels


@dataclass(frozen=True, slots=True, eq=False)
class LineOfSight:
    """One object's.

    Attributes:
        camera, ground: calibrated, for pictures of the composite's size.
        place_m: x, y on the ground's own frame where the object stood when it was cut out.
    """

    camera: Camera
    ground: GroundPlane
    place_m: tuple[float, float]

    @property
    def distance_m(self) -> float:
        """From the point below the camera to its own place."""
        return hypot(*self.place_m)

    def reach_at(self, reach: float, dx: float, dy: float) -> float:
        """Where an object stands that is dragged in the picture: what of the drag lies along its way.

        Args:
            reach: where it stood before, as a share of its own distance.
            dx, dy: how far it is dragged, pixels.
        """
        x, y = self._pixel(reach)
        frame = self.ground.frame().inverse()
        seen = frame.apply(self.ground.points_or_nan(self.camera, np.array([x + dx, y + dy])))
        along = float(seen[:2] @ np.array(self.place_m)) / self.distance_m**2
        if not np.isfinite(along) or along <= 0:  # at the horizon, or beyond it
            along = _MOST_SHARE if dy < 0 else _LEAST_SHARE
        return self._bounded(along)

    def reach_after(self, reach: float, step_m: float) -> float:
        """Where it stands so many metres farther along its way."""
        return self._bounded(reach + step_m / self.distance_m)

    def move(self, reach: float) -> Move:
        """What the composer does with it there, in whole numbers.

        Raises:
            CompositeError: that place is not in front of the camera.
        """
        return along_sight(self.camera, self.ground, self.place_m, reach)

    def _bounded(self, reach: float) -> float:
        least = max(_LEAST_SHARE, _NEAREST_M / self.distance_m)
        most = min(_MOST_SHARE, _FARTHEST_M / self.distance_m)
        return min(max(reach, least), max(most, least))

    def _pixel(self, reach: float) -> tuple[float, float]:
        place = np.array([*(reach * axis for axis in self.place_m), 0.0])
        point = self.ground.frame().apply(place)
        if point[2] <= 0:
            raise CompositeError("That place is not in front of the camera.", "Drag the object farther away.")
        x, y = self.camera.project(point).tolist()
        return x, y
