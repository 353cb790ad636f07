"""Single cars as they are written: a compressed picture, and COCO's rows about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.synthesis.street.car_renders import CarRender, CarRenders
from core.synthesis.street.coco_rows import annotation_row

_QUALITY = 95


@dataclass(frozen=True, slots=True)
class CarPicture:
    """One car as it is written.

    Attributes:
        jpeg: the picture's file.
        width, height: pixels.
        camera: the picture's own camera, and the ground in its frame, as plain JSON values.
        annotation: the car's row without its number and the picture's.
    """

    jpeg: bytes
    width: int
    height: int
    camera: dict[str, Any]
    annotation: dict[str, Any]


def car_pictures(renders: CarRenders, indices: Iterable[int]) -> Iterator[CarPicture]:
    """Renders some pictures of a set, one after the other, in this process."""
    return (_picture(renders.render(index)) for index in indices)


def compressed(picture: NDArray[np.uint8]) -> bytes:
    """A JPEG file of an (H, W, 3) uint8 RGB picture."""
    done, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    assert done
    return data.tobytes()


def _picture(render: CarRender) -> CarPicture:
    height, width = render.picture.shape[:2]
    camera = {
        "matrix": render.camera.matrix.tolist(),
        "distortion": list(render.camera.distortion),
        "ground": {"normal": render.ground.normal.tolist(), "height": render.ground.height},
    }
    return CarPicture(
        compressed(render.picture), width, height, camera, annotation_row(render.car, width, height)
    )
