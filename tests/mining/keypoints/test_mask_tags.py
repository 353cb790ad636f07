"""What scores and masks say of a network's points: seen, hidden by whom, or hidden by the own body."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.mining.keypoints.mask_tags import tagged
from core.mining.keypoints.matching import KnownObject
from core.records.boxes import Box
from core.records.keypoints import PlacedPoint
from core.records.masks import MaskPatch
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag

VISIBLE, SELF, OTHER, OUT = (
    KeypointTag.VISIBLE,
    KeypointTag.SELF_OCCLUDED,
    KeypointTag.OTHER_OCCLUDED,
    KeypointTag.TRUNCATED,
)
UPPER = KnownObject(Box(100, 100, 40, 60), MaskPatch(100, 100, np.ones((60, 40), dtype=np.bool_)))
CAR = MaskPatch(50, 160, np.ones((60, 150), dtype=np.bool_))


def at(x: float, y: float, score: float = 0.9, tag: KeypointTag = VISIBLE) -> PlacedPoint:
    return PlacedPoint(x, y, tag, LabelOrigin.NETWORK, score)


def said(one: KnownObject, beside: dict[int, MaskPatch], *points: PlacedPoint | None) -> list[object]:
    return [point and (point.tag, point.hider) for point in tagged(points, one, beside)]


def test_on_the_mask_is_seen_and_off_it_is_hidden_by_whoever_is_there() -> None:
    found = said(UPPER, {7: CAR}, at(120, 130), at(120, 200), at(160, 130), None, at(-3, 130, tag=OUT))
    assert found == [(VISIBLE, None), (OTHER, 7), (OTHER, None), None, (OUT, None)]


def test_the_masks_edge_is_known_no_better_than_a_few_pixels() -> None:
    assert said(UPPER, {}, at(142, 130)) == [(VISIBLE, None)]
    assert said(UPPER, {}, at(144, 130)) == [(OTHER, None)]


def test_what_the_network_is_half_as_sure_of_as_of_the_rest_is_hidden_by_the_own_body() -> None:
    sure = [at(110 + n, 120) for n in range(5)]
    found = said(UPPER, {7: CAR}, *sure, at(120, 130, 0.44), at(120, 130, 0.46), at(120, 200, 0.1))
    assert [tag for tag, _ in found] == [VISIBLE] * 5 + [SELF, VISIBLE, OTHER]  # type: ignore[misc]
    # of somebody small it is less sure altogether
    small = [at(110 + n, 120, 0.45) for n in range(5)]
    assert said(UPPER, {}, *small) == [(VISIBLE, None)] * 5


def test_without_an_own_mask_only_anothers_hides() -> None:
    bare = KnownObject(Box(100, 100, 40, 120), None)
    assert said(bare, {7: CAR}, at(120, 130), at(120, 200), at(170, 130)) == [
        (VISIBLE, None),
        (OTHER, 7),
        (VISIBLE, None),
    ]


places = st.tuples(st.floats(0, 300), st.floats(0, 300), st.floats(0, 1), st.sampled_from([VISIBLE, OUT]))


@given(st.lists(st.none() | places, min_size=17, max_size=17))
def test_points_keep_their_places_and_truncated_ones_their_tag(rows: list[object]) -> None:
    points = tuple(None if row is None else at(*row) for row in rows)  # type: ignore[misc]
    after = tagged(points, UPPER, {7: CAR})
    for before, point in zip(points, after, strict=True):
        assert (before is None) == (point is None)
        if before is not None and point is not None:
            assert (point.x, point.y, point.score) == (before.x, before.y, before.score)
            assert (point.tag is OUT) == (before.tag is OUT)
            assert point.hider in (None, 7)
