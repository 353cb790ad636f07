"""A person over many frames."""

from __future__ import annotations

import numpy as np
import pytest

from core.fitting.people.track import fit_body_track
from core.records.fits import FitMethod
from core.records.shapes import KeypointTag
from core.shapes.body.gait import Gait, cycle_length_m
from tests.fitting.people.people import body, exchanged, fitter, seen, turned_by, walker, without

FPS = 10.0


def walk(heading=2.6, frames=12, speed=1.3):
    """Somebody of one shape who walks straight on, at the pace of the stride."""
    gait, betas = Gait(0.9), np.linspace(-1, 1, 10)
    cycle = cycle_length_m(body().model, betas, gait)
    ahead = np.array([np.cos(heading), np.sin(heading)])
    return [
        walker(
            np.array([22.0, 1.0]) + ahead * speed * frame / FPS,
            heading, speed * frame / FPS / cycle, betas, gait,
        )
        for frame in range(frames)
    ]  # fmt: skip


TIMES = np.arange(12) / FPS


def errors(fits, people):
    return np.array([np.hypot(*(np.array(f.place_m) - p.spot)) for f, p in zip(fits, people, strict=True)])


def test_one_shape_and_a_smoother_way():
    people = walk()
    views = [seen(one, 2.0, seed) for seed, one in enumerate(people)]
    fits = fit_body_track(fitter(), views, TIMES)
    assert all(fit.method is FitMethod.BODY_TRACK for fit in fits)
    assert len({fit.shape for fit in fits}) == 1
    alone = fitter().fit_many(views)
    rough = np.diff([fit.place_m for fit in alone], n=2, axis=0)
    smooth = np.diff([fit.place_m for fit in fits], n=2, axis=0)
    assert np.abs(smooth).mean() < np.abs(rough).mean() / 2
    assert errors(fits, people).mean() < errors(alone, people).mean()


def test_frames_without_evidence_stay_empty_and_few_points_are_held_by_neighbours():
    people = walk()
    views = [seen(one, 2.0, seed) for seed, one in enumerate(people)]
    views[4] = None
    views[7] = without(views[7], range(4, 17), KeypointTag.OTHER_OCCLUDED)
    fits = fit_body_track(fitter(), views, TIMES)
    assert fits[4] is None
    assert fits[7].method is FitMethod.BODY_TRACK
    assert np.hypot(*(np.array(fits[7].place_m) - people[7].spot)) < 0.4


def test_exchanged_names_are_found_out_by_the_walk():
    """People walk forwards: towards the camera, exchanged names turn them round."""
    people = walk(heading=np.pi - 0.2)
    views = [exchanged(seen(one, 2.0, seed)) for seed, one in enumerate(people)]
    fits = fit_body_track(fitter(), views, TIMES)
    assert all(fit.swapped for fit in fits)
    assert max(turned_by(f.heading_rad, p.heading) for f, p in zip(fits, people, strict=True)) < 0.6


def test_one_frame_is_fitted_alone():
    fits = fit_body_track(fitter(), [seen(walker(), 2.0), None], [0.0, 1.0])
    assert fits[0].method is FitMethod.BODY
    assert fits[1] is None
    assert fit_body_track(fitter(), [None], [0.0]) == [None]


def test_as_many_times_as_frames():
    with pytest.raises(ValueError, match="2 frames have 1 times"):
        fit_body_track(fitter(), [None, None], [0.0])
