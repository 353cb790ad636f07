"""The road's colour: asphalt with patches, cracks, tyre tracks and worn markings; slabs on the pavements."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.synthesis.street.ground import pavement_depth
from core.synthesis.street.layout import END, START, Layout
from core.synthesis.street.noise import PlaneNoise

Floats = NDArray[np.floating]

_PAINT = np.array([0.52, 0.52, 0.50], dtype=np.float32)
_EARTH = np.array([0.10, 0.115, 0.06], dtype=np.float32)
_LINE = 0.13


def asphalt(layout: Layout, noise: PlaneNoise, x: Floats, y: Floats, tint: Floats, pixel: Floats) -> Floats:
    """(N, 3) linear albedo of the road.

    Args:
        x, y: (N,) where, street frame, metres.
        tint: (N, 3) albedo of the bare asphalt.
        pixel: (N,) how many metres a pixel spans there; finer detail is left out.
    """
    near = 1 / (1 + (pixel / 0.04) ** 2)
    gain = 1 + 0.10 * noise.layered(x, y, 9.0) + 0.05 * noise.smooth(x, y, 0.7)
    gain += near * (0.10 * noise.rough(x, y, 0.03) + 0.06 * noise.rough(x, y, 0.11))
    on_main = (np.abs(y) < layout.road_half) & ~_in_junction(layout, x)
    gain *= np.where(on_main, _tracks(layout, noise, x, y), 1.0)
    gain *= _patches(layout, x, y, pixel)
    crack = np.abs(noise.layered(x + 31, y, 2.6, 4))
    wide = 0.030 + pixel * 0.35
    gain *= 1 - 0.45 * np.exp(-((crack / wide) ** 2)) * near * (noise.smooth(x, y, 14.0) > 0.2)
    colour = tint * gain[:, None].astype(np.float32)
    worn = 0.80 + 0.16 * noise.layered(x, y, 0.9) + 0.08 * near * noise.rough(x, y, 0.05)
    worn *= 0.85 + 0.15 * _tracks(layout, noise, x, y)
    cover = (_markings(layout, x, y, pixel) * np.clip(worn, 0.25, 0.97))[:, None]
    colour = colour * (1 - cover) + _PAINT * cover
    outside = (x < START - 5) | (x > END + 5) | (np.abs(y) > 90)
    return np.where(outside[:, None], _EARTH * gain[:, None], colour).astype(np.float32)


def pavement(layout: Layout, noise: PlaneNoise, x: Floats, y: Floats, tint: Floats, pixel: Floats) -> Floats:
    """(N, 3) linear albedo of the pavements: kerbstones, then slabs; grass behind the houses."""
    near = 1 / (1 + (pixel / 0.05) ** 2)
    gain = 1 + 0.09 * noise.layered(x, y, 5.0) + 0.05 * near * noise.rough(x, y, 0.04)
    row = np.floor(y / 0.4)
    gain += 0.07 * near * noise.rough(np.floor(x / 0.4 + 0.5 * (row % 2)), row, 1.0)
    joint = _line((x / 0.4 + 0.5 * (row % 2)) % 1.0 * 0.4, 0.012, pixel) + _line(y % 0.4, 0.012, pixel)
    inside = pavement_depth(layout, x, y)
    slabs = tint * (gain * (1 - 0.45 * np.clip(joint, 0, 1)))[:, None]
    kerb = np.array([0.37, 0.37, 0.36]) * (1 + 0.08 * noise.smooth(x, y, 0.8))[:, None]
    colour = np.where((inside < 0.16)[:, None], kerb, slabs)
    behind = inside > layout.pavement + 0.1
    yard = np.array([0.15, 0.15, 0.14]) * (1 + 0.12 * noise.layered(x, y, 4.0))[:, None]
    return np.where(behind[:, None], yard, colour).astype(np.float32)


def _in_junction(layout: Layout, x: Floats) -> NDArray[np.bool_]:
    return np.abs(x - layout.side_x) < layout.side_half + layout.corner * 0.4


def _line(offset: Floats, width: float, pixel: Floats) -> Floats:
    """How much of a pixel a line covers whose middle is `offset` away."""
    soft = np.maximum(pixel, 0.01)
    return np.clip((width / 2 - np.abs(offset)) / soft + 0.5, 0, 1) * np.minimum(1.0, width / soft)


def _tracks(layout: Layout, noise: PlaneNoise, x: Floats, y: Floats) -> Floats:
    """Tyres polish two strips of a lane and oil darkens its middle."""
    place = (np.abs(y) - layout.median / 2) / layout.lane
    across = (place - np.floor(place) - 0.5) * layout.lane
    strength = np.where((place > 0) & (place < layout.lanes), 1.0 + 0.4 * noise.smooth(x, y, 12.0), 0.0)
    polish = np.exp(-(((np.abs(across) - 0.78) / 0.28) ** 2))
    oil = np.exp(-((across / 0.35) ** 2))
    return np.asarray(1 + strength * (0.07 * polish - 0.11 * oil), dtype=np.float32)


def _patches(layout: Layout, x: Floats, y: Floats, pixel: Floats) -> Floats:
    """Repairs: rectangles of other asphalt with a seam of tar, manhole covers, and a joint between lanes."""
    rng = np.random.default_rng([layout.seed, 61])
    gain = np.ones_like(x)
    for _ in range(26):
        length, width = float(rng.uniform(1.0, 9.0)), float(rng.uniform(0.7, 3.2))
        middle_x, middle_y = float(rng.uniform(-10, 120)), float(rng.uniform(-1, 1)) * layout.road_half
        level = float(rng.choice([0.72, 0.8, 0.86, 1.12, 1.2]))
        edge = np.maximum(np.abs(x - middle_x) - length / 2, np.abs(y - middle_y) - width / 2)
        gain *= 1 + (level - 1) * np.clip(0.5 - edge / np.maximum(pixel, 0.02), 0, 1)
        gain *= 1 - 0.35 * _line(edge, 0.05, pixel)
    for _ in range(12):
        middle_x, middle_y = float(rng.uniform(0, 90)), float(rng.uniform(-1, 1)) * layout.driven_half
        away = np.hypot(x - middle_x, y - middle_y)
        gain *= 1 - 0.40 * np.clip(0.5 - (away - 0.33) / np.maximum(pixel, 0.02), 0, 1)
        gain *= 1 + 0.5 * _line(away - 0.36, 0.05, pixel)
    for boundary in range(1, layout.lanes):
        gain *= 1 - 0.25 * _line(np.abs(y) - layout.median / 2 - boundary * layout.lane - 0.2, 0.03, pixel)
    return gain


def _markings(layout: Layout, x: Floats, y: Floats, pixel: Floats) -> Floats:
    """How much of a pixel is painted."""
    inner, outer = layout.median / 2, layout.driven_half
    far = np.abs(y)
    before = (x > START) & (x < layout.stop_x(1))
    after = (x > layout.stop_x(-1)) & (x < END)
    along = before | after
    paint = along * (_line(far - inner - _LINE / 2, _LINE, pixel))
    for boundary in range(1, layout.lanes):
        to_stop = np.where(y < 0, layout.stop_x(1) - x, x - layout.stop_x(-1))
        solid = (to_stop > 0) & (to_stop < 18)
        dash = solid | ((x % 7.5) < 3.0)
        paint = np.maximum(paint, along * dash * _line(far - inner - boundary * layout.lane, _LINE, pixel))
    paint = np.maximum(paint, along * ((x % 3.0) < 1.2) * _line(far - outer, _LINE, pixel))
    lanes = (far > inner) & (far < outer)
    for direction in (1, -1):
        stop = layout.stop_x(direction)
        paint = np.maximum(
            paint, (lanes & (y * direction < 0)) * _line(x - stop - 0.25 * direction, 0.5, pixel)
        )
    first, last = layout.crossing
    stripes = (x > first) & (x < last) & (far < layout.road_half) & ((y % 1.0) < 0.5)
    paint = np.maximum(paint, stripes * 1.0)
    return np.maximum(paint, np.maximum(_side_markings(layout, x, y, pixel), _arrows(layout, x, y)))


def _side_markings(layout: Layout, x: Floats, y: Floats, pixel: Floats) -> Floats:
    along = np.abs(y) > layout.side_stop
    middle = along * ((y % 4.5) < 2.5) * _line(x - layout.side_x, _LINE, pixel)
    across = x - layout.side_x
    own = np.where(y < 0, across > 0, across < 0) & (np.abs(across) < layout.side_half)
    return np.maximum(middle, own * _line(np.abs(y) - layout.side_stop, 0.45, pixel))


def _arrows(layout: Layout, x: Floats, y: Floats) -> Floats:
    """Straight-on arrows in the lanes before the stop lines."""
    paint = np.zeros_like(x)
    for direction in (1, -1):
        for lane in range(layout.lanes):
            across = np.abs(y - layout.lane_y(lane, direction))
            for back in (9.0, 30.0):
                ahead = (x - layout.stop_x(direction)) * direction + back
                shaft = (ahead > -2.6) & (ahead < 0) & (across < 0.08)
                head = (ahead >= 0) & (ahead < 1.3) & (across < 0.33 * (1.3 - ahead) / 1.3)
                paint = np.maximum(paint, (shaft | head) * 1.0)
    return paint
