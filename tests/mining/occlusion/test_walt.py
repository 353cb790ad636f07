"""WALT's rule: a truth table with the cases on the thresholds, and a scalar reading of the published text."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.mining.occlusion.settings import WaltSettings
from core.mining.occlusion.walt import decide_walt, walt_frame, walt_overlaps
from core.records.boxes import Box
from core.records.detections import Category
from core.records.occlusion import Observation, OcclusionLabel, OcclusionTest

Row = tuple[float, float, float, float]


def pair(second: Row, scores: tuple[float, float], **changes: float | bool) -> bool:
    """Whether the first of two boxes is kept."""
    kept, _ = walt_frame(np.array([(0.0, 0.0, 100.0, 100.0), second]), scores, WaltSettings(**changes))  # type: ignore[arg-type]
    return bool(kept[0])


LOWER = (20.0, 50.0, 100.0, 100.0)  # shares 80 x 50 of 100 x 100: IoU = 4000 / 16000 = 0.25, reaches lower


@pytest.mark.parametrize(
    ("second", "scores", "kept"),
    [
        (LOWER, (0.95, 0.4), False),
        (LOWER, (0.95, 0.5), True),  # the quirk: a neighbour of 0.5 and more hides nothing
        (LOWER, (0.95, 0.49), False),
        (LOWER, (0.9, 0.95), True),  # 0.9 itself is kept
        (LOWER, (0.89, 0.95), False),  # below 0.9 nothing is kept
        ((20.0, 50.0, 100.0, 50.0), (0.95, 0.1), True),  # equal bottoms: neither is nearer
        ((20.0, 50.0, 100.0, 50.5), (0.95, 0.1), False),
        ((20.0, -50.0, 100.0, 100.0), (0.95, 0.1), True),  # the other is farther
        ((0.0, 0.0, 100.0, 100.0), (0.95, 0.1), True),  # IoU = 1
        ((300.0, 50.0, 100.0, 100.0), (0.95, 0.1), True),  # apart
        ((100.0, 50.0, 100.0, 100.0), (0.95, 0.1), True),  # touching
    ],
)
def test_truth_table_with_the_quirk(second: Row, scores: tuple[float, float], kept: bool) -> None:
    assert pair(second, scores) is kept


@pytest.mark.parametrize(
    ("scores", "kept"),
    [((0.95, 0.95), False), ((0.95, 0.3), False), ((0.95, 0.29), True), ((0.95, 0.5), False)],
)
def test_truth_table_without_the_quirk(scores: tuple[float, float], kept: bool) -> None:
    assert pair(LOWER, scores, quirk=False) is kept


def test_an_overlap_of_tau_is_not_above_tau() -> None:
    # 10 x 20 = 200 px shared by 105 x 20 = 2100 and 21 x 100 = 2100 px: IoU = 200 / 4000 = 0.05
    exact = np.array([(0.0, 0.0, 105.0, 20.0), (95.0, 0.0, 21.0, 100.0)])
    assert walt_overlaps(exact, 0.05)[0, 1] == 0
    assert walt_overlaps(exact, 0.0499)[0, 1] == 0.05


@pytest.mark.parametrize("quirk", [True, False])
def test_the_decision_says_why(quirk: bool) -> None:
    def one(number: int, box: Row, score: float) -> Observation:
        return Observation(number, 3, 0.1, None, Box(*box), Category.CAR, score, None)

    scene = [one(7, (0, 0, 100, 100), 0.95), one(8, LOWER, 0.45), one(9, (300, 0, 10, 10), 0.6)]
    first, second, third = decide_walt(scene, WaltSettings(quirk=quirk))
    assert first.label is OcclusionLabel.OCCLUDED
    assert first.outcomes[0].by == 8
    assert first.outcomes[0].value == pytest.approx(0.25)
    assert first.margin < 0
    assert second.label is OcclusionLabel.OCCLUDED  # its own score
    assert third.outcomes[0].value == pytest.approx(0.6)
    assert {first.outcomes[0].test, third.outcomes[0].test} == {OcclusionTest.WALT}


def plain_rule(boxes: list[Row], scores: list[float], tau: float, quirk: bool) -> list[bool]:
    """ALGORITHMS 4.1 read aloud, pair by pair."""
    kept = []
    for i, (xi, yi, wi, hi) in enumerate(boxes):
        hidden = False
        for j, (xj, yj, wj, hj) in enumerate(boxes):
            if i == j or not (scores[j] < 0.5 if quirk else scores[j] >= 0.3):
                continue
            shared_w = min(xi + wi, xj + wj) - max(xi, xj)
            shared_h = min(yi + hi, yj + hj) - max(yi, yj)
            if shared_w <= 0 or shared_h <= 0:
                continue
            iou = shared_w * shared_h / (wi * hi + wj * hj - shared_w * shared_h)
            sides = ((min(xi + wi, xj + wj) - xi) / wi, (xi + wi - max(xi, xj)) / wi)
            hidden |= tau < iou < 1 and yi + hi < yj + hj and max(sides) > tau
        kept.append(scores[i] >= 0.9 and not hidden)
    return kept


def whole(low: int, high: int) -> st.SearchStrategy[float]:
    return st.integers(low, high).map(float)


scene = st.lists(
    st.tuples(
        st.tuples(whole(0, 40), whole(0, 40), whole(1, 40), whole(1, 40)),
        st.sampled_from([0.1, 0.29, 0.3, 0.49, 0.5, 0.89, 0.9, 1.0]),
    ),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(scene, st.sampled_from([0.05, 0.01, 0.3]), st.booleans())
def test_a_frame_at_once_is_the_rule_pair_by_pair(
    objects: list[tuple[Row, float]], tau: float, quirk: bool
) -> None:
    boxes, scores = [box for box, _ in objects], [score for _, score in objects]
    kept, _ = walt_frame(np.array(boxes).reshape(-1, 4), scores, WaltSettings(tau=tau, quirk=quirk))
    assert kept.tolist() == plain_rule(boxes, scores, tau, quirk)


@settings(max_examples=50, deadline=None)
@given(scene)
def test_the_one_sided_overlaps_never_decide(objects: list[tuple[Row, float]]) -> None:
    # IoU > tau means shared width / own width > tau, and either one-sided overlap is at least that
    boxes = np.array([box for box, _ in objects]).reshape(-1, 4)
    overlaps = walt_overlaps(boxes, 0.05)
    bottoms = boxes[:, 1] + boxes[:, 3]
    for i, j in np.argwhere(overlaps > 0):
        assert bottoms[i] < bottoms[j]
    assert not (np.minimum(overlaps, overlaps.T) > 0).any()


@settings(max_examples=30, deadline=None)
@given(scene, st.randoms(use_true_random=False))
def test_order_and_other_frames_change_nothing(objects: list[tuple[Row, float]], rng: random.Random) -> None:
    seen = [
        Observation(n, n % 3, 0.0, None, Box(*box), Category.CAR, score, None)
        for n, (box, score) in enumerate(objects)
    ]
    mixed = seen.copy()
    rng.shuffle(mixed)
    plain = {one.instance_id: one for one in decide_walt(seen, WaltSettings())}
    for one in decide_walt(mixed, WaltSettings()):
        assert (one.label, one.margin) == (plain[one.instance_id].label, plain[one.instance_id].margin)
