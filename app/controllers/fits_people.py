"""People as the viewport takes them: bodies of fits in the world, with bones, feet that stand and points."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.controllers.fits_scene import World, box_of, ellipse_of, error_of, is_drawable, points_at, scene_of
from app.states.scene import Scene, SceneForm, SceneObject, ScenePoints, SceneRole
from core.geometry.poses import Pose, compose
from core.records.fits import BodyFit, FitRow, Foot
from core.records.keypoints import KeypointSet
from core.shapes.body.skeleton import Joint

if TYPE_CHECKING:
    from core.shapes.body.drawable import BodyLevel
    from core.shapes.body.model import PosedBody
    from core.shapes.body.placed import NamedBody

Array = NDArray[np.float64]

_BONES = 22  # joints that SMPL and SMPL-X have in common; SMPL's two hands follow
_SMPL = 24
_FEET = {
    Foot.LEFT: (Joint.LEFT_ANKLE, Joint.LEFT_FOOT),
    Foot.RIGHT: (Joint.RIGHT_ANKLE, Joint.RIGHT_FOOT),
}
# from x forward, y left, z up to a body's x left, y up, z forward
_UPRIGHT = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
_PELVIS = 0.55  # of the stature: how high it is while a person stands


@dataclass(frozen=True, slots=True, eq=False)
class PlacedPerson:
    """A fit of a person with the body that it puts before the camera.

    Attributes:
        row, fit: the fit. body: its body model.
        posed: vertices and joints, camera frame, metres.
    """

    row: FitRow
    fit: BodyFit
    body: NamedBody
    posed: PosedBody

    def keypoints(self) -> Array:
        """(17, 3) COCO's points, camera frame, metres."""
        from core.shapes.body.coco import coco_keypoints

        return coco_keypoints(self.posed, self.body.face)

    def bones(self) -> Array:
        """(n, 2, 3) from joint to joint, camera frame, metres; without SMPL-X's fingers and face."""
        joints, parents = self.posed.joints, self.body.model.parents
        count = _SMPL if len(parents) == _SMPL else _BONES
        return np.stack([joints[parents[1:count]], joints[1:count]], axis=1)


@dataclass(slots=True)
class BodyShop:
    """Builds people as the viewport takes them; keeps what all of one body model share.

    For one body alone, as beside a person's keypoints: `BodyShop.of(body).ready()` on a worker thread, once,
    then `scene` for every fit.

    Attributes:
        find: gives the body model of a label, or None where it is not here; such a fit is shown as a box.
    """

    find: Callable[[str], NamedBody | None]
    _kept: dict[str, tuple[SceneForm, tuple[BodyLevel, ...]]] = field(default_factory=dict)
    _statures: dict[str, tuple[float, float]] = field(default_factory=dict)

    @staticmethod
    def of(body: NamedBody) -> BodyShop:
        """A shop of one body model."""
        return BodyShop({body.label: body}.get).ready(body)

    def ready(self, body: NamedBody) -> BodyShop:
        """Makes what all people of a body model share, which takes its time; on any thread."""
        self._form(body)
        return self

    def placed(self, rows: Sequence[FitRow]) -> dict[int, PlacedPerson]:
        """By fit id, those of some fits whose numbers are a pose of a body model that is here.

        It takes some milliseconds for each.
        """
        from core.shapes.body.placed import placed_body

        found: dict[int, PlacedPerson] = {}
        for row in rows:
            if not isinstance(row.fit, BodyFit) or not is_drawable(row.fit):
                continue
            body = self.find(row.shape_space)
            if body is None or len(row.fit.pose) != 3 * (len(body.model.parents) - 1):
                continue
            if len(row.fit.shape) <= body.model.betas:
                found[row.id] = PlacedPerson(row, row.fit, body, placed_body(row.fit, body.model))
        return found

    def people(
        self,
        world: World,
        rows: Sequence[FitRow],
        placed: Mapping[int, PlacedPerson],
        captions: Mapping[int, str],
        tracks: Mapping[int, int | None],
        role: SceneRole = SceneRole.FRAME,
    ) -> list[SceneObject]:
        """People in the world; fits whose numbers are no pose are left out (see `is_drawable`).

        Args:
            placed: of the rows; a box stands for those that are not in it.
            captions, tracks: by instance id.
        """
        return [
            self._person(world, row, row.fit, placed.get(row.id), captions, tracks, role)
            for row in rows
            if isinstance(row.fit, BodyFit) and is_drawable(row.fit)
        ]

    def scene(
        self, world: World, row: FitRow, caption: str, track_id: int | None, keypoints: KeypointSet | None
    ) -> Scene:
        """One person alone, selected, with the points that were placed; there are no objects without a pose.

        Args:
            row: as it stands in the project, or made up for a fit that does not yet.
            keypoints: the 17 that were placed; None leaves them out.
        """
        placed = self.placed([row])
        ids = row.instance_id
        people = self.people(world, [row], placed, {ids: caption}, {ids: track_id})
        points = body_points(world, placed.get(row.id), keypoints)
        return scene_of(world, None, people, (), points, ids)

    def stature_of(self, body: NamedBody) -> tuple[float, float]:
        """How tall people of a body model are, and one standard deviation of that, metres."""
        if body.label not in self._statures:
            model = body.model
            betas = np.concatenate([np.zeros((1, model.betas)), np.eye(model.betas), -np.eye(model.betas)])
            tall = np.array([float(np.ptp(model.shaped(beta)[:, 1])) for beta in betas])
            slopes = (tall[1 : 1 + model.betas] - tall[1 + model.betas :]) / 2
            self._statures[body.label] = float(tall[0]), float(np.linalg.norm(slopes))
        return self._statures[body.label]

    def _form(self, body: NamedBody) -> tuple[SceneForm, tuple[BodyLevel, ...]]:
        if body.label not in self._kept:
            from core.shapes.body.drawable import body_levels

            levels = body_levels(body.model)
            form = SceneForm(
                tuple(level.faces for level in levels), tuple(level.materials for level in levels)
            )
            self._kept[body.label] = (form, levels)
        return self._kept[body.label]

    def _person(
        self,
        world: World,
        row: FitRow,
        fit: BodyFit,
        placed: PlacedPerson | None,
        captions: Mapping[int, str],
        tracks: Mapping[int, int | None],
        role: SceneRole,
    ) -> SceneObject:
        standing = _standing(world, fit)
        if placed is None:
            form, mesh = box_of(fit.size_m)
            levels = tuple(_moved(level, standing) for level in mesh)
            bones, contacts = np.zeros((0, 2, 3)), np.zeros((0, 3))
        else:
            to_world = world.to_camera.inverse()
            form, drawn = self._form(placed.body)
            vertices = to_world.apply(placed.posed.vertices)
            levels = tuple(level.bake(vertices) for level in drawn)
            bones = to_world.apply(placed.bones())
            contacts = _contacts(world, placed)
        places = levels[0][:, :3].astype(np.float64)
        low, high = places.min(axis=0), places.max(axis=0)
        ahead, aside = fit.size_m[0] / 2, fit.size_m[1] / 2
        corners_m = np.array(
            [[ahead, aside, 0.0], [ahead, -aside, 0.0], [-ahead, -aside, 0.0], [-ahead, aside, 0.0]]
        )
        return SceneObject(
            instance_id=row.instance_id,
            fit_id=row.id,
            form=form,
            levels=levels,
            centre=(low + high) / 2,
            length_m=float(np.linalg.norm(high - low)),
            footprint=standing.apply(corners_m),
            contacts=contacts,
            ellipse=ellipse_of(world, fit),
            verdict=fit.verdict,
            review=row.review,
            error=error_of(fit),
            track_id=tracks.get(row.instance_id),
            coarse=fit.is_coarse,
            stale=row.stale,
            caption=captions.get(row.instance_id, str(row.instance_id)),
            role=role,
            boxed=placed is None,
            bones=bones,
            person=True,
        )


def body_points(world: World, placed: PlacedPerson | None, keypoints: KeypointSet | None) -> ScenePoints:
    """The 17 keypoints of a person: where the fit puts them, and where they were placed, as deep as those.

    Args:
        placed: None where the body is not known: there are no points then.
    """
    if placed is None:
        return ScenePoints()
    return points_at(world, placed.keypoints(), keypoints, placed.fit.outliers)


def _standing(world: World, fit: BodyFit) -> Pose:
    """From x forward, y left, z up on the ground below the person to the world."""
    if world.plane is not None and fit.place_m is not None and fit.heading_rad is not None:
        cos, sin = np.cos(fit.heading_rad), np.sin(fit.heading_rad)
        turn = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
        place = np.array([*fit.place_m, 0.0])
        if np.isfinite(turn).all() and np.isfinite(place).all():
            return Pose(turn, place)
    below = Pose(_UPRIGHT, np.array([0.0, -_PELVIS * fit.size_m[2], 0.0]))
    body = Pose(np.reshape(fit.rotation, (3, 3)), np.array(fit.translation))
    return compose(world.to_camera.inverse(), compose(body, below))


def _contacts(world: World, placed: PlacedPerson) -> Array:
    """(n, 3) on the ground below the middle of each foot that stands."""
    if world.plane is None or not placed.fit.contacts:
        return np.zeros((0, 3))
    joints = np.array([placed.posed.joints[list(_FEET[foot])].mean(axis=0) for foot in placed.fit.contacts])
    return world.to_camera.inverse().apply(joints) * [1.0, 1.0, 0.0]


def _moved(level: NDArray[np.float32], pose: Pose) -> NDArray[np.float32]:
    """Positions and normals (S, 6) elsewhere."""
    return np.concatenate([pose.apply(level[:, :3]), pose.rotate(level[:, 3:])], axis=1).astype(np.float32)
