"""Reads the calibration.txt of AI City (CityFlow): a homography from latitude and longitude to pixels.

Lines are `Homography matrix: a b c;d e f;g h i` and, for some cameras, `Intrinsic parameter matrix:` and
`Distortion coefficients:`; the homography is then that of the undistorted picture. The camera comes from
points of the road that the homography ties to pixels, as if a person had drawn them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.geometry.calibration.files.imported import (
    ImportedCamera,
    PictureSize,
    damaged,
    make_camera,
    read_text,
    wrong_format,
)
from core.geometry.calibration.ground_points import calibrate_ground_points, tangent_plane
from core.geometry.calibration.lens import Lens, known_lens
from core.geometry.calibration.result import CalibrationResult
from core.geometry.cameras import Camera

Array = NDArray[np.float64]

_SAMPLES = 12
_REACH_M = 150.0
_WIDEST_DEG = 0.2
_STATED = ("reprojection error", "backrojection error", "backprojection error")


@dataclass(frozen=True, eq=False)
class HomographyFile:
    """What such a file holds.

    Attributes:
        homography: (3, 3), either way round.
        matrix: (3, 3) intrinsics, or None.
        distortion: coefficients, or none.
        stated_error: as the file states it, in units that it does not tell; None where it does not.
    """

    homography: Array
    matrix: Array | None
    distortion: tuple[float, ...]
    stated_error: float | None


def looks_like(head: str) -> bool:
    """Whether a file's beginning is of this format."""
    return re.search(r"^\s*Homography matrix:", head, re.MULTILINE | re.IGNORECASE) is not None


def read_homography(path: Path) -> HomographyFile:
    """The numbers of the file.

    Raises:
        CalibrationFileError: where it is another format or damaged.
    """
    rows: dict[str, str] = {}
    for line in read_text(path).splitlines():
        name, colon, body = line.partition(":")
        if colon:
            rows[name.strip().lower()] = body
    if "homography matrix" not in rows:
        raise wrong_format(path, "an AI City calibration")
    intrinsic = rows.get("intrinsic parameter matrix")
    error = next((rows[name] for name in _STATED if name in rows), None)
    return HomographyFile(
        _matrix(path, rows["homography matrix"]),
        None if intrinsic is None else _matrix(path, intrinsic),
        tuple(_numbers(path, rows.get("distortion coefficients", "")).tolist()),
        None if error is None else float(_numbers(path, error).sum()),
    )


def read_ai_city(path: Path, picture: PictureSize | None = None) -> ImportedCamera:
    """The camera and its ground; x is east and y north in `world_to_camera`.

    Args:
        picture: width and height, pixels; the file does not say them.

    Raises:
        CalibrationFileError: where it is another format or damaged. CalibrationError: where no camera sees
            the road so.
    """
    content = read_homography(path)
    result = calibrate_homography(path, content, picture)
    note = "The camera is worked out from the file's homography, which has no camera of its own."
    return ImportedCamera(
        path.parent.name or path.stem,
        result.camera,
        result.ground_to_camera,
        result.plane,
        result.residual_px,
        (note,),
    )


def calibrate_homography(
    path: Path, content: HomographyFile, picture: PictureSize | None
) -> CalibrationResult:
    """The camera that sees the road as a homography has it.

    Raises:
        CalibrationFileError: where the homography maps the picture to no street.
        CalibrationError: where no camera sees it so.
    """
    square = np.diag([1.0, 1.0, 1.0]) if content.matrix is None else content.matrix
    real = make_camera(path, picture, square, content.distortion)
    ideal = real.without_distortion()
    pixels, places = _points_of_the_road(path, content.homography, ideal)
    lens = Lens(ideal.width, ideal.height) if content.matrix is None else known_lens(ideal)
    plane = tangent_plane(places)
    metres = plane.metres(places)
    near = np.linalg.norm(metres - metres[np.argmax(pixels[:, 1])], axis=1) < _REACH_M
    if near.sum() < 4:
        raise damaged(path, "its homography shows less than four points of the road within 150 m")
    result = calibrate_ground_points(lens, pixels[near], metres[near])
    return result if content.matrix is None else replace(result, camera=real)


def _points_of_the_road(path: Path, homography: Array, camera: Camera) -> tuple[Array, Array]:
    """(n, 2) pixels over the picture, and (n, 2) latitudes and longitudes that they see."""
    x = np.linspace(0.0, camera.width - 1.0, _SAMPLES)
    y = np.linspace(0.0, camera.height - 1.0, _SAMPLES)
    pixels = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    for to_places in (_inverse(homography), homography):
        if to_places is None:
            continue
        mapped = np.concatenate([pixels, np.ones((len(pixels), 1))], axis=1) @ to_places.T
        bottom = mapped[-_SAMPLES // 2]
        with np.errstate(all="ignore"):
            places = mapped[:, :2] / mapped[:, 2:]
            foot = bottom[:2] / bottom[2]
            # what lies beyond the horizon has the other sign
            seen = (mapped[:, 2] * bottom[2] > 0) & (np.abs(places - foot).max(axis=1) < _WIDEST_DEG / 4)
        if _on_earth(foot) and seen.sum() >= 4:
            return pixels[seen], places[seen]
    raise damaged(path, "its homography ties the picture to no street by latitude and longitude")


def _on_earth(place: Array) -> bool:
    return bool(
        np.isfinite(place).all() and abs(place[0]) < 89 and abs(place[1]) <= 180 and np.abs(place).max() > 0.2
    )


def _inverse(homography: Array) -> Array | None:
    """The inverse, with both sides brought to one size first: degrees are 1e5 times larger than metres."""
    rows = np.abs(homography).max(axis=1)
    columns = np.abs(homography).max(axis=0)
    if (rows == 0).any() or (columns == 0).any():
        return None
    scaled = homography / rows[:, None]
    scales = np.abs(scaled).max(axis=0)
    try:
        inverse = np.linalg.inv(scaled / scales)
    except np.linalg.LinAlgError:
        return None
    return np.asarray(inverse / scales[:, None] / rows, dtype=np.float64)


def _matrix(path: Path, body: str) -> Array:
    numbers = _numbers(path, body.replace(";", " "))
    if numbers.size != 9:
        raise damaged(path, f"a matrix has {numbers.size} numbers, not 9")
    return numbers.reshape(3, 3)


def _numbers(path: Path, body: str) -> Array:
    try:
        found = np.array(
            [float(word) for word in re.split(r"[\s,;]+", body.strip()) if word], dtype=np.float64
        )
    except ValueError as error:
        raise damaged(path, "a row holds something that is no number") from error
    if not np.isfinite(found).all():
        raise damaged(path, "a row holds a number that is not finite")
    return found
