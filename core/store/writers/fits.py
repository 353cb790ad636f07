"""Writes fits that jobs make. What a person made or judged stays in force while it is up to date."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, insert, select, update

from core.records.fits import Fit, FitMadeFrom
from core.store import tables
from core.store.derived import derived_columns, stale_fit
from core.store.fit_columns import to_columns
from core.store.prepared import Prepared

_fit, _instance, _camera = tables.fit, tables.instance, tables.camera


@dataclass(frozen=True, slots=True)
class FoundFit:
    """A fit of one instance as a job gives it, with the versions that it was made from."""

    instance_id: int
    fit: Fit
    made_from: FitMadeFrom


def write_fits(connection: Connection, found: Sequence[FoundFit], *, job_id: int | None = None) -> int:
    """Add versions of fits and put them in force; written twice by one job, it changes nothing more.

    Nothing is written where a person made or judged the fit in force and it is not stale.

    Args:
        connection: of a write transaction; use `BulkWriter.each` for many.
        found: one for each of the instances.
        job_id: of the job that fits.

    Returns:
        How many instances got a new fit.
    """
    written = 0
    for one in found:
        row = _IN_FORCE.run(connection, instance=one.instance_id).fetchone()
        if row is None:
            continue
        camera_id, source_id, before, by_a_person, stale, by_job = row
        columns = to_columns(one.fit, one.made_from)
        if by_a_person and not stale:
            continue
        if job_id is not None and by_job == job_id and _is_so(connection, before, columns):
            continue
        [newest] = _NEWEST.run(connection, instance=one.instance_id).fetchone()
        if before is not None:
            _PUT_OUT.run(connection, fit=before)
        [fit_id] = _ADD.run(
            connection,
            instance_id=one.instance_id,
            camera_id=camera_id,
            source_id=source_id,
            version=(newest or 0) + 1,
            **columns,
            **derived_columns(_fit.name, columns),
            job_id=job_id,
            created_at=time.time(),
            in_force=1,
        ).fetchone()
        _PUT.run(connection, instance=one.instance_id, fit=fit_id)
        written += 1
    return written


def _is_so(connection: Connection, fit_id: int, columns: dict[str, object]) -> bool:
    row = _MADE_FROM.run(connection, fit=fit_id).fetchone()
    return row == tuple(columns[name] for name in _VERSIONS)


_VERSIONS = ("method", "keypoint_set_id", "mask_id", "calibration_id", "shape_space")
_f, _i, _c = _fit.c, _instance.c, _camera.c
_IN_FORCE = Prepared(
    select(
        _i.camera_id,
        _i.source_id,
        _i.fit_id,
        _f.annotator_id.is_not(None) | _f.review.is_not(None),
        stale_fit(),
        _f.job_id,
    )
    .select_from(_instance.join(_camera, _c.id == _i.camera_id).outerjoin(_fit, _f.id == _i.fit_id))
    .where(_i.id == bindparam("instance"))
)
_NEWEST = Prepared(select(func.max(_f.version)).where(_f.instance_id == bindparam("instance")))
_MADE_FROM = Prepared(select(*(_f[name] for name in _VERSIONS)).where(_f.id == bindparam("fit")))
_ADD = Prepared(
    insert(_fit).returning(_f.id),
    [
        *("instance_id", "camera_id", "source_id", "version"),
        *("method", "verdict", "reason", "rotation", "translation", "place", "heading_rad", "shape"),
        *("length_m", "width_m", "height_m", "distance_m", "rms_px", "noise_px", "residuals", "outliers"),
        *("used", "swapped", "sigma_m", "sigmas", "body"),
        *("keypoint_set_id", "mask_id", "calibration_id", "shape_space"),
        *("verdict_rank", "review_rank", "job_id", "created_at", "in_force"),
    ],
)
_PUT_OUT = Prepared(update(_fit).where(_f.id == bindparam("fit")).values(in_force=False))
_PUT = Prepared(update(_instance).where(_i.id == bindparam("instance")).values(fit_id=bindparam("fit")))
