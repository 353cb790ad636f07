"""What placed keypoints weigh in a fit: pixels, and the noise that is assumed of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import FittingError
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag
from core.shapes.keypoints import COUNT

Array = NDArray[np.float64]

SHARP_PX = 1.0
SHARP_SHARE = 0.01
HIDDEN_TIMES = 3.0
# no picture is so large
_FARTHEST_PX = 1e6
_WITNESSES = (LabelOrigin.HUMAN, LabelOrigin.NETWORK, LabelOrigin.IMPORT)


@dataclass(frozen=True, eq=False)
class KeypointEvidence:
    """The points that a fit may rest on.

    Attributes:
        pixels: (12, 2) as the camera's pictures have them, distortion included; NaN where there is none.
        sigma_px: (12,) standard deviation along each axis; inf where there is no point.
        seen: (12,) whether somebody says that the point is visible, which no pose may then contradict
            lightly; None where nothing is said of any.

    Raises:
        FittingError: where the arrays are not of these shapes.
    """

    pixels: Array
    sigma_px: Array
    seen: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        pixels = np.array(self.pixels, dtype=np.float64)
        sigma = np.array(self.sigma_px, dtype=np.float64)
        if pixels.shape != (COUNT, 2) or sigma.shape != (COUNT,):
            raise FittingError(
                f"A car has {COUNT} keypoints of two numbers each and a noise for each, "
                f"not arrays of {pixels.shape} and {sigma.shape}.",
                "Give one row for each keypoint, NaN where it is not placed.",
            )
        with np.errstate(invalid="ignore"):
            usable = (np.abs(pixels) < _FARTHEST_PX).all(axis=1) & np.isfinite(sigma) & (sigma > 0)
        unusable = ~usable
        pixels[unusable], sigma[unusable] = np.nan, np.inf
        seen = np.zeros(COUNT, dtype=np.bool_) if self.seen is None else np.array(self.seen, dtype=np.bool_)
        seen &= ~unusable
        object.__setattr__(self, "seen", seen)
        pixels.setflags(write=False)
        sigma.setflags(write=False)
        object.__setattr__(self, "pixels", pixels)
        object.__setattr__(self, "sigma_px", sigma)

    @property
    def used(self) -> NDArray[np.bool_]:
        """(12,) which keypoints there are."""
        return np.isfinite(self.sigma_px)

    @property
    def sharp_px(self) -> float:
        """The noise assumed of the sharpest point, pixels; SHARP_PX where there is none."""
        least = float(self.sigma_px.min())
        return least if np.isfinite(least) else SHARP_PX


def sharp_sigma_px(size_px: float) -> float:
    """The noise that is assumed of a visible point: 1 % of the car's size in the picture, but 1 px at least.

    Args:
        size_px: L = max(w, h) of the car's box, the amodal one where it is known.
    """
    return max(SHARP_PX, SHARP_SHARE * size_px) if np.isfinite(size_px) else SHARP_PX


def evidence_of(keypoints: KeypointSet, size_px: float) -> KeypointEvidence:
    """Placed keypoints as evidence.

    What was taken over from a fit says nothing new, and what lies outside the picture was seen by nobody:
    both are left out. A hidden point counts with three times the noise, a network's with its noise divided
    by the root of its score.

    Args:
        keypoints: of a car.
        size_px: L = max(w, h) of the car's box, the amodal one where it is known.

    Raises:
        FittingError: where the keypoints are not a car's.
    """
    if keypoints.template is not Template.CAR or len(keypoints.points) != COUNT:
        raise FittingError(
            f"{len(keypoints.points)} keypoints of the template {keypoints.template.value!r} are no car's.",
            f"A car's fit takes the {COUNT} keypoints of the template {Template.CAR.value!r}.",
        )
    pixels = np.full((COUNT, 2), np.nan)
    sigma = np.full(COUNT, np.inf)
    seen = np.zeros(COUNT, dtype=np.bool_)
    sharp = sharp_sigma_px(size_px)
    for index, point in enumerate(keypoints.points):
        times = 0.0 if point is None else _times(point)
        if point is not None and times > 0:
            pixels[index] = point.x, point.y
            sigma[index] = times * sharp
            seen[index] = point.tag is KeypointTag.VISIBLE
    return KeypointEvidence(pixels, sigma, seen)


def _times(point: PlacedPoint) -> float:
    """What the noise of a sharp point is multiplied with; 0 for a point that is no evidence."""
    if point.origin not in _WITNESSES or point.tag in (KeypointTag.TRUNCATED, KeypointTag.UNLABELLED):
        return 0.0
    times = 1.0 if point.tag is KeypointTag.VISIBLE else HIDDEN_TIMES
    if point.origin is LabelOrigin.NETWORK:
        return times / np.sqrt(point.score) if point.score > 0 else 0.0
    return times
