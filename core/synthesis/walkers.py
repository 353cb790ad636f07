"""People who walk along the synthetic street, drawn limb by limb."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.synthesis.layers import Color, Layer, LayerBrush
from core.synthesis.light import SUN, shadow_on_ground
from core.synthesis.street_view import StreetView

Array = NDArray[np.float64]

FOOTPRINT_M = 0.36
_STRIDE_M = 1.45
# a rounded look: how far towards the sun, how wide and how bright each band of a limb is
_BANDS = ((0.0, 1.0, 0.74), (0.2, 0.8, 0.98), (0.42, 0.42, 1.14))
_THIN_PX = 1.5


@dataclass(frozen=True, slots=True)
class Outfit:
    """How a person looks.

    Attributes:
        height_m: from the ground to the crown.
        skin, hair, top, trousers, shoes: RGB.
        bag: RGB of a shoulder bag, or None.
    """

    height_m: float
    skin: Color
    hair: Color
    top: Color
    trousers: Color
    shoes: Color
    bag: Color | None


@dataclass(frozen=True, slots=True, eq=False)
class WalkerPose:
    """Where a person is.

    Attributes:
        x, y: on the ground in the street's frame, metres.
        heading: 1 along the street's X, -1 against it.
        walked_m: how far they have walked, which swings their limbs.
    """

    x: float
    y: float
    heading: int
    walked_m: float


@dataclass(frozen=True, slots=True, eq=False)
class _Limb:
    """A tapered tube between two points (3,), metres."""

    start: Array
    end: Array
    start_radius: float
    end_radius: float
    color: Color


def draw_walker(outfit: Outfit, pose: WalkerPose, view: StreetView) -> Layer:
    """A person as the view sees them, without their shadow."""
    limbs = _limbs(outfit, pose)
    limbs.sort(key=lambda limb: -float(np.linalg.norm((limb.start + limb.end) / 2.0 - view.position)))
    ends, depths = view.project(np.array([[limb.start, limb.end] for limb in limbs]))
    radii = np.array([[limb.start_radius, limb.end_radius] for limb in limbs]) * view.focal_px / depths
    low = (ends - radii[..., None]).reshape(-1, 2).min(axis=0)
    high = (ends + radii[..., None]).reshape(-1, 2).max(axis=0)
    brush = LayerBrush(low, high)
    lit = _towards_light(view)
    for limb, (start, end), (r_start, r_end) in zip(limbs, ends, radii, strict=True):
        bands = _BANDS if max(r_start, r_end) > _THIN_PX else _BANDS[:2]
        for shift, share, tone in bands:
            _tube(
                brush,
                start + lit * r_start * shift,
                end + lit * r_end * shift,
                float(r_start) * share,
                float(r_end) * share,
                (limb.color[0] * tone, limb.color[1] * tone, limb.color[2] * tone),
            )
    return brush.finish()


def walker_shadow(outfit: Outfit, pose: WalkerPose, view: StreetView) -> list[tuple[Array, float]]:
    """Polygons (n, 2) in pixels and how dark each is."""
    limbs = _limbs(outfit, pose)
    ends = shadow_on_ground(np.array([[limb.start, limb.end] for limb in limbs]))
    along = ends[:, 1, :2] - ends[:, 0, :2]
    across = np.zeros((len(limbs), 3))
    across[:, 0], across[:, 1] = -along[:, 1], along[:, 0]
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6)
    radii = np.array([[limb.start_radius, limb.end_radius] for limb in limbs])
    start, end = (across * radii[:, which : which + 1] for which in (0, 1))
    corners = np.stack([ends[:, 0] + start, ends[:, 1] + end, ends[:, 1] - end, ends[:, 0] - start], axis=1)
    pixels, _ = view.project(corners)
    return [(polygon, 0.42) for polygon in pixels]


def _limbs(outfit: Outfit, pose: WalkerPose) -> list[_Limb]:
    """Head, trunk, arms and legs at this moment of the stride."""
    h = outfit.height_m
    phase = 2.0 * np.pi * pose.walked_m / _STRIDE_M
    bob = 0.012 * h * np.cos(2.0 * phase)
    hip_z, shoulder_z, neck_z, head_z = 0.52 * h + bob, 0.81 * h + bob, 0.86 * h + bob, 0.925 * h + bob

    def at(forward: float, left: float, up: float) -> Array:
        """A point of the body in the street's frame."""
        return np.array([pose.x + pose.heading * forward, pose.y + pose.heading * left, up])

    chest = at(0.015 * h, 0.0, shoulder_z - 0.05 * h)
    belt = at(0.0, 0.0, hip_z + 0.04 * h)
    limbs = [
        _Limb(at(0.0, 0.0, hip_z - 0.02 * h), belt, 0.092 * h, 0.088 * h, outfit.trousers),
        _Limb(belt, chest, 0.086 * h, 0.108 * h, outfit.top),
        _Limb(chest, at(0.015 * h, 0.0, neck_z), 0.1 * h, 0.034 * h, outfit.top),
        _Limb(
            at(0.025 * h, 0.0, head_z - 0.02 * h), at(0.03 * h, 0.0, head_z), 0.05 * h, 0.058 * h, outfit.skin
        ),
        _Limb(
            at(0.012 * h, 0.0, head_z + 0.018 * h),
            at(0.005 * h, 0.0, head_z + 0.012 * h),
            0.056 * h,
            0.058 * h,
            outfit.hair,
        ),
    ]
    for side, offset in ((1.0, 0.0), (-1.0, np.pi)):
        swing = 0.42 * np.sin(phase + offset)
        bend = 0.55 * max(0.0, np.sin(phase + offset + 2.0))
        hip = at(0.0, side * 0.05 * h, hip_z)
        knee_f = 0.25 * h * np.sin(swing)
        knee_up = hip_z - 0.25 * h * np.cos(swing)
        foot_f = knee_f + 0.25 * h * np.sin(swing - bend)
        foot_up = max(knee_up - 0.25 * h * np.cos(swing - bend), 0.03 * h)
        knee, foot = at(knee_f, side * 0.05 * h, knee_up), at(foot_f, side * 0.05 * h, foot_up)
        toe = at(foot_f + 0.09 * h, side * 0.055 * h, foot_up - 0.01 * h)
        limbs += [
            _Limb(hip, knee, 0.062 * h, 0.042 * h, outfit.trousers),
            _Limb(knee, foot, 0.042 * h, 0.03 * h, outfit.trousers),
            _Limb(foot, toe, 0.03 * h, 0.022 * h, outfit.shoes),
        ]
        arm = -0.8 * swing
        shoulder = at(0.015 * h, side * 0.118 * h, shoulder_z - 0.03 * h)
        elbow_f, elbow_up = 0.165 * h * np.sin(arm), 0.165 * h * np.cos(arm)
        elbow = at(0.015 * h + elbow_f, side * 0.13 * h, shoulder_z - 0.03 * h - elbow_up)
        hand_f, hand_up = 0.15 * h * np.sin(arm + 0.35), 0.15 * h * np.cos(arm + 0.35)
        hand = at(0.015 * h + elbow_f + hand_f, side * 0.12 * h, shoulder_z - 0.03 * h - elbow_up - hand_up)
        limbs += [
            _Limb(shoulder, elbow, 0.034 * h, 0.028 * h, outfit.top),
            _Limb(elbow, hand, 0.027 * h, 0.022 * h, _mixed(outfit.top, outfit.skin)),
        ]
    if outfit.bag is not None:
        strap, bottom = at(-0.02 * h, 0.14 * h, hip_z + 0.09 * h), at(-0.02 * h, 0.15 * h, hip_z)
        limbs.append(_Limb(strap, bottom, 0.05 * h, 0.07 * h, outfit.bag))
    return limbs


def _towards_light(view: StreetView) -> Array:
    """(2,) the direction of the sun in the picture, at most 1 long."""
    seen = view.rotation @ SUN
    return np.array([seen[0], seen[1]]) * 0.8


def _tube(brush: LayerBrush, start: Array, end: Array, r_start: float, r_end: float, color: Color) -> None:
    brush.disc(start, r_start, color)
    brush.disc(end, r_end, color)
    along = end - start
    length = float(np.hypot(along[0], along[1]))
    if length < 1e-6:
        return
    across = np.array([-along[1], along[0]]) / length
    from_start, from_end = across * r_start, across * r_end
    brush.polygon(np.stack([start + from_start, end + from_end, end - from_end, start - from_start]), color)


def _mixed(a: Color, b: Color) -> Color:
    """A sleeve that ends somewhere along the arm."""
    return 0.7 * b[0] + 0.3 * a[0], 0.7 * b[1] + 0.3 * a[1], 0.7 * b[2] + 0.3 * a[2]
