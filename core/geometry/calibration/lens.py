"""What is known of a camera before its calibration: the picture's size, perhaps the whole lens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.geometry.cameras import Camera, pinhole, require_unfolded

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Lens:
    """A lens of which the focal length is sought, or which is known already.

    Attributes:
        width, height: of the picture, pixels.
        centre: principal point, pixels; None for the middle of the picture.
        known: the camera, where its intrinsics are known; `centre` is then not used.

    Raises:
        DistortionFoldsError: where the known camera's distortion folds inside the picture.
    """

    width: int
    height: int
    centre: tuple[float, float] | None = None
    known: Camera | None = None

    def __post_init__(self) -> None:
        if self.known is not None:
            require_unfolded(self.known)

    @property
    def focal(self) -> float | None:
        """The known focal length along x, pixels, or None."""
        return None if self.known is None else self.known.focal[0]

    def flatten(self, pixels: ArrayLike) -> Array:
        """Pixels as an ideal lens of square pixels would have them, from the principal point.

        Args:
            pixels: (..., 2).

        Returns:
            (..., 2), pixels of the focal length along x.
        """
        place = np.asarray(pixels, dtype=np.float64)
        if self.known is not None:
            return self.known.unproject(place)[..., :2] * self.known.focal[0]
        return place - self.camera(1.0).centre

    def camera(self, focal_px: float) -> Camera:
        """The known camera, or one of square pixels and this focal length."""
        if self.known is not None:
            return self.known
        return pinhole(self.width, self.height, focal_px, self.centre)


def known_lens(camera: Camera) -> Lens:
    """The lens of a camera whose intrinsics are known."""
    return Lens(camera.width, camera.height, None, camera)
