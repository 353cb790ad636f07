"""The figures by which two rules for the unoccluded are compared, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.jobs.reproduce.footage.label_figures import Judged, lead, own_figures, resamples, with_intervals

GOOD = np.array([True, True, False, True, False, False])


def word(kept: list[int], belief: list[float]) -> Judged:
    return Judged(np.array(kept, dtype=np.bool_), np.array(belief, dtype=np.float64))


def test_own_figures_by_hand() -> None:
    one = own_figures(GOOD, word([1, 1, 1, 0, 0, 0], [0.9, 0.8, 0.7, 0.6, 0.5, 0.4]))
    assert one["precision"] == pytest.approx(2 / 3)
    assert one["recall"] == pytest.approx(2 / 3)
    assert one["f1"] == pytest.approx(2 / 3)
    # precision 1 for the first two thirds of recall, 3 of 4 for the last third
    assert one["average_precision"] == pytest.approx(2 / 3 + 0.75 / 3)
    assert one["precision_at_recall_0.60"] == pytest.approx(1.0)


def test_equal_beliefs_are_taken_together() -> None:
    one = own_figures(GOOD, word([1] * 6, [0.5] * 6))
    assert one["average_precision"] == pytest.approx(0.5)
    assert one["precision_at_recall_0.60"] == pytest.approx(0.5)


def test_the_lead_compares_precision_at_the_others_recall() -> None:
    ours = word([1, 0, 0, 0, 0, 0], [0.9, 0.8, 0.1, 0.7, 0.2, 0.3])  # a perfect order that keeps one
    other = word([1, 1, 1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1, 0.6, 0.2])
    ahead = lead(GOOD, ours, other)
    assert ahead["precision_at_its_recall"] == pytest.approx(1 - 0.5)
    # F1: ours 2*1/(1+3), the other's 2*2/(4+3)
    assert ahead["f1"] == pytest.approx(0.5 - 4 / 7)
    back = lead(GOOD, other, other)
    assert back["f1"] == back["average_precision"] == 0.0


def test_against_a_rule_that_keeps_nothing_precision_means_nothing() -> None:
    ours = word([1, 1, 0, 1, 0, 0], [0.9, 0.8, 0.1, 0.7, 0.2, 0.3])
    nothing = word([0] * 6, [-0.5] * 6)
    ahead = lead(GOOD, ours, nothing)
    assert np.isnan(ahead["precision_at_its_recall"])
    assert ahead["f1"] == pytest.approx(1.0)


def test_resamples_keep_blocks_whole() -> None:
    draws = resamples(["a", "a", "b", "c", "c", "c"])
    whole = {(0, 1), (2,), (3, 4, 5)}
    for draw in draws[:50]:
        places = draw.tolist()
        while places:
            length = {0: 2, 2: 1, 3: 3}[places[0]]
            assert tuple(places[:length]) in whole
            places = places[length:]
    assert len({tuple(draw.tolist()) for draw in draws}) > 10


def test_intervals_leave_out_what_has_no_meaning() -> None:
    spread = [{"precision": value} for value in (*np.linspace(0, 1, 101), float("nan"))]
    figure = with_intervals({"precision": 0.5}, spread)["precision"]
    assert (figure.low, figure.high) == (pytest.approx(0.025), pytest.approx(0.975))
