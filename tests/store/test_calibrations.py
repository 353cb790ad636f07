"""Calibrations of a camera: versions are added, one is in force, and undo goes back through them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from core.errors import EditRefusedError
from core.records.cameras import (
    CalibrationMethod,
    CalibrationRecord,
    CalibrationRow,
    CalibrationUncertainty,
    RangeUncertainty,
)
from core.store.edits.calibrations import save_calibration, use_calibration
from core.store.edits.cameras import add_camera, remove_camera
from core.store.queries import cameras
from core.store.queries.calibrations import calibration_history, calibration_in_force

RECORD = CalibrationRecord(
    method=CalibrationMethod.RECTANGLE,
    width=960,
    height=540,
    matrix=(870.5, 0.0, 479.5, 0.0, 870.5, 269.5, 0.0, 0.0, 1.0),
    distortion=(-0.25, 0.125, 0.0, 0.0),
    normal=(0.0, -0.96, -0.28),
    height_m=6.25,
    residual_px=0.5,
    uncertainty=CalibrationUncertainty(1.5, 1.25, 0.5, (RangeUncertainty(10.0, 0.03, 0.01, 0.2),)),
    notes=("Fits “well”.",),
)
BARE = replace(
    RECORD, normal=None, height_m=None, residual_px=None, uncertainty=None, notes=(), distortion=()
)
DRAWN = {"way": "rectangle", "corners": [[1.5, 2.0], [3.0, 4.0]], "sides_m": [7.0, 20.0]}


def in_force(site: Any) -> CalibrationRow | None:
    with site.project.read() as connection:
        return calibration_in_force(connection, site.camera_id)


def versions(site: Any) -> list[tuple[int, bool]]:
    with site.project.read() as connection:
        return [(row.version, row.in_force) for row in calibration_history(connection, site.camera_id)]


def test_a_camera_begins_without(site: Any) -> None:
    assert in_force(site) is None
    assert versions(site) == []


@pytest.mark.parametrize("record", [RECORD, BARE])
def test_every_number_comes_back(site: Any, record: CalibrationRecord) -> None:
    touched = save_calibration(site.history, site.camera_id, record, DRAWN)
    assert touched.rows["camera"] == (site.camera_id,)
    found = in_force(site)
    assert found is not None
    assert found.record == record
    assert found.evidence == DRAWN
    assert (found.version, found.annotator, found.in_force) == (1, "Ann", True)


def test_what_is_out_of_sight_stays_unknown(site: Any) -> None:
    hidden = RangeUncertainty(10.0, math.nan, math.nan, math.nan)
    record = replace(RECORD, uncertainty=CalibrationUncertainty(1.0, 0.0, 0.1, (hidden,)))
    save_calibration(site.history, site.camera_id, record)
    found = in_force(site)
    assert found is not None
    assert found.record.uncertainty is not None
    [seen] = found.record.uncertainty.ranges
    assert seen.distance_m == 10.0
    assert math.isnan(seen.along_m_per_px)
    assert math.isnan(seen.sigma_m)


def test_a_new_one_is_in_force_and_the_earlier_stays(site: Any) -> None:
    save_calibration(site.history, site.camera_id, RECORD)
    save_calibration(site.history, site.camera_id, BARE)
    assert versions(site) == [(2, True), (1, False)]
    with site.project.read() as connection:
        camera = cameras.camera_by_id(connection, site.camera_id)
        assert camera is not None
        assert camera.calibration_id == calibration_history(connection, site.camera_id)[0].id


def test_an_earlier_one_can_be_used_again(site: Any) -> None:
    save_calibration(site.history, site.camera_id, RECORD)
    first = in_force(site)
    assert first is not None
    save_calibration(site.history, site.camera_id, BARE)
    use_calibration(site.history, first.id)
    assert versions(site) == [(2, False), (1, True)]
    assert use_calibration(site.history, first.id).edit_id == 0


def test_undo_and_redo_walk_through_them(site: Any) -> None:
    save_calibration(site.history, site.camera_id, RECORD, DRAWN)
    save_calibration(site.history, site.camera_id, BARE)
    site.history.undo()
    assert versions(site) == [(1, True)]
    site.history.undo()
    assert versions(site) == []
    assert in_force(site) is None
    site.history.redo()
    found = in_force(site)
    assert found is not None
    assert (found.record, found.evidence) == (RECORD, DRAWN)


def test_one_camera_does_not_see_the_others(site: Any) -> None:
    other = add_camera(site.history, "Bridge").rows["camera"][0]
    save_calibration(site.history, other, RECORD)
    assert in_force(site) is None
    save_calibration(site.history, site.camera_id, BARE)
    assert versions(site) == [(1, True)]


def test_a_camera_goes_with_its_calibrations_and_comes_back_with_them(site: Any) -> None:
    other = add_camera(site.history, "Bridge").rows["camera"][0]
    save_calibration(site.history, other, RECORD)
    remove_camera(site.history, other)
    site.history.undo()
    with site.project.read() as connection:
        found = calibration_in_force(connection, other)
    assert found is not None
    assert found.record == RECORD


def test_what_is_not_there_is_refused(site: Any) -> None:
    with pytest.raises(EditRefusedError, match="camera is no longer there"):
        save_calibration(site.history, 99, RECORD)
    with pytest.raises(EditRefusedError, match="calibration is no longer there"):
        use_calibration(site.history, 99)
