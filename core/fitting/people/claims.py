"""What tags of the face say of where a head is turned, and which poses contradict them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.records.shapes import KeypointTag
from core.shapes.person_keypoints import PersonKeypoint

Array = NDArray[np.float64]

# cosines between where a part of the head looks and the way to the camera: nobody sees it below the first,
# everybody above the second. The stand-in's own points lie between, to one in a hundred of either: the
# tip of the nose is within 5 cm of the cheek that hides it (DESIGN, "Words") far beyond the profile
_NOSE = (-0.8, 0.35)
_EYE = (-0.7, 0.35)
_EAR = (-0.6, 0.2)
MOST = 2
"""Points of a face are seen together, so more of them say no more."""


def contradictions(head: Array, face: Array, tags: Sequence[Sequence[KeypointTag]]) -> NDArray[np.intp]:
    """How many points of the face are called visible where a pose hides them, or hidden where it shows them.

    Args:
        head: (n, 3, 3) axes of heads in the camera's frame, columns: left, up, forward.
        face: (n, 3) where the heads are, camera frame.
        tags: of each row's 17 points.

    Returns:
        (n,), no more than MOST.
    """
    towards = -face / np.maximum(np.linalg.norm(face, axis=1, keepdims=True), 1e-9)
    ahead = np.einsum("na,na->n", head[:, :, 2], towards)
    left = np.einsum("na,na->n", head[:, :, 0], towards)
    found = np.zeros(len(head), dtype=np.intp)
    looks = (
        (PersonKeypoint.NOSE, ahead, _NOSE),
        (PersonKeypoint.LEFT_EYE, ahead + 0.4 * left, _EYE),
        (PersonKeypoint.RIGHT_EYE, ahead - 0.4 * left, _EYE),
        (PersonKeypoint.LEFT_EAR, left, _EAR),
        (PersonKeypoint.RIGHT_EAR, -left, _EAR),
    )
    for point, looking, (hidden, shown) in looks:
        said = np.array([row[point] for row in tags])
        visible = np.array([tag is KeypointTag.VISIBLE for tag in said])
        behind = np.array([tag is KeypointTag.SELF_OCCLUDED for tag in said])
        found += (visible & (looking < hidden)) | (behind & (looking > shown))
    return np.minimum(found, MOST)
