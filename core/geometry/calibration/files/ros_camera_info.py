"""Reads ROS camera_info: the YAML file of camera_calibration, and the printed message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.geometry.calibration.files.imported import (
    ImportedCamera,
    PictureSize,
    damaged,
    fisheye,
    make_camera,
    read_text,
    wrong_format,
)

_MODELS = ("plumb_bob", "rational_polynomial", "none", "")


def looks_like(head: str) -> bool:
    """Whether a file's beginning is of this format."""
    return "distortion_model" in head and not head.lstrip().startswith("{")


def read_ros(path: Path, picture: PictureSize | None = None) -> ImportedCamera:
    """The camera of a camera_info file; its rectification and projection matrices are not used.

    Args:
        picture: width and height, where the file does not say them.

    Raises:
        CalibrationFileError: where it is another format, damaged, or of a fisheye lens.
        DistortionFoldsError.
    """
    content = _content(path)
    model = str(content.get("distortion_model") or "")
    if model not in _MODELS:
        if model in ("equidistant", "fisheye", "kannala_brandt"):
            raise fisheye(path, model)
        raise damaged(path, f"its distortion model {model[:40]!r} is none that is known here")
    matrix = _numbers(path, content, ("camera_matrix", "K", "k"))
    if len(matrix) != 9:
        raise damaged(path, f"its camera matrix has {len(matrix)} numbers, not 9")
    distortion = _numbers(path, content, ("distortion_coefficients", "D", "d"))
    size = (
        content.get("image_width", content.get("width")),
        content.get("image_height", content.get("height")),
    )
    known = (size[0], size[1]) if isinstance(size[0], int) and isinstance(size[1], int) else picture
    camera = make_camera(path, known, np.reshape(matrix, (3, 3)), distortion)
    return ImportedCamera(str(content.get("camera_name") or path.stem)[:200], camera)


def _content(path: Path) -> Mapping[str, Any]:
    import yaml

    # OpenCV's way to write the YAML version is none of YAML's
    text = re.sub(r"\A\s*%YAML[^\n]*\n", "", read_text(path))
    try:
        # a printed message ends with ---, and may hold several
        content = next(iter(yaml.safe_load_all(text)), None)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise damaged(path, "it is no YAML") from error
    if not isinstance(content, dict) or not {"distortion_model", "D", "d", "distortion_coefficients"} & set(
        content
    ):
        raise wrong_format(path, "a ROS camera_info file")
    return content


def _numbers(path: Path, content: Mapping[str, Any], names: tuple[str, ...]) -> list[float]:
    value = next((content[name] for name in names if name in content), None)
    if isinstance(value, dict):
        value = value.get("data")
    if not isinstance(value, list) or len(value) > 16:
        raise damaged(path, f"its {names[0]} is no list of numbers")
    if not all(isinstance(number, int | float) for number in value):
        raise damaged(path, f"its {names[0]} is no list of numbers")
    return [float(number) for number in value]
