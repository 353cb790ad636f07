"""Bins of occlusion: where each begins and ends, and which an object is in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.evaluation.occlusion_bins import PASCALS, WALTS, bins_between
from core.records.slices import OCCLUSION_BINS, UNKNOWN, By, Slice, occlusion_bin, occlusion_bins


@given(st.integers(1, 4000), st.data())
def test_a_tenth_of_the_pixels_is_a_tenth(pixels: int, data: st.DataObject) -> None:
    """Whole numbers say exactly where a share of pixels belongs, however it was divided."""
    hidden = data.draw(st.integers(0, pixels))
    exact = min(10 * hidden // pixels, OCCLUSION_BINS - 1)
    assert occlusion_bin(hidden / pixels) == occlusion_bin(1 - (pixels - hidden) / pixels) == exact


def test_bins_begin_with_their_lower_edge_and_the_last_holds_what_is_wholly_hidden() -> None:
    shares = [0, 0.0996, 0.09999, 1 - 360 / 400, 0.3, 1 - 0.7, 0.9, 0.999, 1.0, np.nan]
    assert occlusion_bins(shares).tolist() == [0, 0, 0, 1, 3, 3, 9, 9, 9, UNKNOWN]
    assert occlusion_bin(None) == UNKNOWN
    assert PASCALS[0].name == "20-40 %"
    assert [one.name for one in WALTS] == [Slice(By.OCCLUSION, number).title for number in range(10)]


def test_bins_that_are_none_are_refused() -> None:
    for edges in ([0.5], [0.5, 0.5], [0.2, 0.1]):
        with pytest.raises(ValueError, match="edges"):
            bins_between(edges)
