"""Recognises what a keypoint network in an ONNX file gives, and reads places and tags from it.

Known outputs, for the K keypoints of a template (a car's 12, a person's 17) and an input of H x W pixels:

- heat maps (1, K, h, w): the place of each map's peak, refined by a parabola through its neighbours; the
  score is the peak, put between 0 and 1 by the logistic function where the maps hold other numbers;
- points (1, K, 2): x, y; or (1, K, 3): x, y, score;
- SimCC (RTMPose): (1, K, sW) and (1, K, sH), a row of bins along x and one along y for each point, s bins for
  each pixel of the input; see `onnx_simcc`;
- YOLO-pose: (1, 5 + 3K, n) or (1, n, 5 + 3K), a box, a score and K points for each of n places; or, end to
  end, (1, n, 6 + 3K); see `onnx_yolo_pose`;
- beside heat maps, points and SimCC, tags (1, K, 4), or (1, K, 3) beside others than points of three numbers:
  how much speaks for visible, self-occluded, occluded by something else, and outside the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.errors import DetectionError
from core.mining.detectors.onnx_layout import Port
from core.mining.keypoints.settings import PointUnit
from core.records.keypoints import Template
from core.records.shapes import KeypointTag

Floats = NDArray[np.float64]

TAGS = (
    KeypointTag.VISIBLE,
    KeypointTag.SELF_OCCLUDED,
    KeypointTag.OTHER_OCCLUDED,
    KeypointTag.TRUNCATED,
)
"""What the columns of an output of tags stand for."""

_LARGEST_SHARE = 2.0  # points of an object that are no further off than this are shares of the input's sides
_MOST_SIDE = 4096
_OBJECTS = {Template.CAR: "a car", Template.PERSON: "a person"}


class PointForm(StrEnum):
    """How points lie in the outputs."""

    MAPS = "heat maps"
    POINTS = "points"
    SIMCC = "SimCC"
    YOLO = "YOLO-pose"
    YOLO_ROWS = "YOLO-pose, a row each"
    YOLO_FINAL = "YOLO-pose, end to end"

    @property
    def is_of_many(self) -> bool:
        """Whether it finds objects by itself, with a box for each."""
        return self in (PointForm.YOLO, PointForm.YOLO_ROWS, PointForm.YOLO_FINAL)


@dataclass(frozen=True, slots=True)
class PointLayout:
    """Which outputs a network has.

    Attributes:
        form: how points lie in them.
        points: the output of heat maps, points, SimCC's bins along x, or YOLO's table.
        tags: the output of tags, or None.
        second: the output of SimCC's bins along y, or None.
    """

    form: PointForm
    points: int
    tags: int | None = None
    second: int | None = None


def recognise_points(
    outputs: Sequence[Port], template: Template, input_width: int, input_height: int
) -> PointLayout:
    """What the outputs are, from their shapes (SimCC's axes of a square input also from their names).

    Args:
        outputs: with the shapes that they really have.
        template: whose keypoints are wanted.
        input_width, input_height: of the network's input, pixels.

    Raises:
        DetectionError: they are no keypoints of the template; it says what was seen.
    """
    count = template.size
    shapes = [port.shape if port.type.startswith("tensor(float") else () for port in outputs]
    maps = [
        place
        for place, shape in enumerate(shapes)
        if len(shape) == 4
        and shape[:2] == (1, count)
        and all(2 <= (side or 0) <= _MOST_SIDE for side in shape[2:])
    ]
    rows = {
        columns: [place for place, shape in enumerate(shapes) if shape == (1, count, columns)]
        for columns in (2, 3, 4)
    }
    if maps:
        return PointLayout(PointForm.MAPS, maps[0], _first(rows[4] + rows[3]))
    if rows[2]:
        return PointLayout(PointForm.POINTS, rows[2][0], _first(rows[4] + rows[3]))
    bins = _simcc(outputs, shapes, count, input_width, input_height)
    if bins is not None:
        return PointLayout(PointForm.SIMCC, bins[0], _first(rows[4] + rows[3]), bins[1])
    if rows[3]:
        return PointLayout(PointForm.POINTS, rows[3][0], _first(rows[4]))
    tables = {
        PointForm.YOLO: lambda shape: shape[1] == 5 + 3 * count,
        PointForm.YOLO_ROWS: lambda shape: shape[2] == 5 + 3 * count,
        PointForm.YOLO_FINAL: lambda shape: shape[2] == 6 + 3 * count,
    }
    for form, fits in tables.items():
        for place, shape in enumerate(shapes):
            if len(shape) == 3 and shape[0] == 1 and fits(shape):
                return PointLayout(form, place)
    seen = ", ".join(f"{port} {port.type}" for port in outputs) or "none"
    raise DetectionError(
        f"The network's outputs are not {_OBJECTS[template]}'s {count} keypoints as this program knows them: "
        f"{seen}.",
        f"Export it with heat maps (1x{count}xhxw), points (1x{count}x2, or 1x{count}x3 with scores), "
        f"SimCC's bins along x and y, or YOLO-pose's table (1x{5 + 3 * count}xn).",
    )


def _first(places: Sequence[int]) -> int | None:
    return places[0] if places else None


def _simcc(
    outputs: Sequence[Port], shapes: Sequence[tuple[int | None, ...]], count: int, width: int, height: int
) -> tuple[int, int] | None:
    """The outputs of bins along x and y: both have the same number of bins, one at least, for each pixel."""
    rows = [
        (place, shape[2] or 0)
        for place, shape in enumerate(shapes)
        if len(shape) == 3 and shape[:2] == (1, count)
    ]
    pairs = [
        (along, down)
        for along, columns in rows
        for down, lines in rows
        if along != down and columns * height == lines * width and columns >= width
    ]
    # of a square input either could be either
    pairs.sort(key=lambda pair: (not outputs[pair[0]].name.lower().endswith("x"), pair))
    return pairs[0] if pairs else None


def read_maps(maps: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Places and scores of heat maps.

    Args:
        maps: (K, h, w).

    Returns:
        (K, 2) shares of the input's sides, on pixel edges, and (K,) scores; NaN and 0 for a map that is no
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
            (column + 0.5 + beside_peak(values[point, row], column)) / width,
            (row + 0.5 + beside_peak(values[point, :, column], row)) / height,
        )
    return places, as_scores(peaks)


def read_points(
    points: NDArray[np.floating], input_width: int, input_height: int, unit: PointUnit
) -> tuple[Floats, Floats]:
    """Places and scores of points.

    Args:
        points: (K, 2 or 3).
        input_width, input_height: of the network's input, pixels.
        unit: of the places.

    Returns:
        (K, 2) shares of the input's sides, on pixel edges, and (K,) scores; NaN and 0 for a point that is
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
    scores = as_scores(values[:, 2]) if values.shape[1] == 3 else np.ones(len(values))
    return places, np.where(lost, 0.0, scores)


def read_tags(tags: NDArray[np.floating]) -> tuple[KeypointTag, ...]:
    """The tag for which most speaks, of each point.

    Args:
        tags: (K, 3 or 4).
    """
    chosen = np.argmax(np.nan_to_num(np.asarray(tags, dtype=np.float64), nan=-np.inf), axis=1)
    return tuple(TAGS[place] for place in chosen.tolist())


def beside_peak(line: Floats, place: int) -> float:
    """How far beside its largest sample a parabola through it and its neighbours has its top, -0.5 to 0.5."""
    if not 0 < place < len(line) - 1:
        return 0.0
    before, here, after = line[place - 1 : place + 2].tolist()
    bend = before - 2 * here + after
    if not np.isfinite(bend) or bend >= 0:
        return 0.0
    return float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5))


def as_scores(values: Floats) -> Floats:
    """Numbers of any size as scores from 0 to 1, 0 for no number; by the logistic function unless all fit."""
    finite = np.isfinite(values)
    kept = np.where(finite, values, 0.0)
    if kept.min(initial=0.0) < 0.0 or kept.max(initial=0.0) > 1.0:
        kept = 1.0 / (1.0 + np.exp(-np.clip(kept, -50.0, 50.0)))
    return np.where(finite, kept, 0.0)
