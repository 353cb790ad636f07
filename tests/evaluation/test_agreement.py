"""Two people's labels: kappa by the books, OKS by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.evaluation.agreement import agreement, cohens_kappa
from core.evaluation.bootstrap import Drawing, Groups
from core.evaluation.keypoints import TAGS
from core.records.shapes import KeypointTag

V, S, H, T = TAGS
N = KeypointTag.UNLABELLED
FEW = Drawing(draws=100)


def test_kappa_by_hand() -> None:
    """Of 50, 35 alike; the first says yes of 25, the second of 30: by chance 0.5 x 0.6 + 0.5 x 0.4."""
    assert cohens_kappa([[20, 5], [10, 15]]) == pytest.approx((0.7 - 0.5) / (1 - 0.5))
    assert cohens_kappa(np.diag([3, 4, 5])) == 1
    assert cohens_kappa([[0, 5], [5, 0]]) == -1
    assert cohens_kappa([[6, 3], [2, 1]]) == 0  # rows and columns have nothing to do with each other


def test_where_only_one_tag_is_given_there_is_no_kappa() -> None:
    assert math.isnan(cohens_kappa([[7, 0], [0, 0]]))
    assert math.isnan(cohens_kappa(np.zeros((4, 4))))
    for table in ([1, 2], [[1, 2, 3], [1, 2, 3]], [[1, -1], [0, 1]]):
        with pytest.raises(ValueError, match="a table"):
            cohens_kappa(table)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=30))
def test_kappa_is_what_shuffling_the_second_leaves(pairs: list[tuple[int, int]]) -> None:
    """By chance: each of the first's tags with each of the second's."""
    table = np.zeros((4, 4))
    for one, other in pairs:
        table[one, other] += 1
    alike = np.mean([one == other for one, other in pairs])
    blind = np.mean([one == other for one, _ in pairs for _, other in pairs])
    if blind == 1:
        assert math.isnan(cohens_kappa(table))
    else:
        assert cohens_kappa(table) == pytest.approx((alike - blind) / (1 - blind))


def test_points_that_both_placed_are_compared() -> None:
    first = np.zeros((3, 2, 2))
    second = first.copy()
    second[0, 0] = (3, 4)
    second[0, 1] = second[1, 1] = np.nan  # where a point is unlabelled
    tags = [[V, S], [V, V], [N, H]]
    others = [[V, N], [S, N], [N, H]]
    out = agreement(first, second, tags, others, [100.0] * 3, [0.5, 0.5], drawing=FEW)
    # 25 px^2 against 2 x 100 x (2 x 0.5)^2; then two at the same place
    np.testing.assert_allclose(out.similarities, [math.exp(-25 / 200), 1, 1])
    assert out.mean_similarity.value == pytest.approx((math.exp(-25 / 200) + 2) / 3)
    assert out.median_similarity.value == 1
    assert out.table.tolist() == [[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    assert out.same_tag.value == pytest.approx(2 / 3)
    assert out.kappa.value == pytest.approx(cohens_kappa(out.table))
    assert out.placed_by_both.value == pytest.approx(3 / 5)
    back = agreement(second, first, others, tags, [100.0] * 3, [0.5, 0.5], drawing=FEW)
    assert (back.mean_similarity, back.kappa) == (out.mean_similarity, out.kappa)


def test_the_interval_of_kappa_is_drawn_by_groups() -> None:
    """Two groups, all alike in one and all unlike in the other: a draw has both, or one twice."""
    points = np.zeros((4, 2, 2))
    tags, others = [[V, S]] * 4, [[V, S], [V, S], [S, V], [S, V]]
    out = agreement(points, points, tags, others, [1.0] * 4, [0.1] * 2, Groups.of("aabb"), FEW)
    assert (out.kappa.low, out.kappa.value, out.kappa.high) == (-1, 0, 1)
    assert out.kappa.groups == 2


def test_labels_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="tags of"):
        agreement(np.zeros((1, 2, 2)), np.zeros((1, 2, 2)), [[V]], [[V, V]], [1.0], [0.1, 0.1])
    with pytest.raises(ValueError, match="points of"):
        agreement(np.zeros((1, 2, 2)), np.zeros((2, 2, 2)), [[V, V]], [[V, V]] * 2, [1.0], [0.1, 0.1])
