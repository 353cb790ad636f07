"""The stand-in body's anatomy: joints of an ordinary adult, and the rounded solids that its flesh is made of.

Frame: x to the person's left, y up, z forward; metres; T-pose; pelvis at the origin. Lengths are round
numbers near those of adults of 1.72 m; nothing comes from a licensed body model.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.shapes.body.skeleton import COUNT, PARENTS, Joint, twin

FloatArray = NDArray[np.float64]

_LEFT_AND_MIDDLE: dict[Joint, tuple[float, float, float]] = {
    Joint.PELVIS: (0.0, 0.0, 0.0),
    Joint.LEFT_HIP: (0.085, -0.075, 0.0),
    Joint.LEFT_KNEE: (0.098, -0.475, 0.005),
    Joint.LEFT_ANKLE: (0.092, -0.875, -0.03),
    Joint.LEFT_FOOT: (0.105, -0.932, 0.085),
    Joint.SPINE1: (0.0, 0.105, -0.015),
    Joint.SPINE2: (0.0, 0.235, -0.01),
    Joint.SPINE3: (0.0, 0.300, -0.005),
    Joint.NECK: (0.0, 0.500, -0.025),
    Joint.HEAD: (0.0, 0.585, 0.0),
    Joint.LEFT_COLLAR: (0.075, 0.425, -0.02),
    Joint.LEFT_SHOULDER: (0.180, 0.445, -0.03),
    Joint.LEFT_ELBOW: (0.435, 0.440, -0.035),
    Joint.LEFT_WRIST: (0.680, 0.445, -0.03),
    Joint.LEFT_HAND: (0.760, 0.440, -0.025),
}

SOLE = -0.965
"""Height of the soles."""
_BLEND = 0.035
"""How wide solids flow into one another."""


def rest_joints() -> FloatArray:
    """(24, 3) joints at rest."""
    joints = np.zeros((COUNT, 3))
    for joint in Joint:
        known = joint if joint in _LEFT_AND_MIDDLE else Joint(twin(joint))
        joints[joint] = _LEFT_AND_MIDDLE[known]
        if known is not joint:
            joints[joint, 0] *= -1
    return joints


def flesh(points: FloatArray) -> FloatArray:
    """(N,) signed distance of points (N, 3) to the skin, nearly; negative inside."""
    p = points.copy()
    # both sides at once
    p[:, 0] = np.abs(p[:, 0])
    joints = rest_joints()
    torso = _blend(
        [
            _ellipsoid(p, (0.0, 0.335, -0.012), (0.158, 0.175, 0.108)),
            _ellipsoid(p, (0.062, 0.345, 0.040), (0.085, 0.085, 0.060)),
            _ellipsoid(p, (0.0, 0.130, 0.000), (0.140, 0.190, 0.100)),
            _ellipsoid(p, (0.0, -0.020, -0.008), (0.160, 0.130, 0.112)),
            _ellipsoid(p, (0.075, -0.075, -0.055), (0.085, 0.095, 0.080)),
            _cone(p, (0.0, 0.435, -0.025), (0.155, 0.440, -0.030), 0.072, 0.062),
        ],
        0.06,
    )
    head = _blend(
        [
            _ellipsoid(p, (0.0, 0.675, 0.005), (0.076, 0.098, 0.096)),
            _ellipsoid(p, (0.0, 0.605, 0.035), (0.055, 0.062, 0.062)),
            _ellipsoid(p, (0.0, 0.640, 0.105), (0.014, 0.026, 0.022)),
            _ellipsoid(p, (0.076, 0.645, 0.0), (0.012, 0.032, 0.020)),
            _cone(p, (0.0, 0.450, -0.028), (0.0, 0.600, -0.005), 0.062, 0.054),
        ],
        0.03,
    )
    leg = _blend(
        [
            _cone(p, joints[Joint.LEFT_HIP] + [0.005, -0.02, 0], joints[Joint.LEFT_KNEE], 0.090, 0.058),
            _cone(p, joints[Joint.LEFT_KNEE], joints[Joint.LEFT_ANKLE], 0.053, 0.040),
            _ellipsoid(p, (0.097, -0.590, -0.030), (0.046, 0.120, 0.046)),
        ],
        0.04,
    )
    foot = _blend(
        [
            _cone(p, (0.092, -0.915, -0.050), (0.106, -0.928, 0.120), 0.045, 0.036),
            _ellipsoid(p, (0.108, -0.938, 0.110), (0.046, 0.026, 0.075)),
        ],
        0.03,
    )
    # soles are flat
    foot = np.maximum(foot, SOLE - p[:, 1])
    arm = _blend(
        [
            _cone(p, joints[Joint.LEFT_SHOULDER], joints[Joint.LEFT_ELBOW], 0.058, 0.042),
            _cone(p, joints[Joint.LEFT_ELBOW], joints[Joint.LEFT_WRIST], 0.041, 0.029),
            _ellipsoid(p, (0.755, 0.440, -0.025), (0.095, 0.020, 0.044)),
            _cone(p, (0.705, 0.438, 0.005), (0.760, 0.432, 0.045), 0.018, 0.013),
        ],
        0.03,
    )
    return _blend([torso, head, _blend([leg, foot], 0.03), arm], _BLEND)


def bones() -> list[tuple[Joint, FloatArray, FloatArray, float]]:
    """For each stretch of body: the joint that moves it, its two ends, and how thick it is there."""
    j = rest_joints()
    ends: list[tuple[Joint, FloatArray, FloatArray, float]] = [
        (Joint.PELVIS, j[Joint.LEFT_HIP] * [0.8, 0.6, 1], j[Joint.RIGHT_HIP] * [0.8, 0.6, 1], 0.13),
        (Joint.PELVIS, j[Joint.PELVIS], j[Joint.SPINE1] * [1, 0.6, 1], 0.13),
        (Joint.SPINE1, j[Joint.SPINE1], j[Joint.SPINE2], 0.12),
        (Joint.SPINE2, j[Joint.SPINE2], j[Joint.SPINE3], 0.13),
        (Joint.SPINE3, j[Joint.SPINE3], j[Joint.NECK] - [0, 0.06, 0], 0.13),
        (Joint.NECK, j[Joint.NECK], j[Joint.HEAD], 0.06),
        (Joint.HEAD, j[Joint.HEAD] + [0, 0.03, 0.02], j[Joint.HEAD] + [0, 0.15, 0.01], 0.085),
    ]
    tips = {Joint.LEFT_FOOT: (0.0, -0.005, 0.09), Joint.LEFT_HAND: (0.09, -0.005, 0.0)}
    thick = {
        Joint.LEFT_HIP: 0.08, Joint.LEFT_KNEE: 0.05, Joint.LEFT_ANKLE: 0.045, Joint.LEFT_FOOT: 0.04,
        Joint.LEFT_COLLAR: 0.07, Joint.LEFT_SHOULDER: 0.05, Joint.LEFT_ELBOW: 0.038,
        Joint.LEFT_WRIST: 0.03, Joint.LEFT_HAND: 0.03,
    }  # fmt: skip
    for joint, thickness in thick.items():
        child = next((c for c in Joint if PARENTS[c] == joint), None)
        start = j[joint]
        end = j[child] if child is not None else start + np.array(tips[joint])
        mirror = np.array([-1.0, 1, 1])
        ends += [
            (joint, start, end, thickness),
            (Joint(twin(joint)), start * mirror, end * mirror, thickness),
        ]
    return ends


def nearest_on_segment(points: FloatArray, start: FloatArray, end: FloatArray) -> FloatArray:
    """(N, 3) the points of a segment that are nearest to points (N, 3)."""
    along = end - start
    part = np.clip((points - start) @ along / (along @ along), 0, 1)
    return np.asarray(start + part[:, None] * along)


def _ellipsoid(
    p: FloatArray, centre: tuple[float, float, float], radii: tuple[float, float, float]
) -> FloatArray:
    """Nearly the distance to an ellipsoid: exact on it, and with the right slope there."""
    away = p - np.array(centre)
    size = np.array(radii)
    first = np.linalg.norm(away / size, axis=1)
    second = np.maximum(np.linalg.norm(away / size**2, axis=1), 1e-9)
    return np.asarray(first * (first - 1) / second)


def _cone(
    p: FloatArray,
    start: FloatArray | tuple[float, float, float],
    end: FloatArray | tuple[float, float, float],
    thick_start: float,
    thick_end: float,
) -> FloatArray:
    """Nearly the distance to a tapered capsule."""
    a, b = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    part = np.clip((p - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
    away = np.linalg.norm(p - a - part[:, None] * (b - a), axis=1)
    return np.asarray(away - (thick_start + part * (thick_end - thick_start)))


def _blend(parts: list[FloatArray], width: float) -> FloatArray:
    """Smooth union: parts nearer than `width` to one another flow together."""
    whole = parts[0]
    for part in parts[1:]:
        near = np.maximum(width - np.abs(whole - part), 0) / width
        whole = np.minimum(whole, part) - near**2 * width / 4
    return whole
