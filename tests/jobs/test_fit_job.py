"""The job that fits cars: it fits what has keypoints, once, and leaves people's fits alone."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import JobError, ShapeSpaceError
from core.jobs.context import JobContext
from core.jobs.fit import by_keypoints
from core.jobs.registry import create
from core.jobs.runner import run_job
from core.records.fits import FitMadeFrom, FitMethod, FitReview, FitRow, FitVerdict
from core.records.jobs import JobState
from core.records.keypoints import KeypointSet, Template
from core.records.masks import MaskPatch
from core.records.occlusion import LabelOrigin, Verdict
from core.shapes.space_file import default_space, save_space
from core.store import check, job_rows
from core.store.edits.fits import review_fits, save_fit
from core.store.edits.keypoints import save_keypoints
from core.store.edits.verdicts import set_verdict
from core.store.history import History
from core.store.project import Project
from core.store.queries.fits import fit_history, fits_in_force
from tests.forked import ForkServer
from tests.jobs.doing import do_job
from tests.jobs.parking import HEADING_RAD, Parking
from tests.store.doing_cars import fit_of

PLACES = [(18.0, -3.0), (18.0, 4.0), (26.0, 1.0), (35.0, -4.0)]


@pytest.fixture
def parking(tmp_path: Path) -> Parking:
    return Parking(tmp_path / "cars.amodal")


def fits_of(parking: Parking, ids: Sequence[int]) -> dict[int, FitRow]:
    with Project.open(parking.path) as project, project.read() as connection:
        return fits_in_force(connection, ids)


def result_of(parking: Parking, job_id: int) -> dict[str, Any]:
    with Project.open(parking.path) as project, project.read() as connection:
        row = job_rows.get_job(connection, job_id)
    assert row is not None
    return dict(row.result or {})


@pytest.mark.parametrize("method", ["single", "track"])
def test_cars_stand_where_they_are(parking: Parking, method: str) -> None:
    ids = parking.add_cars(0, PLACES)
    job = do_job(parking.path, "fit", method=method)
    found = fits_of(parking, ids)
    assert sorted(found) == ids
    for i, row in found.items():
        assert row.fit.verdict is FitVerdict.GOOD
        assert row.fit.method is FitMethod.GROUND
        # exact points of the mean car: its place is where all residuals and the prior are nothing
        assert np.allclose(row.fit.place_m, parking.places[i], atol=1e-3)
        assert row.fit.rms_px < 1e-2
        assert row.annotator is None
        assert not row.stale
        assert row.shape_space == default_space().label
    assert result_of(parking, job) == {"cars": 4, "of these coarsely": 0, "people": 0}


def test_what_is_up_to_date_is_fitted_once(parking: Parking) -> None:
    ids = parking.add_cars(0, PLACES)
    do_job(parking.path, "fit")
    assert result_of(parking, do_job(parking.path, "fit")) == {"cars": 0, "of these coarsely": 0, "people": 0}
    assert result_of(parking, do_job(parking.path, "fit", redo=True)) == {
        "cars": 4,
        "of these coarsely": 0,
        "people": 0,
    }
    with Project.open(parking.path) as project:
        history = History(project, "Ann")
        save_keypoints(history, ids[1], parking.keypoints_at(PLACES[1], 11), "Take one away")
    assert result_of(parking, do_job(parking.path, "fit")) == {"cars": 1, "of these coarsely": 0, "people": 0}
    with Project.open(parking.path) as project:
        parking.calibrate(History(project, "Ann"), "again")
    assert result_of(parking, do_job(parking.path, "fit")) == {"cars": 4, "of these coarsely": 0, "people": 0}
    with Project.open(parking.path) as project, project.read() as connection:
        assert [row.version for row in fit_history(connection, ids[1])] == [4, 3, 2, 1]


def test_the_frames_of_a_track_have_one_shape(parking: Parking) -> None:
    ids = parking.add_track([12, 9, 0, 12])
    job = do_job(parking.path, "fit")
    found = fits_of(parking, ids)
    # the frame between, where nobody placed anything, follows from the others
    assert sorted(found) == ids
    assert {row.fit.method for row in found.values()} == {FitMethod.TRACK}
    shapes = {row.fit.shape for row in found.values()}
    assert len(shapes) == 1
    for i, row in found.items():
        assert np.allclose(row.fit.place_m, parking.places[i], atol=0.05)
        assert not row.stale
    assert result_of(parking, job) == {"cars": 4, "of these coarsely": 0, "people": 0}
    assert result_of(parking, do_job(parking.path, "fit")) == {"cars": 0, "of these coarsely": 0, "people": 0}
    assert result_of(parking, do_job(parking.path, "fit", redo=True)) == {
        "cars": 4,
        "of these coarsely": 0,
        "people": 0,
    }
    do_job(parking.path, "fit", method="single", redo=True)
    assert {row.fit.method for i, row in fits_of(parking, ids).items() if i != ids[2]} == {FitMethod.GROUND}


def test_traffic4d_is_there_to_compare_with(parking: Parking) -> None:
    ids = parking.add_track([12, 12, 12])
    do_job(parking.path, "fit", coarse=False)
    ours = fits_of(parking, ids)
    job = do_job(parking.path, "fit", method="traffic4d", redo=True)
    theirs = fits_of(parking, ids)
    assert result_of(parking, job) == {"cars": 3, "of these coarsely": 0, "people": 0}
    assert {row.fit.method for row in theirs.values()} == {FitMethod.TRAFFIC4D}
    # exact points of the mean car: both find it
    for i, row in theirs.items():
        assert np.allclose(row.fit.translation, ours[i].fit.translation, atol=0.1)
    with Project.open(parking.path) as project, project.read() as connection:
        assert [row.fit.method for row in fit_history(connection, ids[0])] == [
            FitMethod.TRAFFIC4D,
            FitMethod.TRACK,
        ]


def test_a_track_of_several_cars_is_no_track(parking: Parking) -> None:
    ids = parking.add_track([12, 0, 12])
    # two cars that a tracker took for one: a long low one, then a short high one
    other = (-2.5, 2.5, 0.0)
    with Project.open(parking.path) as project:
        points = parking.keypoints_at(parking.places[ids[2]], beta=other)
        save_keypoints(History(project, "Ann"), ids[2], points, "Another car")
    do_job(parking.path, "fit", coarse=False)
    found = fits_of(parking, ids)
    # each is fitted as what it is, and the frame between is left alone
    assert sorted(found) == [ids[0], ids[2]]
    assert {row.fit.method for row in found.values()} == {FitMethod.GROUND}
    assert {row.fit.verdict for row in found.values()} == {FitVerdict.GOOD}
    assert np.allclose(found[ids[0]].fit.shape, 0.0, atol=0.1)
    assert np.allclose(found[ids[2]].fit.shape[:3], other, atol=0.5)
    for i, row in found.items():
        assert np.allclose(row.fit.place_m, parking.places[i], atol=0.1)


def test_a_track_that_jumps_to_another_car_is_fitted_as_two(parking: Parking) -> None:
    """Their shapes are the same: only no car can go 20 m aside in a fifth of a second."""
    x, y = 1.6 * math.cos(HEADING_RAD), 1.6 * math.sin(HEADING_RAD)
    first = parking.add_cars(0, [(18.0, 0.0)]) + parking.add_cars(1, [(18.0 + x, y)])
    second = parking.add_cars(2, [(38.0, 10.0)]) + parking.add_cars(3, [(38.0 + x, 10.0 + y)])
    parking.join([*first, *second])
    do_job(parking.path, "fit", coarse=False)
    found = fits_of(parking, [*first, *second])
    assert {row.fit.method for row in found.values()} == {FitMethod.TRACK}
    assert {row.fit.verdict for row in found.values()} == {FitVerdict.GOOD}
    for i, row in found.items():
        assert np.allclose(row.fit.place_m, parking.places[i], atol=0.05)
        # as one car it would have driven 100 m/s and more, and pulled all places together
        assert row.fit.rms_px < 0.1


def test_the_others_are_fitted_coarsely(parking: Parking) -> None:
    driving = parking.add_track([0, 0, 0, 0], masked=True)
    [parked] = parking.add_cars(0, [(24.0, -4.0)], count=0, masked=True)
    [boxed] = parking.add_cars(0, [(30.0, 4.0)], count=0)  # no mask, no keypoints: nothing to go by
    job = do_job(parking.path, "fit", coarse=False)
    assert result_of(parking, job) == {"cars": 0, "of these coarsely": 0, "people": 0}
    job = do_job(parking.path, "fit")
    assert result_of(parking, job) == {"cars": 5, "of these coarsely": 5, "people": 0}
    found = fits_of(parking, [*driving, parked, boxed])
    assert sorted(found) == [*driving, parked]
    for i in driving:
        row = found[i]
        assert row.fit.is_coarse
        # the limits that are set for moving cars on the street
        assert row.fit.place_m is not None
        assert row.fit.heading_rad is not None
        assert math.dist(row.fit.place_m, parking.places[i]) < 0.8
        assert abs(row.fit.heading_rad - HEADING_RAD) < math.radians(6)
        assert row.mask_id is not None
    assert found[parked].fit.is_coarse
    assert result_of(parking, do_job(parking.path, "fit")) == {"cars": 0, "of these coarsely": 0, "people": 0}
    # keypoints are better evidence
    with Project.open(parking.path) as project:
        keypoints = parking.keypoints_at(parking.places[parked])
        save_keypoints(History(project, "Ann"), parked, keypoints, "Place all")
    assert found[parked].stale is False
    assert fits_of(parking, [parked])[parked].stale
    assert result_of(parking, do_job(parking.path, "fit")) == {"cars": 1, "of these coarsely": 0, "people": 0}
    row = fits_of(parking, [parked])[parked]
    assert row.fit.method is FitMethod.GROUND
    assert row.mask_id == found[parked].mask_id


def test_one_click_and_the_mask_are_a_fit(parking: Parking) -> None:
    ids = parking.add_track([0, 1, 0, 0], masked=True)
    result = result_of(parking, do_job(parking.path, "fit"))
    assert result == {"cars": 4, "of these coarsely": 3, "people": 0}
    row = fits_of(parking, ids)[ids[1]]
    assert row.fit.method is FitMethod.GROUND
    assert row.fit.verdict is FitVerdict.GOOD
    assert row.fit.used == 1
    assert row.fit.place_m is not None
    assert math.dist(row.fit.place_m, parking.places[ids[1]]) < 0.3
    # made from the mask, too: a newer one makes it stale, and it is fitted again
    assert row.mask_id is not None
    assert not row.stale
    parking.show_again(ids[1], [parking.outline_at(parking.places[ids[1]], thinner_px=2)])
    assert fits_of(parking, ids)[ids[1]].stale
    do_job(parking.path, "fit")
    assert fits_of(parking, ids)[ids[1]].fit.method is FitMethod.GROUND


def test_what_was_taken_over_from_a_fit_leaves_a_car_coarse(parking: Parking) -> None:
    ids = parking.add_track([0, 0, 0, 0], masked=True)
    with Project.open(parking.path) as project:
        ghosts = [replace(p, origin=LabelOrigin.FIT) for p in parking.keypoints_at((18.0, 0.0)).points if p]
        save_keypoints(History(project, "Ann"), ids[0], KeypointSet(Template.CAR, tuple(ghosts)), "Accept")
    assert result_of(parking, do_job(parking.path, "fit", coarse=False))["cars"] == 0
    assert result_of(parking, do_job(parking.path, "fit")) == {"cars": 4, "of these coarsely": 4, "people": 0}
    found = fits_of(parking, ids)
    assert {row.fit.used for row in found.values()} == {0}
    assert not found[ids[0]].stale


def test_a_frame_that_its_track_hardly_holds_is_fitted_by_its_mask(tmp_path: Path) -> None:
    """Six seconds from the next frame with points, a car may be anywhere within some metres."""
    parking = Parking(tmp_path / "long.amodal", frames=61)
    ids = parking.add_track([12, -1, 0, -1, 12], masked=True, every=15)
    do_job(parking.path, "fit", coarse=False)
    assert fits_of(parking, ids)[ids[1]].fit.verdict is FitVerdict.AMBIGUOUS
    do_job(parking.path, "fit", redo=True)
    found = fits_of(parking, ids)
    assert [found[i].fit.method for i in ids] == [FitMethod.TRACK, FitMethod.COARSE, FitMethod.TRACK]
    assert found[ids[1]].fit.verdict is FitVerdict.GOOD
    assert found[ids[1]].fit.place_m is not None
    assert math.dist(found[ids[1]].fit.place_m, parking.places[ids[1]]) < 0.8


def test_a_nearer_car_cuts_an_outline(parking: Parking) -> None:
    """Only the edges that are the car's own count: the far car stands as far off as it did in plain sight."""
    far = parking.add_track([0, 0, 0, 0], masked=True)
    do_job(parking.path, "fit")
    plain = {i: row.fit.place_m for i, row in fits_of(parking, far).items()}
    for i in far:
        patch = parking.outline_at(parking.places[i])
        height, width = patch.bits.shape
        rest, nearer = patch.bits.copy(), np.zeros((height + 40, width), dtype=bool)
        rest[:, : width // 4] = False
        nearer[:, : width // 4] = True
        parking.show_again(i, [MaskPatch(patch.x, patch.y, bits) for bits in (nearer, rest)])
    do_job(parking.path, "fit")
    found = fits_of(parking, far)
    for i in far:
        assert found[i].version == 2
        assert found[i].fit.place_m is not None
        assert plain[i] is not None
        assert math.dist(found[i].fit.place_m, plain[i]) < 0.8  # type: ignore[arg-type]


def test_too_few_points_are_left_without_a_fit(parking: Parking) -> None:
    ids = parking.add_cars(0, PLACES[:2], count=2)
    assert result_of(parking, do_job(parking.path, "fit")) == {"cars": 0, "of these coarsely": 0, "people": 0}
    assert fits_of(parking, ids) == {}


def test_what_a_person_said_stays(parking: Parking) -> None:
    made, accepted, rejected, gone = parking.add_cars(0, PLACES)
    do_job(parking.path, "fit")
    before = fits_of(parking, [accepted, rejected])
    with Project.open(parking.path) as project:
        history = History(project, "Ann")
        used = before[accepted]
        kept = fit_of(9.0, shape=(0.0,) * 5)
        with project.read() as connection:
            present = fits_in_force(connection, [made])[made]
        save_fit(
            history,
            made,
            kept,
            FitMadeFrom(present.keypoint_set_id, None, used.calibration_id, used.shape_space),
        )
        review_fits(history, [before[accepted].id], FitReview.ACCEPTED)
        review_fits(history, [before[rejected].id], FitReview.REJECTED, "too long")
        set_verdict(history, [gone], Verdict.REJECTED)
    assert result_of(parking, do_job(parking.path, "fit", redo=True)) == {
        "cars": 0,
        "of these coarsely": 0,
        "people": 0,
    }
    found = fits_of(parking, [made, accepted, rejected])
    assert found[made].fit == kept
    assert [found[i].id for i in (accepted, rejected)] == [before[i].id for i in (accepted, rejected)]


def test_an_uncalibrated_camera_is_left_out_or_refused(tmp_path: Path) -> None:
    bare = Parking(tmp_path / "bare.amodal", calibrated=False)
    bare.add_cars(0, PLACES)
    with pytest.raises(JobError, match="No camera here is calibrated"):
        do_job(bare.path, "fit")


def test_only_the_sources_that_were_chosen(parking: Parking) -> None:
    parking.add_cars(0, PLACES)
    with pytest.raises(JobError, match="no source 99"):
        do_job(parking.path, "fit", source=[99])
    assert result_of(parking, do_job(parking.path, "fit", source=[parking.source_id])) == {
        "cars": 4,
        "of these coarsely": 0,
        "people": 0,
    }


def test_another_shape_space_makes_new_fits(parking: Parking, tmp_path: Path) -> None:
    ids = parking.add_cars(0, PLACES)
    do_job(parking.path, "fit")
    space = default_space()
    other = replace(space, name="long cars", mean=space.mean * np.array([1.1, 1.0, 1.0]), mesh=None)
    save_space(other, tmp_path / "long.npz")
    do_job(parking.path, "fit", space=str(tmp_path / "long.npz"))
    assert {row.shape_space for row in fits_of(parking, ids).values()} == {other.label}
    with pytest.raises(ShapeSpaceError):
        do_job(parking.path, "fit", space=str(tmp_path / "none.npz"))


@pytest.mark.parametrize("method", ["single", "track"])
def test_one_that_is_stopped_goes_on_where_it_was(
    parking: Parking, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(by_keypoints, "_BATCH", 2)
    tracks = [i for y in (-4.0, 4.0) for i in parking.add_track([12, 12], y)]
    rest = parking.add_cars(3, PLACES)
    with Project.open(parking.path) as project:
        job_id = create(project, "fit", {"method": method, "redo": True})
    lives = 0
    state = JobState.CANCELLED
    while state is JobState.CANCELLED:
        lives += 1
        writes = iter([None])

        def stop_after_one(context: JobContext, writes: Any = writes) -> None:
            def save(connection: Any, context: JobContext = context) -> None:
                JobContext.save(context, connection)
                if next(writes, "last") == "last":
                    context.request_stop()

            context.save = save  # type: ignore[method-assign]

        state = run_job(parking.path, job_id, on_start=stop_after_one)
    assert lives > 2
    assert state is JobState.DONE
    assert result_of(parking, job_id) == {"cars": 8, "of these coarsely": 0, "people": 0}
    with Project.open(parking.path) as project, project.read() as connection:
        for i in [*tracks, *rest]:
            assert [row.version for row in fit_history(connection, i)] == [1]


KILLS = 12


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.timeout(300)
def test_killed_at_random_moments_it_fits_each_car_once(parking: Parking) -> None:
    for frame in range(4):
        parking.add_cars(frame, [(18.0 + x, y) for x in range(0, 20, 4) for y in (-4.0, 0.0, 4.0)])
    parking.add_track([12, 12, 12], y=7.0)
    chance = random.Random(20261126)
    jobs = ForkServer("tests.jobs.killed_jobs")
    kills = 0
    try:
        with Project.open(parking.path) as project:
            job_id = create(project, "fit", {})
        killed = True
        while killed:
            moment = chance.uniform(0.02, 0.8) if kills < KILLS else 600.0
            killed, _ = jobs.run(str(parking.path), str(job_id), kill_after_s=moment)
            kills += killed
            with Project.open(parking.path, read_only=True) as project:
                assert check.integrity_faults(project) == []
    finally:
        jobs.close()
    ids = list(parking.places)
    with Project.open(parking.path) as project, project.read() as connection:
        assert sorted(fits_in_force(connection, ids)) == sorted(ids)
        for i in ids:
            assert [row.version for row in fit_history(connection, i)] == [1]
