"""People in the viewport: where the camera sees them, on their feet, with their bones, at every distance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.controllers.fits_scene import trail_of
from app.states.scene import ColourBy, Look, Scene, SceneObject
from app.views.viewport.colours import legend
from app.views.viewport.looking import CameraLook, ray_through, to_widget
from app.views.viewport.marks import MarkShape
from app.views.viewport.picking import car_on_ray
from app.views.viewport.scene_drawer import level_choice
from app.views.viewport.scene_lines import bone_lines, contact_marks
from app.views.viewport.viewport import Viewport
from core.records.fits import FitVerdict, Foot
from core.shapes.body.placed import placed_body
from core.shapes.body.skeleton import PARENTS
from tests.app.viewport.people import BODY, pavement, people_of, person_row, walker
from tests.app.viewport.scenes import CAMERA, WORLD, cars_of, fit_at, row_of, street
from tests.app.viewport.test_viewport import HEIGHT, WIDTH, bare, pixels, without_lines

SIZE = (800, 450)


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[Viewport]:
    made = Viewport()
    made.resize(WIDTH, HEIGHT)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.release()
    made.close()
    made.deleteLater()


def test_a_person_covers_the_pixels_that_the_camera_sees_the_body_at(view: Viewport) -> None:
    fit = walker((9.0, 1.0), 0.7, 0.3)
    (person,) = people_of([person_row(fit)])
    scene = replace(street([]), objects=())
    bare(view, scene)
    empty = pixels(view.render_now())
    bare(view, replace(scene, objects=(without_lines(person),)))
    drawn = np.abs(pixels(view.render_now()) - empty).sum(axis=2) > 6
    # painted by OpenCV from the body model and the fit alone, not from what was made for the viewport
    small = CAMERA.resized(WIDTH, HEIGHT)
    corners = small.project(placed_body(fit, BODY.model).vertices)
    expected = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    for face in BODY.model.faces:
        cv2.fillConvexPoly(expected, np.round(corners[face] * 16).astype(np.int32), 255, shift=4)
    assert expected.sum() > 255 * 900
    wrong = (drawn != (expected > 0)).astype(np.uint8)
    assert not cv2.erode(wrong, np.ones((2, 2))).any()  # no more than a seam of a pixel


def test_people_stand_on_the_road_and_face_where_they_go() -> None:
    heading_rad = 0.8
    (person,) = people_of([person_row(walker((15.0, -2.0), heading_rad))])
    for level in person.levels[:2]:
        assert level[:, 2].min() == pytest.approx(0.0, abs=0.03)
    assert person.levels[0][:, 2].min() == pytest.approx(0.0, abs=1e-4)
    assert person.centre[:2] == pytest.approx([15.0, -2.0], abs=0.25)
    ahead = person.footprint[:2].mean(axis=0) - person.footprint[2:].mean(axis=0)
    assert np.arctan2(ahead[1], ahead[0]) == pytest.approx(heading_rad)


def test_a_persons_trail_lies_on_the_road_below_the_pelvis() -> None:
    spots = [(12.0, -2.0), (13.0, -1.5), (14.0, -1.0)]
    trail = trail_of(WORLD, 7, [walker(spot, 0.5, 0.1 * number) for number, spot in enumerate(spots)])
    assert trail.track_id == 7
    np.testing.assert_allclose(trail.points[:, :2], spots, atol=0.02)
    np.testing.assert_allclose(trail.points[:, 2], 0.0, atol=1e-9)
    # a car's own place is on the road already
    car = trail_of(WORLD, 8, [fit_at((20.0, 3.0), 0.2)])
    np.testing.assert_allclose(car.points, [[20.0, 3.0, 0.0]], atol=1e-6)


def test_each_foot_that_stands_has_a_diamond_on_the_road_and_wheels_have_discs() -> None:
    striding = replace(walker((12.0, 0.0), 0.3, 0.05), contacts=tuple(Foot))
    left = replace(striding, contacts=(Foot.LEFT,))
    both, one, none = people_of(
        [person_row(fit, n) for n, fit in enumerate((striding, left, replace(striding, contacts=())), 1)]
    )
    assert (len(both.contacts), len(one.contacts), len(none.contacts)) == (2, 1, 0)
    assert np.allclose(both.contacts[:, 2], 0.0)
    # the left foot's own mark: nearer to where the left shoe is than to the right one
    joints = WORLD.to_camera.inverse().apply(placed_body(left, BODY.model).joints)
    away = np.linalg.norm(joints[[10, 11], :2] - one.contacts[0, :2], axis=1)
    assert away[0] < 0.15 < away[1]
    (car,) = cars_of([row_of(fit_at((20.0, 3.0)), 9)])
    marks = contact_marks([both, car], None)
    assert {mark.shape: len(mark.points) for mark in marks} == {MarkShape.DISC: 4, MarkShape.DIAMOND: 2}


def test_the_selected_persons_bones_run_from_joint_to_joint() -> None:
    scene = pavement([(12.0, -1.0), (14.0, 1.0)], selected=2)
    joints = WORLD.to_camera.inverse().apply(placed_body(walker((14.0, 1.0), 1.2, 0.26), BODY.model).joints)
    (lines,) = bone_lines(scene)
    expected = {(PARENTS[joint], joint) for joint in range(1, 24)}
    found = {
        tuple(int(np.linalg.norm(joints - end, axis=1).argmin()) for end in bone) for bone in lines.points
    }
    assert found == expected
    assert bone_lines(replace(scene, selected=None)) == []
    assert bone_lines(replace(street([(15.0, 0.0)]), selected=1)) == []


def test_bones_show_through_the_body_until_they_are_switched_off(view: Viewport) -> None:
    scene = pavement([(8.0, 0.0)], selected=1)
    bare(view, scene)
    view.set_layers(replace(view.layers, skeleton=False))
    without = pixels(view.render_now())
    view.set_layers(replace(view.layers, skeleton=True))
    changed = np.abs(pixels(view.render_now()) - without).sum(axis=2) > 90
    small = CAMERA.resized(WIDTH, HEIGHT)
    for start, end in scene.bones[[0, 3, 16]]:
        x, y = np.round(small.project(WORLD.to_camera.apply((start + end) / 2))).astype(int)
        assert changed[y - 2 : y + 3, x - 2 : x + 3].any()


def test_far_people_are_drawn_lighter_and_none_is_lost() -> None:
    scene = pavement([(6.0, 0.0), (20.0, 0.0), (60.0, 0.0)])
    assert scene.camera is not None
    matrix = CameraLook().matrix(scene.camera, *SIZE)
    fine, middle, coarse = level_choice(scene.objects, matrix, *SIZE, set())
    assert (fine, middle, coarse) == ([0], [1], [2])


def test_a_click_on_a_person_finds_whoever_stands_in_front() -> None:
    scene = pavement([(24.0, 0.0), (12.0, 0.0), (15.0, 4.0)])
    assert scene.camera is not None
    matrix = CameraLook().matrix(scene.camera, *SIZE)
    for number in (1, 2):
        x, y = chest(scene.objects[number], matrix)
        assert car_on_ray(scene.objects, *ray_through(matrix, x, y, *SIZE)) == number
    x, y = chest(scene.objects[2], matrix)
    assert car_on_ray(scene.objects, *ray_through(matrix, x + 40.0, y, *SIZE)) is None


def chest(person: SceneObject, matrix: np.ndarray) -> tuple[float, float]:
    """Where the middle of the upper spine is on the screen."""
    x, y = to_widget(matrix, person.bones[8].mean(axis=0), *SIZE).tolist()
    return x, y


def test_a_person_of_another_body_model_is_a_box_of_that_size_at_the_place() -> None:
    fit = walker((15.0, 2.0), 0.5)
    known, other = people_of([person_row(fit, 1), person_row(fit, 2, "SMPL_NEUTRAL 0123456789ab")])
    assert (known.boxed, other.boxed) == (False, True)
    assert not len(other.bones)
    assert not len(other.contacts)
    assert other.levels[0][:, 2].min() == pytest.approx(0.0, abs=1e-6)
    assert np.ptp(other.levels[0][:, 2]) == pytest.approx(fit.size_m[2], abs=1e-6)
    assert other.centre[:2] == pytest.approx([15.0, 2.0], abs=1e-6)
    assert np.allclose(known.footprint, other.footprint)


def test_numbers_that_are_no_pose_are_left_out() -> None:
    fit = walker((15.0, 2.0))
    nowhere = replace(fit, pose=(float("nan"), *fit.pose[1:]))
    assert people_of([person_row(nowhere)]) == []
    # another skeleton's pose is one, though not of this body
    (person,) = people_of([person_row(replace(fit, pose=(0.0,) * 162))])
    assert person.boxed


def test_the_legend_has_the_words_for_those_who_are_there() -> None:
    outside = FitVerdict.OUTSIDE_SHAPE_SPACE
    (person,) = people_of([person_row(replace(walker((12.0, 0.0)), verdict=outside))])
    (car,) = cars_of([row_of(replace(fit_at((20.0, 3.0)), verdict=outside), 9)])

    def words(*objects: SceneObject) -> list[str]:
        return [entry.text for entry in legend(objects, ColourBy.VERDICT)]

    assert words(person) == ["not like a person"]
    assert words(car) == ["outside the shapes known"]
    assert words(person, car) == ["outside the shapes known or not like a person"]


def test_cars_and_people_share_a_scene(view: Viewport) -> None:
    scene: Scene = pavement([(12.0, -1.0)])
    cars = cars_of([row_of(fit_at((18.0, 4.0)), 50)])
    view.set_scene(replace(scene, objects=(*scene.objects, *cars)))
    view.set_look(Look.CAMERA)
    view.render_now()
    assert not view.problem
    for instance_id in (1, 50):
        spot = view.place_of(instance_id)
        assert spot is not None
    spot = view.place_of(50)
    assert spot is not None
    assert view.car_at(spot.x(), spot.y()) == 50
