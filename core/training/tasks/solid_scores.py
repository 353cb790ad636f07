"""How well the detector's heads for 3D do: cars' poses and shapes, people's joints.

Counted are objects whose fit and camera are known and whose box was found. Cars of which PnP holds no pose
have no errors; they count as wrong in `car_within_30deg`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evaluation.joints import aligned_joint_errors, joint_errors
from core.evaluation.poses import (
    accuracy,
    add_errors,
    depth_errors,
    median_of,
    place_errors,
    reprojection_errors,
    rotation_errors,
    shape_errors,
)
from core.geometry.poses import vector_from_rotation
from core.records.seen import Car3D, Person3D, SeenObject
from core.shapes.body.model import BodyModel, bones_of
from core.shapes.body.model_file import stand_in_body
from core.shapes.space import CarShapeSpace
from core.shapes.space_file import default_space

Array = NDArray[np.float64]

_MM = 1000.0


@dataclass
class SolidScores:
    """Gathers objects, one after another, and then gives their figures.

    Attributes:
        space: of the cars' shapes. body: of the people.
    """

    space: CarShapeSpace = field(default_factory=default_space)
    body: BodyModel = field(default_factory=stand_in_body)
    _cars: list[tuple[Car3D, Car3D, Array]] = field(default_factory=list)
    _missed: int = 0
    _people: list[tuple[Person3D, Person3D]] = field(default_factory=list)

    def add(self, known: SeenObject, said: SeenObject, matrix: ArrayLike) -> None:
        """Counts an object that was found.

        Args:
            matrix: (3, 3) intrinsics of its camera; zeros where that is not known.
        """
        camera = np.asarray(matrix, dtype=np.float64)
        if known.solid is None or known.solid.translation[2] <= 0 or not camera.any():
            return
        if isinstance(known.solid, Car3D):
            if isinstance(said.solid, Car3D):
                self._cars.append((known.solid, said.solid, camera))
            else:
                self._missed += 1
        elif isinstance(known.solid, Person3D) and isinstance(said.solid, Person3D):
            self._people.append((known.solid, said.solid))

    def figures(self) -> dict[str, float]:
        """All that can be told, by name; medians over objects, but for MPJPE, a mean as papers have it.

        - `car_held`, the share of cars of which a pose is told; `car_within_30deg`, of which it is turned by
          less than 30 degrees against the truth; `car_rotation_deg` by how much; `car_place_m` how far away
          it is, `car_depth_share` along the camera's axis as a share of the distance; `car_add_m` between
          the mesh's vertices in both poses; `car_shape_mm` between the shapes' own vertices;
          `car_reprojection_px` between the twelve points in the picture of an ideal lens.
        - `body_mpjpe_mm`, `body_pa_mpjpe_mm`: joints about the pelvis, and after a similarity;
          `body_place_m`: how far away the pelvis is.
        """
        return self._of_cars() | self._of_people()

    def _of_cars(self) -> dict[str, float]:
        count = len(self._cars) + self._missed
        if not count:
            return {}
        known, said = [one for one, _, _ in self._cars], [one for _, one, _ in self._cars]
        turns = [np.array([car.rotation for car in cars]).reshape(-1, 3, 3) for cars in (said, known)]
        places = [np.array([car.translation for car in cars]).reshape(-1, 3) for cars in (said, known)]
        angles = rotation_errors(*turns)
        right = accuracy(angles, missed=self._missed).value
        out = {"car_held": len(self._cars) / count}
        if right is not None:
            out["car_within_30deg"] = right
        if not self._cars:
            return out
        shapes = [self._vertices(cars) for cars in (said, known)]
        cameras = np.stack([camera for _, _, camera in self._cars])
        seen = [self._pixels(cars, cameras) for cars in (said, known)]
        errors = {
            "car_rotation_deg": np.degrees(angles),
            "car_place_m": place_errors(*places),
            "car_depth_share": depth_errors(*places),
            "car_add_m": add_errors(turns[0], places[0], turns[1], places[1], shapes[1]),
            "car_shape_mm": _MM * shape_errors(*shapes),
            "car_reprojection_px": reprojection_errors(*seen),
        }
        return out | {name: found for name, off in errors.items() if (found := _finite(off)) is not None}

    def _of_people(self) -> dict[str, float]:
        if not self._people:
            return {}
        known, said = [self._joints([pair[side] for pair in self._people]) for side in (0, 1)]
        places = [np.array([pair[side].translation for pair in self._people]) for side in (1, 0)]
        return {
            "body_mpjpe_mm": _MM * float(joint_errors(said, known).mean()),
            "body_pa_mpjpe_mm": _MM * float(aligned_joint_errors(said, known).mean()),
            "body_place_m": float(np.median(place_errors(*places))),
        }

    def _vertices(self, cars: list[Car3D]) -> Array:
        return np.stack([self.space.vertices(car.shape[: self.space.components]) for car in cars])

    def _pixels(self, cars: list[Car3D], cameras: Array) -> Array:
        """(n, 12, 2) of the cars' points; NaN behind the camera."""
        points = np.stack([self.space.keypoints(car.shape[: self.space.components]) for car in cars])
        moved = np.stack(
            [one @ car.rotation.T + car.translation for one, car in zip(points, cars, strict=True)]
        )
        rays = moved @ cameras.transpose(0, 2, 1)
        depth = np.where(rays[..., 2:] > 0, rays[..., 2:], np.nan)
        return np.asarray(rays[..., :2] / depth)

    def _joints(self, people: list[Person3D]) -> Array:
        """(n, 24, 3) metres, the pelvis somewhere."""
        poses = vector_from_rotation(np.stack([one.rotations for one in people]))
        betas = np.stack([one.betas[: self._bones.betas] for one in people])
        return self._bones.posed(poses, betas).joints

    @cached_property
    def _bones(self) -> BodyModel:
        return bones_of(self.body)


def _finite(errors: Array) -> float | None:
    """The median, where it is a number."""
    found = median_of(errors)
    return found if found is not None and np.isfinite(found) else None
