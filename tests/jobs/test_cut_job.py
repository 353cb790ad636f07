"""The job that cuts objects out: what it takes, what it renews without footage, and where it goes on."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from core.errors import FootageMissingError
from core.jobs.context import JobContext
from core.jobs.cut import work as cut_work
from core.jobs.registry import create
from core.jobs.runner import run_job
from core.records.fits import FitMethod, FitReview, FitVerdict
from core.records.jobs import JobState
from core.records.occlusion import Verdict
from core.records.recipes import Cutout, Piece, PieceRow
from core.store import job_rows
from core.store.edits.fits import review_fits
from core.store.edits.keypoints import save_keypoints
from core.store.edits.verdicts import set_verdict
from core.store.history import History
from core.store.project import Project
from core.store.queries.fits import fits_in_force
from core.store.queries.pieces import cutouts_by_ids, piece_rows, pieces_by_ids
from core.store.writers.cutouts import write_pieces
from tests.jobs.doing import do_job
from tests.jobs.yard import CARS, PARKED, Yard
from tests.store.doing_cars import points


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path / "yard.amodal")


def cut(yard: Yard, **settings: Any) -> dict[str, Any]:
    """Runs the job; gives its result."""
    job_id = do_job(yard.path, "cut", **settings)
    with Project.open(yard.path) as project, project.read() as connection:
        row = job_rows.get_job(connection, job_id)
    assert row is not None
    return dict(row.result or {})


def counts(result: dict[str, Any]) -> tuple[int, int, int]:
    return result["cut"], result["with new keypoints or fit"], result["up to date"]


def in_force(yard: Yard) -> dict[int, PieceRow]:
    """instance -> its piece in force."""
    with Project.open(yard.path) as project, project.read() as connection:
        ids = [r[0] for r in connection.exec_driver_sql("SELECT id FROM piece WHERE in_force ORDER BY id")]
        return {row.instance_id: row for row in piece_rows(connection, ids)}


def read(yard: Yard, instance_id: int) -> tuple[Piece, Cutout]:
    row = in_force(yard)[instance_id]
    with Project.open(yard.path) as project, project.read() as connection:
        piece = pieces_by_ids(connection, [row.id])[row.id]
        return piece, cutouts_by_ids(connection, [piece.cutout_id])[piece.cutout_id]


def log_of(yard: Yard) -> list[str]:
    with Project.open(yard.path) as project, project.read() as connection:
        return [row[0] for row in connection.exec_driver_sql("SELECT text FROM job_log ORDER BY id")]


def test_what_moves_is_cut_in_every_frame_and_what_is_parked_once(yard: Yard) -> None:
    result = cut(yard)
    assert counts(result) == (len(yard.all_ids()) + 1, 0, 0)
    found = in_force(yard)
    standing = [row for row in found.values() if row.standing]
    assert [row.instance_id in yard.ids[-1].values() for row in standing] == [True]
    assert sorted(i for i, row in found.items() if not row.standing) == yard.all_ids()
    assert not any(row.stale for row in found.values())


def test_an_objects_pixels_are_those_of_its_frame(yard: Yard) -> None:
    cut(yard)
    instance_id = yard.ids[0][2]
    _, cutout = read(yard, instance_id)
    frame = cv2.imread(str(yard.pictures / "0002.png"))
    pixels = cv2.imdecode(np.frombuffer(cutout.pixels, np.uint8), cv2.IMREAD_COLOR)
    planes = cv2.imdecode(np.frombuffer(cutout.planes, np.uint8), cv2.IMREAD_COLOR)
    its_own = planes[..., 2] > 0  # OpenCV's order: the first plane comes last
    there = frame[cutout.y : cutout.y + cutout.h, cutout.x : cutout.x + cutout.w]
    assert its_own.any()
    assert np.array_equal(pixels[its_own], there[its_own])


def test_cars_cover_the_ground_that_they_stand_on(yard: Yard) -> None:
    cut(yard)
    for car, ids in zip(yard.cars, yard.ids, strict=True):
        for number, instance_id in ids.items():
            row, place = in_force(yard).get(instance_id), car.places[number]
            if row is None:  # another view of what is parked
                continue
            assert row.footprint is not None
            assert place is not None
            corners = np.array(row.footprint, dtype=np.float64) / 1000
            sides = np.linalg.norm(np.diff(corners, axis=0, append=corners[:1]), axis=1)
            # the mean car, its mirrors left out as the light stand-in does
            low, high = (end[:2] for end in _extent(yard))
            assert np.allclose(sorted(sides), sorted([*(high - low), *(high - low)]), atol=0.003)
            assert np.linalg.norm(corners.mean(axis=0) - place) < np.linalg.norm(high + low) / 2 + 0.003


def _extent(yard: Yard) -> tuple[np.ndarray, np.ndarray]:
    vertices = yard.space.proxy_vertices(np.zeros(yard.space.components))
    return vertices.min(axis=0), vertices.max(axis=0)


def test_what_is_up_to_date_is_cut_once(yard: Yard) -> None:
    first = cut(yard)["cut"]
    before = in_force(yard)
    assert counts(cut(yard)) == (0, 0, first)
    assert in_force(yard) == before
    assert counts(cut(yard, redo=True)) == (first, 0, 0)


def test_new_keypoints_make_a_new_piece_of_the_same_cut_out_without_footage(yard: Yard) -> None:
    total = cut(yard)["cut"]
    instance_id = yard.ids[0][1]
    before = in_force(yard)[instance_id]
    shutil.rmtree(yard.pictures)
    with Project.open(yard.path) as project:
        save_keypoints(History(project, "Ann"), instance_id, points((1.0, 2.0)), "Place a point")
    assert counts(cut(yard)) == (0, 1, total - 1)
    piece, _ = read(yard, instance_id)
    assert piece.cutout_id == before.cutout_id
    assert piece.id != before.id
    assert piece.keypoints == points((1.0, 2.0))
    # its fit was made from other keypoints, so it is none to label with
    assert piece.fit is None
    assert in_force(yard)[instance_id].footprint is None


def test_a_new_calibration_leaves_no_fit_until_there_are_new_ones(yard: Yard) -> None:
    total = cut(yard)["cut"]
    with Project.open(yard.path) as project:
        yard.calibrate(History(project, "Ann"), "again")
    assert all(row.stale for row in in_force(yard).values())
    assert counts(cut(yard)) == (0, total, 0)
    assert not any(row.has_fit for row in in_force(yard).values())
    yard.fit()
    assert counts(cut(yard)) == (0, total, 0)
    assert all(row.footprint is not None for row in in_force(yard).values())


def test_a_fit_that_is_no_good_is_not_carried_unless_a_person_accepts_it(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard.amodal", CARS, fitted=False)
    yard.fit(verdict=FitVerdict.AMBIGUOUS)
    total = cut(yard)["cut"]
    assert not any(row.has_fit for row in in_force(yard).values())
    instance_id = yard.ids[0][1]
    with Project.open(yard.path) as project:
        with project.read() as connection:
            fit_id = fits_in_force(connection, [instance_id])[instance_id].id
        review_fits(History(project, "Ann"), [fit_id], FitReview.ACCEPTED)
    assert counts(cut(yard)) == (0, 1, total - 1)
    assert in_force(yard)[instance_id].has_fit
    with Project.open(yard.path) as project:
        review_fits(History(project, "Ann"), [fit_id], FitReview.REJECTED)
    assert in_force(yard)[instance_id].stale
    assert counts(cut(yard)) == (0, 1, total - 1)
    assert not in_force(yard)[instance_id].has_fit


def test_coarse_fits_can_be_left_out(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard.amodal", CARS, fitted=False)
    yard.fit(method=FitMethod.COARSE)
    cut(yard)
    assert all(row.has_fit for row in in_force(yard).values())
    cut(yard, coarse=False)
    assert not any(row.has_fit for row in in_force(yard).values())


def test_rejected_occluded_small_and_unsure_objects_are_left_out(yard: Yard) -> None:
    ids = yard.all_ids()
    with Project.open(yard.path) as project:
        history = History(project, "Ann")
        set_verdict(history, [ids[0]], Verdict.REJECTED)
        set_verdict(history, [ids[1]], Verdict.OCCLUDED)
        set_verdict(history, [ids[2]], Verdict.UNOCCLUDED)
    assert counts(cut(yard, reviewed_only=True, standing=False))[0] == 1
    assert sorted(in_force(yard)) == [ids[2]]
    assert counts(cut(yard, min_score=0.95, standing=False))[0] == 0
    assert counts(cut(yard, min_size_px=400, standing=False))[0] == 0
    cut(yard, standing=False)
    assert sorted(in_force(yard)) == ids[2:]


def test_what_is_parked_but_not_in_the_background_is_pasted_like_others(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard.amodal")
    gone = Yard(tmp_path / "empty.amodal", CARS)
    yard.ground = gone.ground
    with Project.open(yard.path) as project:
        yard.add_background(project)
    cut(yard)
    assert not any(row.standing for row in in_force(yard).values())
    assert len(set(in_force(yard)) & set(yard.ids[-1].values())) == 1


def test_what_came_and_went_while_the_background_shows_it_was_never_there(yard: Yard) -> None:
    _put_into_background(yard, yard.pictures / "0001.png")
    cut(yard)
    row = in_force(yard)[yard.ids[0][1]]
    assert row.standing
    assert row.footprint is None
    # nor is it made anew each time
    assert counts(cut(yard))[:2] == (0, 0)


def test_what_has_something_against_it_is_not_pasted_unless_that_is_wanted(yard: Yard) -> None:
    instance_id = yard.ids[0][2]
    mask = yard.outline_at((20.0, 4.0))
    changed = yard.ground.copy()
    changed[max(0, mask.y - 8) : mask.y + 4, mask.x : mask.x + mask.bits.shape[1]] = (200, 30, 30)
    path = yard.pictures.parent / "changed.png"
    cv2.imwrite(str(path), changed[..., ::-1])
    _put_into_background(yard, path)
    cut(yard)
    assert in_force(yard)[instance_id].footprint is None
    assert in_force(yard)[yard.ids[2][5]].footprint is not None
    cut(yard, edge_percent=0, redo=True)
    assert in_force(yard)[instance_id].footprint is not None


def test_an_outline_that_no_car_has_is_not_placed(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard.amodal", fitted=False)
    yard.fit(FitMethod.COARSE, shape=6.0)
    cut(yard)
    assert all(row.footprint is None for row in in_force(yard).values())


def _put_into_background(yard: Yard, picture: Path) -> None:
    yard.ground = np.ascontiguousarray(cv2.imread(str(picture))[..., ::-1])
    with Project.open(yard.path) as project:
        yard.add_background(project)


def test_what_is_parked_and_hidden_stands_without_a_place(yard: Yard) -> None:
    with Project.open(yard.path) as project:
        set_verdict(History(project, "Ann"), list(yard.ids[-1].values()), Verdict.OCCLUDED)
    cut(yard)
    [row] = [row for row in in_force(yard).values() if row.standing]
    assert row.footprint is None
    assert not row.stale


def test_without_a_calibration_or_a_background_objects_are_cut_all_the_same(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard.amodal", (*CARS, PARKED), calibrated=False, background=False)
    result = cut(yard)
    assert result["of the new, with a place on the ground"] == 0
    assert counts(result)[0] == len(yard.all_ids()) + 1
    assert any("is not calibrated" in line for line in log_of(yard))
    assert any("has no background" in line for line in log_of(yard))


def test_what_was_cut_before_there_was_a_background_is_cut_by_it(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard.amodal", background=False)
    total = cut(yard)["cut"]
    assert not any(row.standing for row in in_force(yard).values())
    with Project.open(yard.path) as project:
        yard.add_background(project)
    assert counts(cut(yard)) == (total, 0, 0)
    [parked] = [row for row in in_force(yard).values() if row.standing]
    assert parked.instance_id in yard.ids[-1].values()
    assert counts(cut(yard)) == (0, 0, total)


def test_what_was_cut_before_stays_where_its_footage_is_gone(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard.amodal", background=False)
    total = cut(yard)["cut"]
    with Project.open(yard.path) as project:
        yard.add_background(project)
    shutil.rmtree(yard.pictures)
    result = cut(yard)
    assert counts(result) == (0, 0, total)
    assert result["without footage"] == 0


def test_footage_that_is_gone_is_one_plain_line(yard: Yard) -> None:
    shutil.rmtree(yard.pictures)
    with pytest.raises(FootageMissingError, match="None of 14 objects could be cut out"):
        cut(yard)
    assert in_force(yard) == {}


def test_footage_that_is_gone_leaves_what_is_cut_usable(yard: Yard) -> None:
    ids = yard.all_ids()
    with Project.open(yard.path) as project:
        set_verdict(History(project, "Ann"), ids[:1], Verdict.OCCLUDED)
    total = cut(yard)["cut"]
    shutil.rmtree(yard.pictures)
    with Project.open(yard.path) as project:
        set_verdict(History(project, "Ann"), ids[:1], Verdict.UNOCCLUDED)
    result = cut(yard)
    assert counts(result) == (0, 0, total)
    assert result["without footage"] == 1
    assert log_of(yard)[-1].startswith("1 object could not be cut out")


def test_a_job_that_is_stopped_goes_on_where_it_was(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Yard(yard.path.with_name("other.amodal"))
    cut(other)
    with Project.open(yard.path) as project:
        job_id = create(project, "cut", {})
    lives, state = 0, JobState.CANCELLED
    while state is JobState.CANCELLED:
        lives += 1
        state = run_job(yard.path, job_id, on_start=partial(_stop_after_two_writes, monkeypatch))
    assert lives > 2
    strip = [(r.instance_id, r.box, r.footprint, r.light_q8, r.standing) for r in in_force(yard).values()]
    assert sorted(strip, key=repr) == sorted(
        [(r.instance_id, r.box, r.footprint, r.light_q8, r.standing) for r in in_force(other).values()],
        key=repr,
    )
    with Project.open(yard.path) as project, project.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM piece WHERE NOT in_force").scalar_one() == 0


def _stop_after_two_writes(monkeypatch: pytest.MonkeyPatch, context: JobContext) -> None:
    asked: list[int] = []

    def written(*arguments: Any, **more: Any) -> int:
        asked.append(1)
        if len(asked) == 2:
            context.request_stop()
        return write_pieces(*arguments, **more)

    monkeypatch.setattr(cut_work, "write_pieces", written)
