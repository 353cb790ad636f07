"""Recognises what a keypoint network in an ONNX file gives, and reads places and tags from it.

Known outputs, for a car's twelve keypoints:

- heat maps (1, 12, h, w): the place of each map's peak, refined by a parabola through its neighbours; the
  score is the peak, put between 0 and 1 by the logistic function where the maps hold other numbers;
- points (1, 12, 2): x, y; or (1, 12, 3): x, y, score;
- beside either, tags (1, 12, 4), or (1, 12, 3) beside others than points of three numbers: how much speaks
  for visible, self-occluded, occluded by something else, and outside the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import DetectionError
from core.mining.detectors.onnx_layout import Port
from core.mining.keypoints.settings import PointUnit
from core.records.shapes import KeypointTag
from core.shapes.keypoints import COUNT

Floats = NDArray[np.float64]

TAGS = (
    KeypointTag.VISIBLE,
    KeypointTag.SELF_OCCLUDED,
    KeypointTag.OTHER_OCCLUDED,
    KeypointTag.TRUNCATED,
)
"""What the columns of an output of tags stand for."""

_LARGEST_SHARE = 2.0  # points of a car that are no further off than this are shares of the input's sides
_MOST_SIDE = 4096


@dataclass(frozen=True, slots=True)
class PointLayout:
    """Which outputs a network has.

    Attributes:
        points: the output of heat maps or points.
        maps: whether it holds heat maps.
        tags: the output of tags, or None.
    """

    points: int
    maps: bool
    tags: int | None


def recognise_points(outputs: Sequence[Port]) -> PointLayout:
    """What the outputs are, from their shapes.

    Raises:
        DetectionError: they are no car's keypoints; it says what was seen.
    """
    shapes = [port.shape if port.type.startswith("tensor(float") else () for port in outputs]
    maps = [
        place
        for place, shape in enumerate(shapes)
        if len(shape) == 4
        and shape[:2] == (1, COUNT)
        and all(2 <= (side or 0) <= _MOST_SIDE for side in shape[2:])
    ]
    rows = {
        columns: [place for place, shape in enumerate(shapes) if shape == (1, COUNT, columns)]
        for columns in (2, 3, 4)
    }
    if maps:
        points, others = maps[0], rows[4] + rows[3]
    elif rows[2]:
        points, others = rows[2][0], rows[4] + rows[3]
    elif rows[3]:
        points, others = rows[3][0], rows[4]
    else:
        seen = ", ".join(f"{port} {port.type}" for port in outputs) or "none"
        raise DetectionError(
            f"The network's outputs are not a car's {COUNT} keypoints as this program knows them: {seen}.",
            f"Export it with heat maps (1x{COUNT}xhxw) or points (1x{COUNT}x2, or 1x{COUNT}x3 with scores).",
        )
    return PointLayout(points, bool(maps), others[0] if others else None)


def read_maps(maps: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Places and scores of heat maps.

    Args:
        maps: (12, h, w).

    Returns:
        (12, 2) shares of the input's sides, on pixel edges, and (12,) scores; NaN and 0 for a map that is no
        number.
    """
    values = np.asarray(maps, dtype=np.float64)
    count, height, width = values.shape
    flat = np.where(np.isfinite(values), values, -np.inf).reshape(count, -1)
    best = flat.argmax(axis=1)
    peaks = flat[np.arange(count), best]
    rows, columns = np.divmod(best, width)
    places = np.full((count, 2), np.nan)
    for point in np.flatnonzero(np.isfinite(peaks)).tolist():
        row, column = int(rows[point]), int(columns[point])
        places[point] = (
            (column + 0.5 + _beside(values[point, row], column)) / width,
            (row + 0.5 + _beside(values[point, :, column], row)) / height,
        )
    return places, _scores(peaks)


def read_points(
    points: NDArray[np.floating], input_width: int, input_height: int, unit: PointUnit
) -> tuple[Floats, Floats]:
    """Places and scores of points.

    Args:
        points: (12, 2 or 3).
        input_width, input_height: of the network's input, pixels.
        unit: of the places.

    Returns:
        (12, 2) shares of the input's sides, on pixel edges, and (12,) scores; NaN and 0 for a point that is
        no number.
    """
    values = np.asarray(points, dtype=np.float64)
    places = values[:, :2].copy()
    lost = ~np.isfinite(places).all(axis=1)
    places[lost] = np.nan
    if unit is PointUnit.AUTO and not lost.all():
        unit = PointUnit.SHARE if np.nanmax(np.abs(places)) <= _LARGEST_SHARE else PointUnit.PIXELS
    if unit is PointUnit.PIXELS:
        places = (places + 0.5) / (input_width, input_height)
    scores = _scores(values[:, 2]) if values.shape[1] == 3 else np.ones(len(values))
    return places, np.where(lost, 0.0, scores)


def read_tags(tags: NDArray[np.floating]) -> tuple[KeypointTag, ...]:
    """The tag for which most speaks, of each point.

    Args:
        tags: (12, 3 or 4).
    """
    chosen = np.argmax(np.nan_to_num(np.asarray(tags, dtype=np.float64), nan=-np.inf), axis=1)
    return tuple(TAGS[place] for place in chosen.tolist())


def _beside(line: Floats, place: int) -> float:
    """How far beside its largest sample a parabola through it and its neighbours has its top, -0.5 to 0.5."""
    if not 0 < place < len(line) - 1:
        return 0.0
    before, here, after = line[place - 1 : place + 2].tolist()
    bend = before - 2 * here + after
    if not np.isfinite(bend) or bend >= 0:
        return 0.0
    return float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5))


def _scores(values: Floats) -> Floats:
    finite = np.isfinite(values)
    kept = np.where(finite, values, 0.0)
    if kept.min(initial=0.0) < 0.0 or kept.max(initial=0.0) > 1.0:
        kept = 1.0 / (1.0 + np.exp(-np.clip(kept, -50.0, 50.0)))
    return np.where(finite, kept, 0.0)
