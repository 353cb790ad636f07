"""What the arrays of a body file have to be, in SMPL's form (24 joints) or SMPL-X's (55)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from core.errors import BodyModelError
from core.shapes.body.model import BodyModel, HandPoses
from core.shapes.body.skeleton import COUNT, PARENTS, SMPLX_COUNT, SMPLX_PARENTS, Joint, twin

KEYS = ("v_template", "f", "shapedirs", "posedirs", "J_regressor", "kintree_table", "weights")
HAND_KEYS = ("hands_meanl", "hands_meanr", "hands_componentsl", "hands_componentsr")
MOST_VERTICES = 200_000
_MOST_FACES = 2 * MOST_VERTICES
_MOST_SHAPES = 300
_SMPLX_SHAPES = {400: 300, 20: 10}
"""How many of SMPL-X's directions are of shape, by how many there are; the others are of expression."""
_HAND = 45
_LARGEST = 1e4
_SMALLEST_M, _LARGEST_M = 0.1, 10.0
_FROM_ONE = 0.1
"""How far the sum of a regressor's row may be from 1: SMPL's were learnt, and only urged to have it."""
_OFF_SKIN_M = 0.05
_DOWN = (Joint.HEAD, Joint.NECK, Joint.PELVIS, Joint.LEFT_KNEE, Joint.LEFT_ANKLE)
_ON_THE_LEFT = (Joint.LEFT_HIP, Joint.LEFT_KNEE, Joint.LEFT_ANKLE, Joint.LEFT_SHOULDER, Joint.LEFT_WRIST)

Arrays = dict[str, NDArray[np.generic]]
FloatArray = NDArray[np.float64]
Refuse = Callable[[str], BodyModelError]


def body_from(arrays: Arrays, refuse: Refuse) -> BodyModel:
    """The body that a file's arrays make.

    Args:
        arrays: by KEYS and, for SMPL-X, HAND_KEYS.
        refuse: makes the error from the end of a sentence that begins with the file's name.

    Raises:
        BodyModelError: an array is missing, has another shape or kind, or values that no body has.
    """
    _check_all_there(arrays, KEYS, refuse)
    parents = _parents(arrays["kintree_table"], refuse)
    joints = len(parents)
    template = _numbers(arrays, "v_template", (None, 3), refuse)
    count = len(template)
    if not 4 <= count <= MOST_VERTICES:
        raise refuse(f"has {count} vertices, where 4 to {MOST_VERTICES} can be used.")
    size_m = float(np.ptp(template, axis=0).max())
    if not _SMALLEST_M <= size_m <= _LARGEST_M:
        raise refuse(f"is a body {size_m:.3g} m large; SMPL's are in metres.")
    shapes = _numbers(arrays, "shapedirs", (count, 3, None), refuse)
    shape_count = _shape_count(shapes.shape[2], joints, refuse)
    poses = _numbers(arrays, "posedirs", (count, 3, 9 * (joints - 1)), refuse)
    regressor = _numbers(arrays, "J_regressor", (joints, count), refuse)
    _check_joints(regressor, template, refuse)
    return BodyModel(
        template=template,
        faces=_faces(arrays["f"], count, refuse),
        shape_directions=shapes[..., :shape_count],
        pose_directions=poses if poses.any() else None,
        joint_regressor=regressor,
        parents=parents,
        weights=_weights(_numbers(arrays, "weights", (count, joints), refuse), refuse),
        expression_directions=shapes[..., shape_count:] if joints == SMPLX_COUNT else None,
        hands=_hands(arrays, refuse) if joints == SMPLX_COUNT else None,
    )


def _check_all_there(arrays: Arrays, keys: tuple[str, ...], refuse: Refuse) -> None:
    missing = [key for key in keys if key not in arrays]
    if missing:
        raise refuse(f"has no array called {missing[0]}.")


def _parents(array: NDArray[np.generic], refuse: Refuse) -> NDArray[np.int32]:
    """(J,) from row 0 of the table; row 1 names the joints, whose names are their places."""
    if array.dtype.kind not in "iu" or array.ndim != 2 or len(array) != 2:
        raise refuse(f"has a kintree_table {_described(array)}, where two rows of whole numbers are needed.")
    count = array.shape[1]
    if count not in (COUNT, SMPLX_COUNT):
        raise refuse(f"has a skeleton of {count} joints; SMPL's has {COUNT}, and SMPL-X's {SMPLX_COUNT}.")
    table = array.astype(np.int64)
    parents = table[0]
    parents[0] = -1  # files write 2^32 - 1 or -1
    whose, known = ("SMPL", PARENTS) if count == COUNT else ("SMPL-X", SMPLX_PARENTS)
    if (table[1] != np.arange(count)).any() or (parents != known).any():
        raise refuse(f"has a kintree_table whose joints have other parents than {whose}'s.")
    return parents.astype(np.int32)


def _check_joints(regressor: FloatArray, template: FloatArray, refuse: Refuse) -> None:
    """Refuse joints that are not where SMPL has them: a fit would go wrong, and say nothing of it."""
    if np.abs(regressor.sum(axis=1) - 1).max() > _FROM_ONE:
        raise refuse("has a J_regressor whose rows do not sum to 1.")
    joints = regressor @ template
    if (joints < template.min(axis=0) - _OFF_SKIN_M).any() or (
        joints > template.max(axis=0) + _OFF_SKIN_M
    ).any():
        raise refuse("has a J_regressor that puts joints outside the body.")
    stands = (np.diff(joints[list(_DOWN), 1]) < 0).all()
    faces_ahead = all(
        joints[toes, 2] > joints[ankle, 2]
        for ankle, toes in ((Joint.LEFT_ANKLE, Joint.LEFT_FOOT), (Joint.RIGHT_ANKLE, Joint.RIGHT_FOOT))
    )
    sided = all(joints[joint, 0] > joints[twin(joint), 0] for joint in _ON_THE_LEFT)
    if not (stands and faces_ahead and sided):
        raise refuse("does not stand as SMPL's bodies do: y is up, z ahead, and x to the body's left.")


def _shape_count(directions: int, joints: int, refuse: Refuse) -> int:
    """How many of the shapedirs are of shape."""
    if joints == SMPLX_COUNT:
        if directions not in _SMPLX_SHAPES:
            raise refuse(f"has {directions} shapedirs; SMPL-X has 400 or 20.")
        return _SMPLX_SHAPES[directions]
    if not 1 <= directions <= _MOST_SHAPES:
        raise refuse(f"has {directions} shapedirs; SMPL has 1 to {_MOST_SHAPES}.")
    return directions


def _faces(array: NDArray[np.generic], count: int, refuse: Refuse) -> NDArray[np.int32]:
    whole = array.dtype.kind in "iu" and array.ndim == 2 and array.shape[1] == 3
    if not whole or not 1 <= len(array) <= _MOST_FACES:
        raise refuse(f"has an f {_described(array)}, where rows of three whole numbers are needed.")
    if array.min() < 0 or array.max() >= count:
        raise refuse("has an f that names vertices which are not there.")
    return array.astype(np.int32)


def _weights(weights: FloatArray, refuse: Refuse) -> FloatArray:
    sums = weights.sum(axis=1, keepdims=True)
    if np.abs(sums - 1).max() > 1e-2:
        raise refuse("has weights that do not sum to 1 for each vertex.")
    if weights.min() < -1e-2:
        raise refuse("has weights below 0.")
    return weights / sums


def _hands(arrays: Arrays, refuse: Refuse) -> HandPoses:
    _check_all_there(arrays, HAND_KEYS, refuse)
    return HandPoses(
        means=np.stack([_numbers(arrays, f"hands_mean{side}", (_HAND,), refuse) for side in "lr"]),
        components=np.stack(
            [_numbers(arrays, f"hands_components{side}", (_HAND, _HAND), refuse) for side in "lr"]
        ),
    )


def _numbers(arrays: Arrays, key: str, shape: tuple[int | None, ...], refuse: Refuse) -> FloatArray:
    """The array in double precision; None in the shape stands for any length."""
    array = arrays[key]
    fits = array.ndim == len(shape) and all(
        wanted in (None, length) for wanted, length in zip(shape, array.shape, strict=True)
    )
    if array.dtype.kind != "f" or not fits:
        wanted = " x ".join("n" if length is None else str(length) for length in shape)
        raise refuse(f"has a {key} {_described(array)}, where {wanted} real numbers are needed.")
    if not np.isfinite(array).all():
        raise refuse(f"has a {key} with numbers that are not finite.")
    if array.size and np.abs(array).max() > _LARGEST:
        raise refuse(f"has a {key} with numbers beyond {_LARGEST:g}.")
    return array.astype(np.float64)


def _described(array: NDArray[np.generic]) -> str:
    return f"of {' x '.join(map(str, array.shape)) or 'one'} {array.dtype} values"
