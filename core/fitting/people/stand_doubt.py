"""How sure it is where a body stands: standard deviations, and whether its box ends where its feet are.

Everything is moved in turn by what it is assumed to be off by (box, stature, pose, the ray to the pelvis).
What that moves the place by is its standard deviation. What it moves the distance between two places by, each
told by something else, says how far these may be apart by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.fitting.people.ends import BOTTOM_SHARE, EDGE_PX, TOP_SHARE
from core.fitting.people.standing import (
    Stand,
    StandsBy,
    away_from_camera,
    stand_by,
    stand_by_head,
    stand_on_ray,
)
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.records.boxes import Box

Array = NDArray[np.float64]

STATURE_SHARE = 0.04
"""How much taller or smaller than the body a person may be, one standard deviation: 7 cm of 1.72 m."""
CONTACT_M = 0.05
"""How far off the point that touches the ground may be, as poses are only estimated: one sigma."""
OWN_DEPTH_SHARE = 0.1
"""The same of the distance that a system tells of itself."""
MOST_SIGMAS = 3.0
"""What disagrees with the box by more does not end where it does."""


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """A place if something was off by one assumed standard deviation.

    Attributes:
        skin: (V, 3) the body against its pelvis, camera orientation, metres.
        box: of the person, pixels on pixel edges.
        pelvis: (3,) as the system told it, camera frame, or None.
        place: (3,) where the body then stands; None where it is nowhere.
    """

    skin: Array
    box: Box
    pelvis: Array | None
    place: Array | None


@dataclass(frozen=True, slots=True)
class BoxDoubt:
    """What speaks against a place where the box ends.

    Attributes:
        sigmas: how far the body's height in the picture is from the box's, or its pelvis from the ray that
            the system told, whichever is more, in standard deviations of what is assumed.
        excess_m: what these leave unexplained of the way to where the ray, or else the head, has the body: a
            standard deviation along the line of sight, metres.
        too_tall: how much taller than its box the body is in the picture, as a part; NaN where it is unseen.
    """

    sigmas: float
    excess_m: float
    too_tall: float


def moves_of(
    camera: Camera,
    plane: GroundPlane | None,
    skin: Array,
    box: Box,
    where: Stand,
    *,
    pelvis: Array | None = None,
    centred: bool = True,
) -> tuple[Moved, ...]:
    """Where a body would stand, by the same thing, for each that is assumed to be off.

    The box's edges are taken to be as loose as `ends` has them, the ray to the pelvis as loose as the box's
    sides, a person's stature by STATURE_SHARE, and the lowest point's height against the pelvis by CONTACT_M.

    Args:
        skin, box, pelvis, centred: as `standing.stand` was told.
        where: what it said.
    """
    bottom, top, side = (
        float(np.hypot(EDGE_PX, share * box.h)) for share in (BOTTOM_SHARE, TOP_SHARE, BOTTOM_SHARE)
    )
    changed: list[tuple[Array, Box, Array | None]] = [
        (skin, replace(box, h=box.h + bottom), pelvis),
        (skin, replace(box, y=box.y - top, h=box.h + top), pelvis),
        (skin, replace(box, x=box.x + side), pelvis),
        (skin * (1 + STATURE_SHARE), box, pelvis),
    ]
    if plane is not None:
        lowest = skin[(skin @ plane.normal).argmin()] - CONTACT_M * plane.normal
        changed.append((np.vstack([skin, lowest]), box, pelvis))
    if pelvis is not None:
        beside = np.linalg.svd(pelvis[None])[2][1:] * side * np.linalg.norm(pelvis) / camera.focal[0]
        changed += [(skin, box, pelvis + off) for off in beside]
    by_ray = where.by in (StandsBy.PELVIS, StandsBy.OWN)
    return tuple(
        Moved(
            skin=other,
            box=edges,
            pelvis=ray,
            place=where.pelvis
            if ray is not pelvis and not by_ray
            else stand_by(where.by, camera, plane, other, edges, ray, centred),
        )
        for other, edges, ray in changed
    )


def stand_sigmas(
    plane: GroundPlane | None, where: Stand, moves: tuple[Moved, ...], excess_m: float = 0.0
) -> Array | None:
    """(3, 3) covariance of a place: what it moves by where what is assumed is off, and by what is in doubt.

    Args:
        moves: of `moves_of`.
        excess_m: of `BoxDoubt`.

    Returns:
        None where the place is not held: one of those takes the body out of sight.
    """
    spread = CONTACT_M**2 * np.eye(3)
    if plane is not None:
        spread -= CONTACT_M**2 * np.outer(plane.normal, plane.normal)  # its height is among the moves
        away, _ = away_from_camera(plane, where.pelvis)
        spread += excess_m**2 * np.outer(away, away)
    if where.by is StandsBy.OWN:
        spread += OWN_DEPTH_SHARE**2 * np.outer(where.pelvis, where.pelvis)
    for moved in moves:
        if moved.place is None:
            return None
        spread += np.outer(moved.place - where.pelvis, moved.place - where.pelvis)
    return spread


def doubt_of_box(
    camera: Camera,
    plane: GroundPlane,
    skin: Array,
    box: Box,
    where: Stand,
    moves: tuple[Moved, ...],
    *,
    pelvis: Array | None = None,
    head_shows: bool = True,
    centred: bool = True,
) -> BoxDoubt:
    """What speaks against a body's feet being where its box ends.

    A box that is cut at the feet by something unknown puts the body too far away. Then it is too tall for
    the box, and its pelvis is off the ray that the system told. Where the camera is no higher than a head,
    the height tells nothing: it shrinks as the box does.

    Args:
        skin, box, pelvis, centred: as `standing.stand` was told.
        where: by the box. moves: of `moves_of`.
        head_shows: whether the box begins where the head does, as far as is known.
    """
    away, _ = away_from_camera(plane, where.pelvis)
    too_tall = _too_tall(camera, skin, box, where.pelvis)
    ray = tall = excess_m = 0.0
    if head_shows:
        tall = _in_sigmas(too_tall, [_too_tall(camera, one.skin, one.box, one.place) for one in moves])
        by_head = stand_by_head(camera, plane, skin, box, centred=centred)
        excess_m = _excess(by_head, where.pelvis, away, tall)
    if pelvis is not None:
        ray = _in_sigmas(
            _beyond_ray(plane, skin, pelvis, where.pelvis, away),
            [_beyond_ray(plane, one.skin, one.pelvis, one.place, away) for one in moves],
            CONTACT_M,
        )
        # the ray is the sharper of the two, where there is one
        excess_m = _excess(stand_on_ray(plane, skin, pelvis), where.pelvis, away, ray)
    return BoxDoubt(max(ray, tall), excess_m, too_tall)


def _in_sigmas(now: float, moved: Sequence[float], more: float = 0.0) -> float:
    """How many times what it is moved by something is; inf where a move takes the body out of sight."""
    spread = float(np.linalg.norm([more, *(other - now for other in moved)]))
    return abs(now) / spread if np.isfinite(spread) else np.inf


def _excess(other: Array | None, place: Array, away: Array, sigmas: float) -> float:
    """What so many standard deviations leave of the way to another place, metres; 0 where they explain it."""
    if other is None or sigmas <= 1.0:
        return 0.0
    return abs(float((other - place) @ away)) * float(np.sqrt(1.0 - sigmas**-2))


def _too_tall(camera: Camera, skin: Array, box: Box, place: Array | None) -> float:
    """How much taller than its box a body is in the picture, as a part; NaN where it is not seen."""
    if place is None or box.h <= 0:
        return np.nan
    return float(np.ptp(camera.project(skin + place)[:, 1])) / box.h - 1.0


def _beyond_ray(
    plane: GroundPlane, skin: Array, ray: Array | None, place: Array | None, away: Array
) -> float:
    """How much farther away than by the ray to its pelvis a body is, metres; NaN where one is nowhere."""
    by_ray = None if ray is None else stand_on_ray(plane, skin, ray)
    return np.nan if by_ray is None or place is None else float((place - by_ray) @ away)
