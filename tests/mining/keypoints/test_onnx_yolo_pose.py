"""YOLO-pose's table: each person once, in whichever way the rows lie."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.mining.keypoints.onnx_points import PointForm
from core.mining.keypoints.onnx_yolo_pose import read_yolo_pose

TABLES = (PointForm.YOLO, PointForm.YOLO_ROWS, PointForm.YOLO_FINAL)


def table(people: list[tuple[tuple[float, float, float, float], float, np.ndarray]], form: PointForm) -> Any:
    """Rows of boxes (x, y, w, h), scores and points (17, 3)."""
    rows = []
    for (x, y, w, h), score, points in people:
        if form is PointForm.YOLO_FINAL:
            rows.append([x, y, x + w, y + h, score, 0.0, *points.ravel()])
        else:
            rows.append([x + w / 2, y + h / 2, w, h, score, *points.ravel()])
    found = np.array(rows, dtype=np.float32)
    return found.T if form is PointForm.YOLO else found


def points_at(x: float, y: float) -> np.ndarray:
    return np.stack([x + np.arange(17.0), y + 2 * np.arange(17.0), np.linspace(0, 1, 17)], axis=1)


@pytest.mark.parametrize("form", TABLES)
def test_two_people_are_two_and_one_of_whom_there_are_three_rows_is_one(form: PointForm) -> None:
    near, beside = (100.0, 50.0, 60.0, 200.0), (135.0, 52.0, 60.0, 200.0)
    people = [
        (near, 0.8, points_at(100, 60)),
        ((102.0, 51.0, 60.0, 199.0), 0.7, points_at(0, 0)),
        (beside, 0.9, points_at(140, 60)),
        ((101.0, 49.0, 61.0, 200.0), 0.6, points_at(0, 0)),
        ((300.0, 50.0, 60.0, 200.0), 0.1, points_at(300, 60)),
    ]
    found = read_yolo_pose(table(people, form), form)
    assert np.allclose(found.boxes, [beside, near], atol=1e-3)
    assert np.allclose(found.places, [points_at(140, 60)[:, :2], points_at(100, 60)[:, :2]])
    assert np.allclose(found.scores, np.linspace(0, 1, 17), atol=1e-6)


@pytest.mark.parametrize("form", TABLES)
def test_nobody_is_nobody(form: PointForm) -> None:
    found = read_yolo_pose(table([((0, 0, 9, 9), 0.01, points_at(0, 0))], form), form)
    assert found.boxes.shape == (0, 4)
    assert found.places.shape == (0, 17, 2)


@given(hnp.arrays(np.float32, (56, 5), elements=st.floats(width=32)))
def test_any_numbers_give_people_or_none(values: Any) -> None:
    with np.errstate(all="ignore"):
        found = read_yolo_pose(values, PointForm.YOLO)
    assert np.isfinite(found.boxes).all()
    assert ((found.scores >= 0) & (found.scores <= 1)).all()
    assert (np.isfinite(found.places).all(axis=-1) | (found.scores == 0)).all()
