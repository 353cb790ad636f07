"""Which of an object's points are seen, and what hides the others: exact, by one ray to each point.

A point is visible when the first surface along its ray is within 5 cm of it. Truncated wins over
self-occluded, and that over other-occluded.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.shapes.keypoints import keypoint_tags
from core.synthesis.street.body_view import BodyView
from core.synthesis.street.mounts import Mount
from core.synthesis.street.shading import Placed
from core.synthesis.street.still_view import Town
from core.synthesis.street.truth import Hider, PointsTruth

Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]

NEAR_M = 0.05
_NEAREST = 1e-3


def points_truth(
    local: Floats,
    own: BodyView,
    others: Sequence[BodyView],
    mount: Mount,
    town: Town,
    *,
    slack: float = NEAR_M,
) -> PointsTruth:
    """The truth about some points of one body.

    Args:
        local: (N, 3) in the body's frame, metres.
        own: the body; others: all bodies of the picture, this one too.
        slack: how far before a point the first surface may lie; more for joints inside a body.
    """
    street = own.body.to_street(local)
    space = mount.to_camera(street)
    ahead = space[:, 2] > _NEAREST
    pixels = np.full((len(local), 2), np.nan)
    pixels[ahead] = mount.camera.project(space[ahead])
    width, height = mount.camera.width, mount.camera.height
    with np.errstate(invalid="ignore"):
        inside = np.all((pixels >= -0.5) & (pixels < [width - 0.5, height - 0.5]), axis=1)
    away = np.linalg.norm(space, axis=1)
    rays = ((street - mount.position) / away[:, None]).astype(np.float32)
    limit = away - slack
    self_hidden = _first(own.body, mount, rays) < limit
    first, who = _still(town, mount, rays)
    for number, other in enumerate(others):
        if other.body.number == own.body.number:
            continue
        near = _reaches(other, pixels)
        if near.any():
            nearer = np.full(len(rays), np.inf)
            nearer[near] = _first(other.body, mount, rays[near])
            closer = nearer < first
            first[closer], who[closer] = nearer[closer], -2 - number
    other_hidden = first < limit
    tags = keypoint_tags(~inside, self_hidden, other_hidden)
    hiders: list[Hider | None] = []
    for own_hides, other_hides, code in zip(self_hidden, other_hidden, who, strict=True):
        if other_hides:
            hiders.append(_hider(int(code), others, town))
        else:
            hiders.append(Hider(own.body.number, None) if own_hides else None)
    return PointsTruth(space, pixels, tuple(tags), tuple(hiders))


def _hider(code: int, others: Sequence[BodyView], town: Town) -> Hider:
    if code < -1:
        return Hider(others[-2 - code].body.number, None)
    return Hider(None, town.mesh.things[town.mesh.thing[code]])


def _first(body: Placed, mount: Mount, rays: NDArray[np.float32]) -> Floats:
    """(N,) metres to a body's first surface along unit rays of the street frame."""
    origin = body.to_body(mount.position)
    hits = body.solid.caster.cast(origin, rays @ body.rotation.astype(np.float32))
    return hits.distance.astype(np.float64)


def _still(town: Town, mount: Mount, rays: NDArray[np.float32]) -> tuple[Floats, NDArray[np.int64]]:
    """Metres to the first still surface along unit rays, and its face."""
    hits = town.caster.cast(mount.position.astype(np.float32), rays)
    return hits.distance.astype(np.float64), hits.face.astype(np.int64)


def _reaches(view: BodyView, pixels: Floats) -> Bits:
    """Which pixels lie in a body's window."""
    h, w = view.hit.shape
    with np.errstate(invalid="ignore"):
        x, y = pixels[:, 0] - view.left, pixels[:, 1] - view.top
        return np.asarray((x >= -1) & (x <= w) & (y >= -1) & (y <= h))
