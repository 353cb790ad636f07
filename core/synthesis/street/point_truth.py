"""Which of an object's points are seen, and what hides the others: exact, by one ray to each point.

A point is visible when the first surface along its ray is within 5 cm of it. Truncated wins over
self-occluded, and that over other-occluded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.shapes.keypoints import keypoint_tags
from core.synthesis.street.body_view import BodyView
from core.synthesis.street.mounts import Mount
from core.synthesis.street.shading import Placed
from core.synthesis.street.still_view import Town
from core.synthesis.street.truth import Hider, PointsTruth
from core.synthesis.street.turning import turned

Floats = NDArray[np.float64]

NEAR_M = 0.05
_NEAREST = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Points of one body that the truth is wanted of.

    Attributes:
        view: the body.
        local: (N, 3) in its frame, metres.
        slack: how far before a point the first surface may lie; more for joints inside a body. One for all
            points, or (N,).
    """

    view: BodyView
    local: Floats
    slack: float | Floats = NEAR_M


def points_truth(
    asked: Sequence[Asked], bodies: Sequence[BodyView], mount: Mount, town: Town
) -> list[PointsTruth]:
    """The truth about points of several bodies, all rays against one thing at once.

    Args:
        bodies: everything that may hide them, the bodies themselves too.
    """
    if not asked:
        return []
    street = np.concatenate([one.view.body.to_street(one.local) for one in asked])
    whose = np.repeat([one.view.body.number for one in asked], [len(one.local) for one in asked])
    slack = np.concatenate([np.broadcast_to(one.slack, len(one.local)) for one in asked])
    space = mount.to_camera(street)
    ahead = space[:, 2] > _NEAREST
    pixels = np.full((len(street), 2), np.nan)
    pixels[ahead] = mount.camera.project(space[ahead])
    inside = mount.camera.contains(pixels)
    away = np.linalg.norm(space, axis=1)
    rays = ((street - mount.position) / away[:, None]).astype(np.float32)
    limit = away - slack
    hits = town.caster.cast(mount.position.astype(np.float32), rays)
    first, who = hits.distance.astype(np.float64), hits.face.astype(np.int64)
    self_first = np.full(len(rays), np.inf)
    windows = np.array([(v.left, v.top, v.left + v.hit.shape[1], v.top + v.hit.shape[0]) for v in bodies])
    with np.errstate(invalid="ignore"):
        reached = np.all((pixels >= windows[:, None, :2] - 1) & (pixels <= windows[:, None, 2:]), axis=-1)
    for number, view in enumerate(bodies):
        chosen = np.flatnonzero(reached[number] | (whose == view.body.number))
        if not len(chosen):
            continue
        distance = _first(view.body, mount, rays[chosen])
        own = whose[chosen] == view.body.number
        self_first[chosen[own]] = distance[own]
        nearer = ~own & (distance < first[chosen])
        first[chosen[nearer]], who[chosen[nearer]] = distance[nearer], -2 - number
    self_hidden, other_hidden = self_first < limit, first < limit
    tags = keypoint_tags(~inside, self_hidden, other_hidden)
    hiders: list[Hider | None] = [None] * len(tags)
    for place in np.flatnonzero(self_hidden | other_hidden):
        if other_hidden[place] and first[place] < self_first[place]:
            hiders[place] = _hider(int(who[place]), bodies, town)
        else:
            hiders[place] = Hider(int(whose[place]), None)
    ends = np.cumsum([len(one.local) for one in asked])
    return [
        PointsTruth(space[begin:end], pixels[begin:end], tuple(tags[begin:end]), tuple(hiders[begin:end]))
        for begin, end in zip([0, *ends[:-1]], ends, strict=True)
    ]


def _hider(code: int, others: Sequence[BodyView], town: Town) -> Hider:
    if code < -1:
        return Hider(others[-2 - code].body.number, None)
    return Hider(None, town.mesh.things[town.mesh.thing[code]])


def _first(body: Placed, mount: Mount, rays: NDArray[np.float32]) -> Floats:
    """(N,) metres to a body's first surface along unit rays of the street frame."""
    origin = body.to_body(mount.position)
    hits = body.solid.caster.cast(origin, turned(rays, body.rotation))
    return hits.distance.astype(np.float64)
