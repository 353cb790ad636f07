"""The twelve keypoints: the flip, the skeleton, the tags' precedence and the map from ApolloCar3D's 66."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from core.records.shapes import KeypointTag, keypoint_tag
from core.shapes import keypoints

# the 14 of CarFusion, its exhaust (8) and centre (13) among them, and its own skeleton
CARFUSION_TO_TWELVE = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 9: 8, 10: 9, 11: 10, 12: 11}
CARFUSION_EDGES = [
    *[(0, 2), (1, 3), (0, 1), (2, 3), (9, 11), (10, 12), (9, 10), (11, 12)],
    *[(4, 0), (4, 9), (4, 5), (5, 1), (5, 10), (6, 2), (6, 11), (7, 3), (7, 12), (6, 7)],
]


def test_names_and_enum_tell_the_same_story():
    for point, name in zip(keypoints.Keypoint, keypoints.NAMES, strict=True):
        words = point.name.lower().split("_")
        assert name.split()[0] == words[0]
        assert words[-1] in name


def test_flip_swaps_right_with_left_and_undoes_itself():
    flip = keypoints.FLIP
    assert [flip[flip[i]] for i in range(12)] == list(range(12))
    for i, name in enumerate(keypoints.NAMES):
        swapped = name.replace("right", "?").replace("left", "right").replace("?", "left")
        assert keypoints.NAMES[flip[i]] == swapped


def test_skeleton_is_carfusions_and_looks_the_same_in_a_mirror():
    edges = {frozenset(edge) for edge in keypoints.SKELETON}
    assert edges == {frozenset(CARFUSION_TO_TWELVE[i] for i in edge) for edge in CARFUSION_EDGES}
    assert len(edges) == len(keypoints.SKELETON) == 18
    assert {frozenset(keypoints.FLIP[i] for i in edge) for edge in edges} == edges


@pytest.mark.parametrize(("cut", "own", "other"), list(itertools.product([False, True], repeat=3)))
def test_truncated_wins_over_self_and_self_over_other(cut, own, other):
    tag = keypoint_tag(truncated=cut, self_hidden=own, other_hidden=other)
    if cut:
        assert tag is KeypointTag.TRUNCATED
    elif own:
        assert tag is KeypointTag.SELF_OCCLUDED
    else:
        assert tag is (KeypointTag.OTHER_OCCLUDED if other else KeypointTag.VISIBLE)
    assert keypoints.keypoint_tags([cut], [own], [other]) == [tag]


def test_apollo_rows_are_picked_by_their_published_numbers():
    rows = np.stack([np.arange(66), np.arange(66) * 10, np.full(66, 2)], axis=1)
    twelve = keypoints.from_apollo(rows)
    assert twelve[keypoints.Keypoint.LEFT_HEADLIGHT].tolist() == [0, 0, 2]
    assert twelve[keypoints.Keypoint.RIGHT_HEADLIGHT].tolist() == [57, 570, 2]
    assert twelve[keypoints.Keypoint.LEFT_BACK_WHEEL].tolist() == [20, 200, 2]
    with pytest.raises(ValueError, match="66"):
        keypoints.from_apollo(np.zeros((24, 3)))


def test_mirrored_leaves_a_symmetric_car_and_undoes_itself():
    rng = np.random.default_rng(3)
    left = rng.normal(size=(6, 3))
    car = np.empty((12, 3))
    car[list(keypoints.LEFT)] = left
    car[list(keypoints.RIGHT)] = left * [1, -1, 1]
    np.testing.assert_array_equal(keypoints.mirrored(car), car)
    other = rng.normal(size=(12, 3))
    np.testing.assert_array_equal(keypoints.mirrored(keypoints.mirrored(other)), other)
