"""Puts bodies into a still picture by depth, with smooth outlines, and shades what is seen of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.synthesis.street.body_view import BodyView, cast_body, view_body
from core.synthesis.street.caster import Hits
from core.synthesis.street.mounts import Mount
from core.synthesis.street.shading import Placed, Samples, shade
from core.synthesis.street.shadows import on_bodies, on_still
from core.synthesis.street.still_view import SHIFTS, StillView, Town
from core.synthesis.street.surroundings import Surroundings

Floats = NDArray[np.float32]
Bits = NDArray[np.bool_]
Ints = NDArray[np.int32]

STILL = -1
_MIXED = 0.4


@dataclass(slots=True, eq=False)
class Layered:
    """A picture of a moment, still linear, with what is seen in each pixel.

    Attributes:
        view: colours, depth and points; `thing` stays that of the still things behind the bodies.
        owner: (H, W) number of the body seen at the pixel's centre, -1 for still things.
        mixed: (H, W) whether a pixel's samples lie at different depths.
        bodies: each body that is in the picture at all, as if alone.
    """

    view: StillView
    owner: Ints
    mixed: Bits
    bodies: tuple[BodyView, ...]


def bare(view: StillView) -> Layered:
    """A still picture without bodies."""
    near, far = view.sub_depth.min(axis=0), view.sub_depth.max(axis=0)
    mixed = np.isfinite(near) & (far > near + _MIXED)
    return Layered(view, np.full(view.depth.shape, STILL, dtype=np.int32), mixed, ())


def compose(
    below: Layered,
    bodies: Sequence[Placed],
    mount: Mount,
    town: Town,
    around: Surroundings,
    *,
    keep: bool = False,
) -> Layered:
    """Adds bodies, and the shadows that they throw, to a picture.

    Args:
        below: what is there already; it is not changed.
        keep: also fill the four samples of each pixel, so that more can be put over the answer; else they
            are those of `below`.
    """
    views = [view for view in (view_body(body, mount) for body in bodies) if view is not None]
    sky, sunlight = on_still(bodies, mount, below.view.points, town.light)
    depth, owner, touched, label = _order(below, views)
    eye = mount.position.astype(np.float32)
    rough = touched & (_edges(label) | below.mixed) if not keep else touched
    ambient, sun = below.view.ambient * sky[..., None], below.view.sun * sunlight[..., None]
    points = below.view.points.copy()
    whole = _whole_pixels(views, owner, mount)
    fine = _Fine(below.view, rough, views, mount, sky, sunlight)
    shaded = shade([*(part for part, _ in whole), *fine.samples], eye, town, around) if views else None
    first = 0
    if shaded is not None:
        for part, (rows, columns) in whole:
            chosen = slice(first, first + len(part.face))
            first += len(part.face)
            ambient[rows, columns], sun[rows, columns] = shaded.ambient[chosen], shaded.sun[chosen]
            points[rows, columns] = shaded.points[chosen]
        fine.put(ambient, sun, shaded.ambient[first:], shaded.sun[first:])
        if len(views) + len(below.bodies) > 1:
            _shade_each_other(ambient, sun, [view.body for view in views], mount, points, owner, town)
    view = StillView(
        ambient,
        sun,
        below.view.sub_ambient,
        below.view.sub_sun,
        depth,
        below.view.sub_depth,
        below.view.thing,
        points,
        below.view.lamps,
    )
    if keep:
        view.sub_ambient, view.sub_sun, view.sub_depth = fine.planes(below.view, sky, sunlight)
    together = Layered(view, owner, below.mixed, (*below.bodies, *views))
    if keep:
        together.mixed = bare(view).mixed
    return together


def _order(below: Layered, views: Sequence[BodyView]) -> tuple[Floats, Ints, Bits, Ints]:
    """Depth, owner, which pixels a body may touch, and a label that changes where the picture may."""
    height, width = below.owner.shape
    depth, owner, label = below.view.depth.copy(), below.owner.copy(), below.owner.copy()
    touched = np.zeros((height, width), dtype=np.uint8)
    for view in views:
        window = view.inside(width, height)
        if window is None:
            continue
        rows, columns, own_rows, own_columns = window
        hit, far = view.hit[own_rows, own_columns], view.depth[own_rows, own_columns]
        touched[rows, columns] |= hit
        nearer = hit & (far < depth[rows, columns])
        depth[rows, columns][nearer] = far[nearer]
        owner[rows, columns][nearer] = view.body.number
        part = view.body.solid.part[view.face[own_rows, own_columns][nearer]].astype(np.int32)
        label[rows, columns][nearer] = (view.body.number + 1) * 64 + part
    wider = cv2.dilate(touched, np.ones((3, 3), dtype=np.uint8))
    return depth, owner, wider > 0, label


def _shade_each_other(
    ambient: Floats,
    sun: Floats,
    bodies: Sequence[Placed],
    mount: Mount,
    points: Floats,
    owner: Ints,
    town: Town,
) -> None:
    sky, sunlight = on_bodies(bodies, mount, points, owner, town.light)
    ambient *= sky[..., None]
    sun *= sunlight[..., None]


def _edges(label: Ints) -> Bits:
    """Pixels whose label differs from a neighbour's."""
    edge = np.zeros(label.shape, dtype=np.bool_)
    across, down = label[:, 1:] != label[:, :-1], label[1:] != label[:-1]
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    return edge


def _whole_pixels(
    views: Sequence[BodyView], owner: Ints, mount: Mount
) -> list[tuple[Samples, tuple[NDArray[np.intp], NDArray[np.intp]]]]:
    """Samples at the centres of the pixels that each body is seen in, and where those are."""
    found = []
    for view in views:
        window = view.inside(owner.shape[1], owner.shape[0])
        if window is None:
            continue
        rows, columns, own_rows, own_columns = window
        seen = view.hit[own_rows, own_columns] & (owner[rows, columns] == view.body.number)
        y, x = np.nonzero(seen)
        inside = (y + own_rows.start, x + own_columns.start)
        place = (y + rows.start, x + columns.start)
        samples = Samples(
            view.body, view.face[inside], view.uv[inside], mount.rays[place], view.depth[inside]
        )
        found.append((samples, place))
    return found


class _Fine:
    """Four samples in each of the pixels where one is not enough."""

    def __init__(
        self,
        below: StillView,
        rough: Bits,
        views: Sequence[BodyView],
        mount: Mount,
        sky: Floats,
        sunlight: Floats,
    ) -> None:
        self._y, self._x = np.nonzero(rough)
        self._sky, self._sunlight = sky[rough][:, None], sunlight[rough][:, None]
        self._below = below
        count = len(self._y)
        self._depth = below.sub_depth[:, self._y, self._x].copy()
        winner = np.full((4, count), -1, dtype=np.int32)
        centres = np.stack([self._x, self._y], axis=1).astype(np.float64)
        rays = np.stack([mount.rays_through(centres + shift) for shift in SHIFTS]) if count else None
        casts: list[tuple[NDArray[np.intp], Hits, Floats] | None] = []
        for number, view in enumerate(views):
            near = self._near(view)
            if rays is None or not len(near):
                casts.append(None)
                continue
            way = rays[:, near].reshape(-1, 3)
            hits = cast_body(view.body, mount, way)
            distance = hits.distance.reshape(4, -1)
            nearer = distance < self._depth[:, near]
            self._depth[:, near] = np.where(nearer, distance, self._depth[:, near])
            winner[:, near] = np.where(nearer, number, winner[:, near])
            casts.append((near, hits, way))
        self.samples: list[Samples] = []
        self._wins: list[tuple[NDArray[np.intp], NDArray[np.intp]]] = []
        for number, (view, cast) in enumerate(zip(views, casts, strict=True)):
            if cast is None:
                continue
            near, hits, way = cast
            won = winner[:, near] == number
            plane, place = np.nonzero(won)
            flat = plane * len(near) + place
            self.samples.append(
                Samples(view.body, hits.face[flat], hits.uv[flat], way[flat], hits.distance[flat])
            )
            self._wins.append((plane, near[place]))

    def put(self, ambient: Floats, sun: Floats, lit: Floats, sunlit: Floats) -> None:
        """Writes the mean of each pixel's samples into a picture."""
        if not len(self._y):
            return
        self._ambient = self._below.sub_ambient[:, self._y, self._x] * self._sky
        self._sun = self._below.sub_sun[:, self._y, self._x] * self._sunlight
        first = 0
        for plane, place in self._wins:
            chosen = slice(first, first + len(plane))
            first += len(plane)
            self._ambient[plane, place], self._sun[plane, place] = lit[chosen], sunlit[chosen]
        ambient[self._y, self._x] = self._ambient.mean(axis=0)
        sun[self._y, self._x] = self._sun.mean(axis=0)

    def planes(
        self, below: StillView, sky: Floats, sunlight: Floats
    ) -> tuple[NDArray[np.float16], NDArray[np.float16], Floats]:
        """The samples of all pixels: ambient, sun and depth."""
        ambient = (below.sub_ambient * sky[..., None]).astype(np.float16)
        sun, depth = (below.sub_sun * sunlight[..., None]).astype(np.float16), below.sub_depth.copy()
        if len(self._y):
            ambient[:, self._y, self._x], sun[:, self._y, self._x] = self._ambient, self._sun
            depth[:, self._y, self._x] = self._depth
        return ambient, sun, depth

    def _near(self, view: BodyView) -> NDArray[np.intp]:
        """Which of the pixels lie in the body's window, at most one beside it."""
        h, w = view.hit.shape
        solid = cv2.dilate(view.hit.astype(np.uint8), np.ones((3, 3), dtype=np.uint8)) > 0
        x, y = self._x - view.left, self._y - view.top
        inside = (x >= 0) & (x < w) & (y >= 0) & (y < h)
        chosen = np.flatnonzero(inside)
        return chosen[solid[y[chosen], x[chosen]]]
