"""The colour of every still surface, by material."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.synthesis.street import road_surface
from core.synthesis.street.layout import Layout
from core.synthesis.street.noise import PlaneNoise
from core.synthesis.street.soup import Material

Floats = NDArray[np.floating]

_BLOTCHED = (Material.METAL, Material.SIGN, Material.LAMP, Material.FRAME, Material.KERB)


def albedo(
    layout: Layout,
    noise: PlaneNoise,
    points: Floats,
    normals: Floats,
    material: NDArray[np.uint8],
    tint: Floats,
    pixel: Floats,
) -> Floats:
    """(N, 3) linear albedo at points of still surfaces.

    Args:
        points, normals: (N, 3), street frame.
        material, tint: (N,) and (N, 3) of the faces hit.
        pixel: (N,) how many metres a pixel spans at the point.
    """
    colour = tint.copy()
    for kind in np.unique(material):
        chosen = material == kind
        where, base, span = points[chosen], tint[chosen], pixel[chosen]
        x, y, z = where.T
        along = np.where(np.abs(normals[chosen, 1]) > 0.7, x, y)
        if kind == Material.ROAD:
            colour[chosen] = road_surface.asphalt(layout, noise, x, y, base, span)
        elif kind == Material.PAVEMENT:
            colour[chosen] = road_surface.pavement(layout, noise, x, y, base, span)
        elif kind in (Material.PLASTER, Material.CONCRETE):
            colour[chosen] = base * _plaster(noise, along, z, span, slabs=kind == Material.CONCRETE)
        elif kind == Material.BRICK:
            colour[chosen] = _bricks(noise, along, z, base, span)
        elif kind == Material.ROOF:
            rows = 1 - 0.25 * ((z % 0.33) < 0.06) / (1 + (span / 0.08) ** 2)
            colour[chosen] = base * (rows * (1 + 0.12 * noise.layered(x, y, 2.0)))[:, None]
        elif kind == Material.CLOTH:
            stripes = np.where((along % 0.5) < 0.25, 1.0, 0.72)
            colour[chosen] = base * stripes[:, None].astype(np.float32)
        elif kind == Material.SIGN:
            colour[chosen] = _sign(noise, along, z, base)
        elif kind == Material.BARK:
            colour[chosen] = base * (1 + 0.25 * noise.smooth(along * 6, z, 0.8))[:, None]
        elif kind == Material.DISTANCE:
            colour[chosen] = base * (1 + 0.25 * noise.layered(x + y, z * 3, 12.0))[:, None]
        elif kind in _BLOTCHED:
            colour[chosen] = base * (1 + 0.08 * noise.smooth(along, z, 0.5))[:, None]
    return np.clip(colour, 0.004, 0.85)


def _plaster(noise: PlaneNoise, along: Floats, z: Floats, span: Floats, *, slabs: bool) -> Floats:
    gain = 1 + 0.06 * noise.layered(along, z, 6.0) + 0.05 * noise.smooth(along * 5, z * 0.4, 1.2)
    gain -= 0.16 * np.exp(-np.clip(z, 0, None) / 0.5)
    if slabs:
        near = 1 / (1 + (span / 0.05) ** 2)
        joint = ((along % 2.4) < 0.03) | ((z % 1.55) < 0.03)
        gain *= 1 - 0.35 * joint * near
    return np.asarray(gain[:, None], dtype=np.float32)


def _bricks(noise: PlaneNoise, along: Floats, z: Floats, base: Floats, span: Floats) -> Floats:
    near = 1 / (1 + (span / 0.035) ** 2)
    row = np.floor(z / 0.083)
    place = along / 0.25 + 0.5 * (row % 2)
    mortar = ((z % 0.083) < 0.012) | ((place % 1.0) < 0.05)
    gain = 1 + 0.10 * noise.layered(along, z, 5.0) + 0.16 * near * noise.rough(np.floor(place), row, 1.0)
    share = np.where(mortar, 1.0, 0.0) * near + 0.17 * (1 - near)
    grey = np.array([0.36, 0.34, 0.31])
    return np.asarray(base * gain[:, None] * (1 - share[:, None]) + grey * share[:, None], dtype=np.float32)


def _sign(noise: PlaneNoise, along: Floats, z: Floats, base: Floats) -> Floats:
    """Something like lettering: light marks along the middle of a board."""
    letter = (noise.rough(along, 0 * z + 3.0, 0.22) > 0.15) & (noise.rough(along, z, 0.09) > -0.6)
    middle = np.abs(z % 1.0 - 0.5) < 0.22
    light = np.where(base.mean(axis=1, keepdims=True) > 0.35, 0.08, 0.65)
    return np.where((letter & middle)[:, None], light, base).astype(np.float32)
