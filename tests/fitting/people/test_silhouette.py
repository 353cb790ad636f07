"""A person's outline against every triangle of the body, painted one by one."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from core.fitting.people.silhouette import body_outline
from core.shapes.body.placed import placed_body
from tests.app.viewport.people import BODY, walker
from tests.app.viewport.scenes import CAMERA

HALF_A_PIXEL = 3  # of eight to a pixel, and a little


@pytest.mark.parametrize(
    ("place", "heading_rad"), [((9.0, 1.0), 0.4), ((15.0, -3.0), 2.0), ((45.0, 4.0), -1.5)]
)
def test_it_is_the_border_of_all_that_the_body_covers(place: tuple[float, float], heading_rad: float) -> None:
    fit = walker(place, heading_rad, 0.2)
    outlines = body_outline(fit, CAMERA, BODY)
    pixels = CAMERA.project(placed_body(fit, BODY.model).vertices)
    low = np.floor(pixels.min(axis=0)) - 2
    size = (np.ceil(np.ptp(pixels, axis=0)) + 6).astype(int)
    covered, within = (np.zeros((8 * size[1], 8 * size[0]), dtype=np.uint8) for _ in range(2))
    for triangle in np.round((pixels - low) * 8).astype(np.int32)[BODY.model.faces]:
        cv2.fillConvexPoly(covered, triangle, 1)
    for line in outlines:
        cv2.fillPoly(within, [np.round((line - low) * 8).astype(np.int32)], 1)
    # holes, as between arm and hip, are within the outline: they are filled here too
    contours, _ = cv2.findContours(covered, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(covered, contours, -1, 1, cv2.FILLED)
    wrong = (covered != within).astype(np.uint8)
    # no more of it is wrong than a seam along the border
    assert not cv2.erode(wrong, np.ones((2 * HALF_A_PIXEL + 1, 2 * HALF_A_PIXEL + 1))).any()


def test_there_is_none_of_a_body_that_is_partly_behind_the_camera() -> None:
    fit = replace(walker((15.0, 0.0)), translation=(0.0, 0.0, 0.1))
    assert body_outline(fit, CAMERA, BODY) == []
