"""Suppression: what is kept does not overlap, and what is dropped had a stronger rival."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.mining.detectors.postprocess import merge_views, suppress, without_doubles
from core.records.boxes import Box
from core.records.detections import Category, Detection
from core.records.masks import MaskPatch

boxes_and_scores = st.lists(
    st.tuples(
        st.integers(0, 30), st.integers(0, 30), st.integers(1, 20), st.integers(1, 20),
        st.integers(1, 99), st.integers(0, 1),
    ),
    max_size=12,
)  # fmt: skip


def overlap(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    """IoU by counting pixels."""
    pictures = []
    for x, y, w, h, *_ in (a, b):
        picture = np.zeros((60, 60), dtype=bool)
        picture[y : y + h, x : x + w] = True
        pictures.append(picture)
    return (pictures[0] & pictures[1]).sum() / (pictures[0] | pictures[1]).sum()


@settings(deadline=None)
@given(boxes_and_scores)
def test_what_is_dropped_had_a_stronger_rival_and_what_is_kept_has_none(rows):
    table = np.array(rows, dtype=float).reshape(-1, 6)
    kept = suppress(table[:, :4], table[:, 4], table[:, 5], 0.5).tolist()
    assert [table[k, 4] for k in kept] == sorted((table[k, 4] for k in kept), reverse=True)
    for place in range(len(rows)):
        rivals = [
            k
            for k in kept
            if k != place and rows[k][5] == rows[place][5] and overlap(rows[k], rows[place]) > 0.5
        ]
        if place in kept:
            assert not rivals
        else:
            assert any(rows[k][4] >= rows[place][4] for k in rivals)


@settings(deadline=None)
@given(boxes_and_scores)
def test_views_without_cut_boxes_merge_like_plain_suppression(rows):
    table = np.array(rows, dtype=float).reshape(-1, 6)
    whole = np.zeros(len(rows), dtype=bool)
    plain = suppress(table[:, :4], table[:, 4], table[:, 5], 0.5)
    merged = merge_views(table[:, :4], table[:, 4], table[:, 5], whole, 0.5, 0.7)
    assert plain.tolist() == merged.tolist()


def test_a_box_cut_by_a_tile_yields_to_the_whole_one_even_if_it_is_surer():
    boxes = [[100, 50, 60, 30], [100, 50, 22, 30], [300, 50, 20, 30]]
    kept = merge_views(boxes, [0.5, 0.9, 0.8], [0, 0, 0], [False, True, True], 0.6, 0.7)
    assert sorted(kept.tolist()) == [0, 2]  # the last is cut too, but nothing holds it


def seen(x: int, y: int, w: int, h: int, score: float, category: Category = Category.CAR) -> Detection:
    mask = MaskPatch(x, y, np.ones((h, w), dtype=bool))
    return Detection(Box(x, y, w, h), category, score, mask)


def test_one_object_called_car_and_truck_is_kept_once():
    car, truck = seen(10, 10, 40, 20, 0.6), seen(11, 10, 40, 20, 0.5, Category.TRUCK)
    rider, bike = seen(100, 10, 20, 40, 0.7, Category.PERSON), seen(100, 20, 20, 30, 0.5, Category.BICYCLE)
    assert without_doubles([truck, bike, car, rider]) == [rider, car, bike]


def test_a_far_car_within_a_near_ones_box_is_kept():
    """The near car's mask leaves a corner of its box empty, and the far car is seen there."""
    near, far = seen(10, 10, 60, 60, 0.9), seen(45, 12, 20, 10, 0.5)
    hollow = near.mask.bits.copy()
    hollow[:15, 30:] = False
    near = Detection(near.box, near.category, near.score, MaskPatch(10, 10, hollow))
    assert without_doubles([near, far]) == [near, far]
    assert without_doubles([seen(10, 10, 60, 60, 0.9), far])[0].score == 0.9
    assert len(without_doubles([seen(10, 10, 60, 60, 0.9), far])) == 1


def test_boxes_without_masks_are_all_kept():
    rows = [Detection(Box(0, 0, 10, 10), Category.CAR, score, None) for score in (0.3, 0.8)]
    assert [one.score for one in without_doubles(rows)] == [0.8, 0.3]
