"""BORDER and margins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.mining.occlusion.border import border_outcome
from core.mining.occlusion.margins import margin_above, margin_below
from core.mining.occlusion.settings import OcclusionSettings
from core.records.boxes import Box


@pytest.mark.parametrize(
    ("box", "side"),
    [
        (Box(0, 50, 40, 30), "left"),
        (Box(50, 1, 40, 30), "top"),
        (Box(279, 50, 40, 30), "right"),
        (Box(50, 149.5, 40, 30), "bottom"),
    ],
)
def test_each_border_cuts(box: Box, side: str) -> None:
    outcome = border_outcome(box, 320, 180, OcclusionSettings())
    assert outcome.occluded
    assert outcome.margin < 0
    assert side in outcome.detail


def test_the_threshold_grows_with_the_object() -> None:
    small, large = Box(10, 3, 20, 20), Box(10, 3, 200, 100)
    assert not border_outcome(small, 320, 180, OcclusionSettings()).occluded  # 3 px > 1.5 + 0.2
    assert border_outcome(large, 320, 180, OcclusionSettings()).occluded  # 3 px <= 1.5 + 2


def test_what_lies_on_the_threshold_is_cut() -> None:
    settings = OcclusionSettings(border_px=2.0)
    on, off = Box(2.5, 50, 50, 50), Box(2.51, 50, 50, 50)
    assert border_outcome(on, 320, 180, settings).occluded
    assert border_outcome(on, 320, 180, settings).margin == 0
    assert not border_outcome(off, 320, 180, settings).occluded


def test_a_box_beyond_the_border_counts_as_on_it() -> None:
    outcome = border_outcome(Box(-7, 50, 40, 30), 320, 180, OcclusionSettings())
    assert outcome.value == 0
    assert outcome.margin == -1


def test_margins_by_hand() -> None:
    assert margin_below(0.0, 0.3) == 1
    assert margin_below(0.15, 0.3) == pytest.approx(0.5)
    assert margin_below(0.3, 0.3) == 0
    assert margin_below(0.6, 0.3) == pytest.approx(-0.5)
    assert margin_above(5.0, 2.0) == pytest.approx(0.5)  # 2.5 thresholds: half way from 1 to 4
    assert margin_above(20.0, 2.0) == 1
    assert margin_above(1.0, 2.0) == pytest.approx(-0.5)


positive = st.floats(0.001, 1000)


@given(st.floats(0, 1000), st.floats(0, 1000), positive)
def test_margins_order_and_stay_in_range(a: float, b: float, threshold: float) -> None:
    low, high = sorted((a, b))
    assert margin_below(low, threshold) >= margin_below(high, threshold)
    assert -1 <= margin_below(high, threshold) <= 1
    assert (margin_below(a, threshold) < 0) == (a > threshold)
    assert margin_above(low, threshold) <= margin_above(high, threshold)
    assert -1 <= margin_above(low, threshold) <= 1
    assert (margin_above(a, threshold) > 0) == (a > threshold)
