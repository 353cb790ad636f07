"""The frame: pixels and labels of one and the same moment, looking around, and footage that fails."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.states.overlay import OverlayInstance, OverlayRole
from tests.app.review.street import Desk, Street


def roles(desk: Desk) -> dict[int, OverlayRole]:
    """id -> role of everything drawn over the frame."""
    return {item.id: item.role for item in desk.view.frame.canvas.overlay.instances}


def drawn(desk: Desk, instance_id: int) -> OverlayInstance:
    """What is drawn of an instance."""
    return next(item for item in desk.view.frame.canvas.overlay.instances if item.id == instance_id)


def grey(desk: Desk) -> int:
    """The grey of the frame shown: its presentation time (see Desk)."""
    image = desk.view.frame.canvas.image
    assert image is not None
    return int(image[0, 0, 0])


def test_the_selected_instance_is_shown_in_its_own_frame(desk: Desk, street: Street) -> None:
    assert grey(desk) == 0
    assert roles(desk) == {
        street.ids[0]: OverlayRole.SELECTED,
        street.ids[1]: OverlayRole.NONE,
        street.ids[2]: OverlayRole.NONE,
    }
    for _ in range(3):
        desk.press("E")
    desk.settle()
    assert grey(desk) == 40
    assert roles(desk)[street.ids[3]] is OverlayRole.SELECTED


def test_boxes_lie_on_pixel_edges_around_the_centre_of_the_first_pixel(desk: Desk, street: Street) -> None:
    car = drawn(desk, street.ids[0])  # x 20, y 40, 60 wide, 30 high
    assert (car.left, car.top, car.right, car.bottom) == (19.5, 39.5, 79.5, 69.5)
    assert car.mask is not None
    assert (car.mask.x, car.mask.y, car.mask.bits.shape) == (24, 44, (22, 52))


def test_what_covers_it_is_lifted_out(desk: Desk, street: Street) -> None:
    for _ in range(3):
        desk.press("E")
    desk.settle()
    covered, by = street.ids[3], street.ids[4]
    assert roles(desk)[by] is OverlayRole.OCCLUDER
    button = desk.view.reasons.rows[0].occluder_button
    assert button.text() == f"Show {by} in the frame"
    other = street.ids[5]
    desk.view.reasons.occluder_clicked.emit(other)
    assert roles(desk) == {
        covered: OverlayRole.SELECTED,
        by: OverlayRole.OCCLUDER,
        other: OverlayRole.OCCLUDER,
    }


def test_a_late_answer_never_puts_old_pixels_under_new_boxes(desk: Desk, street: Street) -> None:
    desk.held = []
    for _ in range(3):
        desk.press("E")
    desk.settle()
    for _ in range(3):
        desk.press("E")
    desk.settle()
    assert [pts for pts, _ in desk.held] == [40, 40, 40, 80]  # as the queue went over three cars of a frame
    late, newest = desk.held[0], desk.held[-1]
    assert grey(desk) == 0  # the old frame stays, with its own boxes
    assert street.ids[0] in roles(desk)
    newest[1]()
    assert grey(desk) == 80
    assert roles(desk)[street.ids[6]] is OverlayRole.SELECTED
    late[1]()
    assert grey(desk) == 80
    assert street.ids[3] not in roles(desk)


def test_a_frame_that_cannot_be_decoded_says_so_in_place_and_labelling_goes_on(
    desk: Desk, street: Street
) -> None:
    desk.bad_pts = {40}
    for _ in range(3):
        desk.press("E")
    desk.settle()
    canvas = desk.view.frame.canvas
    assert canvas.message == "The frame cannot be decoded.\nMine the footage again."
    image = canvas.image
    assert image is not None
    assert image.shape == (180, 320, 3)
    crop = image[48:78, 20:80].astype(int)  # stands in where it was cut out: a plate of (40, 90, 90)
    assert np.abs(crop[:3].mean(axis=(0, 1)) - (40, 90, 90)).max() < 8
    assert (image[:48] == image[0, 0]).all()
    assert roles(desk)[street.ids[3]] is OverlayRole.SELECTED
    desk.press("S")
    desk.settle()
    assert desk.verdicts() == {street.ids[3]: "occluded"}
    for _ in range(2):
        desk.press("A")
    desk.settle()
    assert grey(desk) == 80
    assert canvas.message == ""


def test_stepping_frames_looks_around_and_keeps_the_selection(desk: Desk, street: Street) -> None:
    desk.press(".")
    desk.settle()
    desk.press(".")
    desk.settle()
    assert grey(desk) == 80
    assert desk.current == street.ids[0]
    assert desk.view.frame.away_text == "0.08 s after the selected instance. Esc goes back."
    assert roles(desk)[street.ids[6]] is OverlayRole.SAME_TRACK
    desk.press(",")
    desk.settle()
    assert grey(desk) == 40
    desk.press("Esc")
    desk.settle()
    assert grey(desk) == 0
    assert desk.view.frame.away_text == ""
    desk.press(",")
    desk.settle()
    assert desk.view.verdicts.said == "The footage begins here."


def test_a_key_marks_the_selected_one_while_looking_around_and_goes_on(desk: Desk, street: Street) -> None:
    desk.press(".")
    desk.settle()
    desk.press("S")
    desk.settle()
    assert desk.verdicts() == {street.ids[0]: "occluded"}
    assert grey(desk) == 0
    assert desk.current == street.ids[1]


def test_the_timeline_scrubs(desk: Desk, qtbot: QtBot) -> None:
    timeline = desk.view.timeline
    place = timeline.rect().center()
    place.setX(round(timeline.x_of(0.12)))
    qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=place)
    desk.settle()
    assert grey(desk) == 120
    assert desk.view.timeline.state.position_s == 0.12
    assert desk.view.timeline.state.selected_s == 0.0


def test_a_click_in_the_frame_selects_what_is_there(desk: Desk, street: Street, qtbot: QtBot) -> None:
    canvas = desk.view.frame.canvas
    place = canvas.to_widget(115.0 + 20.0, 55.0).toPoint()
    qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=place)
    desk.settle()
    assert desk.current == street.ids[1]
    desk.press("F")
    desk.settle()
    assert desk.verdicts() == {street.ids[1]: "rejected"}


def test_an_instance_outside_the_queue_can_be_marked_and_leads_back(
    desk: Desk, street: Street, qtbot: QtBot
) -> None:
    desk.press("S")
    desk.settle()
    canvas = desk.view.frame.canvas
    place = canvas.to_widget(50.0, 55.0).toPoint()
    qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=place)
    desk.settle()
    assert desk.view.reasons.title == f"car {street.ids[0]}"
    assert desk.current is None  # it has left the queue
    desk.press("A")
    desk.settle()
    assert desk.verdicts() == {street.ids[0]: "unoccluded"}
    assert desk.current == street.ids[1]


def test_a_new_label_is_drawn_over_the_frame_at_once(desk: Desk, street: Street) -> None:
    desk.press("S")
    desk.settle()
    mark = drawn(desk, street.ids[0]).mark
    assert (mark.shape, mark.by_person) == ("occluded", True)
    desk.press("Ctrl+Z")
    desk.settle()
    mark = drawn(desk, street.ids[0]).mark
    assert (mark.shape, mark.by_person) == ("unoccluded", False)


def test_zooming_to_each_object_follows_the_queue(desk: Desk, street: Street) -> None:
    desk.press("Z")
    canvas = desk.view.frame.canvas
    first = canvas.view_rect()
    assert first.contains(19.5, 39.5)
    assert first.width() < 320 / 1.2
    desk.press("E")
    desk.settle()
    second = canvas.view_rect()
    assert second.center().x() == 110.0 + 25.0 - 0.5
    assert second.center().y() == 40.0 + 15.0 - 0.5
    desk.press("V")
    assert canvas.fitted


def test_tone_keys_change_what_is_shown_and_not_the_picture(desk: Desk) -> None:
    canvas = desk.view.frame.canvas
    before = canvas.image
    desk.press("]")
    assert canvas.tone.gamma > 1.0
    assert canvas.image is before
    desk.press("\\")
    assert canvas.tone.neutral
