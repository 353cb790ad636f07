"""What is drawn over a frame: in the picture, in the right place, and curved as the lens curves it."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import AboveHorizonError
from core.geometry.cameras import Camera, pinhole
from core.geometry.ground_drawing import (
    clip_polyline,
    grid_lines,
    horizon_lines,
    standard_places,
    stick_at_pixel,
    stick_lines,
)
from core.geometry.ground_plane import GroundPlane

PITCH = np.deg2rad(15.0)
PLANE = GroundPlane(np.array([0.05, -np.cos(PITCH), -np.sin(PITCH)]), 6.0)
LENSES = [(), (-0.3, 0.1, 0.001, 0.0005)]


@pytest.mark.parametrize("lens", LENSES)
def test_the_horizon_runs_where_rays_run_along_the_ground(lens: tuple[float, ...]) -> None:
    camera = pinhole(1920, 1080, 1400.0, None, lens)
    (line,) = horizon_lines(camera, PLANE)
    np.testing.assert_allclose(camera.unproject(line) @ PLANE.normal, 0.0, atol=2e-3 if lens else 1e-12)
    np.testing.assert_allclose(sorted(line[[0, -1], 0]), [-0.5, 1919.5], atol=1e-6)
    assert len(line) == 2 if not lens else len(line) > 20


def test_a_lens_bends_the_horizon() -> None:
    (line,) = horizon_lines(pinhole(1920, 1080, 1400.0, None, LENSES[1]), PLANE)
    chord = line[-1] - line[0]
    away = np.abs(np.cross(np.append(chord, 0), np.c_[line - line[0], np.zeros(len(line))])[:, 2])
    assert away.max() / np.linalg.norm(chord) > 5.0


@pytest.mark.parametrize("lens", LENSES)
def test_the_grid_lies_on_the_ground_and_in_the_picture(lens: tuple[float, ...]) -> None:
    camera = pinhole(1920, 1080, 1400.0, None, lens)
    lines = grid_lines(camera, PLANE, 5.0, 80.0, 30.0)
    assert len(lines) > 15
    points = np.concatenate(lines)
    assert camera.contains(points + np.sign(960 - points) * 1e-6).all()
    on_ground = PLANE.frame().inverse().apply(PLANE.points(camera, points))
    np.testing.assert_allclose(on_ground[:, 2], 0.0, atol=1e-6)
    # a point that is not cut off by the border lies on a line of the grid
    away = np.abs(on_ground[:, :2] / 5.0 - np.round(on_ground[:, :2] / 5.0)).min(axis=1) * 5.0
    assert np.median(away) < 1e-9
    assert away.max() < 0.2


def test_a_stick_is_as_high_as_it_says() -> None:
    camera = pinhole(1920, 1080, 1400.0)
    places = standard_places()
    sticks = stick_lines(camera, PLANE, places)
    assert 9 <= len(sticks) <= len(places)
    foot, top = sticks[-1]
    ground = PLANE.points(camera, foot)
    np.testing.assert_allclose(camera.project(ground + 1.75 * PLANE.normal), top, atol=1e-6)
    (same,) = stick_at_pixel(camera, PLANE, foot)
    np.testing.assert_allclose(same, [foot, top], atol=1e-6)
    with pytest.raises(AboveHorizonError):
        stick_at_pixel(camera, PLANE, [900.0, 5.0])


def test_a_camera_that_looks_straight_down_sees_a_square_grid_and_no_horizon() -> None:
    camera = pinhole(1000, 1000, 500.0)
    plane = GroundPlane(np.array([0.0, 0.0, -1.0]), 10.0)
    assert horizon_lines(camera, plane) == []
    lines = grid_lines(camera, plane, 5.0)
    # 10 m down, 5 m are 250 px: lines at 0, 250 and 500 px from the middle on each side, and as many ahead
    assert {round(float(line[0, 0] - 499.5)) for line in lines if abs(np.ptp(line[:, 0])) < 1e-6} <= {
        -500,
        -250,
        0,
        250,
        500,
    }
    assert all(min(np.ptp(line, axis=0)) < 1e-6 for line in lines)


def test_a_fold_draws_nothing_wild() -> None:
    camera: Camera = pinhole(1920, 1080, 1000.0, None, (-0.5, 0.0, 0.0, 0.0))
    for line in grid_lines(camera, PLANE):
        assert np.isfinite(line).all()
        assert np.linalg.norm(np.diff(line, axis=0), axis=1).max() < 400


def test_a_polyline_is_cut_into_its_parts_inside() -> None:
    zigzag = np.array(
        [[-5.0, 5.0], [5.0, 5.0], [15.0, 5.0], [15.0, 8.0], [5.0, 8.0], [5.0, np.nan], [1.0, 1.0], [2.0, 2.0]]
    )
    parts = clip_polyline(zigzag, [0.0, 0.0], [10.0, 10.0])
    assert [part.tolist() for part in parts] == [
        [[0.0, 5.0], [5.0, 5.0], [10.0, 5.0]],
        [[10.0, 8.0], [5.0, 8.0]],
        [[1.0, 1.0], [2.0, 2.0]],
    ]
