"""Points and fits that are accepted together are one edit, and go back together."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import EditRefusedError
from core.records.detections import Category
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.shapes import KeypointTag
from core.store.edits.accepted import AcceptedObject, accept_objects
from core.store.edits.categories import set_category
from core.store.edits.keypoints import save_keypoints
from core.store.queries.fits import fits_in_force
from core.store.queries.keypoints import keypoints_in_force
from tests.store.doing_cars import body_fit_of, fit_of, points

SPACE = "default 0123"


def stands(site: Any, *ids: int) -> list[tuple[int, int | None]]:
    """(points placed, the set that the fit names minus the set in force) of some cars; None without a fit."""
    with site.project.read() as connection:
        sets = keypoints_in_force(connection, ids)
        fits = fits_in_force(connection, ids)
    found = []
    for i in ids:
        placed = sets[i].keypoints.placed if i in sets else 0
        named = fits[i].keypoint_set_id if i in fits else None
        found.append((placed, None if named is None else named - sets[i].id))
    return found


def test_points_and_fit_are_one_edit(site: Any) -> None:
    one, other = site.cars(2)
    save_keypoints(site.history, one, points((1, 2)), "Place")
    cars = [
        AcceptedObject(one, points((1, 2), (3, 4)), fit_of(), None, SPACE),
        AcceptedObject(other, points((5, 6)), fit_of(), None, SPACE),
    ]
    done = accept_objects(site.history, cars, "Accept two cars")
    assert done.title == "Accept two cars"
    assert set(done.rows["instance"]) == {one, other}
    assert stands(site, one, other) == [(2, 0), (1, 0)]  # each fit names the points beside it
    site.history.undo()
    assert stands(site, one, other) == [(1, None), (0, None)]
    site.history.redo()
    assert stands(site, one, other) == [(2, 0), (1, 0)]


def test_a_fit_alone_names_the_points_that_are_in_force(site: Any) -> None:
    one = site.one_car()
    save_keypoints(site.history, one, points((1, 2)), "Place")
    accept_objects(site.history, [AcceptedObject(one, None, fit_of(), None, SPACE)], "Keep the fit")
    assert stands(site, one) == [(1, 0)]


def test_points_without_a_fit_are_kept_too(site: Any) -> None:
    one = site.one_car()
    accept_objects(site.history, [AcceptedObject(one, points((1, 2)), None, None, "")], "Accept")
    assert stands(site, one) == [(1, None)]


def test_a_car_whose_points_have_changed_since_they_were_seen_is_left_out(site: Any) -> None:
    one, other = site.cars(2)
    save_keypoints(site.history, one, points((1, 2)), "Place")
    cars = [AcceptedObject(i, points((5, 6), (7, 8)), fit_of(), None, SPACE) for i in (one, other)]
    seen = {one: None, other: None}
    done = accept_objects(site.history, cars, lambda count: f"Fill {count} views", seen)
    assert done.title == "Fill 1 views"
    assert stands(site, one, other) == [(1, None), (2, 0)]


def test_a_car_that_is_gone_refuses_all(site: Any) -> None:
    one = site.one_car()
    cars = [
        AcceptedObject(one, points((1, 2)), fit_of(), None, SPACE),
        AcceptedObject(999_999, None, fit_of(), None, SPACE),
    ]
    with pytest.raises(EditRefusedError):
        accept_objects(site.history, cars, "Accept")
    assert stands(site, one) == [(0, None)]


def test_a_persons_points_and_body_are_one_edit(site: Any) -> None:
    one = site.one_car()
    set_category(site.history, [one], Category.PERSON)
    whole = KeypointSet(Template.PERSON, (PlacedPoint(1.0, 2.0, KeypointTag.VISIBLE),) * 17)
    accept_objects(site.history, [AcceptedObject(one, whole, body_fit_of(), None, SPACE)], "Accept")
    assert stands(site, one) == [(17, 0)]
    with site.project.read() as connection:
        assert fits_in_force(connection, [one])[one].fit == body_fit_of()
    site.history.undo()
    assert stands(site, one) == [(0, None)]


def test_points_of_what_an_object_is_not_are_refused(site: Any) -> None:
    one = site.one_car()
    whole = KeypointSet(Template.PERSON, (PlacedPoint(1.0, 2.0, KeypointTag.VISIBLE),) * 17)
    with pytest.raises(EditRefusedError, match="called a car by now: a person's points"):
        accept_objects(site.history, [AcceptedObject(one, whole, body_fit_of(), None, SPACE)], "Accept")
    assert stands(site, one) == [(0, None)]
