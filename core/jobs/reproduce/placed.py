"""Where the objects of the test's streets truly are in 3D, kept as JSON beside what their pictures tell.

A camera is a file: its intrinsics and ground, and for each frame its cars and people.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.jobs.reproduce.units import write_whole
from core.records.boxes import Box
from core.records.detections import Category
from core.records.shapes import KeypointTag
from core.synthesis.street.mounts import Mount
from core.synthesis.street.truth import StreetFrame, StreetObject
from core.training.data.street_frames import StreetPlan, cast_street

Floats = NDArray[np.float64]

PLACED = "placed"
"""The folder of a reproduction in which these files lie."""

_DIGITS = 5


@dataclass(frozen=True, slots=True, eq=False)
class PlacedObject:
    """An object of which something is seen.

    Attributes:
        category: car or person.
        track: its number in its street.
        hidden: share of its whole extent that is not seen, also of what lies beyond the picture.
        seen_box, whole_box: around what is seen, and around all of it, beyond the picture too.
        rotation, translation: (3, 3) and (3,) from its own frame to the camera's, metres.
        shape: (K,) coefficients of the car's space or of the body.
        points: (n, 2) pixels of a car's twelve keypoints or a person's seventeen; NaN behind the camera.
        tags: of these points.
        joints: (24, 3) a person's, camera frame, metres; None for cars.
    """

    category: Category
    track: int
    hidden: float
    seen_box: Box
    whole_box: Box
    rotation: Floats
    translation: Floats
    shape: Floats
    points: Floats
    tags: tuple[KeypointTag, ...]
    joints: Floats | None

    @property
    def size_px(self) -> float:
        """L = max(w, h) of its whole box."""
        return max(self.whole_box.w, self.whole_box.h)


@dataclass(frozen=True, slots=True, eq=False)
class PlacedView:
    """A camera and what it sees, frame by frame."""

    camera: Camera
    plane: GroundPlane
    frames: tuple[tuple[PlacedObject, ...], ...]


class PlacedKeeper:
    """Takes frames while they are cast (`street_frames.Watch`), and keeps what stands where."""

    def __init__(self) -> None:
        self._views: dict[str, tuple[Mount, list[Any]]] = {}

    def __call__(self, name: str, mount: Mount, frame: StreetFrame) -> None:
        """One more frame of a camera, in order."""
        rows = [_row(one) for one in frame.objects if one.box is not None]
        self._views.setdefault(name, (mount, []))[1].append(rows)

    def write(self, folder: Path) -> None:
        """Leaves a file for each camera of which frames were seen."""
        for name, (mount, frames) in self._views.items():
            told = {
                "size": [mount.camera.width, mount.camera.height],
                "matrix": mount.camera.matrix.tolist(),
                "distortion": list(mount.camera.distortion),
                "normal": mount.ground.normal.tolist(),
                "height": mount.ground.height,
                "frames": frames,
            }
            write_whole(folder / f"{name}.json", json.dumps(told))


def placed_views(folder: Path, plan: StreetPlan, number: int, names: Iterable[str]) -> list[PlacedView]:
    """What stands where on one of a plan's streets, of each of its cameras.

    What its pictures were cast with and nobody kept is cast once more.

    Args:
        folder: where `PlacedKeeper` leaves its files. names: of the cameras.
    """
    paths = [folder / f"{name}.json" for name in names]
    if not all(path.exists() for path in paths):
        keeper = PlacedKeeper()
        for name, mount, frames in cast_street(plan, number):
            for frame in frames:
                keeper(name, mount, frame)
        keeper.write(folder)
    return [_read(path) for path in paths]


def _read(path: Path) -> PlacedView:
    told = json.loads(path.read_text(encoding="utf-8"))
    width, height = told["size"]
    return PlacedView(
        Camera(width, height, np.array(told["matrix"]), tuple(told["distortion"])),
        GroundPlane(np.array(told["normal"]), told["height"]),
        tuple(tuple(_placed(one) for one in frame) for frame in told["frames"]),
    )


def _row(one: StreetObject) -> dict[str, Any]:
    assert one.box is not None
    points = one.points if one.person_keypoints is None else one.person_keypoints
    return {
        "category": one.category.value,
        "track": one.track_id,
        "hidden": float(one.occlusion),
        "seen": _corner(one.box),
        "whole": _corner(one.amodal_box),
        "rotation": one.pose.rotation.reshape(-1).tolist(),  # with all its digits: angles are measured by it
        "translation": _short(one.pose.translation),
        "shape": _short(one.shape),
        "points": [None if not np.isfinite(point).all() else _short(point) for point in points.pixels],
        "tags": [tag.value for tag in points.tags],
        "joints": _short(one.points.space) if one.category is Category.PERSON else None,
    }


def _placed(row: dict[str, Any]) -> PlacedObject:
    points = [(np.nan, np.nan) if point is None else point for point in row["points"]]
    return PlacedObject(
        Category(row["category"]),
        row["track"],
        row["hidden"],
        Box(*row["seen"]),
        Box(*row["whole"]),
        np.reshape(row["rotation"], (3, 3)),
        np.array(row["translation"]),
        np.array(row["shape"], dtype=np.float64),
        np.array(points, dtype=np.float64),
        tuple(KeypointTag(tag) for tag in row["tags"]),
        None if row["joints"] is None else np.array(row["joints"]),
    )


def _short(values: Floats | Sequence[float]) -> Any:
    return np.round(np.asarray(values, dtype=np.float64), _DIGITS).tolist()


def _corner(box: Box) -> list[float]:
    return [float(one) for one in (box.x, box.y, box.w, box.h)]
