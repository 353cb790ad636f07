"""Reads YOLO-pose's table: objects with a box, a score and K points, all in the input's pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.geometry.boxes import from_corners
from core.mining.detectors.postprocess import suppress
from core.mining.keypoints.onnx_points import PointForm

Floats = NDArray[np.float64]

LEAST_SCORE = 0.25  # of an object: what the network is less sure of is none
_MOST_OVERLAP = 0.7  # of two people; those who walk arm in arm overlap by half
_MOST = 300


@dataclass(frozen=True, slots=True, eq=False)
class PosedObjects:
    """What a table holds, most certain first.

    Attributes:
        boxes: (n, 4) x, y, w, h in the input's pixels, on pixel edges.
        places: (n, K, 2) in the same; NaN where a point is no number.
        scores: (n, K) of the points, 0 to 1.
    """

    boxes: Floats
    places: Floats
    scores: Floats


def read_yolo_pose(table: NDArray[np.floating], form: PointForm) -> PosedObjects:
    """The objects of a table, each once.

    Args:
        table: (5 + 3K, n), (n, 5 + 3K), or (n, 6 + 3K): centre and size of the box, or its corners end to
            end, then the score, the kind where it is end to end, and the points.
        form: which of these.
    """
    rows = np.asarray(table, dtype=np.float64)
    if form is PointForm.YOLO:
        rows = rows.T
    final = form is PointForm.YOLO_FINAL
    rows = rows[np.all(np.isfinite(rows[:, :5]), axis=1)]
    rows = rows[rows[:, 4] >= LEAST_SCORE]
    rows = rows[np.argsort(-rows[:, 4], kind="stable")[:_MOST]]
    first = 6 if final else 5
    points = rows[:, first:].reshape(len(rows), (rows.shape[1] - first) // 3, 3)
    if final:
        boxes = from_corners(rows[:, :4])
    else:
        boxes = np.concatenate([rows[:, :2] - rows[:, 2:4] / 2, rows[:, 2:4]], axis=1)
    kept = suppress(boxes, rows[:, 4], np.zeros(len(rows), dtype=np.int64), _MOST_OVERLAP)
    boxes, points = boxes[kept], points[kept]
    lost = ~np.all(np.isfinite(points), axis=2)
    places = np.where(lost[..., None], np.nan, points[..., :2])
    return PosedObjects(boxes, places, np.where(lost, 0.0, np.clip(points[..., 2], 0.0, 1.0)))
