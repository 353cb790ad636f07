"""The queue: its order, its filter, its table, and what it says when there is nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.composition.review import build_review
from app.session import ProjectSession
from app.states.review_queue import CROP_ROLE, ITEM_ROLE
from app.views.review.filter_bar import FilterBar
from app.views.review.review_view import ReviewView
from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import FoundInstance
from core.records.occlusion import LabelOrigin
from core.store.edits.evaluations import ask_for_review
from core.store.project import Project
from core.store.writers.detections import write_detections
from tests.app.review.street import Desk, Street


def choose(filters: FilterBar, field: str, text: str) -> None:
    """Triggers the entry of a chip's menu that has these words."""
    entry = next(action for action in filters.chip(field).actions_offered() if action.text() == text)
    entry.trigger()


def test_items_and_crops_are_read_once_they_are_painted(desk: Desk, street: Street) -> None:
    model = desk.view.queue.grid.model()
    desk.until(lambda: model.index(0, 0).data(ITEM_ROLE) is not None)
    item = model.index(0, 0).data(ITEM_ROLE)
    assert (item.id, item.category, item.source, item.width_px) == (street.ids[0], "car", "clip.mp4", 60.0)
    desk.until(lambda: model.index(0, 0).data(CROP_ROLE) is not None)
    assert model.index(0, 0).data(CROP_ROLE).width() == 40


def test_filters_change_the_queue(desk: Desk, street: Street) -> None:
    filters = desk.view.filters
    choose(filters, "label", "occluded")
    desk.settle()
    turned = street.ids[3:6] + street.ids[9:12] + street.ids[15:18]  # every other frame
    assert desk.shown_ids == turned
    assert desk.current == turned[0]
    choose(filters, "label", "any")
    choose(filters, "min_score", "from 0.6")
    desk.settle()
    assert desk.shown_ids == [i for n, i in enumerate(street.ids) if n % 3 != 2]
    choose(filters, "min_size_px", "from 64 px")
    desk.settle()
    assert desk.shown_ids == []
    assert "Nothing meets these conditions" in desk.view.queue.empty_text
    filters.clear_button.click()
    desk.settle()
    assert desk.shown_ids == street.ids


def test_what_is_asked_for_is_shown_until_it_is_answered(desk: Desk, street: Street) -> None:
    history = desk.session.history
    asked = [street.ids[4], street.ids[9]]
    desk.press("J")
    desk.settle()
    assert desk.shown_ids == []
    assert desk.view.queue.empty_text.startswith("Nobody asks for a review now.")
    desk.session.perform(lambda: ask_for_review(history, asked))
    desk.settle()
    assert sorted(desk.shown_ids) == asked
    assert desk.view.filters.asked_chip.isChecked()
    answered = desk.current
    desk.press("A")
    desk.settle()
    assert desk.shown_ids == [one for one in asked if one != answered]
    desk.press("Ctrl+Z")
    desk.settle()
    assert sorted(desk.shown_ids) == asked
    desk.press("J")
    desk.settle()
    assert desk.shown_ids == street.ids


def test_another_filter_leaves_only_one_selected(desk: Desk, street: Street) -> None:
    desk.press("Shift+End")
    assert len(desk.selected) == len(street.ids)
    choose(desk.view.filters, "label", "unoccluded")
    desk.settle()
    assert desk.selected == [desk.current]
    desk.press("S")
    desk.settle()
    assert len(desk.verdicts()) == 1


def test_the_reason_filter_shows_what_a_test_calls_occluded(desk: Desk, street: Street) -> None:
    choose(desk.view.filters, "reason", "covered by something nearer")
    desk.settle()
    assert desk.shown_ids == street.ids[3:6] + street.ids[9:12] + street.ids[15:18]
    choose(desk.view.filters, "reason", "cut by the border")
    desk.settle()
    assert desk.shown_ids == []


def test_verdict_filters_show_what_was_reviewed(desk: Desk, street: Street) -> None:
    desk.press("A")
    desk.press("S")
    desk.settle()
    choose(desk.view.filters, "verdict", "as occluded")
    desk.settle()
    assert desk.shown_ids == [street.ids[1]]
    choose(desk.view.filters, "verdict", "by somebody")
    desk.settle()
    assert desk.shown_ids == street.ids[:2]
    desk.press("Ctrl+Z")
    desk.settle()
    assert desk.shown_ids == street.ids[:1]  # it is no longer reviewed, so it leaves this queue
    assert desk.current == street.ids[0]


def test_the_count_is_true_at_every_moment(desk: Desk, street: Street) -> None:
    assert desk.view.queue.count_text == "18 instances"
    desk.press("A")
    desk.settle()
    assert desk.view.queue.count_text == "17 instances"
    desk.press("Ctrl+Z")
    desk.settle()
    assert desk.view.queue.count_text == "18 instances"


def test_only_this_track_and_back(desk: Desk, street: Street) -> None:
    desk.press("E")
    desk.until(lambda: desk.view.reasons.title == f"car {street.ids[1]}")
    desk.press("T")
    desk.settle()
    assert desk.shown_ids == street.ids[1::3]
    assert desk.current == street.ids[1]
    desk.press("T")
    desk.settle()
    assert desk.shown_ids == street.ids
    assert desk.current == street.ids[1]


def test_selecting_a_track_selects_it_in_the_queue(desk: Desk, street: Street) -> None:
    desk.press("Ctrl+T")
    desk.settle()
    assert desk.selected == sorted(street.ids[0::3])
    desk.press("D")
    desk.settle()
    assert sorted(desk.verdicts()) == sorted(street.ids[0::3])
    assert desk.edits()[0] == "Reject 6 objects: wrong detection"


def test_next_and_previous_on_the_track(desk: Desk, street: Street) -> None:
    desk.press("C")
    desk.settle()
    assert desk.current == street.ids[3]
    desk.press("X")
    desk.settle()
    desk.press("X")
    desk.settle()
    assert desk.current == street.ids[0]
    assert desk.view.verdicts.said == "The track begins here."


def test_ctrl_click_adds_and_shift_click_takes_the_range(desk: Desk, street: Street, qtbot: QtBot) -> None:
    grid = desk.view.queue.grid
    held = Qt.KeyboardModifier

    def click(row: int, modifier: Qt.KeyboardModifier = held.NoModifier) -> None:
        place = grid.visualRect(grid.model().index(row, 0)).center()
        qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, modifier, place)

    click(1)
    assert desk.selected == [street.ids[1]]
    click(4, held.ShiftModifier)
    assert desk.selected == sorted(street.ids[1:5])
    click(2, held.ControlModifier)
    assert desk.selected == sorted([street.ids[1], street.ids[3], street.ids[4]])
    click(0, held.ControlModifier)
    assert desk.selected == sorted([street.ids[0], street.ids[1], street.ids[3], street.ids[4]])
    desk.press("A")
    desk.settle()
    assert sorted(desk.verdicts()) == sorted([street.ids[0], street.ids[1], street.ids[3], street.ids[4]])


def test_the_table_shows_the_same_queue_and_selection(desk: Desk, street: Street) -> None:
    desk.press("E")
    desk.press("G")
    table = desk.view.queue.table
    assert table.isVisible()
    assert table.currentIndex().row() == 1
    desk.settle()
    model = table.model()
    texts = [model.index(1, column).data() for column in range(model.columnCount())]
    assert texts[:6] == [str(street.ids[1]), "car", "Unoccluded", "+0.100", "50 × 30", "0:00.00"]
    desk.press("S")
    desk.settle()
    assert table.currentIndex().row() == 1
    assert desk.verdicts() == {street.ids[1]: "occluded"}
    desk.press("G")
    assert desk.view.queue.grid.isVisible()
    assert desk.current == street.ids[2]


def test_what_another_process_adds_is_offered(desk: Desk, street: Street) -> None:
    with Project.open(street.path) as project, project.bulk() as bulk:
        found = [FoundInstance(Box(5.0, 150.0, 30.0, 20.0), Category.CAR, 0.8)]
        keep = [street._car(0, lane) for lane in range(3)]
        bulk.run(
            lambda c: write_detections(
                c, street.frame_ids[0], keep + found, detector="motion", origin=LabelOrigin.HEURISTIC
            )
        )
    desk.until(lambda: desk.view.queue.fresh_text == "Show 1 new instance")
    assert desk.shown_ids == street.ids  # nothing moves under the reviewer's hands
    desk.press("F5")
    desk.settle()
    assert len(desk.shown_ids) == 19
    assert desk.current == street.ids[0]
    assert desk.view.queue.fresh_text == ""


def test_an_empty_project_says_what_to_do(tmp_path: Path, qtbot: QtBot) -> None:
    session = ProjectSession(Project.create(tmp_path / "empty.amodal"), "Ann")
    workspace = build_review(session)
    view = workspace.widget
    assert isinstance(view, ReviewView)
    qtbot.addWidget(view)
    view.show()
    workspace.on_shown()
    qtbot.waitUntil(lambda: view.queue.empty_text.startswith("Nothing mined yet"), timeout=5000)
    assert view.reasons.hint.startswith("Select an object")
    assert view.reasons.title == ""
    workspace.close()
    session.close()


def test_edits_made_while_another_workspace_is_in_front_are_shown_on_return(
    desk: Desk, street: Street, open_desk: Callable[..., Desk]
) -> None:
    desk.press("A")
    desk.settle()
    desk.workspace.on_hidden()
    desk.session.undo()
    desk.settle()
    desk.workspace.on_shown()
    desk.settle()
    assert desk.shown_ids == street.ids
