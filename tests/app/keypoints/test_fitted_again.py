"""A car that was annotated in the window and is fitted again by the job stays where the window put it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.records.fits import FitMethod, FitRow, FitVerdict, VehicleFit
from core.records.occlusion import LabelOrigin
from core.store.edits.calibrations import save_calibration
from core.store.history import History
from core.store.project import Project
from core.store.queries.calibrations import calibration_in_force
from core.store.queries.fits import fits_in_force
from tests.app.conftest import FakeFrames
from tests.app.keypoints import streets
from tests.app.keypoints.conftest import Desk, open_desk
from tests.jobs.doing import do_job


@pytest.fixture
def desk(qtbot: QtBot, frames: FakeFrames, street_path: Path) -> Iterator[Desk]:
    """The workspace on a street whose cars the job has fitted coarsely."""
    do_job(street_path, "fit")
    yield from open_desk(qtbot, street_path)


def calibrate_again(path: Path) -> None:
    """The same calibration as a new version: every fit is stale, and may be replaced."""
    with Project.open(path) as project:
        with project.read() as connection:
            row = calibration_in_force(connection, 1)
        assert row is not None
        save_calibration(History(project, "Ben"), row.camera_id, row.record)


def in_force(path: Path, instance_id: int) -> FitRow:
    with Project.open(path) as project, project.read() as connection:
        return fits_in_force(connection, [instance_id])[instance_id]


def apart(one: VehicleFit, other: VehicleFit) -> float:
    """How far two fits lie apart, in standard deviations of the first: of its place, or of its heading."""
    assert one.sigmas is not None
    assert one.sigmas.place is not None
    assert one.heading_rad is not None
    assert other.heading_rad is not None
    xx, xy, yy = one.sigmas.place
    way = np.subtract(other.place_m, one.place_m)
    turn = (other.heading_rad - one.heading_rad + np.pi) % (2 * np.pi) - np.pi
    place = float(np.sqrt(way @ np.linalg.solve([[xx, xy], [xy, yy]], way)))
    return max(place, abs(turn) / one.sigmas.heading_rad)


@pytest.mark.parametrize(("clicks", "method"), [(0, "track"), (1, "track"), (2, "single"), (5, "track")])
def test_window_and_job_fit_a_car_alike(desk: Desk, street_path: Path, clicks: int, method: str) -> None:
    # of these two the outline alone tells front from back
    for car in streets.cars(street_path)[1:3]:
        desk.show(car)
        desk.place_true(car, car.seen(clicks))
        assert desk.state.sure
        desk.do("accept")
        accepted = desk.fit_of(car.instance_id)
        assert accepted.fit.is_coarse == (clicks == 0)
        # a fit that is up to date and a person's stays, whatever the job is told
        do_job(street_path, "fit", method=method, redo=True)
        assert in_force(street_path, car.instance_id).id == accepted.id
        calibrate_again(street_path)
        do_job(street_path, "fit", method=method, redo=True)
        again = in_force(street_path, car.instance_id)
        assert again.annotator is None
        assert not again.stale
        assert again.fit.verdict is FitVerdict.GOOD
        assert again.fit.method is (FitMethod.GROUND if clicks else FitMethod.COARSE)
        assert again.fit.used == clicks
        assert again.mask_id == accepted.mask_id
        assert again.mask_id is not None
        # the same evidence: only where the steps of the search end may differ
        assert apart(accepted.fit, again.fit) < 0.5


def test_a_car_that_is_opened_again_is_fitted_as_before(desk: Desk, street_path: Path) -> None:
    """What is known of it must not depend on which of its fits is in force."""
    other, car = streets.cars(street_path)[:2]
    desk.show(car)
    desk.place_true(car, car.seen(1))
    desk.do("accept")
    accepted = desk.fit_of(car.instance_id)
    points = desk.kept(car.instance_id)
    assert points is not None
    assert sum(point is not None and point.origin is LabelOrigin.HUMAN for point in points.points) == 1
    desk.show(other)
    desk.show(car)
    index = car.seen(1)[0]
    desk.place(index, *car.pixels[index])
    desk.do("accept")
    desk.show(other)
    assert apart(accepted.fit, desk.fit_of(car.instance_id).fit) < 0.5
