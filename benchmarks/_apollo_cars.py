"""ApolloCar3D's annotated cars as evidence for fits, with the poses that they are to be compared with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles.evidence import KeypointEvidence, sharp_sigma_px
from core.geometry.cameras import Camera
from core.geometry.poses import Pose, rotation_from_vector
from core.shapes.apollo import FRAME, METRES_PER_UNIT, read_apollo_cars
from core.shapes.build import space_from_meshes
from core.shapes.keypoints import APOLLO_COUNT, COUNT, WHEELS, from_apollo
from core.shapes.space import CarShapeSpace

Array = NDArray[np.float64]

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "car_models"
_FLIP = np.diag([1.0, -1.0, 1.0])


@dataclass(frozen=True, eq=False)
class RealCar:
    """One annotated car.

    Attributes:
        evidence: its points among the twelve, with 1 % of its box as noise.
        pose: car frame (origin on the ground below the middle of the wheels) to camera, as annotated.
        keypoints: (12, 3) of its own model, car frame, metres.
        picture: number of its picture among all.
    """

    evidence: KeypointEvidence
    pose: Pose
    keypoints: Array
    picture: int

    @property
    def points(self) -> int:
        """How many of the twelve are placed."""
        return int(self.evidence.used.sum())

    @property
    def distance_m(self) -> float:
        """From the camera."""
        return float(np.linalg.norm(self.pose.translation))


def read_real_cars(folder: Path = FOLDER) -> tuple[Camera, Sequence[RealCar], CarShapeSpace]:
    """The camera, all cars whose model is known, and a space of five components of the 79 models."""
    models = read_apollo_cars(folder)
    matrix = np.load(folder / "camera_intrinsic" / "camera_intrinsic.npy", allow_pickle=False)
    listed = json.loads((folder / "apollo_cars.json").read_text(encoding="utf-8"))
    camera = Camera(int(listed["images"][0]["width"]), int(listed["images"][0]["height"]), matrix)
    own = space_from_meshes(
        "the 79 cars of ApolloCar3D", models.meshes.vertices, models.meshes.faces, models.vote.ids, FRAME
    )
    rows = {name: row for row, name in enumerate(models.meshes.names)}
    axes = FRAME.to_car_axes(models.meshes.vertices) * METRES_PER_UNIT
    pictures = {item["id"]: number for number, item in enumerate(listed["images"])}
    cars = []
    for item in listed["annotations"]:
        row = rows.get(str(item["category_id"]))
        if row is not None:
            cars.append(_car(item, axes[row], models.vote.ids, pictures[item["image_id"]]))
    return camera, cars, own.space


def _car(item: dict[str, object], vertices: Array, ids: NDArray[np.int32], picture: int) -> RealCar:
    """Args: vertices: (V, 3) of its model in the car's axes about the model's own origin, metres."""
    points = from_apollo(np.asarray(item["keypoints"], dtype=np.float64).reshape(APOLLO_COUNT, 3))
    box = np.asarray(item["bbox"], dtype=np.float64)
    placed = points[:, 2] > 0
    sigma = np.where(placed, sharp_sigma_px(float(box[2:].max())), np.inf)
    evidence = KeypointEvidence(np.where(placed[:, None], points[:, :2], np.nan), sigma, placed)
    angles = np.asarray(item["pose"], dtype=np.float64)
    x, y, z = (rotation_from_vector(np.eye(3)[axis] * angles[axis]) for axis in range(3))
    turn = z @ y @ x @ _FLIP @ FRAME.matrix().T
    origin = vertices[ids[list(WHEELS)]].mean(axis=0)
    origin[2] = vertices[:, 2].min()
    return RealCar(evidence, Pose(turn, turn @ origin + angles[3:]), vertices[ids] - origin, picture)


def keypoint_offsets(camera: Camera, cars: Sequence[RealCar]) -> Array:
    """(12, 3) from the models' keypoints to where points and poses put them, car frame, metres.

    One offset for each pair, by the least sum of distances in the picture.
    """
    across = np.array([1.0, -1.0, 1.0])
    offsets = np.zeros((COUNT, 3))
    for right in range(0, COUNT, 2):
        slopes, wrongs = [], []
        for car in cars:
            points = car.pose.apply(car.keypoints)
            slope = camera.project_jacobian(points) @ car.pose.rotation / car.evidence.sharp_px
            wrong = (car.evidence.pixels - camera.project(points)) / car.evidence.sharp_px
            for index in (right, right + 1):
                if car.evidence.used[index]:
                    slopes.append(slope[index] * (across if index % 2 else 1.0))
                    wrongs.append(wrong[index])
        by, off = np.array(slopes), np.array(wrongs)
        weights = np.ones(len(off))
        for _ in range(30):
            normal = np.einsum("n,nij,nik->jk", weights, by, by)
            offsets[right] = np.linalg.solve(normal, np.einsum("n,nij,ni->j", weights, by, off))
            weights = 1 / np.maximum(np.linalg.norm(off - by @ offsets[right], axis=1), 0.5)
        offsets[right + 1] = offsets[right] * across
    return offsets
