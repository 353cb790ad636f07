"""People in the job that cuts objects out: where they stand, by their fits or by their feet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.geometry.masks import rle_to_patch
from core.jobs.cut.places import Places
from core.records.fits import BodyFit, FitReview, FitVerdict
from core.records.recipes import Piece, PieceRow
from core.shapes.space_file import default_space
from core.store import job_rows
from core.store.edits.fits import review_fits
from core.store.edits.keypoints import save_keypoints
from core.store.history import History
from core.store.project import Project
from core.store.queries.calibrations import calibration_in_force
from core.store.queries.fits import fits_in_force
from core.store.queries.pieces import piece_rows, pieces_by_ids
from tests.jobs.doing import do_job
from tests.jobs.yard import CAMERA, CARS, HEIGHT, WIDTH, Yard
from tests.jobs.yard_people import PEOPLE
from tests.placed_people import points_of, stand_in


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path / "yard.amodal", CARS, PEOPLE)


def cut(yard: Yard) -> dict[str, Any]:
    # cars drive by behind them: whether their outlines are clear is not at issue
    job_id = do_job(yard.path, "cut", edge_percent=0)
    with Project.open(yard.path) as project, project.read() as connection:
        row = job_rows.get_job(connection, job_id)
    assert row is not None
    return dict(row.result or {})


def in_force(yard: Yard) -> dict[int, tuple[PieceRow, Piece]]:
    """id of each person -> its piece in force."""
    with Project.open(yard.path) as project, project.read() as connection:
        ids = [r[0] for r in connection.exec_driver_sql("SELECT id FROM piece WHERE in_force ORDER BY id")]
        rows = {row.instance_id: row for row in piece_rows(connection, ids)}
        whole = pieces_by_ids(connection, ids)
    return {i: (rows[i], whole[rows[i].id]) for i in yard.bodies()}


def disc(yard: Yard, piece: Piece) -> tuple[tuple[int, int], ...]:
    with Project.open(yard.path) as project, project.read() as connection:
        row = calibration_in_force(connection, yard.camera_id)
    assert row is not None
    found = Places(row.record, WIDTH, HEIGHT, default_space(), 0.4).of_person(rle_to_patch(piece.mask))
    assert found is not None
    return found.corners


def hull(yard: Yard, body: BodyFit) -> tuple[tuple[int, int], ...]:
    with Project.open(yard.path) as project, project.read() as connection:
        row = calibration_in_force(connection, yard.camera_id)
    assert row is not None
    found = Places(row.record, WIDTH, HEIGHT, default_space(), 0.4).of_body(body, stand_in().label)
    assert found is not None
    return found.corners


def stands(yard: Yard) -> dict[int, str]:
    """id -> by what each person stands where it does."""
    names = {}
    for i, (row, piece) in in_force(yard).items():
        assert row.footprint is not None
        feet = {hull(yard, yard.bodies()[i]): "body", disc(yard, piece): "disc"}
        names[i] = feet[row.footprint]
        assert row.has_fit == (piece.fit is not None) == (names[i] == "body")
    return names


def test_people_stand_on_a_disc_until_they_are_fitted(yard: Yard) -> None:
    assert cut(yard)["with new keypoints or fit"] == 0
    assert set(stands(yard).values()) == {"disc"}
    yard.fit_people()
    assert all(row.stale for row, _ in in_force(yard).values())
    assert cut(yard)["with new keypoints or fit"] == len(yard.bodies())
    assert set(stands(yard).values()) == {"body"}
    for i, (row, piece) in in_force(yard).items():
        assert isinstance(piece.fit, BodyFit)
        assert np.allclose(piece.fit.translation, yard.bodies()[i].translation)
        assert not row.stale
    assert cut(yard)["with new keypoints or fit"] == 0


def test_a_fit_that_is_not_good_is_gone_by_only_where_a_person_accepts_it(yard: Yard) -> None:
    yard.fit_people(FitVerdict.AMBIGUOUS)
    cut(yard)
    assert set(stands(yard).values()) == {"disc"}
    first, *rest = yard.bodies()
    with Project.open(yard.path) as project, project.read() as connection:
        fits = fits_in_force(connection, [first])
        review_fits(History(project, "Ann"), [fits[first].id], FitReview.ACCEPTED)
    cut(yard)
    assert stands(yard) == {first: "body"} | dict.fromkeys(rest, "disc")


def test_a_fit_that_a_person_rejects_or_that_is_stale_is_not_gone_by(yard: Yard) -> None:
    yard.fit_people()
    first, second, *rest = yard.bodies()
    with Project.open(yard.path) as project:
        history = History(project, "Ann")
        with project.read() as connection:
            fits = fits_in_force(connection, [first])
        review_fits(history, [fits[first].id], FitReview.REJECTED, "upside down")
        save_keypoints(history, second, points_of(yard.bodies()[second], CAMERA), "Place points")
    cut(yard)
    assert stands(yard) == {first: "disc", second: "disc"} | dict.fromkeys(rest, "body")


def test_a_person_in_a_body_that_is_not_here_stands_on_a_box(yard: Yard) -> None:
    yard.fit_people(body="SMPL_NEUTRAL 0123456789ab")
    cut(yard)
    for i, (row, piece) in in_force(yard).items():
        assert row.footprint is not None
        assert len(row.footprint) == 4
        assert np.mean(row.footprint, axis=0) == pytest.approx(
            1000 * np.array(yard.bodies()[i].place_m), abs=2
        )
        assert piece.fit is not None
