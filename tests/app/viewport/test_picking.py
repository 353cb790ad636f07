"""Which car a ray meets first."""

from __future__ import annotations

import numpy as np

from app.views.viewport.looking import CameraLook, ray_through, to_widget
from app.views.viewport.picking import car_on_ray
from tests.app.viewport.scenes import street

SIZE = (800, 450)


def test_the_nearer_of_two_cars_in_a_line_is_met() -> None:
    scene = street([(40.0, 0.0), (20.0, 0.0), (20.0, 6.0)])
    start, direction = np.array([-10.0, 0.0, 0.7]), np.array([1.0, 0.0, 0.0])
    assert car_on_ray(scene.objects, start, direction) == 1
    # from the other side the other one stands before it
    assert car_on_ray(scene.objects, np.array([70.0, 0.0, 0.7]), -direction) == 0


def test_a_ray_over_the_roofs_meets_nothing() -> None:
    scene = street([(20.0, 0.0), (40.0, 0.0)])
    assert car_on_ray(scene.objects, np.array([-10.0, 0.0, 2.2]), np.array([1.0, 0.0, 0.0])) is None
    assert car_on_ray([], np.zeros(3), np.array([1.0, 0.0, 0.0])) is None


def test_a_click_on_a_vertex_that_the_camera_sees_finds_its_car() -> None:
    scene = street([(18.0, -4.0), (25.0, 3.0), (45.0, 0.0)])
    assert scene.camera is not None
    matrix = CameraLook().matrix(scene.camera, *SIZE)
    for number, car in enumerate(scene.objects):
        x, y = to_widget(matrix, car.centre, *SIZE).tolist()
        assert car_on_ray(scene.objects, *ray_through(matrix, x, y, *SIZE)) == number
        # beside its outermost vertices there is none
        places = to_widget(matrix, car.levels[1][:, :3], *SIZE)
        left = float(places[:, 0].min())
        assert car_on_ray(scene.objects, *ray_through(matrix, left - 2.0, y, *SIZE)) is None
