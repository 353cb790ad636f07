"""Where and when a project's objects are: frames, the local hour, and how far from the camera."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, select

from core.errors import CalibrationError
from core.geometry.boxes import HALF_PIXEL
from core.geometry.calibration.result import from_record
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.records.boxes import Box
from core.records.evaluations import PictureRow
from core.store import tables
from core.store.queries.calibrations import calibration_in_force
from core.store.queries.cameras import list_cameras
from core.store.queries.fits import fits_in_force
from core.store.queries.hours import utc_offsets

_i, _f, _s = tables.instance.c, tables.frame.c, tables.source.c
_CHUNK = 500
_HOUR_S = 3600.0


@dataclass(frozen=True)
class Grounds:
    """The roads of a project's cameras, by the calibrations now in force.

    Attributes:
        known: camera id -> its camera and road, of those that have both.
        offsets: camera id -> its local time minus UTC, seconds.
    """

    known: Mapping[int, tuple[Camera, GroundPlane]]
    offsets: Mapping[int, float]

    def distance_m(self, camera_id: int, box: Box) -> float | None:
        """How far from the camera the foot of a box is; None where the road there is not known."""
        if camera_id not in self.known:
            return None
        camera, ground = self.known[camera_id]
        foot = np.array([[box.x + box.w / 2 - HALF_PIXEL, box.bottom - HALF_PIXEL]])
        away = float(np.linalg.norm(ground.points_or_nan(camera, foot)))
        return away if np.isfinite(away) else None

    def hour(self, camera_id: int, captured_at: float | None) -> int | None:
        """The local hour of a moment."""
        if captured_at is None:
            return None
        return int((captured_at + self.offsets.get(camera_id, 0.0)) // _HOUR_S) % 24


@dataclass(frozen=True, slots=True)
class FramePlace:
    """A frame of a project: which, when and how large."""

    id: int
    camera_id: int
    source_id: int
    hour: int | None
    content_hash: bytes
    width: int
    height: int

    def row(self, place: int) -> PictureRow:
        """As a picture of an evaluation."""
        return PictureRow(place, self.id, None, "", self.camera_id, self.hour, self.width, self.height)


def grounds_of(connection: Connection) -> Grounds:
    """The roads of all cameras that are calibrated."""
    known = {}
    for camera in list_cameras(connection):
        row = calibration_in_force(connection, camera.id)
        if row is None:
            continue
        try:
            own, ground = from_record(row.record)
        except CalibrationError:
            continue
        if ground is not None:
            known[camera.id] = own, ground
    return Grounds(known, utc_offsets(connection))


def frames_by_ids(connection: Connection, ids: Sequence[int], grounds: Grounds) -> dict[int, FramePlace]:
    """Frames by their ids; those that are not there are left out."""
    found: dict[int, FramePlace] = {}
    for start in range(0, len(ids), _CHUNK):
        query = (
            select(*(_f.id, _f.source_id, _f.captured_at, _f.content_hash, _s.camera_id, _s.width, _s.height))
            .join(tables.source, _s.id == _f.source_id)
            .where(_f.id.in_(ids[start : start + _CHUNK]))
        )
        for row in connection.execute(query):
            hour = grounds.hour(row.camera_id, row.captured_at)
            found[row.id] = FramePlace(
                row.id,
                row.camera_id,
                row.source_id,
                hour,
                bytes(row.content_hash),
                row.width,
                row.height,
            )
    return found


def distances_of(
    connection: Connection, boxes: Mapping[int, Box], grounds: Grounds
) -> dict[int, float | None]:
    """instance id -> how far from the camera it is: by its fit in force, else by its box on the road.

    Args:
        boxes: of the instances.
    """
    ids = sorted(boxes)
    fits = fits_in_force(connection, ids)
    cameras: dict[int, int] = {}
    for start in range(0, len(ids), _CHUNK):
        query = select(_i.id, _i.camera_id).where(_i.id.in_(ids[start : start + _CHUNK]))
        cameras.update((row.id, row.camera_id) for row in connection.execute(query))
    found: dict[int, float | None] = {}
    for one in ids:
        fit = fits.get(one)
        found[one] = (
            float(np.linalg.norm(fit.fit.translation))
            if fit is not None
            else grounds.distance_m(cameras.get(one, -1), boxes[one])
        )
    return found
