"""How far people go: a track whose frames are farther apart shows more than one of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.fitting.people.same_person import FASTEST_M_S, runs_of_people
from core.records.fits import BodyFit, FitSigmas, FitVerdict
from tests.store.doing_cars import body_fit_of

STEP_S = 0.2


def at(x: float, y: float = 0.0, along_m: float = 0.1) -> BodyFit:
    sigmas = FitSigmas(along_m, 0.02, (0.01, 0.0, 0.0004), 0.1, ())
    return replace(body_fit_of(), place_m=(x, y), sigmas=sigmas)


def runs(*fits: BodyFit | None) -> list[list[int]]:
    return [list(run) for run in runs_of_people(fits, [STEP_S * n for n in range(len(fits))])]


def test_who_walks_or_sprints_is_one_person() -> None:
    for speed in (0.0, 1.4, 0.95 * FASTEST_M_S):
        assert runs(*(at(10 + speed * STEP_S * n) for n in range(6))) == [[0, 1, 2, 3, 4, 5]]


def test_where_nobody_could_have_gone_on_another_run_begins() -> None:
    assert runs(at(10), at(10.2), at(10.2, 5.0), at(10.4, 5.0), at(10)) == [[0, 1], [2, 3], [4]]


def test_frames_without_a_place_belong_to_the_run_before() -> None:
    lost = replace(at(40), verdict=FitVerdict.OUTSIDE_SHAPE_SPACE)
    assert runs(None, at(10), lost, None, at(10.3), at(10.3, 6.0)) == [[0, 1, 2, 3, 4], [5]]
    # over a long gap one may have gone far
    assert runs(at(10), *[None] * 9, at(10, 9.0)) == [list(range(11))]


@pytest.mark.parametrize(("along_m", "count"), [(0.1, 2), (1.2, 1)])
def test_doubt_of_the_place_is_allowed_for(along_m: float, count: int) -> None:
    # 1.6 m of a sprint, 0.3 m of slack: 3 m takes 0.8 m and more of doubt
    assert len(runs(at(20, along_m=along_m), at(23, along_m=along_m))) == count


def test_no_frames_are_one_empty_run() -> None:
    assert runs() == [[]]
