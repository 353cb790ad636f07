"""Figures of tracking: cases worked by hand, and MOTA counted anew."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from core.evaluation.bootstrap import Drawing, estimates
from core.evaluation.drawn_anew import Drawn, Estimate
from core.evaluation.tracking import (
    TracksInFrame,
    count_sequence,
    tracking_estimates,
    tracking_figures,
    tracking_scores,
    without_ignored,
)
from core.geometry.boxes import iou_matrix


def frame(*boxes: tuple[int, float]) -> TracksInFrame:
    """Boxes of 10 x 10 as (id, x)."""
    ids = np.array([one for one, _ in boxes], dtype=np.int64)
    return TracksInFrame(ids, np.array([(x, 0.0, 10.0, 10.0) for _, x in boxes]).reshape(-1, 4))


TWO = [frame((1, 0), (2, 50)), frame((1, 0), (2, 50)), frame((1, 0), (2, 50)), frame((1, 0), (2, 50))]


def test_all_right_is_one() -> None:
    scores = tracking_scores([count_sequence(TWO, [frame((7, 0), (9, 50))] * 4)])
    assert scores is not None
    assert (scores.mota, scores.idf1, scores.hota, scores.deta, scores.assa) == (1, 1, 1, 1, 1)
    assert (scores.missed, scores.extra, scores.switches, scores.boxes) == (0, 0, 0, 8)


def test_one_changes_its_identity_halfway() -> None:
    found = [frame((7, 0), (9, 50))] * 2 + [frame((8, 0), (9, 50))] * 2
    scores = tracking_scores([count_sequence(TWO, found)])
    assert scores is not None
    assert scores.switches == 1
    assert scores.mota == pytest.approx(1 - 1 / 8)
    assert scores.idf1 == pytest.approx(6 / 8)
    assert scores.deta == pytest.approx(1)
    # of 8 finds four have an association of 1, four of 2 / (4 + 2 - 2)
    assert scores.assa == pytest.approx((4 * 1 + 4 * 0.5) / 8)
    assert scores.hota == pytest.approx(math.sqrt(0.75))


def test_one_is_missed_and_something_is_found_that_is_not_there() -> None:
    found = [frame((7, 0), (5, 200))] * 4
    scores = tracking_scores([count_sequence(TWO, found)])
    assert scores is not None
    assert (scores.missed, scores.extra) == (4, 4)
    assert scores.mota == pytest.approx(1 - 8 / 8)
    assert scores.deta == pytest.approx(4 / 12)
    assert scores.idf1 == pytest.approx(4 / 8)


def test_a_box_that_is_off_counts_in_some_of_hotas_thresholds() -> None:
    """Moved by 2 of 10: an IoU of 8/12, which is 13 of the 19 thresholds."""
    scores = tracking_scores([count_sequence([frame((1, 0))], [frame((1, 2))])])
    assert scores is not None
    assert scores.mota == 1
    assert scores.hota == pytest.approx(13 / 19)


def test_sequences_go_together_by_their_counts() -> None:
    good, bad = count_sequence(TWO, TWO), count_sequence(TWO[:2], [frame(), frame()])
    scores = tracking_scores([good, bad])
    assert scores is not None
    assert scores.mota == pytest.approx(8 / 12)
    assert scores.deta == pytest.approx(8 / 12)
    twice = tracking_scores([good, bad, bad])
    assert twice is not None
    assert twice.mota == pytest.approx(8 / 16)


def test_an_evaluations_intervals_are_drawn_by_sequences() -> None:
    """Half of six sequences all right, of half nothing found: each figure is one of what share was drawn."""
    right, nothing = count_sequence(TWO, TWO), count_sequence(TWO, [frame()] * 4)
    out = tracking_estimates([right, nothing] * 3, 3, 60)
    assert {name: one.value for name, one in out.items()} == pytest.approx(
        {"mota": 0.5, "idf1": 2 * 0.5 / 1.5, "hota": math.sqrt(0.5), "deta": 0.5, "assa": 1.0}
    )
    shares = Drawn([], 6, 3, 60).weights[:, ::2].sum(axis=1) / 6
    low, high = np.percentile(shares, (2.5, 97.5))
    assert (out["mota"].low, out["mota"].high) == pytest.approx((low, high))
    assert out["mota"].count == 6 * 8
    # of few sequences there is no interval, and without truth no figure
    assert tracking_estimates([right, nothing], 3, 60)["mota"] == Estimate(0.5, None, None, 16)
    assert tracking_estimates([count_sequence([frame()], [frame()])] * 6, 3, 5) == {}


def test_intervals_are_drawn_by_sequences() -> None:
    """One sequence all right, one with nothing found: a draw is the one twice, the other twice, or both."""
    nothing = count_sequence(TWO, [frame()] * 4)
    out = estimates(tracking_figures([count_sequence(TWO, TWO), nothing]), 2, Drawing(60))
    assert [(one.low, one.high) for one in out] == [(0, 1)] * 5
    mota, idf1, hota, deta, assa = (one.value for one in out)
    assert (mota, deta, assa) == (pytest.approx(8 / 16), pytest.approx(8 / 16), pytest.approx(1))
    assert idf1 == pytest.approx(8 / (8 + 8 / 2))
    assert hota == pytest.approx(math.sqrt(0.5))
    empty = estimates(tracking_figures([count_sequence([frame()], [frame()])] * 2), 2, Drawing(5))
    assert [one.value for one in empty] == [None] * 5


def test_without_truth_there_is_no_figure() -> None:
    assert tracking_scores([count_sequence([frame()], [frame((1, 0))])]) is None


def test_what_is_found_of_something_ignored_goes() -> None:
    truth = frame((1, 0), (2, 4), (3, 50))
    found = frame((7, 0.5), (8, 4), (9, 50), (6, 90))
    kept, left = without_ignored(truth, np.array([False, True, True]), found)
    assert kept.ids.tolist() == [1]
    assert left.ids.tolist() == [7, 6]  # 90 is a find of nothing and stays


def test_frames_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="frames of truth"):
        count_sequence(TWO, TWO[:1])
    with pytest.raises(ValueError, match="ids"):
        count_sequence([frame((1, 0), (1, 50))], [frame()])


positions = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 40)), max_size=4, unique_by=lambda one: one[0]
)


@settings(max_examples=40)
@given(st.lists(st.tuples(positions, positions), min_size=1, max_size=6))
def test_mota_counted_anew(frames: list[tuple[list[tuple[int, int]], list[tuple[int, int]]]]) -> None:
    truth = [frame(*((one, float(x)) for one, x in known)) for known, _ in frames]
    found = [frame(*((one, float(x)) for one, x in said)) for _, said in frames]
    scores = tracking_scores([count_sequence(truth, found)])
    missed = extra = switches = boxes = 0
    last: dict[int, int] = {}
    before: dict[int, int] = {}
    for known, said in zip(truth, found, strict=True):
        boxes += len(known.ids)
        overlaps = iou_matrix(known.boxes, said.boxes)
        same = np.array([[before.get(int(a)) == int(b) for b in said.ids] for a in known.ids])
        worth = np.where(overlaps >= 0.5, overlaps + 1000 * same.reshape(overlaps.shape), 0.0)
        pairs = [(r, c) for r, c in zip(*linear_sum_assignment(-worth), strict=True) if worth[r, c] > 0]
        missed += len(known.ids) - len(pairs)
        extra += len(said.ids) - len(pairs)
        if not len(known.ids) or not len(said.ids):
            continue  # nothing was followed, and nothing forgotten
        before = {}
        for row, column in pairs:
            one, other = int(known.ids[row]), int(said.ids[column])
            switches += last.get(one, other) != other
            last[one] = before[one] = other
    if scores is None:
        assert boxes == 0
        return
    assert (scores.missed, scores.extra, scores.boxes) == (missed, extra, boxes)
    assert scores.mota == pytest.approx(1 - (missed + extra + switches) / boxes)
