"""A piece that a person dragged along its line of sight: its pixels, mask, points and fit elsewhere.

Pixels are resampled by a bilinear filter of our own in whole numbers, so that a dragged object has the same
bytes on any machine too.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.compositing.pixels import Layer, Window
from core.errors import CompositeError
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.geometry.masks import empty_patch, tighten
from core.records.fits import Fit, VehicleFit
from core.records.keypoints import KeypointSet
from core.records.masks import MaskPatch
from core.records.recipes import ONE_Q16, Move

_LEAST_SCALE, _MOST_SCALE = ONE_Q16 // 64, ONE_Q16 * 64


def along_sight(camera: Camera, ground: GroundPlane, place_m: tuple[float, float], reach: float) -> Move:
    """How an object's picture changes when it is dragged along the ground, to or from the camera's foot.

    Args:
        place_m: x, y on the ground's own frame where it stands.
        reach: the new distance from the point below the camera, as a share of the old one.

    Raises:
        CompositeError: one of the places is not in front of the camera.
    """
    frame = ground.frame()
    here = np.array([place_m[0], place_m[1], 0.0])
    points = frame.apply(np.stack([here, reach * here]))
    if not (reach > 0 and (points[:, 2] > 0).all()):
        raise CompositeError("That place is not in front of the camera.", "Drag the object farther away.")
    (u, v), (new_u, new_v) = camera.project(points).tolist()
    scale = float(points[0, 2] / points[1, 2])
    return Move(
        round(scale * ONE_Q16),
        round((new_u - scale * u) * ONE_Q16),
        round((new_v - scale * v) * ONE_Q16),
        round(reach * ONE_Q16),
    )


def moved_layer(layer: Layer, move: Move, width: int, height: int) -> Layer:
    """A cut-out's planes where a move takes them, cut to the picture. Its light stays what it was."""
    shade = layer.shade
    if shade is not None:
        gone = Window(shade.x, shade.y, ~shade.values)  # outside there is no shadow: nothing is taken away
        taken = _resampled(gone, move, width, height)
        shade = None if taken is None else Window(taken.x, taken.y, ~taken.values)
    alpha = _resampled(layer.alpha, move, width, height)
    colour = _resampled(layer.colour, move, width, height, edge=True)
    if alpha is None or colour is None:
        nothing = np.zeros((0, 0), np.uint8)
        alpha, colour = Window(0, 0, nothing), Window(0, 0, np.zeros((0, 0, 3), np.uint8))
    return Layer(colour, alpha, shade, layer.compared, layer.light)


def moved_patch(patch: MaskPatch, move: Move, width: int, height: int) -> MaskPatch:
    """A mask where a move takes it, cut to the picture; empty where it leaves it."""
    full = Window(patch.x, patch.y, patch.bits.astype(np.uint8) * np.uint8(255))
    found = _resampled(full, move, width, height)
    return empty_patch() if found is None else tighten(MaskPatch(found.x, found.y, found.values >= 128))


def moved_keypoints(keypoints: KeypointSet, move: Move) -> KeypointSet:
    """Points where a move takes them; their tags stay."""
    scale, dx, dy = (value / ONE_Q16 for value in (move.scale_q16, move.dx_q16, move.dy_q16))
    return replace(
        keypoints,
        points=tuple(
            None if point is None else replace(point, x=point.x * scale + dx, y=point.y * scale + dy)
            for point in keypoints.points
        ),
    )


def moved_fit(fit: Fit, move: Move, up: tuple[float, float, float] | None) -> Fit | None:
    """A fit at its new distance: its place on the ground is farther by the reach, all else as it was.

    The origin of its frame keeps its height above the ground, a body's pelvis as a car's middle. So it goes
    to or from the point at that height above or below the camera, c = (up . t) up of the camera's frame:
    t' = c + reach (t - c).

    Args:
        up: the ground's unit normal in the camera's frame, towards the camera, or None where it is not known;
            a car stands upright on it and needs none.

    Returns:
        None for a body where the ground is not known.
    """
    reach = move.reach_q16 / ONE_Q16
    upright = (*fit.rotation[2::3],) if isinstance(fit, VehicleFit) else up
    if upright is None:
        return None
    height = sum(a * b for a, b in zip(upright, fit.translation, strict=True))
    x, y, z = (
        height * axis + reach * (place - height * axis)
        for axis, place in zip(upright, fit.translation, strict=True)
    )
    place = None if fit.place_m is None else (fit.place_m[0] * reach, fit.place_m[1] * reach)
    return replace(fit, translation=(x, y, z), place_m=place)


def _resampled(window: Window, move: Move, width: int, height: int, *, edge: bool = False) -> Window | None:
    """A plane where a move takes it, between pixels by a bilinear filter.

    Args:
        edge: whether the outermost values go on outside; else there are zeros.

    Returns:
        None where nothing of it is in the picture.

    Raises:
        CompositeError: the scale is none that a picture can have.
    """
    if not _LEAST_SCALE <= move.scale_q16 <= _MOST_SCALE:
        raise CompositeError(
            "An object of this composite is dragged so far that nothing of it can be drawn.",
            "Drag it back, or take it out.",
        )
    if not window.values.size:
        return None
    scale, dx, dy = move.scale_q16, move.dx_q16, move.dy_q16
    while 2 * scale <= ONE_Q16:  # a bilinear filter would skip pixels
        window = _halved(window, edge=edge)
        dx, dy, scale = dx + scale // 2, dy + scale // 2, 2 * scale
    h, w = window.values.shape[:2]
    columns, x = _sources(window.x, w, scale, dx, width)
    rows, y = _sources(window.y, h, scale, dy, height)
    if not (columns.size and rows.size):
        return None
    padded = _padded(window.values, ((1, 1), (1, 1)), edge=edge)
    across = _between(padded, columns, axis=1)
    return Window(x, y, _between(across, rows, axis=0))


def _sources(start: int, size: int, scale: int, d: int, end: int) -> tuple[NDArray[np.int64], int]:
    """For each pixel of the picture that a plane reaches: its place in the padded plane, 16 binary places.

    Returns:
        the places, and the first of those pixels.
    """
    first = max(0, ((start - 1) * scale + d) // ONE_Q16 + 1)
    last = min(end - 1, -((-(start + size) * scale - d) // ONE_Q16) - 1)
    pixels = np.arange(first, last + 1, dtype=np.int64)
    # one over: the plane has a pixel more on each side
    places = (((pixels << 16) - d) << 16) // scale - ((start - 1) << 16)
    inside = (places >= 0) & (places < (size + 1) << 16)
    places = places[inside]
    return places, int(pixels[inside][0]) if places.size else 0


def _between(values: NDArray[np.uint8], places: NDArray[np.int64], *, axis: int) -> NDArray[np.uint8]:
    """Values at places between pixels along one axis, with weights of 8 binary places, rounded half up."""
    before = places >> 16
    shape = [1] * values.ndim
    shape[axis] = -1
    weight = ((places >> 8) & 255).astype(np.uint32).reshape(shape)
    a = np.take(values, before, axis=axis).astype(np.uint32)
    b = np.take(values, before + 1, axis=axis).astype(np.uint32)
    mixed = (a * (np.uint32(256) - weight) + b * weight + np.uint32(128)) >> np.uint32(8)
    return mixed.astype(np.uint8)


def _halved(window: Window, *, edge: bool) -> Window:
    """A plane half as large: means of two by two pixels, rounded half up; pixel k is over 2k and 2k + 1."""
    h, w = window.values.shape[:2]
    left, top = window.x % 2, window.y % 2
    pads = ((top, (top + h) % 2), (left, (left + w) % 2))
    even = _padded(window.values, pads, edge=edge).astype(np.uint16)
    sums = even[0::2, 0::2] + even[0::2, 1::2] + even[1::2, 0::2] + even[1::2, 1::2]
    return Window(window.x // 2, window.y // 2, ((sums + np.uint16(2)) >> np.uint16(2)).astype(np.uint8))


def _padded(
    values: NDArray[np.uint8], pads: tuple[tuple[int, int], tuple[int, int]], *, edge: bool
) -> NDArray[np.uint8]:
    widths = (*pads, (0, 0)) if values.ndim == 3 else pads
    return np.pad(values, widths, mode="edge" if edge else "constant")
