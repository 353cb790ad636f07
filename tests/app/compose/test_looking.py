"""Going from composite to composite, and what is seen of each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.views.compose.head_bar import LARGEST_SEED
from core.records.recipes import Sampler
from core.store.project import Project
from core.store.queries.recipes import recipe_sets
from tests.app.compose.desk import Desk
from tests.jobs.doing import do_job


def test_the_first_composite_comes_by_itself(desk: Desk) -> None:
    distances = [layer.distance_m for layer in desk.state.layers]
    assert len(distances) >= 5
    assert None not in distances
    assert "WALT3D" in desk.view.pair.main.title
    assert desk.state.selected is None
    assert desk.view.chart.chart.total == len(distances)
    # everything that is drawn stands on the road, too
    scene = desk.view.viewport.scene
    assert {car.caption for car in scene.objects} == set(desk.names)
    # nobody in front of the nearest
    assert desk.state.layers[0].hidden_percent == 0


def test_a_seed_draws_the_same_composite_again(desk: Desk) -> None:
    desk.seed(7)
    first, names = desk.state.image, desk.names
    assert first is not None
    assert QApplication.focusWidget() is desk.view.canvas
    desk.press("E")
    assert desk.view.head.seed.text() == "8"
    assert desk.state.image is not None
    assert not np.array_equal(desk.state.image, first)
    desk.press("Space")
    assert desk.view.head.seed.text() not in ("7", "8")
    desk.press("W")
    desk.seed(7)
    assert np.array_equal(desk.state.image, first)
    assert desk.names == names


def test_a_seed_beyond_the_last_one_is_the_last_one(desk: Desk) -> None:
    desk.seed(9_999_999_999)
    assert desk.view.head.seed.text() == str(LARGEST_SEED)
    assert f"seed {LARGEST_SEED}:" in desk.view.pair.main.title


def test_a_seed_that_is_given_up_is_the_old_one(desk: Desk) -> None:
    desk.seed(7)
    desk.press("G")
    QTest.keyClicks(desk.view.head.seed, "99")
    QTest.keyClick(desk.view.head.seed, Qt.Key.Key_Escape)
    assert desk.view.head.seed.text() == "7"
    assert QApplication.focusWidget() is desk.view.canvas
    assert desk.state.title.startswith("WALT3D, seed 7")


def test_layers_are_selected_by_picture_list_keys_and_from_above(desk: Desk) -> None:
    far, near = desk.movable[-1], desk.movable[0]
    desk.click(far)
    assert desk.state.selected == far.key
    assert desk.view.card.title == far.name
    assert desk.view.viewport.scene.selected == far.instance_id
    desk.view.layers.chosen.emit(near.key)
    assert desk.state.selected == near.key
    desk.press("Down")
    assert desk.state.selected == desk.state.layers[1].key
    desk.press("Up")
    desk.press("Up")  # the list ends there
    assert desk.state.selected == desk.state.layers[0].key
    desk.view.viewport.car_clicked.emit(far.instance_id, False)
    assert desk.state.selected == far.key
    desk.view.viewport.nothing_clicked.emit()
    assert desk.state.selected is None


def test_what_hides_a_car_is_named(desk: Desk) -> None:
    hidden = next(layer for layer in desk.state.layers if layer.hidden_percent)
    desk.view.layers.chosen.emit(hidden.key)
    assert hidden.hidden_by
    assert all(name in desk.names for name in hidden.hidden_by)
    assert f"{hidden.hidden_percent} % hidden, by {hidden.hidden_by[0]}" in desk.view.card.text
    assert hidden.modal is not None
    assert hidden.amodal is not None
    seen, whole = int(hidden.modal.bits.sum()), int(hidden.amodal.bits.sum())
    assert abs(hidden.hidden_percent - 100 * (1 - seen / whole)) <= 0.5


def test_keys_switch_what_is_drawn(desk: Desk) -> None:
    item = desk.view.pair.main.item
    for key, name in (("M", "amodal"), ("N", "modal"), ("K", "points")):
        button = desk.view.bar.buttons[f"compose.{name}"]
        desk.press(key)
        assert getattr(item.shown, name)
        assert button.isChecked()
        desk.press(key)
        assert not getattr(item.shown, name)
        assert not button.isChecked()
    desk.press("O")
    assert not desk.view.above_shown
    desk.press("O")
    assert desk.view.above_shown


def test_keypoints_that_nobody_placed_are_told(desk: Desk) -> None:
    assert not any(layer.points for layer in desk.state.layers)
    desk.press("K")
    assert desk.view.bar.said.startswith("No object here has keypoints.")
    desk.view.bar.say("")
    desk.press("K")
    desk.press("M")
    assert not desk.view.bar.said


def test_walt2d_pastes_the_same_objects_in_another_order(desk: Desk) -> None:
    desk.press("B")
    desk.until(lambda: desk.view.pair.other.canvas.image is not None)
    other = desk.view.pair.other
    pasted = [layer.name for layer in desk.movable]
    assert sorted(layer.name for layer in other.item.state.layers) == sorted(pasted)
    assert [layer.name for layer in other.item.state.layers] != pasted
    assert "WALT2D" in other.title
    # a click there selects the same object here
    there = other.item.state.layers[-1]
    other.item.picked.emit(there.key)
    selected = desk.state.selected_layer
    assert selected is not None
    assert selected.name == there.name
    # both look at the same place
    desk.press("Z")
    seen, beside = desk.view.canvas.view_rect(), other.canvas.view_rect()
    assert abs(seen.center().x() - beside.center().x()) < 0.5 * seen.width()
    assert seen.width() < 480
    desk.press("B")
    assert not desk.view.pair.both_shown


def test_a_set_of_a_job_is_looked_through(desk: Desk, yard: Path) -> None:
    settings = {"count": 5, "name": "five", "wanted": "5,1,1,1,1,1,0,0,0,0", "least": 3}
    do_job(yard, "compose", **settings, validation_percent=0, test_percent=0)
    desk.press("F5")
    desk.until(lambda: len(desk.view.head.sets.actions_offered()) == 2)
    assert desk.view.head.sets.actions_offered()[1].text() == "five (5)"
    desk.view.head.sets.actions_offered()[1].trigger()
    desk.until(lambda: desk.view.head.place_text == "1 of 5")
    desk.press("E")
    assert desk.view.head.place_text == "2 of 5"
    desk.press("W")
    desk.press("W")
    assert desk.said == "The set begins here."
    for _ in range(5):
        desk.press("E")
    assert desk.view.head.place_text == "5 of 5"
    assert desk.said == "The set ends here."
    desk.press("Space")
    assert desk.view.head.place_text.endswith("of 5")
    chart = desk.view.chart.chart
    assert chart.wanted == (0.5, 0.1, 0.1, 0.1, 0.1, 0.1, 0.0, 0.0, 0.0, 0.0)
    with Project.open(yard, read_only=True) as project, project.read() as connection:
        [made] = recipe_sets(connection)
    assert made.total == 5
    assert chart.total >= 5 * 3
    assert "wanted 50%" in desk.view.chart.bar_text(0)
    # back to what is drawn here
    desk.view.head.sets.actions_offered()[0].trigger()
    desk.until(lambda: "seed" in desk.state.title)


def test_a_set_that_is_shown_is_exported_or_removed(desk: Desk, yard: Path) -> None:
    do_job(yard, "compose", count=2, name="two", least=3, validation_percent=0, test_percent=0)
    desk.press("F5")
    desk.until(lambda: len(desk.view.head.sets.actions_offered()) == 2)
    desk.commands.run("project.export_composites")
    desk.commands.run("compose.remove_set")
    assert "choose one" in desk.said
    desk.view.head.sets.actions_offered()[1].trigger()
    desk.until(lambda: desk.view.head.place_text == "1 of 2")
    desk.commands.run("project.export_composites")
    assert desk.dialogs == [("export-composites", {}), ("export-composites", {"set": "two"})]
    desk.commands.run("compose.remove_set")
    desk.settle()
    assert desk.said == "Done: Hide the set two."
    assert len(desk.view.head.sets.actions_offered()) == 1
    assert desk.view.head.place_text == ""
    assert "seed" in desk.state.title
    desk.press("Ctrl+Z")
    desk.until(lambda: len(desk.view.head.sets.actions_offered()) == 2)
    assert "seed" in desk.state.title
    assert not desk.failures


def test_the_batch_is_asked_for_with_this_camera(desk: Desk) -> None:
    desk.press("Ctrl+B")
    desk.view.head.batch.click()
    assert desk.dialogs == [("compose", {"camera": "Yard"})] * 2


def test_the_sampler_that_is_used_is_said(desk: Desk, open_desk: Callable[[Path], Desk]) -> None:
    shown = desk.controller.shown
    assert shown is not None
    assert shown.recipe.sampler is Sampler.WALT3D
    # a clip as short as this has too few cars for training alone
    assert desk.state.title.endswith("from all splits")
