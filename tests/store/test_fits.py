"""Fits: versions of which one is in force, what people say of them, and the list by any order."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from core.errors import EditRefusedError, UndoRefusedError
from core.records.cameras import CalibrationMethod, CalibrationRecord
from core.records.detections import Category
from core.records.fits import (
    FitFilter,
    FitMadeFrom,
    FitMethod,
    FitOrder,
    FitReview,
    FitRow,
    FitVerdict,
)
from core.store.edits.calibrations import save_calibration
from core.store.edits.categories import set_category
from core.store.edits.fits import review_fits, save_fit, save_fits, use_fit
from core.store.edits.keypoints import save_keypoints
from core.store.edits.sources import hide_source
from core.store.history import History
from core.store.queries import fits
from core.store.queries.calibrations import calibration_in_force
from core.store.queries.fits import fit_history, fits_in_force
from core.store.writers.fits import FoundFit, write_fits
from tests.store.doing import everything, found, rows
from tests.store.doing_cars import FROM_NOTHING, body_fit_of, fit_of, points

CALIBRATION = CalibrationRecord(
    method=CalibrationMethod.IMPORT,
    width=640,
    height=360,
    matrix=(500.0, 0.0, 319.5, 0.0, 500.0, 179.5, 0.0, 0.0, 1.0),
    distortion=(),
    normal=(0.0, -0.96, -0.28),
    height_m=6.0,
    residual_px=None,
    uncertainty=None,
    notes=(),
)


def in_force(site: Any, instance_id: int) -> FitRow:
    with site.project.read() as connection:
        return fits_in_force(connection, [instance_id])[instance_id]


def versions(site: Any, instance_id: int) -> list[tuple[int, float, bool]]:
    with site.project.read() as connection:
        listed = fit_history(connection, instance_id)
        flags = dict(connection.execute(text("SELECT id, in_force FROM fit")).all())
    assert all(flags[row.id] == row.in_force for row in listed)
    return [(row.version, row.fit.rms_px, row.in_force) for row in listed]


def history_of(site: Any, instance_id: int) -> list[FitRow]:
    with site.project.read() as connection:
        return fit_history(connection, instance_id)


def write(site: Any, *pairs: tuple[int, Any], made_from: FitMadeFrom = FROM_NOTHING, job: int = 1) -> int:
    with site.project.bulk() as bulk:
        bulk.run(
            lambda c: c.execute(
                text(
                    "INSERT OR IGNORE INTO job (id, kind, title, settings, state, created_at, revision)"
                    f" VALUES ({job}, 'fit', '', '{{}}', 'running', 0, {job})"
                )
            )
        )
        return bulk.run(
            lambda c: write_fits(c, [FoundFit(i, fit, made_from) for i, fit in pairs], job_id=job)
        )


@pytest.mark.parametrize(
    "fit",
    [
        fit_of(),
        fit_of(method=FitMethod.FREE, place_m=None, heading_rad=None, sigmas=None, reason="Hardly held."),
        fit_of(verdict=FitVerdict.AMBIGUOUS, swapped=True, outliers=(), residuals_px=(None,) * 12, used=0),
        body_fit_of(),
        body_fit_of(contacts=(), height_ratio=None, pose_sigmas_rad=None, sigmas=None, used=0),
        replace(fit_of(), sigmas=replace(fit_of().sigmas, place=None)),  # type: ignore[type-var]
    ],
)
def test_every_number_comes_back(site: Any, fit: Any) -> None:
    car = site.one_car()
    made_from = FitMadeFrom(3, 4, 5, "default 0123")
    touched = save_fit(site.history, car, fit, made_from)
    row = in_force(site, car)
    assert row.fit == fit
    assert type(row.fit) is type(fit)
    assert (row.keypoint_set_id, row.mask_id, row.calibration_id, row.shape_space) == (
        3,
        4,
        5,
        "default 0123",
    )
    assert (row.version, row.annotator, row.review, row.in_force) == (1, "Ann", None, True)
    assert touched.title == f"Fit car {car}"
    assert touched.rows["instance"] == (car,)


def test_a_pose_that_is_no_number_is_kept_as_such(site: Any) -> None:
    car = site.one_car()
    lost = fit_of(math.nan, verdict=FitVerdict.TOO_FEW_POINTS, rotation=(math.nan,) * 9, sigmas=None)
    save_fit(site.history, car, replace(lost, translation=(math.nan,) * 3), FROM_NOTHING)
    fit = in_force(site, car).fit
    assert all(math.isnan(value) for value in fit.rotation + fit.translation)
    assert fit.rms_px == math.inf


def test_versions_stay_and_one_is_in_force(site: Any) -> None:
    car = site.one_car()
    save_fit(site.history, car, fit_of(3.0), FROM_NOTHING)
    first = in_force(site, car)
    save_fit(site.history, car, fit_of(1.0), FROM_NOTHING)
    assert versions(site, car) == [(2, 1.0, True), (1, 3.0, False)]
    use_fit(site.history, first.id)
    assert versions(site, car) == [(2, 1.0, False), (1, 3.0, True)]
    assert use_fit(site.history, first.id).edit_id == 0
    site.history.undo()
    assert versions(site, car) == [(2, 1.0, True), (1, 3.0, False)]
    site.history.undo()
    assert versions(site, car) == [(1, 3.0, True)]
    site.history.undo()
    assert versions(site, car) == []
    assert rows(site)[car].fit_id is None
    for _ in range(3):
        site.history.redo()
    assert versions(site, car) == [(2, 1.0, False), (1, 3.0, True)]


def test_the_frames_of_a_track_are_one_edit(site: Any) -> None:
    cars = site.cars(3)
    save_fits(site.history, [(car, fit_of(), FROM_NOTHING) for car in cars])
    site.history.undo()
    assert [versions(site, car) for car in cars] == [[], [], []]


def test_reviews_are_undone_and_named(site: Any) -> None:
    first, second = site.cars(2)
    save_fits(site.history, [(car, fit_of(), FROM_NOTHING) for car in (first, second)])
    ids = [in_force(site, car).id for car in (first, second)]
    assert review_fits(site.history, ids, FitReview.ACCEPTED).title == "Accept the fit of 2 objects"
    bob = History(site.project, "Bob")
    said = review_fits(bob, ids[:1], FitReview.REJECTED, "on the pavement")
    assert said.title == f"Reject the fit of car {first}: on the pavement"
    row = in_force(site, first)
    assert (row.review, row.review_reason, row.reviewer) == (FitReview.REJECTED, "on the pavement", "Bob")
    with pytest.raises(UndoRefusedError, match="Bob has changed"):
        site.history.undo()
    bob.undo()
    site.history.undo()
    assert in_force(site, first).review is None
    review_fits(site.history, ids, FitReview.ACCEPTED)
    assert review_fits(site.history, ids, FitReview.ACCEPTED).edit_id == 0
    review_fits(site.history, ids, None)
    assert in_force(site, second).reviewer is None


def test_a_job_writes_versions_too(site: Any) -> None:
    car = site.one_car()
    assert write(site, (car, fit_of(3.0))) == 1
    before = everything(site)
    assert write(site, (car, fit_of(3.0))) == 0  # the same job, resumed
    assert everything(site) == before
    assert write(site, (car, fit_of(2.0)), job=2) == 1
    assert versions(site, car) == [(2, 2.0, True), (1, 3.0, False)]
    assert in_force(site, car).annotator is None


def test_a_job_leaves_what_a_person_made_or_judged(site: Any) -> None:
    made, accepted, rejected, fresh = site.cars(4)
    save_fit(site.history, made, fit_of(9.0), FROM_NOTHING)
    write(site, *((car, fit_of(9.0)) for car in (accepted, rejected, fresh)))
    review_fits(site.history, [in_force(site, accepted).id], FitReview.ACCEPTED)
    review_fits(site.history, [in_force(site, rejected).id], FitReview.REJECTED, "wrong")
    assert write(site, *((car, fit_of(1.0)) for car in (made, accepted, rejected, fresh)), job=2) == 1
    assert [in_force(site, car).fit.rms_px for car in (made, accepted, rejected, fresh)] == [9, 9, 9, 1]
    # once the points are others, the judgement was of something else
    save_keypoints(site.history, accepted, points((1, 1)), "Place one")
    assert write(site, (accepted, fit_of(1.0)), job=3) == 1
    assert versions(site, accepted) == [(2, 1.0, True), (1, 9.0, False)]


def test_a_job_does_not_stand_in_the_way_of_undoing_points(site: Any) -> None:
    car = site.one_car()
    save_keypoints(site.history, car, points((1, 1)), "Place one")
    used = rows(site)[car].keypoint_set_id
    write(site, (car, fit_of()), made_from=FitMadeFrom(used, None, None, "s"))
    site.history.undo()
    assert in_force(site, car).stale
    site.history.redo()
    assert not in_force(site, car).stale


def test_what_is_newer_makes_a_fit_stale(site: Any) -> None:
    [car] = site.detect(site.frame_ids[0], [found(10)])
    mask = rows(site)[car].mask_id
    save_fit(site.history, car, fit_of(), FitMadeFrom(None, mask, None, "s"))
    assert not in_force(site, car).stale
    save_keypoints(site.history, car, points((1, 1)), "Place one")
    assert in_force(site, car).stale
    site.history.undo()
    save_calibration(site.history, site.camera_id, CALIBRATION)
    assert in_force(site, car).stale
    site.history.undo()
    assert not in_force(site, car).stale
    write(site, (car, fit_of()), made_from=FitMadeFrom(None, mask + 7, None, "s"))
    assert not in_force(site, car).stale  # a person's, up to date: the job's was not written


def test_a_coarse_fit_holds_for_as_long_as_its_mask_and_calibration_do(site: Any) -> None:
    [car] = site.detect(site.frame_ids[0], [found(10)])
    save_calibration(site.history, site.camera_id, CALIBRATION)
    with site.project.read() as connection:
        row = calibration_in_force(connection, site.camera_id)
    assert row is not None
    rests_on = FitMadeFrom(None, rows(site)[car].mask_id, row.id, "s")

    def known() -> list[float]:
        with site.project.read() as connection:
            return [row.fit.rms_px for row in fits.coarse_fits(connection, [car]).values()]

    coarse = {"method": FitMethod.COARSE, "verdict": FitVerdict.AMBIGUOUS}
    other = FitMadeFrom(None, rows(site)[car].mask_id + 1, row.id, "s")
    write(site, (car, fit_of(0.5, **coarse)), made_from=other)
    assert known() == []
    write(site, (car, fit_of(1.0, **coarse)), made_from=rests_on)
    write(site, (car, fit_of(2.0, **coarse)), made_from=rests_on, job=2)
    assert known() == [2.0]
    save_keypoints(site.history, car, points((1, 1)), "Place one")
    write(site, (car, fit_of(3.0)), made_from=rests_on, job=3)
    assert known() == [2.0]  # one that rests on points is none, and points do not put it out of force
    write(site, (car, fit_of(4.0, method=FitMethod.COARSE)), made_from=rests_on, job=4)
    write(site, (car, fit_of(5.0, **coarse)), made_from=rests_on, job=5)
    assert known() == [4.0]  # the newest that is good
    save_fit(site.history, car, fit_of(6.0, method=FitMethod.COARSE), rests_on)
    assert known() == [4.0]  # a person's was guided by it
    [used] = [row for row in history_of(site, car) if row.fit.rms_px == 4.0]
    review_fits(site.history, [used.id], FitReview.REJECTED, "turned round")
    assert known() == [6.0]
    save_calibration(site.history, site.camera_id, CALIBRATION)
    assert known() == []


def test_a_judged_car_is_kept_when_mining_no_longer_finds_it(site: Any) -> None:
    frame = site.frame_ids[0]
    made, judged, plain = site.detect(frame, [found(10), found(100), found(200)])
    save_fit(site.history, made, fit_of(), FROM_NOTHING)
    write(site, (judged, fit_of()), (plain, fit_of()))
    review_fits(site.history, [in_force(site, judged).id], FitReview.REJECTED)
    site.detect(frame, [])
    now = rows(site)
    assert [(now[i].state, bool(now[i].missing)) for i in (made, judged, plain)] == [
        *(("live", True), ("live", True), ("gone", False)),
    ]


def some_fits(site: Any) -> list[int]:
    """Ids of fits whose columns all sort differently, some with equal values."""
    cars = site.cars(6)
    verdicts = [*FitVerdict, FitVerdict.GOOD, FitVerdict.AMBIGUOUS]
    made = [
        fit_of(
            rms_px=(n * 5) % 7 + 0.5,
            distance_m=10.0 + (n * 3) % 4,
            along_m=0.1 * ((n * 2) % 3),
            size_m=(4.0 + 0.1 * ((n * 4) % 6), 1.8, 1.5 + 0.1 * ((n * 5) % 4)),
            verdict=verdicts[n],
        )
        for n in range(6)
    ]
    write(site, *((car, fit_of(99.0)) for car in cars), job=1)  # superseded: never listed
    write(site, *zip(cars, made, strict=True), job=2)
    ids = [in_force(site, car).id for car in cars]
    review_fits(site.history, ids[:2], FitReview.ACCEPTED)
    review_fits(site.history, ids[2:3], FitReview.REJECTED)
    return ids


BADNESS = {
    FitOrder.RMS: lambda row: -row.fit.rms_px,
    FitOrder.SIGMA: lambda row: -row.fit.sigmas.along_m,
    FitOrder.DISTANCE: lambda row: -row.fit.translation[2],
    FitOrder.LENGTH: lambda row: row.fit.size_m[0],
    FitOrder.STATURE: lambda row: row.fit.size_m[2],
    FitOrder.VERDICT: lambda row: ["too_few_points", "outside_shape_space", "ambiguous", "good"].index(
        row.fit.verdict
    ),
    FitOrder.REVIEW: lambda row: [None, FitReview.REJECTED, FitReview.ACCEPTED].index(row.review),
    FitOrder.NEWEST: lambda row: -row.id,
}


@pytest.mark.parametrize("order", list(FitOrder))
def test_pages_of_any_size_are_the_list_worst_first(site: Any, order: FitOrder) -> None:
    ids = some_fits(site)
    down = order in fits.WORST_FIRST_DESCENDS
    with site.project.read() as c:
        listed = sorted(
            fits.fits_by_ids(c, ids), key=lambda row: (BADNESS[order](row), -row.id if down else row.id)
        )
        wanted = [row.id for row in listed]
        assert list(fits.all_fit_ids(c, FitFilter(), order)) == wanted
        for size in (1, 2, 4, 10):
            paged: list[int] = []
            key = None
            while page := fits.fit_page(c, FitFilter(), order, key, size):
                key = page[-1]
                assert key == fits.key_of(c, key.id, order)
                paged += [one.id for one in page]
            assert paged == wanted
        assert [k.id for k in fits.fit_page_before(c, FitFilter(), order, None, 2)] == wanted[-2:]
        middle = fits.key_of(c, wanted[3], order)
        assert [k.id for k in fits.fit_page_before(c, FitFilter(), order, middle, 2)] == wanted[1:3]
        other_way = fits.fit_page(c, FitFilter(), order, None, 10, descending=not down)
        assert [k.id for k in other_way] == wanted[::-1]


def test_the_filters_show_what_they_say(site: Any) -> None:
    ids = some_fits(site)
    car = site.one_car(3)
    save_keypoints(site.history, car, points((1, 1)), "Place one")
    write(site, (car, fit_of(method=FitMethod.COARSE)), job=3)
    last = in_force(site, car).id
    everyone = {*ids, last}
    with site.project.write() as c:
        c.exec_driver_sql(
            "INSERT INTO track (source_id, sequence_id, category, first_time_s, last_time_s, instance_count)"
            f" VALUES ({site.source_id}, 1, 'car', 0, 1, 1)"
        )
        c.exec_driver_sql(f"UPDATE instance SET track_id = 1 WHERE id = {car}")
    shown = {
        FitFilter(): everyone,
        FitFilter(camera_id=site.camera_id, source_id=site.source_id): everyone,
        FitFilter(camera_id=site.camera_id + 1): set(),
        FitFilter(track_id=1): {last},
        FitFilter(verdicts=(FitVerdict.AMBIGUOUS,)): {ids[1], ids[5]},
        FitFilter(methods=(FitMethod.COARSE,)): {last},
        FitFilter(review="none"): everyone - set(ids[:3]),
        FitFilter(review="any"): set(ids[:3]),
        FitFilter(review="accepted"): set(ids[:2]),
        FitFilter(stale=True): {last},
        FitFilter(stale=False): set(ids),
    }
    with site.project.read() as c:
        for filter, wanted in shown.items():
            assert set(fits.all_fit_ids(c, filter, FitOrder.SIGMA)) == wanted, filter
            assert fits.count(c, filter) == len(wanted)
            assert fits.matches(c, filter, [*everyone, 999]) == wanted
    site.detect(site.frame_ids[3], [])  # a person's points: it stays
    site.detect(site.frame_ids[0], [])  # of the others only those that a person judged
    with site.project.read() as c:
        assert set(fits.all_fit_ids(c, FitFilter())) == {*ids[:3], last}
        assert fits.count(c, FitFilter(stale=False)) == 3
    hide_source(site.history, site.source_id)
    with site.project.read() as c:
        assert fits.count(c, FitFilter()) == 0


def test_cars_and_people_are_listed_together_or_apart(site: Any) -> None:
    coarse, walker = site.cars(2)
    write(site, (coarse, fit_of(method=FitMethod.COARSE)), (walker, body_fit_of()))
    car, person = (in_force(site, i).id for i in (coarse, walker))
    listed = {
        FitFilter(): {car, person},
        FitFilter(people=False): {car},
        FitFilter(people=True): {person},
        FitFilter(people=True, methods=(FitMethod.BODY, FitMethod.COARSE)): {person},
        FitFilter(people=True, methods=(FitMethod.COARSE,)): set(),
    }
    with site.project.read() as c:
        for filter, wanted in listed.items():
            assert set(fits.all_fit_ids(c, filter, FitOrder.STATURE)) == wanted, filter
            assert fits.count(c, filter) == len(wanted)


@pytest.mark.parametrize("order", list(FitOrder))
@pytest.mark.parametrize("stale", [None, True])
def test_no_page_sorts_or_reads_what_is_before_it(site: Any, order: FitOrder, stale: bool | None) -> None:
    with site.project.read() as c:
        filter = FitFilter(review="none", stale=stale)
        query, parameters = fits._page_query(c, filter, order, (1.0, 2), 10, True)
        plan = [row[3] for row in c.execute(text(f"EXPLAIN QUERY PLAN {query}"), parameters)]
    assert not [line for line in plan if "TEMP B-TREE" in line]
    searched = [line for line in plan if line.startswith(("SEARCH", "SCAN")) and "camera" not in line]
    assert searched
    assert all(line.startswith("SEARCH") for line in searched), plan
    if stale is None:  # what a fit was made from stands in its row alone
        assert all("COVERING" in line for line in searched), plan


def test_what_is_not_there_is_refused(site: Any) -> None:
    with pytest.raises(EditRefusedError, match="no instance 999"):
        save_fit(site.history, 999, fit_of(), FROM_NOTHING)
    for edit in (use_fit, lambda history, i: review_fits(history, [i], FitReview.ACCEPTED)):
        with pytest.raises(EditRefusedError, match="no longer there"):
            edit(site.history, 999)


def test_a_persons_fit_is_none_of_what_is_called_a_car(site: Any) -> None:
    """Else composites would label a car with a body, and the 3D view would show one."""
    one = site.one_car()
    set_category(site.history, [one], Category.PERSON)
    save_fit(site.history, one, body_fit_of(), FROM_NOTHING)
    of_person = in_force(site, one).id
    before = {name: everything(site)[name] for name in ("fit", "instance")}
    set_category(site.history, [one], Category.CAR)
    assert [row[2] for row in versions(site, one)] == [False]
    with pytest.raises(EditRefusedError, match="something else than a car"):
        use_fit(site.history, of_person)
    save_fit(site.history, one, fit_of(), FROM_NOTHING)
    assert [row[2] for row in versions(site, one)] == [True, False]
    set_category(site.history, [one], Category.TRUCK)  # a truck is fitted as a car is
    assert [row[2] for row in versions(site, one)] == [True, False]
    for _ in range(3):
        site.history.undo()
    assert in_force(site, one).id == of_person
    assert {name: everything(site)[name] for name in before} == before
