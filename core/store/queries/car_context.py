"""All that stands around one object when it is annotated or seen in 3D: frame, camera, track, neighbours."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from core.records.boxes import Box
from core.records.cameras import CalibrationRow
from core.records.fits import FitRow
from core.records.keypoints import KeypointRow
from core.records.masks import Rle
from core.records.project import FrameRow, InstanceRow
from core.store import tables
from core.store.queries import instances
from core.store.queries.calibrations import calibration_in_force
from core.store.queries.fits import fits_in_force
from core.store.queries.frames import frame_by_id
from core.store.queries.keypoints import keypoints_in_force

_i, _source = tables.instance.c, tables.source.c


@dataclass(frozen=True, slots=True)
class TrackNeighbour:
    """The same object in another frame of its track, with how far it is annotated.

    Attributes:
        instance_id, frame_id, time_s, box: where it is.
        keypoint_set_id, points_placed: its keypoints in force; None and 0 without any.
        fit_id: its fit in force, or None.
    """

    instance_id: int
    frame_id: int
    time_s: float
    box: Box
    keypoint_set_id: int | None
    points_placed: int
    fit_id: int | None


@dataclass(frozen=True, slots=True)
class OtherInstance:
    """Another object of the same frame; it may hide this one.

    Attributes:
        instance: as it stands.
        fit: its fit in force, or None.
    """

    instance: InstanceRow
    fit: FitRow | None


@dataclass(frozen=True, slots=True)
class CarContext:
    """One instance and what stands around it.

    Attributes:
        instance, frame: which, and in which picture.
        camera_id: whose picture.
        width, height: of the picture, pixels.
        mask: in force, or None.
        calibration: of the camera, in force; None where it has none.
        keypoints, fit: in force, or None.
        track: every frame of its track in order of time, this one among them; empty where it has no track.
        others: the other instances of its frame, by id.
    """

    instance: InstanceRow
    frame: FrameRow
    camera_id: int
    width: int
    height: int
    mask: Rle | None
    calibration: CalibrationRow | None
    keypoints: KeypointRow | None
    fit: FitRow | None
    track: tuple[TrackNeighbour, ...]
    others: tuple[OtherInstance, ...]


def car_context(connection: Connection, instance_id: int) -> CarContext | None:
    """The instance with all that stands around it, or None where there is no such instance."""
    instance = instances.by_id(connection, instance_id)
    if instance is None:
        return None
    frame = frame_by_id(connection, instance.frame_id)
    assert frame is not None
    camera_id, width, height = connection.execute(
        select(_source.camera_id, _source.width, _source.height).where(_source.id == instance.source_id)
    ).one()
    others = [one for one in instances.of_frame(connection, frame.id) if one.id != instance_id]
    fits = fits_in_force(connection, [instance_id, *(one.id for one in others)])
    return CarContext(
        instance=instance,
        frame=frame,
        camera_id=camera_id,
        width=width,
        height=height,
        mask=instances.masks(connection, [instance_id]).get(instance_id),
        calibration=calibration_in_force(connection, camera_id),
        keypoints=keypoints_in_force(connection, [instance_id]).get(instance_id),
        fit=fits.get(instance_id),
        track=() if instance.track_id is None else track_neighbours(connection, instance.track_id),
        others=tuple(OtherInstance(one, fits.get(one.id)) for one in others),
    )


def track_neighbours(connection: Connection, track_id: int) -> tuple[TrackNeighbour, ...]:
    """A track's frames in order of time, with how far each is annotated."""
    query = (
        select(
            *(_i.id, _i.frame_id, _i.time_s, _i.x, _i.y, _i.w, _i.h),
            *(_i.keypoint_set_id, _i.points_placed, _i.fit_id),
        )
        .where(_i.track_id == track_id, _i.state == "live")
        .order_by(_i.time_s, _i.id)
    )
    return tuple(
        TrackNeighbour(
            *(r.id, r.frame_id, r.time_s, Box(r.x, r.y, r.w, r.h)),
            *(r.keypoint_set_id, r.points_placed, r.fit_id),
        )
        for r in connection.execute(query)
    )
