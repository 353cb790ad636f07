"""What a person draws becomes a calibration, says what it lacks, and comes back from the project."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from core.errors import CalibrationError
from core.geometry.calibration.sketch import (
    from_evidence,
    next_role,
    next_step,
    residuals_of,
    solve_sketch,
    to_evidence,
)
from core.geometry.cameras import Camera, pinhole
from core.geometry.ground_plane import GroundPlane
from core.records.cameras import CalibrationMethod
from core.records.sketches import Point, Sketch, Stroke, StrokeRole

WIDTH, HEIGHT, FOCAL, MAST_M = 960, 540, 880.0, 6.0
CAMERA = pinhole(WIDTH, HEIGHT, FOCAL)
# looks down by 14 degrees and leans by 2
PLANE = GroundPlane(
    np.array([-np.sin(np.deg2rad(2)), -np.cos(np.deg2rad(14)), -np.sin(np.deg2rad(14))]), MAST_M
)


def seen(*places: tuple[float, float, float]) -> tuple[Point, ...]:
    """Pixels of places in the ground's own frame: x forward, y left, z up, metres."""
    pixels = CAMERA.project(PLANE.frame().apply(np.array(places, dtype=float)))
    return tuple((float(x), float(y)) for x, y in pixels)


def line(role: StrokeRole, *ends: tuple[float, float, float]) -> Stroke:
    return Stroke(role, seen(*ends))


TURN = np.deg2rad(30)


def turned(x: float, y: float) -> tuple[float, float, float]:
    """A place turned away from the camera's axis, so that both directions meet somewhere."""
    return 22 + x * np.cos(TURN) - y * np.sin(TURN), x * np.sin(TURN) + y * np.cos(TURN), 0.0


RECTANGLE = Sketch(
    CalibrationMethod.RECTANGLE,
    (Stroke(StrokeRole.CORNERS, seen(turned(0, -3), turned(0, 4), turned(20, 4), turned(20, -3))),),
    sides_m=(7.0, 20.0),
)
DIRECTIONS = Sketch(
    CalibrationMethod.VANISHING_POINTS,
    (
        *(line(StrokeRole.FIRST, turned(-6, y), turned(20, y)) for y in (-3.0, 3.0)),
        *(line(StrokeRole.SECOND, turned(x, -5), turned(x, 5)) for x in (-4.0, 12.0)),
        line(StrokeRole.LENGTH, turned(0, -2), turned(8, 2)),
    ),
    length_m=float(np.hypot(8, 4)),
)
HORIZON = Sketch(
    CalibrationMethod.HORIZON,
    (
        line(StrokeRole.HORIZON, (1e10, 4e9, 0), (1e10, -4e9, 0)),
        line(StrokeRole.UPRIGHT, (25, 8, 0), (25, 8, 5)),
        line(StrokeRole.UPRIGHT, (25, -8, 0), (25, -8, 5)),
    ),
    height_m=MAST_M,
)
POINTS = Sketch(
    CalibrationMethod.GROUND_POINTS,
    tuple(
        Stroke(StrokeRole.PLACE, seen((x, y, 0)), (x, y))
        for x, y in ((14.0, 3.0), (15.0, -4.0), (36.0, 6.0), (33.0, -7.0))
    ),
)


@pytest.mark.parametrize(
    "sketch", [RECTANGLE, DIRECTIONS, HORIZON, POINTS, replace(DIRECTIONS, height_m=MAST_M)]
)
def test_each_way_finds_the_camera_that_saw_it(sketch: Sketch) -> None:
    result = solve_sketch(sketch, WIDTH, HEIGHT)
    assert result.method is sketch.way
    assert result.camera.focal[0] == pytest.approx(FOCAL, rel=1e-6)
    assert result.plane is not None
    assert result.plane.height == pytest.approx(MAST_M, rel=1e-6)
    np.testing.assert_allclose(result.plane.normal, PLANE.normal, atol=1e-6)


@pytest.mark.parametrize(
    ("sketch", "wrong"),
    [
        (POINTS, (1, 0)),
        (DIRECTIONS, (0, 1)),
        (replace(DIRECTIONS, height_m=MAST_M), (9, 0)),
        (HORIZON, (0, 0)),
    ],
)
def test_a_point_in_the_wrong_place_stands_out(sketch: Sketch, wrong: tuple[int, int]) -> None:
    """With more drawn than is needed, the residuals point at what was drawn wrong."""
    more = {
        CalibrationMethod.GROUND_POINTS: [
            Stroke(StrokeRole.PLACE, seen((x, y, 0)), (x, y))
            for x, y in ((20.0, 5.0), (25.0, -5.0), (18.0, 0.0))
        ],
        CalibrationMethod.VANISHING_POINTS: [
            *(line(StrokeRole.FIRST, turned(-6, y), turned(20, y)) for y in (-1.0, 0.0, 1.0)),
            *(line(StrokeRole.SECOND, turned(x, -5), turned(x, 5)) for x in (-2.0, 4.0, 8.0)),
        ],
        CalibrationMethod.HORIZON: [
            Stroke(StrokeRole.HORIZON, ()),
            *(line(StrokeRole.UPRIGHT, (25, y, 0), (25, y, 5)) for y in (-3.0, 0.0, 3.0)),
        ],
    }[sketch.way]
    strokes = [*sketch.strokes, *(stroke for stroke in more if stroke.points)]
    if sketch.way is CalibrationMethod.HORIZON:
        # a horizon through five points, of which one is off
        ends = seen((1e10, 4e9, 0), (1e10, 2e9, 0), (1e10, 0, 0), (1e10, -2e9, 0), (1e10, -4e9, 0))
        strokes[0] = Stroke(StrokeRole.HORIZON, (ends[2], ends[0], ends[1], ends[3], ends[4]))
    drawn = replace(sketch, strokes=tuple(strokes))
    clean = residuals_of(drawn, solve_sketch(drawn, WIDTH, HEIGHT))
    points = {
        (number, place)
        for number, stroke in enumerate(drawn.strokes)
        for place in range(len(stroke.points))
        if not (stroke.role is StrokeRole.LENGTH and drawn.height_m is not None)
    }
    assert set(clean) == points
    assert max(clean.values()) < 1e-5
    stroke, place = wrong
    spots = list(drawn.strokes[stroke].points)
    spots[place] = (spots[place][0] + 4.0, spots[place][1] + 12.0)
    strokes[stroke] = replace(strokes[stroke], points=tuple(spots))
    off = replace(drawn, strokes=tuple(strokes))
    found = residuals_of(off, solve_sketch(off, WIDTH, HEIGHT))
    worst = max(found, key=lambda point: found[point])
    assert worst[0] == wrong[0]
    assert found[worst] > 2.0


def test_a_known_lens_needs_no_upright_lines() -> None:
    bare = replace(HORIZON, strokes=HORIZON.strokes[:1])
    assert "upright" in next_step(bare)
    for sketch, lens in ((replace(bare, focal_px=FOCAL), None), (replace(bare, keep_lens=True), CAMERA)):
        plane = solve_sketch(sketch, WIDTH, HEIGHT, lens).plane
        assert plane is not None
        np.testing.assert_allclose(plane.normal, PLANE.normal, atol=1e-6)


def test_a_kept_lens_keeps_its_distortion() -> None:
    bent = Camera(
        WIDTH * 2, HEIGHT * 2, np.diag([2 * FOCAL, 2 * FOCAL, 1.0]) + _middle(2), (-0.1, 0.0, 0.0, 0.0)
    )
    result = solve_sketch(replace(HORIZON, strokes=HORIZON.strokes[:1], keep_lens=True), WIDTH, HEIGHT, bent)
    assert result.camera.distortion == bent.distortion
    assert (result.camera.width, result.camera.focal[0]) == (WIDTH, pytest.approx(FOCAL))


def _middle(scale: int) -> np.ndarray:
    middle = np.zeros((3, 3))
    middle[:2, 2] = (WIDTH * scale - 1) / 2, (HEIGHT * scale - 1) / 2
    return middle


def test_a_lens_that_is_not_there_cannot_be_kept() -> None:
    with pytest.raises(CalibrationError, match="no lens to keep"):
        solve_sketch(replace(POINTS, keep_lens=True), WIDTH, HEIGHT)


@pytest.mark.parametrize("sketch", [DIRECTIONS, HORIZON, POINTS])
def test_every_step_on_the_way_says_what_comes_next(sketch: Sketch) -> None:
    assert next_step(sketch) == ""
    for drawn in range(len(sketch.strokes)):
        part = replace(sketch, strokes=sketch.strokes[:drawn])
        assert next_step(part)
        assert next_role(part) is sketch.strokes[drawn].role
        with pytest.raises(CalibrationError, match="not complete") as refused:
            solve_sketch(part, WIDTH, HEIGHT)
        assert refused.value.way_out == next_step(part)


def test_numbers_that_are_not_told_are_asked_for() -> None:
    assert "sides" in next_step(replace(RECTANGLE, sides_m=None))
    assert "sides" in next_step(replace(RECTANGLE, sides_m=(7.0, 0.0)))
    assert "height" in next_step(replace(HORIZON, height_m=None))
    assert "how long" in next_step(replace(DIRECTIONS, length_m=None))
    untold = replace(POINTS, strokes=tuple(replace(one, place=None) for one in POINTS.strokes))
    assert "x east" in next_step(untold)
    assert "latitude" in next_step(replace(untold, degrees=True))


@pytest.mark.parametrize("sketch", [RECTANGLE, DIRECTIONS, HORIZON, POINTS])
def test_a_drawing_comes_back_from_json(sketch: Sketch) -> None:
    kept = json.loads(json.dumps(to_evidence(sketch, WIDTH, HEIGHT), allow_nan=False))
    assert kept["picture"] == [WIDTH, HEIGHT]
    assert from_evidence(kept) == sketch


@pytest.mark.parametrize(
    "evidence",
    [
        {},
        {"way": "import"},
        {"way": "rectangle"},
        {"way": "rectangle", "strokes": [{"role": "x", "points": []}]},
        {"way": "horizon", "strokes": [{"role": "horizon", "points": [[1]]}]},
    ],
)
def test_what_is_no_drawing_is_none(evidence: dict[str, object]) -> None:
    assert from_evidence(evidence) is None
