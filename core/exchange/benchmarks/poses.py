"""Poses of single objects: as a benchmark's annotators gave them, and what somebody predicts.

Predictions are a CSV file with a header, or a JSON list of objects with the same names:

- `image`: the picture's file; folder and ending do not matter (`img`, `imgs` and `name` do as well).
- `azimuth`, `elevation`, `theta`: PASCAL3D+'s angles in degrees; or `r11` … `r33`, rows of the rotation from
  the object's frame to the camera's (`core.geometry.viewpoints`), in JSON also `rotation`.
- `object`: which one of its picture, from 0; may be left out where there is one.
- `level`: 1, 2 or 3, where a benchmark shows a picture at several levels of occlusion.
- `distance`, or `tx`, `ty`, `tz` (in JSON also `translation`): where the object is, in PASCAL3D+'s units.
- `add`: ADD in its own unit, where it is known already.

Other columns say nothing.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.exchange.benchmarks.texts import number, read_text, refuse, whole
from core.exchange.checks import load_json
from core.geometry.viewpoints import rotation_from_viewpoint

ANGLES = ("azimuth", "elevation", "theta")

_IMAGE_WORDS = ("image", "imgs", "img", "name")
_ENDINGS = (".jpg", ".jpeg", ".png", ".npz")
_MATRIX = tuple(f"r{row}{column}" for row in (1, 2, 3) for column in (1, 2, 3))
_PLACE = ("tx", "ty", "tz")
_ROUND = 1e-2  # how far a rotation's columns may be from unit length and right angles
_MANY = 10


@dataclass(frozen=True, slots=True)
class PoseKey:
    """Which object a pose is of.

    Attributes:
        image: without folder and ending.
        object: which one of its picture, from 0.
    """

    image: str
    object: int


@dataclass(frozen=True, slots=True, eq=False)
class TruePose:
    """A pose as it is annotated.

    Attributes:
        key: whose it is.
        group: the part of the benchmark that it counts in, such as a nuisance or level.
        rotation: (3, 3) from the object's frame to the camera's.
        distance: from the camera, in PASCAL3D+'s units; None where it is not annotated.
        cad: number of the object's CAD model, from 1; or None.
        hidden: the share of it that something covers, or None.
    """

    key: PoseKey
    group: str
    rotation: NDArray[np.float64]
    distance: float | None = None
    cad: int | None = None
    hidden: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FoundPose:
    """A pose that somebody predicts.

    Attributes:
        where: its place in the file, for errors.
        image: without folder and ending.
        object: which one of its picture; None where it does not say.
        level: "1" to "3"; "" where it does not say.
        rotation: (3, 3) from the object's frame to the camera's.
        translation: (3,) of the object in the camera's frame, in PASCAL3D+'s units; or None.
        add: or None.
    """

    where: str
    image: str
    object: int | None
    level: str
    rotation: NDArray[np.float64]
    translation: NDArray[np.float64] | None
    add: float | None


def image_key(name: str) -> str:
    """A picture's name without folder and ending."""
    last = PurePosixPath(name.strip().replace("\\", "/")).name
    stem, dot, ending = last.rpartition(".")
    return stem if f"{dot}{ending}".lower() in _ENDINGS else last


def read_poses(path: Path) -> list[FoundPose]:
    """Read and check predictions: NAME.csv or NAME.json.

    Raises:
        ExchangeError: it cannot be read, is empty, or a row lacks its picture or pose, has what is no number
            or no rotation, or stands twice; the sentence names the row.
    """
    if path.suffix.lower() == ".json":
        return parse_poses(_json_rows(path), path.name)
    return parse_poses(read_rows(path), path.name)


def read_rows(path: Path) -> list[tuple[str, dict[str, str]]]:
    """The rows of a CSV file with a header: where each stands, and its words by column in small letters.

    Raises:
        ExchangeError: it cannot be read, or has no header or rows.
    """
    lines = csv.reader(read_text(path).splitlines())
    try:
        header = [word.strip().lower() for word in next(lines, [])]
        rows = [
            (f"line {lines.line_num}", dict(zip(header, words, strict=False)))
            for words in lines
            if any(word.strip() for word in words)
        ]
    except csv.Error as error:
        refuse(path.name, f"it is no CSV file ({error})")
    if not rows:
        refuse(path.name, "it has no rows below its header")
    return rows


def _json_rows(path: Path) -> list[tuple[str, dict[str, str]]]:
    data = load_json(path, "a JSON list of poses")
    if not isinstance(data, list) or not data:
        refuse(path.name, "its top level is no list of poses")
    return [(f"pose {n}", _flat(row, path.name, f"pose {n}")) for n, row in enumerate(data, start=1)]


def _flat(row: Any, name: str, where: str) -> dict[str, str]:
    """A JSON object as words by column; a matrix and a vector are laid flat."""
    if not isinstance(row, dict):
        refuse(name, f"{where} is no object")
    words: dict[str, str] = {}
    for key, value in row.items():
        if value is None:
            continue
        columns = {"rotation": _MATRIX, "translation": _PLACE}.get(key)
        if columns is None:
            words[key.lower()] = str(value)
            continue
        numbers = _leaves(value)
        if len(numbers) != len(columns):
            refuse(name, f"the {key} of {where} has not {len(columns)} numbers")
        words |= dict(zip(columns, numbers, strict=True))
    return words


def _leaves(value: Any) -> list[str]:
    rows = value if isinstance(value, list) else [value]
    return [str(one) for row in rows for one in (row if isinstance(row, list) else [row])]


def parse_poses(rows: Sequence[tuple[str, Mapping[str, str]]], name: str) -> list[FoundPose]:
    """Check rows of predictions.

    Raises:
        ExchangeError: as `read_poses`.
    """
    refuse_radians(rows, name)
    found = [_pose(words, name, where) for where, words in rows]
    seen: dict[tuple[str, int | None, str], str] = {}
    for one in found:
        key = (one.image, one.object, one.level)
        if key in seen:
            refuse(name, f"{one.where} is about {one.image}, and so is {seen[key]}")
        seen[key] = one.where
    return found


def image_of(words: Mapping[str, str], name: str, where: str) -> str:
    """The picture that a row is about.

    Raises:
        ExchangeError: it names none.
    """
    said = next((words[word] for word in _IMAGE_WORDS if words.get(word, "").strip()), "")
    if not image_key(said):
        refuse(name, f"{where} names no image")
    return image_key(said)


def viewpoint_of(words: Mapping[str, str], name: str, where: str) -> NDArray[np.float64]:
    """The rotation by a row's angles in degrees.

    Raises:
        ExchangeError: one is missing, or no number.
    """
    for word in ANGLES:
        if not words.get(word, "").strip():
            refuse(name, f"{where} has no {word}")
    angles = [math.radians(number(words[word], name, f"the {word} of {where}")) for word in ANGLES]
    return rotation_from_viewpoint(*angles)


def refuse_radians(rows: Sequence[tuple[str, Mapping[str, str]]], name: str) -> None:
    """Raise ExchangeError where azimuths of many rows are all so small that they must be radians."""
    said = [words["azimuth"] for _, words in rows if words.get("azimuth", "").strip()]
    if len(said) > _MANY and max(abs(number(one, name, "an azimuth")) for one in said) <= math.tau + 1e-6:
        refuse(name, "its azimuths are all below 6.3, so they seem to be radians, and degrees are needed")


def _pose(words: Mapping[str, str], name: str, where: str) -> FoundPose:
    image = image_of(words, name, where)
    where += f", of {image},"
    if any(words.get(word, "").strip() for word in _MATRIX):
        rotation = _rotation(words, name, where)
    else:
        rotation = viewpoint_of(words, name, where)
    add = _optional(words, "add", name, where)
    if add is not None and add < 0:
        refuse(name, f"the add of {where} is below 0")
    said = words.get("object", "").strip()
    level = words.get("level", "").strip().upper().removeprefix("L")
    which = whole(said, name, f"the object of {where}") if said else None
    return FoundPose(where, image, which, level, rotation, _translation(words, name, where), add)


def _rotation(words: Mapping[str, str], name: str, where: str) -> NDArray[np.float64]:
    for word in _MATRIX:
        if not words.get(word, "").strip():
            refuse(name, f"{where} has no {word}")
    numbers = [number(words[word], name, f"the {word} of {where}") for word in _MATRIX]
    matrix = np.array(numbers).reshape(3, 3)
    if np.abs(matrix.T @ matrix - np.eye(3)).max() > _ROUND or np.linalg.det(matrix) < 0:
        refuse(name, f"the matrix of {where} is no rotation")
    left, _, right = np.linalg.svd(matrix)  # the nearest one: numbers in a file are rounded
    return left @ right


def _translation(words: Mapping[str, str], name: str, where: str) -> NDArray[np.float64] | None:
    place = [_optional(words, word, name, where) for word in _PLACE]
    if any(one is not None for one in place):
        known = [one for one in place if one is not None]
        if len(known) < len(place):
            refuse(name, f"{where} has not all of tx, ty and tz")
        return np.array(known)
    distance = _optional(words, "distance", name, where)
    return None if distance is None else np.array([0.0, 0.0, -distance])


def _optional(words: Mapping[str, str], word: str, name: str, where: str) -> float | None:
    said = words.get(word, "").strip()
    return number(said, name, f"the {word} of {where}") if said else None
