"""Calibrations as a person accepts them: added and never overwritten, one of them in force."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from core.errors import EditRefusedError
from core.records.cameras import CalibrationRecord
from core.records.history import Touched
from core.store import tables
from core.store.calibration_columns import to_columns
from core.store.history import History
from core.store.recorder import Recorder

_calibration, _camera = tables.calibration, tables.camera


def save_calibration(
    history: History, camera_id: int, record: CalibrationRecord, evidence: Mapping[str, Any] | None = None
) -> Touched:
    """Add a calibration to a camera and put it in force; the earlier ones stay in its history.

    Args:
        evidence: what was drawn or read, as plain JSON.

    Raises:
        EditRefusedError: there is no such camera.
    """

    def action(recorder: Recorder) -> None:
        _present(recorder, camera_id)
        newest = recorder.connection.scalar(
            select(func.max(_calibration.c.version)).where(_calibration.c.camera_id == camera_id)
        )
        added = recorder.insert(
            _calibration,
            {
                "camera_id": camera_id,
                "version": (newest or 0) + 1,
                **to_columns(record),
                "evidence": json.dumps(dict(evidence or {}), ensure_ascii=False, allow_nan=False),
                "annotator_id": recorder.annotator_id,
                "created_at": recorder.now,
            },
        )
        recorder.update(_camera, camera_id, {"calibration_id": added})

    return history.perform("Calibrate a camera", action)


def use_calibration(history: History, calibration_id: int) -> Touched:
    """Put an earlier calibration of a camera in force again.

    Raises:
        EditRefusedError: it is not there any more.
    """

    def action(recorder: Recorder) -> None:
        row = recorder.rows(_calibration, [calibration_id]).get(calibration_id)
        if row is None:
            raise EditRefusedError(
                "That calibration is no longer there.", "Choose another, or calibrate anew."
            )
        recorder.update(_camera, row["camera_id"], {"calibration_id": calibration_id})

    return history.perform("Use an earlier calibration", action)


def _present(recorder: Recorder, camera_id: int) -> None:
    if camera_id not in recorder.rows(_camera, [camera_id]):
        raise EditRefusedError("That camera is no longer there.", "Reload the list.")
