"""How much of sky and sun moving bodies take from everything else in a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.synthesis.street.daylight import Daylight
from core.synthesis.street.mounts import Mount
from core.synthesis.street.shading import Placed
from core.synthesis.street.solid import GroundMap

Floats = NDArray[np.float32]

_NEAREST = 0.5
_LOW = 0.9
_FAINT = 0.25


def on_still(
    bodies: Sequence[Placed], mount: Mount, points: Floats, light: Daylight
) -> tuple[Floats, Floats]:
    """(H, W) what bodies leave of the sky's and of the sun's light on what is seen without them.

    Args:
        bodies: what throws shadows.
        points: (H, W, 3) what is seen in each pixel, street frame.
    """
    sky, sun = np.ones(points.shape[:2], dtype=np.float32), np.ones(points.shape[:2], dtype=np.float32)
    for body in bodies:
        _take_all(sky, sun, body, mount, points, None, light)
    return sky, sun


def on_bodies(
    bodies: Sequence[Placed], mount: Mount, points: Floats, owner: NDArray[np.int32], light: Daylight
) -> tuple[Floats, Floats]:
    """(H, W) what bodies leave of the light on other bodies; 1 where none is seen.

    No body shades itself here: the light that it takes from itself is part of its own shading.

    Args:
        owner: (H, W) number of the body seen in each pixel, or -1.
    """
    sky, sun = np.ones(owner.shape, dtype=np.float32), np.ones(owner.shape, dtype=np.float32)
    for body in bodies:
        _take_all(sky, sun, body, mount, points, owner, light)
    return sky, sun


def _take_all(
    sky: Floats,
    sun: Floats,
    body: Placed,
    mount: Mount,
    points: Floats,
    owner: NDArray[np.int32] | None,
    light: Daylight,
) -> None:
    _take(sky, body, body.solid.sky_map(), None, mount, points, owner)
    if float(light.sun.max()) > _FAINT:
        direction = (light.sun_direction @ body.rotation).astype(np.float32)
        _take(sun, body, body.solid.sun_map(direction, light.sun_spread), direction, mount, points, owner)


def _take(
    left: Floats,
    body: Placed,
    ground: GroundMap,
    sun: Floats | None,
    mount: Mount,
    points: Floats,
    owner: NDArray[np.int32] | None,
) -> None:
    """Takes one body's share off, in the part of the picture that its map can reach."""
    box = _reach(body, ground, mount, _LOW if sun is None else 2.0)
    if box is None:
        return
    x0, y0, x1, y1 = box
    seen = points[y0:y1, x0:x1]
    if owner is not None:
        window = owner[y0:y1, x0:x1]
        others = (window >= 0) & (window != body.number)
        if not others.any():
            return
    # bodies stand upright: two numbers turn the street into their frame
    cosine, sine = np.float32(body.rotation[0, 0]), np.float32(body.rotation[1, 0])
    east = seen[..., 0] - np.float32(body.translation[0])
    north = seen[..., 1] - np.float32(body.translation[1])
    up = seen[..., 2] - np.float32(body.translation[2])
    x, y = cosine * east + sine * north, cosine * north - sine * east
    if sun is None:
        # a thing as high as the body itself is beside it, not below
        share = ground.at(x, y) * np.clip(1 - up * np.float32(1 / _LOW), 0, 1)
    else:
        slope = sun[:2] / max(float(sun[2]), 0.05)
        share = ground.at(x - slope[0] * up, y - slope[1] * up)
        behind = (x * sun[0] + y * sun[1] < 0) & (up < body.solid.high[2])
        share[~behind & (up > 0.35)] = 0
    if owner is not None:
        share[~others] = 0
    left[y0:y1, x0:x1] *= 1 - share


def _reach(body: Placed, ground: GroundMap, mount: Mount, up: float) -> tuple[int, int, int, int] | None:
    """The part of the picture in which the map's ground, and things on it up to a height, can be."""
    (x0, y0), (x1, y1) = ground.low, ground.high
    corners = np.array([[x, y, z] for x in (x0, x1) for y in (y0, y1) for z in (0.0, up)])
    seen = mount.to_camera(body.to_street(corners))
    if seen[:, 2].max() < _NEAREST:
        return None
    camera = mount.camera
    if seen[:, 2].min() < _NEAREST:
        return 0, 0, camera.width, camera.height
    pixels = camera.project(seen)
    if not np.isfinite(pixels).all():
        return 0, 0, camera.width, camera.height
    first, last = np.floor(pixels.min(axis=0)), np.ceil(pixels.max(axis=0)) + 1
    left, top = max(int(first[0]), 0), max(int(first[1]), 0)
    right, bottom = min(int(last[0]), camera.width), min(int(last[1]), camera.height)
    return (left, top, right, bottom) if right > left and bottom > top else None
