"""A camera's calibrations: the one in force, and all that there were."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, select

from core.records.cameras import CalibrationRow
from core.store import tables
from core.store.calibration_columns import from_columns

_calibration, _camera, _annotator = tables.calibration, tables.camera, tables.annotator


def calibration_in_force(connection: Connection, camera_id: int) -> CalibrationRow | None:
    """The calibration that a camera has now, or None."""
    row = connection.execute(_query(camera_id).where(_camera.c.calibration_id == _calibration.c.id)).first()
    return None if row is None else _record(row)


def calibration_history(connection: Connection, camera_id: int) -> list[CalibrationRow]:
    """Every calibration of a camera, the newest first."""
    return [
        _record(row) for row in connection.execute(_query(camera_id).order_by(_calibration.c.version.desc()))
    ]


def _query(camera_id: int) -> Select[Any]:
    return (
        select(_calibration, _annotator.c.name.label("annotator"), _camera.c.calibration_id.label("in_force"))
        .select_from(_calibration.join(_camera).join(_annotator))
        .where(_calibration.c.camera_id == camera_id)
    )


def _record(row: Any) -> CalibrationRow:
    return CalibrationRow(
        id=row.id,
        camera_id=row.camera_id,
        version=row.version,
        record=from_columns(row),
        evidence=row.evidence,
        annotator=row.annotator,
        created_at=row.created_at,
        in_force=row.in_force == row.id,
    )
