"""From a measured value and its threshold to a margin that orders certainty."""

from __future__ import annotations

_CLEAR = 4.0  # this many times the threshold away from what cuts is as certain as can be


def margin_below(value: float, threshold: float) -> float:
    """The margin of a test that fails above its threshold: -1..1, 0 on the threshold.

    None of the threshold gives 1, half of it 0.5; twice the threshold gives -0.5.

    Args:
        value: >= 0. threshold: > 0.
    """
    if value <= threshold:
        return 1.0 - value / threshold
    return threshold / value - 1.0


def margin_above(value: float, threshold: float) -> float:
    """The margin of a test that fails at its threshold and below: -1..1, 0 on the threshold.

    None of the threshold gives -1, half of it -0.5; four times the threshold and more give 1.

    Args:
        value: >= 0. threshold: > 0.
    """
    if value <= threshold:
        return value / threshold - 1.0
    return min((value / threshold - 1.0) / (_CLEAR - 1.0), 1.0)
