"""Average precision of whole masks by how much is hidden and by category, drawn anew by cameras."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from core.evaluation.bootstrap import Groups
from core.geometry.masks import patch_to_rle
from core.jobs.reproduce.details import details_of
from core.jobs.reproduce.known_and_found import Found, Known
from core.jobs.reproduce.precision import GROUPS, Kind, Measured, What, measured, place_of
from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import MaskPatch, Rle

SIDE = 40
CAR, PERSON = Category.CAR, Category.PERSON


def rle(left: int, width: int) -> Rle:
    return patch_to_rle(MaskPatch(left, 4, np.ones((10, width), dtype=np.bool_)), SIDE, SIDE)


def thing(category: Category, left: int, hidden: float = 0.0) -> Known:
    """Ten pixels wide, its right part hidden."""
    seen = rle(left, round(10 * (1 - hidden)))
    return Known(category, Box(left, 4, 10, 10), rle(left, 10), seen, hidden, ignored=False)


def find(of: Known, score: float = 0.9, *, right: bool = True) -> Found:
    mask = of.whole if right else rle(28, 10)
    box = of.box if right else Box(28, 4, 10, 10)
    return Found(of.category, score, box, mask, of.seen)


def told(one: Measured, group: str, kind: Kind = Kind.ALL) -> float:
    return float(one.values[place_of(GROUPS.index(group), kind)])


def test_vehicles_and_people_are_told_apart_and_both_are_their_mean() -> None:
    known = [[thing(CAR, 0, 0.5), thing(PERSON, 14)]] * 2
    # all cars and every second person are found
    said = [[find(known[0][0]), find(known[0][1], right=bool(place))] for place in range(2)]
    one = measured(known, {0: said}, Groups.each(2), draws=0)
    assert told(one, "all objects", Kind.VEHICLES) == 1.0
    person = told(one, "all objects", Kind.PEOPLE)
    assert 0.2 < person < 0.6
    assert told(one, "all objects") == pytest.approx((1 + person) / 2)
    assert told(one, "50-60 %", Kind.VEHICLES) == told(one, "50-60 %") == 1.0
    assert np.isnan(told(one, "50-60 %", Kind.PEOPLE))
    assert one.interval(place_of(8, Kind.PEOPLE)).value is None  # and not 0


def test_a_tenth_of_the_pixels_is_in_the_second_bin() -> None:
    hidden = 1 - 360 / 400  # a little less than a tenth in floating point
    one = measured([[replace(thing(CAR, 0), hidden=hidden)]], {0: [[]]}, Groups.each(1), draws=0)
    assert (told(one, "10-20 %"), np.isnan(told(one, "0-10 %"))) == (0.0, True)


def test_boxes_and_what_is_seen_are_measured_alike() -> None:
    known = [[thing(CAR, 0, 0.5)]]
    said = [[replace(find(known[0][0]), whole=rle(28, 10))]]
    figures = {
        what: told(measured(known, {0: said}, Groups.each(1), 0, what), "all objects") for what in What
    }
    assert figures == {What.WHOLE: 0.0, What.MODAL: 1.0, What.BOX: 1.0}


def test_pictures_of_one_camera_are_drawn_together() -> None:
    """Six cameras of four pictures: in three of them all is found, in the others nothing."""
    known = [[thing(CAR, 0)] for _ in range(24)]
    said = [[find(row[0], right=place < 12)] for place, row in enumerate(known)]
    by_camera, alone = (
        measured(known, {0: said}, groups, draws=120).interval()
        for groups in (Groups.of([place // 4 for place in range(24)]), Groups.each(24))
    )
    assert by_camera.value == alone.value
    assert by_camera.groups == 6
    wide, narrow = (one.high - one.low for one in (by_camera, alone))  # type: ignore[operator]
    assert wide > 1.5 * narrow  # twice as wide: as many groups, four times as few


def test_of_few_cameras_with_something_no_interval_is_told() -> None:
    known = [[thing(CAR, 0), *([thing(CAR, 14, 0.95 - 0.05)] if place < 4 else [])] for place in range(6)]
    said = [[find(one) for one in row] for row in known]
    one = measured(known, {0: said}, Groups.each(6), draws=50)
    everything, hidden = one.interval(0), one.interval(GROUPS.index("90-100 %"))
    assert (everything.groups, everything.low, everything.high) == (6, 1.0, 1.0)
    assert (hidden.value, hidden.groups, hidden.low) == (1.0, 4, None)


def test_where_there_is_nothing_to_measure_no_figure_is_told() -> None:
    known = [[thing(CAR, 0)]]
    row = details_of(known, [[find(known[0][0])]])
    assert row["amodal mask AP"] == row["amodal mask AP, the rest"] == 1.0
    for name in ("amodal mask AP, hidden", "hidden found", "their whole IoU", "their hidden part's IoU"):
        assert np.isnan(row[name]), name
    assert details_of(known, [[]])["amodal mask AP"] == 0.0  # what is there and not found is 0
