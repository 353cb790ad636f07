"""PASCAL3D+'s annotations (`Annotations/car_imagenet/NAME.mat`) and CAD models (`CAD/car/01.off`).

Matlab's files are read by scipy, which holds what a file says of functions and classes and runs none of it.
Only numbers and words of the struct `record` are taken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ExchangeError
from core.exchange.benchmarks.texts import number, read_text, refuse, whole
from core.geometry.viewpoints import rotation_from_viewpoint

_MOST_BYTES = 1 << 18  # a compressed file may unpack to a thousand times as much
_MOST_VERTICES = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class AnnotatedObject:
    """One object of a picture.

    Attributes:
        kind: PASCAL's word for it, such as car.
        rotation: (3, 3) from the object's frame to the camera's; None where only a coarse viewpoint is given.
        distance: 0 or less where it was not annotated.
        cad: number of its CAD model, from 1; or None.
    """

    kind: str
    rotation: NDArray[np.float64] | None
    distance: float
    cad: int | None


def read_annotation(path: Path) -> list[AnnotatedObject]:
    """The objects of a picture, in the file's order.

    Raises:
        ExchangeError: it cannot be read, is too large, or is no annotation of PASCAL3D+.
    """
    from scipy.io import loadmat

    try:
        size = path.stat().st_size
    except OSError as error:
        raise ExchangeError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    if size > _MOST_BYTES:
        refuse(path.name, f"it has more than {_MOST_BYTES >> 10} KiB, which no annotation has")
    try:
        record = loadmat(path, variable_names=["record"]).get("record")
    except Exception as error:  # scipy's reader raises whatever a damaged file makes it trip over
        refuse(path.name, f"it is damaged, or no MATLAB file ({type(error).__name__})")
    objects = _field(record, "objects")
    if objects is None:
        refuse(path.name, "it is no annotation of PASCAL3D+: it has no record of objects")
    return [_object(one, path.name, n) for n, one in enumerate(np.asarray(objects).ravel())]


def _object(struct: Any, name: str, position: int) -> AnnotatedObject:
    word = _field(struct, "class")
    kind = np.asarray(word).ravel() if word is not None else np.array([])
    if kind.size != 1 or kind.dtype.kind != "U":
        refuse(name, f"object {position} has no class")
    viewpoint = _field(struct, "viewpoint")
    azimuth, elevation, theta = (_number(_field(viewpoint, one)) for one in ("azimuth", "elevation", "theta"))
    rotation = None
    if azimuth is not None and elevation is not None and theta is not None:
        angles = [math.radians(one) for one in (azimuth, elevation, theta)]
        rotation = rotation_from_viewpoint(*angles)
    cad = _number(_field(struct, "cad_index"))
    return AnnotatedObject(
        kind=str(kind[0]),
        rotation=rotation,
        distance=_number(_field(viewpoint, "distance")) or 0.0,
        cad=None if cad is None else int(cad),
    )


def _field(struct: Any, name: str) -> Any:
    """A field of a struct that stands alone, however it is wrapped; None where there is none."""
    flat = np.asarray(struct).ravel()
    if flat.size != 1:
        return None
    if flat.dtype.names is not None:
        return flat[0][name] if name in flat.dtype.names else None
    return (
        _field(flat[0], name) if flat.dtype.hasobject and isinstance(flat[0], np.ndarray | np.void) else None
    )


def _number(value: Any) -> float | None:
    """A finite number, however it is wrapped; None where there is none."""
    flat = np.asarray(value).ravel() if value is not None else np.array([])
    while flat.dtype.hasobject and flat.size and isinstance(flat[0], np.ndarray):
        flat = flat[0].ravel()
    if not flat.size or flat.dtype.kind not in "iuf" or not np.isfinite(flat[0]):
        return None
    return float(flat[0])


def read_vertices(path: Path) -> NDArray[np.float64]:
    """(V, 3) the vertices of a CAD model in the object's frame, PASCAL3D+'s units.

    Raises:
        ExchangeError: it cannot be read, or is no OFF file.
    """
    words = read_text(path).split()
    if not words or words[0] != "OFF" or len(words) < 4:
        refuse(path.name, "it is no OFF file")
    count = whole(words[1], path.name, "its number of vertices")
    if not 0 < count <= _MOST_VERTICES or len(words) < 4 + 3 * count:
        refuse(path.name, f"it has not the {count} vertices that it says")
    numbers = [number(word, path.name, "a vertex") for word in words[4 : 4 + 3 * count]]
    return np.array(numbers).reshape(-1, 3)
