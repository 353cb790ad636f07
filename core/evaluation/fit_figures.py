"""Figures of fits in 3D over slices, with intervals: how many there are, and how far they are off."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from core.evaluation.drawn_anew import Drawn, Estimate
from core.evaluation.fit_errors import FitErrors
from core.evaluation.poses import ACCURATE_RAD, FINE_RAD
from core.evaluation.sliced import Counted, figure, slices_of
from core.records.evaluations import Figure, ObjectResult
from core.records.slices import Slice

Floats = NDArray[np.float64]

_TURNED = {"rotation_acc_30": ACCURATE_RAD, "rotation_acc_10": FINE_RAD}


def fit_figures(results: Sequence[ObjectResult], errors: Sequence[FitErrors | None], drawn: Drawn) -> Counted:
    """Shares, medians and means over all slices.

    Medians are over fits; MPJPE and PA-MPJPE are means over people, as papers have them; 3D PCK is over
    points.

    Args:
        results: of the objects. errors: of each, None where it has no fit.
        drawn: of these objects.
    """

    def numbers(of: Callable[[FitErrors], float | None]) -> Floats:
        told = [None if one is None else of(one) for one in errors]
        return np.array([np.nan if one is None else one for one in told], dtype=np.float64)

    there = np.array([one is not None for one in errors], dtype=np.bool_)
    turned = numbers(lambda one: one.rotation_rad)
    medians = {
        "rotation": turned,
        "heading": numbers(lambda one: one.heading_rad),
        "place": numbers(lambda one: one.place_m),
        "add": numbers(lambda one: one.add_m),
    }
    means = {
        "mpjpe": numbers(lambda one: one.joints_m),
        "pa_mpjpe": numbers(lambda one: one.aligned_m),
    }
    right, placed = (np.nan_to_num(numbers(of)) for of in (lambda one: one.right, lambda one: one.placed))
    figures: list[Figure] = []
    for where, which in slices_of(results):

        def add(name: str, estimate: Estimate | None, where: Slice = where) -> None:
            if estimate is not None:
                figures.append(figure(name, where, estimate))

        add("fitted", drawn.share(there, np.ones(len(there)), which))
        for name, limit in _TURNED.items():
            add(name, drawn.share(there & (turned < limit), there, which))
        for name, values in medians.items():
            add(name, drawn.median(values, which))
        for name, values in means.items():
            known = np.isfinite(values)
            add(name, drawn.share(np.where(known, values, 0.0), known, which))
        add("pck_3d", drawn.share(right, placed, which))
    return Counted(tuple(figures))
