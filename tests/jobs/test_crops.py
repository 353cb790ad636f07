"""Crops lie where they say, and show those pixels."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.jobs.mine.crops import cut_crop
from core.records.boxes import Box


@given(
    x=st.floats(-20, 90),
    y=st.floats(-20, 50),
    w=st.floats(1, 200),
    h=st.floats(1, 200),
)
def test_a_crop_lies_in_the_picture_and_covers_the_visible_box(
    x: float, y: float, w: float, h: float
) -> None:
    image = np.zeros((60, 100, 3), np.uint8)
    crop = cut_crop(image, Box(x, y, w, h), 1000)
    assert crop.x >= 0
    assert crop.y >= 0
    assert crop.x + crop.w <= 100
    assert crop.y + crop.h <= 60
    if x + w > 0 and y + h > 0:
        assert crop.x <= max(x, 0)
        assert crop.x + crop.w >= min(x + w, 100)


def test_colours_stay_rgb_and_large_crops_shrink() -> None:
    image = np.zeros((60, 100, 3), np.uint8)
    image[..., 0] = 200
    crop = cut_crop(image, Box(0, 0, 100, 60), 50)
    pixels = cv2.imdecode(np.frombuffer(crop.data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert pixels.shape == (30, 50, 3)
    assert np.abs(pixels.reshape(-1, 3).mean(0) - (200, 0, 0)).max() < 3
