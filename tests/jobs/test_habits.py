"""Habits of placing points: learned from others' points in a project, kept as a space, fitted with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.cli import main
from core.errors import FittingError
from core.jobs.habits import learn_habits
from core.jobs.one_camera import one_camera
from core.records.occlusion import LabelOrigin
from core.shapes.space_file import default_space, load_space
from core.store.edits.keypoints import save_keypoints
from core.store.history import History
from core.store.project import Project
from core.store.queries.fits import fits_in_force
from tests.jobs.doing import do_job
from tests.jobs.parking import Parking

PLACES = [(16.0 + 3.0 * row, 5.0 * column) for row in range(10) for column in (-1, 0, 1)]
# tail lamps put 12 cm in from the side: that neither moves nor tips a car
HABIT = np.zeros((12, 3))
HABIT[[6, 7]] = [[0.0, 0.12, 0.0], [0.0, -0.12, 0.0]]


@pytest.fixture
def parking(tmp_path: Path) -> Parking:
    """Thirty cars of the mean shape whose imported points have a habit."""
    made = Parking(tmp_path / "cars.amodal")
    made.space = replace(default_space(), mean=default_space().mean + HABIT)
    made.add_cars(0, PLACES)
    return made


def place_by_hand(parking: Parking, ids: list[int]) -> None:
    """As a person places them: by the program's template."""
    parking.space = default_space()
    with Project.open(parking.path) as project:
        for i in ids:
            points = parking.keypoints_at(parking.places[i])
            mine = tuple(one and replace(one, origin=LabelOrigin.HUMAN) for one in points.points)
            save_keypoints(History(project, "Ann"), i, replace(points, points=mine), "Place keypoints")


def test_others_habit_is_kept_as_a_space_and_only_their_cars_are_fitted_by_it(
    parking: Parking, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = sorted(parking.places)[:4]
    place_by_hand(parking, own)
    out = tmp_path / "theirs.npz"
    assert main(["shapes", "habits", str(parking.path), str(out)]) == 0
    said = capsys.readouterr().out
    assert "learned from 26 cars" in said
    assert "taillights:" in said
    assert "--points others" in said
    space = load_space(out)
    assert space.name.endswith("points as in Gate")
    assert space.label != default_space().label
    moved = space.mean - default_space().mean
    assert moved[7, 1] == pytest.approx(-0.12, abs=0.05)
    assert space.mesh is not None

    do_job(parking.path, "fit", space=str(out), points="others", coarse=False)
    with Project.open(parking.path) as project, project.read() as connection:
        fits = fits_in_force(connection, sorted(parking.places))
    assert sorted(fits) == sorted(set(parking.places) - set(own))
    assert {row.shape_space for row in fits.values()} == {space.label}
    # exact points: what the habit does not explain is less than the lamps are off
    assert np.median([row.fit.rms_px for row in fits.values()]) < 1.0
    do_job(parking.path, "fit", coarse=False)
    with Project.open(parking.path) as project, project.read() as connection:
        mine = fits_in_force(connection, own)
    assert {row.shape_space for row in mine.values()} == {default_space().label}


def test_peoples_own_points_teach_no_habit(parking: Parking) -> None:
    place_by_hand(parking, sorted(parking.places)[5:])
    with Project.open(parking.path) as project, pytest.raises(FittingError, match="5 cars") as refused:
        learn_habits(project, one_camera(project, "Gate"), default_space())
    assert "program's template" in refused.value.way_out


def test_a_camera_without_a_calibration_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parking = Parking(tmp_path / "cars.amodal", calibrated=False)
    assert main(["shapes", "habits", str(parking.path), str(tmp_path / "x.npz")]) == 2
    assert "not calibrated" in capsys.readouterr().err
    assert not (tmp_path / "x.npz").exists()
