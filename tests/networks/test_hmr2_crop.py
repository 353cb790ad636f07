"""Crops for HMR 2.0: the square of a box, what is seen in it, and how it is blurred."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates

from core.networks.hmr2.crop import CropSquare, crop_of, crop_square
from core.records.boxes import Box

MEAN, DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


@pytest.mark.parametrize(
    ("box", "square"),
    [
        (Box(100, 50, 60, 160), CropSquare(130, 130, 160)),  # slimmer than 192:256: the height counts
        (Box(100, 50, 120, 160), CropSquare(160, 130, 160)),  # just so
        (Box(100, 50, 240, 160), CropSquare(220, 130, 320)),  # wider: its width asks for a height of 320
    ],
)
def test_a_box_is_widened_to_192_by_256_and_its_larger_side_counts(box, square):
    assert crop_square(box) == square


def smooth_picture(height, width):
    y, x = np.mgrid[:height, :width]
    channels = [128 + 90 * np.sin(x / 17 + k) * np.cos(y / 23 - k) for k in range(3)]
    return np.stack(channels, axis=-1).astype(np.uint8)


@pytest.mark.parametrize("size", [64.0, 200.0, 256.0, 281.0])
def test_a_crop_shows_the_square_edge_on_edge(size):
    picture = smooth_picture(400, 500)
    square = CropSquare(260.3, 190.8, size)
    crop = crop_of(picture, square)
    assert crop.shape == (3, 256, 256)
    assert crop.dtype == np.float32
    # the pixel whose middle is (i + 0.5) / 256 of the way from edge to edge
    part = (np.arange(256) + 0.5) / 256 - 0.5
    x, y = np.meshgrid(square.x + part * size - 0.5, square.y + part * size - 0.5)
    for channel in range(3):
        seen = map_coordinates(picture[..., channel].astype(float), [y, x], order=1)
        expected = (seen / 255 - MEAN[channel]) / DEVIATION[channel]
        # OpenCV rounds places to a 32nd of a pixel: 1/64 px of a slope of 6 a pixel
        np.testing.assert_allclose(crop[channel], expected, atol=0.1 / 255 / 0.22 + 1e-3)


def test_a_crop_that_shrinks_is_blurred_before():
    rng = np.random.default_rng(4)
    picture = rng.integers(0, 256, (900, 900, 3)).astype(np.uint8)
    square = CropSquare(450.0, 450.0, 768.0)  # scaled down by 3: sigma 1
    crop = crop_of(picture, square)
    blurred = gaussian_filter(picture.astype(float), sigma=(1.0, 1.0, 0), truncate=4.0, mode="nearest")
    # every third pixel's middle, from 66.0 + 1.0
    expected = (blurred[67:835:3, 67:835:3] / 255 - MEAN) / DEVIATION
    np.testing.assert_allclose(crop, expected.transpose(2, 0, 1), atol=2e-3)


def test_beyond_the_picture_is_black():
    picture = np.full((100, 100, 3), 255, dtype=np.uint8)
    black, white = (0 - MEAN) / DEVIATION, (1 - MEAN) / DEVIATION
    crop = crop_of(picture, CropSquare(0.0, 50.0, 64.0))
    np.testing.assert_allclose(crop[:, 128, 10], black, atol=1e-6)
    np.testing.assert_allclose(crop[:, 128, 250], white, atol=1e-6)
    nothing = crop_of(picture, CropSquare(-500.0, 50.0, 64.0))
    np.testing.assert_allclose(nothing, np.broadcast_to(black[:, None, None], (3, 256, 256)), atol=1e-6)
