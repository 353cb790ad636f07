"""A project's camera from its cars: found from keypoints alone, kept as a version, and checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Connection

from core.cli import main
from core.errors import CalibrationError
from core.fitting.calibration.sightings import CarSighting
from core.geometry.calibration.files.imported import ImportedCamera, result_of_import
from core.geometry.calibration.lens import Lens, bend_of
from core.geometry.calibration.result import from_record, to_record
from core.geometry.cameras import pinhole
from core.geometry.ground_plane import GroundPlane
from core.jobs import car_calibration
from core.jobs.car_calibration import car_sightings, check_camera, propose_from_cars
from core.jobs.one_camera import one_camera
from core.records.cameras import CalibrationMethod
from core.records.car_checks import CheckVerdict
from core.records.keypoints import KeypointRow, KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag
from core.store.edits.calibrations import save_calibration
from core.store.edits.keypoints import save_keypoints
from core.store.history import History
from core.store.project import Project
from core.store.queries.calibrations import calibration_history
from core.store.queries.keypoints import keypoints_in_force
from tests.jobs.parking import CAMERA, GROUND, HEIGHT, WIDTH, Parking

PLACES = [(16.0 + 3.0 * row, 5.0 * column) for row in range(8) for column in (-1, 0, 1)]


@pytest.fixture
def parking(tmp_path: Path) -> Parking:
    """Twenty-four cars of the mean shape in a camera that nobody has calibrated."""
    made = Parking(tmp_path / "cars.amodal", calibrated=False)
    made.add_cars(0, PLACES)
    return made


def say(parking: Parking, plane: GroundPlane | None) -> None:
    """Puts a calibration in force."""
    record = to_record(result_of_import(ImportedCamera("said", CAMERA, None, plane)))
    with Project.open(parking.path) as project:
        save_calibration(History(project, "Ann"), parking.camera_id, record)


def test_the_shell_finds_a_camera_from_its_cars_and_keeps_it(
    parking: Parking, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", str(parking.path), "--cars"]) == 0
    assert "way: cars" in capsys.readouterr().out
    with Project.open(parking.path, read_only=True) as project, project.read() as connection:
        [row] = calibration_history(connection, parking.camera_id)
    camera, plane = from_record(row.record)
    assert row.in_force
    assert row.record.method is CalibrationMethod.CARS
    assert row.evidence["cars"] == len(PLACES)
    # exact points of mean cars leave nothing but rounding
    assert camera.focal[0] == pytest.approx(CAMERA.focal[0], rel=0.01)
    assert plane is not None
    assert plane.height == pytest.approx(GROUND.height, rel=0.01)
    assert float(plane.normal @ GROUND.normal) > np.cos(np.deg2rad(0.3))
    assert main(["calibrate", str(parking.path), "--check"]) == 0
    assert "agrees" in capsys.readouterr().out


def test_a_wrong_height_is_told_in_the_shell_and_nothing_is_changed(
    parking: Parking, capsys: pytest.CaptureFixture[str]
) -> None:
    say(parking, GroundPlane(GROUND.normal, 1.25 * GROUND.height))
    assert main(["calibrate", str(parking.path), "--check"]) == 0
    out = capsys.readouterr().out
    assert "25 % too large" in out
    with Project.open(parking.path, read_only=True) as project, project.read() as connection:
        assert len(calibration_history(connection, parking.camera_id)) == 1


def test_a_lens_that_is_known_is_completed_by_the_cars(parking: Parking) -> None:
    say(parking, None)
    with Project.open(parking.path, read_only=True) as project:
        row = one_camera(project, "")
        with pytest.raises(CalibrationError, match="ground"):
            check_camera(project, row)
        record, evidence = propose_from_cars(project, row, keep_lens=True)
        assert record.matrix == pytest.approx(tuple(CAMERA.matrix.ravel()))
        assert record.height_m == pytest.approx(GROUND.height, rel=0.01)
        assert evidence["keep_lens"]
        # what is not yet saved can be checked too
        assert check_camera(project, row, record).verdict is CheckVerdict.AGREES


def test_a_track_is_one_car_and_pictures_of_another_size_do_not_count(tmp_path: Path) -> None:
    parking = Parking(tmp_path / "cars.amodal", calibrated=False)
    parking.add_track([12, 12, 12, 3])
    parking.add_cars(0, [(30.0, 4.0)], 6)
    with Project.open(parking.path, read_only=True) as project:
        row = one_camera(project, "")
        found = car_sightings(project, row, (WIDTH, HEIGHT))
        assert len(found) == 4  # three points are too few
        assert len({one.car for one in found}) == 2
        assert car_sightings(project, row, (640, 360)) == []
        with pytest.raises(CalibrationError, match="2 cars"):
            propose_from_cars(project, row)
        with pytest.raises(CalibrationError, match="not calibrated"):
            check_camera(project, row)
        with pytest.raises(CalibrationError, match="no lens"):
            propose_from_cars(project, row, keep_lens=True)


def test_of_very_many_the_best_seen_are_taken(parking: Parking, monkeypatch: pytest.MonkeyPatch) -> None:
    parking.add_cars(1, PLACES[:4], 5)
    monkeypatch.setattr(car_calibration, "MOST_SIGHTINGS", 25)
    with Project.open(parking.path, read_only=True) as project:
        found = car_sightings(project, one_camera(project, ""), (WIDTH, HEIGHT))
    assert [int(one.evidence.used.sum()) for one in found] == [12] * 24 + [5]


def test_a_bend_that_was_drawn_is_seen_through_and_the_focal_length_sought(tmp_path: Path) -> None:
    parking = Parking(tmp_path / "bent.amodal", calibrated=False)
    bend = 1e-7  # draws the sides in by a tenth
    lens = Lens(WIDTH, HEIGHT, bend_per_px2=bend)
    flat_to_seen = {place: lens.bent(parking.points_at(place) - CAMERA.centre) for place in PLACES}
    parking.points_at = lambda place, beta=(0.0,): flat_to_seen[place]  # type: ignore[method-assign]
    parking.add_cars(0, PLACES)
    # what was drawn had the bend right, and the focal length wrong
    drawn = to_record(result_of_import(ImportedCamera("drawn", lens.camera(1000.0), None, GROUND)))
    with Project.open(parking.path) as project:
        save_calibration(History(project, "Ann"), parking.camera_id, drawn)
        record, evidence = propose_from_cars(project, one_camera(project, "Gate"))
        kept, _ = propose_from_cars(project, one_camera(project, "Gate"), keep_lens=True)
        said, _ = propose_from_cars(project, one_camera(project, "Gate"), focal_px=1400.0)
    assert evidence["bend_per_px2"] == pytest.approx(bend)
    assert record.matrix[0] == pytest.approx(CAMERA.focal[0], rel=0.01)
    assert record.height_m == pytest.approx(GROUND.height, rel=0.01)
    assert record.distortion[5] == pytest.approx(bend * record.matrix[0] ** 2)
    assert kept.matrix[0] == pytest.approx(1000.0)
    assert said.distortion[5] == pytest.approx(bend * 1400.0**2)


def chosen_of(parking: Parking) -> list[CarSighting]:
    with Project.open(parking.path, read_only=True) as project:
        return car_sightings(project, one_camera(project, ""), (WIDTH, HEIGHT))


def test_of_very_many_few_are_read_and_always_the_same(
    parking: Parking, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def noted(connection: Connection, ids: Sequence[int]) -> dict[int, KeypointRow]:
        read.extend(ids)
        return keypoints_in_force(connection, ids)

    monkeypatch.setattr(car_calibration, "keypoints_in_force", noted)
    monkeypatch.setattr(car_calibration, "MOST_SIGHTINGS", 5)
    first = chosen_of(parking)
    assert len(first) == 5
    assert len(read) <= 10 < len(PLACES)
    again = chosen_of(parking)
    for one, two in zip(first, again, strict=True):
        assert one.car == two.car
        np.testing.assert_array_equal(one.evidence.pixels, two.evidence.pixels)


def test_points_that_are_no_evidence_make_room_for_others(
    parking: Parking, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Project.open(parking.path) as project:
        history = History(project, "Ann")
        guessed = PlacedPoint(1.0, 1.0, KeypointTag.VISIBLE, LabelOrigin.FIT)
        for instance_id in list(parking.places)[:5]:
            save_keypoints(history, instance_id, KeypointSet(Template.CAR, (guessed,) * 12), "Accept")
    monkeypatch.setattr(car_calibration, "MOST_SIGHTINGS", 12)
    found = chosen_of(parking)
    assert len(found) == 12
    assert all(one.evidence.used.all() for one in found)


def test_a_focal_length_that_is_said_is_kept(parking: Parking, capsys: pytest.CaptureFixture[str]) -> None:
    focal = float(CAMERA.focal[0])
    assert main(["calibrate", str(parking.path), "--cars", "--focal", str(focal)]) == 0
    with Project.open(parking.path, read_only=True) as project, project.read() as connection:
        [row] = calibration_history(connection, parking.camera_id)
    assert row.record.matrix[0] == focal
    assert row.record.height_m == pytest.approx(GROUND.height, rel=0.01)
    for wrong, why in ((["nan"], "is none"), (["-5"], "is none"), (["500", "--keep-lens"], "twice")):
        assert main(["calibrate", str(parking.path), "--cars", "--focal", *wrong]) == 2
        assert why in capsys.readouterr().err


def test_a_picture_of_no_size_is_refused(parking: Parking, capsys: pytest.CaptureFixture[str]) -> None:
    for size in ("nanx9", "infx9"):
        assert main(["calibrate", str(parking.path), "--cars", "--picture", size]) == 2
        assert "is no size" in capsys.readouterr().err


def test_the_shell_takes_one_way_at_a_time(parking: Parking, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", str(parking.path), "--cars", "--check"]) == 2
    assert "More than one way" in capsys.readouterr().err


def test_a_bend_of_another_kind_is_not_drawn() -> None:
    assert bend_of(CAMERA) == 0.0
    assert bend_of(pinhole(WIDTH, HEIGHT, 1000.0, None, (-0.1, 0.0, 0.0, 0.0))) is None
    assert bend_of(Lens(WIDTH, HEIGHT, bend_per_px2=1e-7).camera(900.0)) == pytest.approx(1e-7)
