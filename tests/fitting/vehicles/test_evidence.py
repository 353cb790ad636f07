"""What placed keypoints weigh: by origin, by tag, by score."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import FittingError
from core.fitting.vehicles.evidence import KeypointEvidence, evidence_of, sharp_sigma_px
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag


def keypoints(*points: PlacedPoint | None) -> KeypointSet:
    return KeypointSet(Template.CAR, (*points, *[None] * (12 - len(points))))


def point(
    tag: KeypointTag = KeypointTag.VISIBLE, origin: LabelOrigin = LabelOrigin.HUMAN, score: float = 1.0
) -> PlacedPoint:
    return PlacedPoint(10.0, 20.0, tag, origin, score)


def test_a_visible_point_has_one_percent_of_the_box_but_a_pixel_at_least():
    assert evidence_of(keypoints(point()), 250.0).sigma_px[0] == 2.5
    assert evidence_of(keypoints(point()), 40.0).sigma_px[0] == 1.0
    assert sharp_sigma_px(float("nan")) == 1.0


@pytest.mark.parametrize("tag", [KeypointTag.SELF_OCCLUDED, KeypointTag.OTHER_OCCLUDED])
def test_a_hidden_point_counts_with_three_times_that_and_was_not_seen(tag):
    found = evidence_of(keypoints(point(tag), point()), 250.0)
    np.testing.assert_array_equal(found.sigma_px[:2], [7.5, 2.5])
    np.testing.assert_array_equal(found.seen[:2], [False, True])


def test_what_a_fit_said_or_nobody_saw_is_no_evidence():
    found = evidence_of(keypoints(point(origin=LabelOrigin.FIT), point(KeypointTag.TRUNCATED), None), 250.0)
    assert not found.used.any()
    assert np.isnan(found.pixels).all()
    assert found.sharp_px == 1.0


def test_a_networks_noise_grows_as_its_score_falls():
    sure = point(origin=LabelOrigin.NETWORK, score=0.81)
    hardly = point(origin=LabelOrigin.NETWORK, score=0.0)
    found = evidence_of(keypoints(sure, hardly, point(origin=LabelOrigin.IMPORT, score=0.5)), 250.0)
    np.testing.assert_allclose(found.sigma_px[:3], [2.5 / 0.9, np.inf, 2.5])


def test_numbers_that_are_none_leave_their_point_out():
    pixels = np.full((12, 2), 100.0)
    pixels[0, 0], pixels[1, 1], pixels[2, 0] = np.nan, np.inf, 1e300
    sigma = np.ones(12)
    sigma[3:6] = np.nan, 0.0, -1.0
    found = KeypointEvidence(pixels, sigma, np.ones(12, dtype=bool))
    np.testing.assert_array_equal(found.used, [False] * 6 + [True] * 6)
    np.testing.assert_array_equal(found.seen, found.used)


def test_another_number_of_points_is_refused():
    with pytest.raises(FittingError, match="12 keypoints"):
        KeypointEvidence(np.zeros((17, 2)), np.ones(17))
    with pytest.raises(FittingError, match="no car's"):
        evidence_of(KeypointSet(Template.CAR, (None,) * 17), 100.0)
