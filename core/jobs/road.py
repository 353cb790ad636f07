"""The job that finds the road in a point cloud; what it gives is a proposal, which a person accepts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from core.errors import CalibrationError
from core.geometry.calibration.point_cloud import PlaneSearch, calibrate_point_cloud, read_points
from core.geometry.calibration.result import from_record, to_record
from core.geometry.cameras import Camera
from core.geometry.poses import Pose
from core.jobs.camera_files import read_camera_file, refuse_project
from core.jobs.context import JobContext
from core.jobs.one_camera import one_camera, picture_size
from core.jobs.settings import RoadSettings
from core.records.cameras import CalibrationMethod, CalibrationRecord
from core.records.project import CameraRow
from core.store.calibration_columns import to_plain
from core.store.project import Project
from core.store.queries.calibrations import calibration_in_force


def run_road(context: JobContext) -> dict[str, Any]:
    """Find the road, and give the calibration that follows as the job's result."""
    settings = context.settings(RoadSettings)

    def show(share: float, words: str) -> None:
        context.check_stop()
        context.progress(share, words)

    row = one_camera(context.project, settings.camera)
    record, evidence = propose_road(context.project, row, settings, show)
    context.check_stop()
    for note in record.notes:
        context.log(note)
    return {
        "height_m": record.height_m,
        "residual_px": record.residual_px,
        "points": evidence["points"],
        "camera": row.name,
        "camera_id": row.id,
        "calibration": to_plain(record),
        "evidence": evidence | {"job": context.job_id},
    }


def propose_road(
    project: Project,
    row: CameraRow,
    settings: RoadSettings,
    on_progress: Callable[[float, str], None] = lambda *_: None,
) -> tuple[CalibrationRecord, dict[str, Any]]:
    """The calibration that a point cloud tells, and what it rests on as plain JSON.

    Args:
        row: the camera.
        on_progress: told how far it is (0 to 1) and what it is doing.

    Raises:
        CalibrationError: there is no lens, the file is no cloud, or the cloud holds no road.
    """
    on_progress(0.0, "Reading the lens")
    camera, pose, notes, origin = _lens(project, row, settings)
    path = settings.path.expanduser()
    refuse_project(path)
    on_progress(0.1, f"Reading {path.name}")
    points = read_points(path)
    on_progress(0.5, f"Looking for the road in {len(points):,} points")
    search = PlaneSearch(settings.threshold_m, settings.rounds, settings.least_share, settings.seed)
    record = to_record(calibrate_point_cloud(camera, points, pose, search))
    evidence = {
        "way": CalibrationMethod.POINT_CLOUD.value,
        "file": path.name,
        "points": len(points),
        **origin,
        "threshold_m": search.threshold_m,
        "least_share": search.least_share,
        "rounds": search.rounds,
        "seed": search.seed,
    }
    return replace(record, notes=(*record.notes, *notes)), evidence


def _lens(
    project: Project, row: CameraRow, settings: RoadSettings
) -> tuple[Camera, Pose | None, tuple[str, ...], dict[str, Any]]:
    """The lens, the camera's pose in the cloud, notes for the person, and where they come from."""
    if settings.lens is not None:
        path = settings.lens.expanduser()
        found = read_camera_file(path, settings.name, _picture(settings) or picture_size(project, row))
        origin = {"lens": path.name, "name": found.name}
        return found.camera, found.world_to_camera, (*found.notes, *_frame(found.world_to_camera)), origin
    with project.read() as connection:
        present = calibration_in_force(connection, row.id)
    if present is None:
        raise CalibrationError(
            f"The lens of {row.name} is not known, and a point cloud does not tell it.",
            "Give a file with the lens, such as COLMAP's folder (--from in the shell), or calibrate another "
            "way first.",
        )
    return from_record(present.record)[0], None, _frame(None), {"version": present.version}


def _picture(settings: RoadSettings) -> tuple[int, int] | None:
    width, _, height = settings.picture.partition("x")
    return (int(width), int(height)) if settings.picture else None


def _frame(pose: Pose | None) -> tuple[str, ...]:
    if pose is not None:
        return ()
    return ("The cloud is taken to be in the camera's own frame: x right, y down, z forward.",)
