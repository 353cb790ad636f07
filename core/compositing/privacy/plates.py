"""Where a vehicle's licence plates can be in a picture: by the car's fit, else by its box.

A plate is about 0.52 m by 0.11 m (Europe) or 0.31 m by 0.15 m (America), up to 0.30 m high, low in the middle
of each end. The boxes here hold the places that vehicles have for it, recesses and lids included.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from core.compositing.privacy.regions import Hidden, Region, clipped, hull_patch, rectangle_patch
from core.geometry.boxes import edges_from_centres
from core.geometry.cameras import Camera
from core.records.boxes import Box
from core.records.detections import Category
from core.records.fits import FitVerdict, VehicleFit
from core.records.masks import MaskPatch
from core.shapes.space import CarShapeSpace

Array = NDArray[np.float64]

HALF_WIDTH_M = 0.42
"""Of where a plate can be, from the car's middle: half a plate and as far again as some stand aside."""

FRONT_HEIGHTS_M = (0.15, 0.85)
BACK_HEIGHTS_M = (0.20, 1.25)
"""Of where a plate can be, above the ground."""

_RECESS_M = (0.35, 0.50)  # how far behind the outermost point of the front and the back
_PROUD_M = 0.05
_NO_MESH_M = 0.35  # from the lamps' keypoints to the bumpers' ends, where a space has no mesh

_SURE_SIGMAS = 2.0
_MOST_M, _MOST_RAD = 1.5, 0.6  # of doubt: beyond, the box says more than the fit
_TURNED_AWAY = 0.06  # sine of how far an end may be turned away and still be taken for seen
_SHARED = 0.6  # of the object's box that the fit's must hold, else it is no fit of what is seen
_AROUND = 0.08  # of the box's larger side, that the car may reach beyond it
_AROUND_BARE = 0.15  # the same where the box is all that there is: detectors cut bumpers off
_LEAST_PX = 3.0

# from the top of the box: where a plate can be, whatever the heading (docs/decisions/0044)
_BARE_TOP = {Category.TRUCK: 0.35, Category.BUS: 0.35, Category.MOTORCYCLE: 0.15}
_BARE_CAR_TOP = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class SeenFit:
    """A car's fit and what it was seen with.

    Attributes:
        fit: pose, shape and doubt.
        camera: that the fit was made with, in the size of the picture.
        space: that its shape is of.
    """

    fit: VehicleFit
    camera: Camera
    space: CarShapeSpace


def plate_regions(
    category: Category, box: Box, width: int, height: int, seen: SeenFit | None = None
) -> tuple[Region, ...]:
    """The parts of a picture where a vehicle's plates can be.

    Args:
        category: what it is.
        box: of the vehicle, pixel edges.
        width, height: of the picture, pixels.
        seen: its fit, if it has one. One that is not good, is not determined or does not lie where the box
            is counts for nothing: then the whole lower part of the box is taken.

    Returns:
        One region for each end that faces the camera; none where the fit says that no end does.
    """
    by_fit = None if seen is None else _by_fit(seen, box, width, height)
    if by_fit is not None:
        return by_fit
    top = box.y + _BARE_TOP.get(category, _BARE_CAR_TOP) * box.h
    margin = max(_LEAST_PX, _AROUND_BARE * box.size)
    patch = rectangle_patch(box.x - margin, top, box.right + margin, box.bottom + margin, width, height)
    return (Region(Hidden.PLATES, patch),)


def plate_box(space: CarShapeSpace, shape: Array, *, front: bool, doubt_m: float = 0.0) -> Array:
    """(8, 3) corners of where an end's plate can be, car frame, metres.

    Args:
        shape: (k,) coefficients of the space.
        doubt_m: how much nearer or farther the end may be.
    """
    back_m, front_m = _ends(space, shape)
    if front:
        along = (front_m - _RECESS_M[0] - doubt_m, front_m + _PROUD_M + doubt_m)
    else:
        along = (back_m - _PROUD_M - doubt_m, back_m + _RECESS_M[1] + doubt_m)
    heights = FRONT_HEIGHTS_M if front else BACK_HEIGHTS_M
    return np.array(list(product(along, (-HALF_WIDTH_M, HALF_WIDTH_M), heights)))


def _by_fit(seen: SeenFit, box: Box, width: int, height: int) -> tuple[Region, ...] | None:
    """As the fit puts them, or None where it is not good enough to go by."""
    fit, sigmas = seen.fit, seen.fit.sigmas
    if fit.verdict is not FitVerdict.GOOD or sigmas is None:
        return None
    doubts = np.array([_SURE_SIGMAS * s for s in (sigmas.along_m, sigmas.across_m, sigmas.heading_rad)])
    if not np.isfinite(doubts).all() or (doubts > [_MOST_M, _MOST_M, _MOST_RAD]).any():
        return None
    rotation, place = np.reshape(fit.rotation, (3, 3)), np.array(fit.translation)
    shape = np.array(fit.shape[: seen.space.components], dtype=np.float64)
    if not _lies_there(seen, rotation, place, shape, box):
        return None
    length = _length_doubt(seen.space, shape, sigmas.shape)
    limit = _around(box, width, height)
    regions = []
    for front, hidden in ((True, Hidden.FRONT_PLATE), (False, Hidden.BACK_PLATE)):
        corners = plate_box(seen.space, shape, front=front, doubt_m=length)
        if not _may_be_seen(corners, rotation, place, front, float(doubts[2])):
            continue
        pixels = seen.camera.project(_moved(corners, rotation, place, doubts))
        if not np.isfinite(pixels).all():
            return None
        regions.append(Region(hidden, clipped(hull_patch(pixels, width, height), limit)))
    return tuple(regions)


def _moved(corners: Array, rotation: Array, place: Array, doubts: Array) -> Array:
    """(n, 3) the corners in the camera frame, at all places and headings that the doubt allows."""
    up = rotation[:, 2]
    along = place - (place @ up) * up
    away = float(np.linalg.norm(along))
    along = along / away if away > 1e-9 else rotation[:, 0]
    across = np.cross(up, along)
    found = []
    for a, b, turn in product((-1.0, 0.0, 1.0), repeat=3):
        c, s = np.cos(turn * doubts[2]), np.sin(turn * doubts[2])
        turned = corners @ np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]).T
        found.append(turned @ rotation.T + place + a * doubts[0] * along + b * doubts[1] * across)
    return np.concatenate(found)


def _may_be_seen(corners: Array, rotation: Array, place: Array, front: bool, doubt_rad: float) -> bool:
    """Whether the end may be turned towards the camera."""
    outward = rotation[:, 0] if front else -rotation[:, 0]
    middle = rotation @ corners.mean(axis=0) + place
    sine = float(outward @ -middle) / max(float(np.linalg.norm(middle)), 1e-9)
    return sine > -_TURNED_AWAY - float(np.sin(doubt_rad))


def _lies_there(seen: SeenFit, rotation: Array, place: Array, shape: Array, box: Box) -> bool:
    """Whether the fit's car covers most of the box."""
    space = seen.space
    points = space.keypoints(shape) if space.mesh is None else space.proxy_vertices(shape)
    pixels = edges_from_centres(seen.camera.project(points @ rotation.T + place))
    if not np.isfinite(pixels).all():
        return False
    margin = _margin(box)
    low, high = pixels.min(axis=0) - margin, pixels.max(axis=0) + margin
    shared = np.minimum(high, [box.right, box.bottom]) - np.maximum(low, [box.x, box.y])
    return bool((shared > 0).all() and shared[0] * shared[1] >= _SHARED * box.area)


def _ends(space: CarShapeSpace, shape: Array) -> tuple[float, float]:
    """x of the car's back and front end, car frame, metres."""
    if space.mesh is None:
        x = space.keypoints(shape)[:, 0]
        return float(x.min()) - _NO_MESH_M, float(x.max()) + _NO_MESH_M
    x = space.proxy_vertices(shape)[:, 0]
    return float(x.min()), float(x.max())


def _length_doubt(space: CarShapeSpace, shape: Array, sigmas: tuple[float, ...]) -> float:
    """How far an end may be from where the shape puts it, metres, along the car."""
    here = np.array(_ends(space, shape))
    steps = []
    for place, sigma in enumerate(sigmas[: len(shape)]):
        other = shape.copy()
        other[place] += sigma
        steps.append(np.array(_ends(space, other)) - here)
    if not steps:
        return 0.0
    return min(_MOST_M, _SURE_SIGMAS * float(np.sqrt((np.array(steps) ** 2).sum(axis=0)).max()))


def _around(box: Box, width: int, height: int) -> MaskPatch:
    margin = _margin(box)
    return rectangle_patch(
        box.x - margin, box.y - margin, box.right + margin, box.bottom + margin, width, height
    )


def _margin(box: Box) -> float:
    return max(_LEAST_PX, _AROUND * box.size)
