"""Correcting what an object is: by key or from the panel, seen at once, and undone like everything else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.states.review_queue import ITEM_ROLE
from app.views.review.category_button import call_action
from core.errors import DiskFullError
from core.records.detections import Category
from core.records.history import Touched
from core.records.project import QueueFilter
from tests.app.review.street import Desk, Street

PERSON_PLACE = 2  # the third of a frame's objects is a person, the others are cars


def categories(desk: Desk) -> list[Category]:
    """Of all instances, as the store has them."""
    return [desk.row(instance_id).category for instance_id in desk.street.ids]


def in_grid(desk: Desk, instance_id: int) -> str:
    """What the grid calls an instance."""
    model = desk.view.queue.grid.model()
    item = model.index(desk.shown_ids.index(instance_id), 0).data(ITEM_ROLE)
    assert item is not None
    return str(item.category)


def in_frame(desk: Desk) -> set[str]:
    """What the names over the frame say."""
    return {item.caption for item in desk.view.frame.canvas.overlay.instances}


@pytest.mark.parametrize(
    ("key", "category"),
    [
        ("Shift+P", Category.PERSON),
        ("Shift+K", Category.TRUCK),
        ("Shift+B", Category.BUS),
        ("Shift+M", Category.MOTORCYCLE),
        ("Shift+Y", Category.BICYCLE),
    ],
)
def test_one_key_corrects_the_category(desk: Desk, street: Street, key: str, category: Category) -> None:
    before = categories(desk)
    desk.press(key)
    desk.settle()
    assert categories(desk) == [category, *before[1:]]


def test_a_correction_is_seen_at_once_and_stays_where_it_is(desk: Desk, street: Street) -> None:
    first = street.ids[0]
    assert in_grid(desk, first) == "car"
    desk.press("Shift+K")
    desk.settle()
    assert in_grid(desk, first) == "truck"
    assert desk.view.reasons.title == f"truck {first}"
    assert f"truck {first}" in in_frame(desk)
    assert f"car {first}" not in in_frame(desk)
    assert desk.current == first  # the verdict comes after
    assert desk.verdicts() == {}
    assert desk.view.verdicts.said == f"Done: Call car {first} truck."


def test_undo_brings_the_category_back(desk: Desk, street: Street) -> None:
    before = categories(desk)
    desk.press("Shift+B")
    desk.settle()
    desk.press("Ctrl+Z")
    desk.settle()
    assert categories(desk) == before
    assert desk.view.reasons.title == f"car {street.ids[0]}"
    desk.press("Ctrl+Y")
    desk.settle()
    assert desk.row(street.ids[0]).category is Category.BUS


def test_all_selected_are_corrected_as_one_edit(desk: Desk, street: Street) -> None:
    for _ in range(PERSON_PLACE):
        desk.press("Shift+Right")
    desk.press("Shift+P")
    desk.settle()
    assert categories(desk)[:3] == [Category.PERSON] * 3
    assert desk.edits()[0] == "Call 3 objects person"
    assert desk.selected == sorted(street.ids[:3])


def test_the_panel_offers_every_category_with_its_key(desk: Desk, street: Street) -> None:
    button = desk.view.reasons.category
    assert "Shift" in button.entry(Category.BICYCLE).text()
    button.entry(Category.BICYCLE).trigger()
    desk.settle()
    assert desk.row(street.ids[0]).category is Category.BICYCLE


def test_every_category_has_an_action_that_works_here(desk: Desk) -> None:
    for category in Category:
        assert desk.commands.can_run(call_action(category))


def test_what_a_filter_no_longer_shows_can_still_be_judged(desk: Desk, street: Street) -> None:
    """A car that is called a truck leaves the queue of cars, but not the screen: its verdict is to come."""
    first = street.ids[0]
    cars = [i for n, i in enumerate(street.ids) if n % 3 != PERSON_PLACE]
    desk.view.filters.changed.emit(QueueFilter(verdict="none", categories=(Category.CAR,)))
    desk.settle()
    assert desk.shown_ids == cars
    desk.press("Shift+K")
    desk.settle()
    assert desk.shown_ids == cars[1:]
    assert desk.view.reasons.title == f"truck {first}"
    desk.press("A")
    desk.settle()
    assert set(desk.verdicts()) == {first}
    assert desk.current == cars[1]


def test_saying_what_it_is_called_already_says_so(desk: Desk) -> None:
    before = desk.edits()
    desk.press("Shift+C")
    desk.settle()
    assert desk.edits() == before
    assert desk.view.verdicts.said == "That is called car already."


def test_a_correction_that_the_store_refuses_leaves_everything_as_it_was(
    desk: Desk, street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Touched:
        raise DiskFullError("The disk is full.", "Free some space.")

    before = categories(desk)
    monkeypatch.setattr("core.store.edits.categories.set_category", full)
    desk.press("Shift+B")
    desk.settle()
    assert len(desk.failures) == 1
    assert categories(desk) == before
    assert desk.current == street.ids[0]


def test_a_correction_survives_a_restart(open_desk: Callable[..., Desk], street: Street) -> None:
    first = open_desk()
    first.press("Shift+M")
    first.close()
    second = open_desk()
    assert second.view.reasons.title == f"motorcycle {street.ids[0]}"
    second.press("Ctrl+Z")
    second.settle()
    assert second.row(street.ids[0]).category is Category.CAR
