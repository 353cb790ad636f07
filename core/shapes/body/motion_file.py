"""Real poses of people from motion capture files: AMASS's npz (CMU and other sets in it), a file or a folder.

A file has `poses`, a row of axis times angle for each frame: of SMPL (72 numbers), SMPL+H (156) or SMPL-X
(165), and the frames a second. All three number the root and the 21 joints of the body alike (Mahmood et al.,
ICCV 2019; Pavlakos et al., CVPR 2019), so these are taken. No code of a file is ever run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import MotionFileError
from core.shapes.body.skeleton import COUNT
from core.shapes.npz import read_arrays

FloatArray = NDArray[np.float64]

LAYOUTS = {72: "SMPL", 156: "SMPL+H", 165: "SMPL-X"}
"""What a row of so many numbers is of."""

_RATES = ("mocap_framerate", "mocap_frame_rate")
_KNOWN_AS = "poses"
_ROOT, _BODY = 3, 3 + 3 * 21
_USUAL_RATE = 120.0  # of the files of AMASS that do not say
_MOST_RATE = 1000.0
_MOST_TURN_RAD = 4 * np.pi
_MOST_BYTES = 1024 * 2**20
_MOST_FILES = 256
_WAY_OUT = (
    "Choose an npz file of AMASS (SMPL+H or SMPL-X, with `poses`), or a folder of such files; or none, and "
    "the program's own poses serve."
)

_Refuse = Callable[[str], MotionFileError]


@dataclass(frozen=True, slots=True, eq=False)
class Motions:
    """Poses out of motion capture files.

    Attributes:
        poses: (m, 23, 3) axis times angle of SMPL's joints but its root against their parents, radians; the
            two hands are 0 where the files have fingers instead.
        place: name of the file or folder.
        names: of the files that poses were taken from, within the folder.
        seconds: how long their motions last, together.
        refused: (name, why) of files of the folder that could not be used.
        left_out: files that there are beside, more than are read.
    """

    poses: FloatArray
    place: str
    names: tuple[str, ...]
    seconds: float
    refused: tuple[tuple[str, str], ...] = ()
    left_out: int = 0


def read_motions(place: Path, most: int) -> Motions:
    """At most so many poses, evenly in time over all motions of a file, or of the files in a folder.

    Of a folder with very many files every so many-th is read. Links are not followed.

    Args:
        place: the file or folder. most: poses.

    Raises:
        MotionFileError: there is no such file, or none that can be used, with the reason of the first.
    """
    root = place.expanduser()
    if not root.is_dir():
        motion = _read(root, root.name, most)
        return Motions(_evenly([motion], most), root.name, (root.name,), motion.seconds)
    files = sorted(path for path in root.rglob("*.npz") if path.is_file() and not path.is_symlink())
    if not files:
        raise MotionFileError(f"The folder {root} has no npz file in it.", _WAY_OUT)
    some = files if len(files) <= _MOST_FILES else [files[i] for i in _places(_MOST_FILES, len(files))]
    motions, refused = [], []
    for path in some:
        name = path.relative_to(root).as_posix()
        try:
            motions.append(_read(path, name, most))
        except MotionFileError as problem:
            refused.append((name, problem.problem))
    if not motions:
        raise MotionFileError(
            f"None of the {len(some)} npz files in {root} can be used. The first: {refused[0][1]}", _WAY_OUT
        )
    return Motions(
        _evenly(motions, most),
        root.name,
        tuple(one.name for one in motions),
        sum(one.seconds for one in motions),
        tuple(refused),
        len(files) - len(some),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Motion:
    """One file's, as many poses as could be needed: (n, 23, 3)."""

    name: str
    poses: FloatArray
    seconds: float


def _read(path: Path, name: str, most: int) -> _Motion:
    def refuse(problem: str) -> MotionFileError:
        return MotionFileError(f"{name} {problem}", _WAY_OUT)

    try:
        with path.open("rb") as stream:
            return _checked(stream, name, most, refuse)
    except OSError as error:
        raise MotionFileError(f"The motions {path} cannot be read: {error.strerror}.", _WAY_OUT) from None


def _checked(stream: IO[bytes], name: str, most: int, refuse: _Refuse) -> _Motion:
    arrays = read_arrays(stream, (_KNOWN_AS, *_RATES), _MOST_BYTES, refuse)
    rows = arrays.get(_KNOWN_AS)
    if rows is None:
        raise refuse(f"has no `{_KNOWN_AS}`: it is no motion of AMASS.")
    if rows.ndim != 2 or rows.shape[1] not in LAYOUTS or rows.dtype.kind != "f" or not len(rows):
        sizes = ", ".join(f"{size} ({kind})" for size, kind in LAYOUTS.items())
        raise refuse(f"has `{_KNOWN_AS}` of {_size(rows)}: a row of a frame has {sizes} numbers.")
    rate = _rate(arrays, refuse)
    kept = rows[_places(min(most, len(rows)), len(rows))].astype(np.float64)
    body = kept[:, _ROOT:] if rows.shape[1] == 3 * COUNT else kept[:, _ROOT:_BODY]
    if not np.isfinite(body).all():
        raise refuse("has poses that are no numbers.")
    poses = np.zeros((len(kept), COUNT - 1, 3))
    poses[:, : body.shape[1] // 3] = body.reshape(len(kept), -1, 3)
    if np.linalg.norm(poses, axis=2).max() > _MOST_TURN_RAD:
        raise refuse("turns joints by more than two whole turns: its angles are not in radians.")
    return _Motion(name, poses, len(rows) / rate)


def _rate(arrays: dict[str, NDArray[np.generic]], refuse: _Refuse) -> float:
    """Frames a second."""
    said: Any = next((arrays[key] for key in _RATES if key in arrays), None)
    if said is None:
        return _USUAL_RATE
    if said.size != 1 or said.dtype.kind not in "fiu" or not 0 < float(said.reshape(-1)[0]) <= _MOST_RATE:
        raise refuse("has a frame rate that is none.")
    return float(said.reshape(-1)[0])


def _evenly(motions: Sequence[_Motion], most: int) -> FloatArray:
    """(m, 23, 3) at most so many of all poses, at even times; no frame twice."""
    ends = np.cumsum([one.seconds for one in motions])
    times = (np.arange(most) + 0.5) / most * ends[-1]
    which = np.minimum(np.searchsorted(ends, times, side="right"), len(motions) - 1)
    chosen = []
    for number, one in enumerate(motions):
        since = times[which == number] - (ends[number] - one.seconds)
        frames = np.unique((since / one.seconds * len(one.poses)).astype(np.int64))
        chosen.append(one.poses[np.clip(frames, 0, len(one.poses) - 1)])
    return np.concatenate(chosen)


def _places(count: int, length: int) -> NDArray[np.int64]:
    """So many places, evenly out of a length."""
    return np.arange(count, dtype=np.int64) * length // count


def _size(array: NDArray[np.generic]) -> str:
    return f"{' x '.join(map(str, array.shape)) or 'one'} {array.dtype}"
