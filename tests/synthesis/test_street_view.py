"""The synthetic camera: pixels and depths of points whose place is known."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

from core.synthesis.street_view import StreetView, default_view


def test_depth_of_a_ground_pixel_follows_from_the_plane() -> None:
    view = default_view()
    ground = np.array([[4.0, 12.0, 0.0], [10.0, 9.0, 0.0], [30.0, 17.0, 0.0]])
    pixels, depth = view.project(ground)
    truth = view.truth()
    rays = np.linalg.solve(truth.intrinsics, np.column_stack([pixels, np.ones(3)]).T).T
    assert_allclose(-truth.plane_d / (rays @ truth.plane_normal), depth, rtol=1e-12)


def test_a_ray_through_a_projected_point_meets_it_again() -> None:
    view = default_view()
    point = np.array([7.0, 15.0, 1.3])
    pixel, depth = view.project(point)
    assert_allclose(view.position + depth * view.rays(pixel[0], pixel[1]), point, atol=1e-12)


def test_looking_straight_along_the_street_is_a_plain_pinhole() -> None:
    view = StreetView(width=101, height=51, focal_px=100.0, mast_m=5.0, yaw_rad=0.0, pitch_rad=0.0)
    # ten metres ahead, one to the right and one below the camera: f / Z = 10 pixels a metre
    pixel, depth = view.project(np.array([1.0, 10.0, 4.0]))
    assert_allclose(pixel, [60.0, 35.0], atol=1e-9)
    assert_allclose(depth, 10.0)
