"""Fits over the picture: the selected car's keypoints look as they do in Keypoints."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.controllers.fits_scene import CarShop, points_of
from app.controllers.fits_wires import WireForms, build_wires
from app.states.wires import Wires
from app.views.canvas import wire_item
from app.views.canvas.image_canvas import ImageCanvas
from app.views.canvas.wire_item import WireItem
from core.geometry.ground_plane import pose_on_ground
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag
from tests.app.viewport.scenes import CAMERA, GROUND, SPACE, WORLD, cars_of, fit_at, row_of

TAGS = {
    0: KeypointTag.VISIBLE,
    3: KeypointTag.SELF_OCCLUDED,
    5: KeypointTag.OTHER_OCCLUDED,
    7: KeypointTag.TRUNCATED,
}
TAKEN_OVER = 5


def wires() -> Wires:
    row = row_of(fit_at((14.0, 0.0)))
    placed: list[PlacedPoint | None] = [None] * 12
    for index, tag in TAGS.items():
        origin = LabelOrigin.FIT if index == TAKEN_OVER else LabelOrigin.HUMAN
        placed[index] = PlacedPoint(900.0 + 10 * index, 600.0, tag, origin)
    keypoints = KeypointSet(Template.CAR, tuple(placed))
    size = CAMERA.width, CAMERA.height
    points = points_of(WORLD, row, SPACE, keypoints)
    forms = WireForms({row.id: row}, CarShop({SPACE.label: SPACE}), {})
    return build_wires(WORLD, size, cars_of([row]), forms, points, keypoints, 1)


def test_a_point_is_where_it_was_placed_and_says_what_is_said_of_it() -> None:
    found = wires()
    assert [(p.x, p.y, p.tag, p.by_person) for p in found.points] == [
        (900.0 + 10 * index, 600.0, tag, index != TAKEN_OVER) for index, tag in TAGS.items()
    ]
    pixels = CAMERA.project(pose_on_ground(GROUND, (14.0, 0.0), 0.0).apply(SPACE.keypoints(np.zeros(5))))
    ends = np.array([[p.fitted_x, p.fitted_y] for p in found.points])
    assert np.allclose(ends, pixels[list(TAGS)])


def test_a_far_car_is_not_hidden_by_its_points_and_a_near_one_shows_them(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[KeypointTag, bool]] = []

    def record(*given: Any, **more: Any) -> None:
        drawn.append((given[3], more["filled"]))

    monkeypatch.setattr(wire_item, "draw_mark", record)
    canvas, item = ImageCanvas(), WireItem()
    qtbot.addWidget(canvas)
    canvas.resize(600, 400)
    canvas.add_item(item)
    canvas.set_extent(CAMERA.width, CAMERA.height)
    canvas.show()
    qtbot.waitExposed(canvas)
    item.set_wires(wires(), CAMERA.width, CAMERA.height)
    canvas.zoom_by(0.2)
    canvas.grab()
    assert drawn == []
    canvas.zoom_to_box(700.0, 400.0, 1200.0, 800.0)
    canvas.grab()
    assert drawn[: len(TAGS)] == [(tag, index != TAKEN_OVER) for index, tag in TAGS.items()]
