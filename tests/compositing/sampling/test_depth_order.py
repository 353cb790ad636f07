"""Which object is in front, against rays that are cast in the plan, and the order of all of them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.compositing.sampling.depth_order import boxes_touch, far_to_near, nearer, sorted_far_to_near
from core.compositing.sampling.footprints import (
    MARGIN_MM,
    Footprint,
    are_apart,
    disc_footprint,
    polygon_footprint,
)
from core.fitting.people.footprint import body_footprint
from tests.compositing.sampling import grounds
from tests.jobs.parking import GROUND
from tests.placed_people import person_at, stand_in


@settings(max_examples=400)
@given(grounds.footprints, grounds.footprints)
def test_the_nearer_one_is_met_first_by_every_ray(a, b):
    assume(are_apart(a, b, 0))
    truth = grounds.nearer_by_rays(a, b)
    told = nearer(a, b)
    assert told == -nearer(b, a) or truth == 0
    if truth:
        assert told == truth


def test_what_is_nearer_by_its_middle_may_be_behind():
    """A long bus along the line of sight, a person in front of its side and one behind its near end."""
    bus = Footprint(((8000, 600), (20000, 600), (20000, 3100), (8000, 3100)))
    person = Footprint(((12000, 100), (12500, 100), (12500, 500), (12000, 500)))
    behind = Footprint(((12000, 3300), (12500, 3300), (12500, 3700), (12000, 3700)))
    assert max(person.distance_key, behind.distance_key) < bus.distance_key
    assert nearer(person, bus) == grounds.nearer_by_rays(person, bus) == -1
    assert nearer(behind, bus) == grounds.nearer_by_rays(behind, bus) == 1
    assert far_to_near([bus, person, behind], [1, 2, 3], [(0, 1), (0, 2)]) == [2, 0, 1]


def test_a_person_between_two_cars_is_drawn_between_them():
    """Two cars nose to tail, at a slant to the line of sight, and somebody who walks through the gap."""
    far, near = grounds.car(21.0, 2.0, 0.25), grounds.car(13.5, 0.6, 0.25)
    for phase in (0.0, 0.25, 0.5, 0.75):
        walker = person_at(GROUND, (17.2, 1.3), 1.8, phase=phase)
        person = polygon_footprint(body_footprint(walker, GROUND, stand_in().model).tolist())
        assert all(are_apart(person, one) for one in (far, near))
        assert nearer(person, far) == grounds.nearer_by_rays(person, far) == -1
        assert nearer(person, near) == grounds.nearer_by_rays(person, near) == 1
        everyone = [near, person, far]
        touching = list(itertools.combinations(range(3), 2))
        assert far_to_near(everyone, [1, 2, 3], touching) == [2, 1, 0]


def test_a_body_stands_beside_a_car_where_a_disc_would_stand_in_it():
    """Somebody who stands takes less room than a disc that holds a stride."""
    car = grounds.car(15.0, -1.5, 0.0)
    side = max(y for _, y in car.corners) / 1000
    place = (15.0, side + 0.46)
    fit = person_at(GROUND, place, 0.0, swing=0.0)
    body = polygon_footprint(body_footprint(fit, GROUND, stand_in().model).tolist())
    shoulders = max(abs(y / 1000 - place[1]) for _, y in body.corners)
    assert shoulders == pytest.approx(fit.size_m[1] / 2, abs=0.001)
    assert 0.46 - shoulders > MARGIN_MM / 1000
    assert are_apart(body, car)
    assert not are_apart(disc_footprint(place), car)


def test_beside_each_other_neither_is_in_front():
    a = Footprint(((5000, 100), (6000, 100), (6000, 900), (5000, 900)))
    b = Footprint(tuple((x, -y) for x, y in reversed(a.corners)))
    assert grounds.nearer_by_rays(a, b) == 0


@settings(max_examples=100, deadline=None)
@given(st.lists(grounds.footprints, min_size=2, max_size=7))
def test_nothing_is_drawn_before_what_it_hides(found):
    kept: list[Footprint] = []
    for one in found:
        if all(are_apart(one, other, 0) for other in kept):
            kept.append(one)
    pairs = list(itertools.combinations(range(len(kept)), 2))
    order = far_to_near(kept, list(range(len(kept))), pairs)
    if order is None:  # a ring, which rays must show as well
        hides = {
            (i, j) if grounds.nearer_by_rays(kept[i], kept[j]) < 0 else (j, i)
            for i, j in pairs
            if nearer(kept[i], kept[j])
        }
        assert len(hides) >= 3
        return
    place = {index: at for at, index in enumerate(order)}
    for i, j in pairs:
        truth = grounds.nearer_by_rays(kept[i], kept[j])
        if truth:
            assert (place[i] > place[j]) == (truth < 0)


@given(st.permutations(range(6)), st.permutations(range(6)))
def test_the_order_does_not_depend_on_the_input_order(names, shuffle):
    """Six that never touch: the farther first, of equals the smaller id."""
    near = Footprint(((5000, 0), (5500, 0), (5500, 500), (5000, 500)))
    far = Footprint(tuple((x + 9000, y) for x, y in near.corners))
    by_name = {name: (far if name % 2 else near) for name in names}
    listed = [names[k] for k in shuffle]
    order = far_to_near([by_name[name] for name in listed], listed, [])
    assert order is not None
    assert [listed[k] for k in order] == [1, 3, 5, 0, 2, 4]


@given(st.integers(1, 8), st.data())
def test_a_topological_order_keeps_all_pairs_or_there_is_a_ring(count, data):
    pairs = data.draw(
        st.lists(
            st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda p: p[0] != p[1])
        )
    )
    ties = [(0, k) for k in range(count)]
    order = sorted_far_to_near(pairs, ties)
    possible = [
        one for one in itertools.permutations(range(min(count, 6)))
        if all(one.index(a) < one.index(b) for a, b in pairs)
    ] if count <= 6 else None  # fmt: skip
    if order is None:
        assert not possible
        return
    assert sorted(order) == list(range(count))
    assert all(order.index(a) < order.index(b) for a, b in pairs)
    if possible is not None:
        assert tuple(order) == min(possible)  # the smallest tie first wherever there is a choice


def test_three_in_a_ring_have_no_order():
    assert sorted_far_to_near([(0, 1), (1, 2), (2, 0)], [(0, 0), (0, 1), (0, 2)]) is None


def test_boxes_touch_within_the_margin():
    assert boxes_touch((0, 0, 10, 10), (12, 0, 5, 5), 3)
    assert not boxes_touch((0, 0, 10, 10), (13, 0, 5, 5), 3)
    assert not boxes_touch((0, 0, 10, 10), (0, 13, 5, 5), 3)
    assert boxes_touch((0, 0, 10, 10), (9, 9, 5, 5), 0)
