"""Curves of points and labels: there is one for each bar."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.evaluation.compared import compare
from core.evaluation.drawn_anew import Drawn
from core.evaluation.label_figures import label_figures
from core.evaluation.sliced import drawn_curve, point_figures
from core.records.slices import By, Slice
from tests.evaluation.test_compared import pictured
from tests.evaluation.test_precision import pointed


def test_every_bar_has_its_curve() -> None:
    near, far = pointed(0), pointed(40)
    found = compare(pictured(near, far), [pointed(0, score=0.9), pointed(40, 1.5, score=0.8)], 0, 0, 0.5)
    results = [
        replace(one.result, distance_m=away) for one, away in zip(found.objects, (5.0, 25.0), strict=True)
    ]
    drawn = Drawn([0, 0], 1, 0, 0)
    points = point_figures(results, [one.points for one in found.objects], drawn)
    right = {one.slice: one.y[9] for one in points.curves}  # at 0.1 of 10 px
    bars = [Slice(By.DISTANCE, 0), Slice(By.DISTANCE, 2), Slice(By.HOUR, 9), Slice(By.SIZE, 0)]
    assert [right[one] for one in bars] == [1.0, 0.0, 0.5, 0.5]
    labels = label_figures(results, [0, 1], [0, 0], [0.9, 0.8], drawn)
    curves = {one.slice: (one.x, one.y) for one in labels.curves}
    assert curves[Slice(By.HOUR, 9)] == curves[Slice()] == ((1.0, 1.0), (1.0, 0.5))
    assert curves[Slice(By.DISTANCE, 0)] == ((1.0,), (1.0,))
    assert Slice(By.DISTANCE, 2) not in curves  # nothing there is unoccluded


def test_a_long_curve_is_kept_short_with_both_its_ends() -> None:
    rising = np.linspace(0, 1, 5000)
    kept = drawn_curve("pck", Slice(), rising, rising**2)
    assert len(kept.x) == len(kept.y) == 100
    assert (kept.x[0], kept.x[-1], kept.y[-1]) == (0.0, 1.0, 1.0)
    np.testing.assert_allclose(np.square(kept.x), kept.y, atol=2e-5)
