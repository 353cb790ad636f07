"""What is known of a camera before it is calibrated from what it sees, and which calibration is checked."""

from __future__ import annotations

import math

from core.errors import CalibrationError
from core.geometry.calibration.lens import Lens, bend_coefficients, bend_of, known_lens
from core.geometry.calibration.result import from_record
from core.geometry.cameras import Camera, pinhole
from core.geometry.ground_plane import GroundPlane
from core.jobs.one_camera import picture_size
from core.records.cameras import CalibrationRecord
from core.records.project import CameraRow
from core.store.project import Project
from core.store.queries.calibrations import calibration_in_force


def drawn_bend(record: CalibrationRecord, size: tuple[int, int]) -> float | None:
    """How a calibration's lens bends in pictures of a size, 1/px^2, as drawn; 0 where it is straight.

    None where it bends in another way, as a file says.
    """
    try:
        return bend_of(from_record(record)[0].resized(*size))
    except CalibrationError:  # numbers that are no camera's bend nothing
        return 0.0


def sought_lens(
    project: Project,
    camera: CameraRow,
    size: tuple[int, int],
    keep_lens: bool,
    focal_px: float | None,
    whom: str,
) -> tuple[Lens, float]:
    """What a calibration from what is seen starts with: the lens, and how it bends, 1/px^2.

    Where straight things told how the lens in force bends, everything is seen through that bend.

    Args:
        size: width and height of the pictures, pixels.
        keep_lens: whether the lens in force is kept, and only the ground sought.
        focal_px: the focal length, pixels, where it is known; then only the ground is sought.
        whom: what it is calibrated from, in the plural.

    Raises:
        CalibrationError: the lens is said twice, or there is none to keep.
    """
    with project.read() as connection:
        present = calibration_in_force(connection, camera.id)
    bend = 0.0 if present is None else drawn_bend(present.record, size) or 0.0
    if keep_lens and focal_px is not None:
        raise CalibrationError(
            "The lens is said twice.", "Either keep the lens in force, or give a focal length."
        )
    if focal_px is not None:
        if not (math.isfinite(focal_px) and focal_px > 0):
            raise CalibrationError(f"A focal length of {focal_px:g} px is none.", "Give it in pixels.")
        return known_lens(pinhole(*size, focal_px, None, bend_coefficients(bend, focal_px))), bend
    if keep_lens:
        if present is None:
            raise CalibrationError(
                f"The camera {camera.name} has no lens in force to keep.",
                f"Seek the lens from the {whom}, too.",
            )
        return known_lens(from_record(present.record)[0].resized(*size)), bend
    return Lens(*size, bend_per_px2=bend), bend


def checked_camera(
    project: Project, camera: CameraRow, record: CalibrationRecord | None, whom: str
) -> tuple[Camera, GroundPlane, tuple[int, int]]:
    """The camera that a check is of, at the size of the footage where its shape is the same.

    Args:
        record: the calibration to check; None for the one in force.
        whom: what it is checked against, in the plural.

    Raises:
        CalibrationError: it is not calibrated, or its ground is not known.
    """
    if record is None:
        with project.read() as connection:
            present = calibration_in_force(connection, camera.id)
        if present is None:
            raise CalibrationError(f"The camera {camera.name} is not calibrated.", "Calibrate it first.")
        record = present.record
    lens, plane = from_record(record)
    if plane is None:
        raise CalibrationError(
            f"The ground of {camera.name} is not known, so its {whom} stand nowhere.",
            f"Calibrate it from the {whom} keeping this lens, or draw on the road.",
        )
    size = (record.width, record.height)
    present_size = footage_size(project, camera, None, whom)
    if size[0] * present_size[1] == size[1] * present_size[0]:
        lens, size = lens.resized(*present_size), present_size
    return lens, plane, size


def footage_size(
    project: Project, camera: CameraRow, size: tuple[int, int] | None, whom: str
) -> tuple[int, int]:
    """The size given, or that of the footage.

    Raises:
        CalibrationError: there is no footage, or of several sizes.
    """
    chosen = size or picture_size(project, camera)
    if chosen is None:
        raise CalibrationError(
            f"The camera {camera.name} has no footage, so there are no {whom}.",
            "Add a video or pictures first.",
        )
    return chosen
