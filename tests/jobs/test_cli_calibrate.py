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
from tests.calibration_files import FORMATS, WITH_GROUND, the_camera, write_format
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


def test_straight_things_tell_how_the_lens_bends(
    project_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bowed = ("--straight", "12,12 8,90 12,168", "--straight", "40,172 160,176 280,172")
    code, out, err = run(capsys, "calibrate", project_path, *RECTANGLE, *bowed)
    assert (code, err) == (0, "")
    assert "note: The lens draws the picture's sides in by" in out
    [row] = history(project_path)
    assert row.record.distortion[5] > 0
    assert [stroke["role"] for stroke in row.evidence["strokes"]] == ["corners", "straight", "straight"]


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


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_imported(
    name: str, project_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    camera, plane = the_camera(320, 180)
    file = write_format(name, tmp_path, 320, 180)
    code, out, err = run(capsys, "calibrate", project_path, "--from", file)
    assert (code, err) == (0, "")
    [row] = history(project_path)
    assert row.record.method is CalibrationMethod.IMPORT
    assert row.record.matrix == pytest.approx(camera.matrix.ravel().tolist(), rel=2e-3)
    if name in WITH_GROUND:
        assert row.record.height_m == pytest.approx(plane.height, rel=2e-3)
        assert "m/px" in out
    else:
        assert row.record.height_m is None
        assert "ground: not known; calibrate with --keep-lens" in out


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
        (("--straight", "1,1 2,5 1,9", "--show"), "Straight things alone"),
        ((*RECTANGLE, "--straight", "1,1 2,5"), "three points"),
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
        (("--from", "{project}"), "is a project"),
        (("--from", "{folds}"), "folds"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_and_nothing_is_saved(
    arguments: tuple[object, ...],
    words: str,
    project_path: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    places = {"project": project_path, "folds": tmp_path / "folds.yaml"}
    # r (1 - 0.8 r^2) has its top at r = 0.65, within the corner's 0.82
    bent = write_format("ros.yaml", tmp_path, 320, 180).read_text()
    places["folds"].write_text(bent.replace("data: [0.0, 0.0", "data: [-0.8, 0.0"))
    places |= {"missing": tmp_path / "missing", "text": tmp_path / "text.txt"}
    places["text"].write_text("no calibration at all\n")
    given = [str(one).format(**places) for one in arguments]
    code, _, err = run(capsys, "calibrate", project_path, *given)
    assert code == 2
    assert words in err
    assert len(err.strip().splitlines()) == 1
    assert history(project_path) == []


def lines(option: str, *drawn: str) -> tuple[str, ...]:
    return tuple(word for line in drawn for word in (option, line))


TO_THE_RIGHT = lines("--second", "10,100 300,105", "10,150 300,165")


@pytest.mark.parametrize(
    ("arguments", "reason", "instead"),
    [
        ((*lines("--first", "50,150 150,100", "70,150 170,100"), *TO_THE_RIGHT), "parallel", "further apart"),
        (
            (*lines("--first", "50,150 100,100", "250,150 200,100"), *TO_THE_RIGHT[:2],
             *lines("--second", "150,150 150,75")),
            "Three of the lines meet in one point", "two directions at right angles",
        ),
        (
            (*lines("--first", "50,150 150,100", "70,100 170,150"), *TO_THE_RIGHT),
            "as no parallel lines", "kerbs",
        ),
        (
            (*lines("--first", "50,150 100,100", "250,150 225,100"),
             *lines("--second", "5,150 100,105", "50,165 150,107")),
            "imaginary", "longer lines, or give the focal length",
        ),
        (("--rectangle", "50,150 150,150 50,100 150,100", "--size", "7x20"), "crossed", "in order around"),
        (("--rectangle", "50,150 100,125 150,100 200,75", "--size", "7x20"), "in a line", "span an area"),
        (("--rectangle", "100,150 200,150 300,100 25,100", "--size", "7x20"), "faces away", "order of"),
        (
            ("--points", "50,150 100,125 150,100 200,75", "--places", "0,0 1,0 2,0 3,0"),
            "in a line", "span an area",
        ),
        (
            ("--points", "250,155 50,150 100,95 225,100", "--places", "0,0 7,0 7,20 0,20"),
            "faces away", "order of the points",
        ),
        (
            ("--horizon", "0,30 319,30", *lines("--upright", "50,150 75,50", "250,150 225,50")),
            "imaginary", "other side of the middle",
        ),
    ],
)  # fmt: skip
def test_what_is_no_camera_is_refused_with_what_to_draw_instead(
    arguments: tuple[str, ...],
    reason: str,
    instead: str,
    project_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, _, err = run(capsys, "calibrate", project_path, *arguments, "--height", "6")
    assert code == 2
    assert reason in err
    assert instead in err
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
