"""How a lens bends, from straight things: exact without noise, unsure as stated, and what it mends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import CalibrationError
from core.geometry.calibration.lens import Lens, bend_coefficients, known_lens, refocused
from core.geometry.calibration.result import widened
from core.geometry.calibration.sketch import residuals_of, solve_sketch
from core.geometry.calibration.straight import find_bend
from core.geometry.cameras import Camera, pinhole
from core.records.cameras import CalibrationMethod
from core.records.sketches import Point, Sketch, Stroke, StrokeRole
from tests.geometry.calibration.street import errors, ground, rectangle_pixels

WIDTH, HEIGHT, FOCAL = 1920, 1080, 1400.0
# a bend that folds in the corner, 1/px^2: 0.25 over the square of half the diagonal
FOLDS = 0.25 / ((WIDTH / 2) ** 2 + (HEIGHT / 2) ** 2)
# ends of straight things as a straight lens would see them, from the picture's middle
THINGS = np.array(
    [
        [[-900.0, -450.0], [-860.0, 480.0]],
        [[880.0, -400.0], [840.0, 380.0]],
        [[-700.0, 420.0], [600.0, 500.0]],
        [[-600.0, -450.0], [500.0, -420.0]],
    ]
)
ROAD = ground(15.0, 2.0)


def bent_camera(bend_per_px2: float, focal: float = FOCAL) -> Camera:
    return pinhole(WIDTH, HEIGHT, focal, None, bend_coefficients(bend_per_px2, focal))


def seen(camera: Camera, things: np.ndarray = THINGS, points: int = 3) -> list[np.ndarray]:
    """Pixels of points along straight things."""
    along = np.linspace(0.0, 1.0, points)[:, None]
    flat = [start + along * (end - start) for start, end in things]
    return [camera.project(np.column_stack([line / camera.focal[0], np.ones(len(line))])) for line in flat]


@given(share=st.floats(-0.8, 0.85), points=st.integers(3, 6))
def test_straight_things_tell_the_bend_exactly(share: float, points: int) -> None:
    truth = share * FOLDS
    found = find_bend(WIDTH, HEIGHT, seen(bent_camera(truth), points=points))
    assert found.per_px2 == pytest.approx(truth, abs=1e-6 * FOLDS)
    # the end of the longer side by the lens itself, OpenCV's way
    camera = bent_camera(truth)
    end = camera.unproject([WIDTH / 2 + (WIDTH - 1) / 2, (HEIGHT - 1) / 2])[0] * FOCAL
    assert found.side_percent == pytest.approx(100 * (1 - (WIDTH / 2) / end), abs=1e-6)


def test_the_stated_uncertainty_is_the_spread() -> None:
    camera, rng = bent_camera(0.4 * FOLDS), np.random.default_rng(1)
    off = []
    for _ in range(150):
        lines = [line + rng.normal(size=line.shape) for line in seen(camera)]
        found = find_bend(WIDTH, HEIGHT, lines)
        off.append((found.per_px2 - 0.4 * FOLDS) / found.sigma_per_px2)
    assert 0.75 < np.sqrt(np.mean(np.square(off))) < 1.2


@given(
    bend=st.floats(-0.9, 0.9), x=st.floats(0, WIDTH - 1), y=st.floats(0, HEIGHT - 1),
    focal=st.floats(500, 4000),
)  # fmt: skip
def test_a_bend_is_opencvs_distortion_at_any_focal_length(
    bend: float, x: float, y: float, focal: float
) -> None:
    lens = Lens(WIDTH, HEIGHT, bend_per_px2=bend * FOLDS)
    flat = lens.flatten([x, y])
    np.testing.assert_allclose(flat, lens.camera(focal).unproject([x, y])[:2] * focal, atol=1e-6)
    np.testing.assert_allclose(lens.bent(flat), [x, y], atol=1e-6)
    np.testing.assert_allclose(known_lens(lens.camera(focal)).bent(flat), [x, y], atol=1e-6)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "Nothing straight"),
        ([[[100, 100], [100, 900]]], "three points"),
        ([[[100, 100], [101, 101], [102, 102]]], "shorter than"),
        ([[[100, 100], [np.nan, 400], [100, 900]]], "three points"),
        # through the middle a lens bends nothing
        ([[[159.5, 89.5], [959.5, 539.5], [1759.5, 989.5]]], "run through the middle"),
        ([[[900, 500], [930, 501], [960, 502]]], "are short"),
        ([[[100, 100], [400, 540], [100, 980]]], "bends more"),
    ],
)
def test_what_tells_no_bend_is_refused_with_a_way_out(lines: list, words: str) -> None:
    with pytest.raises(CalibrationError, match=words) as refused:
        find_bend(WIDTH, HEIGHT, [np.array(line, dtype=float) for line in lines])
    assert refused.value.way_out


def stroke(role: StrokeRole, pixels: np.ndarray) -> Stroke:
    points: tuple[Point, ...] = tuple((float(x), float(y)) for x, y in pixels)
    return Stroke(role, points)


def rectangle(camera: Camera) -> Sketch:
    corners = rectangle_pixels(camera, ROAD, 7.0, 16.0, (20.0, -6.0), 0.3)
    return Sketch(CalibrationMethod.RECTANGLE, (stroke(StrokeRole.CORNERS, corners),), sides_m=(16.0, 7.0))


def with_things(sketch: Sketch, camera: Camera) -> Sketch:
    things = tuple(stroke(StrokeRole.STRAIGHT, line) for line in seen(camera))
    return replace(sketch, strokes=(*sketch.strokes, *things))


def test_a_rectangle_seen_through_a_bent_lens_needs_them() -> None:
    camera = bent_camera(0.6 * FOLDS)
    sketch = rectangle(camera)
    wrong = solve_sketch(sketch, WIDTH, HEIGHT)
    assert np.abs(errors(wrong, camera, ROAD)[:2]).max() > 5
    drawn = with_things(sketch, camera)
    right = solve_sketch(drawn, WIDTH, HEIGHT)
    np.testing.assert_allclose(errors(right, camera, ROAD), 0.0, atol=1e-4)
    np.testing.assert_allclose(right.camera.distortion, camera.distortion, atol=1e-6)
    assert any("draws the picture's sides in by" in note for note in right.notes)
    assert set(residuals_of(drawn, right)) == {(n, k) for n, one in enumerate(drawn.strokes)
                                               for k in range(len(one.points))}  # fmt: skip
    assert max(residuals_of(drawn, right).values()) < 1e-3


def test_a_point_beside_a_straight_thing_stands_out() -> None:
    camera = bent_camera(0.6 * FOLDS)
    drawn = with_things(rectangle(camera), camera)
    strokes = list(drawn.strokes)
    points = list(strokes[2].points)
    points[1] = (points[1][0] + 12.0, points[1][1])
    strokes[2] = replace(strokes[2], points=tuple(points))
    off = replace(drawn, strokes=tuple(strokes))
    found = residuals_of(off, solve_sketch(off, WIDTH, HEIGHT))
    assert max(found, key=lambda at: found[at]) == (2, 1)


def test_a_straight_lens_that_is_kept_takes_the_bend_and_a_bent_one_its_own() -> None:
    camera = bent_camera(0.5 * FOLDS)
    drawn = replace(with_things(rectangle(camera), camera), keep_lens=True)
    straight = solve_sketch(drawn, WIDTH, HEIGHT, camera.without_distortion())
    np.testing.assert_allclose(straight.camera.distortion, camera.distortion, atol=1e-6)
    assert straight.camera.focal[0] == FOCAL
    np.testing.assert_allclose(errors(straight, camera, ROAD), 0.0, atol=1e-4)
    other = bent_camera(0.1 * FOLDS)
    assert solve_sketch(drawn, WIDTH, HEIGHT, other).camera.distortion == other.distortion
    typed = solve_sketch(replace(drawn, keep_lens=False, focal_px=FOCAL), WIDTH, HEIGHT)
    np.testing.assert_allclose(errors(typed, camera, ROAD), 0.0, atol=1e-4)


def test_what_the_bend_leaves_unsure_is_stated_of_the_camera() -> None:
    camera, rng = bent_camera(0.6 * FOLDS), np.random.default_rng(3)
    clean = with_things(rectangle(camera), camera)
    off = []
    for _ in range(60):
        noisy = tuple(
            replace(one, points=tuple((x + rng.normal(), y + rng.normal()) for x, y in one.points))
            for one in clean.strokes
        )
        result = solve_sketch(replace(clean, strokes=noisy), WIDTH, HEIGHT)
        sure = result.uncertainty
        assert sure is not None
        stated = np.array([sure.focal_percent, sure.height_percent, sure.normal_deg])
        off.append(errors(result, camera, ROAD) / stated)
    spread = np.sqrt(np.mean(np.square(off), axis=0))
    assert (spread > 0.6).all()
    assert (spread < 1.4).all()


def test_a_focal_length_that_is_kept_is_no_surer_than_it_was() -> None:
    camera = bent_camera(0.5 * FOLDS)
    drawn = replace(rectangle(camera), keep_lens=True)
    sure = [solve_sketch(drawn, WIDTH, HEIGHT, camera, percent).uncertainty for percent in (0.0, 4.0)]
    assert sure[0] is not None
    assert sure[1] is not None
    assert sure[0].focal_percent == 0.0
    assert sure[1].focal_percent == pytest.approx(4.0, rel=0.03)
    # the same rectangle through a lens that is 4 % longer, and bends the same pixels
    other = solve_sketch(drawn, WIDTH, HEIGHT, refocused(camera, 1.04))
    assert other.plane is not None
    np.testing.assert_allclose(
        Lens(WIDTH, HEIGHT, bend_per_px2=0.5 * FOLDS).flatten([1800.0, 900.0]) / (1.04 * FOCAL),
        other.camera.unproject([1800.0, 900.0])[:2],
    )
    off = 100 * np.log(other.plane.height / ROAD.height)
    assert sure[1].height_percent == pytest.approx(np.hypot(sure[0].height_percent, off), rel=0.05)


def test_what_is_sky_to_the_other_camera_is_not_known() -> None:
    camera = bent_camera(0.0)
    result = solve_sketch(rectangle(camera), WIDTH, HEIGHT)
    # looking down by 2 degrees instead of 15, its horizon lies 320 px lower
    sure = widened(result, replace(result, plane=ground(2.0))).uncertainty
    assert sure is not None
    assert np.isfinite(sure.ranges[0].sigma_m)
    assert np.isnan(sure.ranges[3].sigma_m)
    assert sure.normal_deg > 13.0
