"""The outline of a mesh as it is seen: closed lines around all that its faces cover in the picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def mesh_outline(pixels: Array, faces: NDArray[np.int32]) -> list[Array]:
    """The outlines of faces that were projected, holes left out.

    Args:
        pixels: (V, 2) the vertices in the picture. faces: (F, 3).

    Returns:
        polygons (n, 2) in pixels, the longest first; none where a vertex is not a number.
    """
    import cv2

    if not np.isfinite(pixels).all():
        return []
    low = pixels.min(axis=0) - 2
    span = float((pixels.max(axis=0) - low).max()) + 2
    # fine enough to look smooth, bounded whatever the zoom
    scale = min(4.0, 512.0 / span)
    size = int(np.ceil(span * scale)) + 2
    canvas = np.zeros((size, size), dtype=np.uint8)
    corners = np.round((pixels - low) * scale).astype(np.int32)[faces]
    for triangle in corners:
        cv2.fillConvexPoly(canvas, triangle, 255)
    found, _ = cv2.findContours(canvas, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    # without the stairs that the canvas's pixels make: a tenth of the corners, and as true
    smooth = [cv2.approxPolyDP(contour, 1.0, True) for contour in found]
    outlines = [contour[:, 0].astype(np.float64) / scale + low for contour in smooth if len(contour) > 2]
    return sorted(outlines, key=len, reverse=True)
