"""Body models as npz files with SMPL's own keys; nothing in them is ever unpickled."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from core.errors import BodyModelError
from core.shapes.body.model import BodyModel
from core.shapes.body.skeleton import COUNT
from core.shapes.npz import read_arrays

_POSE_DIRECTIONS = 9 * (COUNT - 1)
_ROOT = 2**32 - 1
"""SMPL's files name the root's parent so, or -1."""
_MOST_BYTES = 1024 * 2**20
_MOST_VERTICES = 200_000
_KEYS = ("v_template", "f", "shapedirs", "posedirs", "J_regressor", "kintree_table", "weights")
_WAY_OUT = "Choose an npz file with SMPL's keys: " + ", ".join(_KEYS) + "."


def save_body(model: BodyModel, path: Path) -> None:
    """Writes a model; the same model gives the same bytes."""
    vertices = len(model.template)
    posedirs = model.pose_directions
    if posedirs is None:
        posedirs = np.zeros((vertices, 3, _POSE_DIRECTIONS))
    parents = np.where(model.parents < 0, _ROOT, model.parents.astype(np.int64))
    np.savez_compressed(
        path,
        allow_pickle=False,
        v_template=model.template.astype(np.float32),
        f=model.faces.astype(np.uint32),
        shapedirs=model.shape_directions.astype(np.float32),
        posedirs=posedirs.astype(np.float32),
        J_regressor=model.joint_regressor.astype(np.float32),
        kintree_table=np.stack([parents, np.arange(COUNT)]).astype(np.uint32),
        weights=model.weights.astype(np.float32),
    )


def load_body(path: Path) -> BodyModel:
    """Reads a body model with SMPL's keys.

    Raises:
        BodyModelError: the file is missing, damaged, or of another form.
    """
    try:
        with path.open("rb") as stream:
            return _read(stream, path.name)
    except OSError as error:
        raise BodyModelError(f"The body model {path} cannot be read: {error.strerror}.", _WAY_OUT) from None


def stand_in_body() -> BodyModel:
    """The body that comes with the program: our own geometry on SMPL's skeleton."""
    with (resources.files("resources") / "bodies" / "stand_in.npz").open("rb") as stream:
        return _read(stream, "stand_in.npz")


def _read(stream: IO[bytes], name: str) -> BodyModel:
    arrays = read_arrays(
        stream, _KEYS, _MOST_BYTES, lambda problem: BodyModelError(f"{name} {problem}", _WAY_OUT)
    )
    missing = [key for key in _KEYS if key not in arrays]
    if missing:
        raise BodyModelError(f"{name} has no {missing[0]}.", _WAY_OUT)
    template = _numbers(arrays, "v_template", name)
    if template.ndim != 2 or template.shape[1] != 3 or not 4 <= len(template) <= _MOST_VERTICES:
        raise _wrong(name, "v_template")
    count = len(template)
    shapes = _numbers(arrays, "shapedirs", name)
    if shapes.ndim != 3 or shapes.shape[:2] != (count, 3) or not 1 <= shapes.shape[2] <= 400:
        raise _wrong(name, "shapedirs")
    poses = _numbers(arrays, "posedirs", name)
    if poses.shape != (count, 3, _POSE_DIRECTIONS):
        raise _wrong(name, "posedirs")
    regressor = _numbers(arrays, "J_regressor", name)
    weights = _numbers(arrays, "weights", name)
    if regressor.shape != (COUNT, count):
        raise _wrong(name, "J_regressor")
    if weights.shape != (count, COUNT) or np.abs(weights.sum(axis=1) - 1).max() > 1e-2:
        raise _wrong(name, "weights")
    return BodyModel(
        template=template,
        faces=_faces(arrays["f"], count, name),
        shape_directions=shapes,
        pose_directions=poses if poses.any() else None,
        joint_regressor=regressor,
        parents=_parents(arrays["kintree_table"], name),
        weights=weights / weights.sum(axis=1, keepdims=True),
    )


def _faces(array: NDArray[np.generic], count: int, name: str) -> NDArray[np.int32]:
    whole = array.dtype.kind in "iu" and array.ndim == 2 and array.shape[1] == 3 and len(array) > 0
    if not whole or array.min() < 0 or array.max() >= count:
        raise _wrong(name, "f")
    return array.astype(np.int32)


def _parents(array: NDArray[np.generic], name: str) -> NDArray[np.int32]:
    if array.dtype.kind not in "iu" or array.shape != (2, COUNT):
        raise _wrong(name, "kintree_table")
    parents = array[0].astype(np.int64)
    parents[0] = -1
    later = parents[1:]
    if (later < 0).any() or (later >= np.arange(1, COUNT)).any():
        raise _wrong(name, "kintree_table")
    return parents.astype(np.int32)


def _numbers(arrays: dict[str, NDArray[np.generic]], key: str, name: str) -> NDArray[np.float64]:
    array = arrays[key]
    if array.dtype.kind != "f" or not np.isfinite(array).all():
        raise _wrong(name, key)
    return array.astype(np.float64)


def _wrong(name: str, key: str) -> BodyModelError:
    return BodyModelError(f"The {key} of {name} is not what SMPL's has to be.", _WAY_OUT)
