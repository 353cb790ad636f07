"""SimCC's bins: where the highest are, and how sure they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.mining.keypoints.onnx_simcc import read_simcc


@given(x=st.floats(3, 188), y=st.floats(3, 252), split=st.integers(1, 4), peak=st.floats(0.05, 1.0))
def test_a_bell_of_bins_is_found_between_them(x: float, y: float, split: int, peak: float) -> None:
    """RTMPose is trained with bells of several bins, whose bin i is at i / split pixels (Li et al., 3.2)."""

    def bell(centre: float, side: int) -> np.ndarray:
        bins = np.arange(side * split)
        return peak * np.exp(-((bins - centre * split) ** 2) / (2 * (3.0 * split) ** 2))[None]

    places, scores = read_simcc(bell(x, 192), bell(y, 256))
    assert np.allclose(places * (192, 256), (x, y), atol=0.05)
    assert scores[0] == pytest.approx(peak, rel=0.02)


def test_the_lower_peak_is_the_score_and_is_cut_at_1() -> None:
    along, down = np.zeros((3, 8)), np.zeros((3, 8))
    along[:, 4] = (0.9, 1.3, 0.4)
    down[:, 2] = (0.5, 1.1, np.nan)
    places, scores = read_simcc(along, down)
    assert scores.tolist() == [0.5, 1.0, 0.0]
    assert np.allclose(places[:2], (0.5, 0.25))


def test_bins_that_are_no_numbers_are_no_point() -> None:
    places, scores = read_simcc(np.full((2, 8), np.nan), np.ones((2, 8)))
    assert np.isnan(places).all()
    assert scores.tolist() == [0.0, 0.0]
