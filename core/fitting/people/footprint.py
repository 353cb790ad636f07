"""What a fitted person covers of the ground: the body seen straight from above."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.geometry.ground_plane import GroundPlane
from core.records.fits import BodyFit
from core.shapes.body.model import BodyModel
from core.shapes.body.placed import placed_body


def body_footprint(fit: BodyFit, plane: GroundPlane, model: BodyModel) -> NDArray[np.float64]:
    """The convex hull of the placed mesh, projected along the ground's normal.

    Arms and legs count as the trunk does: what they reach over is taken, whatever their height.

    Args:
        plane: the ground in the camera's frame.
        model: that the fit was made with.

    Returns:
        (n, 2) its corners, x forward, y left on the ground's own frame (`GroundPlane.frame`), metres.

    Raises:
        ValueError: the fit was made with a body of another skeleton.
    """
    from_above = plane.frame().inverse().apply(placed_body(fit, model).vertices)[:, :2]
    # the hull of rounded numbers is theirs; the corners are taken from the body itself
    chosen = cv2.convexHull(from_above.astype(np.float32), returnPoints=False)
    return np.asarray(from_above[chosen[:, 0]])
