"""Mask AP by how much is hidden: which objects stand in which tenth."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from core.geometry.masks import box_to_patch, patch_to_rle
from core.jobs.reproduce.figures import Found, Known
from core.jobs.reproduce.precision import GROUPS, measured
from core.records.boxes import Box
from core.records.detections import Category


def test_a_tenth_of_the_pixels_is_in_the_second_bin() -> None:
    box = Box(0, 0, 20, 20)
    whole = patch_to_rle(box_to_patch(box, 20, 40), 20, 40)
    hidden = 1 - 360 / 400  # a little less than a tenth in floating point
    known = Known(Category.CAR, box, whole, whole, hidden, ignored=False)
    found = measured([[known]], {0: [[Found(Category.CAR, 0.9, box, whole, whole)]]}, draws=3)
    there = dict(zip(GROUPS, np.isfinite(found.values).tolist(), strict=True))
    assert (there["0-10 %"], there["10-20 %"]) == (False, True)
