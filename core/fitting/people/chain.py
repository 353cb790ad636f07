"""A body's points down its chain of joints, with exact derivatives, for many bodies at once.

A state is the root's turn (camera frame), the pelvis' place, betas and the 28 degrees. Parameters step it:
a small turn w about the camera's axes, exp(w) R, then metres, betas and radians, in this order. A small turn
of joint k moves a point X behind it by w x (X - g), where g is the joint's place; so every derivative is a
cross product, and no mesh is posed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.fitting.people import degrees
from core.fitting.people.arrays import AnyArray, Kit
from core.fitting.people.degrees import BASES, JOINTS, SHARES, TURNS
from core.fitting.people.marks import BodyMarks, Marks
from core.shapes.body.skeleton import Joint

TURN, PLACE = slice(0, 3), slice(3, 6)
ROOT = 6
_SMALL = 1e-8


@dataclass(frozen=True, eq=False)
class State:
    """Bodies in the camera's frame.

    Attributes:
        turn: (n, 3, 3) the root's. place: (n, 3) the pelvis', metres.
        beta: (n, B). pose: (n, 28) degrees, radians.
    """

    turn: AnyArray
    place: AnyArray
    beta: AnyArray
    pose: AnyArray

    def of(self, rows: AnyArray) -> State:
        """Some of the rows."""
        return State(self.turn[rows], self.place[rows], self.beta[rows], self.pose[rows])

    def put(self, rows: AnyArray, other: State) -> None:
        """Writes another's rows over some of these."""
        self.turn[rows], self.place[rows] = other.turn, other.place
        self.beta[rows], self.pose[rows] = other.beta, other.pose


@dataclass(frozen=True, eq=False)
class Posed:
    """Where points are.

    Attributes:
        points: (n, P, 3) camera frame, metres.
        slopes: (n, 3, P, K) their derivatives; None where they were not asked for.
        head: (n, 3, 3) the head's axes in the camera frame, columns: left, up, forward.
    """

    points: AnyArray
    slopes: AnyArray
    head: AnyArray


class Chain:
    """One body model's chain of joints."""

    def __init__(self, kit: Kit, body: BodyMarks) -> None:
        self.kit, self.betas = kit, body.betas
        self.parameters = ROOT + self.betas + degrees.COUNT
        self._parents = body.parents
        self._joints, self._steps = kit.array(body.joints), kit.array(body.joint_steps)
        bones, bone_steps = body.joints.copy(), body.joint_steps.copy()
        bones[1:] -= body.joints[list(body.parents[1:])]
        bone_steps[1:] -= body.joint_steps[list(body.parents[1:])]
        self._bones, self._bone_steps = kit.array(bones), kit.array(bone_steps)
        self._moving = sorted({int(joint) for joint, _ in TURNS})
        self._turning = kit.indices([self._moving.index(int(joint)) for joint, _ in TURNS])
        self._axes = kit.indices([axis for _, axis in TURNS])
        self._turn_joints = kit.indices([int(joint) for joint, _ in TURNS])
        self._turn_parents = kit.indices([body.parents[joint] for joint, _ in TURNS])
        self._shares = kit.array(SHARES)
        spread = np.zeros((3 * len(self._moving), degrees.COUNT))
        for row, (joint, axis) in enumerate(TURNS):
            spread[3 * self._moving.index(int(joint)) + axis] += SHARES[row]
        self._vectors = kit.array(spread.T)
        self._below = _below(body.parents)
        self._sets: dict[int, _MarkArrays] = {}

    def state(self, turn: Any, place: Any, beta: Any, pose: Any) -> State:
        """A state from numpy's arrays."""
        return State(*(self.kit.array(part) for part in (turn, place, beta, pose)))

    def moved(self, state: State, steps: AnyArray) -> State:
        """States after steps (n, K)."""
        at = ROOT + self.betas
        turned = exponential(self.kit, steps[:, None, TURN])[:, 0] @ state.turn
        return State(
            turned, state.place + steps[:, PLACE], state.beta + steps[:, ROOT:at], state.pose + steps[:, at:]
        )

    def posed(self, state: State, marks: Marks, *, slopes: bool = False) -> Posed:
        """Where marks are in some states, and how they move with the parameters."""
        kit, xp = self.kit, self.kit.xp
        arrays = self._arrays(marks)
        count, moving = len(state.place), len(self._moving)
        vectors = xp.reshape(state.pose @ self._vectors, (count, moving, 3))
        local = exponential(kit, vectors)
        turned, placed = self._down(state, local)
        # what a mark's own joint does to it
        offset = arrays.rest + xp.reshape(state.beta @ arrays.flat_steps, (count, *arrays.rest.shape))
        own = turned[:, arrays.joint]
        points = xp.sum(own * offset[:, :, None, :], axis=3) + placed[:, arrays.joint]
        head = turned[:, int(Joint.HEAD)]
        if not slopes:
            return Posed(points, None, head)
        out = kit.zeros(count, 3, len(arrays.rest), self.parameters)
        lever = points - state.place[:, None]
        x, y, z = lever[..., 0], lever[..., 1], lever[..., 2]
        out[:, 0, :, 1], out[:, 0, :, 2] = z, -y
        out[:, 1, :, 0], out[:, 1, :, 2] = -z, x
        out[:, 2, :, 0], out[:, 2, :, 1] = y, -x
        for axis in range(3):
            out[:, axis, :, 3 + axis] = 1.0
        at = ROOT + self.betas
        by_beta = self._placed_by_beta(turned)[:, arrays.joint]
        if len(arrays.with_steps):
            those = arrays.with_steps
            by_beta[:, those] = by_beta[:, those] + own[:, those] @ arrays.own_steps
        out[:, :, :, ROOT:at] = xp.permute_dims(by_beta, (0, 2, 1, 3))
        out[:, :, :, at:] = self._by_pose(vectors, turned, placed, points, arrays) @ self._shares
        return Posed(points, out, head)

    def _down(self, state: State, local: AnyArray) -> tuple[AnyArray, AnyArray]:
        """Each joint's turn (n, 22, 3, 3) and its place (n, 22, 3), camera frame."""
        kit, xp = self.kit, self.kit.xp
        count = len(state.place)
        flat = xp.reshape(self._bone_steps, (JOINTS * 3, self.betas))
        bones = self._bones + xp.reshape(state.beta @ xp.matrix_transpose(flat), (count, JOINTS, 3))
        turned, placed = kit.zeros(count, JOINTS, 3, 3), kit.zeros(count, JOINTS, 3)
        turned[:, 0], placed[:, 0] = state.turn, state.place
        for joint in range(1, JOINTS):
            parent = self._parents[joint]
            above = turned[:, parent]
            placed[:, joint] = placed[:, parent] + xp.sum(above * bones[:, joint, None, :], axis=2)
            if joint in self._moving:
                turn = local[:, self._moving.index(joint)]
                base = BASES.get(Joint(joint))
                turned[:, joint] = above @ (turn if base is None else turn @ kit.array(base))
            else:
                turned[:, joint] = above
        return turned, placed

    def _placed_by_beta(self, turned: AnyArray) -> AnyArray:
        """(n, 22, 3, B) how the joints' places change with the shape."""
        out = self.kit.zeros(len(turned), JOINTS, 3, self.betas)
        parents = list(self._parents[1:])
        own = turned[:, parents] @ self._bone_steps[1:]
        for joint in range(1, JOINTS):
            out[:, joint] = out[:, self._parents[joint]] + own[:, joint - 1]
        return out

    def _by_pose(
        self, vectors: AnyArray, turned: AnyArray, placed: AnyArray, points: AnyArray, arrays: _MarkArrays
    ) -> AnyArray:
        """(n, 3, P, S) how marks move with each single turn."""
        xp = self.kit.xp
        count = len(points)
        spun = left_jacobian(self.kit, vectors)
        # about which direction of the camera's frame each turn turns
        column = xp.matrix_transpose(spun)[:, self._turning, self._axes]
        axis = xp.sum(turned[:, self._turn_parents] * column[:, :, None, :], axis=3)
        pivot = placed[:, self._turn_joints]
        shift = cross(xp, axis, pivot)
        out = self.kit.zeros(count, 3, points.shape[1], len(TURNS))
        for row in range(3):
            one, two = (row + 1) % 3, (row + 2) % 3
            out[:, row] = (
                points[:, :, two, None] * axis[:, None, :, one]
                - points[:, :, one, None] * axis[:, None, :, two]
                - shift[:, None, :, row]
            )
        return out * arrays.below

    def _arrays(self, marks: Marks) -> _MarkArrays:
        found = self._sets.get(id(marks))
        if found is None:
            kit = self.kit
            arms = marks.rest - kit.numpy(self._joints)[marks.joint]
            steps = marks.steps - kit.numpy(self._steps)[marks.joint]
            those = np.flatnonzero(np.abs(steps).max(axis=(1, 2)) > 0)
            below = self._below[marks.joint][:, [int(joint) for joint, _ in TURNS]]
            found = self._sets[id(marks)] = _MarkArrays(
                marks,
                kit.indices(marks.joint),
                kit.array(arms),
                kit.array(steps.reshape(-1, self.betas).T),
                kit.indices(those),
                kit.array(steps[those]),
                kit.array(below),
            )
        return found


@dataclass(frozen=True, eq=False)
class _MarkArrays:
    """Marks where the work is done, against their own joints."""

    marks: Marks
    joint: AnyArray
    rest: AnyArray
    flat_steps: AnyArray
    with_steps: AnyArray
    own_steps: AnyArray
    below: AnyArray


def _below(parents: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """(22, 22) 1 where the first joint is the second or hangs from it."""
    out = np.eye(len(parents))
    for joint in range(1, len(parents)):
        out[joint] += out[parents[joint]]
    return out


def cross(xp: Any, a: AnyArray, b: AnyArray) -> AnyArray:
    """(..., 3) cross product."""
    return xp.stack(
        [
            a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1],
            a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2],
            a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0],
        ],
        axis=-1,
    )


def exponential(kit: Kit, vectors: AnyArray) -> AnyArray:
    """(n, m, 3) rotation vectors -> (n, m, 3, 3) (Rodrigues)."""
    first, second, _ = _series(kit, vectors)
    return _from_series(kit, vectors, first, second)


def left_jacobian(kit: Kit, vectors: AnyArray) -> AnyArray:
    """(n, m, 3, 3) J with exp(v + d) = exp(J d) exp(v) to first order."""
    _, second, third = _series(kit, vectors)
    return _from_series(kit, vectors, second, third)


def _series(kit: Kit, vectors: AnyArray) -> tuple[AnyArray, AnyArray, AnyArray]:
    """sin a / a, (1 - cos a) / a^2, (a - sin a) / a^3, exact near 0 too."""
    xp = kit.xp
    square = xp.sum(vectors * vectors, axis=-1)
    small = square < _SMALL
    safe = xp.where(small, xp.ones_like(square), square)
    angle = xp.sqrt(safe)
    sine = xp.sin(angle)
    first = xp.where(small, 1 - square / 6, sine / angle)
    second = xp.where(small, 0.5 - square / 24, (1 - xp.cos(angle)) / safe)
    third = xp.where(small, 1 / 6 - square / 120, (angle - sine) / (safe * angle))
    return first, second, third


def _from_series(kit: Kit, vectors: AnyArray, first: AnyArray, second: AnyArray) -> AnyArray:
    """I + first [v] + second [v]^2."""
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    xx, yy, zz = second * x * x, second * y * y, second * z * z
    xy, xz, yz = second * x * y, second * x * z, second * y * z
    fx, fy, fz = first * x, first * y, first * z
    rows = [
        1 - yy - zz,
        xy - fz,
        xz + fy,
        xy + fz,
        1 - xx - zz,
        yz - fx,
        xz - fy,
        yz + fx,
        1 - xx - yy,
    ]
    return kit.xp.reshape(kit.xp.stack(rows, axis=-1), (*vectors.shape[:-1], 3, 3))
