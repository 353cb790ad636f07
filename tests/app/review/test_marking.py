"""Labelling by keyboard: each key counts, nothing is lost, and undo brings everything back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from core.errors import DiskFullError
from core.records.history import Touched
from core.records.occlusion import LabelOrigin, OcclusionLabel, Verdict
from core.store.queries.instance_detail import instance_detail
from tests.app.review.street import Desk, Street


def test_the_queue_starts_at_the_least_certain(desk: Desk, street: Street) -> None:
    assert desk.shown_ids == street.ids
    assert desk.current == street.ids[0]


@pytest.mark.parametrize(
    ("key", "verdict", "reason"),
    [
        ("A", Verdict.UNOCCLUDED, None),
        ("1", Verdict.UNOCCLUDED, None),
        ("U", Verdict.UNOCCLUDED, None),
        ("S", Verdict.OCCLUDED, None),
        ("2", Verdict.OCCLUDED, None),
        ("O", Verdict.OCCLUDED, None),
        ("D", Verdict.REJECTED, "wrong detection"),
        ("R", Verdict.REJECTED, "wrong detection"),
        ("F", Verdict.REJECTED, "bad picture"),
        ("Shift+R", Verdict.REJECTED, "bad picture"),
    ],
)
def test_one_key_gives_a_verdict(
    desk: Desk, street: Street, key: str, verdict: Verdict, reason: str | None
) -> None:
    desk.press(key)
    desk.settle()
    assert desk.verdicts() == {street.ids[0]: verdict}
    with desk.session.project.read() as connection:
        detail = instance_detail(connection, street.ids[0])
    assert detail is not None
    assert [(said.annotator, said.verdict, said.reason) for said in detail.verdicts] == [
        ("Ann", verdict, reason)
    ]


def test_a_verdict_is_a_persons_label_and_the_machines_stays_on_record(desk: Desk, street: Street) -> None:
    desk.press("S")
    desk.settle()
    row = desk.row(street.ids[0])
    assert (row.label, row.label_origin, row.annotator) == (OcclusionLabel.OCCLUDED, LabelOrigin.HUMAN, "Ann")
    with desk.session.project.read() as connection:
        detail = instance_detail(connection, street.ids[0])
    assert detail is not None
    assert detail.machine_label is OcclusionLabel.UNOCCLUDED


def test_a_mark_goes_on_to_the_next_least_certain(desk: Desk, street: Street) -> None:
    desk.press("A")
    assert desk.current == street.ids[1]  # at once, before the store has answered
    desk.settle()
    assert desk.current == street.ids[1]
    assert desk.shown_ids == street.ids[1:]


def test_two_quick_keys_are_both_kept(desk: Desk, street: Street) -> None:
    desk.press("A")
    desk.press("S")
    desk.press("F")
    desk.settle()
    first, second, third = street.ids[:3]
    assert desk.verdicts() == {
        first: Verdict.UNOCCLUDED,
        second: Verdict.OCCLUDED,
        third: Verdict.REJECTED,
    }
    assert desk.current == street.ids[3]


def test_a_key_held_down_marks_once(desk: Desk, street: Street) -> None:
    target = QApplication.focusWidget()
    assert target is not None
    kind, none = QEvent.Type, Qt.KeyboardModifier.NoModifier
    desk.press("A")
    for _ in range(5):
        QApplication.sendEvent(target, QKeyEvent(kind.KeyPress, Qt.Key.Key_A, none, "a", True))
    desk.settle()
    assert set(desk.verdicts()) == {street.ids[0]}


def test_undo_brings_the_marked_one_back_and_selects_it(desk: Desk, street: Street) -> None:
    desk.press("A")
    desk.press("S")
    desk.settle()
    desk.press("Ctrl+Z")
    desk.settle()
    assert desk.verdicts() == {street.ids[0]: Verdict.UNOCCLUDED}
    assert desk.shown_ids == street.ids[1:]
    assert desk.current == street.ids[1]
    assert desk.selected == [street.ids[1]]


def test_redo_marks_it_again_and_goes_on(desk: Desk, street: Street) -> None:
    desk.press("S")
    desk.settle()
    desk.press("Ctrl+Z")
    desk.settle()
    assert desk.current == street.ids[0]
    desk.press("Ctrl+Y")
    desk.settle()
    assert desk.verdicts() == {street.ids[0]: Verdict.OCCLUDED}
    assert desk.shown_ids == street.ids[1:]
    assert desk.current == street.ids[1]


def test_undo_works_after_a_restart(open_desk: Callable[..., Desk], street: Street) -> None:
    before = open_desk()
    before.press("S")
    before.press("A")
    before.close()
    after = open_desk()
    assert after.shown_ids == street.ids[2:]
    after.press("Ctrl+Z")
    after.settle()
    assert after.verdicts() == {street.ids[0]: Verdict.OCCLUDED}
    assert after.current == street.ids[1]
    assert after.shown_ids == street.ids[1:]


def test_several_selected_are_marked_as_one_edit(desk: Desk, street: Street) -> None:
    desk.press("Right")
    desk.press("Shift+Right")
    desk.press("Shift+Right")
    assert desk.selected == sorted(street.ids[1:4])
    desk.press("D")
    desk.settle()
    assert desk.verdicts() == dict.fromkeys(street.ids[1:4], Verdict.REJECTED)
    assert desk.edits()[0] == "Reject 3 objects: wrong detection"
    assert desk.current == street.ids[4]
    desk.press("Ctrl+Z")
    desk.settle()
    assert desk.verdicts() == {}
    assert desk.shown_ids == street.ids
    assert desk.selected == sorted(street.ids[1:4])


def test_the_last_one_marked_leaves_the_one_before_it(desk: Desk, street: Street) -> None:
    desk.press("End")
    assert desk.current == street.ids[-1]
    desk.press("A")
    desk.settle()
    assert desk.current == street.ids[-2]


def test_taking_a_verdict_back_stays_where_it_is(desk: Desk, street: Street) -> None:
    desk.view.filters.chip("verdict").actions_offered()[1].trigger()
    desk.settle()
    desk.press("A")
    desk.settle()
    assert desk.shown_ids == street.ids  # reviewed or not: what was marked stays in sight
    assert desk.current == street.ids[1]
    desk.press("W")
    desk.press("Q")
    desk.settle()
    assert desk.verdicts() == {}
    assert desk.current == street.ids[0]


def test_a_whole_track_is_marked_as_one_edit_but_not_over_earlier_verdicts(
    desk: Desk, street: Street
) -> None:
    lane = street.ids[0::3]
    desk.press("E")
    desk.press("E")
    desk.press("E")
    assert desk.current == lane[1]
    desk.press("S")
    desk.settle()
    desk.press("W")
    desk.press("W")
    desk.press("W")
    desk.until(lambda: desk.view.reasons.title == f"car {lane[0]}")
    desk.press("Shift+A")
    desk.settle()
    expected = dict.fromkeys(lane, Verdict.UNOCCLUDED) | {lane[1]: Verdict.OCCLUDED}
    assert desk.verdicts() == expected
    assert desk.edits()[0] == "Mark 5 objects as unoccluded"
    assert desk.current == street.ids[1]
    desk.press("Ctrl+Z")
    desk.settle()
    assert desk.verdicts() == {lane[1]: Verdict.OCCLUDED}


def test_a_mark_that_the_store_refuses_goes_back_to_its_object(
    desk: Desk, street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Touched:
        raise DiskFullError("The disk is full.", "Free some space.")

    monkeypatch.setattr("core.store.edits.verdicts.set_verdict", full)
    desk.press("A")
    desk.settle()
    assert len(desk.failures) == 1
    assert desk.current == street.ids[0]
    assert desk.verdicts() == {}
    assert desk.shown_ids == street.ids
    monkeypatch.undo()
    desk.press("A")
    desk.settle()
    assert desk.verdicts() == {street.ids[0]: Verdict.UNOCCLUDED}


def test_everything_reviewed_says_so_and_a_key_does_nothing(desk: Desk, street: Street) -> None:
    desk.press("Ctrl+A")
    assert desk.selected == sorted(street.ids)
    desk.press("A")
    desk.settle()
    assert desk.shown_ids == []
    assert "everything is reviewed" in desk.view.queue.empty_text
    desk.press("S")
    desk.settle()
    assert set(desk.verdicts().values()) == {Verdict.UNOCCLUDED}
    assert desk.view.verdicts.said == "Nothing is selected."
    desk.press("Ctrl+Z")
    desk.settle()
    assert desk.shown_ids == street.ids
    assert desk.view.queue.empty_text == ""


def test_two_annotators_keep_their_own_verdicts(open_desk: Callable[..., Desk], street: Street) -> None:
    ann = open_desk()
    ann.press("A")
    ann.close()
    bob = open_desk("Bob")
    bob.view.filters.chip("verdict").actions_offered()[2].trigger()
    bob.settle()
    bob.press("S")
    bob.settle()
    assert "Occluded by Bob" in bob.view.reasons.person_text
    assert "Unoccluded by Ann" in bob.view.reasons.person_text
    bob.press("Ctrl+Z")
    bob.settle()
    assert bob.verdicts() == {street.ids[0]: Verdict.UNOCCLUDED}


def test_the_line_beside_the_buttons_follows_undo_and_ends_with_the_selection(
    desk: Desk, street: Street
) -> None:
    bar = desk.view.verdicts
    desk.press("S")
    desk.settle()
    assert bar.said.startswith("Done: ")
    done = bar.said.removeprefix("Done: ")
    desk.press("Ctrl+Z")
    desk.settle()
    assert bar.said == f"Undid: {done}"
    desk.press("Ctrl+Y")
    desk.settle()
    assert bar.said == f"Did again: {done}"
    desk.press("Right")
    desk.settle()
    assert bar.said == ""
    desk.press("S")
    desk.settle()
    assert bar.said
    desk.view.filters.chip("verdict").actions_offered()[1].trigger()
    desk.settle()
    assert bar.said == ""
