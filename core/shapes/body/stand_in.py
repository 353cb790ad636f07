"""Builds the stand-in body: skin around the anatomy, weights, regressor and ten blend shapes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.shapes.body.anatomy import SOLE, bones, flesh, nearest_on_segment, rest_joints
from core.shapes.body.model import BodyModel
from core.shapes.body.skeleton import COUNT, PARENTS, Joint
from core.shapes.body.surface import surface_nets

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int32]

_CELL = 0.024
_SMOOTHINGS = 14
_MOST_JOINTS = 4
"""How many joints move one vertex, as in SMPL."""
_REGRESSED_FROM = 48


def build_stand_in() -> BodyModel:
    """The body, the same to 1e-5 on every machine."""
    # cells lie symmetrically about the middle plane
    reach = np.ceil(0.92 / _CELL) * _CELL + _CELL / 2
    low, high = np.array([-reach, SOLE - 0.04, -0.20]), np.array([reach, 0.84, 0.28])
    vertices, faces = surface_nets(flesh, low, high, _CELL)
    vertices, faces = _largest_piece(vertices, faces)
    weights, axis = _weights(vertices, faces)
    return BodyModel(
        template=vertices,
        faces=faces,
        shape_directions=_shape_directions(vertices, weights, axis),
        pose_directions=None,
        joint_regressor=_regressor(vertices),
        parents=np.array(PARENTS, dtype=np.int32),
        weights=weights,
    )


def _largest_piece(vertices: FloatArray, faces: IndexArray) -> tuple[FloatArray, IndexArray]:
    """The mesh without what is not joined to its largest part."""
    label = np.arange(len(vertices))
    while True:
        lowest = label[faces].min(axis=1)
        after = label.copy()
        for corner in range(3):
            np.minimum.at(after, faces[:, corner], lowest)
        after = after[after]
        if np.array_equal(after, label):
            break
        label = after
    kept = label == np.bincount(label).argmax()
    number = np.cumsum(kept) - 1
    return vertices[kept], number[faces[kept[faces[:, 0]]]].astype(np.int32)


def _weights(vertices: FloatArray, faces: IndexArray) -> tuple[FloatArray, FloatArray]:
    """(V, 24) skinning weights, and (V, 3) the nearest point of each vertex's own bone.

    Each vertex belongs to the bone that it is nearest to for the bone's thickness; the borders are then
    smoothed along the skin, so that no leg ever pulls at the other.
    """
    best = np.full(len(vertices), np.inf)
    owner = np.zeros(len(vertices), dtype=np.int64)
    axis = np.zeros_like(vertices)
    for joint, start, end, thickness in bones():
        nearest = nearest_on_segment(vertices, start, end)
        away = np.linalg.norm(vertices - nearest, axis=1) / thickness
        # a bone of one side never owns the other side's skin
        if start[0] * end[0] > 0:
            away = np.where(vertices[:, 0] * start[0] < -1e-9, np.inf, away)
        closer = away < best - 1e-12
        best[closer], owner[closer], axis[closer] = away[closer], joint, nearest[closer]
    weights = np.zeros((len(vertices), COUNT))
    weights[np.arange(len(vertices)), owner] = 1.0
    edges = np.unique(
        np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), 1), axis=0
    )
    degree = np.bincount(edges.ravel(), minlength=len(vertices))[:, None]
    for _ in range(_SMOOTHINGS):
        around = np.zeros_like(weights)
        np.add.at(around, edges[:, 0], weights[edges[:, 1]])
        np.add.at(around, edges[:, 1], weights[edges[:, 0]])
        weights = 0.5 * weights + 0.5 * around / degree
    faint = np.sort(weights, axis=1)[:, -_MOST_JOINTS][:, None]
    weights = np.where(weights >= np.maximum(faint, 1e-3), weights, 0)
    return weights / weights.sum(axis=1, keepdims=True), axis


def _regressor(vertices: FloatArray) -> FloatArray:
    """(24, V): each joint as a weighted mean of skin around it, exact at rest.

    The weights are as even as can be (least squares), so that the joint moves with the skin.
    """
    regressor = np.zeros((COUNT, len(vertices)))
    for joint, place in enumerate(rest_joints()):
        away = np.linalg.norm(vertices - place, axis=1)
        # as many on the one side as on the other, so that mirrored joints have mirrored weights
        chosen = np.flatnonzero(away <= np.sort(away)[_REGRESSED_FROM] + 1e-9)
        rows = np.concatenate([vertices[chosen].T, np.ones((1, len(chosen)))])
        target = np.concatenate([place, [1.0]])
        even = np.full(len(chosen), 1 / len(chosen))
        regressor[joint, chosen] = even + np.linalg.pinv(rows) @ (target - rows @ even)
    return regressor


def _shape_directions(v: FloatArray, weights: FloatArray, axis: FloatArray) -> FloatArray:
    """(V, 3, 10) what one unit of each beta does: a unit Gaussian gives ordinary adults.

    Stature, girth, leg length, shoulders, hips, belly, head, arm length, limbs' strength, torso length.
    """
    j = rest_joints()
    head = weights[:, Joint.HEAD]
    legs = _both_sides(weights, "HIP", "KNEE", "ANKLE", "FOOT")
    arms = _both_sides(weights, "SHOULDER", "ELBOW", "WRIST", "HAND")
    small = head + _both_sides(weights, "FOOT", "HAND", "ANKLE", "WRIST")
    outwards = v - axis
    side = np.sign(v[:, 0])
    up, left, forward = np.eye(3)[1], np.eye(3)[0], np.eye(3)[2]
    along_leg = np.clip((j[Joint.LEFT_HIP, 1] - v[:, 1]) / (j[Joint.LEFT_HIP, 1] - SOLE), 0, 1)
    along_arm = np.clip(
        (np.abs(v[:, 0]) - j[Joint.LEFT_SHOULDER, 0]) / (j[Joint.LEFT_WRIST, 0] - j[Joint.LEFT_SHOULDER, 0]),
        0,
        1.2,
    )
    chest = np.clip((v[:, 1] - j[Joint.SPINE1, 1]) / (j[Joint.LEFT_SHOULDER, 1] - j[Joint.SPINE1, 1]), 0, 1)
    across = np.clip(np.abs(v[:, 0]) / j[Joint.LEFT_SHOULDER, 0], 0, 1)
    hips = np.exp(-(((v[:, 1] + 0.06) / 0.11) ** 2)) * np.clip(np.abs(v[:, 0]) / 0.15, 0, 1)
    belly = np.exp(-(((v[:, 1] - 0.09) / 0.12) ** 2)) * np.clip(v[:, 2] / 0.10, 0, 1) * (1 - arms)
    torso = np.clip(v[:, 1] / j[Joint.NECK, 1], 0, 1)
    not_head = 1 - head - weights[:, Joint.NECK]
    directions = [
        0.037 * v,
        0.11 * outwards * (1 - 0.8 * small)[:, None],
        -0.022 * (legs * along_leg)[:, None] * up,
        0.014 * (side * chest * across * not_head)[:, None] * left,
        0.012 * (side * hips)[:, None] * left,
        0.022 * belly[:, None] * forward,
        0.035 * head[:, None] * (v - j[Joint.HEAD]),
        0.016 * (side * along_arm * arms)[:, None] * left,
        0.09 * outwards * ((legs + arms) * (1 - small))[:, None],
        0.015 * torso[:, None] * up,
    ]
    return np.stack(directions, axis=2)


def _both_sides(weights: FloatArray, *names: str) -> FloatArray:
    """(V,) how much some joints of the left and the right move each vertex."""
    columns = [Joint[f"{side}_{name}"] for side in ("LEFT", "RIGHT") for name in names]
    return np.asarray(weights[:, columns].sum(axis=1))
