"""The square that the small networks are shown of an object."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.networks.crop_view import FILL, MARGIN, placing_of, shown
from core.records.boxes import Box

PX = 64
sizes = st.floats(8, 200)
places = st.floats(-50, 150)


@given(places, places, sizes, sizes, st.floats(-0.5, 0.5), st.booleans())
def test_there_and_back(x: float, y: float, w: float, h: float, turn: float, mirrored: bool) -> None:
    placing = placing_of(Box(x, y, w, h), PX, turn_rad=turn, mirrored=mirrored)
    points = np.array([[x, y], [x + w, y + h / 2], [0.0, 0.0]])
    assert np.allclose(placing.to_crop(placing.to_square(points)), points, atol=1e-6)


@given(places, places, sizes, sizes)
def test_the_box_lies_in_the_middle_with_its_margin(x: float, y: float, w: float, h: float) -> None:
    placing = placing_of(Box(x, y, w, h), PX)
    # corners on pixel edges, as centres
    low, high = placing.to_square(np.array([[x, y], [x + w, y + h]]) - 0.5) + 0.5
    assert np.allclose((low + high) / 2, PX / 2, atol=1e-6)
    assert float((high - low).max()) == pytest.approx(PX / (1 + 2 * MARGIN))


def test_a_mirror_exchanges_left_and_right() -> None:
    box = Box(10, 20, 40, 30)
    points = np.array([[12.0, 25.0], [45.0, 33.0]])
    plain = placing_of(box, PX).to_square(points)
    mirrored = placing_of(box, PX, mirrored=True).to_square(points)
    assert np.allclose(mirrored[:, 0], PX - 1 - plain[:, 0])
    assert np.allclose(mirrored[:, 1], plain[:, 1])


@pytest.mark.parametrize("mirrored", [False, True])
def test_pixels_go_where_points_go(mirrored: bool) -> None:
    image = np.zeros((60, 80, 3), dtype=np.uint8)
    image[29:32, 49:52] = 255
    box = Box(20, 10, 50, 45)
    placing = placing_of(box, PX, mirrored=mirrored)
    square = shown(image, box, placing)[..., 0].astype(float)
    square[square < 128] = 0
    rows, columns = np.nonzero(square)
    middle = np.array([np.average(columns, weights=square[rows, columns]), np.average(rows)])
    assert np.allclose(middle, placing.to_square(np.array([50.0, 30.0])), atol=0.6)


def test_what_lies_beyond_the_margin_is_grey() -> None:
    """So that a wide picture shows the network no more than the crop that mining keeps."""
    image = np.full((100, 200, 3), 250, dtype=np.uint8)
    box = Box(50, 45, 100, 10)
    square = shown(image, box, placing_of(box, 130))
    # 15 above the box, the box's 10 rows, 15 below: 40 of 130 rows show the picture
    lit = square[:, 65, 0] > 200
    assert abs(int(lit.sum()) - 40) <= 2
    assert (square[:40] == FILL).all()
    kept = image[30:70, 35:165]
    moved = Box(15, 15, 100, 10)
    again = shown(kept, moved, placing_of(moved, 130))
    assert np.array_equal(again, square)


def test_a_box_beyond_the_picture_shows_nothing() -> None:
    box = Box(300, 10, 40, 40)
    assert (shown(np.zeros((50, 50, 3), np.uint8), box, placing_of(box, PX)) == FILL).all()
