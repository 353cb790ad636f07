"""Which camera a calibration is for, and how large its pictures are."""

from __future__ import annotations

from core.errors import CalibrationError, JobError
from core.records.project import CameraRow
from core.store.project import Project
from core.store.queries.cameras import list_cameras
from core.store.queries.sources import list_sources


def one_camera(project: Project, name: str) -> CameraRow:
    """The camera of that name, or the only one where none is named.

    Raises:
        JobError: there is none of that name, or several.
    """
    with project.read() as connection:
        cameras = list_cameras(connection)
    found = [row for row in cameras if not name or row.name == name]
    if len(found) != 1:
        names = ", ".join(row.name for row in cameras) or "none yet"
        problem = f"There is no camera {name}." if name else "Nothing says which camera."
        raise JobError(problem, f"Give one with --camera; there are: {names}.")
    return found[0]


def picture_size(project: Project, camera: CameraRow) -> tuple[int, int] | None:
    """Width and height of the pictures of a camera's sources, pixels; None without footage.

    Raises:
        CalibrationError: they have several sizes.
    """
    with project.read() as connection:
        sources = list_sources(connection, project, camera.id, counted=False)
    sizes = {(row.width, row.height) for row in sources}
    if len(sizes) > 1:
        words = ", ".join(f"{width}x{height}" for width, height in sorted(sizes))
        raise CalibrationError(
            f"The sources of {camera.name} have pictures of several sizes: {words}.",
            "Say with --picture which one is meant.",
        )
    return next(iter(sizes), None)
