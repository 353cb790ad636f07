"""A composite as an export is handed it: what it is made of, its labels, and its picture on demand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import ExchangeError
from core.records.cameras import CalibrationRecord
from core.records.detections import Category
from core.records.masks import MaskPatch
from core.records.recipes import ObjectLabel, RecipeRow

PictureFormat = Literal["png", "jpeg"]

_ENDINGS: dict[str, str] = {"png": ".png", "jpeg": ".jpg"}
_JPEG_QUALITY = 95


@dataclass(frozen=True, slots=True, eq=False)
class ExportedComposite:
    """One composite.

    Attributes:
        row: the recipe, and where it stands in the project.
        camera: name of its camera. hour: of its background, or None over all hours.
        width, height: of the picture, pixels.
        labels: of its objects, far to near.
        ignored: what stands in the background and has no label.
        calibrations: for each label, the id of the calibration that its fit is of, or None.
        shape_spaces: and name and hash of the shape space or body model, or None.
        made_of: all that decides the picture's bytes, in a few letters.
        picture: renders it, blurred where that is wanted: (H, W, 3) uint8 RGB.
    """

    row: RecipeRow
    camera: str
    hour: int | None
    width: int
    height: int
    labels: tuple[ObjectLabel, ...]
    ignored: tuple[tuple[Category, MaskPatch], ...]
    calibrations: tuple[int | None, ...]
    shape_spaces: tuple[str | None, ...]
    made_of: str
    picture: Callable[[], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class CompositeSet:
    """What an export says of the whole set.

    Attributes:
        project: uuid of the project. name: of the set.
        blurred: whether faces and plates are.
        calibrations: those that fits are of, by id.
    """

    project: str
    name: str
    blurred: bool
    calibrations: Callable[[], dict[int, CalibrationRecord]]


def picture_name(recipe_id: int, format: PictureFormat) -> str:
    """The file name of a composite's picture."""
    return f"{recipe_id:09d}{_ENDINGS[format]}"


def encoded(picture: NDArray[np.uint8], ending: str) -> bytes:
    """A picture file's bytes: PNG, or what the ending says (JPEG at quality 95).

    Args:
        picture: (H, W, 3) uint8 RGB.
        ending: such as ".png".

    Raises:
        ExchangeError: there is no such kind of picture.
    """
    bgr = np.ascontiguousarray(picture[..., ::-1])
    options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY] if ending.lower() in (".jpg", ".jpeg") else []
    try:
        done, data = cv2.imencode(ending, bgr, options)
    except cv2.error:
        done, data = False, np.zeros(0, np.uint8)
    if not done:
        raise ExchangeError(f"A picture cannot be written as {ending}.", "Choose PNG or JPEG.")
    return data.tobytes()
