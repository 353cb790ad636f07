"""Which cars are drawn how finely: by their size on the screen, and none that is out of sight."""

from __future__ import annotations

import numpy as np

from app.views.viewport.looking import CameraLook, FreeLook, to_widget
from app.views.viewport.scene_drawer import level_choice
from tests.app.viewport.scenes import street

SIZE = (800, 450)


def test_near_cars_are_fine_and_far_ones_coarse() -> None:
    scene = street([(9.0, 0.0), (35.0, 3.0), (150.0, 0.0)])
    assert scene.camera is not None
    fine, middle, coarse = level_choice(scene.objects, CameraLook().matrix(scene.camera, *SIZE), *SIZE, set())
    assert (fine, middle, coarse) == ([0], [1], [2])


def test_cars_behind_and_beside_are_left_out() -> None:
    scene = street([(20.0, 0.0), (20.0, 80.0), (-30.0, 0.0)])
    assert scene.camera is not None
    found = level_choice(scene.objects, CameraLook().matrix(scene.camera, *SIZE), *SIZE, set())
    assert sorted(index for level in found for index in level) == [0]


def test_only_so_many_are_fine_however_near() -> None:
    scene = street([(10.0 + 0.1 * number, 0.0) for number in range(80)])
    look = FreeLook((12.0, 0.0, 0.0), 1.0, 0.5, 10.0)
    fine, middle, coarse = level_choice(scene.objects, look.matrix(*SIZE), *SIZE, {3})
    assert len(fine) == 8
    assert len(middle) == 48
    assert len(coarse) == 80 - 8 - 48 - 1
    assert 3 not in [*fine, *middle, *coarse]


def test_every_car_in_sight_is_drawn_once_also_from_among_them() -> None:
    # the eye stands 10 m behind the target at 5 m: cars before, around and behind it
    scene = street([(10.0 + 4.0 * number, 0.5) for number in range(20)])
    look = FreeLook((52.0, 0.0, 0.0), np.pi, 0.2, 10.0)
    matrix = look.matrix(*SIZE)
    found = [index for level in level_choice(scene.objects, matrix, *SIZE, set()) for index in level]
    assert len(found) == len(set(found))
    places = to_widget(matrix, [car.centre for car in scene.objects], *SIZE)
    inside = np.flatnonzero(((places > 0) & (places < SIZE)).all(axis=1))
    assert len(inside) > 5
    assert set(inside.tolist()) <= set(found)


def test_nothing_is_drawn_of_an_empty_scene() -> None:
    assert level_choice([], FreeLook().matrix(*SIZE), *SIZE, set()) == ([], [], [])
