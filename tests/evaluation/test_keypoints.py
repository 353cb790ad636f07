"""PCK and tags, by cases worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.evaluation.drawn_anew import Drawn
from core.evaluation.keypoints import (
    TAGS,
    Share,
    correct_keypoints,
    percentage_of_correct_keypoints,
    tag_accuracy,
    tag_confusion,
    tag_confusions,
)
from core.records.shapes import KeypointTag

V, S, H, T = TAGS  # visible, hidden by itself, hidden by others, outside
N = KeypointTag.UNLABELLED


def test_a_point_is_right_that_is_nearer_than_a_tenth_of_its_object() -> None:
    truth = np.zeros((2, 4, 2))
    found = np.array(
        [
            # L = 100: 9.99 is right, 10 is not, nor what was not found
            [[9.99, 0], [6, 8], [math.nan, 0], [0, 0]],
            # L = 50: 3-4-5 is not less than 5
            [[3, 4], [0, -4.9], [1, 1], [40, 40]],
        ]
    )
    tags = [[V, S, H, N], [V, V, H, T]]
    pck = percentage_of_correct_keypoints(found, truth, tags, [100, 50], 0.1)
    assert pck == {None: Share(3, 7), V: Share(2, 3), S: Share(0, 1), H: Share(1, 2), T: Share(0, 1)}
    assert pck[None].value == pytest.approx(3 / 7)
    twice = percentage_of_correct_keypoints(found, truth, tags, [100, 50], 0.2)
    assert twice[None] == Share(5, 7)


def test_pck_at_several_alphas_and_its_interval() -> None:
    """Two cars of L = 100, each with a visible point 8 px off and a hidden one 15 and 30 px off."""
    truth = np.zeros((2, 2, 2))
    found = truth + np.array([[[8.0, 0], [15.0, 0]], [[8.0, 0], [30.0, 0]]])
    counted = correct_keypoints(found, truth, [[V, H]] * 2, [100, 100], [0.05, 0.1, 0.2])
    assert [counted.shares(place)[None] for place in range(3)] == [Share(0, 4), Share(2, 4), Share(3, 4)]
    assert counted.shares(2)[H] == Share(1, 2)
    hidden = 1 + TAGS.index(H)
    assert counted.right[2, hidden].tolist() == [1, 0]
    cars = Drawn(np.arange(6), 6, seed=0, draws=100)
    share = cars.share(np.tile(counted.right[2, hidden], 3), np.tile(counted.count[hidden], 3))
    assert share is not None
    assert (share.value, share.count) == (0.5, 6)
    assert share.low is not None
    assert share.low < 0.5


def test_an_unlabelled_point_may_lie_nowhere_and_a_labelled_one_may_not() -> None:
    truth = np.full((1, 2, 2), np.nan)
    truth[0, 0] = 1
    found = np.ones((1, 2, 2))
    pck = percentage_of_correct_keypoints(found, truth, [[V, N]], [10], 0.1)
    assert pck[None] == Share(1, 1)
    assert pck[S].value is None
    with pytest.raises(ValueError, match="somewhere"):
        percentage_of_correct_keypoints(found, truth, [[V, V]], [10], 0.1)


def test_nothing_gives_nothing() -> None:
    pck = percentage_of_correct_keypoints(np.zeros((0, 12, 2)), np.zeros((0, 12, 2)), [], [], 0.1)
    assert pck[None] == Share(0, 0)


def test_what_does_not_belong_together_is_refused() -> None:
    points = np.zeros((1, 2, 2))
    with pytest.raises(ValueError, match="points of"):
        percentage_of_correct_keypoints(np.zeros((1, 3, 2)), points, [[V, V]], [1], 0.1)
    with pytest.raises(ValueError, match="tags of"):
        percentage_of_correct_keypoints(points, points, [[V, V, V]], [1], 0.1)
    with pytest.raises(ValueError, match="no tag"):
        tag_confusion([[N, V]], [[V, V]])


def test_tags_are_counted_by_what_is_true_and_what_is_said() -> None:
    table = tag_confusion([[V, S, S, V], [H, H, V, T]], [[V, S, V, N], [H, S, H, T]])
    assert table.tolist() == [[1, 1, 0, 0], [0, 1, 1, 0], [1, 0, 1, 0], [0, 0, 0, 1]]
    each = tag_confusions([[V, S, S, V], [H, H, V, T]], [[V, S, V, N], [H, S, H, T]])
    assert each[0].tolist() == [[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert each.sum(axis=0).tolist() == table.tolist()
    assert tag_accuracy(table) == {
        None: Share(4, 7),
        V: Share(1, 2),
        S: Share(1, 2),
        H: Share(1, 2),
        T: Share(1, 1),
    }


rows = st.lists(st.lists(st.sampled_from([*TAGS, N]), min_size=3, max_size=3), min_size=1, max_size=6)


@given(truth=rows)
def test_the_truth_itself_is_all_right(truth: list[list[KeypointTag]]) -> None:
    points = np.arange(len(truth) * 6, dtype=float).reshape(-1, 3, 2)
    labelled = sum(tag is not N for row in truth for tag in row)
    pck = percentage_of_correct_keypoints(points, points, truth, [1.0] * len(truth), 0.1)
    assert pck[None] == Share(labelled, labelled)
    assert sum(pck[tag].count for tag in TAGS) == labelled
    said = [[V if tag is N else tag for tag in row] for row in truth]
    assert tag_accuracy(tag_confusion(said, truth))[None] == Share(labelled, labelled)
