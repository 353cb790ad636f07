"""A yard whose every pixel is known: painted pictures of cars and people on a calibrated ground."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.geometry.calibration.files.imported import ImportedCamera, result_of_import
from core.geometry.calibration.result import to_record
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane, pose_on_ground
from core.geometry.masks import full_to_patch, patch_area, patch_box, patch_to_rle
from core.records.detections import Category
from core.records.finds import FoundInstance
from core.records.fits import BodyFit, FitMadeFrom, FitMethod, FitVerdict, VehicleFit
from core.records.masks import MaskPatch
from core.records.occlusion import LabelOrigin, OcclusionDecision, OcclusionLabel
from core.shapes.space_file import default_space
from core.store.edits.calibrations import save_calibration
from core.store.history import History
from core.store.project import Project
from core.store.queries.cameras import list_cameras
from core.store.queries.frames import frames_of, sequences_of
from core.store.queries.sources import list_sources
from core.store.writers.backgrounds import write_background
from core.store.writers.decisions import write_decisions
from core.store.writers.detections import add_instances
from core.store.writers.fits import FoundFit, write_fits
from core.store.writers.keypoints import FoundKeypoints, write_keypoints
from core.store.writers.tracks import write_track
from tests.jobs.doing import do_job
from tests.placed_people import outline_of, points_of, stand_in

WIDTH, HEIGHT = 480, 270
CAMERA = Camera(
    WIDTH, HEIGHT, np.array([[350.0, 0, (WIDTH - 1) / 2], [0, 350.0, (HEIGHT - 1) / 2], [0, 0, 1]])
)
_DOWN_RAD = math.radians(18)
GROUND = GroundPlane(np.array([0.0, -math.cos(_DOWN_RAD), -math.sin(_DOWN_RAD)]), 6.0)
HEADING_RAD = 0.3
STEP_S = 0.5
NAME = "Yard"

Place = tuple[float, float]
Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Car:
    """A car that is painted: where it is in each picture, None where it is not there."""

    places: tuple[Place | None, ...]
    colour: int
    parked: bool = False


@dataclass(frozen=True)
class Walker:
    """A person who is painted: the body in each picture, None where it is not there."""

    bodies: tuple[BodyFit | None, ...]
    colour: int


# two lanes along the view and one across it: at many moments there is room for others
CARS = (
    Car((None, (24.0, 4.0), (20.0, 4.0), (16.0, 4.0), None, None), 1),
    Car(((22.0, -3.5), (26.0, -3.5), (30.0, -3.5), (34.0, -3.5), None, None), 2),
    Car((None, None, None, (28.0, 0.5), (24.0, 0.5), (20.0, 0.5)), 3),
    Car(((34.0, 3.5), None, None, None, (30.0, 4.0), (26.0, 4.0)), 4),
)
PARKED = Car(((17.0, -6.5),) * 6, 5, parked=True)


class Yard:
    """The project, and what was painted.

    Args:
        path: of the project to make; the pictures go into a folder beside it.
        cars, people: what is to be seen.
        calibrated: whether the camera is.
        fitted: whether the cars are fitted where they stand.

    Attributes:
        ids, people_ids: for each car and each person, picture -> the id of its instance.
        ground: (H, W, 3) the yard without what moves.
    """

    def __init__(
        self,
        path: Path,
        cars: Sequence[Car] = (*CARS, PARKED),
        people: Sequence[Walker] = (),
        *,
        calibrated: bool = True,
        fitted: bool = True,
        background: bool = True,
    ) -> None:
        self.path, self.cars, self.people = path, tuple(cars), tuple(people)
        self.space = default_space()
        self.pictures = path.parent / f"{path.stem}-pictures"
        self.pictures.mkdir()
        self._ground = _painted_ground()
        parked = [car for car in cars if car.parked]
        self.ground = self._painted(parked, (), 0)
        frames = len(cars[0].places)
        for number in range(frames):
            image = self._painted(self.cars, self.people, number)
            cv2.imwrite(str(self.pictures / f"{number:04}.png"), image[..., ::-1])
        Project.create(path).close()
        do_job(path, "add", path=str(self.pictures), camera=NAME, fps=1 / STEP_S)
        self.ids: list[dict[int, int]] = []
        self.people_ids: list[dict[int, int]] = []
        with Project.open(path) as project:
            history = History(project, "Ann")
            with project.read() as connection:
                self.camera_id = list_cameras(connection)[0].id
                self.source_id = list_sources(connection, project)[0].id
                self.frame_ids = [frame.id for frame in frames_of(connection, self.source_id)]
                [self._sequence_id] = [one.id for one in sequences_of(connection, self.source_id)]
            if calibrated:
                self.calibrate(history)
            if background:
                self.add_background(project)
            self._add_objects(project)
        if fitted and calibrated:
            self.fit()

    def calibrate(self, history: History, name: str = "drawn") -> None:
        """Put a calibration in force."""
        record = to_record(result_of_import(ImportedCamera(name, CAMERA, None, GROUND)))
        save_calibration(history, self.camera_id, record)

    def add_background(self, project: Project, hour: int | None = None) -> int:
        """Add a version of the background: the yard with what is parked; gives its id."""
        encoded, data = cv2.imencode(".png", self.ground[..., ::-1])
        assert encoded
        with project.bulk() as bulk:
            return bulk.run(
                lambda connection: write_background(
                    connection,
                    self.camera_id,
                    hour=hour,
                    frame_count=9,
                    hours=[],
                    width=WIDTH,
                    height=HEIGHT,
                    image_png=data.tobytes(),
                    support_png=b"",
                )
            )

    def fit(
        self,
        method: FitMethod = FitMethod.GROUND,
        verdict: FitVerdict = FitVerdict.GOOD,
        shape: float = 0.0,
    ) -> None:
        """Fit every car where it was painted, by the versions that are in force."""
        with Project.open(self.path) as project:
            with project.read() as connection:
                rows = connection.exec_driver_sql(
                    "SELECT i.id, i.keypoint_set_id, i.mask_id, c.calibration_id FROM instance i"
                    " JOIN camera c ON c.id = i.camera_id"
                ).all()
            made_from = {
                row[0]: FitMadeFrom(
                    row[1], row[2] if method is FitMethod.COARSE else None, row[3], self.space.label
                )
                for row in rows
            }
            found = [
                FoundFit(instance_id, fit_at(place, method, verdict, shape), made_from[instance_id])
                for car, ids in zip(self.cars, self.ids, strict=True)
                for number, instance_id in ids.items()
                if (place := car.places[number]) is not None
            ]
            with project.bulk() as bulk:
                bulk.run(lambda connection: write_fits(connection, found))

    def all_ids(self) -> list[int]:
        """Of all that moves."""
        return sorted(
            i for car, ids in zip(self.cars, self.ids, strict=True) if not car.parked for i in ids.values()
        )

    def outline_at(self, place: Place) -> MaskPatch:
        """The mean car's outline there, as wide as its convex hull."""
        pose = pose_on_ground(GROUND, place, HEADING_RAD)
        corners = CAMERA.project(pose.apply(self.space.vertices(np.zeros(self.space.components))))
        full = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
        hull = cv2.convexHull(corners.astype(np.float32))
        cv2.fillConvexPoly(full, np.round(hull).astype(np.int32), 1)
        return full_to_patch(full.astype(bool))

    def _painted(self, cars: Sequence[Car], people: Sequence[Walker], number: int) -> Image:
        image = self._ground.copy()
        there = [
            (math.hypot(*place), mask, colour) for place, mask, colour in _seen(self, cars, people, number)
        ]
        for _, mask, colour in sorted(there, key=lambda one: -one[0]):
            h, w = mask.bits.shape
            part = image[mask.y : mask.y + h, mask.x : mask.x + w]
            part[mask.bits] = _pattern(colour, h, w)[mask.bits]
        return image

    def _add_objects(self, project: Project) -> None:
        self.ids, self.people_ids = [{} for _ in self.cars], [{} for _ in self.people]
        decisions = []
        with project.bulk() as bulk:
            for number, frame_id in enumerate(self.frame_ids):
                seen = [
                    (ids, _found(self.outline_at(place), Category.CAR))
                    for car, ids in zip(self.cars, self.ids, strict=True)
                    if (place := car.places[number]) is not None
                ] + [
                    (ids, _found(outline_of(body, CAMERA), Category.PERSON))
                    for walker, ids in zip(self.people, self.people_ids, strict=True)
                    if (body := walker.bodies[number]) is not None
                ]
                fresh = [(frame_id, one) for _, one in seen]
                made = bulk.run(
                    lambda c, fresh=fresh: add_instances(c, fresh, "made", LabelOrigin.HEURISTIC, None)
                )
                for (ids, _), instance_id in zip(seen, made, strict=True):
                    ids[number] = instance_id
                    decisions.append(OcclusionDecision(instance_id, OcclusionLabel.UNOCCLUDED, 0.5, ()))
            bulk.run(lambda c: write_decisions(c, decisions))
            taken: set[int] = set()
            for ids in (*self.ids, *self.people_ids):
                members = list(ids.values())
                bulk.run(
                    lambda c, members=members: write_track(
                        c, self.source_id, self._sequence_id, members, taken=taken
                    )
                )

    def bodies(self) -> dict[int, BodyFit]:
        """id -> the body of each person that was painted."""
        return {
            instance_id: body
            for walker, ids in zip(self.people, self.people_ids, strict=True)
            for number, instance_id in ids.items()
            if (body := walker.bodies[number]) is not None
        }

    def place_points(self) -> None:
        """Give each person the seventeen points of its body."""
        said = [FoundKeypoints(i, points_of(body, CAMERA)) for i, body in self.bodies().items()]
        with Project.open(self.path) as project, project.bulk() as bulk:
            bulk.run(lambda connection: write_keypoints(connection, said, origin=LabelOrigin.IMPORT))

    def fit_people(self, verdict: FitVerdict = FitVerdict.GOOD, body: str | None = None) -> None:
        """Fit every person as it was painted, by the versions that are in force.

        Args:
            body: the label of the body; None for that of the program's own.
        """
        label = stand_in().label if body is None else body
        with Project.open(self.path) as project:
            with project.read() as connection:
                rows = connection.exec_driver_sql(
                    "SELECT i.id, i.keypoint_set_id, i.mask_id, c.calibration_id FROM instance i"
                    " JOIN camera c ON c.id = i.camera_id"
                ).all()
            made_from = {row[0]: FitMadeFrom(row[1], row[2], row[3], label) for row in rows}
            found = [
                FoundFit(i, replace(fit, verdict=verdict), made_from[i]) for i, fit in self.bodies().items()
            ]
            with project.bulk() as bulk:
                bulk.run(lambda connection: write_fits(connection, found))


def _seen(
    yard: Yard, cars: Sequence[Car], people: Sequence[Walker], number: int
) -> list[tuple[Place, MaskPatch, int]]:
    """Where each is that is there in a picture, its outline and its colour."""
    seen = [
        (place, yard.outline_at(place), car.colour)
        for car in cars
        if (place := car.places[number]) is not None
    ]
    for walker in people:
        body = walker.bodies[number]
        if body is not None:
            assert body.place_m is not None
            seen.append((body.place_m, outline_of(body, CAMERA), walker.colour))
    return seen


def _found(mask: MaskPatch, category: Category) -> FoundInstance:
    return FoundInstance(patch_box(mask), category, 0.9, patch_to_rle(mask, HEIGHT, WIDTH), patch_area(mask))


def fit_at(
    place: Place,
    method: FitMethod = FitMethod.GROUND,
    verdict: FitVerdict = FitVerdict.GOOD,
    shape: float = 0.0,
) -> VehicleFit:
    """The mean car, or one whose shape is so far from it, standing there."""
    pose = pose_on_ground(GROUND, place, HEADING_RAD)
    x, y, z = pose.translation.tolist()
    return VehicleFit(
        method=method,
        verdict=verdict,
        reason="",
        rotation=tuple(pose.rotation.ravel().tolist()),
        translation=(x, y, z),
        place_m=place,
        heading_rad=HEADING_RAD,
        shape=(shape,) + (0.0,) * (default_space().components - 1),
        size_m=(4.5, 1.8, 1.5),
        rms_px=0.0,
        sigma_px=1.0,
        residuals_px=(None,) * 12,
        outliers=(),
        used=0,
        swapped=False,
        sigmas=None,
    )


def _painted_ground() -> Image:
    noise = np.random.default_rng(5).integers(-8, 9, (HEIGHT, WIDTH, 1))
    slope = np.linspace(90, 140, HEIGHT)[:, None, None]
    return np.clip(slope + noise + np.zeros(3), 0, 255).astype(np.uint8)


def _pattern(colour: int, height: int, width: int) -> Image:
    """Stripes and checks that no other car has."""
    y, x = np.mgrid[:height, :width]
    checks = ((x // (2 + colour) + y // 3) % 2) * 90
    base = np.array([40 * colour % 200, 255 - 45 * colour, 60 + 20 * colour])
    return np.clip(base + checks[..., None], 0, 255).astype(np.uint8)
