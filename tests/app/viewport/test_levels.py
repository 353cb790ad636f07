"""Which cars are drawn how finely: by their size on the screen, and none that is out of sight."""

from __future__ import annotations

from app.views.viewport.looking import CameraLook, FreeLook
from app.views.viewport.scene_drawer import level_choice
from tests.app.viewport.scenes import street

SIZE = (800, 450)


def test_near_cars_are_fine_and_far_ones_coarse() -> None:
    scene = street([(9.0, 0.0), (35.0, 3.0), (150.0, 0.0)])
    assert scene.camera is not None
    fine, middle, coarse = level_choice(scene.cars, CameraLook().matrix(scene.camera, *SIZE), *SIZE, set())
    assert (fine, middle, coarse) == ([0], [1], [2])


def test_cars_behind_and_beside_are_left_out() -> None:
    scene = street([(20.0, 0.0), (20.0, 80.0), (-30.0, 0.0)])
    assert scene.camera is not None
    found = level_choice(scene.cars, CameraLook().matrix(scene.camera, *SIZE), *SIZE, set())
    assert sorted(index for level in found for index in level) == [0]


def test_only_so_many_are_fine_however_near() -> None:
    scene = street([(10.0 + 0.1 * number, 0.0) for number in range(80)])
    look = FreeLook((12.0, 0.0, 0.0), 1.0, 0.5, 10.0)
    fine, middle, coarse = level_choice(scene.cars, look.matrix(*SIZE), *SIZE, {3})
    assert len(fine) == 8
    assert len(middle) == 48
    assert len(coarse) == 80 - 8 - 48 - 1
    assert 3 not in [*fine, *middle, *coarse]


def test_nothing_is_drawn_of_an_empty_scene() -> None:
    assert level_choice([], FreeLook().matrix(*SIZE), *SIZE, set()) == ([], [], [])
