"""One camera out of a calibration file, for the shell and for jobs."""

from __future__ import annotations

from pathlib import Path

from core.errors import CalibrationError, CalibrationFileError
from core.geometry.calibration.files.any_file import read_calibration_file
from core.geometry.calibration.files.imported import ImportedCamera, PictureSize
from core.store.schema import SUFFIX

_SHOWN = 12


def read_camera_file(path: Path, name: str = "", picture: PictureSize | None = None) -> ImportedCamera:
    """The camera of that name, or the only one.

    Args:
        path: a file, or COLMAP's folder.
        picture: width and height of the footage, pixels.

    Raises:
        CalibrationError: as `read_calibration_file`; none has that name, or there are several and no name.
    """
    refuse_project(path)
    found = read_calibration_file(path, picture)
    named = [one for one in found if not name or one.name == name]
    if len(named) != 1:
        names = ", ".join(one.name for one in found[:_SHOWN]) + (" …" if len(found) > _SHOWN else "")
        raise CalibrationError(
            f"{path.name} has no camera {name}." if name else f"{path.name} holds {len(found)} cameras.",
            f"Choose one by its name (--name in the shell): {names}.",
        )
    return named[0]


def refuse_project(path: Path) -> None:
    """Refuses a project: to open and close the file of one ends the locks that this process holds on it.

    Raises:
        CalibrationFileError: it is one.
    """
    if SUFFIX in path.suffix.lower():
        raise CalibrationFileError(f"{path.name} is a project.", "Choose a calibration file.")
