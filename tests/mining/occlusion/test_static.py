"""STATIC: a pole is found by the cars that pass behind it, and hides those and no others."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from core.geometry.masks import box_to_patch
from core.mining.occlusion.decide import decide_occlusion
from core.mining.occlusion.evidence import Crop, StaticEvidence, moving_samples
from core.mining.occlusion.static_map import StaticMap
from core.records.boxes import Box
from core.records.masks import MaskPatch
from core.records.occlusion import OcclusionDecision, OcclusionTest, TestOutcome
from tests.mining.occlusion.scenes import (
    HEIGHT,
    POLE,
    POLE_FOOT,
    WIDTH,
    Car,
    Street,
    passing_cars,
    touches_pole,
)


def static_of(decision: OcclusionDecision) -> TestOutcome | None:
    return next((one for one in decision.outcomes if one.test is OcclusionTest.STATIC), None)


def mapped(street: Street, *, pictures: bool = True) -> StaticMap:
    evidence = StaticEvidence(WIDTH, HEIGHT)
    evidence.add(street.observations, street.crops if pictures else None)
    return evidence.map()


def pole_cells() -> np.ndarray:
    x, y, w, h = POLE
    cells = np.zeros((HEIGHT, WIDTH), dtype=bool)
    cells[y : y + h, x : x + w] = True
    return cells


@pytest.mark.parametrize(("masks", "pictures"), [("through", True), ("cut", True), ("cut", False)])
def test_the_pole_is_found_where_cars_passed_behind_it(masks: str, pictures: bool) -> None:
    street = Street(passing_cars(110), masks=masks)
    static = mapped(street, pictures=pictures)
    things, pole = np.isfinite(static.reach), pole_cells()
    assert not (things & ~pole).any()
    passed = pole & static.known
    assert np.count_nonzero(things) > 0.8 * np.count_nonzero(passed) > 0


def test_an_open_street_has_no_static_things() -> None:
    street = Street(passing_cars(110), pole=False)
    assert not np.isfinite(mapped(street).reach).any()


@pytest.mark.parametrize(("masks", "pictures"), [("through", True), ("cut", False)])
def test_the_pole_hides_the_cars_behind_it_and_no_others(masks: str, pictures: bool) -> None:
    street = Street(passing_cars(110), masks=masks)
    decisions = decide_occlusion(street.observations, WIDTH, HEIGHT, None, mapped(street, pictures=pictures))
    for one, decision in zip(street.observations, decisions, strict=True):
        outcome = static_of(decision)
        if touches_pole(one, margin=4):
            assert outcome is not None
            assert outcome.occluded
            assert "static" in outcome.detail
        elif outcome is not None and not touches_pole(one, margin=-8):
            assert not outcome.occluded


def test_a_car_in_front_of_the_pole_is_not_hidden_by_it() -> None:
    # a tall one: in the picture it passes over the same pixels as the far cars
    near = passing_cars(POLE_FOOT + 12, count=1, h=55)
    street = Street([*passing_cars(110, count=9), *near])
    decisions = decide_occlusion(street.observations, WIDTH, HEIGHT, None, mapped(street))
    crossing = [
        (one, static_of(decision))
        for one, decision in zip(street.observations, decisions, strict=True)
        if touches_pole(one, margin=4)
    ]
    far_ones = [outcome for one, outcome in crossing if one.box.bottom < 115]
    near_ones = [outcome for one, outcome in crossing if one.box.bottom > 130]
    assert sum(outcome is not None and outcome.occluded for outcome in far_ones) > 0.8 * len(far_ones) > 0
    assert near_ones
    assert not any(outcome is not None and outcome.occluded for outcome in near_ones)


def test_a_few_far_cars_of_one_colour_are_no_static_thing() -> None:
    black = passing_cars(110, count=3, paint=(10, 10, 10))
    street = Street([*black, *passing_cars(116, count=8, h=40)], pole=False)
    assert not np.isfinite(mapped(street).reach).any()


def test_a_fleet_of_one_colour_is_no_static_thing() -> None:
    street = Street(passing_cars(110, count=6, paint=(200, 30, 30)), pole=False)
    assert not np.isfinite(mapped(street).reach).any()


def test_a_part_that_all_cars_share_is_no_static_thing() -> None:
    # their windscreens pass over the same pixels, which show the street once they have gone
    street = Street(passing_cars(110, count=8, dark_rows=(8, 16)), pole=False)
    assert not np.isfinite(mapped(street).reach).any()


def test_what_was_never_seen_without_a_car_is_not_taken_for_static() -> None:
    street = Street(passing_cars(110))

    def tight(ids: Sequence[int]) -> dict[int, Crop]:
        return {
            number: _cut(crop, street.observations[number].box) for number, crop in street.crops(ids).items()
        }

    evidence = StaticEvidence(WIDTH, HEIGHT)
    evidence.add(street.observations, tight)
    assert not np.isfinite(evidence.map().reach).any()
    assert np.isfinite(mapped(street).reach).any()


def _cut(crop: Crop, box: Box) -> Crop:
    """What a crop shows inside a box alone."""
    left, top = int(box.x), int(box.y)
    bottom, right = int(box.bottom) - crop.y, int(box.right) - crop.x
    return Crop(left, top, crop.image[top - crop.y : bottom, left - crop.x : right])


def test_a_parked_car_behind_the_pole_is_hidden_by_what_others_showed() -> None:
    # the parked car stands on its own lane, farther away, after the others have passed
    parked = Car(135, 109, speed=0.0, first=300, frames=20)
    street = Street([parked, *passing_cars(110)])
    decisions = decide_occlusion(street.observations, WIDTH, HEIGHT, None, mapped(street))
    of_parked = [
        decision
        for one, decision in zip(street.observations, decisions, strict=True)
        if one.track_id == 0 and one.frame >= 300
    ]
    assert of_parked
    assert all(outcome is not None and outcome.occluded for outcome in map(static_of, of_parked))


def test_a_wavering_box_of_a_parked_car_shows_nothing_until_it_drives_off() -> None:
    waits = Street([Car(135, 110, speed=0.0, frames=90)]).observations
    drives = Street([Car(135, 110, speed=4.0, frames=40)]).observations
    random_ = random.Random(5)
    track = [
        replace(one, box=Box(one.box.x + random_.uniform(-4, 4), one.box.y, one.box.w, 24)) for one in waits
    ] + [replace(one, instance_id=90 + n, frame=90 + n, time_s=(90 + n) / 25) for n, one in enumerate(drives)]
    assert moving_samples(track[:90]) == []
    sampled = moving_samples(track)
    assert sampled
    assert min(one.frame for one in sampled) > 80


def test_what_stands_still_shows_nothing() -> None:
    street = Street([Car(135, 110, speed=0.0, frames=60)])
    assert moving_samples(street.observations) == []
    assert not np.isfinite(mapped(street).reach).any()


def test_one_passing_car_is_not_enough() -> None:
    assert not np.isfinite(mapped(Street(passing_cars(110, count=1))).reach).any()
    assert np.isfinite(mapped(Street(passing_cars(110, count=2))).reach).any()


def test_a_parked_car_is_not_taken_for_the_static_thing_that_hides_it() -> None:
    # large cars pass just behind it, their masks drawn through it: its colour never changes
    parked = Car(140, 112, speed=0.0, w=30, h=16, frames=300)
    street = Street([parked, *passing_cars(110, h=60)], pole=False)
    number = next(one.track_id for one in street.observations if one.box.w == 30)
    objects = [
        one if one.track_id == number else replace(one, mask=box_to_patch(one.box, HEIGHT, WIDTH))
        for one in street.observations
    ]
    evidence = StaticEvidence(WIDTH, HEIGHT)
    evidence.add([one for one in objects if one.track_id != number], street.crops)
    static = evidence.map()
    assert np.isfinite(static.reach[100:108, 145:165]).mean() > 0.5
    decisions = decide_occlusion(objects, WIDTH, HEIGHT, None, static)
    of_parked = [one for one in decisions if objects[one.instance_id].track_id == number]
    assert not any(outcome is not None and outcome.occluded for outcome in map(static_of, of_parked))


def test_what_hides_half_of_a_moving_car_is_not_the_car() -> None:
    # a wide sign, through which the masks are drawn; a car that never moves might be the thing itself
    shape = (HEIGHT, WIDTH)
    reach = np.full(shape, -np.inf, dtype=np.float32)
    reach[60:130, 150:170] = 125
    static = StaticMap(1.0, reach, np.ones(shape, dtype=np.bool_))
    driving = Street([Car(-40, 110, frames=60)], pole=False).observations
    half_hidden = next(one for one in driving if 130 <= one.box.x <= 150)
    standing = [replace(half_hidden, instance_id=n, frame=n, time_s=n / 25) for n in range(20)]
    for observations, expected in ((driving, True), (standing, False)):
        decisions = decide_occlusion(observations, WIDTH, HEIGHT, None, static)
        outcome = static_of(decisions[observations.index(half_hidden) if expected else 0])
        assert outcome is not None
        assert outcome.occluded is expected


def test_evidence_adds_up_over_bursts() -> None:
    evidence = StaticEvidence(WIDTH, HEIGHT)
    for number in range(4):
        street = Street([Car(-40, 110 + number % 2, frames=60)], seed=number)
        shifted = [
            replace(one, track_id=number, time_s=one.time_s + 100 * number) for one in street.observations
        ]
        evidence.add(shifted, street.crops)
    things = np.isfinite(evidence.map().reach)
    assert things.any()
    assert not (things & ~pole_cells()).any()


def test_boxes_with_pictures_find_the_pole_too() -> None:
    street = Street(passing_cars(110))
    bare = [replace(one, mask=None) for one in street.observations]
    evidence = StaticEvidence(WIDTH, HEIGHT)
    evidence.add(bare, street.crops)
    static = evidence.map()
    things = np.isfinite(static.reach)
    assert np.count_nonzero(things & pole_cells()) > 30
    assert not (things & ~pole_cells()).any()
    decisions = decide_occlusion(bare, WIDTH, HEIGHT, None, static)
    hidden = [
        static_of(decision)
        for one, decision in zip(bare, decisions, strict=True)
        if one.box.x < POLE[0] - 10 and one.box.right > POLE[0] + POLE[2] + 10
    ]
    assert hidden
    assert all(outcome is not None and outcome.occluded for outcome in hidden)


def test_the_order_of_input_changes_nothing() -> None:
    street = Street([*passing_cars(110, count=3, gap=30), *passing_cars(150, count=2)])
    mixed = street.observations.copy()
    random.Random(3).shuffle(mixed)
    evidence = StaticEvidence(WIDTH, HEIGHT)
    evidence.add(mixed, street.crops)
    static = evidence.map()
    np.testing.assert_array_equal(static.reach, mapped(street).reach)
    plain = {
        one.instance_id: one for one in decide_occlusion(street.observations, WIDTH, HEIGHT, None, static)
    }
    for one in decide_occlusion(mixed, WIDTH, HEIGHT, None, static):
        assert one == plain[one.instance_id]


def test_a_wide_picture_shares_cells_and_still_finds_the_pole() -> None:
    factor = 6  # 1920 px wide: three pixels a cell
    street = Street(passing_cars(110))
    big = StaticEvidence(WIDTH * factor, HEIGHT * factor)

    def grown(one):  # type: ignore[no-untyped-def]
        mask = MaskPatch(
            one.mask.x * factor, one.mask.y * factor, np.kron(one.mask.bits, np.ones((factor, factor), bool))
        )
        box = Box(*(factor * value for value in (one.box.x, one.box.y, one.box.w, one.box.h)))
        return replace(one, mask=mask, box=box)

    def crops(ids):  # type: ignore[no-untyped-def]
        return {
            number: Crop(
                crop.x * factor, crop.y * factor, crop.image.repeat(factor, axis=0).repeat(factor, axis=1)
            )
            for number, crop in street.crops(ids).items()
        }

    objects = [grown(one) for one in street.observations]
    big.add(objects, crops)
    static = big.map()
    assert static.scale == pytest.approx(1 / 3)
    pole = np.zeros(static.reach.shape, dtype=bool)
    x, y, w, h = (2 * value for value in POLE)
    pole[y : y + h, x : x + w] = True
    things = np.isfinite(static.reach)
    assert things.any()
    assert not (things & ~pole).any()
    decisions = decide_occlusion(objects, WIDTH * factor, HEIGHT * factor, None, static)
    for one, small, decision in zip(objects, street.observations, decisions, strict=True):
        outcome = static_of(decision)
        if touches_pole(small, margin=5):
            assert outcome is not None, one.instance_id
            assert outcome.occluded
