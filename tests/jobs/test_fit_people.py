"""The job that fits people: by their points, beside the cars, which it never takes them for."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.errors import BodyModelError, FittingError, JobError
from core.fitting.people import fitter
from core.fitting.people.arrays import Kit, kit_of
from core.geometry.masks import patch_area, patch_box, patch_to_rle
from core.jobs.context import JobContext
from core.jobs.fit.people import by_keypoints
from core.jobs.registry import create
from core.jobs.runner import run_job
from core.records.detections import Category
from core.records.finds import FoundInstance
from core.records.fits import BodyFit, FitMethod, FitReview, FitRow, FitVerdict, VehicleFit
from core.records.jobs import JobState
from core.records.occlusion import LabelOrigin
from core.shapes.body.model_file import save_body
from core.shapes.space_file import default_space
from core.store import job_rows
from core.store.edits.categories import set_category
from core.store.edits.fits import review_fits
from core.store.edits.keypoints import save_keypoints
from core.store.history import History
from core.store.project import Project
from core.store.queries.fits import fit_history, fits_in_force
from core.store.writers.detections import add_instances
from core.store.writers.keypoints import FoundKeypoints, write_keypoints
from tests.jobs.doing import do_job
from tests.jobs.parking import CAMERA, GROUND, HEIGHT, WIDTH, Parking
from tests.placed_people import outline_of, person_at, points_of, stand_in

CARS = [(18.0, -3.0), (26.0, 1.0)]
WALKERS = [(14.0, 2.0), (17.0, -1.0), (21.0, 4.0)]


@pytest.fixture
def parking(tmp_path: Path) -> Parking:
    return Parking(tmp_path / "street.amodal")


def add_people(
    parking: Parking, frame: int, fits: Sequence[BodyFit], count: int = 17, *, masked: bool = True
) -> list[int]:
    """People in a frame with so many of their keypoints; gives their ids."""
    found = []
    for fit in fits:
        mask = outline_of(fit, CAMERA)
        box = patch_box(mask)
        assert box is not None
        rle = patch_to_rle(mask, HEIGHT, WIDTH) if masked else None
        found.append(FoundInstance(box, Category.PERSON, 0.9, rle, patch_area(mask) if masked else None))
    with Project.open(parking.path) as project, project.bulk() as bulk:
        fresh = [(parking.frame_ids[frame], one) for one in found]
        ids: list[int] = bulk.run(lambda c: add_instances(c, fresh, "made", LabelOrigin.HEURISTIC, None))
        if count:
            said = [
                FoundKeypoints(i, points_of(fit, CAMERA, count)) for i, fit in zip(ids, fits, strict=True)
            ]
            bulk.run(lambda c: write_keypoints(c, said, origin=LabelOrigin.IMPORT))
    return ids


def fits_of(parking: Parking, ids: Sequence[int]) -> dict[int, FitRow]:
    with Project.open(parking.path) as project, project.read() as connection:
        return fits_in_force(connection, ids)


def job_of(parking: Parking, job_id: int) -> Any:
    with Project.open(parking.path) as project, project.read() as connection:
        return job_rows.get_job(connection, job_id)


def log_of(parking: Parking, job_id: int) -> str:
    with Project.open(parking.path) as project, project.read() as connection:
        return "\n".join(text for _, _, text in job_rows.read_log(connection, job_id))


def people_of(parking: Parking, job_id: int) -> int:
    return int(job_of(parking, job_id).result["people"])


def walkers() -> list[BodyFit]:
    return [person_at(GROUND, place, 0.7 * n, phase=0.3 * n) for n, place in enumerate(WALKERS)]


@pytest.mark.parametrize("method", ["single", "track"])
def test_people_and_cars_are_each_fitted_as_what_they_are(parking: Parking, method: str) -> None:
    cars, people = parking.add_cars(0, CARS), add_people(parking, 0, walkers())
    job = do_job(parking.path, "fit", method=method)
    assert job_of(parking, job).result == {"cars": 2, "of these coarsely": 0, "people": 3}
    found = fits_of(parking, [*cars, *people])
    assert all(isinstance(found[i].fit, VehicleFit) for i in cars)
    for i in people:
        row = found[i]
        assert isinstance(row.fit, BodyFit)
        assert row.fit.method is FitMethod.BODY
        assert row.shape_space == stand_in().label
        assert row.keypoint_set_id is not None
        assert row.mask_id is not None
        assert not row.stale
        assert row.annotator is None


def test_only_what_was_asked_for(parking: Parking) -> None:
    cars, people = parking.add_cars(0, CARS), add_people(parking, 0, walkers())
    do_job(parking.path, "fit", objects="people")
    assert sorted(fits_of(parking, [*cars, *people])) == people
    job = do_job(parking.path, "fit", objects="cars", redo=True)
    assert job_of(parking, job).result == {"cars": 2, "of these coarsely": 0, "people": 0}
    assert {row.version for row in fits_of(parking, people).values()} == {1}


def test_people_are_fitted_once_and_again_when_their_points_or_masks_are_others(parking: Parking) -> None:
    bodies = walkers()
    people = add_people(parking, 0, bodies)
    assert people_of(parking, do_job(parking.path, "fit")) == 3
    assert people_of(parking, do_job(parking.path, "fit")) == 0
    with Project.open(parking.path) as project:
        save_keypoints(History(project, "Ann"), people[1], points_of(bodies[1], CAMERA, 12), "Take some away")
    assert people_of(parking, do_job(parking.path, "fit")) == 1
    with Project.open(parking.path) as project:
        parking.calibrate(History(project, "Ann"), "again")
    assert people_of(parking, do_job(parking.path, "fit")) == 3
    assert people_of(parking, do_job(parking.path, "fit", redo=True)) == 3
    with Project.open(parking.path) as project, project.read() as connection:
        assert [row.version for row in fit_history(connection, people[1])] == [4, 3, 2, 1]


def test_what_a_person_judged_stays(parking: Parking) -> None:
    people = add_people(parking, 0, walkers())
    do_job(parking.path, "fit")
    before = fits_of(parking, people)
    with Project.open(parking.path) as project:
        review_fits(History(project, "Ann"), [before[people[0]].id], FitReview.REJECTED, "upside down")
    assert people_of(parking, do_job(parking.path, "fit", redo=True)) == 2
    assert fits_of(parking, people)[people[0]].id == before[people[0]].id


def test_another_body_makes_new_fits(parking: Parking, tmp_path: Path) -> None:
    people = add_people(parking, 0, walkers())
    do_job(parking.path, "fit")
    model = stand_in().model
    save_body(replace(model, template=1.02 * model.template), tmp_path / "tall.npz")
    assert people_of(parking, do_job(parking.path, "fit", body=str(tmp_path / "tall.npz"))) == 3
    assert {row.shape_space.split()[0] for row in fits_of(parking, people).values()} == {"tall"}
    with pytest.raises(BodyModelError):
        do_job(parking.path, "fit", body=str(tmp_path / "none.npz"))
    # a job for cars alone reads no body
    do_job(parking.path, "fit", body=str(tmp_path / "none.npz"), objects="cars")


def test_fits_under_the_label_of_before_are_not_made_anew(parking: Parking) -> None:
    person, short = add_people(parking, 0, walkers()[:1]), stand_in().label.rpartition("-")[0]
    do_job(parking.path, "fit", objects="people")
    with closing(sqlite3.connect(parking.path)) as connection, connection:
        connection.execute("UPDATE fit SET shape_space = ?", (short,))
    assert people_of(parking, do_job(parking.path, "fit", objects="people")) == 0
    assert fits_of(parking, person)[person[0]].shape_space == short


def test_an_accepted_fit_of_another_body_does_not_bring_its_track_up_again(
    parking: Parking, tmp_path: Path
) -> None:
    ids = [add_people(parking, n, [person_at(GROUND, (15.0 + 0.26 * n, 1.0))])[0] for n in range(3)]
    parking.join(ids)
    do_job(parking.path, "fit")
    accepted = fits_of(parking, ids)[ids[0]].id
    with Project.open(parking.path) as project:
        review_fits(History(project, "Ann"), [accepted], FitReview.ACCEPTED)
    save_body(replace(stand_in().model, template=1.02 * stand_in().model.template), tmp_path / "tall.npz")
    job = {"objects": "people", "body": str(tmp_path / "tall.npz")}
    assert people_of(parking, do_job(parking.path, "fit", **job)) == 2
    assert fits_of(parking, ids)[ids[0]].id == accepted
    assert people_of(parking, do_job(parking.path, "fit", **job)) == 0


def test_a_gpu_that_is_asked_for_is_taken_or_missed(
    parking: Parking, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = add_people(parking, 0, walkers())
    if not torch.cuda.is_available():
        with pytest.raises(FittingError, match="on the device 'cuda'"):
            do_job(parking.path, "fit", objects="people", device="cuda")
        assert fits_of(parking, people) == {}
    asked: list[str | None] = []

    def on_the_processor(device: str | None) -> Kit:
        asked.append(device)
        return kit_of(None)

    monkeypatch.setattr(fitter, "kit_of", on_the_processor)
    assert people_of(parking, do_job(parking.path, "fit", objects="people", device="cuda")) == 3
    assert set(asked) == {"cuda"}
    asked.clear()
    do_job(parking.path, "fit", objects="people", redo=True)
    assert set(asked) == {None}


def test_people_without_points_have_no_fit_and_the_log_says_so_once(parking: Parking) -> None:
    bare = add_people(parking, 0, walkers()[:2], 0) + add_people(parking, 1, walkers()[:1], 0)
    few = add_people(parking, 2, walkers(), 5)
    job = do_job(parking.path, "fit")
    assert fits_of(parking, [*bare, *few]) == {}
    assert log_of(parking, job).count("People with fewer than 6 keypoints are left out") == 1
    assert "Nobody was fitted" in log_of(parking, job)  # five points are too few
    assert job_of(parking, job).result["why nobody"] == "fits up to date, or too few points"
    assert "keypoints" not in log_of(parking, do_job(parking.path, "fit", objects="cars"))


@pytest.mark.parametrize(("count", "said"), [(5, 1), (6, 0)])
def test_people_with_few_points_are_told_of_in_the_log(parking: Parking, count: int, said: int) -> None:
    add_people(parking, 0, walkers(), count)
    assert log_of(parking, do_job(parking.path, "fit")).count("fewer than 6 keypoints") == said


def test_a_job_that_fitted_nobody_says_why_beside_the_nought(parking: Parking) -> None:
    def why() -> object:
        return job_of(parking, do_job(parking.path, "fit", objects="people")).result.get("why nobody")

    assert why() == "no people were found"
    assert "why nobody" not in job_of(parking, do_job(parking.path, "fit")).result  # nobody asked for people
    add_people(parking, 0, walkers()[:1], 0)
    assert why() == "none of them has keypoints"
    add_people(parking, 1, walkers()[:1])
    assert why() is None
    assert why() == "fits up to date, or too few points"


def test_the_frames_of_a_track_are_fitted_together(parking: Parking) -> None:
    step = 1.3 * 0.2
    way = [person_at(GROUND, (15.0 + step * n, 1.0), phase=0.19 * n) for n in range(4)]
    ids = [add_people(parking, n, [fit])[0] for n, fit in enumerate(way)]
    parking.join(ids)
    job = do_job(parking.path, "fit")
    found = fits_of(parking, ids)
    assert sorted(found) == ids
    assert {row.fit.method for row in found.values()} == {FitMethod.BODY_TRACK}
    assert len({row.fit.shape for row in found.values()}) == 1
    for i, truth in zip(ids, way, strict=True):
        assert np.allclose(found[i].fit.place_m, truth.place_m, atol=0.15)
    assert people_of(parking, job) == 4
    assert people_of(parking, do_job(parking.path, "fit")) == 0
    do_job(parking.path, "fit", method="single", redo=True)
    assert {row.fit.method for row in fits_of(parking, ids).values()} == {FitMethod.BODY}


@pytest.mark.parametrize("aside_m", [3.0, 8.0])
def test_a_track_that_goes_over_to_somebody_else_spoils_neither(tmp_path: Path, aside_m: float) -> None:
    parking = Parking(tmp_path / "two.amodal", frames=8)
    tall, short = (1.5, *(0.0,) * 9), (-1.5, *(0.0,) * 9)
    way = [person_at(GROUND, (15.0 + 0.25 * n, 1.0), phase=0.19 * n, betas=tall) for n in range(4)]
    way += [
        person_at(GROUND, (15.0 + 0.25 * n, 1.0 + aside_m), 3.0, phase=0.19 * n, betas=short)
        for n in range(4, 8)
    ]
    ids = [add_people(parking, n, [fit])[0] for n, fit in enumerate(way)]
    parking.join(ids)
    do_job(parking.path, "fit")
    found = fits_of(parking, ids)
    for i, truth in zip(ids, way, strict=True):
        assert found[i].fit.verdict is FitVerdict.GOOD
        assert np.allclose(found[i].fit.place_m, truth.place_m, atol=0.3)


def test_what_was_corrected_to_a_car_is_no_person_any_more(parking: Parking) -> None:
    [corrected, left] = add_people(parking, 0, walkers()[:2], masked=False)
    with Project.open(parking.path) as project:
        set_category(History(project, "Ann"), [corrected], Category.CAR)
    do_job(parking.path, "fit")
    assert sorted(fits_of(parking, [corrected, left])) == [left]


def test_traffic4d_knows_no_people(parking: Parking) -> None:
    cars, people = parking.add_track([12, 12, 12]), add_people(parking, 0, walkers())
    do_job(parking.path, "fit", method="traffic4d")
    assert sorted(fits_of(parking, [*cars, *people])) == cars
    with pytest.raises(JobError, match="no people"):
        do_job(parking.path, "fit", method="traffic4d", objects="people")


def test_a_way_of_fitting_that_there_is_not_is_refused(parking: Parking) -> None:
    add_people(parking, 0, walkers())
    with pytest.raises(JobError, match="no way called clairvoyance"):
        do_job(parking.path, "fit", people="clairvoyance")


@pytest.mark.parametrize("method", ["single", "track"])
def test_one_that_is_stopped_goes_on_where_it_was(
    parking: Parking, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(by_keypoints, "_BATCH", 2)
    ids = add_people(parking, 3, walkers())
    for y in (-2.0, 3.0):
        track = [add_people(parking, n, [person_at(GROUND, (16.0 + 0.25 * n, y))])[0] for n in range(2)]
        parking.join(track)
        ids += track
    with Project.open(parking.path) as project:
        job_id = create(project, "fit", {"method": method, "objects": "people", "redo": True})
    lives, state = 0, JobState.CANCELLED
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
    assert people_of(parking, job_id) == 7
    assert {row.version for row in fits_of(parking, ids).values()} == {1}


def test_cars_are_fitted_as_if_no_person_were_there(parking: Parking, tmp_path: Path) -> None:
    alone = Parking(tmp_path / "alone.amodal")
    found = []
    for one, people in ((alone, False), (parking, True)):
        ids = one.add_cars(0, CARS)
        if people:
            add_people(one, 0, walkers())
        do_job(one.path, "fit")
        found.append([fits_of(one, ids)[i].fit for i in ids])
    assert found[0] == found[1]
    assert {fit.verdict for fit in found[0]} == {FitVerdict.GOOD}
    assert np.allclose(found[0][0].place_m, CARS[0], atol=1e-3)
    assert default_space().label != stand_in().label
