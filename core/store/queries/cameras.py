"""Cameras as the window and the shell list them."""

from __future__ import annotations

from sqlalchemy import Connection, and_, func, select

from core.records.project import CameraRow
from core.store import tables

_camera, _source = tables.camera, tables.source


def list_cameras(connection: Connection) -> list[CameraRow]:
    """All cameras by name, with how many sources and frames they have (hidden sources left out)."""
    query = (
        select(
            _camera.c.id,
            _camera.c.name,
            _camera.c.utc_offset_s,
            _camera.c.calibration_id,
            func.count(_source.c.id).label("sources"),
            func.coalesce(func.sum(_source.c.frame_count), 0).label("frames"),
        )
        .select_from(
            _camera.outerjoin(_source, and_(_source.c.camera_id == _camera.c.id, _source.c.state == "live"))
        )
        .group_by(_camera.c.id)
        .order_by(func.lower(_camera.c.name), _camera.c.id)
    )
    return [
        CameraRow(r.id, r.name, r.utc_offset_s, r.sources, r.frames, r.calibration_id)
        for r in connection.execute(query)
    ]


def camera_by_id(connection: Connection, camera_id: int) -> CameraRow | None:
    """One camera, or None."""
    return next((row for row in list_cameras(connection) if row.id == camera_id), None)


def camera_by_name(connection: Connection, name: str) -> CameraRow | None:
    """The camera of that name, or None."""
    return next((row for row in list_cameras(connection) if row.name == name), None)
