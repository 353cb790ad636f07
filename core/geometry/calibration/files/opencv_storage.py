"""Reads OpenCV's FileStorage calibrations: YAML, JSON and XML.

Matrices are read number by number: OpenCV would allocate whatever size a file claims.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.geometry.calibration.files.imported import (
    ImportedCamera,
    PictureSize,
    damaged,
    fisheye,
    make_camera,
    read_text,
    wrong_format,
)

Array = NDArray[np.float64]

_MATRIX = ("cameramatrix", "k", "mtx", "intrinsic", "intrinsics", "intrinsicmatrix", "m1", "k1")
_DISTORTION = (
    "distortioncoefficients",
    "distcoeffs",
    "distcoeff",
    "distcoefs",
    "distcoef",
    "dist",
    "d",
    "d1",
)
_WIDTH, _HEIGHT = ("imagewidth", "width", "imgwidth"), ("imageheight", "height", "imgheight")
_SIZE = ("imagesize", "imgsize", "size")
_ERROR = ("avgreprojectionerror", "reprojectionerror", "rms", "rmserror")
_FISHEYE = ("fisheyemodel", "fisheye")
_MOST_NUMBERS = 64


def looks_like(head: str) -> bool:
    """Whether a file's beginning is of this format."""
    return "opencv-matrix" in head or "<opencv_storage" in head or head.lstrip().startswith("%YAML")


def read_opencv(path: Path, picture: PictureSize | None = None) -> ImportedCamera:
    """The camera of a file that cv::FileStorage wrote, under any of the usual names.

    Args:
        picture: width and height, where the file does not say them.

    Raises:
        CalibrationFileError: where it is another format, damaged, or of a fisheye lens.
        DistortionFoldsError.
    """
    nodes = _nodes(path)
    if (flag := _first(nodes, _FISHEYE)) is not None and (flag.isInt() or flag.isReal()) and flag.real() != 0:
        raise fisheye(path, "fisheye_model")
    model = nodes.get("distortionmodel")
    if model is not None and model.isString() and model.string().lower() in ("equidistant", "fisheye"):
        raise fisheye(path, model.string())
    matrix_node = _first(nodes, _MATRIX)
    if matrix_node is None:
        raise damaged(path, "it has no camera matrix (camera_matrix or K)")
    matrix = _numbers(path, matrix_node)
    if matrix.size != 9:
        raise damaged(path, f"its camera matrix has {matrix.size} numbers, not 9")
    distortion_node = _first(nodes, _DISTORTION)
    distortion = () if distortion_node is None else tuple(_numbers(path, distortion_node).tolist())
    camera = make_camera(path, _size(path, nodes) or picture, matrix.reshape(3, 3), distortion)
    error = _first(nodes, _ERROR)
    stated = error.real() if error is not None and (error.isReal() or error.isInt()) else None
    return ImportedCamera(path.stem, camera, residual_px=stated)


def _nodes(path: Path) -> dict[str, Any]:
    import cv2

    text = read_text(path)
    if not looks_like(text[:4096]):
        raise wrong_format(path, "a file of OpenCV's FileStorage")
    if "opencv-matrix" in text and not re.match(r"\s*[%{<]", text):
        text = "%YAML:1.0\n---\n" + text
    try:
        storage = cv2.FileStorage(text, cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
        root = storage.root()
        names = tuple(root.keys())
        found: dict[str, Any] = {re.sub(r"[_\-\s]", "", name).lower(): root.getNode(name) for name in names}
        # its nodes live only as long as the storage itself
        found[""] = storage
    except (SystemError, cv2.error, UnicodeDecodeError) as error:
        raise damaged(path, "OpenCV cannot read it") from error
    return found


def _first(nodes: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((nodes[name] for name in names if name in nodes), None)


def _numbers(path: Path, node: Any) -> Array:
    """(n,) numbers of a matrix, a map of rows, cols and data, or a plain or nested list."""
    data = node.getNode("data") if node.isMap() else node
    rows = [data.at(index) for index in range(min(data.size(), _MOST_NUMBERS))] if data.isSeq() else []
    flat = [
        cell for row in rows for cell in ([row.at(i) for i in range(row.size())] if row.isSeq() else [row])
    ]
    if not flat or len(flat) > _MOST_NUMBERS or not all(cell.isInt() or cell.isReal() for cell in flat):
        raise damaged(path, f"{node.name() or 'a matrix'} is no list of numbers")
    return np.array([cell.real() for cell in flat])


def _size(path: Path, nodes: dict[str, Any]) -> PictureSize | None:
    width, height = _first(nodes, _WIDTH), _first(nodes, _HEIGHT)
    if width is not None and height is not None and width.isInt() and height.isInt():
        return int(width.real()), int(height.real())
    pair = _first(nodes, _SIZE)
    if pair is not None and pair.isSeq() and pair.size() == 2:
        first, second = _numbers(path, pair).tolist()
        return int(first), int(second)
    return None
