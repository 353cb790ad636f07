"""A project's camera from its people: found from mined masks alone, kept as a version, and checked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from core.cli import main
from core.errors import CalibrationError
from core.geometry.calibration.files.imported import ImportedCamera, result_of_import
from core.geometry.calibration.result import from_record, to_record
from core.geometry.ground_plane import GroundPlane
from core.jobs.one_camera import one_camera
from core.jobs.people_calibration import (
    FRAMES_EACH,
    check_people,
    people_sightings,
    propose_from_people,
)
from core.records.cameras import CalibrationMethod
from core.records.car_checks import CheckVerdict
from core.records.occlusion import OcclusionLabel
from core.store.edits.calibrations import save_calibration
from core.store.history import History
from core.store.project import Project
from core.store.queries import people_choice
from core.store.queries.calibrations import calibration_history
from core.store.queries.people_choice import choose_people
from tests.jobs.parking import CAMERA, GROUND, HEIGHT, WIDTH, Parking
from tests.jobs.square import FRAMES, make_square

PEOPLE = 16


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Parking:
    """Read only: tests that write make their own."""
    return make_square(tmp_path_factory.mktemp("square") / "square.amodal", PEOPLE)


def say(square: Parking, times_height: float) -> None:
    plane = GroundPlane(GROUND.normal, times_height * GROUND.height)
    record = to_record(result_of_import(ImportedCamera("said", CAMERA, None, plane)))
    with Project.open(square.path) as project:
        save_calibration(History(project, "Ann"), square.camera_id, record)


def test_the_shell_finds_a_camera_from_its_people_and_checks_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    square = make_square(tmp_path / "square.amodal", PEOPLE)
    assert main(["calibrate", str(square.path), "--people", "--focal", "1400"]) == 0
    assert "way: people" in capsys.readouterr().out
    with Project.open(square.path, read_only=True) as project, project.read() as connection:
        [row] = calibration_history(connection, square.camera_id)
    camera, plane = from_record(row.record)
    assert row.record.method is CalibrationMethod.PEOPLE
    assert row.evidence["people"] == PEOPLE
    assert camera.focal[0] == 1400
    assert plane is not None
    assert plane.height == pytest.approx(GROUND.height, rel=0.03)
    assert float(plane.normal @ GROUND.normal) > np.cos(np.deg2rad(0.6))
    # there are no cars with keypoints; the people answer
    assert main(["calibrate", str(square.path), "--check"]) == 0
    assert "agrees with its people; 16 people" in capsys.readouterr().out
    # who says that they are taller is told that they come out too small
    assert main(["calibrate", str(square.path), "--check", "--stature", "2"]) == 0
    assert "too small" in capsys.readouterr().out


def test_statures_of_nobody_are_refused(made: Parking, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", str(made.path), "--people", "--stature", "17"]) != 0
    assert "metres" in capsys.readouterr().err


def test_a_wrong_height_is_told_with_how_tall_people_come_out(tmp_path: Path) -> None:
    square = make_square(tmp_path / "square.amodal", PEOPLE)
    say(square, 1.3)
    with Project.open(square.path, read_only=True) as project:
        found = check_people(project, one_camera(project, ""))
    assert found.verdict is CheckVerdict.OFF
    assert found.tall_m == pytest.approx(1.3 * 1.75, rel=0.03)
    assert "30 % too large" in found.sentences[0]


def test_a_camera_without_calibration_or_people_is_told_what_to_do(made: Parking, tmp_path: Path) -> None:
    with Project.open(made.path, read_only=True) as project:
        with pytest.raises(CalibrationError, match="not calibrated"):
            check_people(project, one_camera(project, ""))
        with pytest.raises(CalibrationError, match="no lens in force"):
            propose_from_people(project, one_camera(project, ""), keep_lens=True)
    empty = Parking(tmp_path / "empty.amodal", calibrated=True)
    with (
        Project.open(empty.path, read_only=True) as project,
        pytest.raises(CalibrationError, match="head to foot") as told,
    ):
        check_people(project, one_camera(project, ""))
    assert "Mine" in told.value.way_out


def test_only_unoccluded_people_count(tmp_path: Path) -> None:
    square = make_square(tmp_path / "hidden.amodal", 3, label=OcclusionLabel.OCCLUDED)
    with Project.open(square.path, read_only=True) as project:
        assert people_sightings(project, one_camera(project, ""), (WIDTH, HEIGHT)) == []


def test_pictures_of_another_size_do_not_count(made: Parking) -> None:
    with Project.open(made.path, read_only=True) as project:
        camera = one_camera(project, "")
        assert people_sightings(project, camera, (640, 360)) == []
        assert len(people_sightings(project, camera, (WIDTH, HEIGHT))) == PEOPLE * min(FRAMES, FRAMES_EACH)


def test_people_are_chosen_in_frames_spread_over_their_tracks(made: Parking) -> None:
    with Project.open(made.path, read_only=True) as project, project.read() as connection:
        chosen = choose_people(connection, [made.source_id], 2, 4, 5)
        every = choose_people(connection, [made.source_id], 2, 100, 100)
        assert choose_people(connection, [made.source_id], FRAMES + 1, 4, 5) == []
        assert choose_people(connection, [], 2, 4, 5) == []
    assert len({one.person for one in chosen}) == 5
    assert len(chosen) == 5 * 4
    assert len(every) == PEOPLE * FRAMES
    for person in {one.person for one in chosen}:
        ids = [one.instance_id for one in every if one.person == person]
        taken = [ids.index(one.instance_id) for one in chosen if one.person == person]
        assert taken == [0, 2, 4, 6]


def test_tracks_lead_to_their_people_however_many_objects_there_are(made: Parking) -> None:
    with Project.open(made.path, read_only=True) as project, project.read() as connection:
        query = text("EXPLAIN QUERY PLAN " + people_choice._CHOICE.format(sources=str(made.source_id)))
        plan = connection.execute(query, {"least": 5, "each": 24, "people": 300})
        steps = [row.detail for row in plan if " instance " in row.detail]
    assert steps == ["SEARCH instance USING INDEX ix_instance_track_id (track_id=?)"]
