"""`amodal calibrate`: every way from the shell, what is in force, and errors in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.cli import main
from core.geometry.calibration.files.imported import ImportedCamera
from core.geometry.calibration.files.own_json import write_own
from core.geometry.cameras import pinhole
from core.geometry.ground_plane import GroundPlane
from core.records.cameras import CalibrationMethod, CalibrationRow
from core.store.edits.cameras import add_camera
from core.store.history import History
from core.store.project import Project
from core.store.queries.calibrations import calibration_history
from tests.jobs.doing import CAMERA
from tests.street_view import default_view

VIEW = default_view(320, 180)


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main([str(one) for one in arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def pixels(*places: tuple[float, float, float]) -> str:
    """Where the camera sees places of the street, as the shell takes them."""
    seen, _ = VIEW.project(np.array(places, dtype=float))
    return " ".join(f"{x:.4f},{y:.4f}" for x, y in seen)


ROAD = ((8.0, 9.2, 0.0), (24.0, 9.2, 0.0), (24.0, 16.5, 0.0), (8.0, 16.5, 0.0))
RECTANGLE = ("--rectangle", pixels(*ROAD), "--size", "16x7.3")
WAYS = {
    "rectangle": RECTANGLE,
    "vanishing points": (
        "--first", pixels(ROAD[0], ROAD[1]), "--first", pixels(ROAD[3], ROAD[2]),
        "--second", pixels(ROAD[0], ROAD[3]), "--second", pixels(ROAD[1], ROAD[2]),
        "--length", pixels(ROAD[0], ROAD[1]), "--metres", "16",
    ),
    "horizon": (
        "--horizon", pixels((-1e7, 2e7, 0), (3e7, 2e7, 0)), "--height", VIEW.mast_m,
        "--upright", pixels((6, 12, 0), (6, 12, 4)), "--upright", pixels((20, 14, 0), (20, 14, 4)),
    ),
    "ground points": ("--points", pixels(*ROAD), "--places", "8,9.2 24,9.2 24,16.5 8,16.5"),
}  # fmt: skip


def history(path: Path) -> list[CalibrationRow]:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        return calibration_history(connection, 1)


@pytest.mark.parametrize("way", list(WAYS))
def test_each_way_finds_the_street_camera(
    way: str, project_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "calibrate", project_path, "--camera", CAMERA, *WAYS[way])
    assert (code, err) == (0, "")
    assert f"way: {way}" in out
    assert "m/px" in out
    [row] = history(project_path)
    assert row.in_force
    assert row.record.matrix[0] == pytest.approx(VIEW.focal_px, rel=1e-3)
    assert row.record.height_m == pytest.approx(VIEW.mast_m, rel=1e-3)
    assert row.evidence["way"] == row.record.method.value


def test_show_prints_what_is_in_force(project_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "calibrate", project_path, "--show")
    assert code == 2
    assert "not calibrated" in err
    run(capsys, "calibrate", project_path, *RECTANGLE)
    code, out, _ = run(capsys, "calibrate", project_path, "--show")
    assert code == 0
    assert "version 1" in out
    assert "height: 6.20 m (±" in out
    assert "residual: 0.00 px" in out
    assert len(history(project_path)) == 1


def test_a_file_is_imported_and_the_rectangle_stays_in_the_history(
    project_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "calibrate", project_path, *RECTANGLE)
    plane = GroundPlane(np.array([0.0, -1.0, -0.2]), 5.5)
    file = tmp_path / "camera.json"
    write_own(file, ImportedCamera("gate", pinhole(640, 360, 600.0), None, plane))
    code, out, _ = run(capsys, "calibrate", project_path, "--from", file)
    assert code == 0
    assert "note: Scaled from 640x360 to 320x180 pixels." in out
    newest, first = history(project_path)
    assert (newest.record.method, newest.record.matrix[0]) == (CalibrationMethod.IMPORT, 300.0)
    assert newest.evidence == {"way": "import", "file": "camera.json", "name": "gate"}
    assert (first.record.method, first.in_force) == (CalibrationMethod.RECTANGLE, False)


def test_a_lens_without_ground_is_completed_by_a_drawing(
    project_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "lens.json"
    write_own(file, ImportedCamera("gate", pinhole(320, 180, VIEW.focal_px)))
    code, out, _ = run(capsys, "calibrate", project_path, "--from", file)
    assert "ground: not known" in out
    code, out, _ = run(capsys, "calibrate", project_path, *RECTANGLE, "--keep-lens")
    assert code == 0
    assert history(project_path)[0].record.height_m == pytest.approx(VIEW.mast_m, rel=1e-3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Nothing says how"),
        ((*RECTANGLE, "--show"), "More than one way"),
        (("--camera", "Nowhere", *RECTANGLE), "no camera Nowhere"),
        (("--rectangle", pixels(*ROAD)), "no size"),
        (("--rectangle", "1,2 3,x", "--size", "7x20"), "no list of points"),
        (("--rectangle", pixels(*ROAD), "--size", "7"), "no size"),
        (("--rectangle", pixels(ROAD[0], ROAD[2], ROAD[1], ROAD[3]), "--size", "7x20"), "crossed"),
        (("--rectangle", pixels(*ROAD[:3]), "--size", "7x20"), "last corner"),
        (("--first", "1,1 2,2", "--second", "1,1 2,2"), "along the road"),
        (("--horizon", "0,50 319,50"), "height"),
        (("--points", pixels(*ROAD), "--places", "1,1"), "1 places"),
        (("--from", "{missing}"), "cannot be read"),
        (("--from", "{text}"), "is not a calibration file"),
        ((*RECTANGLE, "--keep-lens"), "no lens to keep"),
        ((*RECTANGLE, "--picture", "big"), "no size"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_and_nothing_is_saved(
    arguments: tuple[object, ...],
    words: str,
    project_path: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    places = {"missing": tmp_path / "missing", "text": tmp_path / "text.txt"}
    places["text"].write_text("no calibration at all\n")
    given = [str(one).format(**places) for one in arguments]
    code, _, err = run(capsys, "calibrate", project_path, *given)
    assert code == 2
    assert words in err
    assert len(err.strip().splitlines()) == 1
    assert history(project_path) == []


def test_which_camera_and_which_size_are_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "two.amodal"
    with Project.create(path) as project:
        for name in ("Gate", "Bridge"):
            add_camera(History(project, "Ann"), name)
    code, _, err = run(capsys, "calibrate", path, *RECTANGLE)
    assert code == 2
    assert "Bridge, Gate" in err
    code, _, err = run(capsys, "calibrate", path, "--camera", "Gate", *RECTANGLE)
    assert code == 2
    assert "--picture" in err
    assert run(capsys, "calibrate", path, "--camera", "Gate", *RECTANGLE, "--picture", "320x180")[0] == 0
