"""Precision and recall, by a case worked by hand and by counting."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.evaluation.classification import precision_recall


def test_a_case_worked_by_hand() -> None:
    # kept one by one: right, wrong, then two of equal score of which one is right
    curve = precision_recall([0.9, 0.4, 0.7, 0.4], [True, True, False, False])
    assert curve is not None
    np.testing.assert_allclose(curve.thresholds, [0.9, 0.7, 0.4])
    np.testing.assert_allclose(curve.precision, [1, 1 / 2, 2 / 4])
    np.testing.assert_allclose(curve.recall, [1 / 2, 1 / 2, 1])
    assert curve.average_precision == pytest.approx(0.5 * 1 + 0.5 * 0.5)
    assert curve.at_threshold(0.95) == (1.0, 0.0)
    assert curve.at_threshold(0.7) == (0.5, 0.5)
    assert curve.at_recall(0.5) == (0.9, 1.0)
    assert curve.at_recall(0.6) == (0.4, 0.5)
    with pytest.raises(ValueError, match="keeps"):
        curve.at_recall(1.1)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=30), st.integers(0, 6))
def test_it_is_what_counting_gives(cases: list[tuple[int, bool]], threshold: int) -> None:
    scores, right = [score for score, _ in cases], [kind for _, kind in cases]
    curve = precision_recall(scores, right)
    if not any(right):
        assert curve is None
        return
    assert curve is not None
    kept = [kind for score, kind in cases if score >= threshold]
    expected = (sum(kept) / len(kept), sum(kept) / sum(right)) if kept else (1.0, 0.0)
    assert curve.at_threshold(threshold) == pytest.approx(expected)
    assert 0 < curve.average_precision <= 1


def test_what_does_not_belong_together_is_refused() -> None:
    with pytest.raises(ValueError, match="scores of"):
        precision_recall([1.0, 2.0], [True])
    with pytest.raises(ValueError, match="no number"):
        precision_recall([math.nan], [True])
