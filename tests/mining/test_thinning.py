"""Thinning: parked objects are marked, repeated views keep one picture, passing cars stay."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.geometry.boxes import iou_matrix
from core.mining.thinning import repeated_groups, stationary_boxes, thin_views
from core.mining.thinning_settings import ThinningSettings
from core.records.boxes import Box
from core.records.detections import Category
from core.records.occlusion import Observation


def seen(
    number: int,
    time_s: float,
    box: tuple[float, float, float, float],
    track: int | None = 0,
    score: float = 0.8,
) -> Observation:
    return Observation(number, int(time_s * 10), time_s, track, Box(*box), Category.CAR, score, None)


def test_a_parked_car_keeps_its_best_picture() -> None:
    place = (100, 100, 80, 40)
    views = [seen(n, float(n), place, track=n // 4, score=0.6 if n == 7 else 0.5) for n in range(20)]
    result = thin_views(views)
    assert result.stationary == frozenset(range(20))
    assert result.representative == {n: 7 for n in range(20) if n != 7}


def test_ten_views_are_kept_and_eleven_are_thinned() -> None:
    ten = [seen(n, float(n), (100, 100, 80, 40)) for n in range(10)]
    assert thin_views(ten).representative == {}
    eleven = [*ten, seen(10, 10.0, (100, 100, 80, 40))]
    assert thin_views(eleven).representative == dict.fromkeys(range(1, 11), 0)


def test_cars_that_pass_the_same_place_stay_unless_asked_as_walt_does() -> None:
    cars = [
        seen(track * 10 + step, track * 30.0 + step * 0.1, (100 + 20 * step, 100, 40, 30), track)
        for track in range(15)
        for step in range(6)
    ]
    assert thin_views(cars).representative == {}
    as_walt = thin_views(cars, ThinningSettings(across_tracks=True))
    # six places along the lane, fifteen cars each: one picture a place is left
    assert len(as_walt.representative) == 6 * 14


def test_a_slow_car_is_thinned_along_its_way_but_is_not_parked() -> None:
    # (40 - d) / (40 + d) > 0.8 holds up to d = 4.25 px: 18 views at 0.25 px a frame are one group
    views = [seen(n, n / 24, (10 + 0.25 * n, 50, 40, 30)) for n in range(90)]
    result = thin_views(views)
    assert result.stationary == frozenset()
    kept = {one.instance_id for one in views} - set(result.representative)
    assert len(kept) == 5


def test_a_car_that_waits_and_drives_on_is_parked_only_while_it_waits() -> None:
    waits = [seen(n, n / 10, (100, 100, 80, 40)) for n in range(60)]
    drives = [seen(60 + n, 6 + n / 10, (104 + 4 * n, 100, 80, 40)) for n in range(30)]
    assert thin_views([*waits, *drives]).stationary <= frozenset(range(64))
    assert thin_views([*waits, *drives]).stationary >= frozenset(range(57))


def test_a_small_parked_car_may_jitter_by_less_than_a_pixel() -> None:
    # 0.4 px of 18 x 12 px is an IoU of 0.92: far below 0.99, and no move
    views = [seen(n, n / 2, (100 + 0.4 * (n % 2), 100, 18, 12)) for n in range(20)]
    assert thin_views(views).stationary == frozenset(range(20))


def test_a_jump_of_one_box_does_not_unpark_its_track() -> None:
    views = [seen(n, float(n), (104 if n == 6 else 100, 100, 80, 40)) for n in range(13)]
    assert thin_views(views).stationary == frozenset(range(13))


def test_iou_at_the_threshold_is_not_above_it() -> None:
    # 8 of 10 columns are shared: IoU is 8 / 10 = 0.8 for a box inside the other
    boxes = np.array([[0.0, 0, 10, 10], [0.0, 0, 8, 10]])
    assert [len(group) for group in repeated_groups(boxes, 0.8)] == [1, 1]
    assert [len(group) for group in repeated_groups(boxes, 0.79)] == [2]
    still = np.array([[0.0, 0, 100, 10], [0.0, 0, 99, 10]])
    assert not stationary_boxes(still, np.array([0.0, 5.0]), 0.99).any()
    assert stationary_boxes(still, np.array([0.0, 5.0]), 0.98).all()
    assert not stationary_boxes(still, np.array([5.0, 5.0]), 0.98).any()


def test_nothing_in_nothing_out() -> None:
    assert thin_views([]).stationary == frozenset()


box = st.tuples(
    st.integers(0, 60).map(float), st.integers(0, 20).map(float), st.integers(8, 30), st.integers(8, 30)
)


@settings(max_examples=60, deadline=None)
@given(st.lists(box, min_size=1, max_size=40), st.sampled_from([0.3, 0.5, 0.8]))
def test_groups_are_those_of_the_plain_greedy_loop(rows: list[tuple[float, ...]], threshold: float) -> None:
    boxes = np.array(rows, dtype=np.float64)
    iou = iou_matrix(boxes, boxes)
    taken: set[int] = set()
    plain = []
    for one in range(len(boxes)):
        if one in taken:
            continue
        group = [k for k in range(len(boxes)) if k not in taken and (k == one or iou[one, k] > threshold)]
        taken.update(group)
        plain.append(group)
    assert [group.tolist() for group in repeated_groups(boxes, threshold)] == plain


@settings(max_examples=30, deadline=None)
@given(st.lists(box, min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_order_of_input_changes_nothing(rows: list[tuple[float, ...]], rng: random.Random) -> None:
    views = [
        seen(n, float(n % 7), row, track=n % 3, score=(n % 5) / 5)  # type: ignore[arg-type]
        for n, row in enumerate(rows)
    ]
    mixed = views.copy()
    rng.shuffle(mixed)
    few = ThinningSettings(group_size=2, group_iou=0.4)
    assert thin_views(mixed, few) == thin_views(views, few)
