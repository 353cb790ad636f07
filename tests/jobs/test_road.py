"""The road in a point cloud: as a job that proposes, and from the shell, which saves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.cli import main
from core.errors import CalibrationError
from core.geometry.calibration.files.imported import ImportedCamera
from core.geometry.calibration.files.own_json import write_own
from core.geometry.cameras import pinhole
from core.records.cameras import CalibrationMethod, CalibrationRecord, CalibrationRow
from core.records.jobs import JobState
from core.store import job_rows
from core.store.calibration_columns import from_plain
from core.store.project import Project
from core.store.queries.calibrations import calibration_history
from tests.jobs.doing import CAMERA, do_job
from tests.road_clouds import PICTURE, street_points, to_camera, to_cloud, write_colmap, write_ply
from tests.street_view import default_view

VIEW = default_view(320, 180)


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main([str(one) for one in arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def history(path: Path) -> list[CalibrationRow]:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        return calibration_history(connection, 1)


def assert_is_the_view(record: CalibrationRecord, tolerance: float) -> None:
    assert record.method is CalibrationMethod.POINT_CLOUD
    assert record.matrix[0] == pytest.approx(VIEW.focal_px, rel=1e-9)
    assert record.height_m == pytest.approx(VIEW.mast_m, abs=tolerance)
    assert record.normal is not None
    assert np.linalg.norm(record.normal - VIEW.rotation[:, 2]) < tolerance
    assert record.uncertainty is not None
    assert record.residual_px is not None


@pytest.fixture
def cloud(tmp_path: Path) -> Path:
    return write_ply(tmp_path / "road.ply", to_cloud(street_points()))


@pytest.fixture
def colmap(tmp_path: Path) -> Path:
    return write_colmap(tmp_path / "model", VIEW, street_points(seed=1))


def test_the_job_proposes_and_saves_nothing(project_path: Path, cloud: Path, colmap: Path) -> None:
    job = do_job(project_path, "road", path=str(cloud), lens=str(colmap), name=PICTURE)
    with Project.open(project_path, read_only=True) as project, project.read() as connection:
        row = job_rows.get_job(connection, job)
    assert row is not None
    assert row.state is JobState.DONE
    # 3,000 points, 1 cm off: a hundredth of that is left of the height, and clutter adds to it
    assert_is_the_view(from_plain(row.result["calibration"]), 0.01)
    assert row.result["evidence"] == {
        "way": "point_cloud", "file": "road.ply", "points": 4000, "lens": "model", "name": PICTURE,
        "threshold_m": 0.08, "least_share": 0.3, "rounds": 2000, "seed": 0, "job": job,
    }  # fmt: skip
    assert row.result["camera_id"] == 1
    assert history(project_path) == []


def test_the_shell_saves_it_with_residual_and_uncertainty(
    project_path: Path, cloud: Path, colmap: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(
        capsys, "calibrate", project_path, "--cloud", cloud, "--from", colmap, "--name", PICTURE
    )
    assert (code, err) == (0, "")
    assert "way: point cloud" in out
    assert "height: 6.20 m (±" in out
    assert "±0.0 %" not in out, "thousands of points are very sure, not quite sure"
    assert "residual: " in out
    assert "of 4,000 points" in out
    [row] = history(project_path)
    assert row.in_force
    assert_is_the_view(row.record, 0.01)
    assert row.evidence["name"] == PICTURE


def test_colmaps_own_points_will_do(
    project_path: Path, colmap: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    points = colmap / "points3D.txt"
    code, _, err = run(
        capsys, "calibrate", project_path, "--cloud", points, "--from", colmap, "--name", PICTURE
    )
    assert (code, err) == (0, "")
    assert_is_the_view(history(project_path)[0].record, 0.01)


def test_the_lens_in_force_sees_a_cloud_of_its_own_frame(
    project_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lens = tmp_path / "lens.json"
    write_own(lens, ImportedCamera("gate", pinhole(320, 180, VIEW.focal_px)))
    run(capsys, "calibrate", project_path, "--from", lens)
    cloud = write_ply(tmp_path / "own.ply", to_camera(VIEW, street_points()))
    code, out, err = run(capsys, "calibrate", project_path, "--camera", CAMERA, "--cloud", cloud)
    assert (code, err) == (0, "")
    assert "camera's own frame" in out
    newest, first = history(project_path)
    assert_is_the_view(newest.record, 0.01)
    assert newest.evidence["version"] == 1
    assert (first.record.method, first.in_force) == (CalibrationMethod.IMPORT, False)


def test_a_thicker_road_is_found_when_asked_for(
    project_path: Path, tmp_path: Path, colmap: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rough = write_ply(tmp_path / "rough.ply", to_cloud(street_points(noise_m=0.3)))
    given = ("calibrate", project_path, "--cloud", rough, "--from", colmap, "--name", PICTURE)
    code, _, err = run(capsys, *given)
    assert code == 2
    assert "lie in one plane" in err
    assert run(capsys, *given, "--thickness", "0.6")[0] == 0
    assert_is_the_view(history(project_path)[0].record, 0.2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--cloud", "{cloud}"), ("lens of Street is not known", "--from")),
        (("--cloud", "{cloud}", "--from", "{colmap}"), ("holds 2 cameras", "--name", PICTURE)),
        (("--cloud", "{cloud}", "--from", "{colmap}", "--name", "no.jpg"), ("no camera no.jpg", PICTURE)),
        (("--cloud", "{cloud}", "--from", "{colmap}", "--name", "gate/away.jpg"), ("picture", "pose")),
        (("--cloud", "{text}", "--from", "{colmap}", "--name", PICTURE), ("no PLY file", "Choose a")),
        (("--cloud", "{missing}", "--from", "{colmap}", "--name", PICTURE), ("cannot be read", "PLY")),
        (("--cloud", "{project}", "--from", "{colmap}", "--name", PICTURE), ("is a project", "Choose")),
        (("--cloud", "{cloud}", "--from", "{project}"), ("is a project", "Choose")),
        (("--cloud", "{few}", "--from", "{colmap}", "--name", PICTURE), ("too small", "denser")),
        (("--cloud", "{line}", "--from", "{colmap}", "--name", PICTURE), ("in a line", "width")),
        (("--cloud", "{space}", "--from", "{colmap}", "--name", PICTURE), ("in one plane", "Cut")),
        (("--cloud", "{cloud}", "--horizon", "0,9 99,9", "--height", "6"), ("More than one way",)),
        (("--cloud", "{cloud}", "--from", "{colmap}", "--thickness", "0"), ("threshold_m", "Change")),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do_and_nothing_is_saved(
    arguments: tuple[str, ...],
    words: tuple[str, ...],
    project_path: Path,
    tmp_path: Path,
    cloud: Path,
    colmap: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rng = np.random.default_rng(3)
    text = tmp_path / "text.ply"
    text.write_text("no cloud at all\n")
    line = np.outer(np.linspace(3, 50, 200), [1.0, 0.3, 0.0]) + np.array([0.0, 8.0, 0.0])
    places = {
        "cloud": cloud, "colmap": colmap, "text": text, "missing": tmp_path / "missing.ply",
        "project": project_path,
        "few": write_ply(tmp_path / "few.ply", to_cloud(street_points()[:5])),
        "line": write_ply(tmp_path / "line.ply", to_cloud(line)),
        "space": write_ply(tmp_path / "space.ply", rng.uniform(-20, 20, (2000, 3))),
    }  # fmt: skip
    code, _, err = run(capsys, "calibrate", project_path, *(one.format(**places) for one in arguments))
    assert code == 2
    for word in words:
        assert word in err
    assert len(err.strip().splitlines()) == 1
    assert history(project_path) == []


def test_a_job_that_finds_no_road_fails_with_the_reason(project_path: Path, cloud: Path) -> None:
    with pytest.raises(CalibrationError, match="lens"):
        do_job(project_path, "road", path=str(cloud))
    with Project.open(project_path, read_only=True) as project, project.read() as connection:
        row = job_rows.list_jobs(connection)[0]
    assert row.state is JobState.FAILED
    assert row.error is not None
    assert "COLMAP" in row.error
