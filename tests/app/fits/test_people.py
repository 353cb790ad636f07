"""People in the 3D workspace: listed, drawn, picked and judged beside the cars, by the same keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.states.fits import COLUMNS
from core.geometry.calibration.files.imported import ImportedCamera, result_of_import
from core.geometry.calibration.result import to_record
from core.records.fits import FitFilter, FitReview, FitVerdict, Foot
from core.shapes.body.coco import coco_keypoints
from core.shapes.body.model_file import save_body
from core.shapes.body.placed import named_body, placed_body
from core.store.edits.calibrations import save_calibration
from core.store.history import History
from core.store.project import Project
from tests.app.fits.cars import Cars, Desk
from tests.app.fits.walkers import Walkers
from tests.app.viewport.people import BODY
from tests.jobs.parking import CAMERA

Opener = Callable[..., Desk]


@pytest.fixture
def walkers(cars: Cars) -> Walkers:
    return Walkers(cars)


def shown_at(desk: Desk, instance_id: int) -> None:
    """Selects an object from elsewhere."""
    assert desk.workspace.show_instances is not None
    desk.workspace.show_instances([instance_id])
    desk.settle()


def test_people_are_listed_beside_cars_or_alone(walkers: Walkers, open_desk: Opener) -> None:
    desk = open_desk(walkers.cars.path)
    assert desk.view.table.count_text == "10 fits"
    row = desk.shown_cars.index(walkers.ids[0])
    assert desk.cell(row, "Object") == f"person {walkers.ids[0]}"
    assert desk.cell(row, "Stature m") == f"{walkers.fits[0].size_m[2]:.2f}"
    assert desk.cell(row, "Length m") == ""
    car = desk.shown_cars.index(walkers.cars.ids[0])
    assert desk.cell(car, "Stature m") == ""
    assert desk.cell(car, "Length m") != ""
    desk.view.filters.changed.emit(FitFilter(people=True))
    desk.settle()
    assert set(desk.shown_cars) == set(walkers.ids)
    desk.view.filters.changed.emit(FitFilter(people=False))
    desk.settle()
    assert not set(desk.shown_cars) & set(walkers.ids)


def test_people_are_sorted_by_stature(walkers: Walkers, open_desk: Opener) -> None:
    tall = replace(walkers.fits[0], size_m=(0.5, 0.5, 2.05))
    walkers.write(0, tall)
    desk = open_desk(walkers.cars.path)
    desk.view.filters.changed.emit(FitFilter(people=True))
    desk.settle()
    head = desk.view.table.table.horizontalHeader()
    place = [name for name, _ in COLUMNS].index("Stature m")
    head.sectionClicked.emit(place)
    desk.settle()
    assert desk.shown_cars == [walkers.ids[1], walkers.ids[0]]
    head.sectionClicked.emit(place)
    desk.settle()
    assert desk.shown_cars == [walkers.ids[0], walkers.ids[1]]


def test_a_person_stands_in_both_views_with_the_points_of_the_fit(
    walkers: Walkers, open_desk: Opener
) -> None:
    desk = open_desk(walkers.cars.path)
    shown_at(desk, walkers.ids[1])
    scene, wires = desk.view.viewport.scene, desk.view.wires.wires
    (person,) = [one for one in scene.objects if one.instance_id == walkers.ids[1]]
    assert person.person
    assert not person.boxed
    assert len(scene.bones) == 23
    points = coco_keypoints(placed_body(walkers.fits[1], BODY.model), BODY.face)
    fitted = CAMERA.project(points)
    assert np.allclose([(p.fitted_x, p.fitted_y) for p in wires.points], fitted, atol=0.01)
    assert np.allclose(scene.points.fitted, scene.points.placed, atol=0.01), "they were placed there"
    (wire,) = [one for one in wires.objects if one.object is person]
    (outline,) = wire.outlines
    pixels = CAMERA.project(placed_body(walkers.fits[1], BODY.model).vertices)
    assert outline.min(axis=0) == pytest.approx(pixels.min(axis=0), abs=1.0)
    assert outline.max(axis=0) == pytest.approx(pixels.max(axis=0), abs=1.0)
    assert len(wire.bones) == 23


def test_a_click_in_either_view_selects_a_person(walkers: Walkers, open_desk: Opener) -> None:
    desk = open_desk(walkers.cars.path)
    desk.press("1")
    desk.click_car(walkers.ids[1])
    assert desk.current_car == walkers.ids[1]
    left, top, right, bottom = desk.workspace.widget._state.focus  # type: ignore[attr-defined]
    assert left < CAMERA.project(placed_body(walkers.fits[1], BODY.model).joints[:1])[0, 0] < right
    assert top < bottom
    box = CAMERA.project(placed_body(walkers.fits[0], BODY.model).vertices)
    x, y = box.mean(axis=0).tolist()
    desk.click_picture(x, y)
    assert desk.current_car == walkers.ids[0]
    assert desk.view.viewport.scene.selected == walkers.ids[0]


def test_the_numbers_of_a_person(walkers: Walkers, open_desk: Opener) -> None:
    sigmas = [0.1] * 23
    sigmas[2], sigmas[17] = 0.8, 0.9  # after the pelvis: the lowest part of the spine, and the left elbow
    walkers.write(
        0,
        replace(
            walkers.fits[0],
            verdict=FitVerdict.OUTSIDE_SHAPE_SPACE,
            reason="Its picture is 0.6 of the box's height.",
            contacts=(Foot.LEFT,),
            height_ratio=0.6,
            outliers=(9,),
            pose_sigmas_rad=tuple(sigmas),
            rms_px=9.0,
        ),
    )
    desk = open_desk(walkers.cars.path)
    assert desk.current_car == walkers.ids[0], "the largest error comes first"
    panel = desk.view.panel
    facts = {name: value for name, (value, _) in panel.facts.items()}
    assert panel.verdict == "!  not like a person"
    assert desk.cell(0, "Verdict") == "not like a person"
    assert facts["Points"] == "17 used; disagrees: left wrist"
    assert facts["Stature"].startswith(f"{walkers.fits[0].size_m[2]:.2f} m, bodies ")
    assert facts["Pose"] == "unsure: left elbow, lower back"
    assert facts["Feet"] == "the left one stands"
    assert facts["Height"] == "0.60 × its box"
    assert facts["Body model"] == BODY.label
    assert "Length" not in facts
    assert "Shape space" not in facts


def test_people_are_judged_by_the_keys_that_judge_cars(walkers: Walkers, open_desk: Opener) -> None:
    desk = open_desk(walkers.cars.path)
    shown_at(desk, walkers.ids[0])
    desk.press("Shift+F")
    row = desk.fit_of(walkers.ids[0])
    assert (row.review, row.review_reason) == (FitReview.REJECTED, "wrong pose")
    shown_at(desk, walkers.ids[1])
    desk.press("A")
    assert desk.fit_of(walkers.ids[1]).review is FitReview.ACCEPTED
    desk.press("Ctrl+Z")
    assert desk.fit_of(walkers.ids[1]).review is None


def test_an_earlier_version_is_drawn_beside_and_put_in_force(walkers: Walkers, open_desk: Opener) -> None:
    moved = replace(walkers.fits[0], place_m=(12.5, -1.5), rms_px=8.0)
    walkers.write(0, moved)
    desk = open_desk(walkers.cars.path)
    assert desk.current_car == walkers.ids[0]
    desk.press("B")
    roles = [one.role.value for one in desk.view.viewport.scene.objects if one.instance_id == walkers.ids[0]]
    assert sorted(roles) == ["compared", "frame"]
    assert len(desk.view.viewport.scene.bones) == 23, "of the one in force alone"
    desk.press("U")
    assert desk.fit_of(walkers.ids[0]).fit == walkers.fits[0]


def test_the_skeleton_goes_and_comes_in_both_views(walkers: Walkers, open_desk: Opener) -> None:
    desk = open_desk(walkers.cars.path)
    shown_at(desk, walkers.ids[0])
    for shown in (False, True):
        desk.press("J")
        assert desk.view.viewport.layers.skeleton is shown
        assert desk.view.wires._bones is shown


def test_a_body_that_is_not_here_is_a_box_and_the_panel_says_so(walkers: Walkers, open_desk: Opener) -> None:
    walkers.write(0, replace(walkers.fits[0], rms_px=9.0), "SMPL_NEUTRAL 0123456789ab")
    desk = open_desk(walkers.cars.path)
    assert "body model is not here: a box of its size" in desk.view.panel.warnings
    (box,) = [one for one in desk.view.viewport.scene.objects if one.instance_id == walkers.ids[0]]
    assert box.boxed
    assert desk.view.panel.facts["Stature"][0] == f"{walkers.fits[0].size_m[2]:.2f} m"


def test_a_body_file_that_cannot_be_read_is_told_and_people_of_the_programs_own_stay(
    walkers: Walkers, open_desk: Opener, tmp_path: Path
) -> None:
    walkers.write(0, replace(walkers.fits[0], rms_px=9.0), "SMPL_NEUTRAL 0123456789ab")
    desk = open_desk(walkers.cars.path, {"body_file": str(tmp_path / "gone.npz")})
    assert "gone.npz cannot be read" in desk.view.panel.warnings
    drawn = {one.instance_id: one.boxed for one in desk.view.viewport.scene.objects if one.person}
    assert drawn == {walkers.ids[0]: True, walkers.ids[1]: False}


def test_a_body_that_is_chosen_in_the_settings_takes_the_boxs_place(
    walkers: Walkers, open_desk: Opener, tmp_path: Path
) -> None:
    save_body(replace(BODY.model, template=BODY.model.template * 1.05), tmp_path / "own.npz")
    own = named_body(tmp_path / "own.npz")
    walkers.write(0, replace(walkers.fits[0], rms_px=9.0), own.label)
    desk = open_desk(walkers.cars.path)

    def boxed() -> bool:
        scene = desk.view.viewport.scene
        return next(one.boxed for one in scene.objects if one.instance_id == walkers.ids[0])

    assert boxed()
    desk.session.use_body(str(tmp_path / "own.npz"))
    desk.until(lambda: not boxed())
    assert desk.view.panel.warnings == ""


def test_without_a_ground_people_stand_where_they_are_seen(walkers: Walkers, open_desk: Opener) -> None:
    with Project.open(walkers.cars.path) as project:
        flat = to_record(result_of_import(ImportedCamera("flat", CAMERA, None, None)))
        save_calibration(History(project, "Ann"), walkers.cars.parking.camera_id, flat)
    desk = open_desk(walkers.cars.path)
    shown_at(desk, walkers.ids[0])
    scene = desk.view.viewport.scene
    (person,) = [one for one in scene.objects if one.instance_id == walkers.ids[0]]
    assert not len(person.contacts)
    assert scene.camera is not None
    seen = person.levels[0][:, :3] @ scene.camera.rotation.T + scene.camera.translation
    assert np.allclose(
        np.sort(CAMERA.project(seen)[:, 1])[[0, -1]],
        np.sort(CAMERA.project(placed_body(walkers.fits[0], BODY.model).vertices)[:, 1])[[0, -1]],
        atol=0.05,
    )
    desk.press("2")
    assert not desk.view.viewport.problem
    assert not desk.bugs
