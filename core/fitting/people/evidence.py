"""What is seen of a person: seventeen points with their noise, box and mask, and what may hide a part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import FittingError
from core.records.boxes import Box
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.masks import MaskPatch
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag
from core.shapes.person_keypoints import COUNT, SIGMAS

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]

SHARP_PX = 1.0
# COCO's sigmas are of many annotators at first sight; one who zooms in is taken to be twice as sure
SHARE_OF_COCO = 0.5
# of a person's box, the part that is person
FILLED = 0.5
HIDDEN_TIMES = 3.0
# no picture is so large
_FARTHEST_PX = 1e6
_WITNESSES = (LabelOrigin.HUMAN, LabelOrigin.NETWORK, LabelOrigin.IMPORT)


@dataclass(frozen=True, eq=False)
class BodyEvidence:
    """What a person's fit may rest on.

    Attributes:
        points: (17, 2) pixels as the camera's pictures have them, distortion included; NaN where not used.
        used: (17,) which of them are evidence.
        sigma_px: (17,) standard deviation along each axis; inf where there is no point.
        tags: what is said of each point, also of those that are no evidence; UNLABELLED where nothing is.
        box: of the person, pixels on pixel edges.
        mask: what is seen of the person, or None.
        hiders: masks of what may stand in front.

    Raises:
        FittingError: where the arrays are not of these shapes, or the box has no numbers.
    """

    points: Array
    used: Bits
    sigma_px: Array
    tags: tuple[KeypointTag, ...]
    box: Box
    mask: MaskPatch | None = None
    hiders: tuple[MaskPatch, ...] = ()

    def __post_init__(self) -> None:
        points = np.array(self.points, dtype=np.float64)
        sigma = np.array(self.sigma_px, dtype=np.float64)
        used = np.array(self.used, dtype=np.bool_)
        if not (points.shape == (COUNT, 2) and sigma.shape == used.shape == (COUNT,) == (len(self.tags),)):
            raise FittingError(
                f"A person has {COUNT} keypoints of two numbers each, and a noise and a tag for each, "
                f"not arrays of {points.shape} and {sigma.shape} with {len(self.tags)} tags.",
                "Give one row for each keypoint, NaN where it is not placed.",
            )
        if not np.isfinite([self.box.x, self.box.y, self.box.w, self.box.h]).all():
            raise FittingError("A person's box has no size or place.", "Draw the box again.")
        with np.errstate(invalid="ignore"):
            used &= (np.abs(points) < _FARTHEST_PX).all(axis=1) & np.isfinite(sigma) & (sigma > 0)
        points[~used], sigma[~used] = np.nan, np.inf
        for name, array in (("points", points), ("sigma_px", sigma), ("used", used)):
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @property
    def sharp_px(self) -> float:
        """The noise assumed of the sharpest point, pixels; SHARP_PX where there is none."""
        least = float(self.sigma_px.min())
        return least if np.isfinite(least) else SHARP_PX

    @property
    def seen(self) -> Bits:
        """(17,) points that somebody says are visible."""
        visible = np.array([tag is KeypointTag.VISIBLE for tag in self.tags])
        return np.asarray(self.used & visible)


def sharp_sigmas_px(box: Box) -> Array:
    """(17,) the noise that is assumed of visible points: half of COCO's, but 1 px at least.

    COCO's sigmas are parts of the root of the person's area (`person_keypoints.SIGMAS`); that is taken to be
    half of the box.
    """
    size = np.sqrt(FILLED * box.area) if np.isfinite(box.area) and box.area > 0 else 0.0
    return np.asarray(np.maximum(SHARP_PX, SHARE_OF_COCO * size * np.array(SIGMAS)))


def body_evidence(
    keypoints: KeypointSet | None,
    box: Box,
    mask: MaskPatch | None = None,
    hiders: Sequence[MaskPatch] = (),
) -> BodyEvidence:
    """Placed keypoints, box and masks as evidence.

    What was taken over from a fit says nothing new, and what lies outside the picture was seen by nobody:
    such points are no evidence, though their tags are kept. A hidden point counts with three times the noise,
    a network's with its noise divided by the root of its score.

    Args:
        keypoints: of a person, or None where there are none.
        box: of the person. mask: what is seen of the person.
        hiders: masks of what may stand in front of the person.

    Raises:
        FittingError: where the keypoints are not a person's.
    """
    points, sigma = np.full((COUNT, 2), np.nan), np.full(COUNT, np.inf)
    tags = [KeypointTag.UNLABELLED] * COUNT
    if keypoints is not None:
        _check(keypoints)
        sharp = sharp_sigmas_px(box)
        for index, point in enumerate(keypoints.points):
            if point is None:
                continue
            times = _times(point)
            # what a fit says of a point is not what somebody saw
            tags[index] = point.tag if point.origin in _WITNESSES else KeypointTag.UNLABELLED
            if times > 0:
                points[index], sigma[index] = (point.x, point.y), times * sharp[index]
    return BodyEvidence(points, np.isfinite(sigma), sigma, tuple(tags), box, mask, tuple(hiders))


def _check(keypoints: KeypointSet) -> None:
    if keypoints.template is not Template.PERSON or len(keypoints.points) != COUNT:
        raise FittingError(
            f"{len(keypoints.points)} points of the template {keypoints.template.value!r} are no person's.",
            f"A person's fit takes the {COUNT} keypoints of the template {Template.PERSON.value!r}.",
        )


def _times(point: PlacedPoint) -> float:
    """What the noise of a sharp point is multiplied with; 0 for a point that is no evidence."""
    if point.origin not in _WITNESSES or point.tag in (KeypointTag.TRUNCATED, KeypointTag.UNLABELLED):
        return 0.0
    times = 1.0 if point.tag is KeypointTag.VISIBLE else HIDDEN_TIMES
    if point.origin is LabelOrigin.NETWORK:
        return float(times / np.sqrt(point.score)) if point.score > 0 else 0.0
    return times
