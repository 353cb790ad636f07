"""Verdicts at their limits, and the sentences behind them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.fitting.vehicles.uncertainty import covariance, noise_square
from core.fitting.vehicles.verdict import Findings, chi_square_limit, judge, looks_wrong
from core.records.fits import FitVerdict

FINE = Findings(
    placed=7,
    fewest=3,
    cost=11.0,
    freedom=11,
    shape_square=5.0,
    components=5,
    outliers=(),
    along_m=0.3,
    held_m=2.2,
    heading_rad=0.03,
    rival_cost=np.inf,
    rival_turn_rad=0.0,
    swapped=False,
    torn=False,
    unseen=(),
)


@pytest.mark.parametrize(
    ("freedom", "quantile", "expected"),
    # from tables of the chi-square distribution
    [(3, 3.090, 16.27), (5, 3.090, 20.52), (11, 2.326, 24.72), (21, 3.090, 46.80)],
)
def test_limits_are_chi_squares(freedom, quantile, expected):
    assert chi_square_limit(freedom, quantile) == pytest.approx(expected, rel=0.02)


def test_a_fine_fit_says_nothing():
    assert judge(FINE) == (FitVerdict.GOOD, "")


@pytest.mark.parametrize(
    ("change", "verdict", "words"),
    [
        ({"placed": 0}, FitVerdict.TOO_FEW_POINTS, "No point is placed; 3 are needed."),
        ({"placed": 1}, FitVerdict.TOO_FEW_POINTS, "Only 1 point is placed; 3 are needed."),
        ({"placed": 2}, FitVerdict.TOO_FEW_POINTS, "Only 2 points are placed; 3 are needed."),
        ({"heading_rad": 1.2}, FitVerdict.TOO_FEW_POINTS, "heading is known to 69°"),
        ({"along_m": 5.0}, FitVerdict.TOO_FEW_POINTS, "distance is known to 5.0 m"),
        ({"along_m": np.inf, "heading_rad": np.inf}, FitVerdict.TOO_FEW_POINTS, "distance is not known"),
        ({"cost": np.inf}, FitVerdict.OUTSIDE_SHAPE_SPACE, "horizon"),
        # chi-square of 5 at 0.999 is 20.5
        ({"shape_square": 20.9}, FitVerdict.OUTSIDE_SHAPE_SPACE, "4.6 sigmas"),
        ({"shape_square": 20.0}, FitVerdict.GOOD, ""),
        # 1.5^2 times the chi-square of 11 at 0.9999, 37.4
        ({"cost": 85.5}, FitVerdict.OUTSIDE_SHAPE_SPACE, "2.8 times their noise"),
        ({"cost": 83.0}, FitVerdict.GOOD, ""),
        ({"outliers": (0, 4, 6)}, FitVerdict.OUTSIDE_SHAPE_SPACE, "3 of 7 points"),
        ({"outliers": (0,)}, FitVerdict.GOOD, "The right front wheel disagrees with the other points."),
        (
            {"outliers": (4, 6)},
            FitVerdict.GOOD,
            "The right headlight and right taillight disagree with the other points.",
        ),
        # odds of 1 in 20: -2 ln 0.05 = 5.99
        ({"rival_cost": 5.9, "rival_turn_rad": np.pi}, FitVerdict.AMBIGUOUS, "Turned by 180°"),
        ({"rival_cost": 6.1, "rival_turn_rad": np.pi}, FitVerdict.GOOD, ""),
        ({"heading_rad": 0.3}, FitVerdict.AMBIGUOUS, "its heading is known to 17°"),
        ({"along_m": 2.5}, FitVerdict.AMBIGUOUS, "its distance is known to 2.5 m"),
        ({"torn": True}, FitVerdict.AMBIGUOUS, "left and right exchanged"),
        ({"unseen": (1, 3)}, FitVerdict.AMBIGUOUS, "left front wheel and left back wheel"),
        ({"unseen": (1,)}, FitVerdict.GOOD, ""),
        ({"swapped": True}, FitVerdict.GOOD, "The points fit only with left and right exchanged."),
    ],
)
def test_verdicts(change, verdict, words):
    found, reason = judge(replace(FINE, **change))
    assert found is verdict
    assert words in reason
    assert bool(reason) == bool(words)


def test_a_fit_in_a_hundred_looks_wrong():
    rng = np.random.default_rng(0)
    costs = rng.chisquare(9, 20000)
    share = np.mean([looks_wrong(float(cost), 9) for cost in costs])
    # 0.01, known to 0.0007
    assert 0.007 < share < 0.013


def test_noise_is_never_told_smaller_than_assumed():
    assert noise_square(1.0, 11) == 1.0
    # residuals twice as large as assumed, with many of them
    assert noise_square(4.0 * 200, 200) == pytest.approx(4.0, rel=0.02)
    # one free number decides little beside the two that were known before
    assert noise_square(9.0, 1) == pytest.approx(11 / 3)


def test_a_direction_that_nothing_holds_has_no_covariance():
    assert covariance(np.diag([1.0, 2.0, 0.0])) is None
    spread = covariance(np.diag([1e8, 4.0, 1e-4]))
    assert spread is not None
    np.testing.assert_allclose(spread, np.diag([1e-8, 0.25, 1e4]))
