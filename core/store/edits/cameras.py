"""Cameras as a person names and sets them."""

from __future__ import annotations

from sqlalchemy import select

from core.errors import EditRefusedError
from core.records.history import Touched
from core.store import tables
from core.store.history import History
from core.store.recorder import Recorder

_camera, _calibration, _source = tables.camera, tables.calibration, tables.source
_DAY_S = 86400.0


def add_camera(history: History, name: str, utc_offset_s: float = 0.0) -> Touched:
    """Add a camera. Its id is `touched.rows["camera"][0]`.

    Args:
        history: whose edit it is.
        name: for people; no other camera may have it.
        utc_offset_s: camera's local time minus UTC, seconds.

    Raises:
        EditRefusedError: the name is empty or taken, or the offset is more than a day.
    """
    name = name.strip()

    def action(recorder: Recorder) -> None:
        _check_name(recorder, name)
        _check_offset(utc_offset_s)
        recorder.insert(_camera, {"name": name, "utc_offset_s": utc_offset_s, "created_at": recorder.now})

    return history.perform(f"Add camera {name}", action)


def rename_camera(history: History, camera_id: int, name: str) -> Touched:
    """Give a camera another name.

    Raises:
        EditRefusedError: the name is empty or taken, or there is no such camera.
    """
    name = name.strip()

    def action(recorder: Recorder) -> None:
        if _present(recorder, camera_id)["name"] != name:
            _check_name(recorder, name)
            recorder.update(_camera, camera_id, {"name": name})

    return history.perform(f"Rename a camera to {name}", action)


def set_utc_offset(history: History, camera_id: int, utc_offset_s: float) -> Touched:
    """Say how far a camera's local time is from UTC: its hours of the day follow.

    Raises:
        EditRefusedError: the offset is more than a day, or there is no such camera.
    """

    def action(recorder: Recorder) -> None:
        _present(recorder, camera_id)
        _check_offset(utc_offset_s)
        recorder.update(_camera, camera_id, {"utc_offset_s": utc_offset_s})

    return history.perform("Set a camera's offset from UTC", action)


def remove_camera(history: History, camera_id: int) -> Touched:
    """Remove a camera that has no footage (hidden footage counts), and its calibrations with it.

    Raises:
        EditRefusedError: it has footage or backgrounds, or there is no such camera.
    """

    def action(recorder: Recorder) -> None:
        row = _present(recorder, camera_id)
        used = recorder.connection.scalar(
            select(_source.c.id).where(_source.c.camera_id == camera_id).limit(1)
        )
        if used is not None:
            raise EditRefusedError(f"The camera {row['name']} has footage.", "Hide its sources instead.")
        calibrations = select(_calibration.c.id).where(_calibration.c.camera_id == camera_id)
        recorder.delete_many(_calibration, list(recorder.connection.scalars(calibrations)))
        recorder.delete(_camera, camera_id)

    return history.perform("Remove a camera", action)


def _present(recorder: Recorder, camera_id: int) -> dict[str, object]:
    row = recorder.rows(_camera, [camera_id]).get(camera_id)
    if row is None:
        raise EditRefusedError("That camera is no longer there.", "Reload the list.")
    return row


def _check_name(recorder: Recorder, name: str) -> None:
    if not name:
        raise EditRefusedError("A camera needs a name.", "Type one.")
    if recorder.connection.scalar(select(_camera.c.id).where(_camera.c.name == name)) is not None:
        raise EditRefusedError(f"There is already a camera {name}.", "Choose another name.")


def _check_offset(utc_offset_s: float) -> None:
    if not -_DAY_S < utc_offset_s < _DAY_S:
        raise EditRefusedError("An offset from UTC lies within a day.", "Give it in seconds, such as 3600.")
