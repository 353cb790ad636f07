"""Dragged pieces: resampling against Python's own whole numbers, and geometry against the camera's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.compositing import moved
from core.compositing.pixels import Layer, Window
from core.errors import CompositeError
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.geometry.masks import patch_box
from core.records.boxes import Box
from core.records.fits import BodyFit
from core.records.masks import MaskPatch
from core.records.recipes import Move
from core.shapes.body.placed import placed_body
from tests.compositing.painted import standing_fit
from tests.placed_people import person_at, stand_in

WIDTH, HEIGHT = 48, 32


def layer(x: int, y: int, alpha: np.ndarray) -> Layer:
    colour = np.repeat(alpha[..., None], 3, axis=2)
    return Layer(Window(x, y, colour), Window(x, y, alpha), None, np.zeros((0, 2), np.int64), (0, 0, 0))


def by_plain_numbers(x: int, y: int, values: list[list[int]], move: Move) -> dict[tuple[int, int], int]:
    """What a plane shows at each pixel of the picture once it is moved, where it is not 0."""
    h, w = len(values), len(values[0])

    def at(row: int, column: int) -> int:
        return values[row - y][column - x] if 0 <= row - y < h and 0 <= column - x < w else 0

    out = {}
    for v in range(HEIGHT):
        for u in range(WIDTH):
            px = ((u * 65536 - move.dx_q16) * 65536) // move.scale_q16
            py = ((v * 65536 - move.dy_q16) * 65536) // move.scale_q16
            column, row = px // 65536, py // 65536
            fx, fy = px % 65536 // 256, py % 65536 // 256
            rows = [
                (at(one, column) * (256 - fx) + at(one, column + 1) * fx + 128) // 256
                for one in (row, row + 1)
            ]
            value = (rows[0] * (256 - fy) + rows[1] * fy + 128) // 256
            if value:
                out[v, u] = value
    return out


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 20),
    st.integers(0, 12),
    st.integers(33000, 150000),
    st.integers(-(20 << 16), 20 << 16),
    st.integers(-(20 << 16), 20 << 16),
    st.integers(0, 2**32 - 1),
)
def test_resampling_is_what_plain_whole_numbers_give(x, y, scale, dx, dy, seed):
    alpha = np.random.default_rng(seed).integers(0, 256, (7, 9), dtype=np.uint8)
    move = Move(scale, dx, dy)
    found = moved.moved_layer(layer(x, y, alpha), move, WIDTH, HEIGHT).alpha
    shown = {
        (found.y + row, found.x + column): int(value)
        for (row, column), value in np.ndenumerate(found.values)
        if value
    }
    assert shown == by_plain_numbers(x, y, alpha.tolist(), move)


def test_a_whole_step_moves_pixels_as_they_are():
    alpha = np.random.default_rng(1).integers(1, 256, (7, 9), dtype=np.uint8)
    found = moved.moved_layer(layer(3, 4, alpha), Move(dx_q16=5 << 16, dy_q16=2 << 16), WIDTH, HEIGHT)
    inside = found.alpha.values[
        6 - found.alpha.y : 6 - found.alpha.y + 7, 8 - found.alpha.x : 8 - found.alpha.x + 9
    ]
    np.testing.assert_array_equal(inside, alpha)


def test_far_away_all_pixels_count():
    """A quarter of the size: a bilinear filter alone would read every fourth pixel."""
    alpha = np.zeros((16, 16), np.uint8)
    alpha[:, ::4] = 255  # a fence
    found = moved.moved_layer(layer(0, 0, alpha), Move(65536 // 4), WIDTH, HEIGHT).alpha
    inner = found.values[1 - found.y : 3 - found.y, 1 - found.x : 3 - found.x]
    assert np.abs(inner.astype(int) - 64).max() <= 16  # its mean, not 0 or 255


def test_a_shadow_does_not_grow_dark_at_its_border():
    shade = Window(4, 4, np.full((6, 6), 100, np.uint8))
    one = layer(4, 4, np.full((6, 6), 255, np.uint8))
    found = moved.moved_layer(
        Layer(one.colour, one.alpha, shade, one.compared, one.light), Move(dx_q16=1 << 15), WIDTH, HEIGHT
    ).shade
    assert found is not None
    row = found.values[2].tolist()
    assert row[:2] == [255 - 78, 100]  # half of the 155 that it takes, then all of it
    assert min(row) == 100


def test_a_mask_that_leaves_the_picture_is_empty():
    patch = MaskPatch(4, 4, np.ones((6, 6), np.bool_))
    assert not moved.moved_patch(patch, Move(dx_q16=100 << 16), WIDTH, HEIGHT).bits.size
    half = moved.moved_patch(patch, Move(dx_q16=-(7 << 16)), WIDTH, HEIGHT)
    assert patch_box(half) == Box(0, 4, 3, 6)


@pytest.mark.parametrize("scale", [0, -65536, 65536 * 1000])
def test_a_scale_that_no_picture_has_is_refused(scale):
    patch = MaskPatch(4, 4, np.ones((6, 6), np.bool_))
    with pytest.raises(CompositeError, match="so far"):
        moved.moved_patch(patch, Move(scale_q16=scale), WIDTH, HEIGHT)


def level_camera() -> tuple[Camera, GroundPlane]:
    matrix = np.array([[700.0, 0, 320], [0, 700, 180], [0, 0, 1]])
    return Camera(640, 360, matrix, ()), GroundPlane(np.array([0.0, -1.0, 0.0]), 6.0)


@given(st.floats(10, 60), st.floats(-8, 8), st.floats(0.6, 2.5))
def test_along_the_line_of_sight_the_ground_below_goes_where_the_camera_sees_it(forward, left, reach):
    camera, ground = level_camera()
    move = moved.along_sight(camera, ground, (forward, left), reach)
    before = camera.project(np.array([[-left, 6.0, forward], [-left, 4.5, forward]]))
    after = camera.project(np.array([[-left * reach, 6.0, forward * reach]]))[0]
    there = before[0] * move.scale_q16 / 65536 + np.array([move.dx_q16, move.dy_q16]) / 65536
    assert there == pytest.approx(after, abs=0.02)
    # the camera looks level, so what is 1.5 m above the ground keeps standing straight above it
    top = before[1] * move.scale_q16 / 65536 + np.array([move.dx_q16, move.dy_q16]) / 65536
    expected = camera.project(np.array([[-left * reach, 4.5, forward * reach]]))[0]
    assert top == pytest.approx(expected, abs=0.02)


def test_behind_the_camera_there_is_no_place():
    camera, ground = level_camera()
    with pytest.raises(CompositeError, match="in front"):
        moved.along_sight(camera, ground, (20.0, 0.0), -0.5)


def test_a_moved_fit_stays_on_the_ground():
    fit = moved.moved_fit(standing_fit(24.0, 6.0), Move(reach_q16=65536 // 2), None)
    assert fit is not None
    assert fit.translation == pytest.approx((0.0, 6.0, 12.0))
    assert fit.place_m == (12.0, 0.0)


@settings(deadline=None, max_examples=40)
@given(
    forward=st.floats(8, 40),
    left=st.floats(-8, 8),
    heading=st.floats(-3.1, 3.1),
    down=st.floats(0, 0.6),
    reach=st.floats(0.6, 2.5),
)
def test_a_moved_body_stands_on_the_ground_as_it_did(forward, left, heading, down, reach):
    ground = GroundPlane(np.array([0.0, -np.cos(down), -np.sin(down)]), 6.0)
    before = person_at(ground, (forward, left), heading, phase=0.3)
    after = moved.moved_fit(before, Move(reach_q16=round(reach * 65536)), tuple(ground.normal))
    assert isinstance(after, BodyFit)
    reach = round(reach * 65536) / 65536
    assert after.place_m == pytest.approx((forward * reach, left * reach))
    # the same body, so much farther along the ground and no higher
    there, here = (
        ground.frame().inverse().apply(placed_body(one, stand_in().model).vertices) for one in (after, before)
    )
    assert there - here == pytest.approx(
        np.broadcast_to([forward * (reach - 1), left * (reach - 1), 0.0], here.shape), abs=1e-9
    )
    assert there[:, 2].min() == pytest.approx(0.0, abs=1e-9)


@given(st.floats(10, 60), st.floats(-8, 8), st.floats(0.6, 2.5))
def test_a_moved_bodys_pelvis_is_where_its_pixel_goes(forward, left, reach):
    camera, ground = level_camera()
    fit = person_at(ground, (forward, left), 1.0)
    move = moved.along_sight(camera, ground, (forward, left), reach)
    after = moved.moved_fit(fit, move, tuple(ground.normal))
    assert after is not None
    pelvis = camera.project(np.array([fit.translation, after.translation]))
    there = pelvis[0] * move.scale_q16 / 65536 + np.array([move.dx_q16, move.dy_q16]) / 65536
    # the camera looks level: what is straight above the place stays so
    assert there == pytest.approx(pelvis[1], abs=0.02)


def test_a_body_above_an_unknown_ground_has_no_fit_elsewhere():
    _, ground = level_camera()
    fit = person_at(ground, (20.0, 1.0))
    assert moved.moved_fit(fit, Move(reach_q16=65536 // 2), None) is None
