"""The still part of the synthetic street: road, kerbs, pavements, houses and sky, ray-cast once."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.synthesis import street_plan as plan
from core.synthesis.street_view import StreetView

Array = NDArray[np.float32]

_OVERSAMPLING = 3
_LATTICE = 256
_SKY_HIGH = np.array([112.0, 158.0, 210.0], dtype=np.float32)
_SKY_LOW = np.array([206.0, 220.0, 230.0], dtype=np.float32)
_HAZE = np.array([196.0, 208.0, 218.0], dtype=np.float32)
_PLASTERS = np.array(
    [
        [196, 170, 138], [172, 104, 84], [206, 198, 182], [150, 158, 150], [188, 150, 120],
        [214, 206, 190], [142, 92, 76], [178, 182, 186], [204, 184, 146], [160, 132, 112],
    ],
    dtype=np.float32,
)  # fmt: skip
_AWNINGS = np.array([[150, 44, 42], [42, 92, 74], [44, 70, 112], [186, 142, 58]], dtype=np.float32)


def render_backdrop(view: StreetView, seed: int) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB of the street without anything that is drawn in front of it."""
    grain = _Grain(seed)
    scale = _OVERSAMPLING
    u = (np.arange(view.width * scale) + 0.5) / scale - 0.5
    v = (np.arange(view.height * scale) + 0.5) / scale - 0.5
    rays = view.rays(*np.meshgrid(u, v)).astype(np.float32)
    mast = np.float32(view.mast_m)
    to_ground = np.where(rays[..., 2] < -1e-4, -mast / np.minimum(rays[..., 2], -1e-4), np.float32(1e6))
    to_facade = np.where(rays[..., 1] > 1e-4, plan.FACADE_Y / np.maximum(rays[..., 1], 1e-4), np.float32(1e6))
    picture = _sky(rays)
    on_ground = to_ground < to_facade
    reach = to_ground[on_ground]
    x, y = rays[on_ground, 0] * reach, rays[on_ground, 1] * reach
    pixel_m = np.asarray(reach / view.focal_px, dtype=np.float32)
    picture[on_ground] = _hazy(_ground(x, y, pixel_m, grain), reach)
    up = mast + rays[..., 2] * to_facade
    x_wall = rays[..., 0] * to_facade
    on_wall = ~on_ground & (to_facade < 400.0)
    wall_x, wall_z, wall_reach = x_wall[on_wall], up[on_wall], to_facade[on_wall]
    colors, solid = _houses(wall_x, wall_z, grain)
    picture[on_wall] = np.where(solid[:, None], _hazy(colors, wall_reach), picture[on_wall])
    small = cv2.resize(picture, (view.width, view.height), interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(small, 0, 255), dtype=np.uint8)


class _Grain:
    """Smooth noise over the plane from a fixed lattice, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._lattice = (
            np.random.default_rng([seed, 77]).standard_normal((_LATTICE, _LATTICE)).astype(np.float32)
        )

    def at(self, a: Array, b: Array, size_m: float) -> Array:
        """Noise of unit variance at the lattice points, with grains of a size in metres."""
        a, b = a / np.float32(size_m), b / np.float32(size_m)
        a0, b0 = np.floor(a), np.floor(b)
        fa, fb = a - a0, b - b0
        fa, fb = fa * fa * (3 - 2 * fa), fb * fb * (3 - 2 * fb)
        i, j = a0.astype(np.int64) % _LATTICE, b0.astype(np.int64) % _LATTICE
        i1, j1 = (i + 1) % _LATTICE, (j + 1) % _LATTICE
        low = self._lattice[i, j] * (1 - fa) + self._lattice[i1, j] * fa
        high = self._lattice[i, j1] * (1 - fa) + self._lattice[i1, j1] * fa
        return np.asarray(low * (1 - fb) + high * fb, dtype=np.float32)

    def pick(self, cells: NDArray[np.int64], salt: int, count: int) -> NDArray[np.int64]:
        """A whole number below count for each cell, the same for the same cell."""
        value = self._lattice[cells % _LATTICE, salt % _LATTICE]
        return (np.abs(value) * 1000).astype(np.int64) % count


def _sky(rays: Array) -> Array:
    climb = rays[..., 2] / np.linalg.norm(rays, axis=-1)
    share = np.clip(climb / 0.22, 0.0, 1.0)[..., None]
    return np.asarray(_SKY_LOW + share * (_SKY_HIGH - _SKY_LOW), dtype=np.float32)


def _hazy(colors: Array, reach: Array) -> Array:
    """Far things fade into the air."""
    share = (1.0 - np.exp(-np.maximum(reach - 25.0, 0.0) / 190.0))[:, None]
    return np.asarray(colors + share * (_HAZE - colors), dtype=np.float32)


def _band(value: Array, low: float, high: float) -> NDArray[np.bool_]:
    return (value >= low) & (value < high)


def _fading(value: Array, size_m: float, pixel_m: Array) -> Array:
    """Texture loses contrast where a pixel covers more than one grain."""
    return np.asarray(value * np.clip(size_m / pixel_m, 0.0, 1.0), dtype=np.float32)


def _ground(x: Array, y: Array, pixel_m: Array, grain: _Grain) -> Array:
    """(n, 3) RGB of points on the ground; pixel_m is the size of a pixel there."""
    colors = np.empty((x.size, 3), dtype=np.float32)
    speckle = _fading(grain.at(x, y, 0.035), 0.035, pixel_m * 0.5) * 6.0
    patches = grain.at(x, y, 3.1) * 3.0 + grain.at(x + 51.0, y, 0.7) * 2.2
    asphalt = 96.0 + speckle + patches
    for lane in (plan.NEAR_LANE_Y, plan.FAR_LANE_Y):
        for track in (-0.78, 0.78):  # where tyres have polished the lane
            asphalt = asphalt - 5.0 * np.exp(-(((y - lane - track) / 0.26) ** 2))
    colors[:] = asphalt[:, None] * np.array([0.985, 1.0, 1.03], dtype=np.float32)
    bay = _band(y, plan.FAR_ROAD_EDGE_Y, plan.FAR_KERB_Y)
    colors[bay] = (112.0 + speckle + patches)[bay, None] * np.array([1.02, 1.0, 0.96], dtype=np.float32)
    worn = 0.86 + 0.07 * grain.at(x, y, 0.16)
    paint = _band(y, plan.MIDDLE_Y - 0.07, plan.MIDDLE_Y + 0.07) & (np.mod(x, 6.0) < 3.0)
    paint |= _band(y, plan.FAR_ROAD_EDGE_Y - 0.06, plan.FAR_ROAD_EDGE_Y + 0.06)
    paint |= bay & (np.mod(x - 0.6, 6.2) < 0.12)
    paint |= _band(y, plan.NEAR_KERB_Y + 0.32, plan.NEAR_KERB_Y + 0.44)
    colors[paint] = colors[paint] + worn[paint, None] * (np.float32(216.0) - colors[paint])
    gutter = _band(y, plan.NEAR_KERB_Y + 0.05, plan.NEAR_KERB_Y + 0.25) | _band(
        y, plan.FAR_KERB_Y - 0.25, plan.FAR_KERB_Y - 0.05
    )
    colors[gutter] *= np.float32(0.84)
    for kerb, away in ((plan.NEAR_KERB_Y, -1.0), (plan.FAR_KERB_Y, 1.0)):
        stone = _band((y - kerb) * away, -0.05, 0.22)
        joint = np.where(np.mod(x, 1.0) < 0.03, 0.8, 1.0)
        colors[stone] = ((168.0 + 4.0 * grain.at(x, y, 0.2)) * joint)[stone, None] * np.array(
            [1.0, 0.99, 0.95], dtype=np.float32
        )
    pavement = (y < plan.NEAR_KERB_Y - 0.22) | (y > plan.FAR_KERB_Y + 0.22)
    slabs = _slabs(x, y, pixel_m, grain) + speckle
    colors[pavement] = slabs[pavement, None] * np.array([1.02, 0.995, 0.95], dtype=np.float32)
    # the houses' feet lie in a little shade
    feet = np.clip((y - (plan.FACADE_Y - 1.0)) / 1.0, 0.0, 1.0) * 0.16
    return np.asarray(colors * (1.0 - feet)[:, None], dtype=np.float32)


def _slabs(x: Array, y: Array, pixel_m: Array, grain: _Grain) -> Array:
    """Grey of paving slabs of 0.6 m, each of its own tone, with joints."""
    row = np.floor(y / 0.6)
    column = np.floor(x / 0.6 + 0.5 * np.mod(row, 2.0))
    tone = grain.at(column * 7.0 + 0.5, row * 3.0 + 0.5, 1.0) * 4.5
    in_x = np.mod(x / 0.6 + 0.5 * np.mod(row, 2.0), 1.0)
    in_y = np.mod(y / 0.6, 1.0)
    joint = (in_x < 0.035) | (in_y < 0.035)
    dark = np.where(joint, -22.0, 0.0).astype(np.float32)
    return np.asarray(150.0 + _fading(tone, 0.6, pixel_m) + _fading(dark, 0.05, pixel_m), dtype=np.float32)


def _houses(x: Array, z: Array, grain: _Grain) -> tuple[Array, NDArray[np.bool_]]:
    """(n, 3) RGB of points on the row of houses, and where there is one at all."""
    width = 8.4
    house = np.floor(x / width).astype(np.int64)
    in_x = x - house * width
    storeys = 1 + grain.pick(house, 3, 3)
    floor_m, plinth = 3.05, 3.6  # the ground floor is a shop's
    top = plinth + storeys * floor_m + 0.5 + 0.12 * grain.pick(house, 9, 5)
    color = _PLASTERS[grain.pick(house, 1, len(_PLASTERS))].copy()
    rough = grain.at(x, z, 0.5) * 2.5 + grain.at(x, z, 0.11) * 2.0
    color += rough[:, None]
    above = np.clip(z - plinth, 0.0, None)
    bays = 3 + grain.pick(house, 5, 2)
    bay = in_x / width * bays
    in_bay = (bay - np.floor(bay) - 0.5) * (width / bays)
    in_floor = np.mod(above, floor_m)
    upstairs = z > plinth
    frame = upstairs & (np.abs(in_bay) < 0.66) & _band(in_floor, 0.72, 2.48)
    pane = upstairs & (np.abs(in_bay) < 0.55) & _band(in_floor, 0.82, 2.38)
    cross = (np.abs(in_bay) < 0.03) | (np.abs(in_floor - 1.75) < 0.03)
    sill = upstairs & (np.abs(in_bay) < 0.78) & _band(in_floor, 0.60, 0.72)
    cell = house * 64 + np.floor(bay).astype(np.int64) * 8 + np.floor(above / floor_m).astype(np.int64)
    glow = (grain.pick(cell, 21, 7) / 6.0).astype(np.float32)
    glass = np.array([62.0, 76.0, 92.0], dtype=np.float32) + glow[:, None] * 46.0 + (in_floor * 9.0)[:, None]
    color[frame] = np.array([226.0, 224.0, 216.0], dtype=np.float32)
    color[pane & ~cross] = glass[pane & ~cross]
    color[sill] = np.array([206.0, 200.0, 188.0], dtype=np.float32)
    band = _band(z, plinth - 0.28, plinth)
    color[band] = color[band] * 0.82
    color = _shops(color, house, in_x, z, width, grain)
    cornice = _band(z, 0.0, 1e9) & (z > top - 0.36)
    color[cornice] = color[cornice] * 0.55 + 100.0
    under = _band(z, 0.0, 1e9) & _band(top - z, 0.36, 0.52)
    color[under] *= np.float32(0.78)
    seam = in_x < 0.12
    color[seam] *= np.float32(0.86)
    return np.asarray(color, dtype=np.float32), (z < top) & (z >= 0)


def _shops(
    color: Array, house: NDArray[np.int64], in_x: Array, z: Array, width: float, grain: _Grain
) -> Array:
    """Shop windows, doors and awnings on the ground floor; a plain wall where a house has no shop."""
    shop = grain.pick(house, 13, 5) < 3
    window = shop & _band(z, 0.55, 2.5) & _band(in_x, 0.7, width - 2.3)
    mullion = np.mod(in_x - 0.7, 1.35) < 0.07
    lit = 72.0 + 14.0 * grain.at(in_x + house * 3.0, z, 0.6) + 10.0 * z
    color[window] = lit[window, None] * np.array([0.92, 1.0, 1.08], dtype=np.float32)
    color[window & mullion] = 54.0
    door = _band(z, 0.0, 2.35) & _band(in_x, width - 1.8, width - 0.8)
    color[door] = np.array([70.0, 58.0, 50.0], dtype=np.float32)
    color[door & _band(z, 0.9, 2.2) & _band(in_x, width - 1.62, width - 0.98)] = np.array(
        [88.0, 104.0, 118.0], dtype=np.float32
    )
    awning = shop & _band(z, 2.5, 3.15) & _band(in_x, 0.4, width - 2.0)
    cloth = _AWNINGS[grain.pick(house, 17, len(_AWNINGS))]
    stripe = (np.mod(in_x, 0.9) < 0.45)[:, None]
    sloped = (1.05 - 0.25 * (3.15 - z) / 0.65)[:, None]
    painted = np.where(stripe, cloth, np.float32(226.0)) * sloped
    color[awning] = painted[awning]
    return color
