"""Where heads can be: the top of a person's box, or the points that a body gives."""

from __future__ import annotations

import numpy as np
import pytest

from core.compositing.privacy.heads import head_region
from core.geometry.masks import patch_to_full
from core.records.boxes import Box


def covered(box: Box, head_px: np.ndarray | None = None) -> np.ndarray:
    return patch_to_full(head_region(box, 300, 300, head_px).patch, 300, 300)


def test_the_head_of_one_who_stands_is_covered_and_the_legs_are_not() -> None:
    # 7.5 heads high, and the head 0.13 of the height wide, in the middle of the top
    drawn = covered(Box(100, 50, 40, 120))
    assert drawn[50:67, 112:128].all()
    assert not drawn[110:, :].any()


def test_of_one_who_sits_more_is_covered() -> None:
    assert covered(Box(100, 50, 100, 100))[50:110, 100:200].all()


@pytest.mark.parametrize("size", [(300, 20), (20, 300), (3, 3)])
def test_no_shape_of_box_leads_out_of_the_picture(size: tuple[int, int]) -> None:
    assert covered(Box(290, 290, *size)).any()


def test_points_of_a_body_go_before_the_box() -> None:
    head = np.array([[150.0, 200.0], [160.0, 200.0], [155.0, 212.0]])
    drawn = covered(Box(100, 50, 40, 120), head)
    assert drawn[200:212, 152:158].all()
    assert not drawn[:180].any()


def test_points_that_are_no_numbers_do_not_count() -> None:
    assert covered(Box(100, 50, 40, 120), np.full((3, 2), np.nan))[52, 120]
