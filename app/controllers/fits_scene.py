"""From fits, a calibration and a picture to the scene that the viewport draws, in plain arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.states.scene import (
    Scene,
    SceneCamera,
    SceneForm,
    SceneObject,
    ScenePoints,
    SceneRole,
    SceneTrail,
)
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.geometry.poses import Pose, compose
from core.records.fits import BodyFit, Fit, FitRow
from core.records.keypoints import KeypointSet
from core.records.shapes import KeypointTag
from core.shapes.drawable import DrawableLevel, box_level, drawable_levels
from core.shapes.keypoints import WHEELS
from core.shapes.space import CarShapeSpace

Array = NDArray[np.float64]

_LENS_GRID = 65  # a strong lens is followed to half a pixel at 1080p
_ELLIPSE = 48
# without a ground the camera's own axes, turned so that its y, down, becomes -z
_UPRIGHT = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Where the scene's world lies.

    Attributes:
        camera: the calibrated camera.
        plane: the ground in the camera frame, or None.
        to_camera: from the world to the camera frame.
    """

    camera: Camera
    plane: GroundPlane | None
    to_camera: Pose


def world_of(camera: Camera, plane: GroundPlane | None) -> World:
    """The ground's own frame where the ground is known, else the camera's axes stood upright."""
    return World(camera, plane, Pose(_UPRIGHT.T, np.zeros(3)) if plane is None else plane.frame())


def scene_camera(world: World, picture: NDArray[np.uint8] | None) -> SceneCamera:
    """The camera as the viewport takes it.

    Args:
        picture: (H, W, 3) uint8 RGB, or None.
    """
    camera = world.camera
    if picture is not None and picture.shape[:2] != (camera.height, camera.width):
        camera = camera.resized(picture.shape[1], picture.shape[0])
    count = _LENS_GRID if camera.is_distorted else 2
    grid = np.meshgrid(
        np.linspace(-0.5, camera.width - 0.5, count), np.linspace(-0.5, camera.height - 0.5, count)
    )
    return SceneCamera(
        camera.width,
        camera.height,
        np.array(camera.matrix),
        world.to_camera.rotation,
        world.to_camera.translation,
        camera.unproject(np.stack(grid, axis=-1)),
        picture,
    )


@dataclass(slots=True)
class CarShop:
    """Builds cars as the viewport takes them; keeps what all cars of a space share.

    Attributes:
        spaces: by the label that fits name theirs by; a fit of another space is shown as a box.
    """

    spaces: Mapping[str, CarShapeSpace]
    _kept: dict[str, tuple[SceneForm, tuple[DrawableLevel, ...]]] = field(default_factory=dict)

    def ready(self) -> CarShop:
        """Makes what all cars of its spaces share, which takes its time; on any thread."""
        for name, space in self.spaces.items():
            if space.mesh is not None:
                self._form(name)
        return self

    def space_of(self, row: FitRow) -> CarShapeSpace | None:
        """The space that a fit was made with, where it is here and has numbers enough for it."""
        space = self.spaces.get(row.shape_space)
        return space if space is not None and len(row.fit.shape) <= space.components else None

    def cars(
        self,
        world: World,
        rows: Sequence[FitRow],
        captions: Mapping[int, str],
        tracks: Mapping[int, int | None],
        role: SceneRole = SceneRole.FRAME,
    ) -> list[SceneObject]:
        """Cars in the world; fits whose numbers are no pose are left out (see `is_drawable`).

        Args:
            captions, tracks: by instance id.
        """
        made: list[SceneObject] = []
        groups: dict[str | None, list[FitRow]] = {}
        for row in rows:
            if is_drawable(row.fit):
                space = self.space_of(row)
                named = row.shape_space if space is not None and space.mesh is not None else None
                groups.setdefault(named, []).append(row)
        for name, group in groups.items():
            if name is None:
                built = [box_of(row.fit.size_m) for row in group]
            else:
                form, levels = self._form(name)
                built = [(form, baked) for baked in _baked(levels, group)]
            for row, (form, levels_of) in zip(group, built, strict=True):
                made.append(
                    _car(
                        world, row, form, levels_of, self.space_of(row), captions, tracks, role, name is None
                    )
                )
        return made

    def _form(self, name: str) -> tuple[SceneForm, tuple[DrawableLevel, ...]]:
        if name not in self._kept:
            levels = drawable_levels(self.spaces[name])
            form = SceneForm(
                tuple(level.faces for level in levels), tuple(level.materials for level in levels)
            )
            self._kept[name] = (form, levels)
        return self._kept[name]


def is_drawable(fit: Fit) -> bool:
    """Whether a fit's numbers are a place, a rotation and a size."""
    pose = fit.pose if isinstance(fit, BodyFit) else ()
    numbers = np.array([*fit.rotation, *fit.translation, *fit.shape, *fit.size_m, *pose], dtype=np.float64)
    if len(fit.rotation) != 9 or len(fit.translation) != 3 or not np.isfinite(numbers).all():
        return False
    turn = np.reshape(fit.rotation, (3, 3))
    return bool(np.abs(turn @ turn.T - np.eye(3)).max() < 1e-2 and min(fit.size_m) > 0.1)


def points_of(
    world: World, row: FitRow, space: CarShapeSpace | None, keypoints: KeypointSet | None
) -> ScenePoints:
    """The keypoints of a car: where its fit puts them, and where they were placed, as deep as those.

    Args:
        keypoints: that were placed; None where there are none.
    """
    if space is None or not is_drawable(row.fit):
        return ScenePoints()
    return points_at(world, _pose(row.fit).apply(space.keypoints(row.fit.shape)), keypoints, row.fit.outliers)


def points_at(
    world: World, fitted: Array, keypoints: KeypointSet | None, outliers: Sequence[int]
) -> ScenePoints:
    """Keypoints in the world.

    Args:
        fitted: (n, 3) where a fit puts them, camera frame. keypoints: that were placed; None where none were.
        outliers: those that disagree with the fit.
    """
    placed = np.full_like(fitted, np.nan)
    tags = [KeypointTag.UNLABELLED] * len(fitted)
    if keypoints is not None and len(keypoints.points) == len(fitted):
        for number, point in enumerate(keypoints.points):
            if point is not None:
                ray = world.camera.unproject(np.array([point.x, point.y]))
                placed[number] = ray * fitted[number, 2]
                tags[number] = point.tag
    to_world = world.to_camera.inverse()
    return ScenePoints(
        to_world.apply(fitted),
        to_world.apply(placed),
        tuple(tags),
        tuple(number in outliers for number in range(len(fitted))),
    )


def trail_of(world: World, track_id: int, fits: Sequence[Fit]) -> SceneTrail:
    """The way of a track over the road: one point for each fit, in order of time."""
    drawn = [fit for fit in fits if is_drawable(fit)]
    places = world.to_camera.inverse().apply(np.array([fit.translation for fit in drawn]).reshape(-1, 3))
    if world.plane is not None:
        places[[isinstance(fit, BodyFit) for fit in drawn], 2] = 0.0  # theirs is the pelvis
    return SceneTrail(track_id, places)


def scene_of(
    world: World | None,
    picture: NDArray[np.uint8] | None,
    objects: Sequence[SceneObject],
    trails: Sequence[SceneTrail] = (),
    points: ScenePoints | None = None,
    selected: int | None = None,
    note: str = "",
) -> Scene:
    """All of it together; without a calibrated camera there is only the note."""
    if world is None:
        return Scene(note=note)
    return Scene(
        scene_camera(world, picture),
        world.plane is not None,
        tuple(objects),
        tuple(trails),
        points or ScenePoints(),
        selected,
        note,
    )


def _baked(levels: Sequence[DrawableLevel], rows: Sequence[FitRow]) -> list[tuple[NDArray[np.float32], ...]]:
    """For each fit its corners at each level, car frame."""
    count = max(len(row.fit.shape) for row in rows)
    betas = np.zeros((len(rows), count), dtype=np.float32)
    for number, row in enumerate(rows):
        betas[number, : len(row.fit.shape)] = row.fit.shape
    whole = [level.bake(betas) for level in levels]
    return [tuple(level[number] for level in whole) for number in range(len(rows))]


def box_of(size_m: tuple[float, float, float]) -> tuple[SceneForm, tuple[NDArray[np.float32], ...]]:
    """A box on the ground for an object of a size whose mesh is not known: its form and its corners."""
    level = box_level(size_m)
    return SceneForm((level.faces,), (level.materials,)), (level.mean,)


def _car(
    world: World,
    row: FitRow,
    form: SceneForm,
    levels: tuple[NDArray[np.float32], ...],
    space: CarShapeSpace | None,
    captions: Mapping[int, str],
    tracks: Mapping[int, int | None],
    role: SceneRole,
    boxed: bool,
) -> SceneObject:
    fit = row.fit
    pose = compose(world.to_camera.inverse(), _pose(fit))
    turn, shift = pose.rotation.astype(np.float32), pose.translation.astype(np.float32)
    placed = []
    for level in levels:
        corners = np.empty_like(level)
        corners[:, :3] = level[:, :3] @ turn.T + shift
        corners[:, 3:] = level[:, 3:] @ turn.T
        placed.append(corners)
    body = levels[min(1, len(levels) - 1)][:, :3]  # the light stand-in leaves mirrors out
    low, high = body.min(axis=0), body.max(axis=0)
    front, back, left, right = high[0], low[0], high[1], low[1]
    corners_m = np.array([[front, left, 0], [front, right, 0], [back, right, 0], [back, left, 0]])
    wheels = np.zeros((0, 3))
    if space is not None:
        wheels = space.keypoints(fit.shape)[list(WHEELS)] * [1.0, 1.0, 0.0]
    return SceneObject(
        instance_id=row.instance_id,
        fit_id=row.id,
        form=form,
        levels=tuple(placed),
        centre=pose.apply((low + high) / 2),
        length_m=float(np.linalg.norm(high - low)),
        footprint=pose.apply(corners_m),
        contacts=pose.apply(wheels),
        ellipse=ellipse_of(world, fit),
        verdict=fit.verdict,
        review=row.review,
        error=error_of(fit),
        track_id=tracks.get(row.instance_id),
        coarse=fit.is_coarse,
        stale=row.stale,
        caption=captions.get(row.instance_id, str(row.instance_id)),
        role=role,
        boxed=boxed,
    )


def error_of(fit: Fit) -> float | None:
    """Root mean square residual over the noise assumed; None where the fit rests on no points."""
    if fit.used == 0 or not (np.isfinite(fit.rms_px) and fit.sigma_px > 0):
        return None
    return fit.rms_px / fit.sigma_px


def ellipse_of(world: World, fit: Fit) -> Array:
    """One standard deviation of the place, a closed line on the road."""
    if fit.sigmas is None or fit.sigmas.place is None or fit.place_m is None or world.plane is None:
        return np.zeros((0, 3))
    xx, xy, yy = fit.sigmas.place
    spread = np.array([[xx, xy], [xy, yy]])
    if not np.isfinite(spread).all():
        return np.zeros((0, 3))
    values, axes = np.linalg.eigh(spread)
    angles = np.linspace(0, 2 * np.pi, _ELLIPSE, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    flat = circle * np.sqrt(np.maximum(values, 0.0)) @ axes.T + np.array(fit.place_m)
    return np.concatenate([flat, np.full((_ELLIPSE, 1), 0.02)], axis=1)


def _pose(fit: Fit) -> Pose:
    return Pose(np.reshape(fit.rotation, (3, 3)), np.array(fit.translation))
