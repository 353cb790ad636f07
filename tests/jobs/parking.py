"""A project whose cars are known: one calibrated camera, cars of the mean shape, and their keypoints."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from core.geometry.calibration.files.imported import ImportedCamera, result_of_import
from core.geometry.calibration.result import to_record
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane, pose_on_ground
from core.geometry.masks import full_to_patch, patch_area, patch_box, patch_to_rle
from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import FoundInstance
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.masks import MaskPatch
from core.records.media import FrameStamp, SourceKind, SourceTable
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag
from core.shapes.space_file import default_space
from core.store.edits.calibrations import save_calibration
from core.store.edits.cameras import add_camera
from core.store.history import History
from core.store.project import Project
from core.store.queries.frames import frames_of
from core.store.queries.instances import by_ids
from core.store.writers.detections import add_instances, write_detections
from core.store.writers.keypoints import FoundKeypoints, write_keypoints
from core.store.writers.sources import add_source
from core.store.writers.tracks import write_track

WIDTH, HEIGHT = 1920, 1080
DOWN_RAD = math.radians(15)
# the reference camera of ALGORITHMS 10
CAMERA = Camera(
    WIDTH,
    HEIGHT,
    np.array([[1400.0, 0, (WIDTH - 1) / 2], [0, 1400.0, (HEIGHT - 1) / 2], [0, 0, 1]]),
)
GROUND = GroundPlane(np.array([0.0, -math.cos(DOWN_RAD), -math.sin(DOWN_RAD)]), 6.0)
HEADING_RAD = 0.4


def found_of(patch: MaskPatch) -> FoundInstance:
    """A car whose mask is known."""
    box = patch_box(patch)
    assert box is not None
    return FoundInstance(box, Category.CAR, 0.9, patch_to_rle(patch, HEIGHT, WIDTH), patch_area(patch))


class Parking:
    """A project with a source of frames that are 0.2 s apart, in each of which cars stand or drive."""

    def __init__(self, path: Path, frames: int = 4, *, calibrated: bool = True) -> None:
        self.path = path
        self.space = default_space()
        self.places: dict[int, tuple[float, float]] = {}
        with Project.create(path) as project:
            history = History(project, "Ann")
            self.camera_id = add_camera(history, "Gate").rows["camera"][0]
            table = SourceTable(
                kind=SourceKind.VIDEO,
                path=path.parent / "cars.mp4",
                width=WIDTH,
                height=HEIGHT,
                time_base=Fraction(1, 1000),
                content_hash=b"0123456789abcdef",
                byte_size=1,
                frames=tuple(
                    FrameStamp(200 * n, 0.2 * n, None, n.to_bytes(16, "big"), True) for n in range(frames)
                ),
            )
            with project.bulk() as bulk:
                self.source_id = add_source(project, bulk, self.camera_id, table, [range(frames)])
            with project.read() as connection:
                self.frame_ids = [frame.id for frame in frames_of(connection, self.source_id)]
            if calibrated:
                self.calibrate(history)

    def calibrate(self, history: History, name: str = "drawn") -> None:
        record = to_record(result_of_import(ImportedCamera(name, CAMERA, None, GROUND)))
        save_calibration(history, self.camera_id, record)

    def points_at(self, place: tuple[float, float], beta: Sequence[float] = (0.0,)) -> np.ndarray:
        """(12, 2) where a car at a place on the ground has its keypoints, pixels."""
        pose = pose_on_ground(GROUND, place, HEADING_RAD)
        pixels: np.ndarray = CAMERA.project(pose.apply(self.space.keypoints(beta)))
        return pixels

    def keypoints_at(
        self, place: tuple[float, float], count: int = 12, beta: Sequence[float] = (0.0,)
    ) -> KeypointSet:
        """The first so many of them, none said to be seen: what side of the car one sees is not at issue."""
        pixels = self.points_at(place, beta).tolist()
        placed = [PlacedPoint(x, y, KeypointTag.SELF_OCCLUDED, LabelOrigin.IMPORT) for x, y in pixels[:count]]
        return KeypointSet(Template.CAR, (*placed, *(None,) * (12 - count)))

    def outline_at(self, place: tuple[float, float], thinner_px: int = 0) -> MaskPatch:
        """The mean car's outline there, as wide as its convex hull, or thinner by so much all around."""
        pose = pose_on_ground(GROUND, place, HEADING_RAD)
        corners = CAMERA.project(pose.apply(self.space.vertices(np.zeros(self.space.components))))
        full = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
        hull = cv2.convexHull(corners.astype(np.float32))
        cv2.fillConvexPoly(full, np.round(hull).astype(np.int32), 1)
        if thinner_px:
            full = np.asarray(cv2.erode(full, np.ones((2 * thinner_px + 1,) * 2, dtype=np.uint8)))
        return full_to_patch(full.astype(bool))

    def add_cars(
        self, frame: int, places: list[tuple[float, float]], count: int = 12, *, masked: bool = False
    ) -> list[int]:
        """Cars in a frame, with the first so many of their keypoints, and with masks; gives their ids."""
        found = []
        for place in places:
            if masked:
                found.append(found_of(self.outline_at(place)))
                continue
            low, high = self.points_at(place).min(axis=0), self.points_at(place).max(axis=0)
            found.append(FoundInstance(Box(*low, *(high - low)), Category.CAR, 0.9))
        with Project.open(self.path) as project, project.bulk() as bulk:
            fresh = [(self.frame_ids[frame], one) for one in found]
            ids: list[int] = bulk.run(lambda c: add_instances(c, fresh, "made", LabelOrigin.HEURISTIC, None))
            if count:
                said = [
                    FoundKeypoints(i, self.keypoints_at(p, count)) for i, p in zip(ids, places, strict=True)
                ]
                bulk.run(lambda c: write_keypoints(c, said, origin=LabelOrigin.IMPORT))
        self.places |= dict(zip(ids, places, strict=True))
        return ids

    def show_again(self, instance_id: int, masks: Sequence[MaskPatch]) -> None:
        """Detects cars anew in the frame of one."""
        with Project.open(self.path) as project, project.bulk() as bulk, project.read() as connection:
            [row] = by_ids(connection, [instance_id])
            bulk.run(
                partial(
                    write_detections,
                    frame_id=row.frame_id,
                    found=[found_of(mask) for mask in masks],
                    detector="made",
                    origin=LabelOrigin.HEURISTIC,
                )
            )

    def add_track(
        self, counts: list[int], y: float = 0.0, *, masked: bool = False, every: int = 1
    ) -> list[int]:
        """A car that drives 8 m/s along its heading, with so many keypoints in each of the frames.

        Args:
            counts: -1 where it is not found.
            every: of how many frames counts tell one.
        """
        step = every * 1.6 * np.array([math.cos(HEADING_RAD), math.sin(HEADING_RAD)])
        ids = []
        for number, count in enumerate(counts):
            x, side = (np.array([18.0, y]) + number * step).tolist()
            if count >= 0:
                ids += self.add_cars(number * every, [(x, side)], count, masked=masked)
        self.join(ids)
        return ids

    def join(self, ids: Sequence[int]) -> None:
        """Makes them one track."""
        with Project.open(self.path) as project, project.bulk() as bulk:
            bulk.run(lambda c: write_track(c, self.source_id, 1, ids, taken=set()))
