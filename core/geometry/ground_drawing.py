"""What is drawn over a frame to judge a calibration by eye: horizon, metric grid, sticks of a man's height.

Lines come out as polylines in pixels, clipped to the picture, and curved where the lens curves them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane

Array = NDArray[np.float64]

STICK_M = 1.75
_NEAREST_M = 0.05
_CURVE_POINTS = 49
_BORDER = np.linspace(0.0, 1.0, 9)


def horizon_lines(camera: Camera, plane: GroundPlane) -> list[Array]:
    """The horizon as (n, 2) polylines, pixels; none where it lies outside the picture."""
    a, b, c = plane.normal
    steepness = a * a + b * b
    if steepness < 1e-18:
        return []
    foot = np.array([-a * c, -b * c]) / steepness
    along = np.array([-b, a]) / np.sqrt(steepness)
    reach = np.linalg.norm(foot) + np.abs(_window(camera)).sum()
    return _through_the_lens(camera, (foot - reach * along)[None], (foot + reach * along)[None])


def grid_lines(
    camera: Camera, plane: GroundPlane, spacing_m: float = 5.0, ahead_m: float = 80.0, aside_m: float = 30.0
) -> list[Array]:
    """A grid on the ground, squared to where the camera looks.

    Args:
        spacing_m: between lines. ahead_m: how far it reaches from below the camera. aside_m: to each side.

    Returns:
        (n, 2) polylines, pixels.
    """
    ahead = spacing_m * np.arange(int(ahead_m / spacing_m + 1e-9) + 1)
    half = int(aside_m / spacing_m + 1e-9)
    aside = spacing_m * np.arange(-half, half + 1)
    # behind the camera's foot too: a camera that looks steeply down sees it
    back, front, side = -ahead_m / 4, float(ahead[-1]), float(aside[-1])
    starts = [(back, y, 0.0) for y in aside] + [(x, -side, 0.0) for x in ahead]
    ends = [(front, y, 0.0) for y in aside] + [(x, side, 0.0) for x in ahead]
    return space_lines(camera, plane.frame().apply(starts), plane.frame().apply(ends))


def stick_lines(
    camera: Camera, plane: GroundPlane, places: ArrayLike, height_m: float = STICK_M
) -> list[Array]:
    """Upright sticks on the ground, the size of a man.

    Args:
        places: (n, 2) x and y in the ground's own frame, metres.

    Returns:
        A (k, 2) polyline from foot to top for each stick of which something is in the picture, pixels.
    """
    spots = np.asarray(places, dtype=np.float64).reshape(-1, 2)
    feet = np.concatenate([spots, np.zeros((len(spots), 1))], axis=1)
    return space_lines(
        camera, plane.frame().apply(feet), plane.frame().apply(feet + np.array([0.0, 0.0, height_m]))
    )


def stick_at_pixel(
    camera: Camera, plane: GroundPlane, pixel: ArrayLike, height_m: float = STICK_M
) -> list[Array]:
    """The stick whose foot is at a pixel (2,).

    Raises:
        AboveHorizonError: where the pixel sees no ground.
    """
    foot = plane.points(camera, pixel)
    return space_lines(camera, foot[None], (foot + height_m * plane.normal)[None])


def space_lines(camera: Camera, starts: ArrayLike, ends: ArrayLike) -> list[Array]:
    """Straight lines in space as the camera sees them.

    Args:
        starts, ends: (n, 3), camera frame, metres.

    Returns:
        (k, 2) polylines, pixels; none for a line that is out of sight.
    """
    first = np.asarray(starts, dtype=np.float64)
    last = np.asarray(ends, dtype=np.float64)
    depth, rise = first[:, 2], last[:, 2] - first[:, 2]
    ahead = np.maximum(first[:, 2], last[:, 2]) > _NEAREST_M
    first, last, depth, rise = first[ahead], last[ahead], depth[ahead], rise[ahead]
    crossing = np.divide(_NEAREST_M - depth, rise, out=np.zeros_like(depth), where=rise != 0)[:, None]
    cut = first + crossing * (last - first)
    near_start = (depth < _NEAREST_M)[:, None]
    near_end = (last[:, 2] < _NEAREST_M)[:, None]
    first, last = np.where(near_start, cut, first), np.where(near_end, cut, last)
    return _through_the_lens(camera, first[:, :2] / first[:, 2:], last[:, :2] / last[:, 2:])


def clip_polyline(points: Array, low: ArrayLike, high: ArrayLike) -> list[Array]:
    """The parts of a polyline that lie in a rectangle.

    Args:
        points: (n, 2); a point with NaN parts the line. low, high: (2,) the rectangle's corners.

    Returns:
        (k, 2) polylines with k >= 2.
    """
    first, last = points[:-1], points[1:]
    enter, leave = _clip(first, last, np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64))
    inside = np.flatnonzero(leave > enter)
    if not len(inside):
        return []
    follows = (np.diff(inside) == 1) & (leave[inside[:-1]] == 1.0) & (enter[inside[1:]] == 0.0)
    way = last - first
    return [
        np.concatenate(
            [
                [first[run[0]] + enter[run[0]] * way[run[0]]],
                last[run[:-1]],
                [first[run[-1]] + leave[run[-1]] * way[run[-1]]],
            ]
        )
        for run in np.split(inside, np.flatnonzero(~follows) + 1)
    ]


def _clip(first: Array, last: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """Shares of the way at which segments (n, 2) enter and leave a rectangle (Liang and Barsky 1984)."""
    way = last - first
    with np.errstate(divide="ignore", invalid="ignore"):
        at_low, at_high = (low - first) / way, (high - first) / way
        still = way == 0
        inside = (first >= low) & (first <= high)
        enter = np.where(still, np.where(inside, -np.inf, np.inf), np.minimum(at_low, at_high))
        leave = np.where(still, np.where(inside, np.inf, -np.inf), np.maximum(at_low, at_high))
    return np.maximum(enter.max(axis=1), 0.0), np.minimum(leave.min(axis=1), 1.0)


def _window(camera: Camera) -> Array:
    """(2, 2) lowest and highest coordinates that the picture has one metre before the camera."""
    grid = np.stack(np.meshgrid(_BORDER * camera.width, _BORDER * camera.height), axis=-1) - 0.5
    rays = camera.unproject(grid)[..., :2].reshape(-1, 2)
    low, high = np.nanmin(rays, axis=0), np.nanmax(rays, axis=0)
    margin = 0.05 * (high - low) if camera.is_distorted else 0.0
    return np.stack([low - margin, high + margin])


def _through_the_lens(camera: Camera, starts: Array, ends: Array) -> list[Array]:
    """Straight lines one metre before the camera, (n, 2) to (n, 2), as polylines in the picture."""
    low, high = _window(camera)
    enter, leave = _clip(starts, ends, low, high)
    seen = leave > enter
    starts, ends, enter, leave = starts[seen], ends[seen], enter[seen], leave[seen]
    shares = np.linspace(0.0, 1.0, _CURVE_POINTS if camera.is_distorted else 2)[:, None]
    edges = np.array([[-0.5, -0.5], [camera.width - 0.5, camera.height - 0.5]])
    way = (enter + (leave - enter) * shares).T[..., None]
    ideal = starts[:, None] + way * (ends - starts)[:, None]
    pixels = camera.project(np.concatenate([ideal, np.ones((*ideal.shape[:-1], 1))], axis=-1))
    return [piece for line in pixels for piece in clip_polyline(line, *edges)]


def standard_places(distances_m: Sequence[float] = (10.0, 20.0, 40.0, 80.0), aside_m: float = 4.0) -> Array:
    """(n, 2) places on the ground for sticks: straight ahead and to both sides, at some distances."""
    return np.array([(x, y) for x in distances_m for y in (-aside_m, 0.0, aside_m)])
