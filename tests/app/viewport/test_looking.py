"""The views' matrices: the camera's is the camera, and every place on the widget leads back to its ray."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.controllers.fits_scene import scene_camera, world_of
from app.views.viewport.looking import AboveLook, CameraLook, FreeLook, ray_through, to_widget
from core.geometry.cameras import Camera, pinhole
from core.geometry.ground_plane import GroundPlane, pose_on_ground
from core.shapes.space_file import default_space

DOWN_RAD = np.deg2rad(15.0)
GROUND = GroundPlane(np.array([0.05, -np.cos(DOWN_RAD), -np.sin(DOWN_RAD)]), 6.0)
SPACE = default_space()


def widget_to_picture(
    look: CameraLook, camera: Camera, places: np.ndarray, width: float, height: float
) -> np.ndarray:
    """Pixels of the picture at places of the widget, by the fitted picture's own scale and middle."""
    scale = look.zoom * min(width / camera.width, height / camera.height)
    x = (camera.width - 1) / 2 if look.x is None else look.x
    y = (camera.height - 1) / 2 if look.y is None else look.y
    return (places - [width / 2, height / 2]) / scale + [x, y]


@given(
    focal=st.floats(300, 4000),
    aspect=st.floats(0.9, 1.1),
    off=st.tuples(st.floats(-80, 80), st.floats(-80, 80)),
    size=st.tuples(st.integers(120, 2000), st.integers(90, 1200)),
    zoom=st.floats(0.5, 20),
    middle=st.tuples(st.floats(0, 1920), st.floats(0, 1080)),
    place=st.tuples(st.floats(8, 90), st.floats(-15, 15)),
    heading=st.floats(-3.1, 3.1),
)
def test_a_mesh_lies_where_the_camera_projects_it(
    focal: float,
    aspect: float,
    off: tuple[float, float],
    size: tuple[int, int],
    zoom: float,
    middle: tuple[float, float],
    place: tuple[float, float],
    heading: float,
) -> None:
    matrix = np.array([[focal, 3.0, 960 + off[0]], [0, focal * aspect, 540 + off[1]], [0, 0, 1]])
    camera = Camera(1920, 1080, matrix * [[1, 0, 1], [0, 1, 1], [0, 0, 1]])
    world = world_of(camera, GROUND)
    points = pose_on_ground(GROUND, place, heading).apply(SPACE.vertices(np.zeros(1))[::37])
    look = CameraLook(zoom, *middle)
    shown = to_widget(
        look.matrix(scene_camera(world, None), *size), world.to_camera.inverse().apply(points), *size
    )
    pixels = widget_to_picture(look, camera, shown, *size)
    np.testing.assert_allclose(pixels, camera.project(points), atol=1e-6)


def test_a_distorted_picture_lies_under_an_ideal_mesh() -> None:
    # the pane is drawn on a grid of the lens's own rays: where a vertex falls between them, the picture that
    # is shown there must be that of the pixel which the distorted camera projects the vertex to
    matrix = np.array([[1100.0, 0, 950], [0, 1100.0, 560], [0, 0, 1]])
    camera = Camera(1920, 1080, matrix, (-0.18, 0.03, 0.001, -0.0005, 0.0))
    world = world_of(camera, GROUND)
    shown = scene_camera(world, None)
    pixels = np.stack(np.meshgrid(np.linspace(60, 1860, 41), np.linspace(60, 1020, 29)), axis=-1).reshape(
        -1, 2
    )
    points = camera.unproject(pixels) * 20.0
    flat = shown.rays[..., :2] / shown.rays[..., 2:]
    count = flat.shape[0] - 1
    corner = np.array([camera.width, camera.height]) / count
    for point, pixel in zip(points, pixels, strict=True):
        aim = point[:2] / point[2]
        column, row = np.minimum(((pixel + 0.5) / corner).astype(int), count - 1)
        cell = flat[row : row + 2, column : column + 2]
        # the two triangles of a cell interpolate linearly between its corners
        x, y = np.linalg.solve(
            np.stack([cell[0, 1] - cell[0, 0], cell[1, 0] - cell[0, 0]], axis=1), aim - cell[0, 0]
        )
        if x + y > 1:
            back = np.linalg.solve(
                np.stack([cell[1, 0] - cell[1, 1], cell[0, 1] - cell[1, 1]], axis=1), aim - cell[1, 1]
            )
            x, y = 1 - back[0], 1 - back[1]
        found = np.array([column + x, row + y]) * corner - 0.5
        np.testing.assert_allclose(found, pixel, atol=0.5)


def test_a_point_behind_the_eye_has_no_place() -> None:
    camera = scene_camera(world_of(pinhole(1920, 1080, 1400.0), GROUND), None)
    matrix = CameraLook().matrix(camera, 800, 600)
    assert np.isnan(to_widget(matrix, [-5.0, 0.0, 0.0], 800, 600)).all()


def test_from_above_ahead_is_up_and_left_is_left() -> None:
    look = AboveLook(20.0, 0.0, 0.1)
    matrix = look.matrix(400, 300)
    np.testing.assert_allclose(to_widget(matrix, [20.0, 0.0, 1.5], 400, 300), [200, 150])
    np.testing.assert_allclose(to_widget(matrix, [25.0, 4.0, 0.0], 400, 300), [160, 100])


def test_the_free_view_has_its_place_in_the_middle_and_up_is_up() -> None:
    look = FreeLook((10.0, -3.0, 0.5), 1.1, 0.4, 30.0)
    matrix = look.matrix(640, 480)
    np.testing.assert_allclose(to_widget(matrix, look.target, 640, 480), [320, 240], atol=1e-9)
    above = to_widget(matrix, np.add(look.target, (0, 0, 1)), 640, 480)
    assert above[0] == pytest.approx(320)
    assert above[1] < 240
    # seen from the eye the nearer of two things is larger: half as far, twice as high
    assert np.linalg.norm(look.eye - look.target) == pytest.approx(30.0)


LOOKS = st.one_of(
    st.builds(
        FreeLook,
        st.tuples(st.floats(-20, 60), st.floats(-20, 20), st.floats(0, 2)),
        st.floats(-3, 3),
        st.floats(0.1, 1.4),
        st.floats(4, 100),
    ),
    st.builds(AboveLook, st.floats(-20, 60), st.floats(-20, 20), st.floats(0.01, 0.5)),
)


@given(look=LOOKS, place=st.tuples(st.floats(5, 795), st.floats(5, 595)))
def test_a_place_on_the_widget_leads_back_to_its_ray(
    look: FreeLook | AboveLook, place: tuple[float, float]
) -> None:
    matrix = look.matrix(800, 600)
    start, direction = ray_through(matrix, *place, 800, 600)
    for metres in (1.0, 20.0):
        shown = to_widget(matrix, start + metres * direction, 800, 600)
        np.testing.assert_allclose(shown, place, atol=1e-3)


@given(look=st.builds(AboveLook, st.floats(-20, 60), st.floats(-20, 20), st.floats(0.02, 0.5)))
def test_zooming_from_above_keeps_what_is_under_the_cursor(look: AboveLook) -> None:
    at = 123.0, 456.0
    start, _ = ray_through(look.matrix(800, 600), *at, 800, 600)
    zoomed = look.zoomed(800, 600, 1.7, at)
    np.testing.assert_allclose(to_widget(zoomed.matrix(800, 600), start, 800, 600), at, atol=1e-6)


def test_zooming_in_the_camera_keeps_what_is_under_the_cursor() -> None:
    camera = scene_camera(world_of(pinhole(1920, 1080, 1400.0), GROUND), None)
    look, at = CameraLook(2.0, 700.0, 600.0), (620.0, 90.0)
    start, direction = ray_through(look.matrix(camera, 800, 600), *at, 800, 600)
    zoomed = look.zoomed(camera, 800, 600, 2.5, at)
    shown = to_widget(zoomed.matrix(camera, 800, 600), start + 10 * direction, 800, 600)
    np.testing.assert_allclose(shown, at, atol=1e-6)


def test_a_drag_takes_the_road_along() -> None:
    look = AboveLook(20.0, 0.0, 0.1)
    start, _ = ray_through(look.matrix(800, 600), 300, 200, 800, 600)
    moved = look.moved(40, -25)
    np.testing.assert_allclose(to_widget(moved.matrix(800, 600), start, 800, 600), [340, 175], atol=1e-6)
