"""Body models in files: npz or pickles with SMPL's own keys. No code of theirs is ever run."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import IO

import numpy as np

from core.errors import BodyModelError
from core.shapes.body.arrays import HAND_KEYS, KEYS, MOST_VERTICES, body_from
from core.shapes.body.model import BodyModel, FloatArray, IndexArray
from core.shapes.body.pickled import read_pickled_arrays
from core.shapes.body.skeleton import COUNT, SMPLX_COUNT
from core.shapes.npz import read_arrays

_ROOT = 2**32 - 1
"""SMPL's files name the root's parent so, or -1."""
_MOST_BYTES = 1024 * 2**20
_ZIP = b"PK"
_PICKLE = (b"\x80", b"(", b"}")
"""How a pickled dict begins, from protocol 2 on and before."""
_STRENGTHS = (0.0313, 0.1061, 0.3517)
"""Between these lie weights that are told alike, as reading evens out their last digits. None is round, so
hardly any weight of any body lies on one."""
_WAY_OUT = (
    "Choose a body of SMPL or SMPL-X (npz or pkl) with the keys "
    + ", ".join(KEYS)
    + ", or use the body that comes with the program."
)


def save_body(model: BodyModel, path: Path) -> None:
    """Writes a model as npz; the same model gives the same bytes."""
    vertices, joints = len(model.template), len(model.parents)
    posedirs = model.pose_directions
    if posedirs is None:
        posedirs = np.zeros((vertices, 3, 9 * (joints - 1)))
    shapedirs = model.shape_directions
    if model.expression_directions is not None:
        shapedirs = np.concatenate([shapedirs, model.expression_directions], axis=2)
    parents = np.where(model.parents < 0, _ROOT, model.parents.astype(np.int64))
    hands = {}
    if model.hands is not None:
        arrays = (*model.hands.means, *model.hands.components)
        hands = {key: array.astype(np.float32) for key, array in zip(HAND_KEYS, arrays, strict=True)}
    np.savez_compressed(
        path,
        allow_pickle=False,
        v_template=model.template.astype(np.float32),
        f=model.faces.astype(np.uint32),
        shapedirs=shapedirs.astype(np.float32),
        posedirs=posedirs.astype(np.float32),
        J_regressor=model.joint_regressor.astype(np.float32),
        kintree_table=np.stack([parents, np.arange(joints)]).astype(np.uint32),
        weights=model.weights.astype(np.float32),
        **hands,
    )


def load_body(path: Path) -> BodyModel:
    """Reads a body of SMPL's or SMPL-X's form, npz or pickle, whatever the file's name says.

    Raises:
        BodyModelError: the file is missing, damaged, of another form, or asks for more than data.
    """
    try:
        with path.open("rb") as stream:
            return _read(stream, path.name)
    except OSError as error:
        reason = f"The body model {path} cannot be read: {error.strerror}."
        raise BodyModelError(reason, "Choose where the file is now, or the program's own body.") from None


def stand_in_body() -> BodyModel:
    """The body that comes with the program: our own geometry on SMPL's skeleton."""
    with (resources.files("resources") / "bodies" / "stand_in.npz").open("rb") as stream:
        return _read(stream, "stand_in.npz")


def body_digest(model: BodyModel) -> str:
    """A few letters that tell one model from another, whatever kind of file it came from.

    First come those of the skin and its shapes, all that labels of before have, then those of the rest.
    """
    # a skin may come on SMPL's skeleton and on SMPL-X's: poses are of one of them
    skin = _digest((model.template, model.shape_directions), (model.parents[COUNT:],))
    bends = () if model.pose_directions is None else (model.pose_directions,)
    strengths = np.digitize(model.weights, _STRENGTHS).astype(np.int32)
    rest = _digest((model.joint_regressor, *bends), (model.parents, model.faces, strengths))
    return f"{skin}-{rest}"


def _digest(numbers: Iterable[FloatArray], indices: Iterable[IndexArray]) -> str:
    """Of arrays as they are in files: a number of double precision is told by its single one."""
    digest = hashlib.blake2b(digest_size=6)
    for values in numbers:
        digest.update(np.ascontiguousarray(values, dtype="<f4").tobytes())
    for whole in indices:
        digest.update(np.ascontiguousarray(whole, dtype="<i4").tobytes())
    return digest.hexdigest()


def _read(stream: IO[bytes], name: str) -> BodyModel:
    def refuse(problem: str) -> BodyModelError:
        return BodyModelError(f"{name} {problem}", _WAY_OUT)

    known = (*KEYS, *HAND_KEYS)
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    start = stream.read(2)
    stream.seek(0)
    if size > _MOST_BYTES:
        raise refuse(f"is larger than {_MOST_BYTES >> 20} MiB.")
    if start == _ZIP:
        arrays = read_arrays(stream, known, _MOST_BYTES, refuse)
    elif start.startswith(_PICKLE):
        arrays = read_pickled_arrays(stream.read(), known, SMPLX_COUNT * MOST_VERTICES, refuse)
    else:
        raise refuse("is neither an npz file nor a pickle.")
    return body_from(arrays, refuse)
