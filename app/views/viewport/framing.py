"""Where to look so that cars are in sight, and where a drag or the wheel leads: pure functions over looks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.states.scene import Look, Scene, SceneObject
from app.views.viewport.looking import AboveLook, CameraLook, to_widget
from app.views.viewport.scene_drawer import Looks

Size = tuple[float, float]
"""Width and height of the widget, its pixels."""

_AROUND_M, _AROUND_PERSON_M = 14.0, 6.0
_ROOF = np.array([0.0, 0.0, 1.6])
_FEW, _LEFT_OUT = 20, 0.05  # of more cars than these, the share that may stand outside at each side


def all_in_view(looks: Looks, scene: Scene, size: Size) -> Looks:
    """The whole picture, and as many cars as fit into the other views."""
    cars, (width, height) = scene.objects, size
    camera = CameraLook()
    if not cars:
        return replace(looks, camera=camera)
    centres = np.array([car.centre for car in cars])
    if scene.camera is not None:
        foot = scene.camera.centre * [1.0, 1.0, 0.0]
        # it is seen too: as often as it takes for a quantile to reach it
        centres = np.concatenate([centres, np.tile(foot, (1 + len(cars) // 4, 1))])
    left_out = _LEFT_OUT if len(cars) > _FEW else 0.0
    low = np.quantile(centres, left_out, axis=0) - 6.0
    high = np.quantile(centres, 1 - left_out, axis=0) + 6.0
    middle, span = (low + high) / 2, high - low
    pixel_m = max(span[0] / max(height, 1), span[1] / max(width, 1), 0.02)
    free = replace(
        looks.free,
        target=(float(middle[0]), float(middle[1]), 0.0),
        distance_m=float(np.clip(0.9 * np.hypot(span[0], span[1]), _AROUND_M, 120.0)),
    )
    above = AboveLook(float(middle[0]), float(middle[1]), float(pixel_m))
    return replace(looks, camera=camera, above=above, free=free)


def near(looks: Looks, scene: Scene, car: SceneObject, size: Size) -> Looks:
    """One car large, in every view."""
    x, y, z = car.centre.tolist()
    around_m = _AROUND_PERSON_M if car.person else _AROUND_M
    free = replace(looks.free, target=(x, y, z), distance_m=around_m)
    above = AboveLook(x, y, max(around_m / max(min(size), 1), 0.01))
    camera = looks.camera
    if scene.camera is not None:
        camera = _around(scene, car, CameraLook(), size)
    return replace(looks, camera=camera, above=above, free=free)


def with_in_view(looks: Looks, scene: Scene, car: SceneObject, size: Size) -> Looks:
    """Every view moved so that a car is seen, where it is not."""
    x, y, z = car.centre.tolist()
    if not _sees(replace(looks, kind=Look.ABOVE), scene, car, size):
        looks = replace(looks, above=replace(looks.above, x=x, y=y))
    if not _sees(replace(looks, kind=Look.FREE), scene, car, size):
        looks = replace(looks, free=replace(looks.free, target=(x, y, z)))
    from_camera = replace(looks, kind=Look.CAMERA)
    if scene.camera is not None and looks.camera.zoom > 1 and not _sees(from_camera, scene, car, size):
        there = _around(scene, car, CameraLook(), size)
        looks = replace(looks, camera=replace(there, zoom=looks.camera.zoom))
    return looks


def zoomed(looks: Looks, scene: Scene, size: Size, factor: float, at: tuple[float, float]) -> Looks:
    """The view in force zoomed in (factor above 1) or out, about a place of the widget."""
    if looks.kind is Look.CAMERA and scene.camera is not None:
        return replace(looks, camera=looks.camera.zoomed(scene.camera, *size, factor, at))
    if looks.kind is Look.ABOVE:
        return replace(looks, above=looks.above.zoomed(*size, factor, at))
    return replace(looks, free=looks.free.zoomed(factor)) if looks.kind is Look.FREE else looks


def dragged(looks: Looks, scene: Scene, size: Size, dx: float, dy: float, *, turning: bool) -> Looks:
    """The view in force after a drag by so many widget pixels.

    Args:
        turning: whether the free view turns; else it moves.
    """
    if looks.kind is Look.CAMERA and scene.camera is not None:
        return replace(looks, camera=looks.camera.moved(scene.camera, *size, dx, dy))
    if looks.kind is Look.ABOVE:
        return replace(looks, above=looks.above.moved(dx, dy))
    if looks.kind is Look.FREE:
        free = looks.free.turned(dx, dy) if turning else looks.free.moved(size[1], dx, dy)
        return replace(looks, free=free)
    return looks


def same_camera(before: Scene, after: Scene) -> bool:
    """Whether two scenes are seen by the same camera from the same place."""
    one, other = before.camera, after.camera
    if one is None or other is None:
        return False
    return (
        (one.width, one.height) == (other.width, other.height)
        and np.array_equal(one.matrix, other.matrix)
        and np.array_equal(one.rotation, other.rotation)
        and np.array_equal(one.translation, other.translation)
    )


def _sees(looks: Looks, scene: Scene, car: SceneObject, size: Size) -> bool:
    """Whether the middle of a car is well inside the widget."""
    matrix = looks.matrix(scene, *size)
    if matrix is None:
        return False
    room = np.array(size)
    place = to_widget(matrix, car.centre, *size)
    return bool(np.isfinite(place).all() and (place > 0.06 * room).all() and (place < 0.94 * room).all())


def _around(scene: Scene, car: SceneObject, look: CameraLook, size: Size) -> CameraLook:
    """The camera's view of one car and its surroundings."""
    camera = scene.camera
    assert camera is not None
    width, height = size
    matrix = look.matrix(camera, width, height)
    corners = np.concatenate([car.footprint, car.footprint + _ROOF])
    seen = to_widget(matrix, corners, width, height)
    if not np.isfinite(seen).all():
        return look
    middle = (seen.min(axis=0) + seen.max(axis=0)) / 2
    span = float((seen.max(axis=0) - seen.min(axis=0)).max())
    scale = look.scale(camera, width, height)
    x, y = look.middle(camera)
    there = CameraLook(1.0, x + (middle[0] - width / 2) / scale, y + (middle[1] - height / 2) / scale)
    factor = 0.45 * min(width, height) / max(span, 1.0)
    return there.zoomed(camera, width, height, max(factor, 1.0), (width / 2, height / 2))
