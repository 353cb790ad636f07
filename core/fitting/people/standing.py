"""Where a posed body stands: on the ground where its box ends, or as well as the box and the ground can tell.

ALGORITHMS 6.3: the lowest point touches the plane, and the body's picture ends where the box does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.geometry.boxes import centres_from_edges
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.records.boxes import Box

Array = NDArray[np.float64]

_STEP_M = 0.01
_CLOSE_PX = 1e-4
_LEAST_SLOPE = 0.1  # pixels a metre
_MOST_STEPS = 30
_SIZE_STEPS = 8


class StandsBy(StrEnum):
    """What a place rests on."""

    BOX = "box"  # where the box ends, on the ground
    PELVIS = "pelvis"  # the estimate's own pelvis, as seen, over the ground
    HEAD = "head"  # where the box begins, and the ground
    OWN = "own"  # the estimate's own place
    SIZE = "size"  # the box's height


@dataclass(frozen=True, slots=True, eq=False)
class Stand:
    """Where a body is.

    Attributes:
        pelvis: (3,) camera frame, metres.
        by: what that rests on.
    """

    pelvis: Array
    by: StandsBy


def stand(
    camera: Camera,
    plane: GroundPlane | None,
    skin: Array,
    box: Box,
    *,
    feet_show: bool,
    pelvis: Array | None = None,
    centred: bool = True,
) -> Stand | None:
    """Where a body stands, by the first of these that tells: box, the pelvis' ray, head, own place, size.

    Args:
        skin: (V, 3) the body against its pelvis, camera orientation, metres.
        box: of the person, pixels on pixel edges.
        feet_show: whether the box ends where the feet do.
        pelvis: (3,) as the system told it, camera frame, or None.
        centred: see `stand_on_box`.

    Returns:
        None where nothing puts the body before the camera.
    """
    for by in StandsBy:
        if by is StandsBy.BOX and not feet_show:
            continue
        found = stand_by(by, camera, plane, skin, box, pelvis, centred)
        if found is not None and np.isfinite(camera.project(skin + found)).all():
            return Stand(found, by)
    return None


def stand_by(
    by: StandsBy,
    camera: Camera,
    plane: GroundPlane | None,
    skin: Array,
    box: Box,
    pelvis: Array | None,
    centred: bool,
) -> Array | None:
    """The pelvis (3,) by one of the things that may tell, arguments as of `stand`; None where it does not."""
    if by is StandsBy.OWN:
        return pelvis
    if by is StandsBy.SIZE:
        return float_by_size(camera, skin, box)
    if plane is None:
        return None
    if by is StandsBy.BOX:
        return stand_on_box(camera, plane, skin, box, centred=centred)
    if by is StandsBy.PELVIS:
        return None if pelvis is None else stand_on_ray(plane, skin, pelvis)
    return stand_by_head(camera, plane, skin, box, centred=centred)


def stand_on_box(
    camera: Camera, plane: GroundPlane, skin: Array, box: Box, *, centred: bool = True
) -> Array | None:
    """The pelvis of a body that stands where its box ends.

    First its lowest point is put on the ground that the middle of the box's lower edge sees, G - v*; then it
    slides along the line of sight until its picture ends where the box does.

    Args:
        skin: (V, 3) the body against its pelvis, camera orientation, metres.
        box: of the person, pixels on pixel edges.
        centred: whether it also moves aside until its picture's middle is the box's: the foot that it stands
            on need not be below the middle of a person who walks.

    Returns:
        (3,) camera frame, metres; None where the box ends above the horizon or the body would not be seen.
    """
    ground = plane.points_or_nan(camera, centres_from_edges([box.x + box.w / 2, box.bottom]))
    if not np.isfinite(ground).all():
        return None
    first = ground - skin[(skin @ plane.normal).argmin()]
    return _met(camera, plane, skin, first, box, "bottom", centred)


def stand_on_ray(plane: GroundPlane, skin: Array, ray: Array) -> Array | None:
    """The pelvis of a body that stands on the ground with its pelvis on a ray (3,) from the camera."""
    return _on_ray(plane, ray, -float((skin @ plane.normal).min()))


def stand_by_head(
    camera: Camera, plane: GroundPlane, skin: Array, box: Box, *, centred: bool = True
) -> Array | None:
    """The pelvis of a body that stands on the ground, and whose picture begins where its box does."""
    heights = skin @ plane.normal
    ray = camera.unproject(centres_from_edges([box.x + box.w / 2, box.y]))
    top = _on_ray(plane, ray, float(np.ptp(heights)))
    if top is None:
        return None
    return _met(camera, plane, skin, top - skin[heights.argmax()], box, "top", centred)


def float_by_size(camera: Camera, skin: Array, box: Box) -> Array | None:
    """The pelvis of a body whose picture is as tall as its box and in its middle, ground or not."""
    ray = camera.unproject(centres_from_edges([box.x + box.w / 2, box.y + box.h / 2]))
    if not np.isfinite(ray).all() or box.h <= 0:
        return None
    middle = (skin.min(axis=0) + skin.max(axis=0)) / 2
    depth = camera.focal[1] * float(np.ptp(skin[:, 1])) / box.h
    for _ in range(_SIZE_STEPS):
        depth = max(depth, 1.0 - float((skin - middle)[:, 2].min()))
        tall = float(np.ptp(camera.project(skin - middle + depth * ray)[:, 1]))
        if not np.isfinite(tall):
            return None
        depth *= tall / box.h
    return np.asarray(depth * ray - middle)


def _on_ray(plane: GroundPlane, ray: Array, height: float) -> Array | None:
    """The point of a ray so high above the ground; None where that is behind the camera, or nowhere."""
    rise = float(ray @ plane.normal)
    if not np.isfinite(ray).all() or abs(rise) < 1e-9:
        return None
    reach = (height - plane.height) / rise
    return reach * ray if reach > 0 else None


def _met(
    camera: Camera,
    plane: GroundPlane,
    skin: Array,
    first: Array,
    box: Box,
    edge: Literal["top", "bottom"],
    centred: bool,
) -> Array | None:
    """The place on the ground, near a first one, where the body's picture meets an edge of its box."""
    place: Array | None = first
    row = float(centres_from_edges([0.0, box.bottom if edge == "bottom" else box.y])[1])
    middle = float(centres_from_edges([box.x + box.w / 2, 0.0])[0])
    for _ in range(2 if centred else 1):
        if place is not None and centred:
            place = _moved(camera, plane, skin, place, middle)
        if place is not None:
            place = _slid(camera, plane, skin, place, row, edge)
    return place


def _slid(
    camera: Camera,
    plane: GroundPlane,
    skin: Array,
    place: Array,
    row: float,
    edge: Literal["top", "bottom"],
) -> Array | None:
    """Along the line of sight on the ground, until the picture's first or last row is the one wanted."""
    outermost = np.max if edge == "bottom" else np.min
    for _ in range(_MOST_STEPS):
        away, distance = away_from_camera(plane, place)
        now, then = (
            float(outermost(camera.project(skin + place + step * away)[:, 1])) for step in (0.0, _STEP_M)
        )
        slope = (then - now) / _STEP_M
        # what stands on the ground goes up in the picture as it goes away; a head as high as the camera not
        if not np.isfinite(slope) or slope > -_LEAST_SLOPE:
            return None
        miss = row - now
        if abs(miss) < _CLOSE_PX:
            return place
        place = place + float(np.clip(miss / slope, -0.5 * distance, distance)) * away
    return place


def _moved(camera: Camera, plane: GroundPlane, skin: Array, place: Array, middle: float) -> Array | None:
    """Across the line of sight, until the picture's middle column is the one wanted."""
    away, _ = away_from_camera(plane, place)
    across = np.cross(away, plane.normal)
    for _ in range(_SIZE_STEPS):
        now, then = (_middle(camera, skin + place + step * across) for step in (0.0, _STEP_M))
        slope = (then - now) / _STEP_M
        if not np.isfinite(slope) or abs(slope) < 1e-6:
            return None
        place = place + (middle - now) / slope * across
    return place


def _middle(camera: Camera, points: Array) -> float:
    columns = camera.project(points)[:, 0]
    return float(columns.min() + columns.max()) / 2


def away_from_camera(plane: GroundPlane, place: Array) -> tuple[Array, float]:
    """The direction (3,) on the ground from the camera to a place, and how far that is, metres."""
    flat = place - (place @ plane.normal) * plane.normal
    distance = max(float(np.linalg.norm(flat)), 1e-9)
    return flat / distance, distance
