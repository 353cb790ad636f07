"""Where a person's head is: by points of the head where a body says them, else by the box."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.compositing.privacy.regions import Hidden, Region, hull_patch, rectangle_patch
from core.records.boxes import Box

# a standing person is 7 to 8 heads high; seen from above, or stooping, the head reaches farther down
_HEIGHT_SHARE = 0.24
# of one who sits, rides or lies, or of several in one box, the head is no smaller share of the width
_WIDTH_SHARE = 0.6
_AROUND = 0.06  # of the box's larger side: detectors cut hair and hats
_LEAST_PX = 2.0


def head_region(box: Box, width: int, height: int, head_px: NDArray[np.float64] | None = None) -> Region:
    """The part of a picture where a person's head can be.

    Args:
        box: of the person, pixel edges.
        width, height: of the picture, pixels.
        head_px: (n, 2) points on the head as a body model puts them, pixels with the first pixel's centre
            at (0, 0); None where no body was fitted.
    """
    margin = max(_LEAST_PX, _AROUND * box.size)
    if head_px is not None and len(head_px) and np.isfinite(head_px).all():
        steps = margin * np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
        return Region(Hidden.HEAD, hull_patch(head_px[:, None] + steps, width, height))
    down = min(box.h, max(_HEIGHT_SHARE * box.h, _WIDTH_SHARE * box.w))
    patch = rectangle_patch(
        box.x - margin, box.y - margin, box.right + margin, box.y + down + margin / 2, width, height
    )
    return Region(Hidden.HEAD, patch)
