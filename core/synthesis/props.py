"""What stands still in front of the synthetic street's traffic: a tree and a signpost; lamp posts behind."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.synthesis.layers import Color, Layer, LayerBrush
from core.synthesis.light import SUN, shadow_on_ground
from core.synthesis.street_view import StreetView

Array = NDArray[np.float64]

TREE_FOOTPRINT_M = 0.3  # of the trunk: the crown hangs above everyone
POST_FOOTPRINT_M = 0.1

_BARK: Color = (88.0, 72.0, 58.0)
_STEEL: Color = (128.0, 132.0, 136.0)
_LEAVES = 1100
_CROWN_CENTER_M = 4.9
_CROWN_RADII_M = np.array([1.25, 1.25, 1.45])
_SIGN_RADIUS_M = 0.34
_SIGN_HEIGHT_M = 2.55
_SIGN_FACING = np.array([-0.80, -0.60, 0.0])
_SIGN_WHITE: Color = (240.0, 240.0, 236.0)
_SIGN_RED: Color = (186.0, 34.0, 38.0)
_SIGN_BLACK: Color = (34.0, 34.0, 38.0)


def draw_tree(x: float, y: float, view: StreetView, seed: int) -> Layer:
    """A young street tree: a trunk, two boughs and a crown of leaves that lets the street through."""
    foot, fork, crown = np.array([x, y, 0.0]), np.array([x, y, 3.1]), np.array([x, y, _CROWN_CENTER_M])
    leaves, radii = _leaves(crown, seed)
    pixels, depths = view.project(leaves)
    sizes = radii * view.focal_px / depths
    low, high = (pixels - sizes[:, None]).min(axis=0), (pixels + sizes[:, None]).max(axis=0)
    base, _ = view.project(foot)
    brush = LayerBrush(np.minimum(low, base - 20.0), np.maximum(high, base + 20.0))
    for a, b, r_a, r_b in (
        (foot, fork, 0.13, 0.09),
        (fork, crown + np.array([0.6, 0.1, 0.4]), 0.07, 0.03),
        (fork, crown + np.array([-0.5, 0.2, 0.6]), 0.07, 0.03),
    ):
        _pole(brush, a, b, r_a, r_b, _BARK, view)
    # leaves deep in the crown first, so that the lit ones lie on top
    depth_order = np.argsort(-np.linalg.norm(leaves - view.position, axis=1))
    outward = (leaves - crown) / _CROWN_RADII_M
    light = 0.62 + 0.34 * np.clip(outward @ SUN, -0.6, 1.0)
    tint = np.random.default_rng([seed, 5]).normal(0.0, 6.0, (len(leaves), 3))
    for leaf in depth_order:
        red, green, blue = np.array([96.0, 128.0, 58.0]) * light[leaf] + tint[leaf] * [0.8, 1.0, 0.5]
        brush.disc(pixels[leaf], float(sizes[leaf]), (float(red), float(green), float(blue)))
    return brush.finish()


def tree_shadow(x: float, y: float, view: StreetView, seed: int) -> list[tuple[Array, float]]:
    """Polygons (n, 2) in pixels and how dark each is."""
    crown = np.array([x, y, _CROWN_CENTER_M])
    leaves, radii = _leaves(crown, seed)
    circle = np.linspace(0.0, 2.0 * np.pi, 8, endpoint=False)
    ring = np.stack([np.cos(circle), np.sin(circle), np.zeros(8)], axis=-1)
    spots = shadow_on_ground(leaves)[:, None] + ring * radii[:, None, None]
    pixels, _ = view.project(spots)
    trunk, _ = view.project(_strip(np.array([x, y, 0.0]), np.array([x, y, 3.4]), 0.1))
    return [(trunk, 0.42), *((spot, 0.42) for spot in pixels)]


def draw_signpost(x: float, y: float, view: StreetView) -> Layer:
    """A round traffic sign on a pole, turned to the near lane's drivers."""
    foot, top = np.array([x, y, 0.0]), np.array([x, y, _SIGN_HEIGHT_M + _SIGN_RADIUS_M * 0.9])
    across = np.array([_SIGN_FACING[1], -_SIGN_FACING[0], 0.0])
    center = np.array([x, y, _SIGN_HEIGHT_M]) + _SIGN_FACING * 0.07
    parts: list[tuple[Array, Color]] = [
        (_disc_outline(center, across, _SIGN_RADIUS_M * share), color)
        for share, color in ((1.0, _SIGN_WHITE), (0.94, _SIGN_RED), (0.72, _SIGN_WHITE))
    ]
    for shift in (-0.1, 0.1):  # two black strokes stand for the figures
        parts.append((_upright(center + across * shift, across, 0.045, 0.13), _SIGN_BLACK))
    pixels, _ = view.project(np.concatenate([*(outline for outline, _ in parts), np.stack([foot, top])]))
    brush = LayerBrush(pixels.min(axis=0) - 4.0, pixels.max(axis=0) + 4.0)
    _pole(brush, foot, top, 0.05, 0.05, _STEEL, view)
    for outline, color in parts:
        brush.polygon(view.project(outline)[0], color)
    return brush.finish()


def signpost_shadow(x: float, y: float, view: StreetView) -> list[tuple[Array, float]]:
    """Polygons (n, 2) in pixels and how dark each is."""
    foot, center = np.array([x, y, 0.0]), np.array([x, y, _SIGN_HEIGHT_M])
    pole, _ = view.project(_strip(foot, center, 0.05))
    across = np.array([_SIGN_FACING[1], -_SIGN_FACING[0], 0.0])
    plate, _ = view.project(shadow_on_ground(_disc_outline(center, across, _SIGN_RADIUS_M)))
    return [(pole, 0.42), (plate, 0.42)]


def draw_lamp_post(x: float, y: float, view: StreetView) -> Layer:
    """A lamp post with an arm over the road; behind the traffic, part of the backdrop."""
    foot, top = np.array([x, y, 0.0]), np.array([x, y, 7.2])
    head = np.array([x, y - 1.5, 7.4])
    pixels, _ = view.project(np.stack([foot, top, head]))
    brush = LayerBrush(pixels.min(axis=0) - 6.0, pixels.max(axis=0) + 6.0)
    _pole(brush, foot, top, 0.09, 0.06, (84.0, 92.0, 94.0), view)
    _pole(brush, top, head, 0.045, 0.045, (84.0, 92.0, 94.0), view)
    _pole(brush, head, head + np.array([0.0, -0.5, 0.0]), 0.1, 0.07, (210.0, 212.0, 206.0), view)
    return brush.finish()


def lamp_post_shadow(x: float, y: float, view: StreetView) -> list[tuple[Array, float]]:
    """Polygons (n, 2) in pixels and how dark each is."""
    pole, _ = view.project(_strip(np.array([x, y, 0.0]), np.array([x, y, 7.2]), 0.07))
    return [(pole, 0.3)]


def _leaves(crown: Array, seed: int) -> tuple[Array, Array]:
    """(n, 3) places and (n,) radii of tufts of leaves, metres."""
    rng = np.random.default_rng([seed, 4])
    directions = rng.standard_normal((_LEAVES, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    reach = rng.random(_LEAVES) ** 0.45
    lumps = 1.0 + 0.16 * np.sin(directions @ np.array([5.0, 3.0, 4.0])) + 0.1 * np.cos(directions[:, 0] * 9.0)
    places = crown + directions * (reach * lumps)[:, None] * _CROWN_RADII_M
    return places, rng.uniform(0.05, 0.12, _LEAVES)


def _strip(low: Array, high: Array, half_m: float) -> Array:
    """(4, 3) the shadow of a pole on the ground."""
    ends = shadow_on_ground(np.stack([low, high]))
    along = ends[1] - ends[0]
    across = np.array([-along[1], along[0], 0.0]) / np.linalg.norm(along) * half_m
    return np.stack([ends[0] + across, ends[1] + across, ends[1] - across, ends[0] - across])


def _disc_outline(center: Array, across: Array, radius_m: float) -> Array:
    """(n, 3) a circle upright in the plane that holds `across`."""
    angle = np.linspace(0.0, 2.0 * np.pi, 28, endpoint=False)
    up = np.array([0.0, 0.0, 1.0])
    return center + radius_m * (np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * up)


def _upright(center: Array, across: Array, half_width_m: float, half_height_m: float) -> Array:
    """(4, 3) corners of an upright rectangle in the plane that holds `across`."""
    side, up = across * half_width_m, np.array([0.0, 0.0, half_height_m])
    return np.stack([center - side - up, center + side - up, center + side + up, center - side + up])


def _pole(
    brush: LayerBrush, low: Array, high: Array, r_low: float, r_high: float, color: Color, view: StreetView
) -> None:
    """A round pole in three tones, lit from the sun's side."""
    ends, depths = view.project(np.stack([low, high]))
    radii = np.array([r_low, r_high]) * view.focal_px / depths
    along = ends[1] - ends[0]
    across = np.array([-along[1], along[0]]) / max(float(np.hypot(along[0], along[1])), 1e-6)
    lit = 1.0 if (view.rotation @ SUN)[:2] @ across > 0 else -1.0
    for start, stop, tone in ((-1.0, 1.0, 0.66), (-0.4, 0.95, 0.95), (0.1, 0.6, 1.15)):
        a, b = across * start * lit, across * stop * lit
        (low_px, high_px), (r0, r1) = ends, radii
        brush.polygon(
            np.stack([low_px + a * r0, high_px + a * r1, high_px + b * r1, low_px + b * r0]),
            (color[0] * tone, color[1] * tone, color[2] * tone),
        )
