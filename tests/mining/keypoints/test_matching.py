"""People who stand close together keep their own points, whatever a network finds of whom."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.mining.keypoints.matching import KnownObject, points_of
from core.mining.keypoints.protocol import FoundPoints
from core.records.boxes import Box
from core.records.masks import MaskPatch

SEEN = Box(0, 0, 400, 300)


def person(x: float, *, visible_from: float = 0.0, masked: bool = True) -> KnownObject:
    """A person of 40 by 120 pixels; of the mask the first columns may be another's."""
    box = Box(x + visible_from, 100, 40 - visible_from, 120)
    bits = np.ones((120, round(40 - visible_from)), dtype=np.bool_)
    return KnownObject(box, MaskPatch(round(box.x), 100, bits) if masked else None)


def find(x: float, *, places: int = 17) -> FoundPoints:
    """What a network says of somebody who stands at x: points over the whole body."""
    pixels = np.full((17, 2), np.nan)
    columns = x + 4 + np.arange(places) * 7 % 32
    pixels[:places] = np.stack([columns, np.linspace(104, 215, places)], axis=1)
    return FoundPoints(pixels, np.full(17, 0.9), None, Box(x, 100, 40, 120))


def test_a_find_without_a_box_is_the_objects_own() -> None:
    alone = FoundPoints(np.zeros((17, 2)), np.ones(17), None)
    assert points_of(person(200), [], [alone], SEEN) is alone
    assert points_of(person(200), [], [], SEEN) is None


@given(gap=st.integers(12, 60), swapped=st.booleans(), masked=st.booleans())
def test_two_beside_each_other_get_their_own_in_any_order(gap: int, swapped: bool, masked: bool) -> None:
    left, right = person(100, masked=masked), person(100 + gap, masked=masked)
    finds = [find(100), find(100 + gap)]
    given_finds = finds[::-1] if swapped else finds
    assert points_of(left, [right], given_finds, SEEN) is finds[0]
    assert points_of(right, [left], given_finds, SEEN) is finds[1]


@given(gap=st.integers(10, 30))
def test_who_is_missed_does_not_take_the_points_of_the_one_in_front(gap: int) -> None:
    """The one behind shows a strip; the network has found the one in front alone."""
    front, behind = person(100), person(100 + gap, visible_from=40 - gap)
    only = find(100)
    assert points_of(behind, [front], [only], SEEN) is None
    assert points_of(front, [behind], [only], SEEN) is only


def test_somebody_whom_the_project_does_not_know_is_nobody_elses() -> None:
    """Boxes that overlap by half are not enough: the points lie off the mask."""
    known = person(100, visible_from=20)
    stranger = find(92)
    assert points_of(known, [], [stranger], SEEN) is None
    assert points_of(person(100), [], [find(104)], SEEN) is not None


def test_legs_behind_a_car_do_not_lose_the_person() -> None:
    """Of somebody of whom the upper half is seen, more than half of the points may lie below."""
    upper = KnownObject(Box(100, 100, 40, 60), MaskPatch(100, 100, np.ones((60, 40), dtype=np.bool_)))
    whole = find(100)
    assert points_of(upper, [], [whole], SEEN) is whole


def test_a_box_that_leaves_the_crop_is_compared_with_what_the_crop_shows() -> None:
    seen = Box(110, 90, 60, 150)
    beside = person(60 + 25)
    cut = FoundPoints(find(85).pixels, np.ones(17), None, Box(110, 100, 15, 120))
    own = find(115)
    assert points_of(person(115), [beside], [cut, own], seen) is own
    assert points_of(beside, [person(115)], [cut, own], seen) is cut


def test_a_find_of_which_no_point_is_sure_is_nobodys() -> None:
    assert points_of(person(100), [], [find(100, places=0)], SEEN) is None
