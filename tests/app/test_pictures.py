"""Compressed pictures as pixels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from app.pictures import decoded, image_of

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)  # rows are no multiple of four


def png(pixels: np.ndarray) -> bytes:
    return cv2.imencode(".png", pixels[:, :, ::-1])[1].tobytes()


def test_pixels_are_red_first() -> None:
    found = decoded(png(PIXELS))
    assert found is not None
    np.testing.assert_array_equal(found, PIXELS)
    image = image_of(png(PIXELS))
    assert (image.width(), image.height()) == (7, 5)
    assert image.pixelColor(6, 4).getRgb()[:3] == tuple(PIXELS[4, 6])


@pytest.mark.parametrize("data", [b"", b"no picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
def test_what_is_no_picture_is_none(data: bytes) -> None:
    assert decoded(data) is None
    assert image_of(data).isNull()
