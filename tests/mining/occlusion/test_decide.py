"""The decision: all tests together on painted streets, with and without masks."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.mining.occlusion.decide import decide_occlusion
from core.records.boxes import Box
from core.records.detections import Category
from core.records.occlusion import Observation, OcclusionDecision, OcclusionLabel, OcclusionTest
from tests.mining.occlusion.scenes import HEIGHT, WIDTH, Car, Street


def failed(decision: OcclusionDecision) -> set[OcclusionTest]:
    return {outcome.test for outcome in decision.outcomes if outcome.occluded}


@pytest.mark.parametrize("with_masks", [True, False])
def test_a_car_passes_behind_another(with_masks: bool) -> None:
    # the near car stands at x = 140…180 and covers the lower half of the far one's lane
    street = Street([Car(30, 100, speed=4.0), Car(140, 112, speed=0.0)], pole=False)
    objects = [one if with_masks else replace(one, mask=None) for one in street.observations]
    decisions = decide_occlusion(objects, WIDTH, HEIGHT)
    for one, decision in zip(objects, decisions, strict=True):
        place = 30 + 4 * one.frame
        if one.track_id == 1:
            assert decision.label is OcclusionLabel.UNOCCLUDED
        elif 115 <= place <= 165:
            assert failed(decision) == {OcclusionTest.OVERLAP}
            assert decision.outcomes[0].by in {other.instance_id for other in street.of(1)}
        elif 5 < place < 85 or 195 < place < 270:
            assert decision.label is OcclusionLabel.UNOCCLUDED


def test_a_car_leaves_the_picture() -> None:
    street = Street([Car(200, 100, speed=6.0, frames=20)], pole=False)
    for one, decision in zip(
        street.observations, decide_occlusion(street.observations, WIDTH, HEIGHT), strict=True
    ):
        place = 200 + 6 * one.frame
        expected = {OcclusionTest.BORDER} if place + 40 >= WIDTH - 1 else set()
        assert failed(decision) == expected


def test_the_margin_orders_certainty() -> None:
    # a car that closes in on another from behind grows less certain until it is covered
    gaps = [30, 8, 5, 3, 1, 0]
    margins = []
    for gap in gaps:
        street = Street(
            [Car(140, 90 - gap, speed=0.0, frames=1), Car(140, 114, speed=0.0, frames=1)], pole=False
        )
        margins.append(decide_occlusion(street.observations, WIDTH, HEIGHT)[0].margin)
    assert margins == sorted(margins, reverse=True)
    assert margins[0] > 0.8
    assert margins[-1] < 0


def test_a_weak_find_is_less_certain_but_no_less_unoccluded() -> None:
    def alone(score: float) -> OcclusionDecision:
        one = Observation(1, 0, 0.0, None, Box(100, 60, 40, 30), Category.CAR, score, None)
        return decide_occlusion([one], WIDTH, HEIGHT)[0]

    sure, weak = alone(0.9), alone(0.3)
    assert sure.label is weak.label is OcclusionLabel.UNOCCLUDED
    assert sure.margin > weak.margin > 0


def test_the_static_test_is_left_out_where_nothing_passed() -> None:
    one = Observation(1, 0, 0.0, None, Box(100, 60, 40, 30), Category.CAR, 0.9, None)
    [decision] = decide_occlusion([one], WIDTH, HEIGHT)
    assert [outcome.test for outcome in decision.outcomes] == [OcclusionTest.OVERLAP, OcclusionTest.BORDER]


def test_nothing_in_nothing_out() -> None:
    assert decide_occlusion([], WIDTH, HEIGHT) == []


objects = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 250),
        st.integers(0, 120),
        st.integers(8, 70),
        st.integers(8, 60),
        st.sampled_from(list(Category)),
        st.floats(0, 1),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=50, deadline=None)
@given(objects, st.randoms(use_true_random=False))
def test_decisions_hold_together_and_do_not_depend_on_order(
    rows: list[tuple[int, int, int, int, int, Category, float]], rng: random.Random
) -> None:
    seen = [
        Observation(n, frame, frame / 10, n % 3, Box(x, y, w, h), category, score, None)
        for n, (frame, x, y, w, h, category, score) in enumerate(rows)
    ]
    mixed = seen.copy()
    rng.shuffle(mixed)
    plain = {one.instance_id: one for one in decide_occlusion(seen, WIDTH, HEIGHT)}
    for one, decision in zip(mixed, decide_occlusion(mixed, WIDTH, HEIGHT), strict=True):
        assert decision == plain[one.instance_id]
        assert (decision.label is OcclusionLabel.OCCLUDED) == bool(failed(decision))
        assert -1 <= decision.margin <= 1
        assert (decision.margin < 0) <= bool(failed(decision))
        worst = min(outcome.margin for outcome in decision.outcomes)
        assert abs(decision.margin) <= abs(worst) + 1e-9
        for outcome in decision.outcomes:
            assert type(outcome.value) is float
            assert type(outcome.margin) is float
