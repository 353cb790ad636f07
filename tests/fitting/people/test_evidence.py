"""What placed points of a person weigh, and what box and mask know."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import FittingError
from core.fitting.people.ends import ends_of
from core.fitting.people.evidence import SHARP_PX, BodyEvidence, body_evidence, sharp_sigmas_px
from core.records.boxes import Box
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.masks import MaskPatch
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag

BOX = Box(100.0, 50.0, 80.0, 200.0)


def points(**by_index):
    placed = [None] * 17
    for name, point in by_index.items():
        placed[int(name[1:])] = point
    return KeypointSet(Template.PERSON, tuple(placed))


def test_who_says_so_and_what_hides_it_weigh():
    evidence = body_evidence(
        points(
            p5=PlacedPoint(10, 20, KeypointTag.VISIBLE),
            p6=PlacedPoint(11, 20, KeypointTag.SELF_OCCLUDED),
            p7=PlacedPoint(12, 20, KeypointTag.VISIBLE, LabelOrigin.NETWORK, 0.25),
            p8=PlacedPoint(13, 20, KeypointTag.VISIBLE, LabelOrigin.FIT),
            p9=PlacedPoint(-13, 20, KeypointTag.TRUNCATED),
        ),
        BOX,
    )
    sharp = sharp_sigmas_px(BOX)
    assert evidence.sigma_px[5] == pytest.approx(sharp[5])
    assert evidence.sigma_px[6] == pytest.approx(3 * sharp[6])
    assert evidence.sigma_px[7] == pytest.approx(2 * sharp[7])
    assert evidence.used.nonzero()[0].tolist() == [5, 6, 7]
    assert evidence.tags[8] is KeypointTag.UNLABELLED
    assert evidence.tags[9] is KeypointTag.TRUNCATED
    assert evidence.seen.nonzero()[0].tolist() == [5, 7]


def test_noise_is_half_of_what_cocos_annotators_show():
    """COCO's sigma of a hip is 0.107 of the root of the area, here half of the box's."""
    assert sharp_sigmas_px(BOX)[11] == pytest.approx(0.5 * 0.107 * np.sqrt(80 * 200 / 2))
    assert sharp_sigmas_px(Box(0, 0, 5, 9)).tolist() == [SHARP_PX] * 17


def test_no_keypoints_are_no_points():
    evidence = body_evidence(None, BOX)
    assert not evidence.used.any()
    assert np.isnan(evidence.points).all()


@pytest.mark.parametrize("box", [Box(np.nan, 0.0, 1.0, 1.0), Box(0.0, 0.0, np.inf, 1.0)])
def test_a_box_without_numbers_is_refused(box):
    with pytest.raises(FittingError, match="box"):
        body_evidence(None, box)


def test_a_cars_keypoints_are_refused():
    with pytest.raises(FittingError):
        body_evidence(KeypointSet(Template.CAR, (None,) * 12), BOX)
    with pytest.raises(FittingError):
        BodyEvidence(np.zeros((12, 2)), np.ones(12, bool), np.ones(12), (KeypointTag.VISIBLE,) * 12, BOX)


def whole(box=BOX, mask=None, hiders=(), feet=KeypointTag.VISIBLE):
    tags = [KeypointTag.VISIBLE] * 17
    tags[15] = tags[16] = feet
    return BodyEvidence(
        np.full((17, 2), 150.0), np.ones(17, bool), np.ones(17), tuple(tags), box, mask, hiders
    )


def test_box_ends_count_where_they_are_seen():
    ends = ends_of(whole(), 640, 480)
    assert ends.feet_show
    assert ends.head_shows
    # pixel edges 50 and 250 are 49.5 and 249.5 in pixel centres
    assert (ends.top, ends.bottom) == (49.5, 249.5)
    assert not ends_of(whole(feet=KeypointTag.OTHER_OCCLUDED), 640, 480).feet_show
    assert ends_of(whole(feet=KeypointTag.OTHER_OCCLUDED), 640, 480).hidden_feet


def test_a_border_or_a_hider_at_the_feet_takes_that_end_away():
    cut = ends_of(whole(), 640, 250)
    assert not cut.feet_show
    assert cut.head_shows
    assert cut.at_border == ("bottom",)
    hider = MaskPatch(90, 245, np.ones((40, 40), dtype=bool))
    assert not ends_of(whole(hiders=(hider,)), 640, 480).feet_show
    far = MaskPatch(300, 245, np.ones((40, 40), dtype=bool))
    assert ends_of(whole(hiders=(far,)), 640, 480).feet_show


def test_a_masks_own_ends_count_before_the_boxs():
    mask = MaskPatch(110, 60, np.ones((180, 40), dtype=bool))
    ends = ends_of(whole(mask=mask), 640, 480)
    assert (ends.top, ends.bottom, ends.height) == (59.5, 239.5, 180.0)
