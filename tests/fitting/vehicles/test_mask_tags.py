"""Points off a car's mask: called hidden, unless the mask's edge is near or something better is known."""

from __future__ import annotations

import numpy as np
import pytest

from core.fitting.vehicles.mask_tags import hidden_off_mask
from core.geometry.hiding import OFF_PX
from core.geometry.masks import empty_patch
from core.records.keypoints import PlacedPoint
from core.records.masks import MaskPatch
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag

# pixels 100 to 119 across, 50 to 59 down, with a hole where a pole stands: 108 to 111
BITS = np.ones((10, 20), dtype=np.bool_)
BITS[:, 8:12] = False
MASK = MaskPatch(100, 50, BITS)
WIDE = MaskPatch(100, 50, np.repeat(BITS, 4, axis=1))  # the pole from 132 to 147


def point(x: float, y: float, tag: KeypointTag = KeypointTag.VISIBLE) -> PlacedPoint:
    return PlacedPoint(x, y, tag, LabelOrigin.FIT)


def tag_of(x: float, y: float, mask: MaskPatch = WIDE, size_px: float = 20.0) -> KeypointTag:
    return hidden_off_mask([point(x, y)], mask, size_px)[0].tag


@pytest.mark.parametrize(
    ("x", "y", "tag"),
    [
        (120.0, 55.0, KeypointTag.VISIBLE),  # on the car
        (140.0, 55.0, KeypointTag.OTHER_OCCLUDED),  # behind the pole
        (134.0, 55.0, KeypointTag.VISIBLE),  # 3 px from the pole's edge: perhaps on the car
        (136.0, 55.0, KeypointTag.OTHER_OCCLUDED),
        (97.0, 55.0, KeypointTag.VISIBLE),  # 3 px outside the outline
        (96.0, 55.0, KeypointTag.OTHER_OCCLUDED),
        (-500.0, 55.0, KeypointTag.OTHER_OCCLUDED),
        (120.0, 900.0, KeypointTag.OTHER_OCCLUDED),
    ],
)
def test_a_point_off_the_mask_is_hidden_by_something(x: float, y: float, tag: KeypointTag) -> None:
    assert OFF_PX == 3.0
    assert tag_of(x, y) is tag


def test_a_pole_thinner_than_what_masks_are_sure_of_hides_nothing() -> None:
    assert tag_of(109.5, 55.0, MASK) is KeypointTag.VISIBLE


def test_larger_cars_have_coarser_masks() -> None:
    # 4 % of 250 px are 10; the pole's middle is 8.5 px from the mask on either side
    assert tag_of(139.5, 55.0, size_px=250.0) is KeypointTag.VISIBLE
    assert tag_of(139.5, 55.0, size_px=100.0) is KeypointTag.OTHER_OCCLUDED


@pytest.mark.parametrize(
    "tag", [KeypointTag.SELF_OCCLUDED, KeypointTag.TRUNCATED, KeypointTag.OTHER_OCCLUDED]
)
def test_what_is_known_to_be_hidden_stays_as_it_is(tag: KeypointTag) -> None:
    known = PlacedPoint(0.0, 0.0, tag, LabelOrigin.FIT, hider=7)
    assert hidden_off_mask([known], WIDE, 20.0) == (known,)


def test_an_empty_mask_says_nothing() -> None:
    assert tag_of(120.0, 55.0, empty_patch()) is KeypointTag.VISIBLE


def test_place_and_origin_stay_and_nobody_is_named() -> None:
    (found,) = hidden_off_mask([point(140.0, 55.0)], WIDE, 20.0)
    assert (found.x, found.y, found.origin, found.hider) == (140.0, 55.0, LabelOrigin.FIT, None)
