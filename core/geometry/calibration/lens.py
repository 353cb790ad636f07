"""What is known of a camera before its calibration: the picture's size, perhaps the whole lens."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.geometry.cameras import Camera, pinhole, require_unfolded

Array = NDArray[np.float64]

_K4 = 5
# with which power of the focal length each of OpenCV's coefficients grows, where pixels stay
_POWERS = (2, 4, 1, 1, 6, 2, 4, 6, 1, 3, 1, 3, 0, 0)


@dataclass(frozen=True, eq=False)
class Lens:
    """A lens of which the focal length is sought, or which is known already.

    Attributes:
        width, height: of the picture, pixels.
        centre: principal point, pixels; None for the middle of the picture.
        known: the camera, where its intrinsics are known; `centre` and the bend are then not used.
        bend_per_px2: how much a lens bends whose focal length is sought: OpenCV's k4 over its square.

    Raises:
        DistortionFoldsError: where the known camera's distortion folds inside the picture.
    """

    width: int
    height: int
    centre: tuple[float, float] | None = None
    known: Camera | None = None
    bend_per_px2: float = 0.0

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
        flat: Array = place - pinhole(self.width, self.height, 1.0, self.centre).centre
        if not self.bend_per_px2:
            return flat
        # the nearer root of d = u / (1 + bend u^2)
        square = 1.0 - 4.0 * self.bend_per_px2 * (flat * flat).sum(axis=-1, keepdims=True)
        with np.errstate(invalid="ignore"):
            return 2.0 * flat / (1.0 + np.sqrt(square))

    def bent(self, flat: Array) -> Array:
        """(..., 2) pixels where the lens shows what `flatten` makes of them; undoes it."""
        if self.known is not None:
            ones = np.ones((*flat.shape[:-1], 1))
            return self.known.project(np.concatenate([flat / self.known.focal[0], ones], axis=-1))
        drawn_in = 1.0 + self.bend_per_px2 * (flat * flat).sum(axis=-1, keepdims=True)
        return flat / drawn_in + pinhole(self.width, self.height, 1.0, self.centre).centre

    def camera(self, focal_px: float) -> Camera:
        """The known camera, or one of square pixels and this focal length."""
        if self.known is not None:
            return self.known
        distortion = bend_coefficients(self.bend_per_px2, focal_px)
        return pinhole(self.width, self.height, focal_px, self.centre, distortion)


def bend_coefficients(bend_per_px2: float, focal_px: float) -> tuple[float, ...]:
    """A bend as OpenCV's distortion of a lens of this focal length; none where it is nought."""
    if not bend_per_px2:
        return ()
    return (0.0, 0.0, 0.0, 0.0, 0.0, bend_per_px2 * focal_px**2, 0.0, 0.0)


def bend_of(camera: Camera) -> float | None:
    """The bend of a lens that `bend_coefficients` describe, 1/px^2; None where it bends in another way.

    Nought for a straight lens.
    """
    if any(value for place, value in enumerate(camera.distortion) if place != _K4):
        return None
    return camera.distortion[_K4] / camera.focal[0] ** 2 if len(camera.distortion) > _K4 else 0.0


def refocused(camera: Camera, times: float) -> Camera:
    """A camera of so many times the focal length, whose lens bends the same pixels by as much."""
    matrix = camera.matrix * np.array([[times, 1.0, 1.0], [1.0, times, 1.0], [1.0, 1.0, 1.0]])
    scaled = tuple(value * times**power for value, power in zip(camera.distortion, _POWERS, strict=False))
    return replace(camera, matrix=matrix, distortion=scaled)


def known_lens(camera: Camera) -> Lens:
    """The lens of a camera whose intrinsics are known."""
    return Lens(camera.width, camera.height, None, camera)
