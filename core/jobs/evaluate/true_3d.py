"""The true 3D of footage: NAME.truth.json beside it, as `amodal synth street` writes it, or one's own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import EvaluationError
from core.evaluation.fit_errors import Standing
from core.geometry.poses import rotation_from_vector
from core.records.boxes import Box
from core.records.detections import Category
from core.records.keypoints import Template
from core.records.project import SourceRow
from core.records.shapes import KeypointTag
from core.shapes.keypoints import COUNT as CAR_POINTS
from core.shapes.person_keypoints import COUNT as PERSON_POINTS

Floats = NDArray[np.float64]

SUFFIX = ".truth.json"
_WAY_OUT = "Give it what the guide of simulated streets lists, or take it away from beside the footage."
_CORNERS = 4
_ROUNDED = 1e-3
# from a body's frame (x left, y up, z forward) to that of cars (x forward, y left, z up)
_UPRIGHT = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


@dataclass(frozen=True, slots=True, eq=False)
class TrueStanding:
    """One object of a frame as it stands.

    Attributes:
        track_id: the same in all frames.
        category: car or person.
        seen: the box of what is seen. whole: of all of it; it may leave the picture. Pixel edges.
        occlusion: the share that is not seen. distance_m: from the camera.
        standing: in the camera's frame; of a person with the joints.
        pixels: (12, 2) of a car's keypoints or (17, 2) of COCO's; NaN behind the camera.
        tags: of each of these.
        shape: coefficients of the shape space or the body.
        pose: of a person three numbers for each joint but the root; none of cars, and where it is not told.
    """

    track_id: int
    category: Category
    seen: Box
    whole: Box
    occlusion: float
    distance_m: float
    standing: Standing
    pixels: Floats
    tags: tuple[KeypointTag, ...]
    shape: tuple[float, ...]
    pose: tuple[float, ...] = ()


class TrueFootage:
    """What is true of a piece of footage.

    Args:
        source: the footage.

    Attributes:
        name: of the file. up: (3,) the ground's normal in the camera's frame.

    Raises:
        EvaluationError: there is no such file beside it, or it is of other footage, or cannot be read.
    """

    def __init__(self, source: SourceRow) -> None:
        path = truth_path(source)
        self.name = path.name
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            camera, self._pictures = told["camera"], told["pictures"]
            size = int(camera["width"]), int(camera["height"])
            up = _array(camera["ground"]["normal"], (3,))
            self.up = up / np.linalg.norm(up)
        except OSError as problem:
            raise EvaluationError(f"{path} cannot be read.", "Look whether it is still there.") from problem
        except (ValueError, KeyError, TypeError, RecursionError) as problem:
            raise EvaluationError(f"{path.name} is no truth of footage.", _WAY_OUT) from problem
        if size != (source.width, source.height) or len(self._pictures) != source.frame_count:
            raise EvaluationError(
                f"{path.name} is of {len(self._pictures):,} pictures of {size[0]}x{size[1]} pixels, and"
                f" {source.name} has {source.frame_count:,} of {source.width}x{source.height}.",
                "Put the truth of this footage beside it, or none.",
            )

    def objects(self, frame: int) -> list[TrueStanding]:
        """The cars and people of a frame of which something is seen.

        Args:
            frame: counted from 0 in the order of time.

        Raises:
            EvaluationError: something of one is missing or no number.
        """
        rows: Sequence[dict[str, Any]] = ()
        try:
            rows = self._pictures[frame]["objects"]
            return [_object(row) for row in rows if row["box"] is not None and row["category"] in _KINDS]
        except (ValueError, KeyError, TypeError, IndexError) as problem:
            raise EvaluationError(
                f"What {self.name} says of frame {frame + 1:,} is no car or person in 3D: {problem}.",
                _WAY_OUT,
            ) from problem


def truth_path(source: SourceRow) -> Path:
    """Where the truth of a piece of footage stands, if there is one."""
    return Path(source.path).with_suffix(SUFFIX)


def with_truth(sources: Sequence[SourceRow]) -> list[SourceRow]:
    """The footage that has its true 3D beside it."""
    return [one for one in sources if one.path and truth_path(one).is_file()]


_KINDS = {one.value: one for one in (Category.CAR, Category.PERSON)}


def _object(row: dict[str, Any]) -> TrueStanding:
    category = _KINDS[row["category"]]
    is_person = category is Category.PERSON
    rotation = _array(row["pose"]["rotation"], (3, 3))
    if np.linalg.det(rotation) < 0 or np.abs(rotation @ rotation.T - np.eye(3)).max() > _ROUNDED:
        raise ValueError("a rotation that turns and bends")
    place = _array(row["pose"]["translation"], (3,))
    points = _array(row["points"]["space"], (None if is_person else CAR_POINTS, 3))
    joints = np.zeros((1, 3))
    if is_person:
        if row["body_pose"] is not None:
            joints = _array(row["body_pose"], (None, 3))
        rotation = rotation @ _UPRIGHT @ rotation_from_vector(joints[0])
        place = points[0]
    told = row["person_keypoints"] if is_person else row["points"]
    count = PERSON_POINTS if is_person else CAR_POINTS
    lost = [[np.nan if value is None else value for value in pixel] for pixel in told["pixels"]]
    tags = tuple(KeypointTag(tag) for tag in told["tags"])
    if len(tags) != count:
        raise ValueError(f"{len(tags)} tags of {count} points")
    return TrueStanding(
        track_id=int(row["track_id"]),
        category=category,
        seen=_box(row["box"]),
        whole=_box(row["amodal_box"]),
        occlusion=min(max(float(row["occlusion"]), 0.0), 1.0),
        distance_m=float(_array(row["distance_m"], ())),
        standing=Standing(is_person, rotation, place, points),
        pixels=_array(lost, (count, 2), finite=False),
        tags=tags,
        shape=tuple(_array(row["shape"], (None,)).tolist()),
        pose=tuple(joints[1:].ravel().tolist()),
    )


def template_of(one: TrueStanding) -> Template:
    """Which points its pixels are of."""
    return Template.PERSON if one.standing.is_person else Template.CAR


def _box(given: Any) -> Box:
    left, top, width, height = _array(given, (_CORNERS,)).tolist()
    if width <= 0 or height <= 0:
        raise ValueError("a box without an extent")
    return Box(left, top, width, height)


def _array(given: Any, shape: tuple[int | None, ...], *, finite: bool = True) -> Floats:
    """Numbers of a shape, None standing for any length but 0.

    Raises:
        ValueError, TypeError: they are not.
    """
    numbers = np.array(given, dtype=np.float64)
    fits = numbers.ndim == len(shape) and all(
        have > 0 if want is None else have == want for have, want in zip(numbers.shape, shape, strict=True)
    )
    if not fits or (finite and not np.isfinite(numbers).all()):
        raise ValueError(f"numbers of shape {numbers.shape} instead of {shape}")
    return numbers
