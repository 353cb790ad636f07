"""The real people that were annotated by eye, and what mining finds of them where their clip is there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.geometry.calibration.result import from_record
from core.geometry.cameras import Camera, pinhole
from core.geometry.ground_plane import GroundPlane
from core.geometry.masks import rle_to_patch
from core.jobs.one_camera import one_camera
from core.jobs.people_calibration import propose_from_people
from core.jobs.registry import create
from core.jobs.reproduce.footage.labels import hand_labels
from core.jobs.runner import run_job
from core.records.boxes import Box
from core.records.cameras import CalibrationRecord
from core.records.detections import Category
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.masks import MaskPatch
from core.records.shapes import KeypointTag
from core.shapes.person_keypoints import NAMES
from core.store.project import Project
from core.store.queries.frames import frames_of
from core.store.queries.instances import masks, of_frame
from core.store.queries.sources import list_sources

CLIP = "plaza/plaza.mp4"
"""The clip, below a folder of footage."""

# an instance is the person of the facts where so many of the points that are seen lie in its mask
LEAST_INSIDE = 0.7
_BESIDE_PX = 2


@dataclass(frozen=True, eq=False)
class AnnotatedPerson:
    """One person in one frame of the clip; the number says which of its people."""

    number: int
    name: str
    what: str
    frame: int
    box: Box
    keypoints: KeypointSet

    @property
    def pixels(self) -> dict[int, tuple[float, float]]:
        """Where each point is that was placed."""
        placed = enumerate(self.keypoints.points)
        return {index: (point.x, point.y) for index, point in placed if point is not None}

    @property
    def seen(self) -> np.ndarray:
        """(n, 2) the points that are visible."""
        points = [point for point in self.keypoints.points if point is not None]
        return np.array([(one.x, one.y) for one in points if one.tag is KeypointTag.VISIBLE])


@dataclass(frozen=True, eq=False)
class MinedPerson:
    """An annotated person with what mining found of them; None where it found nobody there."""

    person: AnnotatedPerson
    instance_id: int | None = None
    box: Box | None = None
    mask: MaskPatch | None = None


def facts() -> dict[str, Any]:
    """The file as it is."""
    return hand_labels("people_keypoints")


def annotated_people() -> list[AnnotatedPerson]:
    """All of them, with the boxes that mining gave them."""
    return [
        AnnotatedPerson(
            row["number"],
            row["person"],
            row["what"],
            row["frame"],
            Box(*row["box"]),
            _keypoints(row["points"]),
        )
        for row in facts()["people"]
    ]


def camera_from_people() -> tuple[Camera, GroundPlane]:
    """The clip's camera as its people told it in the window."""
    said = facts()["camera"]
    width, height = facts()["picture"]
    return pinhole(width, height, said["focal_px"]), GroundPlane(np.array(said["normal"]), said["height_m"])


def mined_plaza(path: Path, clip: Path) -> tuple[CalibrationRecord, list[MinedPerson]]:
    """Mines the clip into a new project, finds its camera from its people, and the annotated ones in it.

    Args:
        path: of the project. clip: the plaza's.
    """
    with Project.create(path) as project:
        added = create(project, "add", {"path": str(clip), "camera": "Plaza"})
    run_job(path, added)
    for kind, values in (("background", {}), ("mine", {"motion": {"look_for": "people"}})):
        with Project.open(path) as project:
            job = create(project, kind, values)
        run_job(path, job)
    with Project.open(path, read_only=True) as project:
        record, _ = propose_from_people(project, one_camera(project, ""))
    return record, find_in(path, annotated_people())


def camera_of(record: CalibrationRecord) -> tuple[Camera, GroundPlane]:
    """The camera and the ground of a calibration that has both."""
    camera, plane = from_record(record)
    assert plane is not None
    return camera, plane


def find_in(path: Path, people: list[AnnotatedPerson]) -> list[MinedPerson]:
    """What a project's mining found of annotated people."""
    with Project.open(path, read_only=True) as project, project.read() as connection:
        [source] = list_sources(connection, project, None, counted=False)
        frames = [frame.id for frame in frames_of(connection, source.id)]
        found = []
        for person in people:
            rows = [
                row
                for row in of_frame(connection, frames[person.frame])
                if row.category is Category.PERSON and row.mask_id is not None
            ]
            patches = {i: rle_to_patch(code) for i, code in masks(connection, [r.id for r in rows]).items()}
            shares = {row.id: _inside(person.seen, patches[row.id]) for row in rows}
            best = max(rows, key=lambda row: shares[row.id], default=None)
            if best is None or shares[best.id] < LEAST_INSIDE:
                found.append(MinedPerson(person))
            else:
                found.append(MinedPerson(person, best.id, best.box, patches[best.id]))
    return found


def _inside(points: np.ndarray, mask: MaskPatch) -> float:
    """The share of points that lie in a mask, or within two pixels of it."""
    wide = np.pad(mask.bits, _BESIDE_PX)
    around = range(-_BESIDE_PX, _BESIDE_PX + 1)
    grown = np.any([np.roll(wide, (y, x), (0, 1)) for y in around for x in around], axis=0)
    cells = np.round(points).astype(int) - (mask.x - _BESIDE_PX, mask.y - _BESIDE_PX)
    height, width = grown.shape
    within = (cells >= 0).all(axis=1) & (cells[:, 0] < width) & (cells[:, 1] < height)
    return float(sum(grown[y, x] for x, y in cells[within]) / len(points))


def _keypoints(points: dict[str, list[Any]]) -> KeypointSet:
    placed = [
        PlacedPoint(points[name][0], points[name][1], KeypointTag(points[name][2]))
        if name in points
        else None
        for name in NAMES
    ]
    return KeypointSet(Template.PERSON, tuple(placed))
