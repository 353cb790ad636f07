"""Changing a composite: off, along the line of sight, another object; each one step of undo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.records.recipes import Move
from core.store.history import History
from core.store.project import Project
from core.store.queries.recipes import recipe_page, recipe_sets
from tests.app.compose.desk import Desk
from tests.jobs.doing import do_job

SEED = 2


@pytest.fixture
def street(desk: Desk) -> Desk:
    """A composite that is always the same."""
    desk.seed(SEED)
    return desk


def free_layer(desk: Desk) -> str:
    """The name of a layer that can be slid a metre farther."""
    for layer in desk.movable:
        desk.view.layers.chosen.emit(layer.key)
        for _ in range(2):
            desk.press("]")
        held = desk.controller._held
        blocked = held is None or bool(held.blocked)
        desk.press("Esc")
        if not blocked:
            return layer.name
    raise AssertionError("nothing has room")


def test_a_layer_that_is_off_is_not_drawn_and_comes_back(street: Desk) -> None:
    before = street.state.image
    name = street.movable[0].name
    street.view.layers.chosen.emit(street.movable[0].key)
    street.press("X")
    layer = street.layer(name)
    assert (layer.shown, layer.hidden_percent, layer.amodal) == (False, None, None)
    assert street.said == f"Done: Switch {name} off."
    assert street.view.head.place_text == "changed by hand"
    assert "changed by hand" in street.view.pair.main.title
    [kept] = street.by_hand()
    assert [one.shown for one in kept.recipe.objects].count(False) == 1
    assert kept.edited_from is None
    assert kept.annotator == "Ann"
    assert len(kept.occlusion_percent) == len(kept.recipe.objects) - 1
    street.press("X")
    assert street.layer(name).shown
    assert before is not None
    assert street.state.image is not None
    assert np.array_equal(street.state.image, before)
    assert len(street.by_hand()) == 1  # as it was left, once


def test_a_changed_composite_stays_when_the_stock_is_read_anew(street: Desk) -> None:
    name = street.movable[0].name
    street.view.layers.chosen.emit(street.movable[0].key)
    street.press("X")
    street.press("F5")
    street.until(lambda: not street.layer(name).shown)
    street.settle()
    assert street.view.head.place_text == "changed by hand"
    street.workspace.on_hidden()
    street.workspace.on_shown()
    street.settle()
    assert not street.layer(name).shown


def test_an_eye_in_the_list_switches_its_layer(street: Desk) -> None:
    row = 1
    name = street.names[row]
    place = street.view.layers.eye_place(row).toPoint()
    QTest.mouseClick(street.view.layers, Qt.MouseButton.LeftButton, pos=place)
    street.settle()
    assert not street.layer(name).shown
    street.press("Shift+X")
    assert street.layer(name).shown


def test_undo_goes_back_step_by_step_and_redo_forth(street: Desk) -> None:
    first, second = street.movable[0].name, street.movable[-1].name
    for name in (first, second):
        street.view.layers.chosen.emit(street.layer(name).key)
        street.press("X")
    assert not street.layer(first).shown
    street.press("Ctrl+Z")
    assert street.layer(second).shown
    assert not street.layer(first).shown
    assert street.said == f"Undid: Switch {second} off."
    street.press("Ctrl+Z")
    assert street.layer(first).shown
    assert street.by_hand() == []
    assert street.view.head.place_text == ""
    assert street.state.title.startswith(f"WALT3D, seed {SEED}")
    street.press("Ctrl+Shift+Z")
    street.press("Ctrl+Shift+Z")
    assert not street.layer(first).shown
    assert not street.layer(second).shown
    assert len(street.by_hand()) == 1


def test_a_drag_slides_a_car_along_its_line_of_sight(street: Desk) -> None:
    name = free_layer(street)
    before = street.layer(name)
    assert before.box is not None
    assert before.distance_m is not None
    street.drag(before, 3.0, -6.0)
    after = street.layer(name)
    assert after.moved
    assert after.box is not None
    assert after.distance_m is not None
    assert after.distance_m > before.distance_m
    # farther is smaller, by how much farther: heights go with the inverse of the depth, about
    shrunk = (after.box[3] - after.box[1]) / (before.box[3] - before.box[1])
    assert shrunk == pytest.approx(before.distance_m / after.distance_m, abs=0.08)
    assert street.said.startswith(f"Done: Move {name} ")
    assert street.said.endswith("m farther.")
    [kept] = street.by_hand()
    moved = [one for one in kept.recipe.objects if not one.move.stays]
    assert len(moved) == 1
    # from above, it has slid away from the camera along the same line
    car = next(car for car in street.view.viewport.scene.objects if car.caption == name)
    assert np.hypot(*car.centre[:2]) > before.distance_m
    assert street.titles()[-1].startswith(f"Move {name}")
    # layers stay in the order of their depth
    distances = [layer.distance_m for layer in street.state.layers]
    place = street.names.index(name)
    touching = [other for other in street.state.layers if name in other.hidden_by]
    assert all(street.names.index(other.name) > place for other in touching)
    assert None not in distances
    street.press("Q")
    assert not street.layer(name).moved
    assert street.layer(name).box == before.box
    street.press("Q")
    assert "at its own place" in street.said


def test_a_car_stops_before_it_would_stand_in_another(street: Desk) -> None:
    # the car behind the one that is parked, towards the camera
    near = min(street.movable, key=lambda layer: layer.distance_m or 0.0)
    far = max(street.movable, key=lambda layer: layer.distance_m or 0.0)
    assert far.distance_m is not None
    street.drag(far, 0.0, 90.0, steps=40, drop=False)
    held = street.controller._held
    assert held is not None
    slide = street.view.pair.main.item.slide
    assert slide is not None
    viewport = street.view.canvas.viewport()
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=viewport.rect().center())
    street.settle()
    shown = street.controller.shown
    assert shown is not None
    # wherever it was let go, nothing stands in anything
    from core.compositing.edited import foot_of, stands_in

    for index, one in enumerate(shown.recipe.objects):
        foot = foot_of(one, shown.ingredients.places)
        assert foot is not None
        assert stands_in(shown.recipe, index, foot, shown.ingredients.places) is None
    assert near.name in street.names


def test_escape_gives_up_what_is_held(street: Desk) -> None:
    name = free_layer(street)
    before, image = street.layer(name), street.state.image
    street.drag(before, 0.0, -5.0, drop=False)
    assert street.view.pair.main.item.slide is not None
    street.press("Esc")
    assert street.layer(name).box == before.box
    assert street.view.pair.main.item.slide is None
    assert image is not None
    assert street.state.image is not None
    assert np.array_equal(street.state.image, image)
    assert street.by_hand() == []


def test_steps_of_the_keys_are_one_change(street: Desk) -> None:
    name = free_layer(street)
    street.view.layers.chosen.emit(street.layer(name).key)
    before = street.layer(name).distance_m
    assert before is not None
    for _ in range(2):
        street.press("]")
    assert street.by_hand() == []
    street.until(lambda: len(street.by_hand()) == 1)
    street.settle()
    after = street.layer(name).distance_m
    assert after == pytest.approx(before + 1.0, abs=0.01)  # footprints are in whole millimetres
    assert street.said == f"Done: Move {name} 1.0 m farther."
    street.press("Ctrl+Z")
    assert street.layer(name).distance_m == before


def test_what_is_held_is_kept_when_the_workspace_is_left(street: Desk) -> None:
    name = free_layer(street)
    street.view.layers.chosen.emit(street.layer(name).key)
    street.press("]")
    street.workspace.on_hidden()
    street.session._edits.finish()
    [kept] = street.by_hand()
    assert any(one.move != Move() for one in kept.recipe.objects)
    street.workspace.on_shown()


def test_a_layer_is_swapped_for_others_and_back(street: Desk) -> None:
    while len(street.movable) > 5:  # so that some objects are left
        street.press("E")
    layer = street.movable[0]
    for layer in street.movable:
        street.view.layers.chosen.emit(layer.key)
        street.press("S")
        if "No other object" not in street.said:
            break
    first = street.state.selected_layer
    assert first is not None
    assert first.name != layer.name
    assert layer.name not in street.names
    assert street.said == f"Done: Swap {layer.name} for {first.name}."
    assert len(set(street.names)) == len(street.names)  # no object is there twice
    assert first.distance_m is not None
    nearer = street.state.layers[: street.names.index(first.name)]
    assert all(other.name not in first.hidden_by or other in nearer for other in street.state.layers)
    street.press("Shift+S")
    back = street.state.selected_layer
    assert back is not None
    assert back.name == layer.name
    assert len(street.by_hand()) == 1
    street.press("Ctrl+Z")
    assert first.name in street.names


def test_what_stands_in_the_background_stays(street: Desk) -> None:
    parked = next(layer for layer in street.state.layers if layer.standing)
    street.drag(parked, 0.0, -20.0)
    assert "stands in the background" in street.said
    street.press("S")
    assert "stands in the background" in street.said
    street.press("]")
    assert "stands in the background" in street.said
    assert street.by_hand() == []


def test_a_layer_cannot_be_switched_on_inside_another(street: Desk) -> None:
    # the yard has two cars in one line of sight, 14 and 26 m away
    near, far = (_away(street, distance) for distance in (14.0, 26.0))
    street.view.layers.chosen.emit(street.layer(near).key)
    street.press("X")
    street.view.layers.chosen.emit(street.layer(far).key)
    for _ in range(4):
        street.press("{")
    street.until(lambda: street.said.startswith(f"Done: Move {far}"))
    assert street.layer(far).distance_m == pytest.approx(14.0, abs=0.05)
    street.view.layers.chosen.emit(street.layer(near).key)
    street.press("X")
    assert street.said == f"It would stand in {far}. Switch {far} off first, or move it."
    assert not street.layer(near).shown
    # and the one that has taken its place cannot be put back through it, but to its own place
    street.view.layers.chosen.emit(street.layer(far).key)
    street.press("Q")
    assert street.layer(far).distance_m == pytest.approx(26.0, abs=0.05)
    street.view.layers.chosen.emit(street.layer(near).key)
    street.press("X")
    assert street.layer(near).shown


def _away(street: Desk, distance_m: float) -> str:
    """The name of the layer at a distance."""
    found = [layer for layer in street.state.layers if abs((layer.distance_m or 0.0) - distance_m) < 0.05]
    return found[0].name


def test_a_jobs_recipe_stays_and_its_change_stands_by_hand(street: Desk, yard: Path) -> None:
    do_job(yard, "compose", count=2, name="two", least=3, validation_percent=0, test_percent=0)
    street.press("F5")
    street.until(lambda: len(street.view.head.sets.actions_offered()) == 2)
    street.view.head.sets.actions_offered()[1].trigger()
    street.until(lambda: street.view.head.place_text == "1 of 2")
    with Project.open(yard, read_only=True) as project, project.read() as connection:
        [made] = recipe_sets(connection)
        rows = recipe_page(connection, made.id)
    name = street.movable[0].name
    street.view.layers.chosen.emit(street.movable[0].key)
    street.press("X")
    [kept] = street.by_hand()
    assert kept.edited_from == rows[0].id
    assert street.view.head.place_text == "1 of 2,  changed by hand"
    assert len(street.view.head.sets.actions_offered()) == 3
    with Project.open(yard, read_only=True) as project, project.read() as connection:
        assert recipe_page(connection, made.id) == rows
    street.press("E")
    assert street.view.head.place_text == "2 of 2"
    street.press("Ctrl+Z")  # the change is seen to go, wherever one is
    street.until(lambda: street.view.head.place_text == "1 of 2")
    assert street.layer(name).shown
    assert street.by_hand() == []


def test_a_composite_made_by_hand_is_changed_tomorrow_and_taken_out(street: Desk, yard: Path) -> None:
    street.view.layers.chosen.emit(street.movable[0].key)
    street.press("X")
    [kept] = street.by_hand()
    street.press("E")
    street.view.head.sets.actions_offered()[1].trigger()
    street.until(lambda: street.view.head.place_text.startswith("1 of 1"))
    assert "changed by hand" in street.view.head.place_text
    street.press("Shift+X")
    [again] = street.by_hand()
    assert again.id != kept.id
    assert all(one.shown for one in again.recipe.objects)
    street.commands.run("compose.remove")
    street.settle()
    assert street.by_hand() == []
    street.press("Ctrl+Z")
    assert [row.id for row in street.by_hand()] == [again.id]


def test_the_set_by_hand_is_removed_and_comes_back_with_the_next_change(street: Desk) -> None:
    street.view.layers.chosen.emit(street.movable[0].key)
    street.press("X")
    street.view.head.sets.actions_offered()[1].trigger()
    street.until(lambda: street.view.head.place_text.startswith("1 of 1"))
    street.commands.run("compose.remove_set")
    street.settle()
    assert len(street.view.head.sets.actions_offered()) == 1
    assert street.view.head.place_text == ""  # not what was changed by hand, but what its seed draws
    assert all(layer.shown for layer in street.state.layers)
    street.view.layers.chosen.emit(street.movable[0].key)
    street.press("X")
    assert len(street.by_hand()) == 2
    assert len(street.view.head.sets.actions_offered()) == 2


def test_a_change_of_what_is_about_to_go_is_refused_aloud(street: Desk) -> None:
    key = street.movable[0].key
    street.controller.step(1)
    street.controller.switch(key)
    assert street.said.startswith("Nothing was changed: another composite is on its way.")
    street.settle()
    assert all(layer.shown for layer in street.state.layers)
    assert street.by_hand() == []


def test_another_persons_change_is_not_replaced(street: Desk, yard: Path) -> None:
    street.view.layers.chosen.emit(street.movable[0].key)
    street.press("X")
    [kept] = street.by_hand()
    with Project.open(yard) as project:
        from core.store.edits.recipes import save_recipe

        bobs = save_recipe(History(project, "Bob"), kept.recipe, kept.occlusion_percent, "by hand")
    street.session.poll_now()
    street.press("F5")
    street.view.head.sets.actions_offered()[1].trigger()
    street.until(lambda: street.view.head.place_text.startswith("1 of 2"))
    street.press("E")
    street.until(lambda: street.view.head.place_text.startswith("2 of 2"))
    street.press("Shift+X")
    rows = street.by_hand()
    assert bobs.rows["recipe"][0] in [row.id for row in rows]
    assert len(rows) == 3
    assert rows[-1].edited_from == bobs.rows["recipe"][0]


def test_keys_without_a_layer_say_what_to_do(street: Desk) -> None:
    street.view.viewport.nothing_clicked.emit()
    for key in ("X", "S", "]", "Q"):
        street.press(key)
        assert "Select a layer first" in street.said
    street.commands.run("compose.remove")
    assert "Only a composite that was changed by hand" in street.said
    assert street.by_hand() == []
