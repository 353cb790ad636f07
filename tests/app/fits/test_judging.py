"""Stepping through fits, the worst first, and saying what they are."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QInputDialog

from app.states.fits import COLUMNS, WAITING
from app.states.scene import ColourBy, Look
from core.records.fits import FitFilter, FitOrder, FitReview, FitVerdict
from core.store.edits.fits import use_fit
from tests.app.fits.cars import Cars, Desk


def test_the_worst_fit_comes_first_and_is_shown(cars: Cars, desk: Desk) -> None:
    assert desk.current_car == cars.ids[2]
    assert desk.shown_cars[0] == cars.ids[2]
    assert len(desk.shown_ids) == 8
    assert desk.view.table.count_text == "8 fits"
    assert desk.view.panel.facts["Error"][0].startswith("7.50 px")
    assert desk.cell(0, "Error px") == "7.50"
    assert desk.cell(0, "Object") == f"car {cars.ids[2]}"
    assert desk.view.viewport.scene.selected == cars.ids[2]
    assert desk.view.wires.wires.selected == cars.ids[2]
    # every car of the frame stands in both views, the driving one among them
    shown = {car.instance_id for car in desk.view.viewport.scene.objects}
    assert shown == {*cars.ids, cars.track[0]}
    assert {wire.object.instance_id for wire in desk.view.wires.wires.objects} == shown
    assert all(wire.outlines for wire in desk.view.wires.wires.objects)


def test_accept_goes_on_and_undo_takes_it_back(cars: Cars, desk: Desk) -> None:
    first, second = desk.shown_ids[:2]
    desk.press("A")
    [row] = desk.rows([first])
    assert (row.review, row.reviewer) == (FitReview.ACCEPTED, "Ann")
    assert desk.view.actions_bar.said == f"Done: Accept the fit of car {cars.ids[2]}."
    assert desk.current_car == desk.rows([second])[0].instance_id
    assert desk.cell(0, "Review") == "accepted"
    desk.press("Ctrl+Z")
    assert desk.rows([first])[0].review is None
    assert desk.view.actions_bar.said == f"Undid: Accept the fit of car {cars.ids[2]}."
    desk.press("Ctrl+Shift+Z")
    assert desk.view.actions_bar.said == f"Did again: Accept the fit of car {cars.ids[2]}."


def test_a_rejection_says_why(cars: Cars, desk: Desk) -> None:
    wrong = desk.shown_ids[:4]
    for key in ("D", "F", "S", "R"):
        desk.press(key)
    said = [(row.review, row.review_reason) for row in desk.rows(wrong)]
    assert [why for _, why in said] == [
        "wrong place",
        "wrong heading",
        "wrong size or shape",
        "not a car or person, or two",
    ]
    assert {review for review, _ in said} == {FitReview.REJECTED}
    desk.press("W")
    assert "not a car" in desk.view.panel.review_text
    desk.press("Q")
    assert desk.rows(wrong)[3].review is None


def test_a_rejection_in_ones_own_words(desk: Desk) -> None:
    first = desk.shown_ids[0]
    desk.press("Shift+R")
    [dialog] = desk.view.findChildren(QInputDialog)
    dialog.setTextValue("mirrored in a window")
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    desk.settle()
    assert desk.rows([first])[0].review_reason == "mirrored in a window"


def test_what_is_judged_leaves_a_list_of_what_waits(desk: Desk) -> None:
    desk.view.filters.changed.emit(WAITING)
    desk.settle()
    first, second = desk.shown_ids[:2]
    desk.press("A")
    assert first not in desk.shown_ids
    assert desk.view.panel.title == f"car {desk.rows([second])[0].instance_id}"
    assert desk.view.table.count_text == "7 fits"
    desk.press("Ctrl+Z")
    assert desk.shown_ids[0] == first


def test_the_head_of_a_column_sorts_and_turns_round(cars: Cars, desk: Desk) -> None:
    sections = {order: place for place, (_, order) in enumerate(COLUMNS) if order is not None}
    head = desk.view.table.table.horizontalHeader()
    head.sectionClicked.emit(sections[FitOrder.DISTANCE])
    desk.settle()
    distances = [row.fit.translation for row in desk.rows(desk.shown_ids)]
    metres = [sum(x * x for x in place) ** 0.5 for place in distances]
    assert metres == sorted(metres, reverse=True)
    head.sectionClicked.emit(sections[FitOrder.DISTANCE])
    desk.settle()
    assert desk.shown_cars[0] == cars.ids[0]  # 16 m ahead: the nearest of all


def test_filters_narrow_the_list(cars: Cars, desk: Desk) -> None:
    desk.view.filters.changed.emit(FitFilter(verdicts=(FitVerdict.OUTSIDE_SHAPE_SPACE,)))
    desk.settle()
    assert desk.shown_ids == []
    assert "Nothing meets these conditions" in desk.view.table.empty_text
    assert desk.view.panel.title == ""
    desk.view.filters.changed.emit(FitFilter())
    desk.settle()
    assert len(desk.shown_ids) == 8
    desk.click_car(cars.track[0])
    desk.press("T")
    assert sorted(desk.shown_cars) == sorted(cars.track)


def test_a_car_is_selected_in_either_view(cars: Cars, desk: Desk) -> None:
    desk.press("2")
    assert desk.view.viewport.look is Look.ABOVE
    desk.click_car(cars.ids[1])
    assert desk.current_car == cars.ids[1]
    assert desk.view.table.table.selectionModel().currentIndex().row() == desk.shown_cars.index(cars.ids[1])
    middle = cars.parking.points_at(cars.parking.places[cars.ids[3]]).mean(axis=0)
    desk.click_picture(*middle.tolist())
    assert desk.current_car == cars.ids[3]
    assert desk.view.viewport.scene.selected == cars.ids[3]


def test_the_track_is_followed_by_keys(cars: Cars, desk: Desk) -> None:
    desk.click_car(cars.track[0])
    shown = [desk.current_car]
    for _ in range(4):
        desk.press("C")
        shown.append(desk.current_car)
    assert shown == [*cars.track, cars.track[3]]
    assert desk.view.actions_bar.said == "The track ends here."
    desk.press("X")
    assert desk.current_car == cars.track[2]
    [trail] = desk.view.viewport.scene.trails
    assert len(trail.points) == 4


def test_two_versions_stand_beside_each_other(cars: Cars, desk: Desk) -> None:
    # the spoiled fit is the second version; the first was a good one
    assert [button.text()[:3] for button in desk.view.panel.version_buttons] == ["● 2", "○ 1"]
    desk.press("B")
    roles = [car.role.value for car in desk.view.viewport.scene.objects if car.instance_id == cars.ids[2]]
    assert sorted(roles) == ["compared", "frame"]
    now, before = desk.view.panel.facts["Error"]
    assert now.startswith("7.50 px")
    assert before.startswith("0.0")
    desk.press("U")
    assert desk.fit_of(cars.ids[2]).version == 1
    assert desk.view.panel.facts["Error"][0].startswith("0.0")
    desk.press("Ctrl+Z")
    assert desk.fit_of(cars.ids[2]).version == 2
    desk.press("B")
    desk.press("B")  # there is no third: it compares with none again
    assert all(car.role.value == "frame" for car in desk.view.viewport.scene.objects)


def test_fix_goes_to_the_keypoints_of_the_car(cars: Cars, desk: Desk) -> None:
    desk.press("K")
    assert desk.shown_elsewhere == [("keypoints", [cars.ids[2]])]


def test_keys_change_what_is_drawn(desk: Desk) -> None:
    viewport = desk.view.viewport
    desk.press("1")
    assert viewport.look is Look.CAMERA
    before = viewport.layers.opacity
    desk.press("[")
    assert viewport.layers.opacity < before
    desk.press("Space")
    assert not viewport.layers.cars
    assert not desk.view.wires.outlines
    desk.press("Space")
    assert viewport.layers.cars
    for key, name in (("G", "grid"), ("P", "points"), ("L", "trails"), ("I", "ellipses")):
        desk.press(key)
        assert not getattr(viewport.layers, name)
    desk.press("O")
    assert viewport.colour_by is ColourBy.VERDICT
    desk.press("N")
    assert not desk.view.canvas.isVisible()
    desk.press("N")
    assert desk.view.canvas.isVisible()
    assert not viewport.isVisible()
    desk.press("N")
    assert viewport.isVisible()


def test_an_edit_elsewhere_is_seen(cars: Cars, desk: Desk) -> None:
    with desk.session.project.read() as connection:
        from core.store.queries.fits import fit_history

        first = fit_history(connection, cars.ids[2])[-1]
    desk.session.perform(lambda: use_fit(desk.session.history, first.id))
    desk.settle()
    assert desk.view.panel.facts["Error"][0].startswith("0.0")
    assert first.id in desk.shown_ids


def test_what_a_job_writes_is_seen_after_a_refresh(cars: Cars, desk: Desk) -> None:
    more = cars.parking.add_cars(1, [(22.0, 0.0)])
    cars.write({more[0]: cars.fit(more[0])})
    desk.press("F5")
    assert more[0] in desk.shown_cars


def test_a_job_and_an_undo_leave_whoever_is_far_down_in_a_long_list_there(
    cars: Cars, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.controllers.fits_list.FIRST_PAGE", 2)
    desk.press("F5")
    assert len(desk.shown_ids) > 5
    desk.press("E")
    desk.press("E")
    desk.press("E")
    there = desk.current_car
    assert there == desk.shown_cars[3]
    more = cars.parking.add_cars(1, [(22.0, 0.0)])
    cars.write({more[0]: cars.fit(more[0])})
    assert there is not None
    cars.write({there: cars.fit(there)})  # its own fit too gets a new version
    desk.until(lambda: more[0] in desk.shown_cars and desk.fit_of(there).id in desk.shown_ids)
    desk.settle()
    assert desk.current_car == there
    first = next(row for row in desk.fit_history(there) if not row.in_force)
    desk.session.perform(lambda: use_fit(desk.session.history, first.id))
    desk.settle()
    assert first.id in desk.shown_ids
    assert desk.current_car == there


def test_instances_named_elsewhere_are_shown(cars: Cars, desk: Desk) -> None:
    assert desk.workspace.show_instances is not None
    desk.workspace.show_instances([cars.ids[0]])
    desk.settle()
    assert desk.current_car == cars.ids[0]
